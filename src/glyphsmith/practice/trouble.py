"""Trouble as real sites make it: which request is in trouble, and what is sent then instead of a whole page."""

from __future__ import annotations

from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from glyphsmith.practice.pages import message_page
from glyphsmith.practice.settings import Trouble, TroubleSettings
from glyphsmith.synth.chance import Chance

__all__ = ["draw_trouble", "instead"]


def draw_trouble(settings: TroubleSettings, chance: Chance) -> Trouble | None:
    """Decide whether a request is in trouble, and in which."""
    return chance.pick(settings.kinds) if chance.yes(settings.share) else None


def instead(kind: Trouble, page: str, settings: TroubleSettings) -> Response:
    """Give what is sent instead of ``page``; ``slow`` and ``expired`` are the site's own to do."""
    if kind == "busy":
        response = HTMLResponse(message_page("429", "Too Many Requests"), status_code=429)
        response.headers["Retry-After"] = str(settings.retry_after_s)
        return response
    if kind == "error":
        return HTMLResponse(message_page("500", "Server Error"), status_code=500)
    if kind == "type":
        return PlainTextResponse("upstream is warming up\n")
    half = page.encode()[: len(page) // 2]
    return HTMLResponse(half) if kind == "torn" else _Cut(page)


class _Cut(HTMLResponse):
    """Promises the whole page in Content-Length, sends half of it and leaves: the server closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - the protocol's
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
