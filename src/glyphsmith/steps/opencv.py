"""OpenCV where a step needs it: 150 MB that reading single pictures does without, so no part of a base install."""

from __future__ import annotations

from typing import Any

from glyphsmith.errors import MissingExtraError

__all__ = ["opencv"]


def opencv() -> Any:
    """Give the module cv2. Raises MissingExtraError where it is not installed."""
    try:
        import cv2
    except ImportError:
        raise MissingExtraError(
            "finding and cleaning steps need OpenCV, which is not installed",
            hint='pip install "glyphsmith[find]"',
        ) from None
    return cv2
