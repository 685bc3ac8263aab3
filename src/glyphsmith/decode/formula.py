"""The grammar ``formula``: one or two assignments, then a sum of four operands with exactly one fraction.

``流=42072;圳=86;(圳-(97510*45921))*流/35864`` is such a text. A text of this grammar has

* one or two assignments ``V=N;`` to different variables;
* four operands joined by three of ``+ - *``, bracketed by one of the eleven ``TEMPLATES``;
* one operand that is a fraction ``V/N``, and no other division;
* every assigned variable exactly once in the expression, and no other variable;
* numbers from 0 to 100 000 without leading zeros.

That a variable must be one of those assigned is beyond a small automaton: there are 26 x 25 pairs. So the automaton,
built of patterns, is over *slots* (first variable, second variable), and ``Formula`` binds them while it reads. The
exact search goes over the pairs, the most promising first, and stops when no other pair can be better.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from glyphsmith.alphabet import Alphabet
from glyphsmith.decode.automaton import FAR, Branch, Dfa, intersect
from glyphsmith.decode.pattern import charset, compile_pattern, sign_class
from glyphsmith.errors import PatternError
from glyphsmith.expression import SYNONYMS

__all__ = ["TEMPLATES", "Formula"]

#: Every way to bracket four operands that occurs, ``a`` an operand and ``+`` any of the three operators.
TEMPLATES = (
    "a+a+a+a",
    "(a+a)+a+a",
    "a+(a+a)+a",
    "a+a+(a+a)",
    "(a+a+a)+a",
    "a+(a+a+a)",
    "((a+a)+a)+a",
    "(a+(a+a))+a",
    "a+((a+a)+a)",
    "a+(a+(a+a))",
    "(a+a)+(a+a)",
)

#: Slots: no label is one of these private signs.
_FIRST, _SECOND = "\ue000", "\ue001"
_SIGNS = "+-*/()=;"


class Formula:
    """The constraint of the grammar over an alphabet that holds its digits, signs and variables.

    Variables are all labels that are letters. Raises PatternError where the alphabet lacks what every text needs.
    ``only`` names the labels that may occur at all.
    """

    def __init__(self, alphabet: Alphabet, *, only: str | None = None) -> None:
        allowed = list(alphabet) if only is None else _allowed(only, alphabet)
        self.symbols = len(alphabet)
        fixed = [label for label in allowed if SYNONYMS.get(label, label) in set("0123456789" + _SIGNS)]
        meant = {SYNONYMS.get(label, label) for label in fixed}
        missing = sorted(set("/()=;") - meant) + (["+"] if not meant & set("+-*") else [])
        missing += [] if meant & set("0123456789") else ["a digit"]
        self.variables = np.array([alphabet.index(label) for label in allowed if _names(label)], np.int64)
        if missing or not len(self.variables):
            what = " ".join(missing) if missing else "a variable (a label that is a letter)"
            raise PatternError(f"formula: the reader has no label for {what}", hint="it was not trained on formulas")
        slots = Alphabet([*fixed, _FIRST, _SECOND])
        self.template = _template(slots)
        self.name = self.template.name
        self._single = _part(self.template, f"[^{_SECOND}]*", slots)
        self._double = _part(self.template, f".*{_SECOND}.*", slots)
        self._first, self._second = slots.index(_FIRST), slots.index(_SECOND)
        self._fixed = np.array([alphabet.index(label) for label in fixed], np.int64)
        self._slot = np.full(self.symbols, -1, np.int64)  # the slot of a symbol that is no variable
        self._slot[self._fixed] = np.arange(len(fixed))
        self._number = np.zeros(self.symbols, np.int64)  # the number 1.. of a variable
        self._number[self.variables] = np.arange(1, len(self.variables) + 1)
        self._base = len(self.variables) + 1
        self.start = 0
        self._rows: dict[int, NDArray[np.int64]] = {}

    def __repr__(self) -> str:
        return f"Formula({len(self.variables)} variables, {len(self.template)} states before they are bound)"

    def step(self, state: int, symbol: int) -> int | None:
        """Give the state after ``symbol``, or None where it may not follow."""
        place, first, second = self._parts(state)
        slot = self._slot_of(symbol, first, second)
        after = self.template.step(place, slot) if slot >= 0 else None
        if after is None:
            return None
        if slot == self._first:
            first = int(self._number[symbol])
        elif slot == self._second:
            second = int(self._number[symbol])
        return (after * self._base + first) * self._base + second

    def accepts(self, state: int) -> bool:
        """Whether a reading may end in ``state``."""
        return self.template.accepts(self._parts(state)[0])

    def fewest_columns(self, state: int, last: int | None = None) -> int:
        """Give the fewest columns to an end; ``last`` is the symbol that the last column showed, None a blank."""
        place, first, second = self._parts(state)
        if last is None:
            return self.template.fewest_columns(place)
        slot = self._slot_of(last, first, second)
        return self.template.fewest_columns(place, slot) if slot >= 0 else FAR

    def can_finish_within(self, state: int, columns: int, last: int | None = None) -> bool:
        """Whether ``fewest_columns`` are at most ``columns``."""
        return self.fewest_columns(state, last) <= columns

    def matches(self, symbols: Sequence[int]) -> bool:
        """Whether the whole sequence is accepted."""
        state: int | None = self.start
        for symbol in symbols:
            state = self.step(state, symbol) if state is not None else None
        return state is not None and self.accepts(state)

    def needs(self, state: int) -> NDArray[np.int64]:
        """Give (K,): the columns still needed once the next one has shown symbol k; FAR where k may not follow."""
        if state not in self._rows:
            if len(self._rows) >= 10_000:
                self._rows.clear()
            self._rows[state] = self._needs(state)
        return self._rows[state]

    def branches(self, log_probs: NDArray[np.float64]) -> Iterator[Branch]:
        """Give the automaton with its slots bound to each pair of variables, the most promising pair first.

        The bound of a pair: the best class of every column among those the pair may show, less what it costs at least
        to show each of the two variables in two columns of their own.
        """
        if not self._possible(log_probs):
            return
        lead = log_probs.shape[1] - self.symbols  # 1 with CTC's blank
        common = log_probs[:, [*range(lead), *(self._fixed + lead)]].max(axis=1)
        shown = log_probs[:, self.variables + lead].T  # (V, T)
        each = np.arange(len(shown))
        pairs = np.argwhere(each[:, None] != each) if self._double is not None else np.zeros((0, 2), np.int64)
        alone = np.stack((each, each), axis=1) if self._single is not None else pairs[:0]
        chosen = np.concatenate((alone, pairs))
        best = np.maximum(common, np.maximum(shown[chosen[:, 0]], shown[chosen[:, 1]]))  # (P, T)
        bound = best.sum(axis=1)
        for which, rows in ((0, slice(None)), (1, slice(len(alone), None))):
            with np.errstate(invalid="ignore"):
                lost = np.where(best[rows] > -np.inf, best[rows] - shown[chosen[rows, which]], np.inf)
            bound[rows] -= np.partition(lost, 1, axis=1)[:, :2].sum(axis=1)
        for row in np.argsort(-bound, kind="stable"):
            if bound[row] == -np.inf:
                return
            template = self._single if row < len(alone) else self._double
            assert template is not None
            yield Branch(template, np.concatenate((self._fixed, self.variables[chosen[row]])), float(bound[row]))

    def _possible(self, log_probs: NDArray[np.float64]) -> bool:
        """Whether the columns can hold a formula whose variables need not match; otherwise no pair has to be tried."""
        lead = log_probs.shape[1] - self.symbols
        finite = log_probs[:, lead:] > -np.inf
        variable = finite[:, self.variables].any(axis=1, keepdims=True)
        allowed = np.concatenate((finite[:, self._fixed], variable, variable), axis=1)  # (T, slots)
        edges = self.template.edges
        target = edges.cell_state[edges.cell]
        reached = np.zeros(len(self.template), np.bool_)
        reached[self.template.start] = True
        for column in allowed:
            after = reached.copy() if lead else np.zeros_like(reached)
            after[target[reached[edges.source] & column[edges.symbol]]] = True
            reached = after
        return len(log_probs) > 1 and bool((reached & self.template.accepting).any())

    def _needs(self, state: int) -> NDArray[np.int64]:
        place, first, second = self._parts(state)
        of_slots = self.template.needs(place)
        found = np.full(self.symbols, FAR, np.int64)
        found[self._fixed] = of_slots[: len(self._fixed)]
        if second:
            found[self.variables[second - 1]] = of_slots[self._second]
        elif first:
            found[self.variables] = of_slots[self._second]
        if first:
            found[self.variables[first - 1]] = of_slots[self._first]
        else:
            found[self.variables] = of_slots[self._first]
        return found

    def _parts(self, state: int) -> tuple[int, int, int]:
        """Take a state apart: place in the template, number of the first variable and of the second, 0 for none yet."""
        rest, second = divmod(state, self._base)
        place, first = divmod(rest, self._base)
        return place, first, second

    def _slot_of(self, symbol: int, first: int, second: int) -> int:
        number = int(self._number[symbol])
        if not number:
            return int(self._slot[symbol])
        if first in (0, number):
            return self._first
        return self._second if second in (0, number) else -1


def _allowed(only: str, alphabet: Alphabet) -> list[str]:
    """Give the labels of a charset in the alphabet's order."""
    held = charset(only, alphabet)
    return [label for k, label in enumerate(alphabet) if held.step(0, k) is not None]


