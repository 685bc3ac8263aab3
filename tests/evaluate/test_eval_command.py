"""``glyphsmith eval`` as a script sees it: streams, statuses, files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from glyphsmith import cli
from tiny_reader import DIGITS, picture_of, tiny_reader
from tiny_text_reader import tiny_text_reader


@pytest.fixture
def model(tmp_path: Path) -> str:
    return str(tiny_reader(tmp_path / "tiny.onnx", DIGITS))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Twenty pictures in folders, all read rightly but one."""
    folder = tmp_path / "data"
    for k, label in enumerate(DIGITS):
        (folder / label).mkdir(parents=True)
        for i in range(2):
            Image.fromarray(picture_of(9 if (k, i) == (4, 1) else k)).save(folder / label / f"{i}.png")
    return folder


def test_json_is_one_document_on_stdout_and_nothing_else(
    model: str, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["eval", model, str(data), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["task"], found["n"], found["accuracy"]) == ("label", 20, 0.95)
    assert found["confusions"] == [["4", "9", 1]]
    assert found["failed"] == []


def test_for_a_person_the_figures_are_said_in_words(model: str, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["eval", model, str(data)]) == 0
    streams = capsys.readouterr()
    assert "19 of 20 pictures right" in streams.out
    assert "4 as 9 1x" in streams.out
    assert "one folder a class" in streams.err


def test_a_picture_that_cannot_be_read_gives_status_one_and_is_named(
    model: str, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "3" / "cut.png").write_bytes((data / "3" / "0.png").read_bytes()[:40])
    assert cli.main(["eval", model, str(data), "--json"]) == 1
    streams = capsys.readouterr()
    found = json.loads(streams.out)
    assert found["n"] == 20
    assert [(entry["label"], "cut.png" in entry["path"]) for entry in found["failed"]] == [("3", True)]
    assert "cut.png" in streams.err


def test_labels_the_reader_cannot_answer_are_warned_of_and_count(
    model: str, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "ᚠ").mkdir()
    Image.fromarray(picture_of(1)).save(data / "ᚠ" / "0.png")
    assert cli.main(["eval", model, str(data), "--json"]) == 0
    streams = capsys.readouterr()
    assert json.loads(streams.out)["accuracy"] == round(19 / 21, 6)
    assert "1 picture with a label the reader cannot answer, counted as mistakes: ᚠ (1)" in streams.err


def test_the_report_is_written_where_it_was_asked_for(model: str, data: Path, tmp_path: Path) -> None:
    assert cli.main(["eval", model, str(data), "--report", str(tmp_path / "new" / "report")]) == 0
    written = sorted(path.name for path in (tmp_path / "new" / "report").iterdir())
    assert written == ["confusion.csv", "confusion.png", "report.html"]


def test_the_given_test_part_is_read_and_all_of_it_when_asked(
    model: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both = tmp_path / "both"
    both.mkdir()
    data.rename(both / "test")
    (both / "train" / "1").mkdir(parents=True)
    Image.fromarray(picture_of(1)).save(both / "train" / "1" / "0.png")
    counts = {}
    for words in ([], ["--part", "train"], ["--part", "all"]):
        assert cli.main(["eval", model, str(both), "--json", *words]) == 0
        streams = capsys.readouterr()
        counts[" ".join(words)] = json.loads(streams.out)["n"]
        assert ("the test part: 20 of 21" in streams.err) == (not words)
    assert counts == {"": 20, "--part train": 1, "--part all": 21}


@pytest.mark.parametrize("wrong", ["nothing-here", "empty"])
def test_data_that_is_none_ends_with_status_two_and_nothing_on_stdout(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: str
) -> None:
    (tmp_path / "empty").mkdir()
    assert cli.main(["eval", model, str(tmp_path / wrong), "--json", "--report", str(tmp_path / "report")]) == 2
    streams = capsys.readouterr()
    assert streams.out == ""
    assert streams.err.startswith("error: ")
    assert not (tmp_path / "report").exists()


def test_a_report_folder_that_cannot_be_made_is_one_clear_error(
    model: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert cli.main(["eval", model, str(data), "--report", str(tmp_path / "file")]) == 2
    assert "the folder of the report cannot be made" in capsys.readouterr().err


def test_data_without_a_single_known_label_is_an_error_and_not_zero_per_cent(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for label in ("ᚠ", "ᚢ"):
        (tmp_path / "runes" / label).mkdir(parents=True)
        Image.fromarray(picture_of(3)).save(tmp_path / "runes" / label / "a.png")
    assert cli.main(["eval", model, str(tmp_path / "runes"), "--json", "--report", str(tmp_path / "report")]) == 2
    streams = capsys.readouterr()
    assert streams.out == ""
    assert "can answer none of its 2 labels (ᚠ ᚢ); it knows 0 1 2" in streams.err
    assert "--from" in streams.err
    assert not (tmp_path / "report").exists()


def test_texts_in_another_case_than_the_reader_s_are_an_error_that_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reader = tiny_text_reader(tmp_path / "tiny.onnx", "ABC")
    (tmp_path / "texts").mkdir()
    for text in ("abca", "cabb", "bbac"):
        Image.fromarray(picture_of(3, width=60)).save(tmp_path / "texts" / f"{text}.png")
    assert cli.main(["eval", str(reader), str(tmp_path / "texts")]) == 2
    said = capsys.readouterr().err
    assert "capitals and small letters are different labels" in said
    assert "--fold case" in said
    assert cli.main(["eval", str(reader), str(tmp_path / "texts"), "--fold", "case", "--json"]) == 0
    assert "case" in json.loads(capsys.readouterr().out)["folded"]
    # One text that it can answer, and there is a figure.
    Image.fromarray(picture_of(3, width=60)).save(tmp_path / "texts" / "AABC.png")
    assert cli.main(["eval", str(reader), str(tmp_path / "texts"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n"] == 4


def test_texts_are_held_to_characters_and_patterns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reader = tiny_text_reader(tmp_path / "tiny.onnx", "ABC")
    (tmp_path / "texts").mkdir()
    for text in ("AABB", "ABAB", "BBBA"):
        Image.fromarray(picture_of(3, width=60)).save(tmp_path / "texts" / f"{text}.png")
    words = ["eval", str(reader), str(tmp_path / "texts"), "--json"]
    assert cli.main([*words, "--pattern", "AABB"]) == 0
    assert json.loads(capsys.readouterr().out)["exact"] == pytest.approx(1 / 3, abs=1e-6)
    assert cli.main([*words, "--charset", "A"]) == 0
    assert {read for _, read, _ in json.loads(capsys.readouterr().out)["confusions"]} <= {"A", ""}
    assert cli.main([*words, "--pattern", "x"]) == 2
    assert "can match it" in capsys.readouterr().err


def test_a_part_that_is_none_is_wrong_usage_and_names_the_parts(
    model: str, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["eval", model, str(data), "--part", "foo"]) == 2
    said, hint = capsys.readouterr().err.splitlines()
    assert "'foo' is not one of 'train', 'validation', 'test', 'all'" in said
    assert hint == "hint: see glyphsmith eval --help"


def test_characters_of_labels_are_not_folded(model: str, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["eval", model, str(data), "--fold", "0O"]) == 2
    streams = capsys.readouterr()
    assert streams.out == ""
    assert "--fold counts characters of texts as one, and tiny answers one label a picture" in streams.err


def test_control_signs_of_labels_are_shown_and_not_obeyed(
    model: str, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [f"{k}/0.png,{label}" for k, label in enumerate(["0", "\x1b[31m", "2"])]
    (data / "labels.csv").write_text("\n".join(["file,label", *lines]), encoding="utf-8")
    cli.main(["eval", model, str(data)])
    streams = capsys.readouterr()
    assert r"\x1b[31m as 1 1x" in streams.out
    assert r"\x1b[31m (1)" in streams.err
    assert "\x1b" not in streams.out + streams.err


@pytest.mark.parametrize("place", ["data", "a file", "a file/below"])
def test_a_place_that_cannot_hold_a_report_is_refused_before_anything_is_read(
    model: str, data: Path, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (data.parent / "a file").write_text("taken")
    assert cli.main(["eval", model, str(data), "--report", str(data.parent / place)]) == 2
    streams = capsys.readouterr()
    assert streams.out == ""
    assert "error: " in streams.err
    assert "report" in streams.err


def test_texts_with_signs_the_reader_lacks_are_counted_once_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, model = tmp_path / "texts", str(tiny_text_reader(tmp_path / "text.onnx"))
    folder.mkdir()
    (folder / "labels.csv").write_text("file,text\na.png,1zz z\nb.png,zzz\nc.png,12\n")
    for name in "abc":
        Image.fromarray(picture_of(3)).save(folder / f"{name}.png")
    assert cli.main(["eval", model, str(folder)]) == 0
    assert "warning: 2 pictures with a label the reader cannot answer" in capsys.readouterr().err
