"""A practice site in the same process, and a visitor who is logged in to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from glyphsmith.practice import PracticeSettings
from glyphsmith.practice.site import create_app
from glyphsmith.synth.sprite_cells import SpriteSettings

#: One bundled font: quick, and there on every machine.
BUNDLED = SpriteSettings(fonts=("bundled",))


class Visitor:
    """Talks to a site without a network; ``asyncio`` runs one request at a time."""

    def __init__(self, settings: PracticeSettings) -> None:
        self.app = create_app(settings)
        self.settings = settings
        self.cookies = httpx.Cookies()

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        import asyncio

        async def once() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://practice", cookies=self.cookies
            ) as client:
                response = await client.request(method, path, **more)
                self.cookies = client.cookies
                return response

        return asyncio.run(once())

    def get(self, path: str) -> httpx.Response:
        return self.ask("GET", path)

    def token(self) -> str:
        return token_of(self.get("/login").text)

    def log_in(self, email: str = "crawler@example.org", password: str = "practice") -> httpx.Response:
        return self.ask("POST", "/login", data={"_token": self.token(), "email": email, "password": password})


def token_of(html: str) -> str:
    found = re.search(r'name="_token" value="([0-9a-f]+)"', html)
    assert found is not None, html
    return found.group(1)


@pytest.fixture
def visitor() -> Iterator[Callable[..., Visitor]]:
    def make(*, logged_in: bool = True, **settings: Any) -> Visitor:
        settings.setdefault("sprites", BUNDLED)
        made = Visitor(PracticeSettings(**settings))
        if logged_in:
            assert made.log_in().headers["location"] == "/"
        return made

    return make
