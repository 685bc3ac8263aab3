"""Labelled pictures as one sequence, whatever they came from: what ``data``, training and evaluation share.

A source is a list of labels plus a store that gives pixels by index. The stores differ (files, members of an archive,
an array, encoded bytes in HDF5), the source does not, so nothing above it knows where a picture lies.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, Protocol, overload

import numpy as np
from numpy.typing import NDArray

from glyphsmith.alphabet import normalise_label
from glyphsmith.errors import DataError
from glyphsmith.picture import Picture

__all__ = [
    "PART_NAMES",
    "Columns",
    "LabelledPictures",
    "NumberedNames",
    "Part",
    "Sample",
    "Source",
    "Store",
    "columns_of",
    "interned",
    "labelled_only",
    "part_of",
]

Part = Literal["train", "validation", "test"]

#: What people call the parts of a split, as folder names, as values of a column and in keys of arrays.
PART_NAMES: dict[str, Part] = {
    **dict.fromkeys(("train", "training", "trn"), "train"),
    **dict.fromkeys(("validation", "validate", "valid", "val", "dev"), "validation"),
    **dict.fromkeys(("test", "testing", "tst", "t10k", "eval", "evaluation", "holdout", "heldout"), "test"),
}
_JOINED = str.maketrans("", "", "-_ ")


def part_of(word: str) -> Part | None:
    """Give the part of a split that a word names, or None; ``held-out`` and ``Held out`` are ``heldout``."""
    return PART_NAMES.get(word.strip().lower().translate(_JOINED))


@dataclass(frozen=True, slots=True)
class Sample:
    """One labelled picture: ``name`` as shown to people, ``part`` where the source itself gives a split."""

    name: str
    label: str
    group: str | None = None
    part: Part | None = None


class Source(Protocol):
    """What training, evaluation and the audit need of a set of labelled pictures."""

    @property
    def form(self) -> str:
        """How the labels were found, for example ``one folder a class``."""
        ...

    @property
    def reason(self) -> str:
        """Why this form was recognised, in one sentence."""
        ...

    @property
    def where(self) -> str:
        """The path as shown to people."""
        ...

    def __len__(self) -> int: ...

    def sample(self, i: int) -> Sample:
        """Give name, label, group and part of picture i, without opening it."""
        ...

    def picture(self, i: int) -> Picture:
        """Open picture i: uint8 (H, W, 3). Raises PictureError."""
        ...


class Columns(NamedTuple):
    """What a source says of all its pictures, each (N,); None where it says nothing of any."""

    names: Sequence[str]
    labels: Sequence[str]
    groups: Sequence[str | None] | None
    parts: Sequence[Part | None] | None


def columns_of(source: Source) -> Columns:
    """Give what ``Source.sample`` says of each picture at once: half a million samples one by one take a second."""
    if isinstance(source, LabelledPictures):
        return Columns(source.names, source.labels, source.groups, source.parts)
    samples = [source.sample(i) for i in range(len(source))]
    return Columns(
        [sample.name for sample in samples],
        [sample.label for sample in samples],
        [sample.group for sample in samples],
        [sample.part for sample in samples],
    )


class Store(Protocol):
    """Pixels by index."""

    def picture(self, i: int, name: str, /) -> Picture:
        """Open picture i: uint8 (H, W, 3). Raises PictureError that begins with ``name``."""
        ...

    def encoded(self, i: int, /) -> bytes | None:
        """Give the bytes of the picture's file, or None where the pictures are no files. Raises PictureError."""
        ...

    def block(self, start: int, stop: int, /) -> NDArray[np.uint8] | None:
        """Give pictures start..stop-1 in one read as uint8 (n, H, W) or (n, H, W, 3), or None where it cannot."""
        ...


class NumberedNames(Sequence[str]):
    """Names ``FILE#0``, ``FILE#1`` ... made when asked for, since an array names none of its pictures."""

    def __init__(self, files: Iterable[tuple[str, int]]) -> None:
        self._files = list(files)
        self._length = sum(count for _, count in self._files)

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, i: int) -> str: ...
    @overload
    def __getitem__(self, i: slice) -> list[str]: ...
    def __getitem__(self, i: int | slice) -> str | list[str]:
        if isinstance(i, slice):
            return [self[k] for k in range(*i.indices(self._length))]
        if not -self._length <= i < self._length:
            raise IndexError(i)
        rest = i % self._length
        for file, count in self._files:
            if rest < count:
                return f"{file}#{rest}"
            rest -= count
        raise AssertionError("the counts add up to the length")


