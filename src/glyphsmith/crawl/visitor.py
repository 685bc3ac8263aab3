"""One request made to succeed: redirects, log-in, retries with back-off, and every failure accounted for.

What can go wrong with a request has a short kind, which the summary counts: ``status 500``, ``timeout``, ``cut off``,
``session over``, ``page`` and so on. A failure that may pass is tried again; one that cannot, such as robots.txt or a
wrong password, ends the crawl with SiteError.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

from glyphsmith.crawl.engine import Download
from glyphsmith.crawl.forms import Form, is_login, login_form
from glyphsmith.crawl.pace import MOST_ASKED_S, Account, Pace
from glyphsmith.errors import GlyphsmithError, PageError, SiteError

__all__ = ["Failed", "GaveUp", "Trouble", "Visitor", "all_of"]

T = TypeVar("T")

#: No wait of our own between two attempts is longer.
MOST_WAIT_S = 120.0
#: So many log-ins in a row that no page came of, and the site does not keep a session.
MOST_LOGINS = 5

MOST_REDIRECTS = 8

#: Client errors that may pass; all other 4xx are answers.
_PASSING = frozenset({408, 419, 425, 429})


@dataclass(frozen=True, slots=True)
class Failed:
    """An attempt that failed: its kind, the reason in a sentence, and the body where a page came that did not fit."""

    kind: str
    reason: str
    body: bytes | None = None
    wait_s: float = 0.0
    passing: bool = True
    reached: bool = True


class GaveUp(Exception):  # noqa: N818 - says what was decided, not what is wrong
    """A request that failed as often as it may; ``last`` is how."""

    def __init__(self, last: Failed, attempts: int) -> None:
        super().__init__(last.reason)
        self.last = last
        self.attempts = attempts


class Trouble(Exception):  # noqa: N818 - caught by ``patiently``
    """One attempt failed."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.reason)
        self.failed = failed


