"""The ruling of a page: long thin lines across it, level or slightly tilted, which are no writing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glyphsmith.picture import Picture
from glyphsmith.steps.opencv import opencv
from glyphsmith.steps.regions import regions

__all__ = ["ruling_lines"]

#: A line is at least this share of the page's side long, and this many times longer than thick.
_SPAN = 0.35
_SLENDER = 12
#: Printed ruling that is lighter than the writing by this much, of 255, can be told from it by its tone.
_PALER = 20.0


def ruling_lines(mask: Picture, flat: Picture | None = None) -> Picture:
    """Give the pixels of a mask of ink (H, W) that belong to ruling lines; strokes that cross a line stay out of it.

    ``flat`` is the grey page (H, W) the mask was made of. With it, strokes that run along a paler line stay out, too.
    """
    lines = np.maximum(_level_lines(mask), np.ascontiguousarray(_level_lines(np.ascontiguousarray(mask.T)).T))
    writing = mask & ~lines
    if flat is None or not lines.any() or not writing.any():
        return lines
    pale, dark = float(np.median(flat[lines > 0])), float(np.median(flat[writing > 0]))
    if pale - dark < _PALER:
        return lines
    return np.where(flat > (pale + dark) / 2, lines, np.uint8(0))


def _level_lines(mask: Picture) -> Picture:
    cv2 = opencv()
    width = mask.shape[1]
    run = max(12, width // 50)
    # One pixel more above and below lets a line tilted by a few degrees hold runs this long at each of its steps.
    thick = cv2.dilate(mask, np.ones((3, 1), np.uint8))
    runs = cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones((1, run), np.uint8))
    joined = cv2.morphologyEx(runs, cv2.MORPH_CLOSE, np.ones((1, run), np.uint8))
    found = regions(joined)
    lines = np.zeros_like(mask)
    for r, (left, top, w, h) in enumerate(found.boxes):
        if w < _SPAN * width:
            continue
        place = np.s_[top : top + h, left : left + w]
        own = (found.labels[place] == r + 1) & (mask[place] > 0)
        # Writing that hangs on the line makes few of its columns tall, so the median is the line's own thickness.
        thickness = float(np.median(own.sum(axis=0)))
        if w >= _SLENDER * thickness:
            lines[place] |= _thin_part(mask[place], _band(own, thickness), round(thickness))
    return lines


def _band(own: NDArray[np.bool_], thickness: float) -> NDArray[np.bool_]:
    """Give the band (h, w) along a line: its smooth middle, give or take its thickness, without what branches off.

    The middle is a parabola fitted to the columns of the region, those left out that writing pulls away from it.
    """
    height, width = own.shape
    columns = np.flatnonzero(own.any(axis=0))
    rows = np.arange(height, dtype=np.float64)
    middles = (own * rows[:, None]).sum(axis=0)[columns] / own.sum(axis=0)[columns]
    kept = np.ones(len(columns), bool)
    fitted = np.zeros(3)
    for _ in range(5):
        fitted = np.polyfit(columns[kept] / width, middles[kept], 2 if kept.sum() > 8 else 0)
        away = np.abs(np.polyval(fitted, columns / width) - middles)
        kept = away <= max(1.0 + thickness / 2, float(np.median(away[kept])) * 2)
    middle = np.polyval(fitted, np.arange(width) / width)
    return np.abs(rows[:, None] - middle[None, :]) <= thickness / 2 + 2.0


def _thin_part(mask: Picture, band: NDArray[np.bool_], thickness: int) -> Picture:
    """Give the part of a line's band (h, w) that no stroke runs through."""
    cv2 = opencv()
    tall = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3 * thickness + 2, 1), np.uint8))
    thin = np.where(band, mask & ~tall, np.uint8(0))
    # Taking it all off would cut the strokes that cross at a slant; where ink stands above and below, the line stays.
    healed = cv2.morphologyEx(mask & ~thin, cv2.MORPH_CLOSE, np.ones((thickness + 6, 1), np.uint8))
    return np.asarray(thin & ~healed, dtype=np.uint8)
