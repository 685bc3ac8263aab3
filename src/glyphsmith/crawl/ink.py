"""Where the ink of a sprite is: its ground is what is transparent, or else the colour it has most of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glyphsmith.picture import Picture

__all__ = ["ink_of", "runs"]

#: A pixel is ink where a channel differs from the ground by more than this many levels of 255.
CONTRAST = 24


def ink_of(picture: Picture, ground: tuple[int, int, int] | None = None) -> NDArray[np.bool_]:
    """Give where (H, W) a picture (H, W, 3) differs from ``ground``, or from its most frequent colour."""
    if ground is None:
        packed = picture.astype(np.uint32) @ np.array([65536, 256, 1], np.uint32)
        values, counts = np.unique(packed, return_counts=True)
        most = int(values[counts.argmax()])
        ground = most >> 16, (most >> 8) & 255, most & 255
    return np.asarray((np.abs(picture.astype(np.int16) - np.array(ground, np.int16)) > CONTRAST).any(axis=2))


def runs(line: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Give start and stop of every run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], line, [False])).astype(np.int8)))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]
