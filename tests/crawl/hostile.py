"""A site that does to a crawler what sites do at their worst; one thread a connection, on a free port of 127.0.0.1."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.crawl.puzzle import strip_page

#: Gives what is answered to the nth request of a page: status, headers, body; None never answers.
Answer = Callable[[int, int], tuple[int, dict[str, str], bytes] | None]


def right(_page: int, _request: int) -> tuple[int, dict[str, str], bytes]:
    return 200, {"Content-Type": "text/html; charset=utf-8"}, strip_page()


@contextmanager
def site(answer: Answer = right, robots: str | None = None) -> Iterator[tuple[str, Counter[str]]]:
    """Serve; gives the URL of the level and the requests by path, and "agent" counts user agents that are honest."""
    asked: Counter[str] = Counter()
    held: list[socket.socket] = []
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            page = int(parse_qs(parts.query).get("page", ["0"])[0])
            with lock:
                asked[parts.path] += 1
                asked[f"page {page}"] += 1
                asked["agent"] += (self.headers["User-Agent"] or "").startswith("glyphsmith/")
                number = asked[f"page {page}"]
            if parts.path == "/robots.txt":
                found = (200, {"Content-Type": "text/plain"}, robots.encode()) if robots else (404, {}, b"")
            else:
                found = answer(page, number)
            if found is None:
                held.append(self.connection)
                stopped.wait(20)
                return
            status, headers, body = found
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            pass

    stopped = threading.Event()
    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/level", asked
    finally:
        stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()
