"""Level 2: a sheet of ten rows of ten glyphs, cut into its hundred cells.

A page refers to some thirty of the cells. The others are needed as well, since a row is read as a whole. Where the
rows and columns lie is found from the ink of the sheet, held to the windows of the page: a line between two cells
crosses no window. The best lines are found exactly, by a dynamic programme that weighs the ink a line crosses and how
uneven the cells become. First the columns are sought for the whole sheet, as in a table; where that crosses ink, for
each row by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glyphsmith.crawl.ink import ink_of
from glyphsmith.crawl.page import Page, Window
from glyphsmith.picture import Picture

__all__ = ["SIDE", "Sheet", "cut_sheet"]

#: Rows, and cells of a row.
SIDE = 10

#: What a line that crosses one pixel of ink costs, beside a cell that is half as wide again as the mean: 0.25.
CROSSED = 0.2

#: What a cell without any ink costs: a speck may be invisible, but two lines in one gap are not a cell.
EMPTY = 3.0

#: What each empty line within a cell costs: the ink of a digit hangs together.
SPLIT = 1.0

#: Pixels around the ink of a cell that no window shows; windows show about as much.
MARGIN = 1


@dataclass(frozen=True, slots=True)
class Sheet:
    """The cells of a sheet: ``cells`` [row][column], pixels (h, w, 3) or None where there is no ink at all.

    ``place`` says which cell a window shows. ``crossed`` counts the pixels of ink that lines between cells cross.
    """

    cells: tuple[tuple[Picture | None, ...], ...]
    place: dict[Window, tuple[int, int]]
    crossed: int


def cut_sheet(page: Page) -> Sheet | None:
    """Cut the sheet of a page into its cells; None where no ten by ten cells fit the windows."""
    ink = ink_of(page.sprite, page.ground)
    windows = sorted(set(page.windows))
    rows = _lines(ink.sum(axis=1), [(window.y, window.y + window.height) for window in windows], apart=False)
    if rows is None:
        return None
    spans = [(window.x, window.x + window.width) for window in windows]
    columns = _lines(ink.sum(axis=0), spans, apart=False)
    table = columns is not None and not _crossed(ink, columns)
    cells: list[tuple[Picture | None, ...]] = []
    place: dict[Window, tuple[int, int]] = {}
    crossed = _crossed(ink.T, rows)
    for row in range(SIDE):
        top, bottom = rows[row], rows[row + 1]
        here = [window for window in windows if top <= window.y + window.height // 2 < bottom]
        band = ink[top:bottom]
        lines = columns if table else _lines(band.sum(axis=0), [(w.x, w.x + w.width) for w in here], apart=True)
        if lines is None:
            return None
        crossed += _crossed(band, lines)
        shown: dict[int, Window] = {}
        for window in here:
            column = int(np.searchsorted(lines, window.x + window.width // 2, side="right")) - 1
            first = shown.setdefault(column, window)
            if max(abs(first.x - window.x), abs(first.y - window.y)) > MARGIN:
                return None  # two windows in one cell: these are not the cells
            place[window] = row, column
        cells.append(tuple(_cell(page, ink, shown.get(column), lines, column, (top, bottom)) for column in range(SIDE)))
    return Sheet(tuple(cells), place, crossed)


def _crossed(ink: NDArray[np.bool_], lines: Sequence[int]) -> int:
    """Count the pixels of ink that go on across the inner lines between columns."""
    inner = np.array(lines[1:-1])
    return int((ink[:, inner - 1] & ink[:, inner]).sum())


def _cell(
    page: Page, ink: NDArray[np.bool_], window: Window | None, lines: list[int], column: int, row: tuple[int, int]
) -> Picture | None:
    """Give what a window shows of a cell, or else its ink with a small margin; None where it has none."""
    if window is not None:
        return page.cut(window)
    (top, bottom), (left, right) = row, (lines[column], lines[column + 1])
    part = ink[top:bottom, left:right]
    across, down = np.flatnonzero(part.any(axis=0)), np.flatnonzero(part.any(axis=1))
    if not len(across):
        return None
    left, right = left + int(across[0]) - MARGIN, left + int(across[-1]) + 1 + MARGIN
    top, bottom = top + int(down[0]) - MARGIN, top + int(down[-1]) + 1 + MARGIN
    return page.sprite[max(0, top) : bottom, max(0, left) : right]


def _lines(ink: NDArray[np.integer], spans: Sequence[tuple[int, int]], *, apart: bool) -> list[int] | None:
    """Give the SIDE + 1 edges of SIDE cells along a line of ink counts, from first to last ink, or None.

    No edge lies within a span. ``apart`` asks that spans which do not overlap lie in different cells.
    """
    inked = np.flatnonzero(ink)
    if not len(inked):
        return None
    # What lies before the first and after the last glyph makes their cells no larger.
    first = min(int(inked[0]), *(start for start, _ in spans)) if spans else int(inked[0])
    last = max(int(inked[-1]) + 1, *(stop for _, stop in spans)) if spans else int(inked[-1]) + 1
    line = ink[first:last]
    spans = [(start - first, stop - first) for start, stop in spans]
    length = len(line)
    if length < 2 * SIDE:
        return None
    # An edge at e lies between the pixels e - 1 and e; it crosses strokes that are on both sides of it.
    crossing = np.zeros(length + 1)
    crossing[1:-1] = np.minimum(line[1:], line[:-1]) * CROSSED
    for start, stop in spans:
        crossing[start + 1 : stop] = np.inf
    at = np.arange(length + 1)
    size = at[:, None] - at[None, :]
    mean = length / SIDE
    cost = np.where(size >= 2, ((size - mean) / mean) ** 2, np.inf)
    total = np.concatenate(([0], np.cumsum(line)))
    cost += np.where(total[:, None] > total[None, :], 0.0, EMPTY)
    begins = np.concatenate(([0], np.cumsum((line > 0) & (np.concatenate(([0], line[:-1])) == 0))))
    inside = np.append(line > 0, False) & np.concatenate(([False], line > 0))
    cost += SPLIT * np.maximum(begins[:, None] - begins[None, :] + inside[None, :] - 1, 0)
    if apart:
        starts, stops = _merged(spans)
        held = np.searchsorted(stops, at, side="right")[:, None] - np.searchsorted(starts, at, side="left")[None, :]
        cost = np.where(held > 1, np.inf, cost)
    best = np.where(at == 0, 0.0, np.inf)
    came = []
    for _ in range(SIDE):
        through = best[None, :] + cost
        came.append(through.argmin(axis=1))
        best = through.min(axis=1) + crossing
    if not np.isfinite(best[length]):
        return None
    edges = [length]
    for back in reversed(came):
        edges.append(int(back[edges[-1]]))
    return [first + edge for edge in reversed(edges)]


def _merged(spans: Sequence[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """Join spans that overlap; give their starts and their stops, in order."""
    starts: list[int] = []
    stops: list[int] = []
    for start, stop in sorted(spans):
        if stops and start < stops[-1]:
            stops[-1] = max(stops[-1], stop)
        else:
            starts.append(start)
            stops.append(stop)
    return starts, stops
