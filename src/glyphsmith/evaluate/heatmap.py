"""The confusion matrix of the report as inline SVG, with the labels themselves on the axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup, escape
from numpy.typing import NDArray

from glyphsmith.display import code_points
from glyphsmith.evaluate import svg
from glyphsmith.evaluate.words import count, percent

__all__ = ["heat_map", "most_confused"]

#: Beyond this many labels a matrix on a page is a grey veil; the most confused ones are shown, the CSV has all.
SHOWN = 40
#: A label longer than this is cut on the axes; its cells name it whole.
LONGEST = 16


def most_confused(matrix: NDArray[np.int32], limit: int = SHOWN) -> NDArray[np.int64]:
    """Choose at most ``limit`` labels, in their order: those of the most frequent confusions of (K, K).

    Where there is none, the most frequent ones.
    """
    classes = len(matrix)
    if classes <= limit:
        return np.arange(classes)
    both = matrix + matrix.T
    rows, columns = np.nonzero(np.triu(both, 1))
    order = np.lexsort((columns, rows, -both[rows, columns]))
    chosen: dict[int, None] = {}
    for row, column in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
        if len({*chosen, row, column}) <= limit:
            chosen.update({row: None, column: None})
        if len(chosen) == limit:
            break
    if not chosen:  # without a mistake there is nothing to choose by but how frequent they are
        return np.sort(np.argsort(-matrix.sum(axis=1, dtype=np.int64), kind="stable")[:limit])
    return np.array(sorted(chosen), dtype=np.int64)


def heat_map(
    matrix: NDArray[np.int32], labels: Sequence[str], shown: NDArray[np.int64], absent: frozenset[str] = frozenset()
) -> Markup:
    """Draw the rows and columns ``shown`` of the counts (K, K): rows are the truth, columns what was read.

    The depth of a colour is the share of the row; right answers have a colour of their own.
    A label of ``absent``, for which there was no font, has its code points beside it.
    """
    k = len(shown)
    totals = np.maximum(matrix.sum(axis=1, dtype=np.int64), 1)
    cell = 46 if k <= 6 else 38 if k <= 12 else 26 if k <= 26 else 20
    names = [labels[i] + (f" {code_points(labels[i])}" if labels[i] in absent else "") for i in shown.tolist()]
    long = min(LONGEST, max(map(len, names), default=1))
    turned = long * 10.5 > cell
    left = 52 + (long - 1) * 7.5
    top = 44 + (long * 5.5 if turned else 0)
    side = k * cell
    width, height = left + side + (long * 5.5 if turned else 8), top + side + 8
    parts = [svg.element("rect", "ground", x=left, y=top, width=side, height=side)]
    for at in range(1, k):
        parts.append(svg.line("tile", left, top + at * cell, left + side, top + at * cell))
        parts.append(svg.line("tile", left + at * cell, top, left + at * cell, top + side))
    for at, name in enumerate(names):
        middle = at * cell + cell / 2
        name = name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"
        parts.append(svg.text("axis-label", left - 7, top + middle + 5, name, "end"))
        x, y = left + middle, top - 8
        if turned:
            parts.append(svg.text("axis-label", x + 4, y, name, transform=f"rotate(-45 {x + 4:.1f} {y:.1f})"))
        else:
            parts.append(svg.text("axis-label", x, y, name, "middle"))
    chosen = shown.tolist()
    for row, i in enumerate(chosen):
        for column, j in enumerate(chosen):
            if matrix[i, j]:
                share = float(matrix[i, j] / totals[i])
                title = f"{labels[i]} read as {labels[j]}: {count(int(matrix[i, j]))} ({percent(share)})"
                parts.append(
                    _cell(left + column * cell, top + row * cell, cell, int(matrix[i, j]), share, i == j, title)
                )
    parts.append(svg.text("axis-title", left, 14, "read as →"))
    parts.append(svg.text("axis-title", 2, 14 if left > 90 else top - 8, "truth ↓"))
    description = f"Confusion matrix of {k} labels; the CSV beside this page holds the same counts."
    return svg.figure(
        "heat fits" if k <= 12 else "heat", width, height, parts, description, style=f"width:{width:.0f}px"
    )


def _cell(x: float, y: float, cell: int, number: int, share: float, right: bool, title: str) -> str:
    # The root lets a single mistake among a hundred right answers be seen beside a frequent one.
    depth = 0.12 + 0.55 * share if right else min(1.0, 0.22 + 1.1 * share**0.5)
    kind = "right" if right else "wrong"
    parts = svg.element("rect", kind, x=x + 0.5, y=y + 0.5, width=cell - 1, height=cell - 1, rx=2, fill_opacity=depth)
    if cell >= 26 or number < 1000:
        size = min(13.0, cell * 1.5 / len(str(number)), cell * 0.5)
        tone = "count deep" if depth > 0.62 else "count"
        parts += svg.text(tone, x + cell / 2, y + cell / 2 + size * 0.36, str(number), "middle", font_size=size)
    return f"<g><title>{escape(title)}</title>{parts}</g>"
