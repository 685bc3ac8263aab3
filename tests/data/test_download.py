"""Fetching against a server that cuts connections, lies about ranges, sends wrong bytes or is not there."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from glyphsmith.data import download
from glyphsmith.data.download import PUBLISHED, PublishedFile, PublishedSet, cache_folder, fetch
from glyphsmith.data.source import open_source
from glyphsmith.errors import DownloadError
from tests.data.small_sets import glyph, idx

BODY = np.random.default_rng(0).integers(0, 256, 300_000, dtype=np.uint8).tobytes()


class Server:
    """A server on this machine whose behaviour is a list of words, one for each request; the last one stays."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {"/data.bin": BODY}
        self.moods: list[str] = ["good"]
        self.ranges: list[str | None] = []
        outer = self

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        mood = self.moods.pop(0) if len(self.moods) > 1 else self.moods[0]
        body = self.files.get(request.path, b"")
        wanted = request.headers.get("Range")
        self.ranges.append(wanted)
        if mood == "refuses" or not body:
            request.send_error(503 if mood == "refuses" else 404)
            return
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and "no range" not in mood else 0
        if start >= len(body):
            request.send_error(416)
            return
        if "wrong" in mood:
            body = bytes(len(body))
        request.send_response(206 if start else 200)
        if start:
            claimed = start + 7 if "lying range" in mood else start
            request.send_header("Content-Range", f"bytes {claimed}-{len(body) - 1}/{len(body)}")
        rest = body[start:]
        if "huge" in mood:
            request.send_header("Content-Length", str(10**12))
        elif "no length" not in mood:
            request.send_header("Content-Length", str(len(rest)))
        request.end_headers()
        request.wfile.write(rest[: len(rest) // 2] if "cut" in mood else rest)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    running = Server()
    monkeypatch.setattr(download, "PAUSE_S", 0.0)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    file = PublishedFile("data.bin", hashlib.md5(BODY).hexdigest(), len(BODY))
    monkeypatch.setitem(PUBLISHED, "small", PublishedSet((running.url,), (file,), "http://example.org"))
    yield running
    running.server.shutdown()
    running.server.server_close()


def test_a_file_is_fetched_once(server: Server, tmp_path: Path) -> None:
    path = fetch("small", folder=tmp_path, progress=False)
    assert path.read_bytes() == BODY
    assert fetch("small", folder=tmp_path, progress=False) == path
    assert len(server.ranges) == 1
    assert [entry.name for entry in path.parent.iterdir()] == ["data.bin"]


@pytest.mark.parametrize("kind", ["cut", "cut no length"])
def test_a_cut_connection_is_gone_on_with(server: Server, tmp_path: Path, kind: str) -> None:
    server.moods = [kind, kind, kind, kind, "good"]
    assert fetch("small", folder=tmp_path, progress=False).read_bytes() == BODY
    assert server.ranges[:2] == [None, f"bytes={len(BODY) // 2}-"]
    assert len(server.ranges) == 5


def test_a_server_without_ranges_begins_again(server: Server, tmp_path: Path) -> None:
    server.moods = ["cut", "good no range"]
    assert fetch("small", folder=tmp_path, progress=False).read_bytes() == BODY


def test_another_range_than_asked_for_is_not_glued_on(server: Server, tmp_path: Path) -> None:
    server.moods = ["cut", "lying range", "good"]
    assert fetch("small", folder=tmp_path, progress=False).read_bytes() == BODY


def test_a_kept_beginning_of_another_file_is_thrown_away(server: Server, tmp_path: Path) -> None:
    (tmp_path / "small").mkdir()
    (tmp_path / "small" / "data.bin.part").write_bytes(bytes(1000))
    assert fetch("small", folder=tmp_path, progress=False).read_bytes() == BODY
    (tmp_path / "small" / "data.bin").unlink()
    (tmp_path / "small" / "data.bin.part").write_bytes(bytes(len(BODY) + 1000))
    assert fetch("small", folder=tmp_path, progress=False).read_bytes() == BODY
    (tmp_path / "small" / "data.bin").rename(tmp_path / "small" / "data.bin.part")
    assert fetch("small", folder=tmp_path, progress=False).read_bytes() == BODY


def test_a_damaged_file_in_the_cache_is_fetched_again(server: Server, tmp_path: Path) -> None:
    path = fetch("small", folder=tmp_path, progress=False)
    path.write_bytes(BODY[:-1] + b"x")
    assert fetch("small", folder=tmp_path, progress=False).read_bytes() == BODY


def test_wrong_bytes_never_get_the_name(server: Server, tmp_path: Path) -> None:
    server.moods = ["wrong"]
    with pytest.raises(DownloadError, match="checksum differs") as told:
        fetch("small", folder=tmp_path, progress=False)
    assert list((tmp_path / "small").iterdir()) == []
    assert "glyphsmith train FOLDER --recipe" in (told.value.hint or "")


def test_a_server_that_offers_a_terabyte_is_refused(server: Server, tmp_path: Path) -> None:
    server.moods = ["huge"]
    with pytest.raises(DownloadError, match="the published file has"):
        fetch("small", folder=tmp_path, progress=False)


def test_a_mirror_that_breaks_off_beside_one_that_is_wrong_comes_to_an_end(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the second throws away is no gain of the first, however often."""
    small = PUBLISHED["small"]
    monkeypatch.setitem(PUBLISHED, "small", PublishedSet((server.url, server.url), small.files, small.page))
    server.moods = ["cut", "wrong no range"] * 50
    with pytest.raises(DownloadError):
        fetch("small", folder=tmp_path, progress=False)
    assert len(server.ranges) <= 2 * (download.ROUNDS + 1)


def test_the_next_mirror_is_tried(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = PUBLISHED["small"]
    gone = "http://127.0.0.1:9/"  # the discard port: nobody listens
    monkeypatch.setitem(PUBLISHED, "small", PublishedSet((gone, server.url), good.files, good.page))
    assert fetch("small", folder=tmp_path, progress=False).read_bytes() == BODY


def test_no_network_is_one_error_that_says_how_to_use_a_local_copy(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = PUBLISHED["mnist"].files
    monkeypatch.setitem(PUBLISHED, "mnist", PublishedSet(("http://127.0.0.1:9/",), files, "page"))
    with pytest.raises(DownloadError, match=r"mnist: train-images-idx3-ubyte\.gz could not be fetched") as told:
        fetch("mnist", folder=tmp_path, progress=False, recipe="mnist-conv3")
    assert "glyphsmith train FOLDER --recipe mnist-conv3`" in (told.value.hint or "")
    assert "http://127.0.0.1:9/" in told.value.message


def test_an_answer_of_refusal_is_named(server: Server, tmp_path: Path) -> None:
    server.moods = ["refuses"]
    with pytest.raises(DownloadError, match="answers 503"):
        fetch("small", folder=tmp_path, progress=False)


def test_an_unknown_name_lists_the_known(tmp_path: Path) -> None:
    with pytest.raises(DownloadError) as told:
        fetch("emnist", folder=tmp_path)
    assert "fashion-mnist" in (told.value.hint or "")


def test_a_folder_that_cannot_be_made_is_one_error(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DownloadError, match="cannot be written") as told:
        fetch("small", folder=tmp_path / "file", progress=False)
    assert "GLYPHSMITH_DATA" in (told.value.hint or "")


def test_the_cache_can_be_put_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLYPHSMITH_DATA", str(tmp_path / "here"))
    assert cache_folder() == tmp_path / "here"


def test_a_fetched_set_opens_as_a_source(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = []
    for part, count in (("train", 6), ("t10k", 3)):
        for what, array in (
            ("images-idx3", np.stack([glyph(k, 0) for k in range(count)])),
            ("labels-idx1", np.arange(count)),
        ):
            name, data = f"{part}-{what}-ubyte.gz", idx(array, packed=True)
            server.files[f"/{name}"] = data
            files.append(PublishedFile(name, hashlib.md5(data).hexdigest(), len(data)))
    monkeypatch.setitem(PUBLISHED, "mnist", PublishedSet((server.url,), tuple(files), "page"))
    opened = open_source(fetch("mnist", folder=tmp_path, progress=False))
    assert len(opened) == 9
    assert opened.sample(8).part == "test"
