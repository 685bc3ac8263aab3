"""Steps from grey to black and white: one threshold for the whole picture (Otsu), or one for each place."""

from __future__ import annotations

from glyphsmith.picture import Picture
from glyphsmith.steps.opencv import opencv
from glyphsmith.steps.tone import grey

__all__ = ["adaptive", "otsu"]


def otsu(picture: Picture) -> Picture:
    """Make what is darker than Otsu's threshold 255 and all else 0: (H, W) or (H, W, 3) to a mask (H, W) of ink.

    Source: Otsu, IEEE Trans. SMC 9 (1979) 62. A picture of one brightness has no ink.
    """
    cv2 = opencv()
    level = grey(picture)
    if level.size and int(level.min()) == int(level.max()):
        return level * 0
    found: Picture = cv2.threshold(level, 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)[1]
    return found


def adaptive(picture: Picture, window_px: int = 31, below: float = 10.0) -> Picture:
    """Make 255 what is darker by ``below`` (of 255) than the weighted mean of a window around it, and all else 0.

    ``window_px`` is odd and wider than a stroke. Raises ValueError for an even window.
    """
    if window_px < 3 or window_px % 2 == 0:
        raise ValueError(f"adaptive takes an odd window of 3 or more, got {window_px}")
    cv2 = opencv()
    found: Picture = cv2.adaptiveThreshold(
        grey(picture), 255, cv2.ADAPTIVE_THRESH_GAUSSIAN_C, cv2.THRESH_BINARY_INV, window_px, below
    )
    return found
