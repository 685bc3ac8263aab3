"""The shape of a symbol as a field of distances, from which any stroke width can be drawn in one step.

Printed, a symbol is what lies inside its outline; drawn with a pen, what lies near its middle line. Both are a distance
per pixel: to the outline (positive inside) or to the middle line. ``alphabets.py`` bends the field and cuts it off
where the ink is to end, so that a stroke can be thinner, thicker or uneven without a second drawing.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ImageFont

__all__ = ["SHAPE_PX", "Shape", "shape_of"]

Floats = NDArray[np.float32]

#: The longer side of a symbol in its field.
SHAPE_PX = 80
#: Empty pixels around it: as far as ink may be thickened or bent.
_MARGIN_PX = 24


class Shape:
    """A symbol of a font: ``outline`` and ``middle`` are float32 (h, w), in pixels of this very field.

    ``outline`` is positive inside, ``middle`` is 0 on the middle line and grows away from it; ``half_px`` is half of
    the stroke's usual width.
    """

    __slots__ = ("_middle", "half_px", "outline")

    def __init__(self, ink: NDArray[np.uint8]) -> None:
        solid = (ink > 127).astype(np.uint8)
        if not solid.any():
            solid = (ink > 0).astype(np.uint8)
        inside = cv2.distanceTransform(solid, cv2.DIST_L2, 5)
        outside = cv2.distanceTransform(1 - solid, cv2.DIST_L2, 5)
        self.outline: Floats = np.asarray(np.where(solid > 0, inside - 0.5, 0.5 - outside), np.float32)
        ridge = inside[(inside >= cv2.dilate(inside, np.ones((3, 3), np.uint8)) - 1e-3) & (solid > 0)]
        self.half_px = float(np.median(ridge)) if ridge.size else 1.0
        self._middle: Floats | None = None

    @property
    def deepest_px(self) -> float:
        """The largest distance of ink from its outline."""
        return float(self.outline.max())

    @property
    def middle(self) -> Floats:
        """The distance to the middle line; made when a pen first asks for it."""
        if self._middle is None:
            line = _thinned((self.outline > 0).astype(np.uint8))
            if not line.any():  # thinning takes the last four pixels of a square dot at once
                line = (self.outline >= self.outline.max()).astype(np.uint8)
            self._middle = np.asarray(cv2.distanceTransform(1 - line, cv2.DIST_L2, 5), np.float32)
        return self._middle


@lru_cache(maxsize=8192)  # 128 x 128 floats are 64 kB: 0.5 GB at the very most, in a set of many fonts and symbols
def shape_of(font: str, symbol: str) -> Shape:
    """Draw a symbol of a font file, its longer side ``SHAPE_PX``, with room around it, and measure it."""
    size = SHAPE_PX
    ink = _drawn(font, size, symbol)
    for _ in range(2):  # a comma is small in its font, so it is asked for in a larger size
        side = max(ink.shape)
        if abs(side - SHAPE_PX) <= 2 or size >= 16 * SHAPE_PX:
            break
        size = max(8, min(16 * SHAPE_PX, round(size * SHAPE_PX / side)))
        ink = _drawn(font, size, symbol)
    return Shape(np.pad(ink, _MARGIN_PX))


def _drawn(font: str, size_px: int, symbol: str) -> NDArray[np.uint8]:
    """Draw a symbol and cut its ink out: uint8 (h, w), at least 1 x 1."""
    mask = ImageFont.truetype(font, size_px).getmask(symbol)
    whole = np.frombuffer(bytes(mask), np.uint8).reshape(mask.size[::-1])
    rows, columns = np.flatnonzero(whole.any(axis=1)), np.flatnonzero(whole.any(axis=0))
    if not len(rows):
        return np.zeros((1, 1), np.uint8)
    return whole[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _thinned(solid: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Thin a figure of ones to its middle line: T. Y. Zhang and C. Y. Suen, CACM 27 (1984), 236-239."""
    padded = np.pad(solid, 1)
    while True:
        changed = False
        for first in (True, False):
            # Neighbours p2 to p9 of every pixel, clockwise from above.
            around = [
                padded[1 + dy : padded.shape[0] - 1 + dy, 1 + dx : padded.shape[1] - 1 + dx]
                for dy, dx in ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))
            ]
            p2, p4, p6, p8 = around[0], around[2], around[4], around[6]
            count = sum(around[1:], around[0].astype(np.uint8))
            turns = sum(((around[k] == 0) & (around[(k + 1) % 8] == 1)).astype(np.uint8) for k in range(8))
            free = (p2 * p4 * p6 == 0) & (p4 * p6 * p8 == 0) if first else (p2 * p4 * p8 == 0) & (p2 * p6 * p8 == 0)
            inner = padded[1:-1, 1:-1]
            gone = (inner == 1) & (count >= 2) & (count <= 6) & (turns == 1) & free
            if gone.any():
                inner[gone] = 0
                changed = True
        if not changed:
            return padded[1:-1, 1:-1].copy()
