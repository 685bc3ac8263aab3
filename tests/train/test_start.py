"""A small set of texts starts from the weights of a reader; a large one, or one that does not fit, from nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from tests.train.test_automatic_text import LOOK, four_digits, texts_of

from glyphsmith.alphabet import Alphabet
from glyphsmith.card import Card
from glyphsmith.errors import ModelError
from glyphsmith.train.automatic_text import choose_text
from glyphsmith.train.choices import _may_start
from glyphsmith.train.learned import build_network
from glyphsmith.train.recipe import Network, Prepare, Recipe, with_settings
from glyphsmith.train.start import start_from

WAS = Recipe(
    name="was",
    task="text",
    prepare=Prepare(height_px=40, width_px=88, flatten=False, polarity="keep", crop=False),
    network=Network(family="text", widths=(8, 16, 16), columns=16),
)
SIGNS = ("0", "1", "A", "B")


def base(recipe: Recipe = WAS) -> Card:
    values = recipe.as_dict()
    return Card(name="was", task="text", alphabet=SIGNS, prepare=values["prepare"], recipe=values)


def weights_of(recipe: Recipe = WAS) -> dict[str, np.ndarray]:
    return {name: value.numpy() for name, value in build_network(recipe, len(SIGNS)).state_dict().items()}


def test_known_signs_keep_their_outputs_whatever_their_case_and_others_begin_anew() -> None:
    weights = weights_of(replace(WAS, seed=9))
    state = start_from(base(), weights, WAS, Alphabet(("b", "1", "x")), where="was")
    rows = state["head.weight"].numpy()
    assert len(rows) == 4
    for row, was in ((0, 0), (1, 1 + SIGNS.index("B")), (2, 1 + SIGNS.index("1"))):
        np.testing.assert_array_equal(rows[row], weights["head.weight"][was])
    assert all((rows[3] != known).any() for known in weights["head.weight"])
    np.testing.assert_array_equal(state["fold.0.weight"].numpy(), weights["fold.0.weight"])


def test_another_network_is_refused() -> None:
    other = replace(WAS, network=replace(WAS.network, widths=(8, 24, 16)))
    with pytest.raises(ModelError, match="have shape"):
        start_from(base(), weights_of(), other, Alphabet(("0", "1")), where="was")


@pytest.mark.parametrize(
    ("n", "size", "labels", "starts"),
    [
        (300, (80, 30), four_digits(300), True),
        (300, (44, 18), four_digits(300), True),
        (5000, (80, 30), four_digits(300), False),
        (300, (400, 30), four_digits(300), False),  # letterboxed, eight pixels would be left of its height
        (300, (160, 30), [text * 3 for text in four_digits(300)], False),  # more columns than the reader has
    ],
)
def test_a_small_set_that_fits_starts_from_a_reader(
    n: int, size: tuple[int, int], labels: list[str], starts: bool
) -> None:
    texts = texts_of(labels)
    recipe, decisions = choose_text(texts, Counter({size: n}), LOOK, n, Recipe(), "because", base=base())
    assert recipe.learn.start == ("was" if starts else "")
    assert (recipe.network == WAS.network) is starts
    assert ("start" in {decision.what for decision in decisions}) is starts
    assert all(decision.reason for decision in decisions)


@pytest.mark.parametrize(
    ("settings", "may"),
    [
        ([], True),
        (["learn.epochs=3"], True),
        (["learn.start="], False),
        (['start=""'], False),
        (["learn.start=captcha"], True),
        (["prepare.height_px=32"], False),
        (["network.widths=[8,16,16]"], False),
    ],
)
def test_who_sets_the_network_or_an_empty_start_starts_from_nothing(settings: list[str], may: bool) -> None:
    assert _may_start(with_settings(Recipe(), settings), settings) is may
