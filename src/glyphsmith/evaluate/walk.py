"""The walk of an evaluation: pictures stream past a reader, and what the figures need of each stays.

One batch of pictures is in memory, and some twenty bytes a picture stay. A sample is read one at a time and timed.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from glyphsmith.errors import DataError, PictureError
from glyphsmith.progress import bar
from glyphsmith.results import Failure, LabelReading, TextReading

if TYPE_CHECKING:
    from glyphsmith.data.pictures import Sample, Source
    from glyphsmith.picture import Picture
    from glyphsmith.runtime.reader import Reader, Reading

__all__ = ["TIMED", "LabelTally", "Streamed", "TextTally", "walk"]

#: Pictures read one at a time for ms_p50 and ms_p95: the 25 slowest of 500 settle p95 well enough.
TIMED = 500


class Streamed(ABC):
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


class TextTally(Streamed):
    """Truths and readings of texts."""

    #: Further texts are not asked for: they take a search for each picture.
    top = 0

    def __init__(self, n: int) -> None:
        super().__init__(n)
        self.truths, self.reads = [""] * n, [""] * n

    def enter(self, position: int, sample: Sample, answer: Reading) -> None:
        """Enter the text; one that was refused or impossible is an empty one."""
        assert isinstance(answer, TextReading)
        self.truths[position], self.reads[position] = sample.label, answer.text or ""


class LabelTally(Streamed):
    """Truths and readings of labels, as indices."""

    #: The truth may stand second or third.
    top = 3

    def __init__(self, alphabet: Sequence[str], n: int) -> None:
        super().__init__(n)
        self.index = {label: k for k, label in enumerate(alphabet)}
        self.truth = np.zeros(n, np.int32)
        self.read = np.zeros(n, np.int32)
        self.placed = np.zeros(n, np.uint8)
        self.in_alphabet = np.ones(n, np.float32)

    def enter(self, position: int, sample: Sample, answer: Reading) -> None:
        """A label seen for the first time is appended after those of the alphabet."""
        assert isinstance(answer, LabelReading)
        first = [label for label, _ in answer.top]
        self.truth[position] = self.index.setdefault(sample.label, len(self.index))
        self.read[position] = self.index[first[0]]
        self.in_alphabet[position] = answer.in_alphabet
        self.placed[position] = first.index(sample.label) if sample.label in first else 3


def walk(
    reader: Reader,
    source: Source,
    chosen: NDArray[np.int64],
    tally: Streamed,
    *,
    progress: bool = True,
    charset: str | None = None,
    pattern: str | None = None,
) -> NDArray[np.int64]:
    """Read the chosen pictures into the tally; gives the positions (N,) among them that could be read.

    ``charset`` and ``pattern`` hold texts as in ``Reader.read``. Raises DataError where no picture can be read.
    """
    with bar("reading", len(chosen), show=progress) as move:
        _read_all(reader, source, chosen, tally, move, {"charset": charset, "pattern": pattern})
    kept = np.flatnonzero(tally.counted)
    if not len(kept):
        raise DataError(
            f"{source.where}: none of its {len(chosen):,} pictures can be read", hint=f"the first: {tally.failed[0][2]}"
        )
    return kept


def _read_all(
    reader: Reader,
    source: Source,
    chosen: NDArray[np.int64],
    tally: Streamed,
    move: Callable[[int], None],
    held: dict[str, Any],
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
                reader.read(
                    [picture], top=tally.top, **held
                )  # the first call allocates, which is nobody's reading time
                warm = True
            before, before_cpu = time.perf_counter(), time.thread_time()
            answer = reader.read([picture], top=tally.top, reject=0.0, **held)[0]
            tally.cpu_s += time.thread_time() - before_cpu
            tally.read_ms.append((time.perf_counter() - before) * 1e3)
            tally.decode_ms.append(decode_ms)
            tally.count(position, source.sample(i), answer)

    for answer in reader.read_each(untimed(), top=tally.top, reject=0.0, **held):
        position = waiting.popleft()
        tally.count(position, source.sample(int(chosen[position])), answer)
