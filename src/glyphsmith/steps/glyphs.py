"""Find the glyphs of a photographed sheet: from a picture of a page to one box and one clean crop for each.

    flatten light -> ink by hysteresis -> without ruling lines -> regions -> specks out, broken strokes joined -> lines

The thresholds here are shares of the typical glyph height, which is found first; nothing is a number of pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glyphsmith.picture import Picture
from glyphsmith.steps.lines import reading_order
from glyphsmith.steps.opencv import opencv
from glyphsmith.steps.regions import Box, Regions, regions
from glyphsmith.steps.ruling import ruling_lines
from glyphsmith.steps.tone import flatten

__all__ = ["Sheet", "find_glyphs"]

#: A page is searched at this size at most; strokes of a phone photo are then 3 to 10 pixels wide.
WORK_PX = 1600
#: Ink is at least this much darker than its ground, of 255; fainter differences are paper.
_FAINTEST = 28.0
#: Paper that seems darker than this, of 255, is not paper but the inside of a broad stroke.
_GREYISH = 24
#: A region lower and narrower than this share of the typical height is a fragment; below the other, a speck.
_FRAGMENT, _SPECK = 0.6, 0.12
#: A fragment within this share of the typical height of a glyph is part of it.
_NEAR = 0.12
#: Regions that are all but as wide as the picture are the frame of the photo, a table's edge, a finger.
_FRAME = 0.5
_MARGIN = 0.2


@dataclass(frozen=True, slots=True)
class Sheet:
    """What was found: ``lines`` of boxes in pixels of the picture, and for each box a crop (h, w, 3) of its own."""

    lines: list[list[Box]]
    crops: list[list[Picture]]
    ink: Picture


def find_glyphs(picture: Picture) -> Sheet:
    """Find the glyphs of an RGB picture (H, W, 3) in reading order.

    A crop is cut with a margin from the picture given, in its own pixels and colours; what belongs to other glyphs, to
    ruling lines or to specks is painted over with the paper around it. ``ink`` is the mask (h, w) that was searched.
    """
    cv2 = opencv()
    height, width = picture.shape[:2]
    scale = min(1.0, WORK_PX / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    work = cv2.resize(picture, size, interpolation=cv2.INTER_AREA) if scale < 1.0 else picture
    flat = cv2.GaussianBlur(flatten(work), (3, 3), 0)
    ink = _ink(flat)
    writing = ink & ~ruling_lines(ink, flat)
    found = regions(writing)
    groups = _glyph_groups(found, (size[1], size[0]))
    by_box = {_around([found.boxes[r] for r in group]): group for group in groups}
    lines = reading_order(list(by_box))
    crops = [[_crop(picture, scale, box, by_box[box], found, ink) for box in line] for line in lines]
    return Sheet([[_in_picture(box, scale, width, height) for box in line] for line in lines], crops, ink)


def _ink(flat: Picture) -> Picture:
    """Mask the ink (H, W) of a flattened page: all that is linked to what is surely ink and may be ink itself."""
    cv2 = opencv()
    dark = 255 - flat
    # Where light falls off steeply (a corner, the edge of a shadow) the ground is put too high, so paper seems greyish.
    small = cv2.resize(dark, (max(1, dark.shape[1] // 4), max(1, dark.shape[0] // 4)), interpolation=cv2.INTER_AREA)
    greyish = np.minimum(cv2.medianBlur(small, 41), _GREYISH)
    dark = cv2.subtract(dark, cv2.resize(greyish, dark.shape[::-1], interpolation=cv2.INTER_LINEAR)).astype(np.float32)
    noise = 1.4826 * float(np.median(np.abs(dark - np.median(dark))))
    level = float(cv2.threshold(dark.astype(np.uint8), 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[0])
    sure = max(level, _FAINTEST, 6.0 * noise)
    maybe = (dark > max(0.55 * sure, 4.0 * noise)).astype(np.uint8)
    count, labels = cv2.connectedComponents(maybe, connectivity=8)
    strongest = np.zeros(count, np.float32)
    np.maximum.at(strongest, labels.ravel(), dark.ravel())
    strongest[0] = 0.0
    return np.where(strongest[labels] > sure, np.uint8(255), np.uint8(0))


def _glyph_groups(found: Regions, shape: tuple[int, int]) -> list[list[int]]:
    """Put the regions that are parts of one glyph together and leave out what is none; gives lists of regions."""
    kept = [r for r in range(len(found)) if not _is_frame(found.boxes[r], shape)]
    if not kept:
        return []
    typical = _typical_height([found.boxes[r] for r in kept])
    kept = [r for r in kept if max(found.boxes[r][2:]) >= _SPECK * typical]
    whole = [[r] for r in kept if max(found.boxes[r][2:]) >= _FRAGMENT * typical]
    fragments = [r for r in kept if max(found.boxes[r][2:]) < _FRAGMENT * typical]
    whole = _joined(whole, found)
    alone: list[int] = []
    for r in sorted(fragments, key=lambda r: -found.areas[r]):
        distances = [_distance(found.boxes[r], _around([found.boxes[i] for i in group])) for group in whole]
        nearest = min(range(len(whole)), key=distances.__getitem__, default=-1)
        if nearest >= 0 and distances[nearest] <= _NEAR * typical:
            whole[nearest].append(r)
        else:
            alone.append(r)
    # A fragment that belongs to nothing is a small glyph of its own (a dash, a comma) or dirt; dirt is lone and tiny.
    return whole + [[r] for r in alone if max(found.boxes[r][2:]) >= 0.35 * typical]


def _joined(groups: list[list[int]], found: Regions) -> list[list[int]]:
    """Join large parts of one glyph: boxes that lie mostly inside one another."""
    changed = True
    while changed:
        changed = False
        for i in range(len(groups)):
            for j in range(i + 1, len(groups)):
                one, other = (_around([found.boxes[r] for r in group]) for group in (groups[i], groups[j]))
                if _covered(one, other) >= 0.6:
                    groups[i] += groups.pop(j)
                    changed = True
                    break
            if changed:
                break
    return groups


def _is_frame(box: Box, shape: tuple[int, int]) -> bool:
    """True for what touches the picture's edge and is large: the edge of a table or a page, a finger, a dark corner."""
    left, top, width, height = box
    touches = left <= 1 or top <= 1 or left + width >= shape[1] - 1 or top + height >= shape[0] - 1
    return touches and (width >= _FRAME * shape[1] or height >= _FRAME * shape[0])