class _LogInWanted(Exception):  # noqa: N818 - caught in this module
    """A request was led to the log-in at ``url``."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


class Visitor:
    """Asks one site; shared by all that is under way at once."""

    def __init__(self, download: Download, pace: Pace, account: Account | None = None) -> None:
        self._download = download
        self._pace = pace
        self._account = account
        self._logins = 0
        self._in_vain = 0
        self._entering = asyncio.Lock()
        self._pause_until = 0.0
        self._unreached = 0
        self._in_a_row = 0
        self._chance = random.Random(0)
        self.requests = 0

    @property
    def logins(self) -> int:
        """How often it logged in."""
        return self._logins

    async def read(self, url: str, parse: Callable[[bytes], T], note: Callable[[Failed], None]) -> T:
        """Fetch a page and parse its body, again and again until it fits; ``note`` hears of every failed attempt.

        Raises GaveUp after the last attempt, SiteError where the site is not to be crawled.
        """

        async def attempt() -> T:
            body = await self.html(url)
            try:
                return parse(body)
            except PageError as error:
                raise Trouble(Failed("page", error.message, body)) from None
            except GlyphsmithError:
                raise
            except Exception as error:  # noqa: BLE001 - no page, whatever it holds, ends the run of all others
                said = f"cannot be read ({type(error).__name__}: {str(error)[:80]})"
                raise Trouble(Failed("page", said, body)) from None

        return await self.patiently(attempt, note)

    async def patiently(self, attempt: Callable[[], Awaitable[T]], note: Callable[[Failed], None]) -> T:
        """Await ``attempt`` until it does not raise Trouble, with longer and longer waits. Raises as ``read``."""
        for number in range(1, self._pace.attempts + 1):
            while (wait := self._pause_until - time.monotonic()) > 0:
                await asyncio.sleep(wait)
            try:
                found = await attempt()
            except Trouble as trouble:
                failed = trouble.failed
            else:
                self._unreached = self._in_a_row = 0
                return found
            note(failed)
            self._count(failed)
            if number == self._pace.attempts or not failed.passing:
                raise GaveUp(failed, number)
            if failed.wait_s:
                # A site that names a time means everybody.
                self._pause_until = max(self._pause_until, time.monotonic() + failed.wait_s)
            elif failed.kind != "session over":
                backed_off = min(MOST_WAIT_S, self._pace.first_wait_s * 2 ** (number - 1))
                await asyncio.sleep(backed_off * self._chance.uniform(0.5, 1.0))
        raise AssertionError("the loop ends by returning or raising")

    def _count(self, failed: Failed) -> None:
        """Raise SiteError where a site is not there at all, or gives nothing but trouble."""
        self._in_a_row += 1
        self._unreached = 0 if failed.reached else self._unreached + 1
        if self._unreached >= self._pace.unanswered:
            raise SiteError(
                f"the site does not answer: {failed.reason}, {self._unreached} times in a row",
                hint="the same command with the same --out goes on where this ended",
            )
        if self._in_a_row >= self._pace.troubled:
            raise SiteError(
                f"{self._in_a_row} requests in a row failed; the last one: {failed.reason}",
                hint="the same command with the same --out goes on where this ended",
            )

    async def html(self, url: str, form: Form | None = None) -> bytes:
        """Give the body of a page, or of the answer to a form, after log-in where the site asks for one."""
        async with self._entering:
            known = self._logins  # what is asked now is asked after a log-in that is under way
        over = Trouble(Failed("session over", "the session was over"))
        try:
            return await self._page(url, form)
        except _LogInWanted as wanted:
            await self._log_in(wanted.url, known)
        if known or form is not None:
            raise over
        try:
            return await self._page(url)
        except _LogInWanted:
            raise over from None

    async def _page(self, url: str, form: Form | None = None) -> bytes:
        body = _html_of(await self._follow(url, form))
        self._in_vain = 0
        return body

    async def _log_in(self, url: str, known: int) -> None:
        """Log in once, however many requests found that it is needed; ``known`` log-ins had been made when asked."""
        if self._account is None:
            raise SiteError("the site asks for a log-in", hint="give --email and --password")
        async with self._entering:
            if self._logins > known:
                return
            if self._in_vain >= MOST_LOGINS:
                raise SiteError(
                    f"the site asks for a log-in again right after one, {self._in_vain} times in a row",
                    hint="does it keep cookies?",
                )
            # The page is fetched in here, since each fetch may begin another session with another token.
            body = _html_of(await self._follow(url))
            try:
                form = login_form(body, url, self._account.email, self._account.password)
            except PageError as error:
                raise Trouble(Failed("log-in page", error.message, body)) from None
            answered = await self._once(form.url, form)
            if answered.status in _PASSING or answered.status >= 500:
                _html_of(answered)
            target = _target(answered)
            if target is None or is_login(target):
                raise SiteError(
                    f"the site refuses the log-in of {self._account.email}", hint="check --email and --password"
                )
            self._logins += 1
            self._in_vain += 1

    async def _follow(self, url: str, form: Form | None = None) -> Any:
        """Send a request and follow its redirects within the site."""
        seen = {url}
        response = await self._once(url, form)
        while (target := _target(response)) is not None:
            if not _same_site(url, target):
                raise Trouble(Failed("redirect", f"leads to another site, {urlsplit(target).netloc}", passing=False))
            if target in seen or len(seen) > MOST_REDIRECTS:
                raise Trouble(Failed("redirect", f"a loop of redirects by way of {urlsplit(target).path}"))
            if is_login(target) and not is_login(url):
                raise _LogInWanted(target)
            seen.add(target)
            # These two ask for the same request again; the others for the page that tells of it.
            again = form is not None and response.status in (307, 308)
            form = Form(target, form.fields) if form is not None and again else None
            response = await self._once(target, form)
        return response

    async def _once(self, url: str, form: Form | None = None) -> Any:
        """Send one request and give the response, whatever its status."""
        from scrapy import FormRequest, Request
        from scrapy.exceptions import IgnoreRequest

        made = (
            Request(url, dont_filter=True)
            if form is None
            else FormRequest(form.url, formdata=form.fields, dont_filter=True)
        )
        self.requests += 1
        try:
            return await self._download(made)
        except IgnoreRequest as error:
            if "robots" not in str(error):  # a body that unpacks beyond the limit
                raise Trouble(Failed("too large", "the answer is larger than a page can be")) from None
            raise SiteError(
                f"{url}: {str(error)[:1].lower()}{str(error)[1:]}", hint="the site asks crawlers to stay away"
            ) from None
        except Exception as error:  # noqa: BLE001 - Twisted and Scrapy raise anything on a broken connection
            raise Trouble(_of_exception(error)) from None


async def all_of(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Await all; the first that fails ends the others."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


def _of_exception(error: Exception) -> Failed:
    """Say what went wrong below HTTP."""
    name = type(error).__name__
    said = " ".join(str(error).split())[:120]
    if "Timeout" in name or "timeout" in said.lower():
        return Failed("timeout", "no answer within the time limit", reached=False)
    if "Refused" in name:
        return Failed("refused", "the connection was refused", reached=False)
    if "certificate" in said.lower() or "Certificate" in name:
        return Failed("certificate", "the site's certificate is not trusted", passing=False)
    if "Resolve" in name or "DNS" in name:
        return Failed("unknown host", "no such host", reached=False)
    if "DataLoss" in name or "DataLoss" in said or "PartialDownload" in name:
        return Failed("cut off", "the body was cut off")
    if "Cancelled" in name:
        return Failed("too large", "the answer is larger than a page can be")
    if "Unsupported" in name or isinstance(error, ValueError):
        return Failed("address", said or name, passing=False)
    return Failed("connection", said or name, reached=False)


def _target(response: Any) -> str | None:
    """Give the address that a redirect leads to."""
    if response.status not in (301, 302, 303, 307, 308):
        return None
    location = (response.headers.get("Location") or b"").decode("utf-8", "replace")
    if not location:
        return None
    try:
        target = str(urljoin(response.url, location))
        _ = urlsplit(target).port
    except ValueError:
        raise Trouble(Failed("redirect", f"leads to {location[:60]!r}, which is no address")) from None
    return target


def _same_site(url: str, target: str) -> bool:
    """Whether a redirect stays on the site: the same host and port; from http to https as well, but not back."""
    here, there = urlsplit(url), urlsplit(target)
    ports = {"http": 80, "https": 443}
    at, to = (parts.port or ports.get(parts.scheme, 0) for parts in (here, there))
    if here.hostname != there.hostname or (here.scheme == "https") > (there.scheme == "https"):
        return False
    return there.scheme in ports and (at == to or (at, to) == (80, 443))


def _html_of(response: Any) -> bytes:
    """Give the body of a page of HTML."""
    status = int(response.status)
    if status != 200:
        passing = status >= 500 or status in _PASSING or 300 <= status < 400
        wait = _retry_after(response) if status in (429, 503) else 0.0
        if wait > MOST_ASKED_S:
            raise SiteError(
                f"the site answered {status} and asks to come back in {wait:,.0f} s",
                hint="the same command with the same --out goes on then",
            )
        raise Trouble(Failed(f"status {status}", f"the site answered {status}", None, wait, passing=passing))
    kind = (response.headers.get("Content-Type") or b"text/html").decode("ascii", "replace").partition(";")[0].strip()
    if kind.lower() not in ("text/html", "application/xhtml+xml"):
        raise Trouble(Failed("content type", f"the site answered with {kind}, expected text/html", response.body))
    return bytes(response.body)


def _retry_after(response: Any) -> float:
    """Give the seconds a site asks to wait: a number, or a date. 0 where it names none."""
    said = (response.headers.get("Retry-After") or b"").decode("ascii", "replace").strip()
    if not said:
        return 0.0
    if said.isdecimal():
        return float(said)
    try:
        until = parsedate_to_datetime(said)
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        return max((until - datetime.now(UTC)).total_seconds(), 0.0)
    except (ValueError, OverflowError):
        return 0.0
