"""Signs that nobody writes: a few random strokes of a pen, as what a reader must not take for its own.

Fonts hold some hundred symbols that look like none of an alphabet, and what a hand draws is hardly among them. These
are as many as are asked for, each drawn once (docs/log.md: how much more a reader refuses).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from glyphsmith.synth.strokes import Curve, Line, Stroke, draw_strokes

__all__ = ["draw_invented"]

#: Probability of one stroke, two, three and four.
_STROKES = (0.3, 0.35, 0.22, 0.13)
#: The share of strokes that are straight, and of corners at which a curve begins to bend the other way.
_STRAIGHT, _BACK = 0.3, 0.35


def draw_invented(rng: np.random.Generator, *, side_px: int) -> NDArray[np.uint8]:
    """Draw a sign of one to four random strokes as light strokes on a dark ground: uint8 (side_px, side_px)."""
    count = 1 + int(rng.choice(len(_STROKES), p=_STROKES))
    # Handwriting is wider than digits, whose proportions ``draw_strokes`` has.
    wider = math.exp(rng.uniform(0.0, 0.7))
    return draw_strokes([_stroke(rng, alone=count == 1, wider=wider) for _ in range(count)], rng, side_px=side_px)


def _stroke(rng: np.random.Generator, *, alone: bool, wider: float) -> Stroke:
    """Walk from somewhere in the unit square: straight on, or with turns that now and then change their side."""
    x, y = rng.uniform(0.15, 0.85, 2)
    step, heading, turn = rng.uniform(0.15, 0.6), rng.uniform(0.0, 2.0 * math.pi), rng.normal()
    straight = rng.random() < _STRAIGHT
    points = [(x, y)]
    for _ in range(int(rng.integers(2, 7 if alone else 5))):
        if straight:
            heading += rng.normal(0.0, 0.12)
        else:
            heading += turn * rng.uniform(0.5, 1.3) + rng.normal(0.0, 0.5)
            turn = -turn if rng.random() < _BACK else turn
        length = step * rng.uniform(0.6, 1.3)
        x, y = x + length * math.cos(heading), y + length * math.sin(heading)
        points.append((x, y))
    placed = tuple((wider * x, y) for x, y in points)
    return Line(placed) if straight else Curve(placed)
