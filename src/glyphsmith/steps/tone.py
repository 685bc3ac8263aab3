"""Steps on brightness: grey, histogram equalisation, uneven light taken off."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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
    flat = level.astype(np.float32) * np.float32(255.0) / ground_of(level)
    return np.asarray(np.clip(flat, 0.0, 255.0).round(), dtype=np.uint8)


#: The ground is estimated on a copy whose longer side has this many pixels; strokes up to an eighth of it vanish.
GROUND_PX = 240
_STROKE_PX = 31
#: Skewness of the local contrast from which on the rare deviations are ink.
_SKEWED = 0.5
#: The brightness that the surface is brought to, with room for what is brighter.
_EVEN = np.float32(180.0)


def ground_of(level: Picture) -> NDArray[np.float32]:
    """Estimate the ground behind dark ink: grey (H, W) to float (H, W) in 1..255, smooth.

    A surface of second order is divided out first: a closing alone puts a ground that falls off towards the border of
    the picture too high there, which makes ink of the paper in a dark corner.
    """
    cv2 = opencv()
    height, width = level.shape
    scale = min(1.0, GROUND_PX / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(level, size, interpolation=cv2.INTER_AREA)
    surface = _surface(small.astype(np.float32))
    even = np.clip(small * (_EVEN / surface), 0.0, 255.0).astype(np.uint8)
    # A median first, so that grains of noise do not make the closing climb to the brightest of them.
    closed = cv2.morphologyEx(cv2.medianBlur(even, 3), cv2.MORPH_CLOSE, np.ones((_STROKE_PX, _STROKE_PX), np.uint8))
    smooth = cv2.blur(closed, (_STROKE_PX // 2, _STROKE_PX // 2)).astype(np.float32) * surface / _EVEN
    found: NDArray[np.float32] = cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.maximum(found, np.float32(1.0))


def _surface(level: NDArray[np.float32]) -> NDArray[np.float32]:
    """Fit a surface of second order to the paper of (h, w), ink left out as it shows; at least 4 of 255 everywhere."""
    height, width = level.shape
    y, x = np.mgrid[0:height, 0:width].reshape(2, -1) / max(height, width)
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)
    values = level.ravel().astype(np.float64)
    kept = np.arange(0, len(values), max(1, len(values) // 4000))
    fitted = np.zeros(6)
    for _ in range(4):
        fitted = np.linalg.lstsq(terms[kept], values[kept], rcond=None)[0]
        away = values[kept] - terms[kept] @ fitted
        spread = max(float(np.std(away)), 1.0)
        kept = kept[(away > -1.5 * spread) & (away < 3.0 * spread)]
    return np.maximum(terms @ fitted, 4.0).reshape(height, width).astype(np.float32)


def _ink_is_light(level: Picture) -> bool:
    """True where the rare, local deviations of a grey picture (H, W) are lighter than what surrounds them."""
    cv2 = opencv()
    height, width = level.shape
    scale = min(1.0, 2 * GROUND_PX / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(level, size, interpolation=cv2.INTER_AREA)
    # 255 is the widest median OpenCV has for bytes; here it must be wider than a stroke and narrower than a shadow.
    away = small.astype(np.float32) - cv2.medianBlur(small, 41).astype(np.float32)
    skew = float((away**3).mean()) / max(float((away**2).mean()) ** 1.5, 1e-6)
    # An empty page has next to no skew and stays as it is: turned over, its bright part would be all noise.
    return bool(skew > _SKEWED)
