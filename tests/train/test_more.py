"""How many more: a law without a floor is found again, one with a floor is not overlooked, few errors say little."""

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


@pytest.mark.parametrize("sizes", [(4, 8, 16), (2.5, 5, 7.5)])
def test_the_interval_holds_the_truth_nineteen_times_of_twenty_whatever_the_floor(sizes: tuple[float, ...]) -> None:
    now, held, hopeful = sizes[-1], 0, 0.0
    draw = np.random.default_rng(0)
    for seed in range(200):
        error, floor, power = draw.uniform(0.03, 0.2), draw.uniform(), draw.uniform(0.3, 1.0)

        def law(size: float, error=error, floor=floor, power=power) -> float:
            return error * (floor + (1 - floor) * (size / now) ** -power)

        found = forecast(points_of(law, 200, sizes, seed), now, round(now))
        assert found is not None
        truth = 1 - law(now + round(now))
        held += found.ci95[0] <= truth <= found.ci95[1]
        hopeful += (found.then - truth) / 200
    assert held >= 184
    assert abs(hopeful) < 0.01


@pytest.mark.parametrize(("floor", "power"), [(0.0, 0.7), (0.0, 1.0), (0.5, 0.7), (0.95, 1.0)])
def test_the_interval_holds_the_truth_at_the_ends_of_what_is_likely(floor: float, power: float) -> None:
    def law(size: float) -> float:
        return 0.1 * (floor + (1 - floor) * (size / 16) ** -power)

    found = [forecast(points_of(law, 400, seed=seed), 16, 16) for seed in range(100)]
    held = sum(one is not None and one.ci95[0] <= 1 - law(32) <= one.ci95[1] for one in found)
    assert held >= 88


def test_errors_that_have_come_to_their_floor_are_not_foreseen_to_fall() -> None:
    """A third fewer errors came of twice the pictures, then none: a power law alone foresaw a quarter fewer again."""
    found = forecast([Point(4, 150, 1000), Point(8, 100, 1000), Point(16, 100, 1000)], 16, 16)
    assert found is not None
    assert found.then < 0.92
    assert found.ci95[0] < 0.9 < found.ci95[1]


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
    assert found.now <= found.then == pytest.approx(found.now, abs=0.005)


def test_the_shares_and_the_sentence() -> None:
    assert shares_of(5) == [1, 2]
    assert shares_of(3) == [1]
    assert shares_of(2) == []
    found = forecast(points_of(lambda size: 0.5 * size**-0.7, 1000), 16, 12)
    assert found is not None
    said = in_words(found, ["ᛒ", "ᚱ"])
    assert "with about 12 more of each label (now 16)" in said
    assert said.endswith("ᛒ and ᚱ gain most")
