# ruff: noqa: E501 - the table of pen paths reads better with one form a line
"""Digits drawn with pen paths of our own: the shapes that MNIST's writers hardly use and other people do.

MNIST was written by Americans; a 1 with a base, a barred 7, an open 4 or a slashed 0 is rare in it and common elsewhere.
Each digit has several forms; a form is a few strokes, a stroke a list of points in a box of 1 x 1, y downwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["DIGIT_FORMS", "Curve", "Line", "Stroke", "draw_digit", "draw_strokes"]

Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """A stroke that goes smoothly through its points."""

    points: Points


@dataclass(frozen=True, slots=True)
class Line:
    """A stroke of straight spans between its points."""

    points: Points


Stroke = Curve | Line

_O = (
    (0.55, 0.02),
    (0.2, 0.12),
    (0.08, 0.5),
    (0.2, 0.88),
    (0.5, 0.98),
    (0.8, 0.88),
    (0.92, 0.5),
    (0.8, 0.12),
    (0.5, 0.02),
)

#: (form, weight) for every digit; the weights are how often a form is drawn, a guess from what people write.
DIGIT_FORMS: dict[str, tuple[tuple[tuple[Stroke, ...], float], ...]] = {
    "0": (
        ((Curve((*_O, (0.38, 0.06))),), 3.0),
        ((Curve((*_O, (0.3, 0.0), (0.22, 0.1))),), 1.0),
        ((Curve(_O), Line(((0.85, 0.08), (0.15, 0.92)))), 0.6),
    ),
    "1": (
        ((Line(((0.5, 0.0), (0.5, 1.0))),), 1.0),
        ((Line(((0.25, 0.22), (0.55, 0.0), (0.55, 1.0))),), 3.0),
        ((Line(((0.15, 0.38), (0.55, 0.0), (0.55, 1.0))),), 2.0),
        ((Line(((0.25, 0.22), (0.52, 0.0), (0.52, 0.98))), Line(((0.18, 1.0), (0.86, 0.98)))), 3.0),
        ((Line(((0.5, 0.0), (0.5, 1.0))), Line(((0.3, 0.0), (0.7, 0.0))), Line(((0.2, 1.0), (0.8, 1.0)))), 0.5),
    ),
    "2": (
        ((Curve(((0.1, 0.25), (0.3, 0.04), (0.65, 0.02), (0.85, 0.25), (0.7, 0.52), (0.35, 0.8), (0.08, 0.98))),
          Line(((0.08, 0.98), (0.92, 0.96)))), 3.0),
        ((Curve(((0.1, 0.2), (0.4, 0.0), (0.78, 0.15), (0.72, 0.45), (0.35, 0.82), (0.12, 0.92), (0.15, 0.76),
                  (0.4, 0.84), (0.65, 0.98), (0.95, 0.88))),), 1.5),
        ((Line(((0.1, 0.05), (0.85, 0.05), (0.1, 0.97), (0.92, 0.97))),), 0.4),
        ((Curve(((0.12, 0.3), (0.2, 0.08), (0.5, 0.0), (0.8, 0.14), (0.82, 0.38), (0.5, 0.66), (0.1, 0.97))),
          Curve(((0.1, 0.97), (0.4, 0.9), (0.7, 0.99), (0.95, 0.93)))), 2.0),
    ),
    "3": (
        ((Curve(((0.12, 0.12), (0.45, 0.0), (0.8, 0.14), (0.75, 0.38), (0.4, 0.48))),
          Curve(((0.4, 0.48), (0.8, 0.55), (0.9, 0.78), (0.6, 0.98), (0.2, 0.95), (0.06, 0.82)))), 3.0),
        ((Line(((0.1, 0.04), (0.85, 0.04), (0.42, 0.42))),
          Curve(((0.42, 0.42), (0.8, 0.5), (0.9, 0.75), (0.6, 0.98), (0.2, 0.95), (0.06, 0.82)))), 2.0),
        ((Curve(((0.1, 0.16), (0.5, 0.0), (0.82, 0.2), (0.6, 0.42), (0.34, 0.48), (0.7, 0.54), (0.9, 0.76), (0.55, 1.0),
                  (0.08, 0.9))),), 2.0),
    ),
    "4": (
        ((Line(((0.35, 0.0), (0.08, 0.62), (0.95, 0.62))), Line(((0.68, 0.3), (0.66, 1.0)))), 3.0),
        ((Line(((0.7, 1.0), (0.7, 0.0), (0.06, 0.68), (0.95, 0.68))),), 2.5),
        ((Line(((0.12, 0.0), (0.1, 0.5), (0.85, 0.5))), Line(((0.82, 0.02), (0.8, 1.0)))), 2.0),
        ((Curve(((0.2, 0.0), (0.1, 0.3), (0.2, 0.52), (0.5, 0.52), (0.8, 0.45))), Line(((0.84, 0.0), (0.72, 1.0)))), 1.0),
    ),
    "5": (
        ((Line(((0.82, 0.02), (0.22, 0.03), (0.17, 0.42))),
          Curve(((0.17, 0.42), (0.5, 0.34), (0.85, 0.52), (0.84, 0.8), (0.5, 0.99), (0.08, 0.9)))), 3.0),
        ((Curve(((0.2, 0.06), (0.16, 0.42), (0.5, 0.36), (0.84, 0.55), (0.8, 0.84), (0.45, 1.0), (0.06, 0.9))),
          Line(((0.18, 0.05), (0.9, 0.0)))), 2.5),
        ((Curve(((0.85, 0.02), (0.4, 0.04), (0.22, 0.22), (0.3, 0.44), (0.68, 0.52), (0.8, 0.78), (0.5, 0.98),
                  (0.08, 0.92))),), 1.0),
    ),
    "6": (
        ((Curve(((0.75, 0.02), (0.35, 0.22), (0.12, 0.62), (0.22, 0.92), (0.55, 0.99), (0.85, 0.8), (0.75, 0.54),
                  (0.42, 0.5), (0.16, 0.68))),), 3.0),
        ((Curve(((0.3, 0.0), (0.16, 0.45), (0.14, 0.75), (0.4, 0.98), (0.78, 0.9), (0.84, 0.64), (0.55, 0.5), (0.2, 0.64))),),
         2.0),
        ((Curve(((0.85, 0.1), (0.6, 0.0), (0.28, 0.2), (0.12, 0.6), (0.3, 0.96), (0.7, 0.96), (0.86, 0.72), (0.6, 0.5),
                  (0.24, 0.62))),), 1.5),
    ),
    "7": (
        ((Line(((0.06, 0.04), (0.9, 0.04), (0.4, 1.0))),), 2.0),
        ((Line(((0.06, 0.04), (0.9, 0.04), (0.4, 1.0))), Line(((0.28, 0.5), (0.86, 0.46)))), 3.0),
        ((Line(((0.1, 0.22), (0.12, 0.03), (0.9, 0.03))), Curve(((0.9, 0.03), (0.6, 0.45), (0.48, 1.0)))), 1.5),
        ((Curve(((0.06, 0.16), (0.2, 0.02), (0.5, 0.1), (0.9, 0.02))), Curve(((0.9, 0.02), (0.55, 0.5), (0.4, 1.0))),
          Line(((0.32, 0.52), (0.84, 0.46)))), 1.5),
        ((Curve(((0.1, 0.1), (0.4, 0.04), (0.8, 0.05), (0.86, 0.16), (0.6, 0.55), (0.45, 1.0))),), 1.0),
    ),
    "8": (
        ((Curve(((0.8, 0.14), (0.45, 0.0), (0.16, 0.2), (0.4, 0.44), (0.78, 0.62), (0.84, 0.86), (0.5, 1.0), (0.14, 0.84),
                  (0.26, 0.6), (0.62, 0.42), (0.84, 0.2), (0.74, 0.06))),), 3.0),
        ((Curve(((0.5, 0.0), (0.18, 0.12), (0.2, 0.36), (0.5, 0.47), (0.8, 0.36), (0.82, 0.12), (0.5, 0.0))),
          Curve(((0.5, 0.47), (0.12, 0.6), (0.14, 0.88), (0.5, 1.0), (0.86, 0.88), (0.88, 0.6), (0.5, 0.47)))), 2.0),
    ),
    "9": (
        ((Curve(((0.82, 0.16), (0.5, 0.0), (0.16, 0.16), (0.16, 0.42), (0.5, 0.52), (0.8, 0.36), (0.84, 0.1))),
          Line(((0.84, 0.08), (0.76, 1.0)))), 3.0),
        ((Curve(((0.8, 0.14), (0.45, 0.0), (0.14, 0.2), (0.24, 0.46), (0.6, 0.48), (0.82, 0.2), (0.84, 0.5), (0.7, 0.86),
                  (0.4, 1.0), (0.12, 0.92))),), 2.5),
        ((Curve(((0.82, 0.2), (0.6, 0.02), (0.25, 0.08), (0.14, 0.34), (0.4, 0.5), (0.72, 0.38), (0.84, 0.12), (0.78, 0.6),
                  (0.55, 1.0))),), 1.5),
    ),
}  # fmt: skip


def draw_digit(digit: str, rng: np.random.Generator, *, side_px: int = 96) -> NDArray[np.uint8]:
    """Draw one digit as a light stroke on a dark ground: uint8 (side_px, side_px), a random form, hand and pen."""
    forms = DIGIT_FORMS[digit]
    weights = np.array([weight for _, weight in forms])
    strokes = forms[int(rng.choice(len(forms), p=weights / weights.sum()))][0]
    return draw_strokes(strokes, rng, side_px=side_px)


def draw_strokes(strokes: Sequence[Stroke], rng: np.random.Generator, *, side_px: int) -> NDArray[np.uint8]:
    """Draw the strokes of one symbol with a trembling hand: uint8 (side_px, side_px), light on dark."""
    slant, turn = rng.normal(0.0, 0.13), rng.normal(0.0, 0.07)
    aspect = float(np.exp(rng.normal(-0.35, 0.22)))
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ np.array(
        [[aspect, -slant], [0.0, 1.0]]
    )
    tremble = abs(rng.normal(0.0, 0.025))
    # A slow bend of the whole plane: the same for all strokes, so that they still meet.
    bend = rng.normal(0.0, 0.04, size=(2, 2))
    paths = []
    for stroke in strokes:
        points = np.array(stroke.points) - 0.5
        points = points + rng.normal(0.0, tremble, points.shape)
        path = _smooth(points) if isinstance(stroke, Curve) else _dense(points)
        path = path + np.sin(path[:, ::-1] * np.pi) @ bend
        paths.append(path @ matrix.T)
    everything = np.concatenate(paths)
    low, high = everything.min(axis=0), everything.max(axis=0)
    room = 0.72 * side_px
    scale = room / max(float((high - low).max()), 1e-3)
    centre = (low + high) / 2
    width_px = max(1.0, side_px * float(np.exp(rng.uniform(np.log(0.02), np.log(0.13)))))
    canvas = np.zeros((side_px, side_px), np.uint8)
    for path in paths:
        placed = (path - centre) * scale + side_px / 2
        fixed = np.round(placed * 16).astype(np.int32).reshape(-1, 1, 2)
        cv2.polylines(canvas, [fixed], False, 255, max(1, round(width_px)), cv2.LINE_AA, 4)
    return canvas


def _smooth(points: NDArray[np.float64], per_span: int = 12) -> NDArray[np.float64]:
    """A Catmull-Rom curve through (P, 2) points, sampled ``per_span`` times between neighbours."""
    padded = np.concatenate([points[:1], points, points[-1:]])
    t = np.linspace(0.0, 1.0, per_span, endpoint=False)[:, None]
    spans = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        spans.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.concatenate([*spans, points[-1:]])


def _dense(points: NDArray[np.float64], per_span: int = 8) -> NDArray[np.float64]:
    """Straight spans through (P, 2) points, sampled ``per_span`` times between neighbours."""
    t = np.linspace(0.0, 1.0, per_span, endpoint=False)[:, None]
    spans = [a + (b - a) * t for a, b in pairwise(points)]
    return np.concatenate([*spans, points[-1:]])
