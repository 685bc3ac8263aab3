"""What all painters share: picture ``index`` of ``seed``, painted anywhere, is the same picture.

``CaptchaPainter`` and ``ArithmeticPainter`` add only which texts there are. Training takes pictures from a painter
without a file; ``folder.py`` writes them out.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from glyphsmith.synth.chance import Chance, Seeded
from glyphsmith.synth.painter import Painted, TextPainter
from glyphsmith.synth.settings import CaptchaSettings
from glyphsmith.synth.typefaces import Typeface

__all__ = ["SeededPainter"]


class SeededPainter(ABC):
    """Paints endless pictures; may be sent to worker processes, which then paint any share of the indices.

    ``repeats`` says whether a symbol may follow itself.
    """

    repeats = True

    def __init__(self, settings: CaptchaSettings) -> None:
        self.settings = settings
        self._painter = TextPainter(settings, settings.symbols)
        self._seeded: Seeded | None = None

    @abstractmethod
    def _draw_text(self, chance: Chance) -> Sequence[str]:
        """Choose the symbols of one text."""

    @property
    def typefaces(self) -> tuple[Typeface, ...]:
        """The fonts that were found."""
        return self._painter.typefaces

    def describe(self) -> list[str]:
        """Say which fonts are used."""
        return self._painter.describe()

    def paint(self, seed: int, index: int) -> tuple[NDArray[np.uint8], str]:
        """Paint picture ``index`` of a seed: uint8 (H, W, 3) RGB, and its text."""
        painted = self.paint_placed(seed, index)
        return painted.picture, painted.text

    def paint_placed(self, seed: int, index: int) -> Painted:
        """Paint as ``paint`` does, and say where every symbol stands."""
        chance = self._chance(seed, index)
        return self._painter.paint(self._draw_text(chance), chance)

    def paint_batch(self, seed: int, indices: Sequence[int]) -> tuple[NDArray[np.uint8], list[str]]:
        """Paint several pictures: uint8 (N, H, W, 3) and their texts."""
        pictures = np.empty((len(indices), self.settings.height_px, self.settings.width_px, 3), np.uint8)
        texts = []
        for row, index in enumerate(indices):
            pictures[row], text = self.paint(seed, index)
            texts.append(text)
        return pictures, texts

    def text(self, seed: int, index: int) -> str:
        """Give the text of a picture without painting it."""
        return self.settings.said(self._draw_text(self._chance(seed, index)))

    def _chance(self, seed: int, index: int) -> Chance:
        if self._seeded is None or self._seeded.seed != seed:
            self._seeded = Seeded(seed)
        return self._seeded.of(index)

    def __getstate__(self) -> dict[str, object]:
        # A generator's state belongs to the process that draws from it.
        return {**self.__dict__, "_seeded": None}
