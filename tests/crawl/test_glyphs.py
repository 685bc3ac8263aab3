"""Rows are read together where they are permutations, and that is found from the sheet; evidence adds up."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from glyphsmith.card import Card
from glyphsmith.crawl.answers import PageAnswer
from glyphsmith.crawl.glyphs import SheetReader
from glyphsmith.crawl.page import Window
from glyphsmith.errors import ModelError, PageError
from tests.crawl.puzzle import NUMBERS, shown

SIDE_PX = 12
TEXTS = [str(number) for number in NUMBERS]


class Told:
    """Reads a glyph from a pixel of its middle, which holds what to say: the digit, or 10 + for "cannot tell"."""

    def __init__(self, alphabet="0123456789", sure=0.999):
        self.alphabet = list(alphabet)
        self.sure = sure
        self.calls = 0

    def probabilities(self, images):
        self.calls += 1
        said = np.asarray(images)[:, 6, 6, 0].astype(int) // 10
        found = np.full((len(said), len(self.alphabet)), (1 - self.sure) / (len(self.alphabet) - 1), np.float32)
        for i, digit in enumerate(said):
            if digit < 10:
                found[i, self.alphabet.index(str(digit))] = self.sure
            else:
                found[i] = 1 / len(self.alphabet)
        return found


class OfFields(Told):
    """Reads only what lies in the middle of an empty field of 22 x 22, where its preparation lays pictures."""

    def __init__(self):
        super().__init__()
        self.card = Card(
            name="fields",
            task="label",
            alphabet=tuple(self.alphabet),
            prepare={
                "height_px": 22,
                "width_px": 22,
                "crop": False,
                "colour": False,
                "polarity": "invert",
                "fit": "place",
            },
            recipe={},
        )

    def probabilities(self, images):
        assert images.shape[1:] == (22, 22, 3)
        return super().probabilities(images[:, 6:16, 6:16])


def sheet_of(digits, unclear=()):
    """Give a page whose cells say these digits (10, 10); the cells in ``unclear`` cannot be told."""
    sprite = np.full((10 * SIDE_PX, 10 * SIDE_PX, 3), 255, np.uint8)
    boxes = np.zeros((10, 10, 4), np.int64)
    for row in range(10):
        for column in range(10):
            x, y, side = column * SIDE_PX, row * SIDE_PX, SIDE_PX - 2
            says = 11 if (row, column) in unclear else digits[row, column]
            sprite[y : y + side, x : x + side] = says * 10 + 3
            boxes[row, column] = x, y, side, side
    return shown(sprite, TEXTS, boxes, digits)


def permutations(seed):
    draw = np.random.default_rng(seed)
    return np.stack([draw.permutation(10) for _ in range(10)])


def digits_of(scores):
    return "".join(map(str, scores.argmax(axis=1)))


def test_a_sheet_of_permutations_is_read_with_a_call_for_each_size():
    reader = Told()
    found = SheetReader(reader).read(sheet_of(permutations(1)))
    assert digits_of(found.scores) == "".join(TEXTS)
    assert found.permuted
    assert found.rule == pytest.approx(79.2, abs=2)
    assert reader.calls == 5  # windows; cells that no window shows, and those of them at an edge


def test_an_illegible_glyph_is_known_from_the_others_of_its_row():
    digits = permutations(2)
    unclear = [(row, int(np.argwhere(digits[row] == 7)[0, 0])) for row in range(10)]
    page = sheet_of(digits, unclear)
    together, alone = (SheetReader(Told(), assignment=rows).read(page) for rows in (True, False))
    assert digits_of(together.scores) == "".join(TEXTS)
    assert not alone.permuted
    wrong = sum(a != b for a, b in zip(digits_of(alone.scores), "".join(TEXTS), strict=True))
    assert wrong == "".join(TEXTS).count("7")


def test_rows_that_are_no_permutations_are_found_out_and_read_glyph_by_glyph():
    free = np.random.default_rng(4).integers(0, 10, (10, 10))
    for sure in (0.9, 0.999, 0.999999):
        found = SheetReader(Told(sure=sure)).read(sheet_of(free))
        assert not found.permuted
        assert found.rule < -10
        assert digits_of(found.scores) == "".join(TEXTS)


def test_every_sheet_speaks_for_itself():
    reader = SheetReader(Told())
    for seed in range(4):
        assert reader.read(sheet_of(permutations(seed))).permuted
    assert not reader.read(sheet_of(np.random.default_rng(4).integers(0, 10, (10, 10)))).permuted
    assert reader.read(sheet_of(permutations(9))).permuted


def test_glyphs_whose_cells_are_not_found_are_read_one_by_one():
    page = sheet_of(permutations(1))
    tiny = replace(page, sprite=page.sprite[:SIDE_PX, :SIDE_PX], numbers=((Window(0, 0, 10, 10),) * 2,) * 12)
    found = SheetReader(Told()).read(tiny)
    assert (found.permuted, found.rule) == (False, None)
    assert found.scores.shape == (24, 10)


def test_a_reader_may_have_more_labels_in_any_order_but_needs_all_digits():
    found = SheetReader(Told("ZA9876543210")).read(sheet_of(permutations(1)))
    assert digits_of(found.scores) == "".join(TEXTS)
    with pytest.raises(ModelError, match="cannot answer 8, 9"):
        SheetReader(Told("01234567"))


def test_a_reader_of_texts_is_refused():
    told = Told()
    told.card = SimpleNamespace(task="text")
    with pytest.raises(ModelError, match="reads texts, not single signs"):
        SheetReader(told)


# What is known of one page


def scores(text, sure, wrong=None):
    with np.errstate(divide="ignore"):
        found = np.full((len(text), 10), np.log((1 - sure) / 9 if wrong is None else wrong / 9))
    found[np.arange(len(text)), [int(digit) for digit in text]] = np.log(sure)
    return found


def test_requests_add_up_until_the_page_is_sure():
    answer = PageAnswer()
    assert answer.error == 1.0
    answer.add((2, 3), "a", scores("42137", 0.9))
    assert answer.numbers == (42, 137)
    # Of the two digits that begin a number it is known beforehand that they are no 0, or hardly ever.
    assert answer.error == pytest.approx(1 - 0.9**3 * (0.9 / (0.9 + 8.0001 * 0.1 / 9)) ** 2)
    answer.add((2, 3), "b", scores("42137", 0.9))
    begun = 0.81 / (0.81 + 8.0001 * (0.1 / 9) ** 2)
    assert answer.error == pytest.approx(1 - (0.81 / (0.81 + 9 * (0.1 / 9) ** 2)) ** 3 * begun**2)
    answer.add((2, 3), "c", scores("42137", 0.9999))
    assert answer.error < 1e-5
    assert answer.readings == 3


def test_two_sure_requests_outweigh_one_that_was_wrong():
    answer = PageAnswer()
    for name, text in (("a", "17"), ("b", "11"), ("c", "11")):
        answer.add((2,), name, scores(text, 0.99))
    assert answer.numbers == (11,)


def test_a_number_hardly_begins_with_0_unless_it_is_read_so_for_sure():
    doubtful = np.log([[0.5, 0.4, *[0.0125] * 8], [0.5, 0.4, *[0.0125] * 8]])
    answer = PageAnswer()
    answer.add((2,), "a", doubtful)
    assert answer.numbers == (10,)  # but it may end with one
    single = PageAnswer()
    single.add((1, 1), "a", doubtful)
    assert single.numbers == (0, 0)  # and a single 0 is a number
    sure = PageAnswer()
    sure.add((2,), "a", scores("07", 1 - 1e-6))
    assert sure.numbers == (7,)
    assert 1e-3 < sure.error < 1e-1  # so it is asked for again
    sure.add((2,), "b", scores("07", 1 - 1e-6))
    assert sure.error < 1e-6


def test_a_tiny_error_is_not_lost_to_rounding():
    answer = PageAnswer()
    answer.add((2,), "a", scores("42", 1.0, wrong=1e-19))
    answer.add((2,), "b", scores("42", 1.0, wrong=1e-12))
    assert 0 < answer.error < 1e-29


def test_the_same_sprite_again_is_no_new_evidence():
    answer = PageAnswer()
    assert answer.add((2,), "a", scores("42", 0.9))
    before = answer.error
    assert not answer.add((2,), "a", scores("42", 0.9))
    assert (answer.error, answer.readings) == (before, 1)


def test_numbers_of_other_lengths_contradict():
    answer = PageAnswer()
    answer.add((2, 3), "a", scores("42137", 0.9))
    with pytest.raises(PageError, match="two requests of this page"):
        answer.add((3, 2), "b", scores("42137", 0.9))


def test_certain_digits_that_differ_contradict():
    answer = PageAnswer()
    answer.add((2,), "a", scores("42", 1.0))
    with pytest.raises(PageError, match="exclude"):
        answer.add((2,), "b", scores("43", 1.0))


def test_scores_of_another_shape_are_a_mistake_of_the_program():
    with pytest.raises(ValueError, match="shape"):
        PageAnswer().add((2, 3), "a", scores("42", 0.9))
    with pytest.raises(ValueError, match="nothing"):
        _ = PageAnswer().numbers


def test_a_reader_that_knows_fields_reads_cells_of_all_sizes_in_one_call():
    reader = OfFields()
    cells = [np.full((h, w, 3), 53, np.uint8) for h, w in ((10, 10), (12, 10), (16, 20))]
    found = SheetReader(reader).probabilities([*cells, None])
    assert reader.calls == 1
    assert found[:3].argmax(axis=1).tolist() == [5, 5, 5]
    assert found[3].tolist() == [0.1] * 10
