"""A painted folder is the same with any number of workers, complete or labelled as far as it goes, and never mixed."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from glyphsmith.data.source import open_source
from glyphsmith.errors import DataError
from glyphsmith.picture import load_picture
from glyphsmith.synth.arithmetic import ARITHMETIC, ArithmeticPainter
from glyphsmith.synth.captcha import CaptchaPainter
from glyphsmith.synth.folder import paint_folder, workers_for
from glyphsmith.synth.sprites import SpritePainter, SpriteSettings


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_worker_processes_paint_the_same_folder_as_one_process(tmp_path: Path) -> None:
    painter = CaptchaPainter()
    texts = list(paint_folder(painter, 130, tmp_path / "one", 5, labels="labels.csv"))
    assert list(paint_folder(painter, 130, tmp_path / "two", 5, labels="labels.csv", workers=2)) == texts
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")


def test_the_files_hold_the_painted_pixels_and_the_table_their_texts(tmp_path: Path) -> None:
    painter = CaptchaPainter()
    list(paint_folder(painter, 12, tmp_path / "new" / "folder", 5, labels="labels.csv"))
    with open(tmp_path / "new" / "folder" / "labels.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == [f"{index:02d}.png" for index in range(12)]
    for index, row in enumerate(rows):
        picture, text = painter.paint(5, index)
        assert row["text"] == text
        assert np.array_equal(load_picture(tmp_path / "new" / "folder" / row["file"]), picture)


def test_sums_are_labelled_line_by_line_and_read_back(tmp_path: Path) -> None:
    painter = ArithmeticPainter(replace(ARITHMETIC, fonts=("bundled",)))
    texts = list(paint_folder(painter, 11, tmp_path / "sums", 0, labels="labels.txt"))
    source = open_source(tmp_path / "sums")
    found = {source.sample(i).name: source.sample(i).label for i in range(len(source))}
    assert found == {f"{index}.png": text for index, text in enumerate(texts)}


def test_an_interrupted_folder_has_labels_for_the_pictures_it_has(tmp_path: Path) -> None:
    texts = paint_folder(CaptchaPainter(), 1000, tmp_path / "some", 1, labels="labels.csv")
    for _ in range(70):
        next(texts)
    texts.close()
    with open(tmp_path / "some" / "labels.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 70
    # Painted ahead were the rest of a second batch; what has no label is not left.
    assert {path.name for path in (tmp_path / "some").glob("*.png")} == {row["file"] for row in rows}


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupted_folder_of_sums_can_be_opened(tmp_path: Path, workers: int) -> None:
    painter = ArithmeticPainter(replace(ARITHMETIC, fonts=("bundled",)))
    texts = paint_folder(painter, 1000, tmp_path / "sums", 0, labels="labels.txt", workers=workers)
    for _ in range(5):
        next(texts)
    texts.close()
    assert len(open_source(tmp_path / "sums")) == 5


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(DataError, match="not empty"):
        paint_folder(CaptchaPainter(), 3, tmp_path, 0, labels="labels.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    with pytest.raises(DataError, match="is a file"):
        paint_folder(CaptchaPainter(), 3, tmp_path / "mine.txt", 0, labels="labels.csv")


@pytest.mark.parametrize(("n", "workers"), [(0, 1), (-4, 1), (10**9, 1), (3, 0)])
def test_impossible_numbers_are_refused_before_a_folder_is_made(tmp_path: Path, n: int, workers: int) -> None:
    with pytest.raises(DataError, match="expected"):
        paint_folder(CaptchaPainter(), n, tmp_path / "new", 0, labels="labels.csv", workers=workers)
    assert not (tmp_path / "new").exists()


def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot be made"):
        paint_folder(CaptchaPainter(), 3, tmp_path / "file" / "new", 0, labels="labels.csv")


def test_small_folders_are_painted_by_one_process() -> None:
    assert workers_for(1) == workers_for(1999) == 1


def test_labels_may_stand_in_the_names_of_the_files(tmp_path: Path) -> None:
    painter = SpritePainter(SpriteSettings(fonts=("bundled",)))
    digits = list(paint_folder(painter, 70, tmp_path / "one", 5, labels="names"))
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == sorted(f"{digit}_{index:02d}.png" for index, digit in enumerate(digits))
    assert [sample.label for sample in map(open_source(str(tmp_path / "one")).sample, range(70))] == sorted(digits)
    list(paint_folder(painter, 70, tmp_path / "two", 5, labels="names", workers=2))
    assert all((tmp_path / "two" / name).read_bytes() == (tmp_path / "one" / name).read_bytes() for name in names)
