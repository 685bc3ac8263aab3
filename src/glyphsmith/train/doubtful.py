"""Labels that others contradict: pictures whose own label a network that never saw them finds unlikely.

``kfold`` gives the log-probability of every picture's own label, from the fold that held the picture out; a wrong label
is one that is unlikely there (Northcutt et al., 2021, rank by the same). Ranked, they are looked through in minutes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from glyphsmith.decode import ctc

__all__ = ["Doubt", "doubtful_csv", "label_log_probabilities", "rank_doubts"]


@dataclass(frozen=True, slots=True)
class Doubt:
    """A picture whose label is doubtful: ``index`` in the source, its ``label``, what was ``read``, how likely each."""

    index: int
    name: str
    label: str
    read: str
    label_probability: float
    read_probability: float


def label_log_probabilities(
    logits: NDArray[np.floating], labels: NDArray[np.int64], head: Literal["label", "ctc", "fixed"]
) -> NDArray[np.float64]:
    """Give the log-probability (N,) of the true labels (N,), or texts (N, L) with -1 behind the end.

    ``logits`` are calibrated: (N, K), (N, T, 1+K) of a CTC head or (N, P, K) of a fixed one.
    """
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    if head == "label":
        return np.asarray(logs[np.arange(len(labels)), labels], dtype=np.float64)
    found = np.empty(len(labels))
    for i, row in enumerate(labels):
        text = row[row >= 0]
        if head == "fixed":
            found[i] = logs[i, np.arange(len(text)), text].sum()
        else:
            found[i] = ctc.sequence_log_probability(logs[i], text.tolist())
    return found


def rank_doubts(
    indices: NDArray[np.int64],
    names: Sequence[str],
    labels: Sequence[str],
    reads: Sequence[str],
    likely: NDArray[np.float64],
    confidence: NDArray[np.floating],
) -> list[Doubt]:
    """Rank pictures (n) by how unlikely their own labels are, the least likely first; ``likely`` are logarithms."""
    order = np.lexsort((indices, likely))
    return [
        Doubt(
            index=int(indices[i]),
            name=names[i],
            label=labels[i],
            read=reads[i],
            label_probability=float(np.exp(likely[i])),
            read_probability=float(confidence[i]),
        )
        for i in order.tolist()
    ]


def doubtful_csv(doubts: Sequence[Doubt]) -> str:
    """Write all pictures, most doubtful first, as a table for ``doubtful.csv``."""
    buffer = io.StringIO()
    table = csv.writer(buffer, lineterminator="\n")
    table.writerow(["rank", "file", "label", "read", "label_probability", "read_probability"])
    for rank, doubt in enumerate(doubts, start=1):
        figures = (f"{doubt.label_probability:.6f}", f"{doubt.read_probability:.6f}")
        table.writerow([rank, doubt.name, doubt.label, doubt.read, *figures])
    return buffer.getvalue()
