"""How many pictures more would help, and how much: a power law with a floor through the errors at growing shares.

The share of errors of a reader falls as a power of the number of pictures it learned from, down to what no further
picture tells apart (Hestness et al., 2017): ``c + a * n ** -b``. ``kfold`` measures it at a few shares. Three points do
not tell the floor ``c`` from a flat power, so none is chosen: all curves are weighed by how likely they make the
counted errors (binomial), and the answer is the middle of what they say, with the interval that holds 95 % of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Forecast", "Point", "forecast", "in_words", "shares_of"]

#: No set measured for the literature or for docs/log.md falls faster than 1/n; a little beyond, so that the interval
#: holds a true 1/n too.
_STEEPEST = 1.25
#: How finely floors and powers are tried, and levels, which reach so many standard deviations around what was counted.
_CURVES, _LEVELS, _REACH = 31, 81, 6.0


@dataclass(frozen=True, slots=True)
class Point:
    """``wrong`` of ``n`` pictures, read by networks that learned from ``pictures`` of each label."""

    pictures: float
    wrong: int
    n: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """With ``more`` of each label (``pictures`` now): accuracy now by the curves, then, and its 95 % interval."""

    pictures: float
    more: int
    now: float
    then: float
    ci95: tuple[float, float]
    points: tuple[Point, ...]


def shares_of(folds: int) -> list[int]:
    """Give the numbers of folds to learn from for the curve, besides the ``folds - 1`` of k-fold itself."""
    return [] if folds < 3 else sorted({max(1, round((folds - 1) / 4)), max(1, round((folds - 1) / 2))} - {folds - 1})


def forecast(points: Sequence[Point], pictures: float, more: int) -> Forecast | None:
    """Predict the accuracy with ``more`` pictures of each label beside ``pictures``; None where no error was seen.

    Needs two points or more, at different numbers of pictures. Over simulated curves with floors between nothing and
    all of the errors, the interval held the truth 950 times of 1000.
    """
    kept = [point for point in points if point.n > 0]
    if len({point.pictures for point in kept}) < 2 or not any(point.wrong for point in kept):
        return None
    largest = max(kept, key=lambda point: (point.pictures, point.n))
    floors, powers, levels = _arcsine(_CURVES)[:, None, None], _STEEPEST * _arcsine(_CURVES)[:, None], _levels(largest)

    def errors(size: float) -> NDArray[np.float64]:
        """Give the error of every curve (floor, power, level), its floor being a share of its level."""
        curve = levels * (floors + (1.0 - floors) * (size / largest.pictures) ** -powers)
        return np.asarray(np.clip(curve, 1e-9, 1.0 - 1e-9), dtype=np.float64)

    likely = np.zeros(())
    for point in kept:
        rate = errors(point.pictures)
        likely = likely + point.wrong * np.log(rate) + (point.n - point.wrong) * np.log1p(-rate)
    weight = np.exp(likely - likely.max())
    (now,) = _quantiles(errors(pictures), weight, (0.5,))
    best, then, worst = _quantiles(errors(pictures + more), weight, (0.025, 0.5, 0.975))
    return Forecast(pictures, more, 1.0 - now, 1.0 - then, (1.0 - worst, 1.0 - best), tuple(kept))


def _arcsine(count: int) -> NDArray[np.float64]:
    """Give shares (count,) in 0..1, denser towards both ends: no floor and nothing but floor are as likely as between.

    Evenly spread, they left out a true end of the range in more than half of the simulated cases.
    """
    return np.asarray(np.sin((np.arange(count) + 0.5) / count * np.pi / 2.0) ** 2, dtype=np.float64)


def _levels(point: Point) -> NDArray[np.float64]:
    """Give errors (L,) around those of a point, evenly spread in the arcsine of the root (the prior of Jeffreys)."""
    middle, deviation = np.arcsin(np.sqrt((point.wrong + 0.5) / (point.n + 1.0))), 0.5 / np.sqrt(point.n)
    around = np.linspace(middle - _REACH * deviation, middle + _REACH * deviation, _LEVELS)
    return np.asarray(np.sin(around[(around > 0.0) & (around < np.pi / 2.0)]) ** 2, dtype=np.float64)


def _quantiles(values: NDArray[np.float64], weight: NDArray[np.float64], at: Sequence[float]) -> list[float]:
    order = np.argsort(values, axis=None)
    reached = np.cumsum(weight.ravel()[order])
    found: list[float] = values.ravel()[order[np.searchsorted(reached, np.array(at) * reached[-1])]].tolist()
    return found


def in_words(found: Forecast, weakest: Sequence[str]) -> str:
    """Say it in one sentence."""
    low, high = (100.0 * end for end in found.ci95)
    gain = f"; {' and '.join(weakest)} gain{'s' if len(weakest) == 1 else ''} most" if weakest else ""
    return (
        f"how many more: with about {found.more} more of each label (now {found.pictures:.0f}), "
        f"{low:.1f} to {high:.1f} % (95 % interval of power laws with floors, through {len(found.points)} shares of "
        f"the data){gain}"
    )
