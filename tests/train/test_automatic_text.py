"""What a run decides of texts by itself, and the text folders that it refuses with one sentence."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from glyphsmith.errors import DataError
from glyphsmith.train.automatic import Look
from glyphsmith.train.automatic_text import are_texts, choose_text, look_at_texts
from glyphsmith.train.recipe import Recipe

LOOK = Look(side_px=160, aspect=2.0, colour=0.05, flat=0.8, light=0.0)


def texts_of(labels: list[str], width: int = 160):
    n = len(labels)
    names = [f"{i}.png" for i in range(n)]
    return look_at_texts(labels, names, np.full(n, width, np.int32), np.ones(n, bool), "somewhere")


def four_digits(n: int, seed: int = 0) -> list[str]:
    return [f"{k:04d}" for k in np.random.default_rng(seed).integers(0, 10_000, n)]


@pytest.mark.parametrize(
    ("form", "labels", "texts"),
    [
        ("a table of labels", four_digits(500), True),
        ("painted pictures", four_digits(50_000), True),  # every text occurs five times
        ("label in the file name", ["A7Q2", "X1Z9"] * 15, False),
        ("label in the file name", [str(k % 10) for k in range(300)], False),
        ("label in the file name", [f"{k % 100}" for k in range(5000)], False),
        ("one folder a class", four_digits(500), False),
    ],
)
def test_texts_are_told_from_classes(form: str, labels: list[str], texts: bool) -> None:
    assert are_texts(form, Counter(labels))[0] is texts


def test_size_columns_and_length_follow_the_data() -> None:
    texts = texts_of([*four_digits(400), "9999"])
    assert (texts.shortest, texts.longest, texts.columns, len(texts.symbols)) == (4, 4, 7, 10)
    recipe, decisions = choose_text(texts, {(160, 60): 401}, LOOK, 320, Recipe(), "because")
    assert recipe.task == "text"
    assert (recipe.prepare.height_px, recipe.prepare.width_px) == (64, 176)
    assert not recipe.prepare.crop
    assert recipe.network.columns == 14
    said = {decision.what: decision.value for decision in decisions}
    assert said["task"] == "text"
    assert said["length"] == "4"
    assert said["alphabet"] == "10 symbols"
    assert all(decision.reason for decision in decisions)


def test_long_texts_on_small_pictures_enlarge_them_until_the_columns_fit() -> None:
    texts = texts_of([text * 4 for text in four_digits(60)], width=80)
    recipe, _ = choose_text(texts, {(80, 20): 60}, LOOK, 50, Recipe(), "because")
    assert recipe.prepare.width_px >= 2 * recipe.network.columns >= 4 * 16


@pytest.mark.parametrize(
    ("labels", "width", "said"),
    [
        (["7"], 160, "1 picture with a text"),
        ([*four_digits(30), "0123456789" * 6], 70, "60 characters on a picture 70 px wide"),
        ([*four_digits(30), "שלום"], 160, "right to left"),
        ([*four_digits(30), "x̱12"], 160, "combines with its neighbour"),
        ([*four_digits(30), "12\u200d3"], 160, "cannot be seen"),
        ([chr(0x4E00 + 2 * k) + chr(0x4E01 + 2 * k) for k in range(1000)], 160, "2,000 different symbols"),
        (["11", "111"] * 20, 160, "nothing to tell apart"),
    ],
)
def test_what_no_reader_could_come_of_is_one_error_with_a_hint(labels: list[str], width: int, said: str) -> None:
    with pytest.raises(DataError, match=said):
        texts_of(labels, width)


def test_sums_are_recognised_and_plain_numbers_are_not() -> None:
    assert texts_of(["1+2", "3*(4-1)", "7-7"] * 10).arithmetic
    assert not texts_of(four_digits(30)).arithmetic


def test_sums_are_held_to_the_grammar_of_sums_and_to_nothing_narrower() -> None:
    sums = ["1+2", "3*(4-1)", "7-7"] * 10
    assert texts_of(sums).grammar == "expression"
    recipe, decisions = choose_text(texts_of(sums), {(160, 60): 30}, LOOK, 24, Recipe(), "because")
    assert recipe.decode.pattern == "expression"
    assert any(decision.what == "held to" for decision in decisions)
    # A sum that the grammar does not have, and texts that are none, hold a reader to nothing.
    assert texts_of([*sums, "-1+2"]).grammar == ""
    assert texts_of(four_digits(30)).grammar == ""


def test_many_texts_of_one_length_are_held_to_it_and_few_or_further_ones_are_not() -> None:
    def pattern(labels: list[str], **words: bool) -> str:
        recipe, decisions = choose_text(texts_of(labels), {(80, 30): 100}, LOOK, 80, Recipe(), "because", **words)
        assert ("held to" in {decision.what for decision in decisions}) is bool(recipe.decode.pattern)
        return recipe.decode.pattern

    assert pattern(four_digits(100)) == ".{4}"
    assert pattern(four_digits(99)) == ""
    assert pattern([*four_digits(100), "12345"]) == ""
    assert pattern(four_digits(100), further=True) == ""
