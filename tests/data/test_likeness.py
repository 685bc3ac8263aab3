"""What names say for the split: turned and otherwise derived copies, and nothing that could be anything else."""

from __future__ import annotations

import pytest

from glyphsmith.data import likeness
from glyphsmith.data.likeness import made_from
from glyphsmith.data.pictures import NumberedNames


def test_no_pictures_were_not_made_from_one_another() -> None:
    assert made_from([], []) is None


@pytest.mark.parametrize(
    "name",
    [
        "7_03_rot10",
        "7_03_rot-10",
        "7_03 mirrored",
        "7_03_aug2",
        "7_03-blur",
        "7_03_10deg",
        "7_03_r5",
        "7_03_-5",
        "7_03_9",
    ],
)
def test_a_copy_is_told_by_its_name(name: str) -> None:
    names = ["7_03.png", f"{name}.png", "7_04.png"]
    assert made_from(names, ["7"] * 3) == ["7 7_03", "7 7_03", None]


def test_copies_are_kin_where_the_original_is_not_there() -> None:
    names = ["a/1_rot10.png", "a/1_rot20.png", "a/2_rot10.png"]
    assert made_from(names, ["a"] * 3) == ["a a/1", "a a/1", None]


@pytest.mark.parametrize(
    ("names", "label"),
    [
        (["image (1).png", "image (2).png", "scan (1).png", "scan (2).png", "image.png"], "a"),
        (["7.png", "7_1.png", "7_2.png", "7_3.png"], "7"),
        (["page1_crop1.png", "page1_crop2.png", "page2_crop1.png", "page2_crop2.png"], "a"),
        (["row_r1.png", "row_r2.png", "line_r1.png", "line_r2.png"], "a"),
        (["scan.png", "scan_1.png", "scan_2.png", "photo.png", "photo_1.png"], "a"),
        (["a/1.png", "a/1.jpg", "a/2.png"], "a"),
        (["a/one.png", "a/one_rot10.png", "a/one_rot20.png"], "a"),
    ],
)
def test_names_that_leave_doubt_say_nothing(names: list[str], label: str) -> None:
    assert made_from(names, [label] * len(names)) is None


def test_a_text_and_its_turned_copy_are_kin_though_no_other_picture_says_it() -> None:
    names = ["A7Q2.png", "A7Q2_rot5.png", "B.png", "B_2.png"]
    assert made_from(names, ["A7Q2", "A7Q2", "B", "B"], texts=True) == ["A7Q2 A7Q2", "A7Q2 A7Q2", None, None]


def test_a_series_of_texts_and_pictures_of_other_labels_are_no_kin() -> None:
    assert made_from(["c1.png", "c1_1.png", "c1_2.png"], ["AB", "CD", "EF"], texts=True) is None
    assert made_from(["1.png", "1_rot10.png", "2.png", "3.png"], ["a", "b", "a", "b"]) is None


def test_names_that_nobody_gave_and_too_many_of_them_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    assert made_from(NumberedNames([("x_rot10", 3)]), ["a"] * 3) is None
    names, labels = ["7_03.png", "7_03_rot10.png", "7_04.png"], ["7"] * 3
    monkeypatch.setattr(likeness, "_NAMES_UP_TO", 2)
    assert made_from(names, labels) is None
