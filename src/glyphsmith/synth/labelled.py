"""What a painter of labelled pictures is, whatever it paints: what a folder, a source and training ask of one."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["LabelledPainter"]


class LabelledPainter(Protocol):
    """Picture ``index`` of ``seed`` is the same wherever it is painted; a painter may be sent to other processes."""

    def describe(self) -> list[str]:
        """Say which fonts are used."""
        ...

    def text(self, seed: int, index: int) -> str:
        """Give the label of a picture without painting it."""
        ...

    def paint(self, seed: int, index: int) -> tuple[NDArray[np.uint8], str]:
        """Paint a picture: uint8 (H, W, 3) RGB, and its label."""
        ...
