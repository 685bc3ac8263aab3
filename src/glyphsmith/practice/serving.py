"""Serve the site: the address is taken first, so that a port in use is said in a sentence before any painting."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from glyphsmith.errors import DataError
from glyphsmith.practice.settings import PracticeSettings
from glyphsmith.practice.site import create_app

__all__ = ["bind", "running_site", "serve"]


def bind(host: str, port: int) -> socket.socket:
    """Take an address; port 0 takes a free one. Raises DataError where it is in use or not of this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        # asyncio sends small packets at once only on sockets that name their protocol; else an answer takes 44 ms.
        bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            if os.name == "posix":  # elsewhere this would let two programs share a port
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind((host, port))
            bound.listen(512)
        except BaseException:
            bound.close()
            raise
        return bound
    except (OSError, OverflowError) as error:
        hint = "name another with --port; --port 0 takes a free one" if port else "name another with --host"
        said = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{host}:{port}: cannot listen there ({said})", hint=hint) from None


def address(bound: socket.socket) -> str:
    """Give the URL of a taken address."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(app: FastAPI, bound: socket.socket) -> None:
    """Serve until Ctrl-C or SIGTERM; requests under way are finished, for at most a second."""
    _server(app).run(sockets=[bound])


@contextmanager
def running_site(settings: PracticeSettings | None = None, *, port: int = 0) -> Iterator[tuple[str, FastAPI]]:
    """Serve a site on 127.0.0.1 beside the caller, in a thread: gives its URL and the application."""
    app = create_app(settings)
    with bind("127.0.0.1", port) as bound:
        started = threading.Event()
        server = _server(app, started.set)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        thread.start()
        started.wait(30)
        try:
            yield address(bound), app
        finally:
            server.should_exit = True
            thread.join(30)


class _Server(uvicorn.Server):
    """Says when it listens; uvicorn itself has only a flag to be asked again and again."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._say_started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._say_started()


def _server(app: FastAPI, started: Callable[[], None] = lambda: None) -> _Server:
    # A cut-off body is an error to uvicorn; here it is meant.
    config = uvicorn.Config(
        app, log_config=None, log_level="critical", access_log=False, lifespan="off", timeout_graceful_shutdown=1
    )
    return _Server(config, started)
