"""Sprites as a practice site for crawlers shows them: sheets of 10 rows of 10 digits, strips of ten, single glyphs.

``glyphsmith practice`` serves the sheets and strips, ``glyphsmith synth sprites`` writes the glyphs, and a reader
learns from them. What is painted is a function of (seed, index) alone.

Level 2, a sheet: opaque white, black antialiased digits, another font, size and slant for every glyph, some framed or
inverted, a few illegible, every row a permutation of 0-9; about 184 x 198. Level 1, a strip: 0-9 once, in order, one
font, transparent ground; about 117 x 14.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from glyphsmith.synth.chance import Chance, Seeded
from glyphsmith.synth.digit_fonts import DIGITS, DigitFont, font_part_named
from glyphsmith.synth.sprite_cells import CellPainter, SpriteSettings

__all__ = ["Sprite", "SpritePainter", "SpriteSettings", "font_part_named", "png_bytes"]

_ROWS = _COLUMNS = 10
#: Heights a strip's tallest digit may have.
_STRIP_H = (12, 15)


@dataclass(frozen=True, slots=True)
class Sprite:
    """A sheet or a strip, and where its digits stand.

    ``boxes`` holds left, top, width and height of each cell in pixels: int (rows, 10, 4). ``digits`` and ``legible``
    are (rows, 10): a sheet has 10 rows, a strip one. The picture of a sheet is uint8 (H, W, 3) RGB, that of a strip
    (H, W, 4) RGBA.
    """

    picture: NDArray[np.uint8]
    boxes: NDArray[np.int64]
    digits: NDArray[np.int64]
    legible: NDArray[np.bool_]

    def cut(self, row: int, column: int) -> NDArray[np.uint8]:
        """Give the pixels of one cell: uint8 (h, w, channels)."""
        left, top, width, height = (int(edge) for edge in self.boxes[row, column])
        return self.picture[top : top + height, left : left + width]


class SpritePainter:
    """Paints sheets, strips and single glyphs; picture ``index`` of ``seed`` is the same wherever it is painted."""

    def __init__(self, settings: SpriteSettings | None = None) -> None:
        self.settings = settings or SpriteSettings()
        self._cells = CellPainter(self.settings)
        self._seeded: Seeded | None = None

    @property
    def fonts(self) -> tuple[DigitFont, ...]:
        """The fonts that are drawn with."""
        return self._cells.fonts

    def describe(self) -> list[str]:
        """Say which fonts are used."""
        return self._cells.describe()

    def text(self, seed: int, index: int) -> str:
        """Give the digit of glyph ``index`` without painting it."""
        return DIGITS[self._chance(seed, index).whole(0, 9)]

    def legible(self, seed: int, index: int) -> bool:
        """Say without painting it whether glyph ``index`` shows its digit."""
        chance = self._chance(seed, index)
        chance.whole(0, 9)
        self._cells.pick_font(chance)
        return self._cells.legible(chance)

    def design(self, seed: int, index: int) -> str:
        """Give the design of the font of glyph ``index`` without painting it."""
        chance = self._chance(seed, index)
        chance.whole(0, 9)
        return self._cells.pick_font(chance).design

    def paint(self, seed: int, index: int) -> tuple[NDArray[np.uint8], str]:
        """Paint one glyph as a crawler cuts it, uint8 (h, w, 3), 8 x 10 to 19 x 22, and its digit."""
        chance = self._chance(seed, index)
        digit = chance.whole(0, 9)
        font = self._cells.pick_font(chance)
        grey = _cut_out(self._cells.paint(digit, font, chance).grey, chance)
        return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.uint8), DIGITS[digit]

    def paint_batch(self, seed: int, indices: Sequence[int]) -> tuple[list[NDArray[np.uint8]], list[str]]:
        """Paint several glyphs: their pictures, which differ in size, and their digits."""
        painted = [self.paint(seed, index) for index in indices]
        return [picture for picture, _ in painted], [digit for _, digit in painted]

    def sheet(self, seed: int, index: int) -> Sprite:
        """Paint a sheet of 10 rows of 10 digits (level 2)."""
        chance = self._chance(seed, index)
        permutations = chance.many(_ROWS * _COLUMNS).reshape(_ROWS, _COLUMNS)
        digits = permutations.argsort(axis=1) if self.settings.permuted else (permutations * 10).astype(np.int64)
        cells = [
            [self._cells.paint(int(digit), self._cells.pick_font(chance), chance) for digit in row] for row in digits
        ]
        sizes = np.array([[cell.grey.shape for cell in row] for row in cells])
        # A table: each column as wide as its widest cell, each row as high as its highest, and the air between them.
        air_x, air_y = chance.whole(1, 3), 1
        rights = np.cumsum(sizes[:, :, 1].max(axis=0) + air_x)
        bottoms = np.cumsum(sizes[:, :, 0].max(axis=1) + air_y)
        lefts, tops = np.concatenate(([0], rights[:-1])), np.concatenate(([0], bottoms[:-1]))
        place = chance.pick((0.0, 0.5))  # in the corner of its place, or in the middle
        sheet = np.full((bottoms[-1], rights[-1]), 255, np.uint8)
        boxes = np.empty((_ROWS, _COLUMNS, 4), np.int64)
        for r, row in enumerate(cells):
            for c, cell in enumerate(row):
                h, w = cell.grey.shape
                x = int(lefts[c] + place * (rights[c] - lefts[c] - air_x - w))
                y = int(tops[r] + place * (bottoms[r] - tops[r] - air_y - h))
                sheet[y : y + h, x : x + w] = cell.grey
                boxes[r, c] = x, y, w, h
        legible = np.array([[cell.legible for cell in row] for row in cells])
        return Sprite(np.asarray(cv2.cvtColor(sheet, cv2.COLOR_GRAY2RGB), np.uint8), boxes, digits, legible)

    def strip(self, seed: int, index: int) -> Sprite:
        """Paint a strip of the digits 0-9 in one font (level 1)."""
        chance = self._chance(seed, index)
        font = self._cells.pick_font(chance)
        height = chance.whole(*_STRIP_H)
        size = next(
            size
            for size in range(2 * height, 4, -1)
            if max(self._cells.small(font.path, size, digit).shape[0] for digit in range(10)) <= height or size == 5
        )
        inks = [self._cells.small(font.path, size, digit) for digit in range(10)]
        touching = chance.yes(self.settings.touching)
        gaps = [0 if touching else chance.whole(2, 4) for _ in inks]
        boxes = np.empty((1, len(inks), 4), np.int64)
        tall = max(ink.shape[0] for ink in inks)
        wide = sum(ink.shape[1] for ink in inks) + sum(gaps[:-1])
        strip = np.zeros((tall, wide, 4), np.uint8)
        left = 0
        for digit, (ink, gap) in enumerate(zip(inks, gaps, strict=True)):
            h, w = ink.shape
            strip[tall - h :, left : left + w, 3] = ink
            boxes[0, digit] = left, 0, w, tall
            left += w + gap
        return Sprite(strip, boxes, np.arange(10)[None], np.ones((1, 10), np.bool_))

    def _chance(self, seed: int, index: int) -> Chance:
        if self._seeded is None or self._seeded.seed != seed:
            self._seeded = Seeded(seed)
        return self._seeded.of(index)


def png_bytes(picture: NDArray[np.uint8]) -> bytes:
    """Encode a picture, RGB or RGBA, as PNG."""
    order = cv2.COLOR_RGBA2BGRA if picture.shape[2] == 4 else cv2.COLOR_RGB2BGR
    return bytes(cv2.imencode(".png", cv2.cvtColor(picture, order))[1].tobytes())


def _cut_out(grey: NDArray[np.uint8], chance: Chance) -> NDArray[np.uint8]:
    """Cut a cell as crawlers do: mostly exactly, else up to a pixel too wide or too narrow on a side."""
    u = chance.units(6)
    left, top, right, bottom = (_slip(share) for share in u[:4])
    h, w = grey.shape
    padded = np.full((h + 2, w + 2), 255, np.uint8)
    padded[1:-1, 1:-1] = grey
    if u[4] < _NEIGHBOUR:
        # The edge of the glyph beside it, in the column that was cut too many.
        side, shown = (0, left) if u[5] < 0.5 else (-1, right)
        if shown == 1:
            padded[1:-1, side] = grey[:, w // 2]
    return padded[1 - top : h + 1 + bottom, 1 - left : w + 1 + right]


#: Shares of cuts that are a pixel too narrow and too wide, per side, and of cuts that show their neighbour's edge.
_NARROW, _WIDE, _NEIGHBOUR = 0.03, 0.2, 0.05


def _slip(share: float) -> int:
    return -1 if share < _NARROW else int(share > 1 - _WIDE)
