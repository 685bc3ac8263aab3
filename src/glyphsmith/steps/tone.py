"""Steps on brightness: grey, histogram equalisation, uneven light taken off."""

from __future__ import annotations

import numpy as np

from glyphsmith.picture import Picture
from glyphsmith.steps.opencv import opencv

__all__ = ["equalise", "flatten", "grey"]


def grey(picture: Picture) -> Picture:
    """Give the brightness (H, W) of an RGB picture (H, W, 3) by Rec. 601; a grey picture (H, W) stays as it is."""
    if picture.ndim == 2:
        return picture
    found: Picture = opencv().cvtColor(np.ascontiguousarray(picture), opencv().COLOR_RGB2GRAY)
    return found


def equalise(picture: Picture) -> Picture:
    """Spread the histogram of a picture over 0..255, of a colour picture that of its brightness; gives grey (H, W)."""
    found: Picture = opencv().equalizeHist(grey(picture))
    return found


def flatten(picture: Picture) -> Picture:
    """Take uneven light off a page: (H, W) or (H, W, 3) to grey (H, W) where the ground is white and ink is dark.

    Writing that is lighter than its ground is turned over. The ground is what is left of a small copy when every stroke
    is closed; a pixel becomes its share of the ground's brightness, so that a shadow dims neither paper nor ink.
    """
    level = grey(picture)
    if _ink_is_light(level):
        level = 255 - level
    ground = ground_of(level).astype(np.float32)
    flat = level.astype(np.float32) * np.float32(255.0) / np.maximum(ground, np.float32(1.0))
    return np.clip(flat, 0.0, 255.0).round().astype(np.uint8)


#: The ground is estimated on a copy whose longer side has this many pixels; strokes up to an eighth of it vanish.
GROUND_PX = 240
_STROKE_PX = 31


def ground_of(picture: Picture) -> Picture:
    """Estimate the ground behind dark ink: (H, W) or (H, W, 3) to the same shape, smooth."""
    cv2 = opencv()
    height, width = picture.shape[:2]
    scale = min(1.0, GROUND_PX / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    # A median first, so that grains of noise do not make the closing climb to the brightest of them.
    closed = cv2.morphologyEx(cv2.medianBlur(small, 3), cv2.MORPH_CLOSE, np.ones((_STROKE_PX, _STROKE_PX), np.uint8))
    smooth = cv2.blur(closed, (_STROKE_PX // 2, _STROKE_PX // 2))
    found: Picture = cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR)
    return found


def _ink_is_light(level: Picture) -> bool:
    """True where the rare, local deviations of a grey picture (H, W) are lighter than what surrounds them."""
    cv2 = opencv()
    height, width = level.shape
    scale = min(1.0, 2 * GROUND_PX / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(level, size, interpolation=cv2.INTER_AREA)
    # 255 is the widest median OpenCV has for bytes; here it must be wider than a stroke and narrower than a shadow.
    away = small.astype(np.float32) - cv2.medianBlur(small, 41).astype(np.float32)
    return float((away**3).mean()) > 0.0
