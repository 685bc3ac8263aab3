r"""The constraints that have a name, and the one function that turns what a user asked for into a constraint.

``--pattern digits`` names a grammar, ``--pattern '\d{4}'`` is a pattern; write ``(digits)`` for the six letters.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable

import numpy as np

from glyphsmith.alphabet import Alphabet
from glyphsmith.decode.automaton import Automaton, Dfa, intersect
from glyphsmith.decode.formula import Formula
from glyphsmith.decode.pattern import MAX_LENGTH, charset, compile_pattern, length, sign_class
from glyphsmith.decode.regex import parse_pattern, shown
from glyphsmith.errors import PatternError
from glyphsmith.expression import SYNONYMS

__all__ = ["DEPTH", "GRAMMARS", "constrain"]

#: Brackets that an ``expression`` may have open at once; a picture with more has not been seen.
DEPTH = 8


def constrain(
    alphabet: Alphabet,
    *,
    pattern: str | None = None,
    only: str | None = None,
    at_least: int | None = None,
    at_most: int | None = None,
) -> Automaton | None:
    """Give the constraint of all that is asked for together, or None where nothing is.

    ``pattern`` is a grammar's name or a pattern, ``only`` the labels that may occur, ``at_least`` and ``at_most`` the
    number of labels. Raises PatternError where one of them is malformed or together they allow no text at all.
    """
    lengths = None
    if at_least is not None or at_most is not None:
        lengths = (at_least or 0, MAX_LENGTH if at_most is None else at_most)
    if pattern == "formula":
        if lengths is not None:
            raise PatternError("formula: a length cannot be asked for besides", hint="the grammar has its own")
        return Formula(alphabet, only=only)
    parts: list[Dfa] = []
    if pattern is not None:
        parts.append(_pattern(pattern, alphabet))
    if only is not None:
        parts.append(charset(only, alphabet))
    if lengths is not None:
        parts.append(length(*lengths, alphabet))
    if len(parts) > 1:
        return intersect(parts[0], parts[1], *parts[2:])
    return parts[0] if parts else None


def _pattern(pattern: str, alphabet: Alphabet) -> Dfa:
    if pattern in GRAMMARS:
        return GRAMMARS[pattern](alphabet)
    try:
        _refuse_empty(pattern, alphabet)
        return compile_pattern(pattern, alphabet)
    except PatternError as error:
        near = difflib.get_close_matches(pattern[:40], [*GRAMMARS, "formula"], 1)
        if near:
            raise PatternError(error.message, hint=f"did you mean the grammar {near[0]}?") from None
        raise


def _refuse_empty(pattern: str, alphabet: Alphabet) -> None:
    """Raise PatternError where the whole pattern or an alternative of it is empty: a slip, and it reads nothing."""
    tree, _ = parse_pattern(pattern, alphabet)
    if any(part.kind == "row" and not part.parts for part in (tree, *(tree.parts if tree.kind == "choice" else ()))):
        raise PatternError(
            f"{shown(pattern)}: {'one alternative' if tree.kind == 'choice' else 'it'} is empty",
            hint="leave --pattern out to read any text; (a)? is an a that may be missing",
        )


def _digits(alphabet: Alphabet) -> Dfa:
    """Accept one digit or more."""
    return _named("digits", alphabet, r"\d+")


def _arithmetic1(alphabet: Alphabet) -> Dfa:
    """Accept three one-digit operands, two operators of + - *, and at most one pair of brackets."""
    meant = {SYNONYMS.get(label, label) for label in alphabet}
    if not (meant & set("0123456789") and meant & set("+-*")):
        raise _unwritable("arithmetic1")
    d, o = sign_class("0123456789", alphabet), sign_class("+-*", alphabet)
    pattern = f"{d}{o}{d}{o}{d}"
    if {"(", ")"} <= meant:
        opens, closes = sign_class("(", alphabet), sign_class(")", alphabet)
        pattern += f"|{opens}{d}{o}{d}{closes}{o}{d}|{d}{o}{opens}{d}{o}{d}{closes}"
    return _named("arithmetic1", alphabet, pattern)


def _unwritable(name: str) -> PatternError:
    return PatternError(
        f"{name}: the reader's labels cannot write such a text", hint="a pattern of your own says what they can write"
    )


def _named(name: str, alphabet: Alphabet, pattern: str) -> Dfa:
    try:
        found = compile_pattern(pattern, alphabet)
    except PatternError:
        raise _unwritable(name) from None
    return Dfa(found.next, found.accepting, name)


def _expression(alphabet: Alphabet) -> Dfa:
    """Accept what ``expression`` can work out without variables: whole numbers, + - * / and brackets DEPTH deep.

    An equals sign may end it, and a question mark that; a sign in front of the first number may not stand.
    """
    # At each depth three states: an operand must come, digits are going on, a bracket was closed. Two more end it.
    states = 3 * (DEPTH + 1)
    following = np.full((states + 2, len(alphabet)), -1, np.int32)
    meaning = [SYNONYMS.get(label, label) for label in alphabet]
    for symbol, sign in enumerate(meaning):
        for depth in range(DEPTH + 1):
            operand, digits, closed = 3 * depth, 3 * depth + 1, 3 * depth + 2
            if sign in set("0123456789"):
                following[[operand, digits], symbol] = digits
            elif sign in set("+-*/"):
                following[[digits, closed], symbol] = operand
            elif sign == "(" and depth < DEPTH:
                following[operand, symbol] = operand + 3
            elif sign == ")" and depth > 0:
                following[[digits, closed], symbol] = closed - 3
        if sign == "=":
            following[[1, 2], symbol] = states
        elif sign == "?":
            following[states, symbol] = states + 1
    accepting = np.zeros(states + 2, np.bool_)
    accepting[[1, 2, states, states + 1]] = True
    return Dfa.of(following, accepting, "expression", "the reader has no digits")


#: The grammars by name, besides ``formula``, which is no finite automaton of a size to be built.
GRAMMARS: dict[str, Callable[[Alphabet], Dfa]] = {
    "digits": _digits,
    "arithmetic1": _arithmetic1,
    "expression": _expression,
}
