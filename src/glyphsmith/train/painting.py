"""Training pictures painted for the step that learns from them: what they are, and the one way to make them.

Picture i of a run is a function of the seed and i alone, so that it does not matter which process paints it, or whether
a run was killed in between. Worker processes import this module (``workers``); it must not import torch.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glyphsmith.alphabet import Alphabet
from glyphsmith.runtime.session import Preparer
from glyphsmith.synth.seeded import SeededPainter
from glyphsmith.train.prepared import rows_of

__all__ = ["Brush", "Endless"]

#: Pictures that go through the preparation at a time: 32 stay in the cache, 64 are a fifth slower (docs/log.md).
_CHUNK = 32


@dataclass(frozen=True, slots=True)
class Endless:
    """Everything a process needs to paint training pictures; small, and sent to workers as it is.

    Training picture i is picture ``first`` + i of the painter's ``seed``: those before are validation and test.
    ``graph`` is the preparation the file will hold, ``shape`` (C, h, w) what it gives, ``longest`` the length of a row
    of labels, ``epoch`` the pictures of an epoch, ``workers`` how many processes paint (None: measure).
    """

    painter: SeededPainter
    seed: int
    first: int
    graph: bytes
    shape: tuple[int, int, int]
    alphabet: tuple[str, ...]
    longest: int
    epoch: int
    workers: int | None = None

    def fullest(self) -> NDArray[np.int64]:
        """Give one row of labels (1, L) that needs as many columns as any text that may come."""
        return np.arange(self.longest, dtype=np.int64)[None] % (1 if self.painter.repeats else 2)


class Brush:
    """Paints and prepares; one for each process."""

    def __init__(self, endless: Endless) -> None:
        self.endless = endless
        self.painter = copy.deepcopy(endless.painter)
        self.alphabet = Alphabet(endless.alphabet)
        self.prepare = Preparer(endless.graph)

    def fill(self, start: int, pictures: NDArray[np.uint8], labels: NDArray[np.int64]) -> None:
        """Paint training pictures from ``start`` on into uint8 (N, C, h, w), and their texts into rows (N, L)."""
        endless = self.endless
        for begin in range(0, len(pictures), _CHUNK):
            part = slice(begin, min(begin + _CHUNK, len(pictures)))
            wanted = range(endless.first + start + part.start, endless.first + start + part.stop)
            painted, texts = self.painter.paint_batch(endless.seed, wanted)
            values = self.prepare(painted)
            pictures[part] = np.rint(values * 255.0).clip(0, 255).astype(np.uint8)
            labels[part] = rows_of(texts, self.alphabet, endless.longest)

    def batch(self, start: int, count: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Paint ``count`` training pictures from ``start`` on: uint8 (N, C, h, w) and rows of labels (N, L)."""
        pictures = np.empty((count, *self.endless.shape), np.uint8)
        labels = np.empty((count, self.endless.longest), np.int64)
        self.fill(start, pictures, labels)
        return pictures, labels
