"""What is known of one page: the evidence of all its requests, added up, and when it is enough."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from glyphsmith.errors import PageError

__all__ = ["PageAnswer"]

#: How likely a number of two or three digits begins with 0, beside any other digit. Written numbers do not; a site that
#: does it all the same costs requests, and no number: a sure reading or two outweigh this.
LEADING_ZERO = 1e-4


class PageAnswer:
    """The numbers of one page, as sure as its requests so far make them.

    Requests show the same numbers in sprites that have nothing else in common, so their log probabilities add. A
    sprite that was seen before adds nothing. Contradictory numbers of digits raise PageError.
    """

    def __init__(self) -> None:
        self.lengths: tuple[int, ...] | None = None
        self.readings = 0
        self._sprites: set[str] = set()
        self._scores: NDArray[np.float64] | None = None

    def add(self, lengths: tuple[int, ...], sprite_id: str, scores: NDArray[np.floating]) -> bool:
        """Add the log probabilities (D, 10) of one request; False where its sprite brings nothing new."""
        if self.lengths is not None and self.lengths != lengths:
            raise PageError(f"two requests of this page show numbers of {self.lengths} and of {lengths} digits")
        if sprite_id in self._sprites:
            return False
        found = np.asarray(scores, np.float64)
        if found.shape != (sum(lengths), 10):
            raise ValueError(f"scores have shape {found.shape}, expected ({sum(lengths)}, 10)")
        total = found + _expected(lengths) if self._scores is None else self._scores + found
        best = total.max(axis=1, keepdims=True)
        if not np.isfinite(best).all():
            raise PageError("two requests of this page exclude each other's digits")
        self._scores = total - best
        self._sprites.add(sprite_id)
        self.lengths = lengths
        self.readings += 1
        return True

    @property
    def error(self) -> float:
        """The probability that any digit of the page is wrong, 1.0 before the first request."""
        if self._scores is None:
            return 1.0
        # 1 - p is summed from the other digits: 1 - max would drown in rounding where p is nearly 1.
        chances = np.exp(self._scores)
        wrong = np.sort(chances, axis=1)[:, :-1].sum(axis=1) / chances.sum(axis=1)
        return abs(float(np.expm1(np.log1p(-wrong).sum())))

    @property
    def numbers(self) -> tuple[int, ...]:
        """The most probable numbers."""
        if self._scores is None or self.lengths is None:
            raise ValueError("nothing was read yet")
        digits = "".join(map(str, self._scores.argmax(axis=1).tolist()))
        edges = np.concatenate(([0], np.cumsum(self.lengths))).tolist()
        return tuple(int(digits[start:stop]) for start, stop in pairwise(edges))


def _expected(lengths: tuple[int, ...]) -> NDArray[np.float64]:
    """Give the log of what is expected of each digit (D, 10) before anything was read, but for a constant."""
    expected = np.zeros((sum(lengths), 10))
    for start, length in zip(np.cumsum((0, *lengths)), lengths, strict=False):
        if length > 1:
            expected[start, 0] = np.log(LEADING_ZERO)
    return expected
