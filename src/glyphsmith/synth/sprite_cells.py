"""One cell of a sprite: a digit of 8 x 10 to 17 x 20 pixels, plain, framed, inverted or illegible.

The sheet of a practice page and the single glyphs that readers learn from are made of the same cells. A glyph is drawn
once per font and size and kept; turning, slanting and stretching start from a large drawing, so a cell takes about 50
microseconds.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from glyphsmith.errors import DataError
from glyphsmith.synth.chance import Chance
from glyphsmith.synth.digit_fonts import DigitFont, FontPart, digit_masks, find_digit_fonts, fonts_of_part, trimmed

__all__ = ["MOST_H", "MOST_W", "Cell", "CellPainter", "SpriteSettings"]

Grey = NDArray[np.uint8]

#: Sizes of a cell in pixels, as on the genuine sheets.
LEAST_W, LEAST_H, MOST_W, MOST_H = 8, 10, 17, 20
#: Height of the large drawings that warped digits come from, and the margin around them.
_LARGE_PX, _LARGE_PAD = 64, 4
#: Warped digits are looked up this many times as fine as the cell, then averaged: that is what antialiasing does.
_FINE = 4


@dataclass(frozen=True, slots=True)
class SpriteSettings:
    """What sprites look like; shares are probabilities per cell, or per strip for ``touching``.

    ``fonts`` are sources as ``--fonts`` names them. ``part`` and ``hold_out`` divide the fonts by design: about the
    share ``hold_out`` of the designs is kept from "training" and is all there is in "held-out".
    """

    fonts: tuple[str, ...] = ("bundled", "matplotlib", "system")
    part: FontPart = "all"
    hold_out: float = 0.25
    warped: float = 0.5
    """Turned, slanted and stretched; the others are as FreeType draws them at their size."""
    turn_deg: float = 12.0
    slant: float = 0.3
    framed: float = 0.08
    inverted: float = 0.07
    illegible: float = 0.01
    touching: float = 0.2
    """Level 1 only: the share of strips whose digits have no empty column between them."""
    permuted: bool = True
    """Every row of a sheet has the ten digits once; otherwise its digits are drawn freely."""

    def __post_init__(self) -> None:
        for name in ("hold_out", "warped", "framed", "inverted", "illegible", "touching"):
            if not 0 <= getattr(self, name) <= 1:
                raise DataError(f"sprites: {name} is {getattr(self, name)}, expected a share from 0 to 1")
        if self.part != "all" and not 0 < self.hold_out < 1:
            raise DataError(
                f"sprites: of {self.hold_out:g} of the designs held out, one of the two parts has no font",
                hint="--hold-out 0.25 is usual",
            )


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: uint8 (h, w) grey, dark on white unless inverted, and whether its digit can be told."""

    grey: Grey
    legible: bool = True


