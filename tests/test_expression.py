"""What an arithmetic text is worth, with Python's own arithmetic as the oracle."""

from __future__ import annotations

import itertools
import random
import sys
from fractions import Fraction

import pytest

from glyphsmith.expression import MAX_DEPTH, MAX_LENGTH, SYNONYMS, Value, evaluate_expression, plain_signs


class Exact:
    """A whole number whose `/` is exact, so that Python's `eval` is an oracle for fractions."""

    def __new__(cls, value: int) -> Fraction:  # type: ignore[misc]
        return Fraction(value)


def by_python(text: str, **variables: Fraction) -> Fraction | None:
    """Let Python work the text out in fractions; None where it divides by zero."""
    exact, number = "", ""
    for sign in text + " ":
        if sign.isdigit():
            number += sign
            continue
        exact += (f"Exact({int(number)})" if number else "") + sign
        number = ""
    try:
        return Fraction(eval(exact, {"Exact": Exact, **variables}))
    except ZeroDivisionError:
        return None


def some_expression(draw: random.Random, depth: int = 3) -> str:
    """Draw a text of the grammar."""
    parts = []
    for _ in range(draw.randint(1, 4)):
        bracketed = depth > 0 and draw.random() < 0.3
        parts.append(f"({some_expression(draw, depth - 1)})" if bracketed else str(draw.randint(0, 12)))
    text = parts[0]
    for part in parts[1:]:
        text += draw.choice("+-*/") + part
    return (draw.choice("+-") if draw.random() < 0.15 else "") + text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("(3-7)+5", "1"),
        ("3+4*2", "11"),
        ("10/6", "5/3"),
        ("1-8/3", "-5/3"),
        ("1/3*3", "1"),
        ("2-3-4", "-5"),
        ("16/4/2", "2"),
        ("-(2+3)*4", "-20"),
        ("007", "7"),
        ("3 × (4 − 1) ÷ 2", "9/2"),
        ("（３）", ""),
        ("3+5=?", "8"),
        ("3+5=", "8"),
        ("3+5＝？", "8"),
        ("流=42072;圳=86;(圳-(97510*45921))*流/35864", str(by_python("(86-(97510*45921))*42072/35864"))),
        ("到=37808;(10220+到/78589)*(70612*88431)", str(by_python("(10220+37808/78589)*(70612*88431)"))),
        ("a=2;b=a*3;b-a", "4"),
        ("a=2;a=?", "2"),
    ],
)
def test_a_text_has_its_value(text: str, value: str) -> None:
    assert evaluate_expression(text).text == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "ends where a number or an opening bracket is expected"),
        ("  ", "ends where"),
        ("3+", "ends where"),
        ("(3+4", "ends where ')' is expected"),
        ("3+4)", "')' at character 4, expected an operator or the end"),
        ("3+*4", "'*' at character 3"),
        ("3--4", "'-' at character 3"),
        ("2**3", "'*' at character 3"),
        ("7//2", "'/' at character 3"),
        ("3 4", "'4' at character 3"),
        ("()", "')' at character 2"),
        ("3(4)", "'(' at character 2"),
        ("1.5", "'.' at character 2"),
        ("٣+٤", "'٣' at character 1"),
        ("5/0", "division by zero at character 2"),
        ("1/(2-2)", "division by zero"),
        ("圳+1", "圳 at character 1 has no value"),
        ("圳=86;流+1", "流 at character 6 has no value"),
        ("圳=圳;圳", "圳 at character 3 has no value"),
        ("圳=1;圳=2;圳", "圳 is assigned twice"),
        ("圳=86", "ends where ';' is expected"),
        ("圳=86;", "ends where"),
        ("圳=;3", "';' at character 3"),
        ("ab=2;ab", "a at character 1 has no value"),
        ("3;4", "';' at character 2"),
        ("3==", "'=' at character 3"),
        ("__import__('os')", "'_' at character 1"),
        ("\x00", "'\\x00' at character 1"),
        ("3\n+4", "'\\n' at character 2"),
    ],
)
def test_a_text_without_a_value_says_why(text: str, reason: str) -> None:
    found = evaluate_expression(text)
    assert found.value is None
    assert found.text == ""
    assert found.reason is not None
    assert reason in found.reason


