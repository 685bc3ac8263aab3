"""A reader against labelled pictures: every figure of a file is measured here, through the same reading as everywhere.

``run`` calls it at the end of a training on the test part, ``cli.eval`` on whatever a user names. Pictures stream: one
batch is in memory, and some twenty bytes a picture stay for the figures. N pictures are read, K labels are counted.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from glyphsmith import metrics
from glyphsmith.errors import DataError, PictureError
from glyphsmith.evaluate.specimens import Specimen, choose_specimens
from glyphsmith.evaluate.text import TextEvaluation, foldings
from glyphsmith.evaluate.text_specimens import choose_text_specimens
from glyphsmith.progress import bar
from glyphsmith.results import Failure, LabelReading, TextReading

if TYPE_CHECKING:
    from glyphsmith.data.pictures import Sample, Source
    from glyphsmith.picture import Picture
    from glyphsmith.runtime.reader import Reader, Reading

__all__ = ["Evaluation", "evaluate", "part_indices"]

#: Pictures read one at a time for ms_p50 and ms_p95: the 25 slowest of 500 settle p95 well enough.
TIMED = 500
#: A quiet machine gives the reading thread its processor for more of the time than this.
BUSY_BELOW = 0.8


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """What a reader made of N labelled pictures.

    ``labels`` are the K labels counted: the ``known`` ones of the reader's alphabet first, then those that occur in the
    data only, each picture of which is a mistake of the reader. ``truth`` and ``read`` (N,) are indices into it,
    ``confidence`` (N,) is the calibrated probability of what was read, ``placed`` (N,) is 0 where the answer was right,
    1 or 2 where the truth stood second or third, else 3. ``sizes_px`` is (N, 2) of height and width.
    ``read_ms`` and ``decode_ms`` are of the pictures read singly, on one thread; ``cpu_share`` is the part of that time
    for which the thread had a processor: well below 1, the machine was busy and the times say more about it.
    """

    task: str
    reader: str
    about: str
    data: str
    form: str
    part: str
    labels: tuple[str, ...]
    known: int
    truth: NDArray[np.int32]
    read: NDArray[np.int32]
    confidence: NDArray[np.float32]
    placed: NDArray[np.uint8]
    sizes_px: NDArray[np.int32]
    failed: tuple[tuple[str, str, str], ...]
    read_ms: NDArray[np.float64]
    decode_ms: NDArray[np.float64]
    cpu_share: float
    file_bytes: int
    reject_below: float
    stages: tuple[str, ...]
    surest: tuple[Specimen, ...]
    pairs: tuple[tuple[Specimen, ...], ...]
    seconds: float

    @property
    def n(self) -> int:
        """How many pictures were read."""
        return len(self.truth)

    @property
    def right(self) -> NDArray[np.bool_]:
        """Which answers (N,) were right."""
        return np.equal(self.truth, self.read)

    @property
    def accuracy(self) -> float:
        """The share of right answers among the pictures that were read."""
        return metrics.accuracy(self.truth, self.read)

    @property
    def ci95(self) -> tuple[float, float]:
        """The 95 % interval of the accuracy."""
        return metrics.wilson_interval(int(self.right.sum()), self.n)

    @property
    def matrix(self) -> NDArray[np.int32]:
        """The counts (K, K): row is the truth, column what was read."""
        return metrics.confusion_matrix(self.truth, self.read, len(self.labels))

    @property
    def confusions(self) -> list[tuple[str, str, int]]:
        """Every (truth, read, count) that was a mistake, most frequent first."""
        return metrics.confusions(self.matrix, self.labels)

    @property
    def ece(self) -> float:
        """The expected calibration error."""
        return metrics.expected_calibration_error(self.confidence, self.right)

    @property
    def outside(self) -> dict[str, int]:
        """How many pictures carry a label that the reader cannot answer, by label."""
        counts = np.bincount(self.truth, minlength=len(self.labels))
        return {self.labels[k]: int(counts[k]) for k in range(self.known, len(self.labels))}

    @property
    def machine_was_busy(self) -> bool:
        """True where the measured times are those of a machine with other things to do."""
        return self.cpu_share < BUSY_BELOW

    @property
    def ms(self) -> tuple[float, float]:
        """p50 and p95 of reading one picture on one thread, from raw pixels, in milliseconds."""
        p50, p95 = metrics.percentiles(self.read_ms)
        return p50, p95

    def as_dict(self) -> dict[str, Any]:
        """Give the document of ``glyphsmith eval --json``."""
        matrix = self.matrix
        p50, p95 = self.ms
        return {
            "task": self.task,
            "n": self.n,
            "accuracy": round(self.accuracy, 6),
            "ci95": [round(end, 6) for end in self.ci95],
            "confusions": [list(entry) for entry in self.confusions],
            "ms_p50": round(p50, 4),
            "ms_p95": round(p95, 4),
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


def evaluate(
    reader: Reader,
    source: Source,
    *,
    indices: Sequence[int] | NDArray[np.int64] | None = None,
    progress: bool = True,
    part: str = "",
    folds: Sequence[str] | None = None,
) -> Evaluation | TextEvaluation:
    """Read the labelled pictures of ``source`` (those of ``indices``, else all) and count what was right.

    ``part`` is the name of what is read, for the report; ``folds`` are sets of characters that texts are also counted
    with as one (None: ``0O`` for a reader that knows both, since captchas rarely draw them apart). A picture that
    cannot be read is listed as failed and counts in no figure. Raises DataError when there is no picture, or when none
    can be read.
    """
    began = time.perf_counter()
    if folds is None:
        folds = ("0O",) if {"0", "O"} <= set(reader.card.alphabet) else ()
    folds = foldings(folds)
    chosen = np.arange(len(source)) if indices is None else np.asarray(indices, dtype=np.int64)
    if len(chosen) == 0:
        raise DataError(f"{source.where}: no picture to evaluate on")
    if reader.card.task == "text":
        return _evaluate_texts(reader, source, chosen, progress, part, folds, began)
    tally = _Tally(reader.card.alphabet, len(chosen))
    with bar("reading", len(chosen), show=progress) as move:
        _read_all(reader, source, chosen, tally, move)
    if not tally.counted.any():
        raise DataError(
            f"{source.where}: none of its {len(chosen):,} pictures can be read", hint=f"the first: {tally.failed[0][2]}"
        )
    kept = np.flatnonzero(tally.counted)
    card, labels = reader.card, tuple(tally.index)
    truth, read, confidence = tally.truth[kept], tally.read[kept], tally.confidence[kept]
    surest, pairs = choose_specimens(reader, source, chosen[kept], truth, read, confidence, labels)
    return Evaluation(
        task=card.task,
        reader=card.name,
        about=card.about,
        data=source.where,
        form=source.form,
        part=part,
        labels=labels,
        known=len(card.alphabet),
        truth=truth,
        read=read,
        confidence=confidence,
        placed=tally.placed[kept],
        sizes_px=tally.sizes_px[kept],
        failed=tuple(tally.failed),
        read_ms=np.array(tally.read_ms),
        decode_ms=np.array(tally.decode_ms),
        cpu_share=min(1.0, tally.cpu_s / max(1e-9, sum(tally.read_ms) / 1e3)),
        file_bytes=reader.file_bytes,
        reject_below=card.reject_below,
        stages=tuple(caption for _, caption in card.stages),
        surest=surest,
        pairs=pairs,
        seconds=time.perf_counter() - began,
    )


def _evaluate_texts(
    reader: Reader,
    source: Source,
    chosen: NDArray[np.int64],
    progress: bool,
    part: str,
    folds: tuple[str, ...],
    began: float,
) -> TextEvaluation:
    tally = _TextTally(len(chosen))
    with bar("reading", len(chosen), show=progress) as move:
        _read_all(reader, source, chosen, tally, move)
    kept = np.flatnonzero(tally.counted)
    if not len(kept):
        raise DataError(
            f"{source.where}: none of its {len(chosen):,} pictures can be read", hint=f"the first: {tally.failed[0][2]}"
        )
    card = reader.card
    truths, reads = (tuple(texts[i] for i in kept.tolist()) for texts in (tally.truths, tally.reads))
    evaluation = TextEvaluation(
        reader=card.name,
        about=card.about,
        data=source.where,
        form=source.form,
        part=part,
        alphabet=card.alphabet,
        truths=truths,
        reads=reads,
        confidence=tally.confidence[kept],
        sizes_px=tally.sizes_px[kept],
        failed=tuple(tally.failed),
        read_ms=np.array(tally.read_ms),
        decode_ms=np.array(tally.decode_ms),
        cpu_share=min(1.0, tally.cpu_s / max(1e-9, sum(tally.read_ms) / 1e3)),
        file_bytes=reader.file_bytes,
        reject_below=card.reject_below,
        stages=tuple(caption for _, caption in card.stages),
        seconds=time.perf_counter() - began,
        arithmetic=card.text is not None and card.text.arithmetic,
        folds=folds,
    )
    specimens = choose_text_specimens(reader, source, chosen[kept], truths, reads, tally.confidence[kept])
    return evaluation.with_specimens(specimens)


class _Streamed(ABC):
    """What is kept of every picture while they stream past: arrays (n,) in the order of the chosen pictures."""

    #: How many answers are asked for of each picture.
    top: int

    def __init__(self, n: int) -> None:
        self.counted = np.zeros(n, np.bool_)
        self.confidence = np.zeros(n, np.float32)
        self.sizes_px = np.zeros((n, 2), np.int32)
        self.failed: list[tuple[str, str, str]] = []
        self.read_ms: list[float] = []
        self.decode_ms: list[float] = []
        self.cpu_s = 0.0

    def count(self, position: int, sample: Sample, answer: Reading | Failure) -> None:
        """Enter one answer, or why there is none."""
        if isinstance(answer, Failure):
            self.failed.append((sample.name, sample.label, answer.error))
            return
        self.counted[position] = True
        self.confidence[position] = answer.confidence
        self.enter(position, sample, answer)

    @abstractmethod
    def enter(self, position: int, sample: Sample, answer: Reading) -> None:
        """Enter the answer to one picture that was read."""


class _TextTally(_Streamed):
    """Truths and readings of texts."""

    #: Further texts are not asked for: they take a search for each picture.
    top = 0

    def __init__(self, n: int) -> None:
        super().__init__(n)
        self.truths, self.reads = [""] * n, [""] * n

    def enter(self, position: int, sample: Sample, answer: Reading) -> None:
        assert isinstance(answer, TextReading)
        self.truths[position], self.reads[position] = sample.label, answer.text or ""


class _Tally(_Streamed):
    """Truths and readings of labels, as indices."""

    #: The truth may stand second or third.
    top = 3

    def __init__(self, alphabet: Sequence[str], n: int) -> None:
        super().__init__(n)
        self.index = {label: k for k, label in enumerate(alphabet)}
        self.truth = np.zeros(n, np.int32)
        self.read = np.zeros(n, np.int32)
        self.placed = np.zeros(n, np.uint8)

    def enter(self, position: int, sample: Sample, answer: Reading) -> None:
        """A label seen for the first time is appended after those of the alphabet."""
        assert isinstance(answer, LabelReading)
        first = [label for label, _ in answer.top]
        self.truth[position] = self.index.setdefault(sample.label, len(self.index))
        self.read[position] = self.index[first[0]]
        self.placed[position] = first.index(sample.label) if sample.label in first else 3


def _read_all(
    reader: Reader,
    source: Source,
    chosen: NDArray[np.int64],
    tally: _Streamed,
    move: Callable[[int], None],
) -> None:
    """Read the chosen pictures as they come: a sample of them one at a time and timed, the others in batches."""
    n = len(chosen)
    timed = set(np.linspace(0, n - 1, min(n, TIMED)).round().astype(np.int64).tolist())
    waiting: deque[int] = deque()
    warm = False

    def untimed() -> Iterator[Picture]:
        nonlocal warm
        for position, i in enumerate(chosen.tolist()):
            move(position)
            before = time.perf_counter()
            try:
                picture = source.picture(i)
            except PictureError as error:
                sample = source.sample(i)
                tally.count(position, sample, Failure(sample.name, error.message))
                continue
            decode_ms = (time.perf_counter() - before) * 1e3
            tally.sizes_px[position] = picture.shape[:2]
            if position not in timed:
                waiting.append(position)
                yield picture
                continue
            if not warm:
                reader.read([picture], top=tally.top)  # the first call allocates, which is nobody's reading time
                warm = True
            before, before_cpu = time.perf_counter(), time.thread_time()
            answer = reader.read([picture], top=tally.top, reject=0.0)[0]
            tally.cpu_s += time.thread_time() - before_cpu
            tally.read_ms.append((time.perf_counter() - before) * 1e3)
            tally.decode_ms.append(decode_ms)
            tally.count(position, source.sample(i), answer)

    for answer in reader.read_each(untimed(), top=tally.top, reject=0.0):
        position = waiting.popleft()
        tally.count(position, source.sample(int(chosen[position])), answer)
