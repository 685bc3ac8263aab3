"""How many more: the fitted law gives back what it was made from, and says how little a few errors tell."""

from __future__ import annotations

import numpy as np
import pytest

from glyphsmith.train.more import Point, forecast, in_words, shares_of


def points_of(law, n: int, sizes=(4, 8, 16), seed: int | None = None) -> list[Point]:
    draw = np.random.default_rng(seed) if seed is not None else None
    wrong = [int(draw.binomial(n, law(size))) if draw is not None else round(n * law(size)) for size in sizes]
    return [Point(size, count, n) for size, count in zip(sizes, wrong, strict=True)]


def test_a_power_law_is_found_again() -> None:
    found = forecast(points_of(lambda size: 0.5 * size**-0.7, 100_000), 16, 16)
    assert found is not None
    assert found.then == pytest.approx(1 - 0.5 * 32**-0.7, abs=0.002)
    assert found.ci95[0] < found.then < found.ci95[1]


def test_the_interval_holds_the_truth_nineteen_times_of_twenty() -> None:
    truth = 1 - 0.5 * 32**-0.7
    held = 0
    for seed in range(200):
        found = forecast(points_of(lambda size: 0.5 * size**-0.7, 400, seed=seed), 16, 16, seed=seed)
        assert found is not None
        held += found.ci95[0] <= truth <= found.ci95[1]
    assert held >= 180


def test_few_errors_say_little_and_none_say_nothing() -> None:
    wide = forecast([Point(4, 3, 30), Point(8, 2, 30), Point(16, 1, 30)], 16, 16)
    sure = forecast([Point(4, 300, 3000), Point(8, 200, 3000), Point(16, 100, 3000)], 16, 16)
    assert wide is not None
    assert sure is not None
    assert wide.ci95[1] - wide.ci95[0] > 3 * (sure.ci95[1] - sure.ci95[0])
    assert forecast([Point(4, 0, 30), Point(8, 0, 30)], 8, 8) is None
    assert forecast([Point(4, 3, 30)], 8, 8) is None


def test_errors_that_do_not_fall_promise_nothing() -> None:
    found = forecast([Point(4, 100, 1000), Point(8, 110, 1000), Point(16, 120, 1000)], 16, 16)
    assert found is not None
    assert found.then == pytest.approx(found.now)


def test_the_shares_and_the_sentence() -> None:
    assert shares_of(5) == [1, 2]
    assert shares_of(3) == [1]
    assert shares_of(2) == []
    found = forecast(points_of(lambda size: 0.5 * size**-0.7, 1000), 16, 12)
    assert found is not None
    said = in_words(found, ["ᛒ", "ᚱ"])
    assert "with about 12 more of each label (now 16)" in said
    assert said.endswith("ᛒ and ᚱ gain most")
