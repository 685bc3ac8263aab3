"""``glyphsmith explain`` as a script sees it."""

from __future__ import annotations

from pathlib import Path

import pytest

from glyphsmith import cli
from tiny_reader import tiny_reader


def test_a_picture_that_cannot_be_read_is_a_failed_picture_as_for_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(tiny_reader(tmp_path / "tiny.onnx"))
    (tmp_path / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    for picture in ("cut.png", "nowhere.png"):
        words = [str(tmp_path / picture), "--out", str(tmp_path / "why.png")]
        assert cli.main(["explain", model, *words]) == cli.main(["read", model, words[0]]) == 1
        streams = capsys.readouterr()
        assert streams.out == ""
        assert streams.err.count("error: ") == 2
        assert not (tmp_path / "why.png").exists()
