"""Symbols drawn once per font and size, then turned, stretched to a box and warped into pictures.

Two ways. ``hard`` symbols go through the steps of the ``captcha`` library, on one channel and without picture objects:
what its interpolations do to a symbol's edge decides how well 0 can be told from O, so they are followed to the pixel.
``soft`` symbols are looked up once, through warp, stretching and turn together, and keep their antialiasing.
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

__all__ = ["Case", "Glyph", "Warp", "outlined", "press", "turned_size"]

Mask = NDArray[np.uint8]
Floats = NDArray[np.float32]

#: Hard rasters have this many pixels a side for one of the font's, so that Pillow's bilinear reading, which ends with
#: the ink's own box, is followed up to that box. Many fonts make do with the coarser ones, or their symbols would not
#: all be kept.
FINE, COARSE = 5, 3
#: Empty pixels around a soft symbol.
PAD = 1
#: How much of itself a hard symbol's ink has, of 255: the library draws it from 220 to 255.
INK = 237.5
#: Rasters kept; the oldest goes first. 62 symbols of 120 fonts in 2 sizes, soft, take 30 MB.
KEPT_BYTES = 96 * 2**20
#: More symbols than these, counted for every font and size, get coarse rasters.
MANY = 2000


_INNER = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))


@dataclass(frozen=True, slots=True)
class Glyph:
    """One symbol of one font and size."""

    raster: Mask
    """Hard: the ink, ``fine`` pixels a pixel; soft: one a pixel, with ``PAD`` pixels of margin. 0..255."""
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
        #: Pixels a side of a hard raster for one of the font's; 0 is a soft raster.
        self._fine = 0 if edges == "soft" else FINE if expected <= MANY else COARSE
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
        raster = _enlarged(ink * np.float32(INK / 255), self._fine) if self._fine else np.pad(ink, PAD)
        return Glyph(raster, self._fine, ink.shape[1], ink.shape[0], max(1, box_w), max(1, box_h), below)


@lru_cache(maxsize=256)
def _font(path: str, size_px: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size_px)


def _enlarged(ink: Floats, fine: int) -> Mask:
    """Give ``fine`` times as many pixels a side: linear between the old ones, constant at the borders, as in Pillow."""
    size = (ink.shape[1] * fine, ink.shape[0] * fine)
    return np.asarray(cv2.resize(ink, size, interpolation=cv2.INTER_LINEAR), np.uint8)


@lru_cache(maxsize=512)
def _terms(w: int, h: int) -> Floats:
    """Give 1, x, y and x * y for the middle of every pixel: float32 (4, h * w)."""
    x = np.tile(np.arange(w) + 0.5, h)
    y = np.repeat(np.arange(h) + 0.5, w)
    return np.ascontiguousarray(np.stack([np.ones(w * h), x, y, x * y]), np.float32)


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

    Gives uint8 (h, w): how much ink a pixel has, of 255; what that looks like is the canvas's to say. The corners move
    as in the library: its quadrilateral is (x1, y1), (-x1, h2 - y2), (w2 + x2, h2 + y2), (w2 - x2, -y1) in a picture
    w2 x h2 of the symbol.
    """
    # One look-up through all steps of a hard symbol was quicker by a fifth and moved 3 % of the pixels: a reader that
    # learned from it lost 0.3 points a symbol more on the library, all of them 0 for O (docs/painting.md).
    turned_w, turned_h, cos, sin = turned_size(glyph, warp.angle_deg)
    box_w, box_h = (turned_w, turned_h) if box is None else box
    w, h = max(1, int(box_w * scale)), max(1, int(box_h * scale))
    x1, y1, x2, y2 = int(w * warp.x1), int(h * warp.y1), int(w * warp.x2), int(h * warp.y2)
    w2, h2 = w + abs(x1) + abs(x2), h + abs(y1) + abs(y2)
    # Where each pixel lies in the stretched picture, bilinear between the four corners: float32 (2, h * w), x then y.
    # OpenCV counts from the middle of a pixel, hence the halves.
    corners = np.array(
        (
            (x1 - 0.5, (w2 - x2 - x1) / w, -2 * x1 / h, 2 * (x1 + x2) / (w * h)),
            (y1 - 0.5, -2 * y1 / w, (h2 - y2 - y1) / h, 2 * (y1 + y2) / (w * h)),
        ),
        np.float32,
    )
    xs, ys = np.dot(corners, _terms(w, h)).reshape(2, h, w)
    if glyph.fine:
        stretched = _stretched(_turned(glyph, turned_w, turned_h, cos, sin), w2, h2)
        return np.asarray(cv2.remap(stretched, xs, ys, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT), np.uint8)
    # From there back through the stretching and the turn to the raster.
    to_x, to_y = turned_w / w2, turned_h / h2
    middle_x, middle_y = 0.5 * to_x - turned_w / 2, 0.5 * to_y - turned_h / 2
    x0 = cos * middle_x - sin * middle_y + glyph.ink_w / 2 + PAD - 0.5
    y0 = sin * middle_x + cos * middle_y + glyph.ink_h / 2 + PAD - 0.5
    across = cv2.addWeighted(xs, cos * to_x, ys, -sin * to_y, x0)
    down = cv2.addWeighted(xs, sin * to_x, ys, cos * to_y, y0)
    return np.asarray(cv2.remap(glyph.raster, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT), np.uint8)


