"""What happens to a picture that is painted: a wave through it, a frame, larger pixels, the traces of a JPEG file."""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from glyphsmith.synth.canvas import any_colour
from glyphsmith.synth.chance import Chance
from glyphsmith.synth.settings import CaptchaSettings

__all__ = ["shown"]

#: Waves over the width of a picture, and over its height.
_WAVES_ACROSS = (0.7, 3.0)
_WAVES_DOWN = (0.3, 1.2)
#: Less of a wave, in pixels, is not worth the look-up.
_LEAST_PX = 0.6


def shown(picture: NDArray[np.uint8], settings: CaptchaSettings, chance: Chance) -> NDArray[np.uint8]:
    """Give uint8 (H, W, 3) as a site shows it; settings that are off take no draw."""
    if settings.wave[1]:
        picture = _waved(picture, chance.between(*settings.wave) * settings.height_px, chance)
    if settings.frame and chance.yes(settings.frame):
        height, width = picture.shape[:2]
        cv2.rectangle(picture, (0, 0), (width - 1, height - 1), any_colour(chance, 0, 255), 1)
    if settings.coarse[1] > 1:
        picture = _coarsened(picture, chance.between(*settings.coarse))
    if not chance.yes(settings.jpeg):
        return picture
    quality = chance.whole(35, 92)
    encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)


def _waved(picture: NDArray[np.uint8], reach_px: float, chance: Chance) -> NDArray[np.uint8]:
    """Move columns up and down and rows left and right by sines of random length and phase."""
    across, down = chance.between(*_WAVES_ACROSS), chance.between(*_WAVES_DOWN)
    phase, other = chance.units(2)
    if reach_px < _LEAST_PX:
        return picture
    height, width = picture.shape[:2]
    x, y = _places(width, height)
    to_x = x + reach_px * np.sin(2 * math.pi * (down * y / height + other))
    to_y = y + reach_px * np.sin(2 * math.pi * (across * x / width + phase))
    return np.asarray(
        cv2.remap(
            picture,
            np.broadcast_to(to_x, (height, width)).astype(np.float32),
            np.broadcast_to(to_y, (height, width)).astype(np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        ),
        np.uint8,
    )


@lru_cache(maxsize=8)
def _places(width: int, height: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    return np.arange(width, dtype=np.float32)[None], np.arange(height, dtype=np.float32)[:, None]


def _coarsened(picture: NDArray[np.uint8], times: float) -> NDArray[np.uint8]:
    """Shrink a picture and enlarge it again: what a reader with a fixed size sees of a small one."""
    height, width = picture.shape[:2]
    small = (max(8, round(width / times)), max(8, round(height / times)))
    if small == (width, height):
        return picture
    shrunk = cv2.resize(picture, small, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(shrunk, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
