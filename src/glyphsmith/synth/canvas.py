"""What symbols, dots and strokes are laid on: one colour of ink on a flat ground, or any colours on an uneven one.

With one ink and a flat ground every pixel is a mixture of two colours, so a canvas of one byte a pixel does, and
squeezing and smoothing cost a third. The painter chooses.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from glyphsmith.synth.chance import Chance

__all__ = ["Canvas", "Colour", "any_colour", "brightness", "hides"]

Bytes = NDArray[np.uint8]
Colour = tuple[int, int, int]

_WHITE = (255, 255, 255)
_LEVELS = np.arange(256, dtype=np.float32)
_BRIGHTNESS = np.array((0.299, 0.587, 0.114), np.float32)
#: Ink so faint, of 255, that bytes do not keep its colour; and what is rounded up of it over Pillow's two steps, the
#: one of which rounds down: with this share 600 symbols of random size, angle, warp and colour are as dark as there.
_TRACES = np.arange(1, 48, dtype=np.float32)
_ROUNDS_UP = 0.33
#: What a level of a colour comes back as from each trace of it: float32 (256, traces).
_COMES_BACK = np.minimum(255, np.floor(np.floor(_LEVELS[:, None] * _TRACES / 255 + _ROUNDS_UP) * (255 / _TRACES)))
#: How much the library's pale inks hide, 0 to 1, by their brightness: 1.97 times as much.
_PALE = np.minimum(255, np.floor(1.97 * _LEVELS)) / 255
#: What the library's line of width 3 from (x, y) to (x - 1, y - 1) covers: (y, x) from the drawn point.
_DOT = ((-2, 0), (-1, -1), (-1, 0), (-1, 1), (0, -2), (0, -1), (0, 0), (1, -1))


def brightness(colour: Colour) -> float:
    """Give the grey level of a colour, 0 to 255."""
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]


def any_colour(chance: Chance, low: int, high: int) -> Colour:
    """Draw a colour whose parts lie between two levels, both included."""
    span = high - low + 1
    red, green, blue = chance.units(3)
    return low + int(red * span), low + int(green * span), low + int(blue * span)


def hides(colour: Colour, ground: Colour, *, pale: bool, soft: bool) -> NDArray[np.float32]:
    """Give how far 0 to 255 parts of a symbol's ink take a pixel from the ground to its colour: float32 (256,), 0 to 1.

    ``pale`` ink hides at most 1.97 times its brightness. Soft ink hides as much as there is of it, hard ink as much as
    it can wherever there is any: the library pastes a symbol through its colour. But Pillow turns and stretches colours
    multiplied by the share of ink, as bytes, and divides again, so traces come back darker or brighter than they were.
    """
    bright = brightness(colour)
    most = float(_PALE[int(bright + 0.5)]) if pale else 1.0
    if soft:
        return np.asarray(_LEVELS * (most / 255), np.float32)
    hidden = np.full(256, most, np.float32)
    hidden[:2] = 0.0
    apart = brightness(ground) - bright
    if pale and abs(apart) >= 1:
        back = np.dot(_BRIGHTNESS, _COMES_BACK[list(colour)])
        # How dark the pixel becomes, said as a share of this ink's colour: traces of another hue are not told apart.
        shown = _PALE[(back + 0.5).astype(np.intp)] * ((brightness(ground) - back) / apart)
        np.minimum(np.maximum(shown, 0), 1, out=hidden[1 : 1 + len(_TRACES)])
        hidden[1 + len(_TRACES) :] = hidden[len(_TRACES) - 15 : 1 + len(_TRACES)].sum() / 16
    return hidden


class Canvas:
    """A picture in the making. Places outside it are cut off."""

    __slots__ = ("_ground", "_ink", "_pale", "_pixels", "_shows", "_soft")

    def __init__(self, pixels: Bytes, *, pale: bool, soft: bool, ground: Colour, ink: Colour | None) -> None:
        self._pixels = pixels
        self._pale, self._soft = pale, soft
        self._ground, self._ink = ground, ink
        if ink is not None:
            # What part of 255 of the ground shows through each level of a symbol's ink.
            self._shows = (255.5 - 255 * hides(ink, ground, pale=pale, soft=soft)).astype(np.uint8)

    @classmethod
    def of_one_ink(cls, width: int, height: int, ground: Colour, ink: Colour, *, pale: bool, soft: bool) -> Canvas:
        """Give an empty canvas for one ink; every colour given to it later is this ink."""
        return cls(np.full((height, width), 255, np.uint8), pale=pale, soft=soft, ground=ground, ink=ink)

    @classmethod
    def of_ground(cls, ground: Bytes, *, pale: bool, soft: bool) -> Canvas:
        """Give a canvas for any colours on a ground of uint8 (H, W, 3), which is painted on."""
        return cls(ground, pale=pale, soft=soft, ground=(0, 0, 0), ink=None)

    def press(self, mask: Bytes, left: int, top: int, colour: Colour) -> None:
        """Lay a symbol on: ``mask`` is uint8 (h, w), how much ink of 255 a pixel has."""
        region, mask = _overlap(self._pixels, mask, left, top)
        if region.size == 0:
            return
        if self._ink is None:
            hidden = cv2.LUT(mask, hides(colour, _WHITE, pale=self._pale, soft=self._soft))[:, :, None]
            region[...] = region + (np.array(colour, np.float32) - region) * hidden + 0.5
        else:
            cv2.multiply(region, cv2.LUT(mask, self._shows), dst=region, scale=1 / 255)

    def squeeze(self, width: int) -> None:
        """Make the canvas narrower, with all that is on it."""
        # The library's antialiased bicubic of Pillow costs nine times as much; from 240 to 170 pixels the two differ by
        # one grey level on average and by 0.2 % in contrast (INTER_AREA: 0.6 levels, 1.5 %, at three times the cost).
        size = (width, self._pixels.shape[0])
        self._pixels = np.asarray(cv2.resize(self._pixels, size, interpolation=cv2.INTER_LINEAR), np.uint8)

    def dots(
        self, xs: NDArray[np.intp], ys: NDArray[np.intp], size_px: int, colour: Colour | NDArray[np.uint8]
    ) -> None:
        """Lay dots on, of one colour or of uint8 (N, 3); those of 3 pixels have the library's shape."""
        height, width = self._pixels.shape[:2]
        shape = _dot(size_px)
        x = (xs[:, None] + shape[:, 1]).ravel()
        y = (ys[:, None] + shape[:, 0]).ravel()
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        if self._ink is not None:
            self._pixels[y[inside], x[inside]] = 0
        else:
            each = np.asarray(colour, np.uint8).reshape(-1, 3)
            self._pixels[y[inside], x[inside]] = (
                each[0] if len(each) == 1 else np.repeat(each, len(shape), axis=0)[inside]
            )

    def curve(self, box: tuple[int, int, int, int], start_deg: int, end_deg: int, width: int, colour: Colour) -> None:
        """Draw a piece of the ellipse in a box of left, top, right, bottom."""
        left, top, right, bottom = box
        # In sixteenths of a pixel, since the middle of a box may lie between pixels.
        middle = (8 * (left + right), 8 * (top + bottom))
        radii = (8 * (right - left), 8 * (bottom - top))
        cv2.ellipse(self._pixels, middle, radii, 0, start_deg, end_deg, self._value(colour), width, cv2.LINE_8, 4)

    def line(self, start: tuple[int, int], end: tuple[int, int], width: int, colour: Colour) -> None:
        """Draw a straight line."""
        cv2.line(self._pixels, start, end, self._value(colour), width)

    def path(self, points: NDArray[np.int32], width: int, colour: Colour) -> None:
        """Draw a line through the points (N, 2) of x and y."""
        cv2.polylines(self._pixels, [points], False, self._value(colour), width)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        height, width = self._pixels.shape[:2]
        return height, width

    def smooth(self) -> None:
        """Soften all but the outermost pixels as the library does: five parts the pixel, one part each neighbour."""
        pixels = self._pixels
        # (sum of all nine + 4 times the pixel) / 13: the mean of nine is what OpenCV is quickest at.
        soft = np.asarray(cv2.addWeighted(cv2.blur(pixels, (3, 3)), 9 / 13, pixels, 4 / 13, 0), np.uint8)
        soft[0], soft[-1] = pixels[0], pixels[-1]
        soft[:, 0], soft[:, -1] = pixels[:, 0], pixels[:, -1]
        self._pixels = soft

    def picture(self) -> Bytes:
        """Give the picture: uint8 (H, W, 3) RGB."""
        if self._ink is None:
            return self._pixels
        mixed = [
            cv2.convertScaleAbs(self._pixels, alpha=(ground - ink) / 255, beta=ink)
            for ground, ink in zip(self._ground, self._ink, strict=True)
        ]
        return np.asarray(cv2.merge(mixed), np.uint8)

    def _value(self, colour: Colour) -> tuple[int, ...]:
        return colour if self._ink is None else (0,)


def _overlap(pixels: Bytes, mask: Bytes, left: int, top: int) -> tuple[Bytes, Bytes]:
    """Give the part of the canvas under the mask, and the part of the mask above the canvas."""
    height, width = pixels.shape[:2]
    h, w = mask.shape
    if left >= 0 and top >= 0 and left + w <= width and top + h <= height:
        return pixels[top : top + h, left : left + w], mask
    x, y = max(left, 0), max(top, 0)
    right, bottom = min(left + w, width), min(top + h, height)
    if right <= x or bottom <= y:
        return pixels[:0, :0], mask[:0, :0]
    return pixels[y:bottom, x:right], mask[y - top : bottom - top, x - left : right - left]


@lru_cache(maxsize=64)
def _dot(size_px: int) -> NDArray[np.intp]:
    if size_px == 3:
        return np.array(_DOT, np.intp)
    side = np.arange(size_px) - size_px // 2
    return np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1).reshape(-1, 2).astype(np.intp)
