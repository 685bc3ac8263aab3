"""Labelled pictures in memory, as a source: what the tests of evaluation read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glyphsmith.data.pictures import Part, Sample
from glyphsmith.errors import PictureError
from glyphsmith.evaluate import Evaluation
from tiny_reader import DIGITS, picture_of

Entry = tuple[str, "NDArray[np.uint8] | str | Callable[[], NDArray[np.uint8]]"]


class AtHand:
    """A source of (label, picture); text in the place of a picture is the reason why it cannot be read."""

    form = "pictures at hand"
    reason = "a test made them"
    where = "at hand"

    def __init__(self, entries: Sequence[Entry], *, names: Sequence[str] = (), parts: Sequence[Part] = ()) -> None:
        self.entries, self.names, self.parts = list(entries), list(names), list(parts)
        self.opened: list[int] = []

    def __len__(self) -> int:
        return len(self.entries)

    def sample(self, i: int) -> Sample:
        name = self.names[i] if self.names else f"{i:04d}.png"
        return Sample(name, self.entries[i][0], part=self.parts[i] if self.parts else None)

    def picture(self, i: int) -> NDArray[np.uint8]:
        self.opened.append(i)
        picture = self.entries[i][1]
        if isinstance(picture, str):
            raise PictureError(f"{self.sample(i).name}: {picture}")
        return picture() if callable(picture) else picture


def shade(label: str, alphabet: Sequence[str] = DIGITS, **size: int) -> NDArray[np.uint8]:
    """Give a picture that the tiny reader reads as ``label``."""
    return picture_of(list(alphabet).index(label), len(alphabet), **size)


def made_up(truth: Sequence[int], read: Sequence[int], labels: Sequence[str], **changes: Any) -> Evaluation:
    """Give an evaluation with these answers and plausible figures for all else."""
    n = len(truth)
    rng = np.random.default_rng(n)
    values: dict[str, Any] = {
        "task": "label",
        "reader": "made-up",
        "about": "",
        "data": "at hand",
        "form": "pictures at hand",
        "part": "all pictures",
        "labels": tuple(labels),
        "known": len(labels),
        "truth": np.array(truth, np.int32),
        "read": np.array(read, np.int32),
        "confidence": rng.uniform(0.5, 1.0, n).astype(np.float32),
        "placed": np.where(np.array(truth) == np.array(read), 0, 3).astype(np.uint8),
        "sizes_px": np.full((n, 2), 28, np.int32),
        "failed": (),
        "read_ms": rng.uniform(0.1, 0.2, min(n, 500)),
        "decode_ms": rng.uniform(0.1, 0.2, min(n, 500)),
        "cpu_share": 1.0,
        "file_bytes": 123_456,
        "reject_below": 0.0,
        "none_below": 0.0,
        "in_alphabet": np.ones(n, np.float32),
        "stages": ("grey", "what the network sees"),
        "surest": (),
        "pairs": (),
        "seconds": 1.5,
    }
    return Evaluation(**{**values, **changes})
