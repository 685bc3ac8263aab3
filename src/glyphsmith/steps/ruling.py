"""The ruling of a page: long thin lines across it, level or slightly tilted, which are no writing."""

from __future__ import annotations

import numpy as np

from glyphsmith.picture import Picture
from glyphsmith.steps.opencv import opencv
from glyphsmith.steps.regions import regions

__all__ = ["ruling_lines"]

#: A line is at least this share of the page's side long, and this many times longer than thick.
_SPAN = 0.35
_SLENDER = 12


def ruling_lines(mask: Picture) -> Picture:
    """Give the pixels of a mask of ink (H, W) that belong to ruling lines; strokes that cross a line stay out of it."""
    across = _level_lines(mask)
    return np.maximum(across, np.ascontiguousarray(_level_lines(np.ascontiguousarray(mask.T)).T))


def _level_lines(mask: Picture) -> Picture:
    cv2 = opencv()
    width = mask.shape[1]
    run = max(12, width // 50)
    # One pixel more above and below lets a line tilted by a few degrees hold runs this long at each of its steps.
    thick = cv2.dilate(mask, np.ones((3, 1), np.uint8))
    runs = cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones((1, run), np.uint8))
    joined = cv2.morphologyEx(runs, cv2.MORPH_CLOSE, np.ones((1, run), np.uint8))
    found = regions(joined)
    lines = np.zeros(len(found) + 1, np.uint8)
    for r, ((_, _, w, _), area) in enumerate(zip(found.boxes, found.areas, strict=True)):
        thickness = area / w
        lines[r + 1] = 255 if w >= _SPAN * width and w >= _SLENDER * thickness else 0
    if not lines.any():
        return np.zeros_like(mask)
    on_line = lines[found.labels] & mask
    # A stroke that crosses goes on above and below: what is tall in its column is no line.
    typical = float(np.median(on_line.sum(axis=0)[on_line.any(axis=0)])) / 255.0
    tall = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((max(3, round(3 * typical) + 2), 1), np.uint8))
    return np.asarray(on_line & ~tall, dtype=np.uint8)