class CellPainter:
    """Paints cells in the fonts of some settings; designs are drawn evenly, so one of forty fonts is no majority."""

    def __init__(self, settings: SpriteSettings) -> None:
        self.settings = settings
        found = find_digit_fonts(tuple(settings.fonts))
        self.fonts = fonts_of_part(found, settings.part, settings.hold_out)
        designs: defaultdict[str, list[DigitFont]] = defaultdict(list)
        for font in self.fonts:
            designs[font.design].append(font)
        self._designs: Sequence[Sequence[DigitFont]] = tuple(tuple(fonts) for fonts in designs.values())
        self._out_of = len({font.design for font in found})
        self._small: dict[tuple[str, int], tuple[Grey, ...]] = {}
        self._large: dict[str, tuple[Grey, ...]] = {}

    def describe(self) -> list[str]:
        """Say how many fonts there are, of how many designs, and which."""
        names = sorted({font.design for font in self.fonts})
        part = "" if self.settings.part == "all" else f"{self.settings.part} fonts: "
        of = "" if len(names) == self._out_of else f" of {self._out_of}"
        shown = ", ".join(names[:30]) + (f" and {len(names) - 30} more" if len(names) > 30 else "")
        fonts = "1 font" if len(self.fonts) == 1 else f"{len(self.fonts)} fonts"
        designs = "1 design" if of == "" and len(names) == 1 else f"{len(names)}{of} designs"
        return [f"{part}{fonts} of {designs}: {shown}"]

    def pick_font(self, chance: Chance) -> DigitFont:
        """Draw a font: first its design, then the font."""
        return chance.pick(chance.pick(self._designs))

    def legible(self, chance: Chance) -> bool:
        """Draw whether a cell shows its digit: the first draw that a cell takes."""
        return not chance.yes(self.settings.illegible)

    def paint(self, digit: int, font: DigitFont, chance: Chance) -> Cell:
        """Paint one digit; every draw comes from ``chance``."""
        settings = self.settings
        if not self.legible(chance):
            return Cell(self._illegible(font, chance), legible=False)
        framed, inverted = chance.yes(settings.framed), chance.yes(settings.inverted)
        # A frame takes a pixel and another of air; white on black needs a rim to be seen at all.
        rim = (2 if framed else 0) or (1 if inverted else 0)
        most_w, most_h = MOST_W - 2 * rim, MOST_H - 2 * rim
        ink = self._warped(digit, font, chance, most_w, most_h) if chance.yes(settings.warped) else None
        if ink is None:
            ink = self._upright(digit, font, chance, most_w, most_h)
        ink = _toned(ink, chance)
        placed = _placed(ink, chance, rim)
        if framed:
            _frame(placed, chance)
        return Cell(placed if inverted else 255 - placed)

    def small(self, path: str, size_px: int, digit: int) -> Grey:
        """Give a digit as FreeType draws it at this size: uint8 (h, w) coverage, cut to its ink; drawn once."""
        found = self._small.get((path, size_px))
        if found is None:
            found = self._small[path, size_px] = digit_masks(path, size_px)
        return found[digit]

    def _drawn_large(self, path: str, digit: int) -> Grey:
        found = self._large.get(path)
        if found is None:
            found = self._large[path] = tuple(np.pad(ink, _LARGE_PAD) for ink in digit_masks(path, _LARGE_PX))
        return found[digit]

    def _upright(self, digit: int, font: DigitFont, chance: Chance, most_w: int, most_h: int) -> Grey:
        size = chance.whole(12, 25)
        while True:
            ink = self.small(font.path, size, digit)
            if (ink.shape[0] <= most_h and ink.shape[1] <= most_w) or size == 6:
                return ink[:most_h, :most_w]
            size -= 1

    def _warped(self, digit: int, font: DigitFont, chance: Chance, most_w: int, most_h: int) -> Grey | None:
        """Turn, slant and stretch the large drawing; None where it would be too small to be told."""
        settings = self.settings
        large = self._drawn_large(font.path, digit)
        tall, wide = large.shape[0] - 2 * _LARGE_PAD, large.shape[1] - 2 * _LARGE_PAD
        u = chance.units(8)
        turn = math.radians(settings.turn_deg * (u[0] + u[1] - 1))
        slant = settings.slant * (u[2] + u[3] - 1)
        stretch = 0.8 + 0.45 * u[4]
        # Columns: where a step across and a step down of the drawing lead.
        cos, sin = math.cos(turn), math.sin(turn)
        ax, ay = stretch * cos, stretch * sin
        bx, by = -sin - slant * cos, cos - slant * sin
        reach_w = abs(ax) * wide + abs(bx) * tall
        reach_h = abs(ay) * wide + abs(by) * tall
        height = 9.0 + (most_h - 9) * u[5] ** 1.2
        scale = min(height / reach_h, most_w / reach_w)
        if scale * reach_h < 7:
            return None
        # What fills the cell exactly is by rounding a hair wider than it, once in a million glyphs.
        w, h = min(most_w, math.ceil(scale * reach_w)), min(most_h, math.ceil(scale * reach_h))
        k = scale * _FINE
        free_x, free_y = w * _FINE - k * reach_w, h * _FINE - k * reach_h
        x0 = k * reach_w / 2 + free_x * u[6] - k * (ax * large.shape[1] + bx * large.shape[0]) / 2 - 0.5
        y0 = k * reach_h / 2 + free_y * u[7] - k * (ay * large.shape[1] + by * large.shape[0]) / 2 - 0.5
        matrix = np.array(((k * ax, k * bx, x0), (k * ay, k * by, y0)))
        fine = cv2.warpAffine(large, matrix, (w * _FINE, h * _FINE), flags=cv2.INTER_LINEAR)
        change = chance.unit()
        if change < _BOLDER:
            fine = cv2.dilate(fine, _STROKE)
        elif change > 1 - _THINNER:
            thin = cv2.erode(fine, _STROKE)
            # Hairlines would vanish: they stay as they are.
            if np.count_nonzero(thin > 127) > np.count_nonzero(fine > 127) * _LEFT:
                fine = thin
        return trimmed(np.asarray(cv2.resize(fine, (w, h), interpolation=cv2.INTER_AREA), np.uint8))

    def _illegible(self, font: DigitFont, chance: Chance) -> Grey:
        """Paint what says nothing of its digit: a boxed zero, a scribble or a speck."""
        kind = chance.whole(0, 2)
        w, h = chance.whole(9, MOST_W), chance.whole(11, MOST_H)
        if kind == 0:
            ink = self._upright(0, font, chance, w - 4, h - 4)
            placed = _placed(ink, chance, 2)
            _frame(placed, chance)
            return 255 - placed
        canvas = np.zeros((h * _FINE, w * _FINE), np.uint8)
        if kind == 1:
            points = (chance.many(2 * chance.whole(4, 9)).reshape(-1, 2) * (canvas.shape[1], canvas.shape[0])).astype(
                np.int32
            )
            cv2.polylines(canvas, [points], isClosed=False, color=255, thickness=chance.whole(3, 7))
        else:
            middle = (chance.whole(8, canvas.shape[1] - 8), chance.whole(8, canvas.shape[0] - 8))
            cv2.ellipse(
                canvas, middle, (chance.whole(2, 7), chance.whole(2, 7)), chance.between(0, 180), 0, 360, 255, -1
            )
        return 255 - np.asarray(cv2.resize(canvas, (w, h), interpolation=cv2.INTER_AREA), np.uint8)


