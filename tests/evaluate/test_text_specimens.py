"""The pictures of a report of texts: cut where the character stands, columns drawn as they spoke."""

from __future__ import annotations

import base64
import io
import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from every_path import written
from glyphsmith.alphabet import Alphabet
from glyphsmith.errors import PictureError
from glyphsmith.evaluate.columns import Shown, columns_figure
from glyphsmith.evaluate.text_specimens import NOTHING, TextSpecimens, choose_text_specimens
from pictures_at_hand import AtHand

COLUMNS, LABELS = 10, "ABO0"
GREY = np.full((12, 100, 3), 200, np.uint8)


class Spoken:
    """A reader that says of every picture what a test wrote: each column of a picture is ten pixels wide."""

    def __init__(self, text: str, *, head: str = "ctc", labels: Any = LABELS) -> None:
        self.alphabet = Alphabet(labels)
        self.card = SimpleNamespace(
            text=SimpleNamespace(head=head), stages=(("prepared", "seen"),), prepare={"fit": "stretch"}
        )
        scores = np.exp(written(tuple(labels.index(sign) for sign in text), COLUMNS, 1 + len(labels)))
        if head == "fixed":
            scores = np.eye(len(labels))[[labels.index(sign) for sign in text]]
        self.scores = scores.astype(np.float32)

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        return np.repeat(self.scores[None], len(images), axis=0)

    def stages(self, picture: np.ndarray) -> list[tuple[str, np.ndarray]]:
        return [("seen", np.asarray(picture[..., 0] / 255.0, np.float32))]


def chosen(truth: str, read: str, *, n: int = 1, picture: Any = GREY, **options: Any) -> TextSpecimens:
    source: Any = AtHand([(truth, picture)] * n)
    reader: Any = Spoken(read, **options)
    return choose_text_specimens(
        reader, source, np.arange(n), [truth] * n, [read] * n, np.linspace(0.9, 0.5, n).astype(np.float32)
    )


def shown(uri: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))


def test_a_confused_character_is_cut_out_where_its_columns_lie() -> None:
    picture = GREY.copy()
    picture[:, 20:30] = (255, 0, 0)  # column 2, which shows the second character
    ((cut,),) = chosen("AO", "A0", picture=picture).pairs
    assert (cut.truth, cut.read) == ("O", "0")
    pixels = np.asarray(shown(cut.original).convert("RGB"))
    assert pixels.shape[0] == 12
    assert 20 <= pixels.shape[1] < 60
    assert (pixels[:, :, 1] < 10).any(axis=0).sum() == 10


def test_frequent_confusions_come_first_with_a_few_pictures_each() -> None:
    truths, reads = ["B", *"O" * 9], ["A", *"0" * 9]
    source: Any = AtHand([(truth, GREY) for truth in truths])
    reader: Any = Spoken("0")
    sure = np.linspace(0.9, 0.5, 10).astype(np.float32)
    found = choose_text_specimens(reader, source, np.arange(10), truths, reads, sure)
    assert [(pair[0].truth, pair[0].read, len(pair)) for pair in found.pairs] == [("O", "0", 6), ("B", "A", 1)]
    assert [one.confidence for one in found.surest] == pytest.approx(sure.tolist())


@pytest.mark.parametrize(("truth", "read"), [("AB", ""), ("", "AB"), ("AB", "A"), ("B", "AB"), ("ABO0", "A")])
def test_characters_too_many_or_missing_are_cut_from_between_their_neighbours(truth: str, read: str) -> None:
    found = chosen(truth, read)
    assert all(shown(one.original).width >= 1 for pair in found.pairs for one in pair)
    assert all(NOTHING in (pair[0].truth, pair[0].read) for pair in found.pairs)
    assert found.surest[0].read == (read or NOTHING)


def test_a_text_of_fixed_length_is_cut_in_equal_places() -> None:
    found = chosen("OAAA", "0AAA", head="fixed")
    assert shown(found.pairs[0][0].original).width == pytest.approx(25 * 1.35, abs=1)


def test_right_answers_show_the_least_sure_ones_and_no_mistakes() -> None:
    found = chosen("AB", "AB", n=5)
    assert found.surest == found.pairs == ()
    assert [one.confidence for one in found.columns] == pytest.approx([0.5, 0.6])


def test_labels_of_several_signs_have_no_cuts_but_columns() -> None:
    labels = ("ch", "a")
    source: Any = AtHand([("cha", GREY)])
    reader: Any = Spoken("", labels=labels)
    found = choose_text_specimens(reader, source, np.arange(1), ["cha"], [""], np.ones(1, np.float32))
    assert found.pairs == ()
    assert len(found.columns) == 1


def test_a_picture_that_is_gone_by_now_is_left_out() -> None:
    def gone() -> np.ndarray:
        raise PictureError("gone")

    assert chosen("O", "0", picture=gone) == TextSpecimens()


def test_the_columns_show_every_sign_thought_of_and_colour_what_became_a_character() -> None:
    probabilities = np.exp(written((0, 3), COLUMNS, 5))
    figure = columns_figure(
        probabilities, LABELS, "ctc", np.ones((6, 20)), [Shown(0, 1, 0, True), Shown(2, 3, 3, False)]
    )
    assert len(re.findall('class="right"', figure)) == 1
    assert len(re.findall('class="wrong"', figure)) == 1
    rows = re.findall(r'text-anchor="end">(.)</text>', figure)
    assert rows == ["A", "0", "–"]
    assert "column 3: 0 98.0 %" in figure


def test_signs_are_escaped_and_rows_are_limited() -> None:
    labels = ["<", "&", *(chr(0x4E00 + k) for k in range(60))]
    flat = np.full((62, 63), 0.05 / 62)
    flat[np.arange(62), 1 + np.arange(62)] = 0.95
    figure = columns_figure(flat, labels, "ctc", np.ones((4, 62, 3)))
    assert "<<" not in figure
    assert "&lt;" in figure
    assert len(re.findall("<text", figure)) == 17