def outlined(mask: Mask) -> Mask:
    """Give the outline of a pressed symbol, about two pixels thick; strokes too thin for one stay as they are."""
    inside = cv2.erode(mask, _INNER, borderValue=0)
    return np.asarray(cv2.subtract(mask, inside), np.uint8)


def _turned(glyph: Glyph, width: int, height: int, cos: float, sin: float) -> Mask:
    """Turn a hard glyph as Pillow does, bilinear and with nothing beyond the ink's own box: uint8 (height, width)."""
    fine = glyph.fine
    middle_x, middle_y = width / 2 - 0.5, height / 2 - 0.5
    back = np.array(
        (
            (fine * cos, -fine * sin, fine * (glyph.ink_w / 2 - cos * middle_x + sin * middle_y) - 0.5),
            (fine * sin, fine * cos, fine * (glyph.ink_h / 2 - sin * middle_x - cos * middle_y) - 0.5),
        )
    )
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(glyph.raster, back, (width, height), flags=how), np.uint8)


def _stretched(ink: Mask, width: int, height: int) -> Mask:
    """Stretch as Pillow's bicubic does, first across, then down: uint8 (height, width)."""
    across = np.dot(ink.astype(np.float32), _bicubic(ink.shape[1], width).T)
    # Bytes between the two passes and after them: what swings below nothing or above all is cut off.
    np.rint(across, out=across)
    np.maximum(across, 0, out=across)
    down = np.dot(_bicubic(ink.shape[0], height), across)
    np.maximum(down, 0, out=down)
    return np.asarray(cv2.convertScaleAbs(down), np.uint8)


@lru_cache(maxsize=8192)
def _bicubic(n: int, m: int) -> Floats:
    """Give the weights that make m pixels of n: float32 (m, n).

    Keys' cubic with a = -0.5, widened where pixels get fewer (R. Keys, Cubic convolution interpolation, 1981).
    """
    step = n / m
    wide = max(step, 1.0)
    middles = (np.arange(m) + 0.5) * step
    first, last = np.floor(middles - 2 * wide + 0.5).clip(0), np.floor(middles + 2 * wide + 0.5).clip(max=n)
    x = np.arange(n)
    far = np.abs((x + 0.5 - middles[:, None]) / wide)
    near = (1.5 * far - 2.5) * far * far + 1
    beyond = ((-0.5 * far + 2.5) * far - 4) * far + 2
    weights = np.where(far < 1, near, np.where(far < 2, beyond, 0.0))
    weights[(x < first[:, None]) | (x >= last[:, None])] = 0
    return np.ascontiguousarray(weights / weights.sum(axis=1, keepdims=True), np.float32)