_STROKE = np.ones((3, 3), np.uint8)
#: Shares of warped digits with a stroke half a pixel thicker and thinner, and the ink that must be left of the latter.
_BOLDER, _THINNER, _LEFT = 0.15, 0.12, 0.6
#: Rasterisers differ in how dark they make a half-covered pixel: exponents of coverage, as tables.
_TONES = tuple(
    np.rint(255 * (np.arange(256) / 255) ** power).astype(np.uint8) for power in (0.6, 0.7, 0.8, 0.9, 1, 1.15, 1.3)
)

#: The darkest pixel of a digit has at least this coverage: digits of the genuine sheets are black, and hairline fonts
#: at 12 px reach 20 of 255. Those were most of what a first reader missed in held-out fonts (docs/log.md).
_LEAST_PEAK = 150


def _toned(ink: Grey, chance: Chance) -> Grey:
    toned = np.asarray(chance.pick(_TONES)[ink], np.uint8)
    peak = int(toned.max(initial=0))
    return (
        np.asarray(cv2.convertScaleAbs(toned, alpha=_LEAST_PEAK / peak), np.uint8) if 0 < peak < _LEAST_PEAK else toned
    )


def _placed(ink: Grey, chance: Chance, rim: int) -> Grey:
    """Lay ink on an empty cell that is at least 8 x 10, with ``rim`` pixels or a little more around it."""
    h, w = ink.shape
    u = chance.units(4)
    width = min(MOST_W, max(LEAST_W, w + 2 * rim + int(3 * u[0])))
    height = min(MOST_H, max(LEAST_H, h + 2 * rim + int(3 * u[1])))
    left = rim + int((width - w - 2 * rim + 1) * u[2])
    top = rim + int((height - h - 2 * rim + 1) * u[3])
    cell = np.zeros((height, width), np.uint8)
    cell[top : top + h, left : left + w] = ink
    return cell


def _frame(cell: Grey, chance: Chance) -> None:
    cell[0] = cell[-1] = cell[:, 0] = cell[:, -1] = chance.pick((255, 255, 255, 200, 150))
