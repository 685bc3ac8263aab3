"""What a reading is held to: the protocol of a constraint, and the finite automaton that most constraints are.

``pattern`` and ``grammars`` build them, ``ctc`` and ``fixed`` search under them. Symbols are indices of the alphabet,
0..K-1, without CTC's blank; states are whole numbers.

A search must never be left without a hypothesis that can finish, so a constraint knows how many columns it still
needs. With CTC that count depends on the symbol of the last column: the same symbol twice needs a blank between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from glyphsmith.errors import PatternError

__all__ = ["FAR", "MAX_CELLS", "MAX_STATES", "Automaton", "Branch", "Dfa", "Edges", "best_two", "intersect"]

#: Columns needed where no accepting state can be reached at all.
FAR = 1 << 30
#: States of one automaton. The grammar ``formula`` has about a thousand; what needs more was written to be hostile.
MAX_STATES = 4000
#: States times symbols. The exact search keeps one float64 per transition and column.
MAX_CELLS = 200_000


@dataclass(frozen=True, slots=True, eq=False)
class Branch:
    """A part of a constraint that the exact searches can treat: a Dfa over symbols that stand for those of the reader.

    ``symbols`` (M,) gives for each symbol of ``dfa`` the reader's symbol; ``bound`` is a log probability that no
    reading of this branch exceeds.
    """

    dfa: Dfa
    symbols: NDArray[np.int64]
    bound: float


class Automaton(Protocol):
    """A constraint: reads symbols one by one and says what may follow, what may end, and how far the end is."""

    @property
    def name(self) -> str:
        """The constraint as the user wrote it, for messages."""

    @property
    def symbols(self) -> int:
        """The number K of symbols."""

    @property
    def start(self) -> int:
        """The state before the first symbol."""

    def step(self, state: int, symbol: int) -> int | None:
        """Give the state after ``symbol``, or None where it may not follow."""

    def accepts(self, state: int) -> bool:
        """Whether a reading may end in ``state``."""

    def matches(self, symbols: Sequence[int]) -> bool:
        """Whether the whole sequence is accepted."""

    def fewest_columns(self, state: int, last: int | None = None) -> int:
        """Give the fewest columns to an end; ``last`` is the symbol that the last column showed, None a blank."""

    def can_finish_within(self, state: int, columns: int, last: int | None = None) -> bool:
        """Whether ``fewest_columns`` are at most ``columns``."""

    def needs(self, state: int) -> NDArray[np.int64]:
        """Give (K,): the columns still needed once the next one has shown symbol k; FAR where k may not follow."""

    def branches(self, log_probs: NDArray[np.float64]) -> Iterator[Branch]:
        """Give the parts of the constraint, the most promising for the scores (T, K) first; bounds never rise."""


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """The E transitions of a Dfa sorted by target, then symbol; those that share both form one of C *cells*.

    A cell (state, symbol) is "in this state, and the last column showed this symbol": what CTC has to know.
    ``source`` (E,) state, ``symbol`` (E,), ``cell`` (E,); ``cell_start`` (C,) first edge of a cell, ``cell_state``
    (C,), ``cell_symbol`` (C,), ``again`` (C,) the edge that leaves the cell's state with its symbol or -1; ``entered``
    are the states that have cells, ``entered_start`` the first cell of each.
    """

    source: NDArray[np.int64]
    symbol: NDArray[np.int64]
    cell: NDArray[np.int64]
    cell_start: NDArray[np.int64]
    cell_state: NDArray[np.int64]
    cell_symbol: NDArray[np.int64]
    again: NDArray[np.int64]
    entered: NDArray[np.int64]
    entered_start: NDArray[np.int64]


class Dfa:
    """A deterministic finite automaton that starts in state 0.

    ``next`` (S, K) holds the state after symbol k, -1 where k may not follow; ``accepting`` (S,). Every state can
    reach an accepting one and be reached: ``of`` removes those that cannot.
    """

    def __init__(self, following: NDArray[np.int32], accepting: NDArray[np.bool_], name: str) -> None:
        self.next = following
        self.accepting = accepting
        self.name = name
        self.start = 0
        self.symbols = int(following.shape[1])

    @classmethod
    def of(cls, following: NDArray[np.int32], accepting: NDArray[np.bool_], name: str, hint: str | None = None) -> Dfa:
        """Make a Dfa of its useful states only; raises PatternError where it is too large or accepts nothing."""
        if following.size > MAX_CELLS or len(following) > MAX_STATES:
            raise PatternError(
                f"{name}: {len(following)} states over {following.shape[1]} labels are too many",
                hint=f"at most {MAX_STATES} states and {MAX_CELLS} states times labels; shorten its repetitions",
            )
        useful = _reached(following) & _finishing(following, accepting)
        if not useful[0]:
            raise PatternError(f"{name}: no text of the reader's labels can match it", hint=hint)
        renamed = np.where(useful, np.cumsum(useful) - 1, -1).astype(np.int32)
        kept = np.where(following >= 0, renamed[following], np.int32(-1))[useful]
        return cls(np.ascontiguousarray(kept), accepting[useful], name)

    def __len__(self) -> int:
        return len(self.next)

    def __repr__(self) -> str:
        return f"Dfa({self.name}: {len(self)} states, {self.symbols} symbols)"

    def smallest(self) -> Dfa:
        """Give the automaton of the same texts with the fewest states, by splitting groups of states (Moore 1956).

        It takes as many rounds as the longest text that tells two states apart, so only ``formula`` asks for it.
        """
        group = self.accepting.astype(np.int64)
        kinds = np.unique(self.next, axis=1)  # symbols that are alike everywhere split nothing twice
        groups = 0
        while True:
            signs = np.column_stack((group, np.where(kinds >= 0, group[kinds], -1)))
            _, firsts, group = np.unique(signs, axis=0, return_index=True, return_inverse=True)
            group = group.reshape(-1)
            if len(firsts) == groups:
                break
            groups = len(firsts)
        group = np.argsort(np.argsort(firsts))[group]  # in the order of their first states, so that 0 stays the start
        kept = np.sort(firsts)
        following = np.where(self.next[kept] >= 0, group[self.next[kept]], -1).astype(np.int32)
        return Dfa(following, self.accepting[kept], self.name)

    def step(self, state: int, symbol: int) -> int | None:
        """Give the state after ``symbol``, or None where it may not follow."""
        found = int(self.next[state, symbol])
        return found if found >= 0 else None

    def accepts(self, state: int) -> bool:
        """Whether a reading may end in ``state``."""
        return bool(self.accepting[state])

    def matches(self, symbols: Sequence[int]) -> bool:
        """Whether the whole sequence is accepted."""
        state: int | None = self.start
        for symbol in symbols:
            state = self.step(state, symbol) if state is not None else None
        return state is not None and self.accepts(state)

    def fewest_columns(self, state: int, last: int | None = None) -> int:
        """Give the fewest columns to an end; ``last`` is the symbol that the last column showed, None a blank."""
        if last is None:
            return int(self._columns[0][state])
        return int(self._cell_columns[state, last])

    def can_finish_within(self, state: int, columns: int, last: int | None = None) -> bool:
        """Whether ``fewest_columns`` are at most ``columns``."""
        return self.fewest_columns(state, last) <= columns

    def needs(self, state: int) -> NDArray[np.int64]:
        """Give (K,): the columns still needed once the next one has shown symbol k; FAR where k may not follow."""
        found: NDArray[np.int64] = self._needs[state]
        return found

    def branches(self, log_probs: NDArray[np.float64]) -> Iterator[Branch]:  # noqa: ARG002 - of the protocol
        """Give the automaton itself."""
        yield Branch(self, np.arange(self.symbols), np.inf)

    @cached_property
    def edges(self) -> Edges:
        """The transitions as the exact searches walk them."""
        source, symbol = np.nonzero(self.next >= 0)
        target = self.next[source, symbol].astype(np.int64)
        order = np.lexsort((symbol, target))
        source, symbol, target = source[order], symbol[order], target[order]
        key = target * self.symbols + symbol
        cells, cell_start, cell = np.unique(key, return_index=True, return_inverse=True)
        cell_state, cell_symbol = np.divmod(cells, max(self.symbols, 1))
        entered, entered_start = np.unique(cell_state, return_index=True)
        number = np.full(self.next.shape, -1, np.int64)
        number[source, symbol] = np.arange(len(source))
        again = number[cell_state, cell_symbol]
        return Edges(source, symbol, cell, cell_start, cell_state, cell_symbol, again, entered, entered_start)

    @cached_property
    def _columns(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Fewest columns to an end, after a blank (S,) and after a symbol (C,): relaxed until nothing changes."""
        edges, ends = self.edges, self.accepting
        by_source = np.argsort(edges.source, kind="stable")
        leaving, leaving_start = np.unique(edges.source[by_source], return_index=True)
        group = np.searchsorted(leaving, edges.source[by_source])
        blank = np.where(ends, 0, FAR).astype(np.int64)
        shown = np.where(ends[edges.cell_state], 0, FAR).astype(np.int64)
        first, second = np.full(len(self), FAR), np.full(len(self), FAR)
        first_symbol = np.full(len(self), -1)
        while len(by_source):
            best, at, runner_up = best_two(-shown[edges.cell[by_source]].astype(np.float64), group, leaving_start)
            first[leaving] = -best
            second[leaving] = np.minimum(-runner_up, FAR)
            first_symbol[leaving] = edges.symbol[by_source][at]
            blank_now = np.minimum(blank, 1 + first)
            other = np.where(
                first_symbol[edges.cell_state] == edges.cell_symbol, second[edges.cell_state], first[edges.cell_state]
            )
            shown_now = np.minimum(shown, 1 + np.minimum(other, blank_now[edges.cell_state]))
            if np.array_equal(blank, blank_now) and np.array_equal(shown, shown_now):
                break
            blank, shown = blank_now, shown_now
        return blank, shown

    @cached_property
    def _cell_columns(self) -> NDArray[np.int64]:
        """Fewest columns to an end (S, K) in a state after a column that showed a symbol; FAR where that cannot be."""
        found = np.full(self.next.shape, FAR, np.int64)
        found[self.edges.cell_state, self.edges.cell_symbol] = self._columns[1]
        return found

    @cached_property
    def _needs(self) -> NDArray[np.int64]:
        found = np.full(self.next.shape, FAR, np.int64)
        found[self.edges.source, self.edges.symbol] = self._columns[1][self.edges.cell]
        return found


