"""Where characters stand, against every path there is."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from every_path import some_scores, text_of, written
from glyphsmith.decode.spans import shown_columns, territories


def test_no_characters_have_no_columns() -> None:
    assert shown_columns(np.zeros((0, 4)), ()) == []
    assert shown_columns(np.zeros((0, 4)), (1,)) is None
    assert shown_columns(np.zeros((3, 4)), ()) == []
    assert territories([], 7) == []


def test_a_text_that_does_not_fit_has_no_columns() -> None:
    assert shown_columns(np.zeros((2, 3)), (0, 0)) is None
    assert shown_columns(np.full((3, 3), -np.inf), (0,)) is None


def test_the_columns_are_those_of_the_best_path_of_the_text() -> None:
    draw = np.random.default_rng(3)
    for _ in range(30):
        found = some_scores(draw, 5, 4)
        paths = list(itertools.product(range(4), repeat=5))
        scored = {path: sum(found[t, k] for t, k in enumerate(path)) for path in paths}
        for text in ((), (0,), (1, 1), (0, 2, 1), (2, 2, 2)):
            best = max((path for path in paths if text_of(path) == text), key=scored.__getitem__)
            runs = [(k, len(list(run))) for k, run in itertools.groupby(best)]
            ends = np.cumsum([length for _, length in runs]).tolist()
            wanted = [(end - n, end) for (k, n), end in zip(runs, ends, strict=True) if k]
            assert shown_columns(found, text) == wanted


def test_a_character_shown_in_one_column_reaches_half_way_to_its_neighbours() -> None:
    shown = shown_columns(written((0, 0, 1), 10, 3), (0, 0, 1))
    assert shown is not None
    assert [first for first, _ in shown] == [0, 2, 4]
    assert territories([(1, 2), (5, 6), (8, 9)], 10) == [(0.0, 3.5), (3.5, 7.0), (7.0, 10.0)]
    assert territories([(4, 5)], 10) == [(0.0, 10.0)]


@pytest.mark.parametrize("columns", [1, 6])
def test_territories_lie_inside_the_picture_and_in_order(columns: int) -> None:
    found = territories([(k, k + 1) for k in range(columns)], columns)
    assert found[0][0] >= 0.0
    assert found[-1][1] <= columns
    assert all(left < right for left, right in found)
