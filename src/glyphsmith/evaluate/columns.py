"""What every column of a reader of texts said of one picture, as inline SVG: the picture that the network saw over a
row for each sign that any column thought of, darker where a column was surer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from markupsafe import Markup, escape
from numpy.typing import NDArray

from glyphsmith.evaluate import svg
from glyphsmith.evaluate.thumbnails import stage_uri
from glyphsmith.evaluate.words import percent

__all__ = ["Shown", "columns_figure"]

#: A sign has a row when some column gives it this much; more rows than MOST are the least sure ones left out.
THOUGHT_OF, MOST = 0.05, 16
#: Cells fainter than this are left out.
_FAINT = 0.02
_GUTTER, _ROW, _WIDE, _TALLEST = 30.0, 17.0, 460.0, 150.0


class Shown(NamedTuple):
    """A character that was read: the columns (first, end) that show it, its place among the labels, was it right."""

    first: int
    end: int
    label: int
    right: bool


def columns_figure(
    probabilities: NDArray[np.floating],
    labels: Sequence[str],
    head: str,
    seen: NDArray[np.floating],
    shown: Sequence[Shown] = (),
) -> Markup:
    """Draw the probabilities (T, 1+K) of a ``ctc`` head, or (P, K) of a ``fixed`` one, under what the network saw.

    ``seen`` (h, w) or (h, w, 3) is in 0..1. What became a character of the reading has a colour, another where it was
    wrong; all else is grey. Rows stand in the order in which their signs are surest, blank last.
    """
    columns = len(probabilities)
    names = ["", *labels] if head == "ctc" else list(labels)
    rows = _rows(probabilities, blank=head == "ctc")
    height, width = seen.shape[:2]
    cell = _WIDE / columns
    first_label = len(names) - len(labels)
    became = {(t, one.label + first_label): one.right for one in shown for t in range(one.first, one.end)}
    picture = min(_TALLEST, _WIDE * height / width)
    place = {"x": _GUTTER, "y": 0.0, "width": _WIDE, "height": picture}
    parts = [svg.element("image", "seen", href=stage_uri(seen), preserveAspectRatio="none", **place)]
    top = picture + 4
    for row, k in enumerate(rows):
        y = top + row * _ROW
        parts.append(svg.element("rect", "ground", x=_GUTTER, y=y, width=_WIDE, height=_ROW - 1))
        name = names[k] or "blank"
        kind = "axis-label" if names[k] else "axis-title"
        parts.append(svg.text(kind, _GUTTER - 5, y + _ROW - 4, names[k][:3] or "–", "end"))
        for t in np.flatnonzero(probabilities[:, k] >= _FAINT).tolist():
            p = float(probabilities[t, k])
            tone = "doubt" if (t, k) not in became else "right" if became[t, k] else "wrong"
            at = {"x": _GUTTER + t * cell, "y": y, "width": cell - min(0.6, cell / 6), "height": _ROW - 1}
            # Most columns of a sure reader are blank: those stay in the background.
            box = svg.element("rect", tone, **at, fill_opacity=0.12 + (0.88 if names[k] else 0.3) * p)
            parts.append(f"<g><title>column {t + 1}: {escape(name)} {percent(p, 500)}</title>{box}</g>")
    what = "columns" if head == "ctc" else "places"
    description = f"What each of {columns} {what} said: {', '.join(names[k] or 'blank' for k in rows)}."
    total = top + len(rows) * _ROW + 2
    return svg.figure("strip", _GUTTER + _WIDE + 1, total, parts, description)


def _rows(probabilities: NDArray[np.floating], *, blank: bool) -> list[int]:
    """Choose the classes that have a row, in the order of their surest columns, blank last."""
    most = probabilities.max(axis=0)
    chosen = [k for k in np.argsort(-most, kind="stable").tolist() if most[k] >= THOUGHT_OF and not (blank and k == 0)]
    surest = probabilities.argmax(axis=0)
    rows = sorted(chosen[:MOST], key=lambda k: (int(surest[k]), -float(most[k])))
    return [*rows, 0] if blank else rows
