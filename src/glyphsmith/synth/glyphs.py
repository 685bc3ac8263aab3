"""Symbols drawn once per font and size, then looked up as they are turned, stretched and warped into pictures.

``press`` goes from a pixel of the result straight to a pixel of the drawn symbol: one look-up where the ``captcha``
library draws, crops, turns, stretches and warps a picture of four channels for every symbol. What its steps do to the
look is put into the raster beforehand, see ``_hard_raster``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

__all__ = ["Case", "Glyph", "Warp", "press", "turned_size"]

Mask = NDArray[np.uint8]
Floats = NDArray[np.float32]

#: Hard rasters have this many pixels a side for one of the font's: looking up the nearest is then exact to 1/8 pixel.
#: Many fonts make do with the coarser ones, or their symbols would not all be kept.
FINE, COARSE = 4, 2
#: Empty pixels (of the font) around a symbol's ink.
PAD = 3
#: The library's rotation (bilinear) and stretching (bicubic) smear a symbol's edge, and every pixel that the smear
#: reaches becomes full ink. A blur of this many pixels cut at this level gives the same ink: chosen of 40 pairs on 600
#: symbols of random size, angle, warp and colour, where the darkness agrees within 0.2 % and pixels differ by 3.5 of
#: 255 on average, all at the edges (docs/painting.md).
SMEAR_PX, SMEAR_LEVEL = 0.3, 7 / 255
#: Rasters kept; the oldest goes first. 62 symbols of 120 fonts in 2 sizes, soft, take 30 MB.
KEPT_BYTES = 96 * 2**20
#: More symbols than these, counted for every font and size, get coarse rasters.
MANY = 2000


@dataclass(frozen=True, slots=True)
class Glyph:
    """One symbol of one font and size."""

    raster: Mask
    """Hard: 0 or 255, ``fine`` pixels a pixel; soft: 0..255, one a pixel. ``PAD`` pixels of margin."""
    fine: int
    ink_w: int
    ink_h: int
    box_w: float
    box_h: float
    below: float
    """How far the middle of the ink lies below the middle of the font's capitals, in pixels."""


@dataclass(frozen=True, slots=True)
class Warp:
    """The turn and the displaced corners of one symbol; shares of the box, as drawn by the painter."""

    angle_deg: float
    x1: float
    y1: float
    x2: float
    y2: float


class Case:
    """The drawn symbols of some fonts (files) and sizes, as in a printer's case."""

    def __init__(
        self,
        box: Literal["ink", "line", "tight"] = "ink",
        box_scale: float = 1.0,
        edges: Literal["hard", "soft"] = "hard",
        expected: int = 0,
    ) -> None:
        self._box, self._box_scale = box, box_scale
        #: Pixels a side of a hard raster for one of the font's; 1 is a soft raster.
        self._fine = 1 if edges == "soft" else FINE if expected <= MANY else COARSE
        self._glyphs: dict[tuple[str, int, str], Glyph] = {}
        self._bytes = 0

    def glyph(self, path: str, size_px: int, symbol: str) -> Glyph:
        """Give one symbol, drawn at most once while it is kept."""
        key = (path, size_px, symbol)
        found = self._glyphs.get(key)
        if found is None:
            found = self._draw(path, size_px, symbol)
            self._glyphs[key] = found
            self._bytes += found.raster.nbytes
            while self._bytes > KEPT_BYTES and len(self._glyphs) > 1:
                self._bytes -= self._glyphs.pop(next(iter(self._glyphs))).raster.nbytes
        return found

    @lru_cache(maxsize=1024)  # noqa: B019 - a case lives as long as its painter
    def blank_px(self, path: str, size_px: int) -> int:
        """Give the width of a blank in pixels."""
        width = self._box_of(_font(path, size_px), " ")[0]
        return max(1, int(width))

    def _box_of(self, font: ImageFont.FreeTypeFont, symbol: str) -> tuple[float, float]:
        left, top, right, bottom = font.getbbox(symbol)
        if self._box == "tight":
            width, height = right - left, bottom - top
        elif self._box == "line":
            width, height = max(math.ceil(font.getlength(symbol)), right), bottom
        else:
            # The library asks for the box of a text that starts at (1, 1).
            width, height = right + 1, bottom + 1
        return width * self._box_scale, height * self._box_scale

    def _draw(self, path: str, size_px: int, symbol: str) -> Glyph:
        font = _font(path, size_px)
        left, top, right, bottom = (int(edge) for edge in font.getbbox(symbol))
        canvas = Image.new("L", (right - left + 8, bottom - top + 8))
        ImageDraw.Draw(canvas).text((4 - left, 4 - top), symbol, font=font, fill=255)
        edges = canvas.getbbox()
        if edges is None:  # typefaces.py keeps such symbols away
            edges = (0, 0, 1, 1)
        ink = np.asarray(canvas.crop(edges), np.uint8)
        capitals = font.getbbox("H")
        below = top + (edges[1] + edges[3]) / 2 - 4 - (capitals[1] + capitals[3]) / 2
        box_w, box_h = self._box_of(font, symbol)
        raster = _hard_raster(ink, self._fine) if self._fine > 1 else np.pad(ink, PAD)
        return Glyph(raster, self._fine, ink.shape[1], ink.shape[0], max(1, box_w), max(1, box_h), below)