def interned(labels: Iterable[str]) -> list[str]:
    """Normalise labels (NFC) and keep each text once in memory."""
    known: dict[str, str] = {}
    return [known.get(label) or known.setdefault(label, normalise_label(label)) for label in labels]


class LabelledPictures:
    """The one source there is; the forms differ in how they find the labels and in the store they bring.

    ``notes`` are sentences about what was left out or guessed; ``columns`` name what ``--group`` could be given.
    ``unclear`` are pictures that show nothing of their label, where that is known: painted ones know it. ``inputs`` are
    the files on disk that it was opened from, single pictures aside.
    """

    def __init__(
        self,
        *,
        form: str,
        reason: str,
        where: str,
        store: Store,
        names: Sequence[str],
        labels: Sequence[str],
        groups: Sequence[str | None] | None = None,
        parts: Sequence[Part | None] | None = None,
        notes: Sequence[str] = (),
        columns: Sequence[str] = (),
    ) -> None:
        self.form = form
        self.reason = reason
        self.where = where
        self.store = store
        self.names = names
        self.labels = interned(labels)
        self.groups = groups
        self.parts = parts
        self.notes = tuple(notes)
        self.columns = tuple(columns)
        self.unclear: frozenset[int] = frozenset()
        self.inputs: tuple[Path, ...] = ()
        if len(names) != len(self.labels):
            raise ValueError(f"{len(names)} names but {len(self.labels)} labels")

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        return f"<{len(self)} pictures, {self.form}, {self.where}>"

    def sample(self, i: int) -> Sample:
        """Give name, label, group and part of picture i, without opening it."""
        group = self.groups[i] if self.groups is not None else None
        part = self.parts[i] if self.parts is not None else None
        return Sample(self.names[i], self.labels[i], group, part)

    def picture(self, i: int) -> Picture:
        """Open picture i: uint8 (H, W, 3). Raises PictureError."""
        return self.store.picture(i, self.names[i])

    def encoded(self, i: int) -> bytes | None:
        """Give the bytes of picture i's file, or None where the pictures are no files. Raises PictureError."""
        return self.store.encoded(i)

    def block(self, start: int, stop: int) -> NDArray[np.uint8] | None:
        """Give pictures start..stop-1 in one read, uint8 (n, H, W) or (n, H, W, 3), or None where it cannot."""
        return self.store.block(start, stop)


def labelled_only(source: LabelledPictures) -> LabelledPictures:
    """Leave out the pictures of a source whose label is empty, and say so. Raises DataError where none is left.

    Tables and names have none by then; arrays and HDF5 files may.
    """
    keep = [i for i, label in enumerate(source.labels) if label]
    if len(keep) == len(source):
        return source
    if not keep:
        raise DataError(f"{source.where}: none of its {len(source):,} pictures has a label")
    lost = next(i for i, label in enumerate(source.labels) if not label)
    left_out = len(source) - len(keep)
    return LabelledPictures(
        form=source.form,
        reason=source.reason,
        where=source.where,
        store=_Chosen(source, np.array(keep, dtype=np.int64)),
        names=[source.names[i] for i in keep],
        labels=[source.labels[i] for i in keep],
        groups=[source.groups[i] for i in keep] if source.groups is not None else None,
        parts=[source.parts[i] for i in keep] if source.parts is not None else None,
        notes=[*source.notes, f"left out: {left_out:,} pictures without a label (first: {source.names[lost]})"],
        columns=source.columns,
    )


class _Chosen:
    """Some pictures (N,) of a source, ascending; it is held, for a file it was opened from may be closed with it."""

    def __init__(self, source: LabelledPictures, rows: NDArray[np.int64]) -> None:
        self._source = source
        self._rows = rows

    def picture(self, i: int, name: str, /) -> Picture:
        return self._source.store.picture(int(self._rows[i]), name)

    def encoded(self, i: int, /) -> bytes | None:
        return self._source.encoded(int(self._rows[i]))

    def block(self, start: int, stop: int, /) -> NDArray[np.uint8] | None:
        rows = self._rows[start:stop]
        first, last = int(rows[0]), int(rows[-1])
        if last - first >= 2 * len(rows):  # most would be read for nothing
            return None
        found = self._source.block(first, last + 1)
        return None if found is None else found[rows - first]