def _names(label: str) -> bool:
    """Whether a label may be a variable: one letter, as what works values out has it."""
    return len(label) == 1 and label.isalpha()


def _part(template: Dfa, pattern: str, slots: Alphabet) -> Dfa | None:
    """Give the part of the template that also matches a pattern, None where that is nothing."""
    try:
        return intersect(template, compile_pattern(pattern, slots)).smallest()
    except PatternError:
        return None


def _template(slots: Alphabet) -> Dfa:
    """Build the automaton over slots as what several small patterns have in common."""
    v, w = _FIRST, _SECOND
    a_digit, times = sign_class("0123456789", slots), sign_class("+-*", slots)
    opens, closes, bar = sign_class("(", slots), sign_class(")", slots), sign_class("/", slots)
    equals, ends = sign_class("=", slots), sign_class(";", slots)
    operand = f"({a_digit}+|[{v}{w}]({bar}{a_digit}+)?)"
    spelled = {"a": operand, "+": times, "(": opens, ")": closes}
    expression = "|".join("".join(spelled[sign] for sign in template) for template in TEMPLATES)
    shape = f"{v}{equals}{a_digit}+{ends}({w}{equals}{a_digit}+{ends})?({expression})"
    number = f"(0|[1-9]{a_digit}{{0,4}}|100000)"
    other = f"[^{v}{w}]*"
    found = compile_pattern(shape, slots).smallest()
    for rule in (
        f"[^{bar[1:-1]}]*{bar}[^{bar[1:-1]}]*",
        f"{v}{equals}{other}({v}{other}|{w}{equals}{other}({v}{other}{w}|{w}{other}{v}){other})",
        f"({number}?\\D)*{number}?",
    ):
        found = intersect(found, compile_pattern(rule, slots)).smallest()
    return Dfa(found.next, found.accepting, "formula")
