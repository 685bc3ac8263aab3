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
_WIDEST_MM = 5.0
#: Darker than the paper by this share, and by so many standard deviations of its noise, is ink ...
_DARKER, _DEVIATIONS = 0.045, 4.5
#: ... if it covers this much in one piece: less than a dot of a pencil, more than dust and grain.
_LEAST_MM2 = 0.3
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
    smooth = cv2.GaussianBlur(grey, (0, 0), max(0.7, 0.18 * scale)).astype(np.float32)
    # A closing fills strokes and keeps larger dark parts, hard shadows among them, with their edges.
    side = round(_WIDEST_MM * scale) | 1
    paper: Floats = np.asarray(cv2.morphologyEx(smooth, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8)), np.float32)
    warmth = _warmth(flat.picture, paper)
    boxes = sheet.boxes(flat.page)
    shifts = _shifts(warmth, boxes, scale)
    inner = round((BOX_MM - 2 * _INSET_MM) * scale)
    cut = []
    for box, (right, down) in zip(boxes, shifts, strict=True):
        x = round((box.left_mm + _INSET_MM) * scale + right)
        y = round((box.top_mm + _INSET_MM) * scale + down)
        window = slice(y, y + inner), slice(x, x + inner)
        cut.append(CutBox(box, flat.picture[window].copy(), not _has_ink(smooth[window], paper[window], scale)))
    return cut


def _has_ink(smooth: Floats, paper: Floats, scale: float) -> bool:
    import cv2

    darker = paper - smooth
    # From the lightest pixels, which are paper however thick the pen: 5 % and 30 % of noise are 1.12 of its standard
    # deviation apart. Grain lifts the closing, and so all of the box, by the same amount, which is taken off.
    lightest, light = np.percentile(darker, (5, 30))
    spread = float(light - lightest) / 1.12
    darker = darker - float(lightest) - 1.645 * spread
    ink = ((darker > _DEVIATIONS * spread) & (darker > _DARKER * paper)).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    rim = _RIM_MM * scale
    side = ink.shape[0]
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
    having = np.array([shift is not None for shift in found])
    if having.sum() < 0.3 * len(boxes):
        return [(0.0, 0.0)] * len(boxes)
    places = np.array([(box.left_mm, box.top_mm) for box in boxes])
    measured = np.array([shift for shift in found if shift is not None])
    return [(float(right), float(down)) for right, down in _bent(places[having], measured, places, scale)]


def _bent(
    known: NDArray[np.float64], measured: NDArray[np.float64], places: NDArray[np.float64], scale: float
) -> NDArray[np.float64]:
    """Lay a smooth surface through the measured shifts, as paper bends, and read it at all places: (N, 2).

    A single box is misled by writing across its line or by a photo's coarse colour; a quadratic surface through all of
    them, in which those that lie off count little, is not, and neither are nine neighbours together.
    """
    if len(known) < 15:
        return np.tile(np.median(measured, axis=0), (len(places), 1))
    low, high = places.min(axis=0), places.max(axis=0)

    def terms(at: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = (2 * (at - low) / np.maximum(high - low, 1e-6) - 1).T
        return np.stack([x**i * y**j for i in range(3) for j in range(3 - i)], axis=1)

    shape = terms(known)
    weights: NDArray[np.float64] = np.ones(len(known))
    fitted: NDArray[np.float64] = np.zeros((shape.shape[1], 2))
    for _ in range(6):
        # A row of boxes has no second direction: the little that is added keeps the answer small there.
        weighted = shape * weights[:, None]
        normal = weighted.T @ shape + 1e-3 * np.eye(shape.shape[1])
        fitted = np.asarray(np.linalg.solve(normal, weighted.T @ measured), np.float64)
        off_mm: NDArray[np.float64] = np.abs(measured - shape @ fitted).max(axis=1) / scale
        weights = 1 / (1 + (off_mm / 0.25) ** 2)
    # What is left near a box, as the median of its nine neighbours: a corner may curl as no quadratic surface does.
    left = measured - shape @ fitted
    distances = ((places[:, None] - known[None]) ** 2).sum(axis=2)
    nearest = np.argsort(distances, axis=1, kind="stable")[:, :9]
    return np.asarray(terms(places) @ fitted + np.median(left[nearest], axis=1))


def _best_shift(profile: NDArray[np.float32], side: int, reach: int) -> float | None:
    """Give the shift at which both lines of a box lie on a profile's crests, or None where there are none."""
    first, second = profile[: 2 * reach + 1], profile[side : side + 2 * reach + 1]
    both = np.minimum(first, second)
    best = int(both.argmax())
    return float(best - reach) if both[best] > _WARM else None
