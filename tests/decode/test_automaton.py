"""Automata: what two accept together, the fewest states, and how many columns an end is away."""

from __future__ import annotations

import itertools
import pickle

import numpy as np
import pytest

from every_path import text_of
from glyphsmith.alphabet import Alphabet
from glyphsmith.decode.automaton import FAR, Dfa, best_two, intersect
from glyphsmith.decode.pattern import charset, compile_pattern, length
from glyphsmith.errors import PatternError

AB = Alphabet("ab0")
EVERY = [text for n in range(6) for text in itertools.product(range(3), repeat=n)]
PATTERNS = ("a*b", "aab?", "aa|bb|00", "(ab)*0?", ".{2,3}", "a0?a.*", "(a|b)*a(a|b)", "00000", "")


def accepted(held: Dfa) -> set[tuple[int, ...]]:
    return {text for text in EVERY if held.matches(text)}


def test_an_intersection_accepts_what_both_do() -> None:
    for first, second in itertools.combinations(PATTERNS, 2):
        one, other = compile_pattern(first, AB), compile_pattern(second, AB)
        both = accepted(one) & accepted(other)
        if both:
            assert accepted(intersect(one, other)) == both
        else:
            with pytest.raises(PatternError, match="no text"):
                intersect(one, other)
    three = intersect(compile_pattern(".*b", AB), charset("ab", AB), length(2, 3, AB))
    assert accepted(three) == accepted(compile_pattern("[ab]{1,2}b", AB))


def test_an_intersection_that_grows_too_large_is_refused() -> None:
    first, second = compile_pattern("(a{61})*b", AB), compile_pattern("((a|b){67})*", AB)
    with pytest.raises(PatternError, match="more than 4000 states"):
        intersect(first, second)


def test_the_smallest_automaton_accepts_the_same() -> None:
    for pattern in PATTERNS:
        held = compile_pattern(pattern, AB)
        small = held.smallest()
        assert accepted(small) == accepted(held)
        assert len(small) <= len(held)
    assert len(compile_pattern("aab|bab|0ab", AB).smallest()) == 4
    assert len(compile_pattern("(a|b|0)*", AB).smallest()) == 1


def test_every_state_can_finish() -> None:
    for pattern in PATTERNS:
        held = compile_pattern(pattern, AB)
        assert all(held.fewest_columns(state) < FAR for state in range(len(held)))


def test_the_columns_that_are_needed_are_those_of_the_shortest_path() -> None:
    """Every path of up to six columns is walked; a state and a last class are as far from an end as some path shows."""
    longest = 5
    for pattern in PATTERNS:
        held = compile_pattern(pattern, AB)
        for state, last in itertools.product(range(len(held)), (None, 0, 1, 2)):
            if last is not None and not (held.next[:, last] == state).any():
                continue
            fewest = FAR
            for n in range(longest + 1):
                for path in itertools.product(range(4), repeat=n):
                    shown = text_of((0 if last is None else last + 1, *path))
                    text = shown if last is None else shown[1:]
                    after: int | None = state
                    for symbol in text:
                        after = held.step(after, symbol) if after is not None else None
                    if after is not None and held.accepts(after):
                        fewest = min(fewest, n)
                if fewest < FAR:
                    break
            if fewest < FAR:
                assert held.fewest_columns(state, last) == fewest, (pattern, state, last)
                assert held.can_finish_within(state, fewest, last)
                assert not held.can_finish_within(state, fewest - 1, last)
            else:
                assert held.fewest_columns(state, last) > longest


def test_needs_are_the_columns_left_after_each_symbol() -> None:
    held = compile_pattern("aab?", AB)
    # after "a": a blank and another a are needed; b and 0 may not begin
    np.testing.assert_array_equal(held.needs(held.start), [2, FAR, FAR])
    after = held.step(held.start, 0)
    assert after is not None
    np.testing.assert_array_equal(held.needs(after), [0, FAR, FAR])


def test_the_best_two_of_each_group_are_found_in_order_of_place() -> None:
    values = np.array([3.0, 3.0, -np.inf, 5.0, 1.0, 4.0])
    group, starts = np.array([0, 0, 1, 2, 2, 2]), np.array([0, 2, 3])
    best, at, others = best_two(values, group, starts)
    np.testing.assert_array_equal(best, [3.0, -np.inf, 5.0])
    np.testing.assert_array_equal(at, [0, 2, 3])
    np.testing.assert_array_equal(others, [3.0, -np.inf, 4.0])


def test_an_automaton_travels_to_another_process() -> None:
    held = compile_pattern("a*b", AB)
    assert accepted(pickle.loads(pickle.dumps(held))) == accepted(held)
