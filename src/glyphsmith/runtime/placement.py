"""Where in a picture the network looked: the frame that preparation cut out, in the pixels of the original.

The file does not say where it cut. It shows its stages, though, and the prepared picture is the cleaned one moved and
scaled, so their centres of mass and their spreads give the frame back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Frame", "place_frame"]

Plane = NDArray[np.floating[Any]]


class Frame(NamedTuple):
    """A rectangle in pixels of the original, edges included; it may reach beyond the picture."""

    left: float
    top: float
    width: float
    height: float


def place_frame(
    prepare: Mapping[str, Any], height_px: int, width_px: int, prepared: Plane, cleaned: Plane | None = None
) -> Frame:
    """Say which rectangle of a picture height_px x width_px became the prepared picture (h, w) or (h, w, 3).

    ``prepare`` is the card's table. ``cleaned`` is the stage before the crop, at working size, where there is a crop.
    """
    whole = Frame(0.0, 0.0, float(width_px), float(height_px))
    height, width = prepared.shape[:2]
    if prepare.get("crop", False) and not prepare.get("colour", False):
        return whole if cleaned is None else _cropped(prepare, whole, prepared, cleaned)
    fit = prepare.get("fit", "stretch")
    if fit == "stretch":
        return whole
    scale = min(height / height_px, width / width_px)
    if fit == "place":
        scale = min(scale, 1.0)
    # The graph pads whole pixels, the smaller half before.
    inner_height, inner_width = max(1, round(height_px * scale)), max(1, round(width_px * scale))
    above, before = (height - inner_height) // 2, (width - inner_width) // 2
    step_y, step_x = height_px / inner_height, width_px / inner_width
    return Frame(-before * step_x, -above * step_y, width * step_x, height * step_y)


def _cropped(prepare: Mapping[str, Any], whole: Frame, prepared: Plane, cleaned: Plane) -> Frame:
    (y, x), (spread_y, spread_x) = _moments(cleaned)
    (v, u), (spread_v, spread_u) = _moments(prepared)
    if prepare.get("fit", "letterbox") != "stretch":
        before, after = np.hypot(spread_y, spread_x), np.hypot(spread_v, spread_u)
        step_y = step_x = float(before / after) if after > 0 and before > 0 else 0.0
    else:
        step_y = spread_y / spread_v if spread_v > 0 else 0.0
        step_x = spread_x / spread_u if spread_u > 0 else 0.0
    if not (step_y > 0 and step_x > 0):  # no ink, or a single point of it: the frame cannot be found
        return whole
    height, width = prepared.shape[:2]
    scale_y, scale_x = whole.height / cleaned.shape[0], whole.width / cleaned.shape[1]
    return Frame(
        left=(x - u * step_x) * scale_x,
        top=(y - v * step_y) * scale_y,
        width=width * step_x * scale_x,
        height=height * step_y * scale_y,
    )


def _moments(plane: Plane) -> tuple[tuple[float, float], tuple[float, float]]:
    """Give centre of mass and spread (y, x) of (h, w) in pixels from the upper left edge; zeros where it is empty."""
    mass = float(plane.sum())
    if mass <= 0:
        return (0.0, 0.0), (0.0, 0.0)
    result = []
    for axis in (0, 1):
        places = np.arange(plane.shape[axis]) + 0.5
        profile = plane.sum(axis=1 - axis, dtype=np.float64) / mass
        mean = float(places @ profile)
        result.append((mean, float(np.sqrt(max(0.0, ((places - mean) ** 2) @ profile)))))
    (y, spread_y), (x, spread_x) = result
    return (y, x), (spread_y, spread_x)
