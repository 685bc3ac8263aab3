"""Sheets of digits as a phone would photograph them, painted in a test: shaded paper, noise, ruling, specks, tilt."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


def _arc(x: float, y: float, rx: float, ry: float, start_deg: float, end_deg: float) -> list[tuple[float, float]]:
    return [
        (x + rx * math.cos(math.radians(a)), y + ry * math.sin(math.radians(a)))
        for a in np.linspace(start_deg, end_deg, 17)
    ]


#: Pen paths of the ten digits in a unit box, x to the right and y down; 4, 5 and 7 take two strokes.
_PEN_PATHS: dict[str, list[list[tuple[float, float]]]] = {
    "0": [_arc(0.5, 0.5, 0.45, 0.5, -90, 270)],
    "1": [[(0.25, 0.25), (0.55, 0.0), (0.55, 1.0)]],
    "2": [[*_arc(0.5, 0.3, 0.42, 0.3, -170, 30), (0.05, 1.0), (0.95, 1.0)]],
    "3": [[*_arc(0.45, 0.25, 0.42, 0.25, -150, 80), *_arc(0.45, 0.74, 0.48, 0.26, -80, 150)]],
    "4": [[(0.6, 0.0), (0.05, 0.65), (0.95, 0.65)], [(0.7, 0.35), (0.7, 1.0)]],
    "5": [[(0.2, 0.05), (0.15, 0.45), *_arc(0.42, 0.68, 0.48, 0.32, -110, 140)], [(0.2, 0.05), (0.9, 0.02)]],
    "6": [[(0.75, 0.0), *_arc(0.5, 0.7, 0.44, 0.3, -160, 210)]],
    "7": [[(0.05, 0.0), (0.95, 0.0), (0.35, 1.0)], [(0.25, 0.5), (0.8, 0.5)]],
    "8": [_arc(0.5, 0.25, 0.36, 0.25, 90, 450), _arc(0.5, 0.74, 0.44, 0.26, -90, 270)],
    "9": [[*_arc(0.5, 0.3, 0.42, 0.3, 0, -360), (0.88, 0.45), (0.7, 1.0)]],
}


@dataclass(frozen=True)
class PaintedSheet:
    """A picture (H, W, 3), its lines of text, and for each character the centre (x, y) it was painted around."""

    picture: NDArray[np.uint8]
    lines: tuple[str, ...]
    centres: tuple[tuple[tuple[float, float], ...], ...]


def paint_sheet(
    lines: tuple[str, ...] = ("31415", "9265", "358979"),
    *,
    seed: int = 0,
    size: tuple[int, int] = (900, 1200),
    glyph_px: int = 110,
    thickness: int = 7,
    shadow: float = 0.5,
    noise: float = 6.0,
    ruled: bool = False,
    tilt_deg: float = 0.0,
    specks: int = 0,
    light_ink: bool = False,
    ink: tuple[int, int, int] = (40, 45, 90),
) -> PaintedSheet:
    """Paint lines of digits with a pen at uneven places; everything is a function of the seed."""
    rng = np.random.default_rng(seed)
    height, width = size
    depth = np.zeros((height, width), np.uint8)
    step_y = height / (len(lines) + 1)
    centres = []
    for row, line in enumerate(lines):
        step_x = width / (len(line) + 1)
        places = []
        for column, sign in enumerate(line):
            x = step_x * (column + 1) + rng.uniform(-0.1, 0.1) * glyph_px
            y = step_y * (row + 1) + rng.uniform(-0.12, 0.12) * glyph_px
            for path in _PEN_PATHS[sign]:
                bent = np.array(path, np.float64) + rng.normal(0.0, 0.02, (len(path), 2))
                points = (bent - 0.5) * (0.62 * glyph_px, glyph_px) + (x, y)
                cv2.polylines(depth, [(points * 16).round().astype(np.int32)], False, 255, thickness, cv2.LINE_AA, 4)
            places.append((x, y))
        centres.append(tuple(places))
    for _ in range(specks):
        at = (int(rng.integers(20, width - 20)), int(rng.integers(20, height - 20)))
        cv2.circle(depth, at, int(rng.integers(1, 4)), 255, -1)
    faint = np.zeros_like(depth)
    if ruled:
        for y in range(40, height, round(glyph_px * 0.8)):
            cv2.line(faint, (0, y), (width, y), 150, 2, cv2.LINE_AA)
    if tilt_deg:
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), tilt_deg, 1.0)
        depth, faint = (cv2.warpAffine(layer, turn, (width, height)) for layer in (depth, faint))
        centres = [tuple(tuple(turn @ (x, y, 1.0)) for x, y in places) for places in centres]
    share = (np.maximum(depth, faint).astype(np.float64) / 255.0)[:, :, None]
    paper, stroke = np.array((240.0, 236.0, 225.0)), np.array(ink, np.float64)
    if light_ink:
        paper, stroke = np.array((50.0, 60.0, 55.0)), np.array((235.0, 240.0, 230.0))
    picture = paper * (1 - share) + stroke * share
    across = (
        np.linspace(1.0, 1.0 - shadow, width)[None, :, None] * np.linspace(1.0, 1.0 - shadow / 3, height)[:, None, None]
    )
    picture = picture * across + rng.normal(0.0, noise, (height, width, 1))
    return PaintedSheet(np.clip(picture, 0, 255).astype(np.uint8), lines, tuple(centres))
