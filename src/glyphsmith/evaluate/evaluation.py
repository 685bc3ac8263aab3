"""A reader against labelled pictures: every figure of a file is measured here, through the same reading as everywhere.

``run`` calls it at the end of a training on the test part, ``cli.eval`` on whatever a user names. N pictures are read,
K labels are counted.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from glyphsmith import metrics
from glyphsmith.decode.pattern import split_labels
from glyphsmith.errors import DataError
from glyphsmith.evaluate.measured import Measured
from glyphsmith.evaluate.specimens import choose_specimens
from glyphsmith.evaluate.text import TextEvaluation, foldings
from glyphsmith.evaluate.text_specimens import choose_text_specimens
from glyphsmith.evaluate.walk import LabelTally, Streamed, TextTally, walk
from glyphsmith.evaluate.words import milliseconds_or_none

if TYPE_CHECKING:
    from glyphsmith.data.pictures import Source
    from glyphsmith.runtime.reader import Reader

__all__ = ["Evaluation", "check_known", "evaluate", "part_indices"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Evaluation(Measured):
    """What a reader of labels made of N labelled pictures.

    ``labels`` are the K labels counted: the ``known`` ones of the reader's alphabet first, then those that occur in the
    data only, each picture of which is a mistake of the reader. ``truth`` and ``read`` (N,) are indices into it,
    ``placed`` (N,) is 0 where the answer was right, 1 or 2 where the truth stood second or third, else 3.
    ``in_alphabet`` (N,) is what all labels together had of the probability; below ``none_below`` the file answers none.
    """

    task: str
    labels: tuple[str, ...]
    known: int
    truth: NDArray[np.int32]
    read: NDArray[np.int32]
    placed: NDArray[np.uint8]
    in_alphabet: NDArray[np.float32]
    none_below: float

    @property
    def answered(self) -> NDArray[np.bool_]:
        """Which pictures (N,) the file answers by itself."""
        return super().answered & (self.in_alphabet >= self.none_below)

    @property
    def right(self) -> NDArray[np.bool_]:
        """Which answers (N,) were right."""
        return np.equal(self.truth, self.read)

    @property
    def matrix(self) -> NDArray[np.int32]:
        """The counts (K, K): row is the truth, column what was read."""
        return metrics.confusion_matrix(self.truth, self.read, len(self.labels))

    @property
    def confusions(self) -> list[tuple[str, str, int]]:
        """Every (truth, read, count) that was a mistake, most frequent first."""
        return metrics.confusions(self.matrix, self.labels)

    @property
    def outside(self) -> dict[str, int]:
        """How many pictures carry a label that the reader cannot answer, by label."""
        counts = np.bincount(self.truth, minlength=len(self.labels))
        return {self.labels[k]: int(counts[k]) for k in range(self.known, len(self.labels))}

    @property
    def pictures_outside(self) -> int:
        """How many pictures carry a label that the reader cannot answer."""
        return sum(self.outside.values())

    def as_dict(self) -> dict[str, Any]:
        """Give the document of ``glyphsmith eval --json``."""
        matrix = self.matrix
        p50, p95 = (milliseconds_or_none(value) for value in self.ms)
        return {
            "task": self.task,
            "n": self.n,
            "accuracy": round(self.accuracy, 6),
            "ci95": [round(end, 6) for end in self.ci95],
            "confusions": [list(entry) for entry in self.confusions],
            "ms_p50": p50,
            "ms_p95": p95,
            "file_mb": round(self.file_bytes / 1e6, 4),
            "ece": round(self.ece, 6),
            "per_class": [figures.as_dict() for figures in metrics.per_class(matrix, self.labels)],
            "failed": [{"path": name, "label": label, "error": error} for name, label, error in self.failed],
        }


def part_indices(source: Source, part: str = "") -> tuple[NDArray[np.int64] | None, str]:
    """Choose what to evaluate: the indices (None: all pictures) and the name of that part.

    ``part`` is ``all`` or the name of a part the data gives. Empty means the test part where the data gives one (a
    reader has learned from the others), else all. Raises DataError for a part that no picture belongs to.
    """
    if part == "all":
        return None, "all pictures"
    parts = [source.sample(i).part for i in range(len(source))]
    wanted = part or "test"
    indices = np.array([i for i, found in enumerate(parts) if found == wanted], dtype=np.int64)
    if len(indices):
        return indices, f"the {wanted} part"
    if part:
        given = sorted({found for found in parts if found})
        raise DataError(
            f"{source.where}: no picture belongs to the part {part!r}",
            hint=f"the data gives the parts {', '.join(given)}" if given else "the data gives no parts; use all of it",
        )
    return None, "all pictures"


def check_known(
    reader: Reader,
    source: Source,
    indices: Sequence[int] | NDArray[np.int64] | None = None,
    *,
    folds: Sequence[str] = (),
) -> None:
    """Raise DataError where the reader can answer not one of the labels: its figure would be 0 % and say nothing.

    Where ``folds`` counts the cases as one, a label in the other case can be answered.
    """
    chosen = range(len(source)) if indices is None else np.asarray(indices).tolist()
    labels = dict.fromkeys(source.sample(i).label for i in chosen)
    alphabet, texts = reader.alphabet, reader.card.task == "text"

    def known(label: str) -> bool:
        return bool(label) and all(sign in alphabet for sign in (split_labels(label, alphabet) if texts else [label]))

    folded = {label.casefold() for label in alphabet}
    other_case = any(set(label.casefold() if texts else [label.casefold()]) <= folded for label in labels if label)
    if not labels or any(known(label) for label in labels) or ("case" in folds and other_case):
        return
    either = ", or count the cases as one with --fold case" if texts else ""
    raise DataError(
        f"{source.where}: {reader.name} can answer none of its {len(labels):,} labels ({_some(list(labels))}); "
        f"it knows {_some(list(alphabet))}",
        hint=f"capitals and small letters are different labels: write the labels as the reader does{either}"
        if other_case
        else "another reader is needed, or `glyphsmith train ... --from MODEL`, which adds labels to this one",
    )


def _some(labels: Sequence[str]) -> str:
    shown = " ".join(label if len(label) <= 20 else label[:19] + "…" for label in labels[:12])
    return shown + (" ..." if len(labels) > 12 else "")


def evaluate(
    reader: Reader,
    source: Source,
    *,
    indices: Sequence[int] | NDArray[np.int64] | None = None,
    progress: bool = True,
    part: str = "",
    folds: Sequence[str] | None = None,
    charset: str | None = None,
    pattern: str | None = None,
) -> Evaluation | TextEvaluation:
    """Read the labelled pictures of ``source`` (those of ``indices``, else all) and count what was right.

    ``part`` is the name of what is read, for the report; ``folds`` are sets of characters that texts are also counted
    with as one (None: ``0O`` for a reader that knows both, since captchas rarely draw them apart). ``charset`` and
    ``pattern`` hold texts as in ``Reader.read``. A picture that cannot be read is listed as failed and counts in no
    figure. Raises DataError when there is no picture, or when none can be read; PatternError for an impossible pattern.
    """
    began = time.perf_counter()
    if folds is None:
        folds = ("0O",) if {"0", "O"} <= set(reader.card.alphabet) else ()
    folds = foldings(folds)
    chosen = np.arange(len(source)) if indices is None else np.asarray(indices, dtype=np.int64)
    if len(chosen) == 0:
        raise DataError(f"{source.where}: no picture to evaluate on")
    card = reader.card
    if card.task == "text":
        texts = TextTally(len(chosen))
        kept = walk(reader, source, chosen, texts, progress=progress, charset=charset, pattern=pattern)
        truths, reads = (tuple(found[i] for i in kept.tolist()) for found in (texts.truths, texts.reads))
        shown = choose_text_specimens(reader, source, chosen[kept], truths, reads, texts.confidence[kept])
        return TextEvaluation(
            **_measured(reader, source, texts, kept, part, began),
            alphabet=card.alphabet,
            truths=truths,
            reads=reads,
            arithmetic=card.text is not None and card.text.arithmetic,
            folds=folds,
            surest=shown.surest,
            pairs=shown.pairs,
            columns=shown.columns,
        )
    tally = LabelTally(card.alphabet, len(chosen))
    kept = walk(reader, source, chosen, tally, progress=progress, charset=charset, pattern=pattern)
    labels, truth, read = tuple(tally.index), tally.truth[kept], tally.read[kept]
    surest, pairs = choose_specimens(reader, source, chosen[kept], truth, read, tally.confidence[kept], labels)
    return Evaluation(
        **_measured(reader, source, tally, kept, part, began),
        task=card.task,
        labels=labels,
        known=len(card.alphabet),
        truth=truth,
        read=read,
        placed=tally.placed[kept],
        in_alphabet=tally.in_alphabet[kept],
        none_below=card.none_below,
        surest=surest,
        pairs=pairs,
    )


def _measured(
    reader: Reader, source: Source, tally: Streamed, kept: NDArray[np.int64], part: str, began: float
) -> dict[str, Any]:
    """Give what a walk measured whatever the reader answers: the fields of ``Measured`` but the pictures to show."""
    return {
        "reader": reader.card.name,
        "about": reader.card.about,
        "data": source.where,
        "form": source.form,
        "part": part,
        "confidence": tally.confidence[kept],
        "sizes_px": tally.sizes_px[kept],
        "failed": tuple(tally.failed),
        "read_ms": np.array(tally.read_ms),
        "decode_ms": np.array(tally.decode_ms),
        "cpu_share": min(1.0, tally.cpu_s / max(1e-9, sum(tally.read_ms) / 1e3)),
        "file_bytes": reader.file_bytes,
        "reject_below": reader.card.reject_below,
        "stages": tuple(caption for _, caption in reader.card.stages),
        "seconds": time.perf_counter() - began,
    }