@lru_cache(maxsize=256)
def _font(path: str, size_px: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size_px)


def _hard_raster(ink: Mask, fine: int) -> Mask:
    """Give the pixels that the library's smear reaches: uint8 0 or 255, ``fine`` times as many a side."""
    padded = np.pad(ink, PAD).astype(np.float32) / 255
    large = cv2.resize(padded, None, fx=fine, fy=fine, interpolation=cv2.INTER_LINEAR)
    smeared = cv2.GaussianBlur(large, (0, 0), SMEAR_PX * fine)
    return np.where(np.asarray(smeared) > SMEAR_LEVEL, np.uint8(255), np.uint8(0))


@lru_cache(maxsize=4096)
def _middles(n: int) -> Floats:
    return np.arange(n, dtype=np.float32) + np.float32(0.5)


def turned_size(glyph: Glyph, angle_deg: float) -> tuple[int, int, float, float]:
    """Give width and height of the upright box around the turned ink, in whole pixels, and the angle's cos and sin."""
    angle = math.radians(angle_deg)
    cos, sin = math.cos(angle), math.sin(angle)
    reach_x = (glyph.ink_w * abs(cos) + glyph.ink_h * abs(sin)) / 2
    reach_y = (glyph.ink_w * abs(sin) + glyph.ink_h * abs(cos)) / 2
    width = math.ceil(glyph.ink_w / 2 + reach_x) - math.floor(glyph.ink_w / 2 - reach_x)
    height = math.ceil(glyph.ink_h / 2 + reach_y) - math.floor(glyph.ink_h / 2 - reach_y)
    return width, height, cos, sin


def press(glyph: Glyph, warp: Warp, *, box: tuple[float, float] | None, scale: float = 1.0) -> Mask:
    """Turn the symbol, stretch it to ``box`` (None: leave its size) times ``scale`` and displace the box's corners.

    Gives uint8 (h, w): 0 or 255 of a hard glyph, all between of a soft one. The corners move as in the library: its
    quadrilateral is (x1, y1), (-x1, h2 - y2), (w2 + x2, h2 + y2), (w2 - x2, -y1) in a picture w2 x h2 of the symbol.
    """
    turned_w, turned_h, cos, sin = turned_size(glyph, warp.angle_deg)
    box_w, box_h = (turned_w, turned_h) if box is None else box
    w, h = max(1, int(box_w * scale)), max(1, int(box_h * scale))
    x1, y1, x2, y2 = int(w * warp.x1), int(h * warp.y1), int(w * warp.x2), int(h * warp.y2)
    w2, h2 = w + abs(x1) + abs(x2), h + abs(y1) + abs(y2)
    # Where each pixel lies in the stretched picture, bilinear between the four corners: float32 (2, h, w), x then y.
    # One row of it is a line in the column, and so is the change from row to row.
    columns, rows = _middles(w), _middles(h)[None, :, None]
    corners = np.array(
        (
            (x1, (w2 - x2 - x1) / w, -2 * x1 / h, 2 * (x1 + x2) / (w * h)),
            (y1, -2 * y1 / w, (h2 - y2 - y1) / h, 2 * (y1 + y2) / (w * h)),
        ),
        np.float32,
    )[:, :, None, None]
    place = rows * (corners[:, 2] + corners[:, 3] * columns)
    place += corners[:, 0] + corners[:, 1] * columns
    hard = glyph.fine > 1
    if hard:
        np.floor(place, out=place)
    half = 0.5 if hard else 0.0
    # From there back through the stretching and the turn to the raster.
    fine, to_x, to_y = glyph.fine, turned_w / w2, turned_h / h2
    middle_x = half * to_x - turned_w / 2
    middle_y = half * to_y - turned_h / 2
    x0 = fine * (cos * middle_x - sin * middle_y + glyph.ink_w / 2 + PAD) - 0.5
    y0 = fine * (sin * middle_x + cos * middle_y + glyph.ink_h / 2 + PAD) - 0.5
    across, down = place
    xs = cv2.addWeighted(across, fine * cos * to_x, down, -fine * sin * to_y, x0)
    ys = cv2.addWeighted(across, fine * sin * to_x, down, fine * cos * to_y, y0)
    how = cv2.INTER_NEAREST if hard else cv2.INTER_LINEAR
    return np.asarray(cv2.remap(glyph.raster, xs, ys, how, borderMode=cv2.BORDER_CONSTANT), np.uint8)
