"""Texts, patterns and alphabets that cannot be: one clear error each at the command line, and nothing written."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from glyphsmith.cli import main
from tests.conftest import Command, Ended
from tests.test_bad_input import listed, refused
from tests.tiny_text_reader import tiny_text_reader


@pytest.fixture
def glyphsmith(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """Run the command line in an empty folder, in this process."""
    monkeypatch.chdir(tmp_path)

    def command(*words: str | Path) -> Ended:
        capfd.readouterr()
        status = main([str(word) for word in words])
        out, err = capfd.readouterr()
        return Ended(status, out, err)

    return command


def texts(folder: Path, labels: list[str], width_px: int = 70) -> Path:
    """Write a picture for each label, and the labels."""
    folder.mkdir()
    draw = np.random.default_rng(0)
    with open(folder / "labels.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["file", "text"])
        for i, label in enumerate(labels):
            picture = draw.integers(0, 256, (20, width_px), dtype=np.uint8)
            Image.fromarray(picture).save(folder / f"{i:04d}.png")
            table.writerow([f"{i:04d}.png", label])
    return folder


def good(n: int) -> list[str]:
    return [f"{k:04d}" for k in np.random.default_rng(1).integers(0, 10_000, n).tolist()]


HOSTILE = {
    "60 characters on 70 pixels": ([*good(40), "1" * 60], "60 characters on a picture 70 px wide", "0040.png"),
    "a megabyte of brackets": ([*good(40), "(" * 1_000_000], "", "0040.png"),
    "right to left": ([*good(40), "שלום"], "right to left", "0040.png"),
    "combining characters": ([*good(40), "x̱y"], "combines with its neighbour", "0040.png"),
    "an invisible character": ([*good(40), "1\u200d2"], "cannot be seen", "0040.png"),
    "2 000 symbols": ([chr(0x4E00 + k) * 2 + chr(0x4E01 + k) for k in range(2000)], "up to 1,000", "symbols"),
    "one picture only": (["1234"], "at least 20", "1 picture"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_folder_of_texts_that_cannot_be_learned_is_one_error(case: str, glyphsmith: Command, tmp_path: Path) -> None:
    labels, *said = HOSTILE[case]
    texts(tmp_path / "data", labels)
    before = sorted(listed(tmp_path))
    ended = glyphsmith("train", "data", "--out", "run", "--set", "task=text")
    refused(ended, *said, "hint: ")
    assert max(map(len, ended.err.splitlines())) < 400
    assert sorted(listed(tmp_path)) == before


def test_an_empty_label_is_named_and_left_out(glyphsmith: Command, tmp_path: Path) -> None:
    texts(tmp_path / "data", [*good(12), "", *good(12)])
    ended = glyphsmith("data", "check", "data")
    assert "0012.png" in ended.out
    assert "Traceback" not in ended.err


PATTERNS = {
    "nothing at all": ("", "it is empty"),
    "an alternative left empty": ("1|", "one alternative is empty"),
    "what no label can spell": ("x+", "no text of the reader's labels can match it"),
    "more than the columns": (r"\d{400}", "needs 400 columns"),
    "a megabyte of brackets": ("(" * 1_000_000, "at most"),
    "an open bracket": ("(1", ""),
    "nested repeats": ("((1*)*)*4{9}{9}{9}", ""),
    "doubling without end": ("(1|1)*" * 60 + "{2000}", ""),
    "a lookahead": ("(?=1)1", ""),
    "a count without bounds": ("1{1,999999999}", ""),
}


@pytest.mark.parametrize("case", PATTERNS)
@pytest.mark.parametrize("as_json", [False, True])
def test_a_pattern_that_cannot_be_is_one_error(case: str, as_json: bool, glyphsmith: Command, tmp_path: Path) -> None:
    pattern, said = PATTERNS[case]
    tiny_text_reader(tmp_path / "tiny.onnx")
    Image.new("L", (60, 20), 128).save(tmp_path / "a.png")
    words = ["read", "tiny.onnx", "a.png", "--pattern", pattern, "--steps", "steps.png"]
    ended = glyphsmith(*words, *(["--json"] if as_json else []))
    refused(ended, said)
    assert max(map(len, ended.err.splitlines())) < 400
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "tiny.onnx"]


def test_a_charset_that_cannot_be_is_one_error(glyphsmith: Command, tmp_path: Path) -> None:
    tiny_text_reader(tmp_path / "tiny.onnx")
    Image.new("L", (60, 20), 128).save(tmp_path / "a.png")
    refused(glyphsmith("read", "tiny.onnx", "a.png", "--charset", "xyz"), "not labels of this reader")
    refused(glyphsmith("read", "tiny.onnx", "a.png", "--charset", "x" * 1_000_000), "not labels of this reader")
    refused(glyphsmith("read", "tiny.onnx", "a.png", "--charset", "12", "--pattern", "3+"), "")


def test_more_texts_than_memory_holds_are_one_error(glyphsmith: Command, tmp_path: Path) -> None:
    tiny_text_reader(tmp_path / "tiny.onnx")
    Image.new("L", (60, 20), 128).save(tmp_path / "a.png")
    for more in ([], ["--json"], ["--pattern", "1+"]):
        refused(glyphsmith("read", "tiny.onnx", "a.png", "--top", "1000000", *more), "at most 1,000 texts")
    (line,) = glyphsmith("read", "tiny.onnx", "a.png", "--top", "1000", "--json").json_lines()
    assert len(line["top"]) == 1000


def test_a_megabyte_of_brackets_has_no_value() -> None:
    from glyphsmith.expression import evaluate_expression

    for text in ("(" * 1_000_000, "(" * 500_000 + "1" + ")" * 500_000, "1+" * 500_000 + "1", "-" * 1_000_000 + "1"):
        assert evaluate_expression(text).value is None