def best_two(
    values: NDArray[np.float64], group: NDArray[np.int64], starts: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """Give for each group of neighbours the greatest value, its place, and the greatest of the others (or -inf).

    ``values`` (C,) with ``group`` (C,) the number 0..G-1 of each, ``starts`` (G,) the first place of each group.
    """
    best = np.maximum.reduceat(values, starts)
    places = np.flatnonzero(values == best[group])[::-1]
    at = np.empty(len(starts), np.int64)
    at[group[places]] = places  # reversed, so that the first of equal values stays
    others = values.copy()
    others[at] = -np.inf
    return best, at, np.maximum.reduceat(others, starts)


def intersect(first: Dfa, second: Dfa, *more: Dfa) -> Dfa:
    """Give the automaton of what all accept; raises PatternError where that is nothing or needs too many states."""
    width = len(second)
    found = np.zeros(len(first) * width, np.bool_)  # a pair of states (a, b) as a * width + b
    found[0] = True
    fresh, count = np.zeros(1, np.int64), 1
    while len(fresh):
        after = _pairs(first, second, fresh)
        fresh = np.unique(after[(after >= 0) & ~found[after]])
        found[fresh] = True
        count += len(fresh)
        if count > MAX_STATES:
            raise PatternError(
                f"{first.name} together with {second.name}: more than {MAX_STATES} states are needed",
                hint="shorten the repetitions of the pattern",
            )
    seen = np.flatnonzero(found)
    after = _pairs(first, second, seen)
    following = np.where(after >= 0, np.searchsorted(seen, after), -1).astype(np.int32)
    accepting = first.accepting[seen // width] & second.accepting[seen % width]
    both = Dfa.of(following, accepting, f"{first.name} and {second.name}")
    return intersect(both, *more) if more else both


def _pairs(first: Dfa, second: Dfa, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the pairs (P, K) that follow pairs of states (P,), -1 where one of the two forbids the symbol."""
    a = first.next[pairs // len(second)].astype(np.int64)
    b = second.next[pairs % len(second)].astype(np.int64)
    return np.where((a >= 0) & (b >= 0), a * len(second) + b, -1)


def _reached(following: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Mark the states that can be reached from state 0."""
    found = np.zeros(len(following), np.bool_)
    found[0] = True
    waiting = [0]
    while waiting:
        after = following[waiting.pop()]
        new = after[(after >= 0) & ~found[after]]
        if len(new):
            found[new] = True
            waiting.extend(set(new.tolist()))
    return found


def _finishing(following: NDArray[np.int32], accepting: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark the states from which an accepting one can be reached."""
    source, symbol = np.nonzero(following >= 0)
    target = following[source, symbol]
    order = np.argsort(target, kind="stable")
    source, starts = source[order], np.searchsorted(target[order], np.arange(len(following) + 1))
    found = accepting.copy()
    waiting = np.flatnonzero(found).tolist()
    while waiting:
        state = waiting.pop()
        before = source[starts[state] : starts[state + 1]]
        new = before[~found[before]]
        if len(new):
            found[new] = True
            waiting.extend(set(new.tolist()))
    return found
