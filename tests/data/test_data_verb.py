"""``glyphsmith data``: results on stdout, all else on stderr, 0, 1 or 2."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from glyphsmith.cli import main
from glyphsmith.data.source import open_source
from tests.data.small_sets import folder_a_class, glyph, write


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    capsys.readouterr()
    status = main(["data", *map(str, words)])
    said = capsys.readouterr()
    return status, said.out, said.err


def test_check_prints_the_form_and_the_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "check", folder_a_class(tmp_path, ["ᚠ", "b"], each=6))
    assert (status, err) == (0, "")
    assert "one folder a class, because" in out
    assert "ᚠ" in out


def test_check_ends_with_1_when_pictures_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder_a_class(tmp_path, each=6)
    (tmp_path / "a" / "x.png").write_bytes(b"")
    status, out, err = run(capsys, "check", tmp_path, "--json")
    document = json.loads(out)
    assert status == 1
    assert document["n"] == 19
    assert document["readable"] == 18
    assert document["failed"][0]["path"] == "a/x.png"
    assert {"source", "form", "reason", "labels", "sizes", "findings"} <= document.keys()
    assert "0 bytes" in err


def test_info_counts_without_opening_a_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder_a_class(tmp_path, each=2)
    (tmp_path / "a" / "x.png").write_bytes(b"")
    status, out, _ = run(capsys, "info", tmp_path, "--json")
    document = json.loads(out)
    assert (status, document["n"], document["labels"]) == (0, 7, {"a": 3, "b": 2, "c": 2})
    status, out, _ = run(capsys, "info", tmp_path)
    assert "one folder a class" in out


def test_split_writes_a_table_that_opens_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = folder_a_class(tmp_path / "set", each=20)
    status, out, _ = run(capsys, "split", root, "--out", root, "--seed", 3)
    assert status == 0
    assert "split.csv" in out
    rows = list(csv.DictReader(io.StringIO((root / "split.csv").read_text(encoding="utf-8"))))
    assert list(rows[0]) == ["file", "label", "part"]
    again = open_source(root)
    assert len(again) == 60
    assert {row["file"]: row["part"] for row in rows} == {s.name: s.part for s in map(again.sample, range(60))}
    run(capsys, "split", root / ".." / "set" / "a" / "..", "--out", tmp_path / "new" / "mine.csv", "--seed", 3)
    assert (tmp_path / "new" / "mine.csv").exists()


def test_import_writes_what_train_can_open(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = folder_a_class(tmp_path / "set", each=10)
    status, out, _ = run(capsys, "import", root, tmp_path / "out.h5", "--validation", "first:4")
    assert status == 0
    assert "30 pictures (grey)" in out
    assert len(open_source(tmp_path / "out.h5")) == 30


@pytest.mark.parametrize("out", ["set/labels.csv", "set/../set/labels.csv", "link.csv"])
@pytest.mark.parametrize("source", ["set", "set/labels.csv"])
def test_split_does_not_write_onto_its_own_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, source: str, out: str
) -> None:
    monkeypatch.chdir(tmp_path)
    folder_a_class(tmp_path / "set", each=5)
    rows = [f"{label}/{k:03d}.png,{label},ann" for label in "abc" for k in range(5)]
    table = tmp_path / "set" / "labels.csv"
    table.write_text("\n".join(["file,label,writer", *rows]))
    if out == "link.csv":
        try:
            (tmp_path / out).symlink_to(table)
        except OSError:
            return  # a system without links cannot be asked to write to one
    before = table.read_bytes()
    status, printed, err = run(capsys, "split", source, "--out", out)
    assert (status, printed) == (2, "")
    assert "is part of" in err
    assert "would be overwritten" in err
    assert table.read_bytes() == before
    (tmp_path / "set" / "split.csv").write_text("old")  # lies there, but is not read: labels.csv is
    assert run(capsys, "split", source, "--out", "set")[0] == 0


def test_import_does_not_write_onto_what_it_reads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "in" / "out.h5"
    out.parent.mkdir()
    run(capsys, "import", folder_a_class(tmp_path / "set", each=5), out)
    before = out.read_bytes()
    for source in (out, out.parent):
        status, printed, err = run(capsys, "import", source, out)
        assert (status, printed) == (2, "")
        assert "would be overwritten" in err
        assert out.read_bytes() == before


@pytest.mark.parametrize(
    "words",
    [
        ("check", "nowhere"),
        ("check", "empty"),
        ("check", "7.png"),
        ("check", "set", "--group", "writer"),
        ("split", "set", "--out", "x.csv", "--validation", "lots"),
        ("split", "set", "--out", "x.csv", "--test", "0.95"),
        ("split", "set", "--out", "7.png"),
        ("import", "set", "out.txt"),
        ("import", "set", "nowhere/out.h5"),
        ("import", "set"),
        ("chekc", "set"),
    ],
)
def test_wrong_input_is_one_sentence_and_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    folder_a_class(tmp_path / "set", each=5)
    (tmp_path / "empty").mkdir()
    write(tmp_path / "7.png", glyph(7, 0))
    status, out, err = run(capsys, *words)
    assert (status, out) == (2, "")
    assert sum(line.startswith("error:") for line in err.splitlines()) == 1
    assert "Traceback" not in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["7.png", "empty", "set"]