def test_random_expressions_have_the_value_that_python_gives_them() -> None:
    draw = random.Random(1)
    without = 0
    for _ in range(3000):
        text = some_expression(draw)
        expected = by_python(text)
        found = evaluate_expression(text)
        assert found.value == expected, text
        assert (found.reason is None) == (expected is not None), text
        without += expected is None
    assert 0 < without < 1500, "both kinds are drawn"


def test_random_assignments_have_the_value_that_python_gives_them() -> None:
    draw = random.Random(2)
    for _ in range(300):
        names = draw.sample("流圳黄河abc", draw.randint(1, 3))
        numbers = [draw.randint(0, 100000) for _ in names]
        body = draw.choice("+-*").join([*names, str(draw.randint(0, 9)), f"({names[0]}-5)"])
        text = "".join(f"{name}={number};" for name, number in zip(names, numbers, strict=True)) + body
        expected = by_python(body, **{name: Fraction(number) for name, number in zip(names, numbers, strict=True)})
        assert evaluate_expression(text).value == expected


def test_a_mutilated_text_has_python_s_value_or_a_reason() -> None:
    draw = random.Random(3)
    valued = 0
    for _ in range(5000):
        text = list(some_expression(draw, depth=2))
        for _ in range(draw.randint(1, 3)):
            at = draw.randrange(len(text) + 1)
            text[at : at + draw.randint(0, 1)] = draw.choice("0123456789+-*/()")
        joined = "".join(text)
        found = evaluate_expression(joined)
        assert (found.value is None) == bool(found.reason)
        if found.value is not None:
            valued += 1
            assert found.value == by_python(joined), joined
    assert valued > 100


def test_noise_of_any_characters_is_a_result() -> None:
    draw = random.Random(4)
    for _ in range(2000):
        text = "".join(
            draw.choice("019+-*/()=;? 流a\t\n.,²½Ⅷ٣é\u0301\U0001f600\ud800") for _ in range(draw.randint(0, 20))
        )
        found = evaluate_expression(text)
        assert (found.value is None) == bool(found.reason)


@pytest.mark.parametrize("text", ["(" * 1_000_000, "((((((" + "1" * 1_000_000, "1+" * 500_000, "流" * 1_000_000])
def test_a_megabyte_is_refused_unread(text: str) -> None:
    reason = evaluate_expression(text).reason
    assert reason == f"{len(text)} characters, at most {MAX_LENGTH} are read"


def test_brackets_open_up_to_the_limit_and_no_further() -> None:
    assert evaluate_expression("(" * MAX_DEPTH + "7" + ")" * MAX_DEPTH).text == "7"
    over = evaluate_expression("(" * MAX_LENGTH)
    assert over.reason == f"more than {MAX_DEPTH} brackets are open at character {MAX_DEPTH + 1}"
    assert evaluate_expression("(1)+" * 200 + "1").text == "201", "brackets one after the other are not nested"


def test_the_deepest_text_needs_few_frames() -> None:
    limit = sys.getrecursionlimit()
    depth, frame = 0, sys._getframe()
    while frame is not None:
        depth, frame = depth + 1, frame.f_back  # type: ignore[assignment]
    sys.setrecursionlimit(depth + 4 * MAX_DEPTH + 60)
    try:
        assert evaluate_expression("(" * MAX_DEPTH + "7").value is None
    finally:
        sys.setrecursionlimit(limit)


def test_a_value_that_grows_without_end_is_cut_off() -> None:
    names = "abcdefghijklmnopqrstuvwxyz"
    squares = "a=9;" + "".join(f"{b}={a}*{a};" for a, b in itertools.pairwise(names)) + "z"
    assert evaluate_expression(squares).reason == "the value has more than 4096 bits"
    inverse = "a=1/9;" + "".join(f"{b}={a}*{a};" for a, b in itertools.pairwise(names)) + "z"
    assert evaluate_expression(inverse).reason == "the value has more than 4096 bits"
    assert evaluate_expression("9" * MAX_LENGTH).text == "9" * MAX_LENGTH


def test_the_text_of_a_value_has_the_same_value() -> None:
    for value in (Fraction(0), Fraction(13), Fraction(-5, 3), Fraction(-4)):
        text = Value(value).text
        assert evaluate_expression(text) == Value(value)


def test_every_synonym_is_one_character_for_one_of_the_grammar() -> None:
    assert set(SYNONYMS.values()) <= set("+-*/()=;?")
    assert all(len(sign) == len(meaning) == 1 for sign, meaning in SYNONYMS.items())
    assert plain_signs("3−4×5") == "3-4*5"
