"""``glyphsmith explain`` as a script sees it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from glyphsmith import cli
from tiny_reader import picture_of, tiny_reader
from tiny_text_reader import tiny_text_reader


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


def test_the_figure_never_replaces_the_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, picture = str(tiny_reader(tmp_path / "tiny.onnx")), tmp_path / "x.png"
    Image.fromarray(picture_of(3)).save(picture)
    before = picture.read_bytes()
    assert cli.main(["explain", model, str(picture), "--out", str(tmp_path / "." / "x.png")]) == 2
    streams = capsys.readouterr()
    assert streams.out == ""
    assert "x.png: this file is read, and would be replaced" in streams.err
    assert picture.read_bytes() == before


def test_a_reader_of_texts_has_no_map_and_steps_are_pointed_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, picture = str(tiny_text_reader(tmp_path / "text.onnx")), tmp_path / "x.png"
    Image.fromarray(picture_of(3)).save(picture)
    assert cli.main(["explain", model, str(picture), "--out", str(tmp_path / "why.png")]) == 2
    err = capsys.readouterr().err
    assert "tiny-text reads whole texts" in err
    assert "--steps" in err
    assert "ONNX" not in err
    assert not (tmp_path / "why.png").exists()


def test_a_refused_picture_is_said_to_be_refused_as_for_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, picture = str(tiny_reader(tmp_path / "tiny.onnx")), tmp_path / "blank.png"
    Image.new("RGB", (30, 20), "white").save(picture)
    assert cli.main(["explain", model, str(picture), "--out", str(tmp_path / "why.png")]) == 0
    answer, _, out, reason = capsys.readouterr().out.strip().split("\t")
    assert (answer, out, reason) == ("-", str(tmp_path / "why.png"), "(the picture is blank)")


def test_a_name_of_several_lines_is_drawn_on_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alphabet = ("new\nline", "b")
    model, picture = str(tiny_reader(tmp_path / "tiny.onnx", alphabet)), tmp_path / "two\nlines.png"
    Image.fromarray(picture_of(0, 2)).save(picture)
    assert cli.main(["explain", model, str(picture), "--out", str(tmp_path / "why.png")]) == 0
    assert capsys.readouterr().out.startswith("new\\nline\t")


def test_a_picture_may_come_through_standard_input(tmp_path: Path) -> None:
    model, picture = tiny_reader(tmp_path / "tiny.onnx"), tmp_path / "x.png"
    Image.fromarray(picture_of(3)).save(picture)
    words = [sys.executable, "-m", "glyphsmith", "explain", str(model), "-", "--out", str(tmp_path / "why.png")]
    done = subprocess.run(words, input=picture.read_bytes(), capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"3\t")
    assert (tmp_path / "why.png").is_file()
