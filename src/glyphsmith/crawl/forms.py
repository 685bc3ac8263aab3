"""The two forms of a puzzle site: the log-in and the answer; what they ask for, filled in."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from parsel import Selector

from glyphsmith.errors import PageError

__all__ = ["Form", "answer_form", "is_login", "login_form", "verdict"]


@dataclass(frozen=True, slots=True)
class Form:
    """Where a form is sent, and its fields with the values they have."""

    url: str
    fields: dict[str, str]


def is_login(url: str) -> bool:
    """True for the address of a log-in page, where sites send visitors whose session is over."""
    return urlsplit(url).path.rstrip("/").endswith("/login")


def login_form(body: bytes, url: str, email: str, password: str) -> Form:
    """Fill in the log-in form of a page: its hidden fields, the token among them, and the account. Raises PageError."""
    form = _form_with(body, "password", url)
    if form is None or "_token" not in form.fields:
        raise PageError("the log-in page has no form with a token and a password")
    return Form(form.url, {**form.fields, "email": email, "password": password})


def answer_form(body: bytes, url: str, answer: int) -> Form:
    """Fill in the answer form of a page. Raises PageError."""
    form = _form_with(body, "answer", url)
    if form is None:
        raise PageError("the page has no form for an answer")
    return Form(form.url, {**form.fields, "answer": str(answer)})


def verdict(body: bytes) -> bool | None:
    """Tell from the page after an answer whether it was accepted; None where the page says neither."""
    document = Selector(body=body, encoding="utf-8", type="html")
    classes = {name for names in document.css("main [class]::attr(class)").getall() for name in names.split()}
    said = " ".join(document.css("main ::text").getall()).lower()
    refused = bool(classes & {"refused", "alert-danger"}) or any(
        word in said for word in ("refused", "incorrect", "not correct", "wrong")
    )
    accepted = bool(classes & {"accepted", "alert-success"}) or any(word in said for word in ("accepted", "correct"))
    return False if refused else (True if accepted else None)


def _form_with(body: bytes, field: str, url: str) -> Form | None:
    """Find the form that has a field of this name, and give it with the values its inputs have."""
    document = Selector(body=body, encoding="utf-8", type="html")
    for form in document.css("form"):
        inputs = {entry.attrib["name"]: entry.attrib.get("value", "") for entry in form.css("input[name]")}
        if field in inputs:
            return Form(urljoin(url, form.attrib.get("action") or url), inputs)
    return None
