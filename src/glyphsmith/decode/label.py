"""Scores of one picture to the reading of one label; the one decoder of the task ``label``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glyphsmith.alphabet import Alphabet
from glyphsmith.results import LabelReading

__all__ = ["decode_label"]


def decode_label(
    scores: NDArray[np.float32], alphabet: Alphabet, *, top: int = 3, reject: float = 0.0, path: str | None = None
) -> LabelReading:
    """Turn probabilities (K,) into a LabelReading with the ``top`` best labels; equal scores keep the alphabet's order.

    A best probability below ``reject`` in 0..1 gives the label None and says so in ``reason``.
    """
    order = np.argsort(-scores, kind="stable")
    best = int(order[0])
    confidence = float(scores[best])
    refused = confidence < reject
    # Where "none of these" is an answer, it has what the labels leave of the probability.
    none = "none of these: " if 1.0 - float(scores.sum()) > confidence else ""
    shown = np.floor(confidence * 1e4) / 1e4  # never rounded up to the limit it is below
    return LabelReading(
        label=None if refused else alphabet[best],
        confidence=confidence,
        top=tuple((alphabet[int(k)], float(scores[k])) for k in order[:top]),
        path=path,
        reason=f"{none}confidence {shown:g} is below {reject:g}" if refused else None,
    )