def _typical_height(boxes: list[Box]) -> float:
    """Give the height that the middle pixel of height belongs to: many specks weigh little against a few glyphs."""
    heights = np.sort(np.array([max(height, width // 2) for _, _, width, height in boxes], np.float64))
    weight = np.cumsum(heights**2)
    return float(heights[int(np.searchsorted(weight, weight[-1] / 2))])


def _around(boxes: list[Box]) -> Box:
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(box[0] + box[2] for box in boxes), max(box[1] + box[3] for box in boxes)
    return left, top, right - left, bottom - top


def _distance(one: Box, other: Box) -> float:
    across = max(one[0] - other[0] - other[2], other[0] - one[0] - one[2], 0)
    down = max(one[1] - other[1] - other[3], other[1] - one[1] - one[3], 0)
    return float(np.hypot(across, down))


def _covered(one: Box, other: Box) -> float:
    """Give the share of the smaller box that the other covers."""
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return max(across, 0) * max(down, 0) / min(one[2] * one[3], other[2] * other[3])


def _in_picture(box: Box, scale: float, width: int, height: int) -> Box:
    left, top = int(box[0] / scale), int(box[1] / scale)
    right = min(width, int(np.ceil((box[0] + box[2]) / scale)))
    bottom = min(height, int(np.ceil((box[1] + box[3]) / scale)))
    return left, top, right - left, bottom - top


def _crop(
    picture: Picture, scale: float, box: Box, group: list[int], found: Regions, ink: NDArray[np.uint8]
) -> Picture:
    """Cut one glyph (box in working pixels) out of the picture, other ink around it painted over with the paper."""
    cv2 = opencv()
    margin = round(_MARGIN * max(box[2], box[3])) + 2
    rows = slice(max(0, box[1] - margin), min(ink.shape[0], box[1] + box[3] + margin))
    columns = slice(max(0, box[0] - margin), min(ink.shape[1], box[0] + box[2] + margin))
    own = np.isin(found.labels[rows, columns], np.array(group) + 1)
    foreign = ((ink[rows, columns] > 0) & ~own).astype(np.uint8)
    left, top, width, height = _in_picture(
        (columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start),
        scale, picture.shape[1], picture.shape[0],
    )  # fmt: skip
    crop = picture[top : top + height, left : left + width].copy()
    if foreign.any():
        # Ink fades out over a pixel or two, so foreign ink is painted over with its rim, but never into our own.
        rim = cv2.dilate(foreign, np.ones((5, 5), np.uint8)) & ~cv2.dilate(
            own.astype(np.uint8), np.ones((3, 3), np.uint8)
        )
        over = cv2.resize(np.maximum(foreign, rim), (width, height), interpolation=cv2.INTER_NEAREST) > 0
        mine = cv2.resize(own.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST) > 0
        paper = crop[~over & ~mine]
        if len(paper):
            crop[over] = np.median(paper, axis=0).astype(np.uint8)
    return np.ascontiguousarray(crop)
