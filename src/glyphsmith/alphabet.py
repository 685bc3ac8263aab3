"""The labels a reader can answer, in the order of its outputs; the only place where labels become indices."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from glyphsmith.errors import DataError

__all__ = ["Alphabet", "normalise_label"]


def normalise_label(label: str) -> str:
    """Give the composed (NFC) form of a label without surrounding white space, so that equal labels compare equal."""
    return unicodedata.normalize("NFC", label).strip()


class Alphabet:
    """An ordered set of labels; label k is output k of the network."""

    __slots__ = ("_index", "labels")

    def __init__(self, labels: Iterable[str]) -> None:
        self.labels: tuple[str, ...] = tuple(labels)
        self._index = {label: k for k, label in enumerate(self.labels)}
        if len(self._index) != len(self.labels):
            raise DataError("the alphabet holds a label twice")
        if "" in self._index:
            raise DataError("the alphabet holds an empty label")

    @classmethod
    def of(cls, labels: Iterable[str]) -> Alphabet:
        """Collect the labels of a data set; numbers sort by value, all else by code point."""
        found = set(labels)
        if all(label.isdecimal() for label in found):
            return cls(sorted(found, key=lambda label: (int(label), label)))
        return cls(sorted(found))

    def __len__(self) -> int:
        return len(self.labels)

    def __iter__(self) -> Iterator[str]:
        return iter(self.labels)

    def __contains__(self, label: object) -> bool:
        return label in self._index

    def __getitem__(self, index: int) -> str:
        return self.labels[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Alphabet) and self.labels == other.labels

    def __hash__(self) -> int:
        return hash(self.labels)

    def __repr__(self) -> str:
        shown = ", ".join(self.labels[:12]) + (", ..." if len(self) > 12 else "")
        return f"Alphabet({len(self)}: {shown})"

    def index(self, label: str) -> int:
        """Give the output index of a label; raises DataError for a label outside the alphabet."""
        try:
            return self._index[label]
        except KeyError:
            raise DataError(
                f"label {label!r} is outside the alphabet of {len(self)} labels",
                hint="start from the run with `--from MODEL`: a run may add labels to those of the file it starts from",
            ) from None
