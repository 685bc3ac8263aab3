"""The confusion matrix as CSV and as a picture."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from glyphsmith import fonts
from glyphsmith.evaluate import confusion
from glyphsmith.evaluate.heatmap import most_confused


def test_the_csv_gives_back_every_count_under_its_labels() -> None:
    labels = ["ᚠ", "7", 'quote " and, comma', "流"]
    matrix = np.arange(16, dtype=np.int32).reshape(4, 4)
    rows = list(csv.reader(io.StringIO(confusion.confusion_csv(matrix, labels))))
    assert rows[0][1:] == labels
    assert [row[0] for row in rows[1:]] == labels
    assert [[int(cell) for cell in row[1:]] for row in rows[1:]] == matrix.tolist()


@pytest.mark.parametrize("k", [1, 2, 13, 31, 70, 130])
def test_the_picture_has_a_cell_for_every_pair(k: int) -> None:
    matrix = np.eye(k, dtype=np.int32)
    image = confusion.confusion_picture(matrix, [f"{i}" for i in range(k)])
    colours = image.getcolors(maxcolors=1 << 20)
    assert colours is not None
    assert min(image.size) > k * 15
    assert confusion.png_bytes(image).startswith(b"\x89PNG")


def test_mistakes_have_another_colour_than_right_answers() -> None:
    def colours(matrix: list[list[int]]) -> set[tuple[int, ...]]:
        image = confusion.confusion_picture(np.array(matrix, np.int32), ["a", "b"])
        return {colour for _, colour in image.getcolors(1 << 20) or []}  # type: ignore[misc]

    reds = [c for c in colours([[1, 9], [9, 1]]) if c[0] > c[2] + 80]
    assert reds
    assert not [c for c in colours([[9, 0], [0, 9]]) if c[0] > c[2] + 80]


def test_of_very_many_labels_the_most_confused_are_drawn() -> None:
    matrix = np.eye(600, dtype=np.int32)
    matrix[3, 599] = 4
    image = confusion.confusion_picture(matrix, [f"{i}" for i in range(600)])
    assert max(image.size) < 600


def test_labels_are_drawn_as_themselves_and_without_a_font_as_code_points(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    found = confusion.find_font
    monkeypatch.setattr(confusion, "find_font", lambda text, size: drawn.append(text) or found(text, size))
    nobody = "\U0010fffe"  # a noncharacter, which no font has
    confusion.confusion_picture(np.eye(2, dtype=np.int32), [nobody, "b"])
    assert "U+10FFFE" in drawn
    assert "b" in drawn
    assert nobody not in drawn


def test_a_long_label_is_cut() -> None:
    image = confusion.confusion_picture(np.eye(2, dtype=np.int32), ["a" * 500, "b"])
    assert image.width < 900


def test_labels_of_control_signs_and_blanks_are_drawn_so_that_they_are_seen() -> None:
    confusion.confusion_picture(np.eye(3, dtype=np.int32), ["new\nline", "\x1b[31mred", " "])
    assert fonts.drawable("new\nline") == "new\\nline"


def test_of_very_many_labels_without_a_mistake_the_most_frequent_are_drawn() -> None:
    matrix = np.diag(np.arange(1, 601, dtype=np.int32))
    assert most_confused(matrix, 3).tolist() == [597, 598, 599]
    matrix[0, 5] = 9
    assert most_confused(matrix, 3).tolist() == [0, 5]
