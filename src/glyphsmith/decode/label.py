"""Scores of one picture to the reading of one label; the one decoder of the task ``label``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glyphsmith.alphabet import Alphabet
from glyphsmith.results import LabelReading

__all__ = ["decode_label", "rounded_down"]


def decode_label(
    scores: NDArray[np.float32],
    alphabet: Alphabet,
    *,
    top: int = 3,
    reject: float = 0.0,
    none_below: float = 0.0,
    path: str | None = None,
) -> LabelReading:
    """Turn probabilities (K,) into a LabelReading with the ``top`` best labels; equal scores keep the alphabet's order.

    Where "none of these" is an answer, it has what the labels leave of the probability. Labels that together have less
    than ``none_below``, or a best one with less than ``reject``, both in 0..1, give the label None; ``reason`` says so.
    """
    order = np.argsort(-scores, kind="stable")
    best = int(order[0])
    confidence, together = float(scores[best]), min(1.0, float(scores.sum(dtype=np.float64)))
    reason = None
    if together < none_below:
        reason = (
            f"none of these: all labels together have {rounded_down(together)} of the probability, below {none_below:g}"
        )
    elif confidence < reject:
        reason = f"confidence {rounded_down(confidence)} is below {reject:g}"
    return LabelReading(
        label=None if reason else alphabet[best],
        confidence=confidence,
        top=tuple((alphabet[int(k)], float(scores[k])) for k in order[:top]),
        path=path,
        reason=reason,
        in_alphabet=together,
    )


def rounded_down(probability: float) -> str:
    """Write it so that it is never rounded up to the limit it is below."""
    return f"{np.floor(probability * 1e4) / 1e4:g}"
