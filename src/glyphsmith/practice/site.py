"""The practice site as an ASGI application: log-in, the pages of both levels, the answer form, and what it counted.

``glyphsmith practice`` serves it; tests call ``create_app`` and talk to it in the same process. All painting happens in
the event loop: a page takes a few milliseconds, and one painter need not be shared between threads.
"""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response

from glyphsmith.practice.pages import home_page, level_page, login_page, message_page
from glyphsmith.practice.puzzle import Puzzle
from glyphsmith.practice.sessions import COOKIE, Session, Sessions
from glyphsmith.practice.settings import LEVEL_PATHS, Level, PracticeSettings
from glyphsmith.practice.tally import Tally
from glyphsmith.practice.trouble import draw_trouble, instead

__all__ = ["create_app"]


def create_app(settings: PracticeSettings | None = None) -> FastAPI:
    """Give the site as an application; ``app.state.site`` is its ``Site``."""
    site = Site(settings or PracticeSettings())
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.state.site = site
    app.add_api_route("/", site.home, methods=["GET"], response_model=None)
    app.add_api_route("/robots.txt", site.robots, methods=["GET"], response_model=None)
    app.add_api_route("/login", site.login_form, methods=["GET"], response_model=None)
    app.add_api_route("/login", site.login, methods=["POST"], response_model=None)
    app.add_api_route("/level/web/{name}", site.level, methods=["GET"], response_model=None)
    app.add_api_route("/level/web/{name}", site.answer, methods=["POST"], response_model=None)
    app.add_api_route("/practice/stats", site.stats, methods=["GET"], response_model=None)
    app.add_api_route("/practice/numbers", site.numbers, methods=["GET"], response_model=None)
    return app


