"""Patterns, character sets and lengths to the automata that readings are held to.

A pattern is compiled by the positions of its symbols (Glushkov 1961): the positions that may follow one another form an
automaton without empty moves, which the subset construction makes deterministic. Symbols that the pattern does not
tell apart are treated as one, so an alphabet of 2 000 labels costs no more than one of ten until the end.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from glyphsmith.alphabet import Alphabet
from glyphsmith.decode.automaton import MAX_CELLS, MAX_STATES, Dfa
from glyphsmith.decode.regex import Node, parse_pattern, shown
from glyphsmith.errors import PatternError
from glyphsmith.expression import SYNONYMS

__all__ = ["MAX_LENGTH", "charset", "compile_pattern", "length", "sign_class", "split_labels"]

#: Labels in one reading, where a length is asked for.
MAX_LENGTH = 500


def compile_pattern(pattern: str, alphabet: Alphabet) -> Dfa:
    """Compile a pattern of ``regex``'s kind over the labels of ``alphabet``; it has to match the whole text.

    Raises PatternError where the pattern is malformed or too large, or where no text of these labels can match it.
    """
    tree, strangers = parse_pattern(pattern, alphabet)
    positions = _Positions()
    nullable, first, last = positions.add(tree)
    if nullable:
        last |= 1
    positions.follow[0] = first
    following, accepting = _subsets(positions, last, len(alphabet), shown(pattern))
    hint = None
    if strangers:
        hint = "no labels of this reader: " + " ".join(sorted(set(strangers))[:20])
    return Dfa.of(following, accepting, shown(pattern), hint)


def charset(labels: str | Iterable[str], alphabet: Alphabet) -> Dfa:
    """Give the automaton of all texts of these labels; a string is cut into labels, the longest first.

    Raises PatternError for a label outside the alphabet and for an empty set.
    """
    wanted = split_labels(labels, alphabet) if isinstance(labels, str) else list(labels)
    strangers = sorted({label for label in wanted if label not in alphabet})
    if strangers or not wanted:
        what = "not labels of this reader: " + " ".join(strangers[:20]) if strangers else "it is empty"
        listed = " ".join(alphabet.labels[:80]) + (" ..." if len(alphabet) > 80 else "")
        raise PatternError(f"charset: {what}", hint=f"the labels are {listed}")
    following = np.full((1, len(alphabet)), -1, np.int32)
    following[0, [alphabet.index(label) for label in wanted]] = 0
    return Dfa.of(following, np.ones(1, np.bool_), "charset " + "".join(dict.fromkeys(wanted))[:60])


def sign_class(signs: str, alphabet: Alphabet) -> str:
    """Give the pattern of one label that means one of ``signs`` in arithmetic: the sign or a synonym of it.

    Raises PatternError where no label does.
    """
    labels = [label for label in alphabet if SYNONYMS.get(label, label) in set(signs)]
    if not labels:
        raise PatternError(f"no label means {' or '.join(signs)}")
    return "[" + "".join(label if label.isdigit() else f"\\{label}" for label in labels) + "]"


def split_labels(text: str, alphabet: Alphabet) -> list[str]:
    """Cut a text into labels, the longest label first; a character that starts no label stands alone."""
    longest = max((len(label) for label in alphabet), default=1)
    text = unicodedata.normalize("NFC", text)  # as labels are
    found = []
    at = 0
    while at < len(text):
        sizes = (n for n in range(min(longest, len(text) - at), 0, -1) if text[at : at + n] in alphabet)
        size = next(sizes, 1)
        found.append(text[at : at + size])
        at += size
    return found


def length(at_least: int, at_most: int, alphabet: Alphabet) -> Dfa:
    """Give the automaton of all texts of ``at_least`` to ``at_most`` labels; raises PatternError for strange bounds."""
    if not 0 <= at_least <= at_most <= MAX_LENGTH:
        raise PatternError(
            f"length {at_least} to {at_most}: expected two numbers from 0 to {MAX_LENGTH}, the smaller one first"
        )
    following = np.full((at_most + 1, len(alphabet)), -1, np.int32)
    following[:at_most] = np.arange(1, at_most + 1, dtype=np.int32)[:, None]
    name = f"length {at_least}" if at_least == at_most else f"length {at_least} to {at_most}"
    return Dfa.of(following, np.arange(at_most + 1) >= at_least, name)


class _Positions:
    """The symbol places of a pattern; sets of places are the bits of whole numbers, bit 0 is the place before all."""

    def __init__(self) -> None:
        self.symbols: list[frozenset[int]] = [frozenset()]
        self.follow: list[int] = [0]

    def add(self, node: Node) -> tuple[bool, int, int]:
        """Add the places of a node; gives whether it may be empty, its first places and its last ones."""
        if node.kind == "symbols":
            self.symbols.append(node.symbols)
            self.follow.append(0)
            place = 1 << (len(self.follow) - 1)
            return False, place, place
        if node.kind == "choice":
            found = [self.add(part) for part in node.parts]
            nullable, first, last = False, 0, 0
            for empty, begins, ends in found:
                nullable, first, last = nullable or empty, first | begins, last | ends
            return nullable, first, last
        if node.kind == "row":
            return self.row(node.parts)
        return self.repeat(node)

    def row(self, parts: Iterable[Node]) -> tuple[bool, int, int]:
        nullable, first, last = True, 0, 0
        for part in parts:
            empty, begins, ends = self.add(part)
            for place in _bits(last):
                self.follow[place] |= begins
            first |= begins if nullable else 0
            last = ends | (last if empty else 0)
            nullable = nullable and empty
        return nullable, first, last

    def repeat(self, node: Node) -> tuple[bool, int, int]:
        inner = node.parts[0]
        if node.most == 0:
            return True, 0, 0
        if node.least > 1 or (node.most or 0) > 1:  # written out: x{2,4} is x x x? x?, and x{2,} is x x+
            once = (Node("repeat", inner.size, (inner,), least=0, most=1),)
            if node.most is None:
                without_end = Node("repeat", inner.size, (inner,), least=1, most=None)
                return self.row((inner,) * (node.least - 1) + (without_end,))
            return self.row((inner,) * node.least + once * (node.most - node.least))
        nullable, first, last = self.add(inner)
        if node.most is None:
            for place in _bits(last):
                self.follow[place] |= first
        return nullable or node.least == 0, first, last


def _subsets(positions: _Positions, last: int, symbols: int, name: str) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Make the positions deterministic: transitions (S, K) and the accepting states (S,)."""
    alike = _alike(positions.symbols, symbols)
    kinds = int(alike.max(initial=-1)) + 1
    places = [0] * kinds  # the positions that a kind of symbol fits
    representative = [int(np.argmax(alike == kind)) for kind in range(kinds)]
    for place, wanted in enumerate(positions.symbols):
        for kind in range(kinds):
            if representative[kind] in wanted:
                places[kind] |= 1 << place
    states = {1: 0}
    waiting = [1]
    rows: list[list[int]] = []
    while waiting:
        reach = 0
        for place in _bits(waiting[len(rows)]):
            reach |= positions.follow[place]
        row = []
        for kind in range(kinds):
            target = reach & places[kind]
            if target and target not in states:
                states[target] = len(states)
                waiting.append(target)
            row.append(states[target] if target else -1)
        rows.append(row)
        if len(states) * symbols > MAX_CELLS:
            raise PatternError(
                f"{name}: {len(states)} states over {symbols} labels are too many",
                hint="shorten the repetitions of the pattern",
            )
        if len(states) > MAX_STATES:
            raise PatternError(
                f"{name}: more than {MAX_STATES} states are needed", hint="shorten the repetitions of the pattern"
            )
        if len(rows) == len(waiting):
            break
    table = np.array(rows, np.int32).reshape(len(rows), kinds)
    return table[:, alike], np.array([bool(state & last) for state in states])


def _alike(wanted: list[frozenset[int]], symbols: int) -> NDArray[np.int64]:
    """Number the symbols (K,) so that two have the same number where no place tells them apart."""
    distinct = set(wanted)
    told = np.zeros((len(distinct), symbols), np.bool_)
    for row, members in enumerate(distinct):
        told[row, list(members)] = True
    if not symbols:
        return np.zeros(0, np.int64)
    return np.unique(told, axis=1, return_inverse=True)[1].reshape(-1)


def _bits(mask: int) -> Iterator[int]:
    """Give the places of a set."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
