"""Steps from a mask to shapes: contours, connected regions, and the boxes around them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glyphsmith.picture import Picture
from glyphsmith.steps.opencv import opencv

__all__ = ["Box", "Regions", "boxes", "contours", "regions"]

#: (left, top, width, height) in pixels.
Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Regions:
    """The connected regions of a mask.

    ``labels`` int32 (H, W) is 0 on the ground and r + 1 on region r, which has ``boxes[r]`` and ``areas[r]`` pixels.
    """

    labels: NDArray[np.int32]
    boxes: list[Box]
    areas: list[int]

    def __len__(self) -> int:
        return len(self.boxes)


def regions(mask: Picture) -> Regions:
    """Give the regions of a mask (H, W) whose pixels touch, by a side or a corner."""
    count, labels, stats, _ = opencv().connectedComponentsWithStats(mask, connectivity=8)
    found = [(int(left), int(top), int(width), int(height)) for left, top, width, height, _ in stats[1:count]]
    return Regions(labels, found, [int(row[4]) for row in stats[1:count]])


def contours(mask: Picture) -> list[NDArray[np.int32]]:
    """Give the outer contour of every region of a mask (H, W), each (P, 2) points (x, y), from left to right."""
    cv2 = opencv()
    found = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]
    shaped = [np.asarray(contour, np.int32).reshape(-1, 2) for contour in found]
    return sorted(shaped, key=lambda points: (int(points[:, 0].min()), int(points[:, 1].min())))


def boxes(mask: Picture) -> list[Box]:
    """Give the box around every region of a mask (H, W), from left to right."""
    return sorted(regions(mask).boxes)
