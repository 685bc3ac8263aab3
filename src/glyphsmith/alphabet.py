"""The labels a reader can answer, in the order of its outputs; the only place where labels become indices."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from glyphsmith.errors import DataError

__all__ = ["Alphabet", "normalise_label", "split_symbols"]


def normalise_label(label: str) -> str:
    """Give the composed (NFC) form of a label without surrounding white space, so that equal labels compare equal."""
    return unicodedata.normalize("NFC", label).strip()


#: A code point between these two or after one of them belongs to the sign before it: joined emoji, skins, variants.
_JOINER = "\u200d"
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)
_SKINS = range(0x1F3FB, 0x1F400)


#: A longer word is no symbol; it would not fit on a sheet either.
LONGEST_SYMBOL = 24


def split_symbols(text: str) -> tuple[str, ...]:
    """Give the symbols that a person wrote in a row: ``"ᚠᚢᚦ"`` are three, and so are ``"sch ch s"`` with spaces.

    Without white space a symbol is what is seen as one sign: a letter with its accents, a joined emoji, a flag.
    Raises DataError where there is none, and where one stands twice or leaves no ink.
    """
    words = normalise_label(text).split()
    symbols = words if len(words) > 1 else _signs("".join(words))
    if not symbols:
        raise DataError("there is no symbol", hint='--symbols "ᚠᚢᚦ", or with spaces between symbols of several letters')
    twice = next((symbol for k, symbol in enumerate(symbols) if symbol in symbols[:k]), None)
    if twice is not None:
        raise DataError(f"the symbol {twice!r} stands twice", hint="name every symbol once")
    longest = max(symbols, key=len)
    if len(longest) > LONGEST_SYMBOL:
        raise DataError(f"the symbol {longest!r} has {len(longest)} characters, the limit is {LONGEST_SYMBOL}")
    unseen = next((symbol for symbol in symbols if not _leaves_ink(symbol)), None)
    if unseen is not None:
        raise DataError(f"the symbol {unseen!r} leaves no ink", hint="name visible symbols only")
    return tuple(symbols)


def _signs(text: str) -> list[str]:
    signs: list[str] = []
    for character in text:
        joins = unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Mc")
        pairs = ord(character) in _FLAG_LETTERS and len(signs[-1:]) == 1 and len(signs[-1]) == 1
        if signs and (
            joins
            or character == _JOINER
            or signs[-1].endswith(_JOINER)
            or ord(character) in _SKINS
            or (pairs and ord(signs[-1]) in _FLAG_LETTERS)
        ):
            signs[-1] += character
        else:
            signs.append(character)
    return signs


def _leaves_ink(symbol: str) -> bool:
    return all(character.isprintable() or character == _JOINER for character in symbol) and any(
        unicodedata.category(character)[0] not in "ZC" for character in symbol
    )


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
