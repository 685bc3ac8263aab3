"""Level 1, exactly and without a model: a strip that shows 0-9 once, in order, in one font of uneven widths.

A window is the digit whose rank it has among the ten glyphs of the strip. Two ways to that rank: count the glyphs that
empty columns divide, or, where glyphs touch, count windows and what ink is left between them. Both count from the
strip itself, so a digit that no number uses still counts. What is not certain raises PageError: the next request shows
the same numbers in another font.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from glyphsmith.crawl.ink import ink_of, runs
from glyphsmith.crawl.page import Page, Window
from glyphsmith.errors import PageError

__all__ = ["read_strip", "strip_scores"]

#: A run of ink this many pixels wide or less, right beside a window, may be the edge of the window's own glyph.
SLIVER_PX = 2

#: A run of ink this much wider than the middle one of the windows may be two glyphs; a glyph is at least a third of it.
WIDE, NARROW = 1.5, 0.34

#: A window shows a glyph where it holds this share of the glyph's columns.
HELD = 0.6


def read_strip(page: Page) -> list[str]:
    """Give the digits of each number of a page of level 1. Raises PageError where one is not certain."""
    columns = np.asarray(ink_of(page.sprite, page.ground).any(axis=0))
    windows = sorted({(window.x, window.x + window.width) for window in page.windows})
    by_columns = _by_empty_columns(columns, windows)
    by_windows = _by_windows(columns, windows)
    if by_columns is not None and by_windows is not None and by_columns != by_windows:
        raise PageError("the strip's empty columns and its windows count different digits")
    digits = by_columns or by_windows
    if digits is None:
        raise PageError("which digit is which is not certain: glyphs of the strip touch, and some are not used")
    place = dict(zip(windows, digits, strict=True))
    return ["".join(str(place[_span(window)]) for window in number) for number in page.numbers]


def strip_scores(page: Page) -> NDArray[np.float64]:
    """Give the digits of ``read_strip`` as log probabilities (D, 10): 0 for what is read, minus infinity elsewhere."""
    digits = "".join(read_strip(page))
    certain = np.full((len(digits), 10), -np.inf)
    certain[np.arange(len(digits)), [int(digit) for digit in digits]] = 0.0
    return certain


def _span(window: Window) -> tuple[int, int]:
    return window.x, window.x + window.width


def _by_empty_columns(columns: NDArray[np.bool_], windows: Sequence[tuple[int, int]]) -> list[int] | None:
    """Give the digit of each window, where empty columns divide the strip into ten glyphs and windows hold one each."""
    glyphs = runs(columns)
    if len(glyphs) != 10:
        return None
    widths = [stop - start for start, stop in glyphs]
    if max(widths) > 2 * float(np.median(widths)):
        return None  # two that touch beside one in two pieces would count as ten as well
    digits = []
    for start, stop in windows:
        held = [max(0, min(stop, end) - max(start, begin)) / (end - begin) for begin, end in glyphs]
        shown = [digit for digit, share in enumerate(held) if share >= HELD]
        if len(shown) != 1:
            return None
        digits.append(shown[0])
    return digits


def _by_windows(columns: NDArray[np.bool_], windows: Sequence[tuple[int, int]]) -> list[int] | None:
    """Give the digit of each window by counting glyphs before it, or None where the count can come out differently."""
    if any(second[0] < first[1] for first, second in pairwise(windows)):
        return None
    if len(windows) > 10 or not all(columns[start:stop].any() for start, stop in windows):
        return None
    middle = float(np.median([np.ptp(np.flatnonzero(columns[start:stop])) + 1 for start, stop in windows]))
    # Between windows lies what no number uses: how many glyphs that is at least and at most, gap by gap.
    edges = [0, *(edge for window in windows for edge in window), len(columns)]
    gaps = [_glyphs_between(columns, edges[i], edges[i + 1], middle, len(columns)) for i in range(0, len(edges), 2)]
    unused = 10 - len(windows)
    spare_least, spare_most = unused - sum(low for low, _ in gaps), unused - sum(high for _, high in gaps)
    if spare_least < 0 or spare_most > 0:
        return None
    digits, before = [], 0
    for i in range(len(windows)):
        low, high = gaps[i]
        # What this gap can hold when all others hold as few, or as many, as they can.
        least, most = max(low, high + spare_most), min(high, low + spare_least)
        if least != most:
            return None
        before += least
        digits.append(before + i)
    return digits


def _glyphs_between(columns: NDArray[np.bool_], start: int, stop: int, middle: float, end: int) -> tuple[int, int]:
    """Give the least and the greatest number of glyphs whose ink lies in these columns."""
    least = most = 0
    for left, right in runs(columns[start:stop]):
        wide = right - left
        touches = (left == 0 and start > 0) or (start + right == stop and stop < end)
        if touches and wide <= SLIVER_PX:
            most += 1
            continue
        least += 1
        most += 1 if wide <= WIDE * middle else max(1, int(wide / max(1.0, NARROW * middle)))
    return least, most
