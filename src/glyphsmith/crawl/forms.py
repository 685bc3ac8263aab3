"""The two forms of a puzzle site: the log-in and the answer; what they ask for, filled in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from parsel import Selector

from glyphsmith.errors import PageError

__all__ = ["Form", "answer_form", "is_login", "login_form", "verdict"]


#: How a sentence says that an answer is wrong, and how that it is right; "not accepted", "isn't correct" are wrong.
_REFUSES = re.compile(
    r"\b(?:refused|rejected|incorrect|wrong|false|unaccepted)\b"
    r"|(?:\b(?:not|never|cannot)\b|n['\u2019]t\b).*\b(?:accepted|correct|right)\b"
)
_ACCEPTS = re.compile(r"\b(?:accepted|correct)\b")
#: Words beside which "correct" says nothing of this answer: "0 correct answers", "enter the correct sum", "if correct".
_OTHERWISE = re.compile(
    r"\b(?:no|zero|none|0) (?:accepted|correct)\b|\bcorrect answers\b|\?"
    r"|\b(?:could|would|should|can|may|must|will|if|when|until|once|enter|only|be)\b.*\b(?:accepted|correct)\b"
)
#: Text that was on the page before an answer was sent.
_SAID = "//main//text()[not(ancestor::form or ancestor::label or ancestor::script or ancestor::style)]"
#: Inputs that a browser sends only when they are pressed, marked or filled with a file.
_PRESSED = frozenset(("submit", "button", "image", "reset", "file"))
_MARKED = frozenset(("checkbox", "radio"))


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
    """Tell from the page after an answer whether it was accepted; None where the page does not say so plainly.

    The classes of what is shown come before its words, and a sentence with a negation in it is no consent.
    """
    document = Selector(body=body, encoding="utf-8", type="html")
    classes = {name for names in document.css("main [class]::attr(class)").getall() for name in names.split()}
    if classes & {"refused", "alert-danger"}:
        return False
    if classes & {"accepted", "alert-success"}:
        return True
    said = " ".join(" ".join(document.xpath(_SAID).getall()).lower().split())
    sentences = re.split(r"[.!;:]+\s*", said)
    if any(_REFUSES.search(sentence) for sentence in sentences):
        return False
    plain = any(_ACCEPTS.search(sentence) and not _OTHERWISE.search(sentence) for sentence in sentences)
    return True if plain else None


def _form_with(body: bytes, field: str, url: str) -> Form | None:
    """Find the form that has a field of this name, and give it with the values its inputs have."""
    document = Selector(body=body, encoding="utf-8", type="html")
    for form in document.css("form"):
        inputs: dict[str, str] = {}
        for entry in form.css("input[name]:not([disabled]), textarea[name]:not([disabled])"):
            kind = entry.attrib.get("type", "").lower()
            if kind in _PRESSED or (kind in _MARKED and "checked" not in entry.attrib):
                continue
            inputs[entry.attrib["name"]] = entry.attrib.get("value", "on" if kind in _MARKED else "")
        if field in inputs:
            try:
                return Form(urljoin(url, form.attrib.get("action") or url), inputs)
            except ValueError:
                raise PageError(f"the form with {field!r} is sent to no address") from None
    return None