class Site:
    """What the site knows while it runs."""

    def __init__(self, settings: PracticeSettings) -> None:
        self.settings = settings
        self.puzzle = Puzzle(settings)
        self.tally = Tally()
        self._sessions = Sessions()
        self._levels: dict[str, Level] = {LEVEL_PATHS[level].rpartition("/")[2]: level for level in settings.levels}

    async def home(self, request: Request) -> Response:
        """List the levels."""
        session, fresh = self._visitor(request)
        paths = [LEVEL_PATHS[level] for level in self._levels.values()]
        return _with_cookie(HTMLResponse(home_page(paths, session.token)), session, set_it=fresh)

    async def robots(self) -> Response:
        """Say what crawlers are asked not to fetch."""
        lines = [f"Disallow: {path}" for path in self.settings.disallow] or ["Disallow:"]
        return PlainTextResponse("\n".join(["User-agent: *", *lines]) + "\n")

    async def login_form(self, request: Request) -> Response:
        """Show the log-in."""
        self.tally.other("login_pages")
        session, fresh = self._visitor(request)
        if session.email is not None:
            return RedirectResponse("/", status_code=302)
        return _with_cookie(HTMLResponse(login_page(session.token)), session, set_it=fresh)

    async def login(self, request: Request) -> Response:
        """Take ``_token``, ``email`` and ``password``; begins a new session and leads to the list of levels."""
        session = self._sessions.find(request.cookies.get(COOKIE))
        form = await request.form(max_files=0, max_fields=20)
        if session is None or form.get("_token") != session.token:
            return self._token_refused()
        email = str(form.get("email") or "").strip()
        if not email or form.get("password") != self.settings.password:
            self.tally.other("logins_refused")
            problem = "These credentials do not match our records."
            return HTMLResponse(login_page(session.token, problem), status_code=422)
        self.tally.other("logins")
        self._sessions.end(session)
        return _with_cookie(RedirectResponse("/", status_code=302), self._sessions.begin(email))

    async def level(self, request: Request, name: str) -> Response:
        """Show a page of a level, or trouble instead."""
        level = self._levels.get(name)
        if level is None:
            return _missing("There is no such level.")
        session = self._sessions.find(request.cookies.get(COOKIE))
        if session is None or session.email is None:
            self.tally.other("without_session")
            return RedirectResponse("/login", status_code=302)
        page = _page_number(request.query_params.get("page", "1"), self.settings.pages)
        if page is None:
            return _missing(f"There are pages 1 to {self.settings.pages}.")
        asked = self.tally.request(session.email, level, page)
        return await self._shown(session, session.email, level, page, asked)

    async def _shown(self, session: Session, email: str, level: Level, page: int, asked: int) -> Response:
        settings = self.settings
        kind = draw_trouble(settings.trouble, self.puzzle.trouble_chance(email, level, page, asked))
        late = settings.latency_s
        if kind is not None:
            self.tally.trouble(level, kind)
            late += settings.trouble.slow_s if kind == "slow" else 0.0
        if late:
            await asyncio.sleep(late)
        if kind == "expired":
            self._sessions.end(session)
            return RedirectResponse("/login", status_code=302)
        shown = self.puzzle.show(email, level, page, asked)
        html = level_page(shown, path=LEVEL_PATHS[level], page=page, pages=settings.pages, token=session.token)
        if kind is not None and kind != "slow":
            return instead(kind, html, settings.trouble)
        self.tally.served(level, page)
        return HTMLResponse(html)

    async def answer(self, request: Request, name: str) -> Response:
        """Accept or refuse the sum of all pages of a level: ``_token`` and ``answer``."""
        level = self._levels.get(name)
        if level is None:
            return _missing("There is no such level.")
        session = self._sessions.find(request.cookies.get(COOKIE))
        if session is None or session.email is None:
            self.tally.other("without_session")
            return RedirectResponse("/login", status_code=302)
        form = await request.form(max_files=0, max_fields=20)
        if form.get("_token") != session.token:
            return self._token_refused()
        right = str(form.get("answer") or "").strip() == str(self.puzzle.sum(session.email, level))
        word = "accepted" if right else "refused"
        self.tally.other(word)
        sentence = f"The answer is {word}."
        return HTMLResponse(message_page(f"Answer {word}", sentence, kind=word, token=session.token))

    async def stats(self, pages: bool = False) -> Response:
        """Give the counts as JSON; ``?pages=1`` adds [requests, whole answers] of every page."""
        settings = self.settings
        told: dict[str, Any] = {"seed": settings.seed, "pages": settings.pages, "trouble_share": settings.trouble.share}
        return JSONResponse({**told, **self.tally.as_dict(by_page=pages)})

    async def numbers(self, level: int = 2, page: int = 1, email: str = "") -> Response:
        """Give the numbers of a page as JSON: what a person would have read off it, to learn from."""
        known = next((known for known in self._levels.values() if known == level), None)
        if known is None or not 1 <= page <= self.settings.pages:
            return _missing("There is no such page.")
        numbers = self.puzzle.numbers(email or self.settings.email, known, page)
        return JSONResponse({"level": level, "page": page, "numbers": list(numbers)})

    def _visitor(self, request: Request) -> tuple[Session, bool]:
        """Give the session of a request, and whether it was opened just now."""
        session = self._sessions.find(request.cookies.get(COOKIE))
        return (session, False) if session is not None else (self._sessions.begin(), True)

    def _token_refused(self) -> Response:
        self.tally.other("token_refused")
        return HTMLResponse(message_page("419", "Page Expired"), status_code=419)


def _with_cookie(response: Response, session: Session, *, set_it: bool = True) -> Response:
    if set_it:
        response.set_cookie(COOKIE, session.name, path="/", httponly=True, samesite="lax")
    return response


def _missing(sentence: str) -> Response:
    return HTMLResponse(message_page("404", sentence), status_code=404)


def _page_number(words: str, pages: int) -> int | None:
    page = int(words) if words.isascii() and words.isdecimal() and len(words) < 10 else 0
    return page if 1 <= page <= pages else None
