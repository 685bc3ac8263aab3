"""Look at every picture once before anything is learnt: counts, sizes, duplicates, leaks, damage, doubtful polarity.

One pass in flat memory: of each picture 100 bytes are kept. ``train`` prints and saves what is found here, and the
split is made from it, so that duplicates never straddle it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from glyphsmith.data.blocks import Block, open_blocks
from glyphsmith.data.measure import DIGEST_BYTES, GROUNDS, THUMB_SIDE, Measures, measure
from glyphsmith.data.nearly import clusters
from glyphsmith.data.pictures import Source, columns_of
from glyphsmith.data.stream import track_source
from glyphsmith.errors import PictureError

__all__ = ["Audit", "Collector", "Finding", "Level", "Piece", "audit", "measure_piece"]

Level = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing worth knowing: an ``error`` makes learning pointless, a ``warning`` wants a look."""

    level: Level
    text: str
    names: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Give the JSON record."""
        return {"level": self.level, "text": self.text, "names": list(self.names)}


@dataclass(slots=True)
class Audit:
    """What is known of a source after one pass.

    ``digests`` (N, 16) name the decoded pixels, ``readable`` (N,) says which pictures open, ``exact`` and ``cluster``
    (N,) are ids shared by exact, and by exact or near duplicates (the index of the first of them). ``grounds`` (N,)
    says what the border of each looks like (``measure.GROUNDS``).
    """

    where: str
    form: str
    reason: str
    n: int
    labels: Counter[str]
    digests: NDArray[np.uint8]
    readable: NDArray[np.bool_]
    exact: NDArray[np.int64]
    cluster: NDArray[np.int64]
    grounds: NDArray[np.int8]
    heights: NDArray[np.int32]
    widths: NDArray[np.int32]
    kinds: Counter[str]
    parts: Counter[str]
    failures: list[tuple[str, str]]
    findings: list[Finding] = field(default_factory=list)

    @property
    def sizes(self) -> Counter[tuple[int, int]]:
        """Count the readable pictures of each (width, height) in pixels."""
        pairs, counts = np.unique(
            np.stack([self.widths, self.heights], axis=1)[self.readable], axis=0, return_counts=True
        )
        return Counter({(int(w), int(h)): int(n) for (w, h), n in zip(pairs, counts, strict=True)})

    @property
    def polarity(self) -> Counter[str]:
        """Count the readable pictures by what their border says."""
        found = np.bincount(self.grounds[self.readable], minlength=len(GROUNDS))
        return Counter({name: int(count) for name, count in zip(GROUNDS, found, strict=True) if count})

    def lines(self) -> list[str]:
        """Say it in lines for the terminal and the report."""
        from glyphsmith.data.findings import in_lines

        return in_lines(self)

    def as_dict(self) -> dict[str, Any]:
        """Give the JSON document of ``glyphsmith data check``."""
        from glyphsmith.data.findings import as_document

        return as_document(self)


@dataclass(slots=True)
class Piece:
    """What one thread or process found in one piece of the source."""

    measured: list[tuple[NDArray[np.int64], Measures, int, int]] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[int, str]] = field(default_factory=list)

    def add(self, block: Block) -> None:
        """Measure pictures of one size."""
        self.measured.append((np.asarray(block.at), measure(block.pictures), *block.pictures.shape[1:3]))
        self.kinds.update(block.kinds)


class Collector:
    """Takes in the measures of every picture in any order and makes the audit of them."""

    def __init__(self, source: Source) -> None:
        count = len(source)
        self._source = source
        self.digests = np.zeros((count, DIGEST_BYTES), dtype=np.uint8)
        self.thumbs = np.zeros((count, THUMB_SIDE * THUMB_SIDE), dtype=np.uint8)
        self.grounds = np.zeros(count, dtype=np.int8)
        self.heights = np.zeros(count, dtype=np.int32)
        self.widths = np.zeros(count, dtype=np.int32)
        self.readable = np.zeros(count, dtype=np.bool_)
        self.kinds: Counter[str] = Counter()
        self.failures: list[tuple[int, str]] = []

    def add(self, indices: NDArray[np.int64] | range, measures: Measures, height: int, width: int) -> None:
        """Take in pictures of one size."""
        at = np.asarray(indices)
        self.digests[at] = measures.digests
        self.thumbs[at] = measures.thumbs
        self.grounds[at] = measures.grounds
        self.heights[at] = height
        self.widths[at] = width
        self.readable[at] = True

    def take(self, piece: Piece) -> None:
        """Take in what one thread measured."""
        for indices, measures, height, width in piece.measured:
            self.add(indices, measures, height, width)
        self.kinds.update(piece.kinds)
        self.failures += piece.failures

    def audit(self, pixels: Source | None = None) -> Audit:
        """Find duplicates and say what is odd; ``pixels`` is where the pictures can be opened faster, if anywhere."""
        from glyphsmith.data.findings import find

        source = self._source
        exact, cluster, not_compared = clusters(
            self.digests, self.thumbs, np.stack([self.heights, self.widths], axis=1), pixels or source
        )
        given = columns_of(source)
        made = Audit(
            where=source.where,
            form=source.form,
            reason=source.reason,
            n=len(source),
            labels=Counter(given.labels),
            digests=self.digests,
            readable=self.readable,
            exact=exact,
            cluster=cluster,
            grounds=self.grounds,
            heights=self.heights,
            widths=self.widths,
            kinds=self.kinds,
            parts=Counter(part for part in given.parts or () if part),
            failures=[(source.sample(i).name, why) for i, why in sorted(self.failures)],
        )
        if not_compared:
            text = f"{not_compared:,} pairs of pictures with like thumbnails were not compared; they count as different"
            made.findings.append(Finding("note", text))
        made.findings = [*find(made, source), *made.findings]
        return made


def measure_piece(source: Source, indices: range) -> Piece:
    """Open and measure some pictures; those of one size are measured together."""
    piece = Piece()
    failed: list[tuple[int, PictureError]] = []
    for block in open_blocks(source, indices, failed):
        piece.add(block)
    piece.failures = [(i, error.message) for i, error in failed]
    return piece


def audit(source: Source, *, progress: bool = True) -> Audit:
    """Go through a source once and say what is in it. Never raises for a bad picture: those are listed."""
    collector = Collector(source)
    for _, piece in track_source(measure_piece, source, "checking", progress=progress):
        collector.take(piece)
    return collector.audit()
