"""Steps on shapes: median, opening and closing."""

from __future__ import annotations

import numpy as np

from glyphsmith.picture import Picture
from glyphsmith.steps.opencv import opencv

__all__ = ["closing", "median", "opening"]


def median(picture: Picture, size_px: int = 3) -> Picture:
    """Replace each pixel of (H, W) or (H, W, 3) by the median of a square around it; ``size_px`` is odd, 3 or more.

    Dots smaller than half the square vanish, edges stay sharp. Raises ValueError for an even size.
    """
    if size_px < 3 or size_px % 2 == 0:
        raise ValueError(f"median takes an odd size of 3 or more, got {size_px}")
    found: Picture = opencv().medianBlur(np.ascontiguousarray(picture), size_px)
    return found


def opening(picture: Picture, height_px: int = 3, width_px: int = 3) -> Picture:
    """Remove light shapes that a box of ``height_px`` x ``width_px`` does not fit into; the rest keeps its size."""
    cv2 = opencv()
    found: Picture = cv2.morphologyEx(picture, cv2.MORPH_OPEN, np.ones((height_px, width_px), np.uint8))
    return found


def closing(picture: Picture, height_px: int = 3, width_px: int = 3) -> Picture:
    """Fill dark gaps that a box of ``height_px`` x ``width_px`` does not fit into; the rest keeps its size."""
    cv2 = opencv()
    found: Picture = cv2.morphologyEx(picture, cv2.MORPH_CLOSE, np.ones((height_px, width_px), np.uint8))
    return found
