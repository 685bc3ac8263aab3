"""A small set of texts starts from the weights of a reader; a large one, or one that does not fit, from nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.train.test_automatic_text import LOOK, four_digits, texts_of

from glyphsmith.alphabet import Alphabet
from glyphsmith.card import Card
from glyphsmith.errors import ModelError
from glyphsmith.runtime.reader import open_reader
from glyphsmith.runtime.store import shipped
from glyphsmith.train.automatic_text import choose_text
from glyphsmith.train.choices import _may_start
from glyphsmith.train.learned import build_network
from glyphsmith.train.recipe import Network, Prepare, Recipe, with_settings
from glyphsmith.train.start import level_with_none, start_from

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


def test_a_network_in_colour_begins_by_seeing_what_a_grey_one_saw() -> None:
    weights = weights_of()
    colour = replace(WAS, prepare=replace(WAS.prepare, colour=True))
    state = start_from(base(), weights, colour, Alphabet(SIGNS), where="was")
    seeing, grey = build_network(colour, len(SIGNS)), build_network(WAS, len(SIGNS))
    seeing.load_state_dict(state)
    grey.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    pictures = torch.rand((3, 3, 40, 88), generator=torch.Generator().manual_seed(0))
    brightness = (pictures * torch.tensor((0.299, 0.587, 0.114)).view(1, 3, 1, 1)).sum(dim=1, keepdim=True)
    with torch.no_grad():
        for network in (seeing, grey):
            network.eval()
        np.testing.assert_allclose(seeing.scores(pictures), grey.scores(brightness), atol=1e-5)


def test_a_network_for_lower_pictures_takes_the_rows_of_a_higher_one_stretched() -> None:
    lower = replace(WAS, prepare=replace(WAS.prepare, height_px=24))
    weights = weights_of()
    rows = [build_network(recipe, len(SIGNS)).state_dict()["fold.0.weight"].shape[2] for recipe in (WAS, lower)]
    assert rows[0] != rows[1]
    weights["fold.0.weight"] = np.ones_like(weights["fold.0.weight"])
    state = start_from(base(), weights, lower, Alphabet(SIGNS), where="was")
    folded = state["fold.0.weight"].numpy()
    assert folded.shape[2] == rows[1]
    np.testing.assert_allclose(folded.sum(axis=2), rows[0], rtol=1e-5)


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


@pytest.mark.parametrize("size", [(44, 18), (60, 20), (70, 20), (72, 27), (80, 27), (100, 40), (130, 53), (200, 70)])
def test_usual_captchas_start_from_the_reader_that_comes_with_the_package_in_colour(size: tuple[int, int]) -> None:
    card = open_reader(shipped()["captchas-wide"]).card
    texts = texts_of([text + "18" for text in four_digits(300)])
    recipe, _ = choose_text(texts, Counter({size: 300}), LOOK, 240, Recipe(), "because", base=card)
    assert recipe.learn.start == "captchas-wide"
    assert recipe.prepare.colour


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


def test_rows_of_labels_begin_level_with_those_that_begin_anew() -> None:
    """A reader's outputs may all lie at -26: to its softmax that is nothing, beside a row at 0 it is everything."""
    recipe = Recipe(name="was", task="label", network=Network(family="glyph", widths=(8, 16)))
    network = build_network(recipe, 4)
    weights = {name: value.numpy() for name, value in network.state_dict().items()}
    weights["head.bias"] = weights["head.bias"] - 26.0
    values = recipe.as_dict()
    card = Card(name="was", task="label", alphabet=SIGNS, prepare=values["prepare"], recipe=values)
    level = build_network(recipe, 4)
    level.load_state_dict(start_from(card, weights, recipe, Alphabet(SIGNS), where="was"))
    pictures = torch.rand((5, 1, 28, 28), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        was, now = (each.eval().scores(pictures) for each in (network, level))
    np.testing.assert_allclose(torch.softmax(was, 1), torch.softmax(now, 1), atol=1e-5)
    np.testing.assert_allclose(now.mean(dim=1), np.zeros(5), atol=1e-4)


def test_what_is_no_label_begins_as_none_of_them_and_fresh_rows_stay() -> None:
    recipe = Recipe(name="was", task="label", network=Network(family="glyph", widths=(8, 16)))
    pictures = (255 * torch.rand((40, 1, 28, 28), generator=torch.Generator().manual_seed(0))).to(torch.uint8).numpy()
    fresh = build_network(recipe, 4).state_dict()
    before = fresh["head.bias"].clone()
    level_with_none(fresh, recipe, pictures)
    torch.testing.assert_close(fresh["head.bias"], before)

    telling = build_network(recipe, 4)
    state = telling.state_dict()
    state["head.weight"] = 100.0 * state["head.weight"]
    state["head.bias"] = state["head.bias"] + 30.0
    level_with_none(state, recipe, pictures)
    telling.load_state_dict(state)
    with torch.no_grad():
        together = telling.eval().scores(torch.from_numpy(pictures).float() / 255.0).logsumexp(dim=1)
    assert float(together.median()) == pytest.approx(-3.0, abs=1e-3)
