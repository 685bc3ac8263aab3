"""Cuts the boxes out of a page that lies flat, and says which of them are empty.

The picture of a box is the photo's own pixels, shadow and paper included: a reader's preparation is to see what it
will see later. What counts as ink is judged against the paper around it, so a pencil's thin line in a shadow counts and
the shadow's edge does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glyphsmith.data.sheet import BOX_MM, Box, Sheet
from glyphsmith.data.sheet_find import FlatPage
from glyphsmith.picture import Picture

__all__ = ["CutBox", "cut_boxes"]

Floats = NDArray[np.float32]

#: Left off on every side: half of the printed line and what the page's bend leaves of it.
_INSET_MM = 0.7
#: Ink this near to the cut's edge may be the printed line, so it does not count alone.
_RIM_MM = 0.8
#: Strokes wider than this are taken for paper: thick felt pens draw 3 mm.
_WIDEST_MM = 7.0
#: Darker than the paper by this share, and by so many standard deviations of its noise, is ink ...
_DARKER, _DEVIATIONS = 0.045, 5.0
#: ... if it covers this much in one piece: less than a dot of a pencil, more than dust and grain.
_LEAST_MM2 = 0.16
#: How far a box may lie from where the plane of the four marks puts it, on a page that is not quite flat.
_SHIFT_MM = 1.6
#: The printed line's warmth, as a share of the paper's brightness, from which on it is trusted.
_WARM = 0.02


@dataclass(frozen=True, slots=True)
class CutBox:
    """A box and its picture, uint8 (h, w, 3); ``empty`` where nothing was written."""

    box: Box
    picture: Picture
    empty: bool


def cut_boxes(flat: FlatPage, sheet: Sheet) -> list[CutBox]:
    """Cut all boxes of a page, in their order."""
    import cv2

    scale = flat.px_per_mm
    grey = cv2.cvtColor(flat.picture, cv2.COLOR_RGB2GRAY)
    smooth = cv2.GaussianBlur(grey, (0, 0), max(0.6, 0.12 * scale)).astype(np.float32)
    # A closing fills strokes and keeps larger dark parts, hard shadows among them, with their edges.
    side = round(_WIDEST_MM * scale) | 1
    paper = cv2.morphologyEx(smooth, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    darkness: Floats = 1 - smooth / np.maximum(paper, 1.0)
    warmth = _warmth(flat.picture, paper)
    boxes = sheet.boxes(flat.page)
    shifts = _shifts(warmth, boxes, scale)
    inner = round((BOX_MM - 2 * _INSET_MM) * scale)
    cut = []
    for box, (right, down) in zip(boxes, shifts, strict=True):
        x = round((box.left_mm + _INSET_MM) * scale + right)
        y = round((box.top_mm + _INSET_MM) * scale + down)
        window = slice(y, y + inner), slice(x, x + inner)
        cut.append(CutBox(box, flat.picture[window].copy(), not _has_ink(darkness[window], scale)))
    return cut


def _has_ink(darkness: Floats, scale: float) -> bool:
    import cv2

    middle = float(np.median(darkness))  # grain lifts the closing, and so all of the box, by the same amount
    spread = 1.4826 * float(np.median(np.abs(darkness - middle)))
    ink = (darkness - middle > max(_DARKER, _DEVIATIONS * spread)).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    rim = _RIM_MM * scale
    side = darkness.shape[0]
    for left, top, width, height, area in stats[1:count]:
        # A piece that keeps within the rim is what a shift left of the printed line.
        inside = left + width > rim and top + height > rim and left < side - rim and top < side - rim
        if inside and area >= _LEAST_MM2 * scale * scale:
            return True
    return False


def _warmth(picture: Picture, paper: Floats) -> Floats:
    """Give how much redder than the paper each pixel is, as a share of its brightness: float32 (H, W)."""
    import cv2

    red, blue = (picture[..., channel].astype(np.float32) for channel in (0, 2))
    difference = (red - blue) / np.maximum(paper, 1.0)
    # Lamps are warm and shadows are blue; both are taken off with what the surroundings have.
    small = cv2.resize(difference, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA)
    around = cv2.medianBlur(small, 5)
    return np.asarray(
        cv2.GaussianBlur(difference - cv2.resize(around, difference.shape[::-1]), (0, 0), 1.0), np.float32
    )


def _shifts(warmth: Floats, boxes: list[Box], scale: float) -> list[tuple[float, float]]:
    """Give how far each box's printed line lies from its place, in pixels: (right, down).

    A page printed in grey has no warm lines, and a box may have lost them to glare; it then moves as its neighbours
    do, or not at all.
    """
    reach = round(_SHIFT_MM * scale)
    side = round(BOX_MM * scale)
    found: list[tuple[float, float] | None] = []
    for box in boxes:
        left, top = round(box.left_mm * scale), round(box.top_mm * scale)
        area = warmth[top - reach : top + side + reach + 1, left - reach : left + side + reach + 1]
        if area.shape != (side + 2 * reach + 1, side + 2 * reach + 1):
            found.append(None)
            continue
        # The middle half of each side: writing runs over corners less than along them, and the line is straight there.
        quarter = reach + side // 4
        across = np.median(area[quarter:-quarter], axis=0)
        along = np.median(area[:, quarter:-quarter], axis=1)
        right, down = _best_shift(across, side, reach), _best_shift(along, side, reach)
        found.append(None if right is None or down is None else (right, down))
    known = np.array([shift for shift in found if shift is not None])
    if len(known) < 0.3 * len(boxes):
        return [(0.0, 0.0)] * len(boxes)
    shifts = []
    places = np.array([(box.left_mm, box.top_mm) for box in boxes])
    having = np.array([k for k, shift in enumerate(found) if shift is not None])
    for place in places:
        # The paper bends slowly, so the nine nearest boxes agree; one that was misled is outvoted.
        near = having[np.argsort(((places[having] - place) ** 2).sum(axis=1))[:9]]
        votes = np.array([found[k] for k in near])
        right, down = np.median(votes, axis=0)
        shifts.append((float(right), float(down)))
    return shifts


def _best_shift(profile: NDArray[np.float32], side: int, reach: int) -> float | None:
    """Give the shift at which both lines of a box lie on a profile's crests, or None where there are none."""
    first, second = profile[: 2 * reach + 1], profile[side : side + 2 * reach + 1]
    both = np.minimum(first, second)
    best = int(both.argmax())
    return float(best - reach) if both[best] > _WARM else None
