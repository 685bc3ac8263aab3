"""A reader of texts against labelled pictures: whole strings, characters by alignment, places, values, foldings.

It offers the report and the command line the same names as ``Evaluation`` does for labels, so that both are shown by
one page. Where a character is missing or too many, the other side of the pair is ``NOTHING``.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glyphsmith import metrics
from glyphsmith.errors import DataError
from glyphsmith.evaluate.measured import Measured
from glyphsmith.evaluate.text_specimens import NOTHING, ColumnExample
from glyphsmith.evaluate.words import milliseconds_or_none
from glyphsmith.expression import evaluate_expression

__all__ = ["NOTHING", "Place", "TextEvaluation", "foldings"]


def foldings(words: Sequence[str]) -> tuple[str, ...]:
    """Check what ``--fold`` named: each word is a set of characters that count as one.

    ``case`` stands for capitals and small letters. Raises DataError for a word of fewer than two characters.
    """
    for word in words:
        if len(set(word)) < 2:
            raise DataError(f"--fold {word}: expected two or more characters that count as one", hint="--fold 0O")
    return tuple(dict.fromkeys(words))


def _folded(text: str, fold: str) -> str:
    if fold == "case":
        return text.casefold()
    return text.translate({ord(sign): fold[0] for sign in fold})


@dataclass(frozen=True, slots=True)
class Place:
    """How the characters of one place were read: ``right`` of the ``n`` texts that have it."""

    place: int
    n: int
    right: int
    ci95: tuple[float, float]


@dataclass(frozen=True, eq=False, kw_only=True)
class TextEvaluation(Measured):
    """What a reader made of N pictures of texts.

    ``truths`` and ``reads`` (N) are the texts; what was refused or impossible is read as an empty one. ``alphabet`` is
    the reader's. ``folds`` are the sets of characters that are also counted as one.
    """

    alphabet: tuple[str, ...]
    truths: tuple[str, ...]
    reads: tuple[str, ...]
    arithmetic: bool = False
    folds: tuple[str, ...] = ()
    columns: tuple[ColumnExample, ...] = ()
    task: str = "text"

    @property
    def known(self) -> int:
        """How many symbols the reader knows."""
        return len(self.alphabet)

    @cached_property
    def right(self) -> NDArray[np.bool_]:
        """Which texts (N,) were right, every character of them."""
        return np.array([truth == read for truth, read in zip(self.truths, self.reads, strict=True)])

    @property
    def exact(self) -> float:
        """The share of whole texts that were right: the accuracy of a reader of texts."""
        return self.accuracy

    @property
    def cer(self) -> float:
        """The character error rate."""
        return metrics.character_error_rate(zip(self.truths, self.reads, strict=True))

    @property
    def value_accuracy(self) -> float | None:
        """The share of texts whose string and value are right; None where texts are no sums."""
        if not self.arithmetic:
            return None
        good: list[bool] = [
            same and evaluate_expression(read).value is not None
            for same, read in zip(self.right.tolist(), self.reads, strict=True)
        ]
        return sum(good) / len(good)

    @cached_property
    def folded(self) -> dict[str, float]:
        """The share of whole texts that are right where the characters of a folding count as one."""
        return {
            fold: float(
                np.mean([_folded(t, fold) == _folded(r, fold) for t, r in zip(self.truths, self.reads, strict=True)])
            )
            for fold in self.folds
        }

    @cached_property
    def aligned(self) -> Counter[tuple[str, str]]:
        """Count pairs of characters (truth, read) by the best alignment of each text."""
        counts: Counter[tuple[str, str]] = Counter()
        for truth, read in zip(self.truths, self.reads, strict=True):
            pairs = zip(truth, read, strict=True) if truth == read else metrics.align(truth, read)
            counts.update((a or NOTHING, b or NOTHING) for a, b in pairs)
        return counts

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The reader's symbols, then those that occur in the data alone, then NOTHING where it occurs."""
        seen = {sign for pair in self.aligned for sign in pair}
        strange = sorted(seen - set(self.alphabet) - {NOTHING})
        return (*self.alphabet, *strange, *([NOTHING] if NOTHING in seen else []))

    @cached_property
    def matrix(self) -> NDArray[np.int32]:
        """The counts (K, K) of characters: row is the truth, column what was read."""
        index = {label: k for k, label in enumerate(self.labels)}
        counts = np.zeros((len(index), len(index)), np.int32)
        for (truth, read), count in self.aligned.items():
            counts[index[truth], index[read]] = count
        return counts

    @property
    def confusions(self) -> list[tuple[str, str, int]]:
        """Every pair of characters that was a mistake, most frequent first."""
        return metrics.confusions(self.matrix, self.labels)

    @property
    def outside(self) -> dict[str, int]:
        """How often symbols occur that the reader cannot answer."""
        known = set(self.alphabet)
        return dict(Counter(sign for truth in self.truths for sign in truth if sign not in known))

    @property
    def pictures_outside(self) -> int:
        """How many texts hold a symbol that the reader cannot answer."""
        known = set(self.alphabet)
        return sum(not known.issuperset(truth) for truth in self.truths)

    @property
    def places(self) -> list[Place]:
        """How each place was read in the texts whose length was read rightly."""
        pairs = [(t, r) for t, r in zip(self.truths, self.reads, strict=True) if len(t) == len(r)]
        found = []
        for place in range(max((len(truth) for truth, _ in pairs), default=0)):
            there = [truth[place] == read[place] for truth, read in pairs if len(truth) > place]
            found.append(Place(place + 1, len(there), sum(there), metrics.wilson_interval(sum(there), len(there))))
        return found

    @property
    def wrong_lengths(self) -> int:
        """How many texts were read with too few or too many characters."""
        return sum(len(truth) != len(read) for truth, read in zip(self.truths, self.reads, strict=True))

    @property
    def other_case(self) -> int:
        """How many texts were wrong in nothing but capitals and small letters."""
        return sum(
            truth != read and unicodedata.normalize("NFKC", truth).casefold() == read.casefold()
            for truth, read in zip(self.truths, self.reads, strict=True)
        )

    def as_dict(self) -> dict[str, Any]:
        """Give the document of ``glyphsmith eval --json``."""
        p50, p95 = (milliseconds_or_none(value) for value in self.ms)
        record: dict[str, Any] = {
            "task": self.task,
            "n": self.n,
            "exact": round(self.exact, 6),
            "ci95": [round(end, 6) for end in self.ci95],
            "cer": round(self.cer, 6),
        }
        if self.value_accuracy is not None:
            record["value_accuracy"] = round(self.value_accuracy, 6)
        if self.folds:
            record["folded"] = {fold: round(share, 6) for fold, share in self.folded.items()}
        record["confusions"] = [
            ["" if a == NOTHING else a, "" if b == NOTHING else b, count] for a, b, count in self.confusions
        ]
        record |= {
            "ms_p50": p50,
            "ms_p95": p95,
            "file_mb": round(self.file_bytes / 1e6, 4),
            "ece": round(self.ece, 6),
            "per_position": [{"position": p.place, "n": p.n, "right": p.right} for p in self.places],
            "wrong_length": self.wrong_lengths,
            "failed": [{"path": name, "text": label, "error": error} for name, label, error in self.failed],
        }
        return record
