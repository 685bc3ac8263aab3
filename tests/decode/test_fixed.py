"""Heads of fixed length against every text there is."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from every_path import some_scores
from glyphsmith.alphabet import Alphabet
from glyphsmith.decode import fixed
from glyphsmith.decode.pattern import compile_pattern

AB = Alphabet("ab0")
HELD = [compile_pattern(pattern, AB) for pattern in ("a*b", "(a|b)+0", "aab?", "(ab)*0?", ".{1,2}", "a0?a.*", "")]


def test_greedy_takes_the_best_symbol_of_every_place() -> None:
    found = np.log([[[0.2, 0.7, 0.1], [0.5, 0.3, 0.2]], [[0.1, 0.1, 0.8], [0.4, 0.5, 0.1]]])
    symbols, sure = fixed.greedy(found)
    np.testing.assert_array_equal(symbols, [[1, 0], [2, 1]])
    np.testing.assert_allclose(sure, [[0.7, 0.5], [0.8, 0.5]])
    assert fixed.greedy(np.zeros((0, 4, 3)))[0].shape == (0, 4)


def test_the_best_held_text_is_the_best_of_every_accepted_one() -> None:
    draw = np.random.default_rng(2)
    for case in range(60):
        found = some_scores(draw, int(draw.integers(0, 6)), 3, zeros=0.3 if case % 3 == 0 else 0.0)
        every = {
            text: sum(found[place, k] for place, k in enumerate(text))
            for text in itertools.product(range(3), repeat=len(found))
        }
        for held in (None, *HELD):
            accepted = [s for text, s in every.items() if s > -np.inf and (held is None or held.matches(text))]
            best = fixed.best(found, held)
            assert (best is None) == (not accepted)
            if best is not None:
                assert best[1] == pytest.approx(max(accepted))
                assert every[best[0]] == pytest.approx(best[1])
                assert held is None or held.matches(best[0])


def test_equal_neighbours_need_no_blank() -> None:
    assert fixed.best(np.log(np.full((2, 3), 1 / 3)), compile_pattern("aa", AB)) == (
        (0, 0),
        pytest.approx(np.log(1 / 9)),
    )


@pytest.mark.parametrize("found", [np.zeros(3), np.zeros((2, 0)), np.full((2, 3), np.nan)])
def test_what_are_no_scores_is_refused(found: np.ndarray) -> None:
    with pytest.raises(ValueError, match="scores"):
        fixed.best(found)
    with pytest.raises(ValueError, match="shape"):
        fixed.greedy(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="over 3 symbols"):
        fixed.best(np.zeros((2, 5)), HELD[0])
