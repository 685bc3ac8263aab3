"""Find the glyphs of a photographed sheet: from a picture of a page to one box and one clean crop for each.

    flatten light -> ink by hysteresis -> without ruling lines -> regions -> specks out, broken strokes joined -> lines

The thresholds here are shares of the typical glyph height, which is found first; nothing is a number of pixels.
"""

from __future__ import annotations

import math
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
#: Noise is measured in squares of this side.
_BLOCK_PX = 64
#: A region lower and narrower than this share of the typical height is a fragment; below the other, a speck.
_FRAGMENT, _SPECK = 0.6, 0.12
#: No glyph is smaller than this share of the page's longer side, and no page has more regions to look at than this.
_LEAST, _MOST = 0.01, 1000
#: A fragment within this share of the typical height of a glyph is part of it.
_NEAR = 0.12
#: A gap in a stroke is at most this share of the shorter part; lines of writing stand further apart.
_GAP = 0.08
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
    noise = _noise(dark.astype(np.float32))  # before the grey is taken off, which cuts off half of the noise
    # Where light falls off steeply (a corner, the edge of a shadow) the ground is put too high, so paper seems greyish.
    small = cv2.resize(dark, (max(1, dark.shape[1] // 4), max(1, dark.shape[0] // 4)), interpolation=cv2.INTER_AREA)
    greyish = np.minimum(cv2.medianBlur(small, 41), _GREYISH)
    dark = cv2.subtract(dark, cv2.resize(greyish, dark.shape[::-1], interpolation=cv2.INTER_LINEAR)).astype(np.float32)
    level = float(cv2.threshold(dark.astype(np.uint8), 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[0])
    sure = np.maximum(max(level, _FAINTEST), 6.0 * noise)
    maybe = (dark > np.maximum(0.55 * max(level, _FAINTEST), 4.0 * noise)).astype(np.uint8)
    count, labels = cv2.connectedComponents(maybe, connectivity=8)
    linked = np.zeros(count, np.uint8)
    linked[np.unique(labels[(dark > sure) & (labels > 0)])] = 255
    return np.asarray(linked[labels], dtype=np.uint8)


def _noise(dark: NDArray[np.float32]) -> NDArray[np.float32]:
    """Estimate the standard deviation of the paper's noise at each pixel (H, W): in a shadow it is larger."""
    cv2 = opencv()
    whole = 1.4826 * float(np.median(np.abs(dark - np.median(dark))))
    rows, columns = dark.shape[0] // _BLOCK_PX, dark.shape[1] // _BLOCK_PX
    if rows < 2 or columns < 2:
        return np.full(dark.shape, whole, np.float32)
    tiles = dark[: rows * _BLOCK_PX, : columns * _BLOCK_PX].reshape(rows, _BLOCK_PX, columns, _BLOCK_PX)
    blocks = tiles.transpose(0, 2, 1, 3).reshape(rows, columns, _BLOCK_PX * _BLOCK_PX)
    spread = 1.4826 * np.median(np.abs(blocks - np.median(blocks, axis=2, keepdims=True)), axis=2)
    # A block full of writing is no noisy one: it may count as five times as noisy as the page, no more.
    local = np.clip(spread, whole, 5.0 * whole).astype(np.float32)
    found: NDArray[np.float32] = cv2.resize(local, dark.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return found


def _glyph_groups(found: Regions, shape: tuple[int, int]) -> list[list[int]]:
    """Put the regions that are parts of one glyph together and leave out what is none; gives lists of regions."""
    least = max(6.0, _LEAST * max(shape))
    kept = [r for r in range(len(found)) if max(found.boxes[r][2:]) >= 2 and not _is_frame(found.boxes[r], shape)]
    # What fills a picture with thousands of shapes is cloth, gravel or noise; the largest are looked at, and no more.
    kept = sorted(kept, key=lambda r: -found.areas[r])[:_MOST]
    if not kept:
        return []
    typical = max(_typical_height([found.boxes[r] for r in kept]), least)
    kept = [r for r in kept if max(found.boxes[r][2:]) >= _SPECK * typical]
    whole = [[r] for r in kept if max(found.boxes[r][2:]) >= _FRAGMENT * typical]
    fragments = [r for r in kept if max(found.boxes[r][2:]) < _FRAGMENT * typical]
    whole = _joined(whole, found)
    around = [_around([found.boxes[r] for r in group]) for group in whole]
    alone: list[int] = []
    for r in fragments:
        distances = [_distance(found.boxes[r], box) for box in around]
        nearest = min(range(len(whole)), key=distances.__getitem__, default=-1)
        if nearest >= 0 and distances[nearest] <= _NEAR * typical:
            whole[nearest].append(r)
            around[nearest] = _around([around[nearest], found.boxes[r]])
        else:
            alone.append(r)
    # A fragment that belongs to nothing is a small glyph of its own (a dash, a comma) or dirt; dirt is lone and tiny.
    groups = whole + [[r] for r in alone if max(found.boxes[r][2:]) >= 0.35 * typical]
    return [group for group in groups if max(_around([found.boxes[r] for r in group])[2:]) >= least]


def _joined(groups: list[list[int]], found: Regions) -> list[list[int]]:
    """Join large parts of one glyph: boxes that lie mostly inside one another, or a stroke with a small gap in it.

    One sweep from left to right; only boxes that still reach to the current one are looked at, so that a picture full
    of shapes takes no longer than its shapes.
    """
    joined: list[tuple[Box, list[int]]] = []
    reaching: list[int] = []
    for box, group in sorted((_around([found.boxes[r] for r in group]), group) for group in groups):
        reaching = [i for i in reaching if joined[i][0][0] + joined[i][0][2] >= box[0]]
        match = next((i for i in reaching if _covered(joined[i][0], box) >= 0.6 or _broken(joined[i][0], box)), None)
        if match is None:
            reaching.append(len(joined))
            joined.append((box, list(group)))
        else:
            joined[match] = (_around([joined[match][0], box]), joined[match][1] + group)
    return [group for _, group in joined]


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
    return math.hypot(across, down)


def _covered(one: Box, other: Box) -> float:
    """Give the share of the smaller box that the other covers."""
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return max(across, 0) * max(down, 0) / min(one[2] * one[3], other[2] * other[3])


def _broken(one: Box, other: Box) -> bool:
    """True for two boxes that stand on one another with a gap far smaller than either."""
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    smaller = min(max(one[2:]), max(other[2:]))
    return across >= 0.6 * min(one[2], other[2]) and _distance(one, other) <= _GAP * smaller


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
