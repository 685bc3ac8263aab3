"""Is the int8 reader worth keeping? It is compared with the reader it came from, on pictures neither has learned from.

It is kept where it loses less than 0.05 points of what was right and is faster (issue 3 asks for both). Ranges come
from pictures to learn from, the figures from others; a test part is never looked at.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glyphsmith import metrics
from glyphsmith.card import Card
from glyphsmith.data.pictures import LabelledPictures, Source
from glyphsmith.errors import DataError, PictureError
from glyphsmith.export.int8 import CALIBRATION, quantised
from glyphsmith.export.reader_file import with_card
from glyphsmith.progress import bar
from glyphsmith.results import Failure
from glyphsmith.runtime.reader import BATCH, Reader, open_reader
from glyphsmith.runtime.session import open_session, run
from glyphsmith.train.rehearsal import learned_from

__all__ = ["LOSS", "Divided", "Shrunk", "divide", "pictures_of", "shrink"]

#: The share of right answers that may be lost: 0.05 points.
LOSS = 0.0005
#: Pictures read one at a time by both readers in turn, for the times.
TIMED = 300
#: Pictures compared, where there are more; and the fewest from which anything may be said.
MOST, LEAST = 20_000, 50


@dataclass(frozen=True, slots=True, eq=False)
class Divided:
    """Pictures by index: those that ranges come from, those that are compared, and which part the latter are.

    ``part`` is ``validation``, ``train`` (the reader may have learned from them) or ``other`` (no parts are given).
    """

    source: Source
    ranges: NDArray[np.int64]
    compared: NDArray[np.int64]
    part: str


@dataclass(frozen=True, slots=True)
class Shrunk:
    """What became of a reader: how many of ``n`` answers were right ``before`` and ``after``, and how many changed.

    ``lost`` were right and are wrong, ``won`` the other way round. Times are p50 of one picture on one thread.
    """

    file: bytes
    card: Card
    n: int
    part: str
    before: int
    after: int
    lost: int
    won: int
    ms_before: float
    ms_after: float
    bytes_before: int

    @property
    def loss(self) -> float:
        """The share of answers by which it is worse; below 0 where it is better."""
        return (self.lost - self.won) / self.n

    @property
    def loss_ci95(self) -> tuple[float, float]:
        """The 95 % interval of the loss, from the pictures whose answers differ (Wald for paired shares)."""
        differing = self.lost + self.won
        spread = 1.96 * max(differing - (self.lost - self.won) ** 2 / self.n, 1.0) ** 0.5 / self.n
        return self.loss - spread, self.loss + spread

    @property
    def why_not(self) -> str:
        """Say why it is not worth keeping; empty where it is."""
        if not self.before:
            return "the reader is right about none of these pictures, so they tell nothing"
        if self.loss >= LOSS:
            return f"it loses {100 * self.loss:.2f} points, and less than {100 * LOSS:g} may be lost"
        if self.ms_after >= self.ms_before:
            return f"it is not faster ({self.ms_after:.3f} ms a picture, before {self.ms_before:.3f})"
        return ""

    @property
    def coarse(self) -> bool:
        """True where so few pictures were compared that the loss could be LOSS or more without being seen."""
        return self.loss_ci95[1] >= LOSS

    def as_dict(self) -> dict[str, Any]:
        """Give the document of ``glyphsmith export --to int8 --json``."""
        low, high = self.loss_ci95
        return {
            "to": "int8",
            "kept": not self.why_not,
            "reason": self.why_not,
            "n": self.n,
            "part": self.part,
            "right_before": self.before,
            "right_after": self.after,
            "loss": round(self.loss, 6),
            "loss_ci95": [round(low, 6), round(high, 6)],
            "ms_p50_before": round(self.ms_before, 4),
            "ms_p50_after": round(self.ms_after, 4),
            "file_mb_before": round(self.bytes_before / 1e6, 4),
            "file_mb_after": round(len(self.file) / 1e6, 4),
        }


def divide(source: Source) -> Divided:
    """Divide pictures that a user named: ranges from its train part, figures from its validation part or from others.

    Raises DataError where too few are left.
    """
    parts = [source.sample(i).part for i in range(len(source))]
    order = np.random.default_rng(0).permutation(len(source))
    usable = np.array([i for i in order.tolist() if parts[i] != "test"], dtype=np.int64)
    judging = np.array([i for i in usable.tolist() if parts[i] == "validation"], dtype=np.int64)
    pool = np.array([i for i in usable.tolist() if parts[i] != "validation"], dtype=np.int64)
    share = min(CALIBRATION, len(pool) // 4 if not len(judging) else len(pool))
    ranges, rest = pool[:share], pool[share:]
    compared, part = (judging, "validation") if len(judging) else (rest, "train" if "train" in parts else "other")
    if len(ranges) < LEAST // 4 or len(compared) < LEAST:
        raise DataError(
            f"{source.where}: {len(usable):,} pictures outside a test part are too few to set ranges and to compare",
            hint="name a folder of some thousand labelled pictures with --data; `glyphsmith synth` paints them",
        )
    return Divided(source, ranges, np.sort(compared[:MOST]), part)


def pictures_of(model: Path, card: Card, say: Callable[[str], None]) -> Divided:
    """Find again what a reader learned from and was judged by; DataError where that is not known here."""
    found = learned_from(model, card, most=3000, say=say)
    if found is not None:
        source, indices, parts = found
        ranges, compared = (
            np.array([i for i, part in zip(indices, parts, strict=True) if part == wanted], dtype=np.int64)
            for wanted in ("train", "validation")
        )
        if len(ranges) >= LEAST // 4 and len(compared) >= LEAST:
            ranges = np.random.default_rng(0).permutation(ranges)[:CALIBRATION]
            return Divided(source, ranges, compared[:MOST], "validation")
        raise DataError(
            f"{model}: of the pictures it learned from and was judged by, {len(ranges):,} and {len(compared):,} are "
            f"there: {LEAST // 4} are needed to set ranges and {LEAST} to compare",
            hint="name more labelled pictures like them with --data FOLDER",
        )
    raise DataError(
        f"{model}: the pictures this reader learned from are not known here",
        hint="name labelled pictures like them with --data FOLDER",
    )


def shrink(reader: Reader, file: bytes, divided: Divided, *, progress: bool = True) -> Shrunk:
    """Quantise the reader's file with these pictures and compare the two. Raises ExportError, DataError."""
    source = divided.source
    session = open_session(file, ["prepared"])

    def prepared() -> Iterator[NDArray[np.float32]]:
        for _, picture in _opened(source, divided.ranges):
            yield run(session, ["prepared"], picture[None])[0]

    smaller_file = quantised(file, prepared())
    smaller = open_reader(smaller_file)
    right: list[tuple[bool, bool]] = []
    with bar("comparing", len(divided.compared), show=progress) as move:
        for start in range(0, len(divided.compared), BATCH):
            move(start)
            some = list(_opened(source, divided.compared[start : start + BATCH]))
            pictures, labels = [picture for _, picture in some], [source.sample(i).label for i, _ in some]
            both = (_answers(one, pictures) for one in (reader, smaller))
            right += [(a == label, b == label) for a, b, label in zip(*both, labels, strict=True)]
    if len(right) < LEAST:
        raise DataError(f"{source.where}: only {len(right)} of its pictures can be read, too few to compare")
    before, after = (sum(pair[k] for pair in right) for k in (0, 1))
    ms_before, ms_after = _times(reader, smaller, source, divided.compared[:TIMED])
    what = "exact" if reader.card.task == "text" else "accuracy"
    figure = {
        "n": len(right),
        what: round(after / len(right), 6),
        "ci95": [round(end, 6) for end in metrics.wilson_interval(after, len(right))],
        "data": Path(source.where).name,
    }
    note = f"int8 of a file that had {before} of the same {len(right)} right; its own figures were another file's"
    card = replace(smaller.card, figures={f"int8, {divided.part} pictures": figure}, notes=(*smaller.card.notes, note))
    return Shrunk(
        file=with_card(smaller_file, card),
        card=card,
        n=len(right),
        part=divided.part,
        before=before,
        after=after,
        lost=sum(a and not b for a, b in right),
        won=sum(b and not a for a, b in right),
        ms_before=ms_before,
        ms_after=ms_after,
        bytes_before=len(file),
    )


def _opened(source: Source | LabelledPictures, indices: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    for i in indices.tolist():
        try:
            yield i, source.picture(i)
        except PictureError:  # what cannot be opened is in no figure of either reader
            continue


def _answers(reader: Reader, pictures: list[NDArray[np.uint8]]) -> list[str | None]:
    texts = reader.card.task == "text"
    found = reader.read(pictures, top=0 if texts else 1, reject=0.0)
    return [None if isinstance(one, Failure) else one.text if texts else one.top[0][0] for one in found]


def _times(first: Reader, second: Reader, source: Source, indices: NDArray[np.int64]) -> tuple[float, float]:
    """Give the p50 in milliseconds of both readers, asked in turn, so that a busy moment slows both."""
    taken: tuple[list[float], list[float]] = ([], [])
    for number, (_, picture) in enumerate(_opened(source, indices)):
        for reader, times in zip((first, second), taken, strict=True):
            begun = time.perf_counter()
            reader.read(picture, top=0, reject=0.0) if reader.card.task == "text" else reader.read(picture, top=1)
            if number:  # the first call allocates
                times.append((time.perf_counter() - begun) * 1e3)
    before, after = (metrics.percentiles(times, (50.0,))[0] for times in taken)
    return before, after
