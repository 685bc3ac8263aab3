"""How many pictures more would help, and how much: a power law through the errors at growing shares of the data.

The share of errors of a reader falls as a power of the number of pictures it learned from (Hestness et al., 2017), here
``a * n ** -b``. ``kfold`` measures it at a few shares; the fit weighs each by its binomial uncertainty, and the answer
is an interval by drawing those counts again, since a line through three points looks surer than it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Forecast", "Point", "forecast", "in_words", "shares_of"]

_DRAWS = 2000
#: Steeper or flatter is chance: no set measured for the literature or for docs/log.md falls faster than 1/n.
_STEEPEST = 1.0


@dataclass(frozen=True, slots=True)
class Point:
    """``wrong`` of ``n`` pictures, read by networks that learned from ``pictures`` of each label."""

    pictures: float
    wrong: int
    n: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """With ``more`` of each label (``pictures`` now): accuracy now by the fit, then, and its 95 % interval."""

    pictures: float
    more: int
    now: float
    then: float
    ci95: tuple[float, float]
    points: tuple[Point, ...]


def shares_of(folds: int) -> list[int]:
    """Give the numbers of folds to learn from for the curve, besides the ``folds - 1`` of k-fold itself."""
    return [] if folds < 3 else sorted({max(1, round((folds - 1) / 4)), max(1, round((folds - 1) / 2))} - {folds - 1})


def forecast(points: Sequence[Point], pictures: float, more: int, *, seed: int = 0) -> Forecast | None:
    """Predict the accuracy with ``more`` pictures of each label beside ``pictures``; None where no error was seen.

    Needs two points or more, at different numbers of pictures.
    """
    kept = [point for point in points if point.n > 0]
    if len({point.pictures for point in kept}) < 2 or not any(point.wrong for point in kept):
        return None
    size = np.array([point.pictures for point in kept])
    n = np.array([point.n for point in kept])
    # Half an error more on each side keeps an empty count finite (Agresti), and says how little it is known.
    rate = (np.array([point.wrong for point in kept]) + 0.5) / (n + 1.0)
    draws = (np.random.default_rng(seed).binomial(n, rate, size=(_DRAWS, len(kept))) + 0.5) / (n + 1.0)
    at = np.log(np.array([pictures, pictures + more]) / size.mean())
    now, then = np.exp(_Line(np.log(size / size.mean()), np.log(rate)[None], rate, n)(at))[0]
    drawn = np.exp(_Line(np.log(size / size.mean()), np.log(draws), rate, n)(at))[:, 1]
    low, high = np.quantile(1.0 - np.minimum(drawn, 1.0), [0.025, 0.975])
    return Forecast(
        pictures, more, float(1 - min(1.0, now)), float(1 - min(1.0, then)), (float(low), float(high)), tuple(kept)
    )


class _Line:
    """Weighted least squares of log errors (D, P) on log sizes (P,), the slope held between 0 and -1."""

    def __init__(
        self, x: NDArray[np.float64], y: NDArray[np.float64], rate: NDArray[np.float64], n: NDArray[np.int64]
    ) -> None:
        # The variance of the log of a share p of n is about (1 - p) / (n p).
        weight = n * rate / (1.0 - rate + 1e-9)
        weight = weight / weight.sum()
        middle = float((weight * x).sum())
        self.level = (weight * y).sum(axis=1)
        spread = float((weight * (x - middle) ** 2).sum())
        self.slope = np.clip((weight * (x - middle) * y).sum(axis=1) / spread, -_STEEPEST, 0.0)
        self.middle = middle

    def __call__(self, at: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(self.level[:, None] + self.slope[:, None] * (at[None] - self.middle), dtype=np.float64)


def in_words(found: Forecast, weakest: Sequence[str]) -> str:
    """Say it in one sentence."""
    low, high = (100.0 * end for end in found.ci95)
    gain = f"; {' and '.join(weakest)} gain most" if weakest else ""
    return (
        f"how many more: with about {found.more} more of each label (now {found.pictures:.0f}), "
        f"{low:.1f} to {high:.1f} % (95 % interval of a power law through {len(found.points)} shares of the data){gain}"
    )
