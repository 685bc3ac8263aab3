"""The named grammars, and everything a user may ask for together."""

from __future__ import annotations

import itertools
import random
import re

import pytest

from glyphsmith.alphabet import Alphabet
from glyphsmith.decode.automaton import Dfa
from glyphsmith.decode.formula import Formula
from glyphsmith.decode.grammars import DEPTH, GRAMMARS, constrain
from glyphsmith.errors import PatternError
from glyphsmith.expression import evaluate_expression

SUMS = Alphabet("0123456789+-*/()=?")
SOME = Alphabet("12+*()")


def held(**asked: object) -> Dfa:
    alphabet = asked.pop("alphabet", SUMS)
    assert isinstance(alphabet, Alphabet)
    found = constrain(alphabet, **asked)  # type: ignore[arg-type]
    assert isinstance(found, Dfa)
    return found


def matches(constraint: Dfa, text: str, alphabet: Alphabet = SUMS) -> bool:
    return constraint.matches([alphabet.index(sign) for sign in text])


def test_arithmetic1_is_its_three_templates() -> None:
    grammar = held(pattern="arithmetic1", alphabet=SOME)
    templates = re.compile(r"\d[+*]\d[+*]\d|\(\d[+*]\d\)[+*]\d|\d[+*]\(\d[+*]\d\)")
    for n in range(6):
        for signs in itertools.product(SOME, repeat=n):
            text = "".join(signs)
            assert matches(grammar, text, SOME) == bool(templates.fullmatch(text))
    draw = random.Random(1)
    for _ in range(300):
        text = draw.choice(["dodod", "(dod)od", "do(dod)"])
        text = "".join({"d": draw.choice("0123456789"), "o": draw.choice("+-*")}.get(sign, sign) for sign in text)
        assert matches(held(pattern="arithmetic1"), text)
        assert evaluate_expression(text).value is not None
    for text in ("1/2+3", "12+3+4", "(1+2+3)", "1+2", "(1)+2+3", "-1+2+3"):
        assert not matches(held(pattern="arithmetic1"), text)


def test_arithmetic1_without_brackets_in_the_alphabet_has_one_template() -> None:
    plain = Alphabet("0123456789+-×")
    grammar = held(pattern="arithmetic1", alphabet=plain)
    assert matches(grammar, "3×4-5", plain)
    assert not matches(grammar, "3×4", plain)


def test_an_expression_is_what_can_be_worked_out() -> None:
    grammar = held(pattern="expression")
    draw = random.Random(2)
    verdicts = [0, 0]
    for _ in range(6000):
        text = "".join(draw.choices("12+*-/()", k=draw.randint(1, 7))) + draw.choice(["", "", "=", "=?", "?"])
        found = evaluate_expression(text)
        works = found.value is not None or "division by zero" in str(found.reason)
        signed = re.search(r"(^|\()[-+]", text) is not None  # a sign in front is worked out, but not painted
        verdicts[works and not signed] += 1
        assert matches(grammar, text) == (works and not signed), text
    assert min(verdicts) > 100


def test_an_expression_opens_brackets_to_a_depth() -> None:
    grammar = held(pattern="expression")
    assert matches(grammar, "(" * DEPTH + "1" + ")" * DEPTH)
    assert not matches(grammar, "(" * (DEPTH + 1) + "1" + ")" * (DEPTH + 1))


def test_digits_are_one_or_more() -> None:
    grammar = held(pattern="digits")
    assert matches(grammar, "007")
    assert not matches(grammar, "")
    assert not matches(grammar, "7+")


def test_a_formula_has_its_name() -> None:
    letters = Alphabet("0123456789+-*/()=;流圳")
    found = constrain(letters, pattern="formula", only="0123456789+-*/()=;流")
    assert isinstance(found, Formula)
    assert found.matches(tuple(letters.index(sign) for sign in "流=1;1+1+1+流/1"))


@pytest.mark.parametrize("name", [*GRAMMARS, "formula"])
def test_a_grammar_that_the_alphabet_cannot_write_is_refused(name: str) -> None:
    with pytest.raises(PatternError, match=name):
        constrain(Alphabet("abc"), pattern=name)
    with pytest.raises(PatternError, match=name):
        constrain(Alphabet([]), pattern=name)


def test_a_grammar_s_name_in_brackets_is_a_pattern() -> None:
    letters = Alphabet("digts")
    found = held(pattern="(digits)", alphabet=letters)
    assert matches(found, "digits", letters)


def test_a_near_miss_of_a_grammar_s_name_gets_a_hint() -> None:
    with pytest.raises(PatternError) as caught:
        constrain(SUMS, pattern="arithmetic")
    assert caught.value.hint == "did you mean the grammar arithmetic1?"
    with pytest.raises(PatternError) as caught:
        constrain(SUMS, pattern="zzz")
    assert caught.value.hint == "no labels of this reader: z"


def test_nothing_asked_for_is_no_constraint() -> None:
    assert constrain(SUMS) is None


def test_what_is_asked_for_holds_together() -> None:
    found = held(pattern=r"\d+[+]\d+", only="12+", at_least=4, at_most=5)
    assert matches(found, "12+1")
    assert matches(found, "12+12")
    for text in ("1+1", "13+1", "12+121", "1212"):
        assert not matches(found, text)
    assert matches(held(at_most=2), "")
    assert not matches(held(at_least=1), "")
    assert matches(held(at_least=3), "1" * 100)
    assert matches(held(only="12"), "1221")


def test_what_cannot_hold_together_is_refused() -> None:
    with pytest.raises(PatternError, match="formula: a length cannot be asked for"):
        constrain(Alphabet("0123456789+-*/()=;流圳"), pattern="formula", at_most=20)
    with pytest.raises(PatternError, match=r"pattern .* and length 3: no text"):
        constrain(SUMS, pattern=r"\d{2}", at_least=3, at_most=3)
    with pytest.raises(PatternError, match="and charset 12: no text"):
        constrain(SUMS, pattern="3+", only="12")


@pytest.mark.parametrize("pattern", ["", "1|", "|1", "1||2", "()", "(|1)", "^$"])
def test_a_pattern_that_is_empty_or_has_an_empty_alternative_is_a_slip(pattern: str) -> None:
    with pytest.raises(PatternError, match="empty") as caught:
        constrain(SUMS, pattern=pattern)
    assert "may be missing" in str(caught.value.hint)


@pytest.mark.parametrize("pattern", ["1?", r"\d*", "(|1)2", "1|2?"])
def test_a_pattern_that_the_empty_text_matches_among_others_is_none(pattern: str) -> None:
    assert isinstance(constrain(SUMS, pattern=pattern), Dfa)
