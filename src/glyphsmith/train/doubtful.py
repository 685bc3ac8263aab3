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
from glyphsmith.decode.confidence import text_confidence

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
    logits: NDArray[np.floating],
    labels: NDArray[np.int64],
    head: Literal["label", "ctc", "fixed"],
    *,
    refuses: bool = False,
    text_temperature: float = 1.0,
) -> NDArray[np.float64]:
    """Give the log-probability (N,) of the true labels (N,), or texts (N, L) with -1 behind the end.

    ``logits`` are calibrated: (N, K), (N, T, 1+K) of a CTC head or (N, P, K) of a fixed one. The probability is that
    of the reader's confidence, so that the two can be compared: with ``refuses`` "none of these" has its share, and
    that of a text is calibrated by ``text_temperature``.
    """
    if refuses:
        logits = np.concatenate([logits, np.zeros_like(logits[:, :1])], axis=1)
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
    return np.log([text_confidence(one, text_temperature) for one in found.tolist()])


def rank_doubts(
    indices: NDArray[np.int64],
    names: Sequence[str],
    labels: Sequence[str],
    reads: Sequence[str],
    likely: NDArray[np.float64],
    confidence: NDArray[np.floating],
) -> list[Doubt]:
    """Rank pictures (n) by how unlikely their own labels are, the least likely first; ``likely`` are logarithms.

    ``confidence`` is the file's, whose rounding moves it by up to 0.01: a label that was read has that very one, and no
    other label has more.
    """
    is_read = np.array([label == read for label, read in zip(labels, reads, strict=True)], dtype=np.bool_)
    shown = np.where(is_read, confidence, np.minimum(np.exp(likely), confidence))
    order = np.lexsort((indices, likely, shown))
    return [
        Doubt(
            index=int(indices[i]),
            name=names[i],
            label=labels[i],
            read=reads[i],
            label_probability=float(shown[i]),
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
