"""Patterns against Python's own regular expressions; what is malformed or hostile ends at once."""

from __future__ import annotations

import itertools
import random
import re

import pytest

from glyphsmith.alphabet import Alphabet
from glyphsmith.decode.automaton import MAX_STATES
from glyphsmith.decode.pattern import charset, compile_pattern, length, sign_class, split_labels
from glyphsmith.decode.regex import MAX_DEPTH, MAX_PATTERN
from glyphsmith.errors import GlyphsmithError, PatternError

AB = Alphabet("ab0")
EVERY = [text for n in range(6) for text in itertools.product(range(3), repeat=n)]


def spelled(text: tuple[int, ...], alphabet: Alphabet = AB) -> str:
    return "".join(alphabet[k] for k in text)


def symbols(text: str, alphabet: Alphabet) -> list[int]:
    return [alphabet.index(label) for label in split_labels(text, alphabet)]


def matched(pattern: str, alphabet: Alphabet = AB) -> set[str]:
    held = compile_pattern(pattern, alphabet)
    return {spelled(text, alphabet) for text in EVERY if held.matches(text)}


def by_python(pattern: str) -> set[str]:
    return {spelled(text) for text in EVERY if re.fullmatch(pattern, spelled(text))}


@pytest.mark.parametrize(
    "pattern",
    [
        "", "a", "ab0", "a|b", "a||b", "(a|b)*", "a?b?0?", "a{2}", "a{1,3}b", "a{,2}", "a{2,}", "(ab){1,2}0", ".", ".*",
        "[ab]+", "[^a]{2}", "[a-b]0", "[0-9a]*", r"\d+", r"\w\d", r"\Da", r"\W|a", "(?:ab|0)+", "((a*)*)*", "(a|a)*b",
        "(|a)(|b)", "()", "(){3}", "a{0}b", "(a?){3}", "(a{2}){2}", "[]a]", "[a-]b", "[-a]", "^ab$", "(a*b*){2,}0",
        "a{1}", "(a+b?)+0", "(a|ab)(0|b0)", ".{3}", "(.*a){2}", "(ab|a)*",
    ],
)  # fmt: skip
def test_a_pattern_accepts_what_python_s_does(pattern: str) -> None:
    assert matched(pattern) == by_python(pattern)


def some_pattern(draw: random.Random, depth: int = 3) -> str:
    kind = draw.random()
    if depth == 0 or kind < 0.3:
        return draw.choice(["a", "b", "0", ".", "[ab]", "[^b]", r"\d", "[a-b]", ""])
    if kind < 0.6:
        return some_pattern(draw, depth - 1) + some_pattern(draw, depth - 1)
    if kind < 0.75:
        return f"({some_pattern(draw, depth - 1)}|{some_pattern(draw, depth - 1)})"
    return f"({some_pattern(draw, depth - 1)})" + draw.choice(["?", "*", "+", "{2}", "{0,2}", "{1,}", "{,1}", "{1,3}"])


def test_random_patterns_accept_what_python_s_do() -> None:
    draw = random.Random(11)
    seen = 0
    for _ in range(120):
        pattern = some_pattern(draw)
        seen += bool(by_python(pattern))
        assert matched(pattern) == by_python(pattern), pattern
    assert seen > 100


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("a(b", r"character 4: a bracket \( is not closed"),
        ("ab)", r"character 3: '\)' closes nothing"),
        ("[ab", r"character 4: a bracket \[ is not closed"),
        ("[]", r"a bracket \[ is not closed"),
        ("*a", r"character 1: \* repeats nothing"),
        ("a|+", r"character 3: \+ repeats nothing"),
        ("a**", "a repetition is repeated"),
        ("a+?", "a repetition is repeated"),
        ("a{2}{3}", "a repetition is repeated"),
        ("a{3,2}", "at least 3 and at most 2"),
        ("a{x}", r"\{ starts a repetition"),
        ("a{2", r"\{ starts a repetition"),
        ("{2}", "repeats nothing"),
        ("a}", "'}' has no meaning"),
        ("a]", "'\\]' has no meaning"),
        ("a^b", r"'\^' has no meaning"),
        ("a$b", r"'\$' has no meaning"),
        ("[b-a]", "b-a is no range"),
        (r"[\d-a]", "is no range"),
        (r"\n", r"\\n is not known"),
        ("a\\", r"\\ is not known"),
        ("(?=a)", r"\(\? is not supported"),
        ("(?P<x>a)", r"\(\? is not supported"),
        ("a{9999999}", "more than 1000 repetitions"),
    ],
)
def test_a_malformed_pattern_is_one_clear_error(pattern: str, message: str) -> None:
    with pytest.raises(PatternError, match=message):
        compile_pattern(pattern, AB)


@pytest.mark.parametrize(
    "pattern",
    [
        "((a{1,1000}){1,1000}){1,1000}",
        "((a{1000}){1000}){1000}",
        "(((((((((a{9}){9}){9}){9}){9}){9}){9}){9}){9})",
        "((){1000}){1000}",
        "((a?){1000}){1000}",
        "a{100000}",
        "(a|b)*a(a|b){20}",
        "(.*a.{30})*",
        "(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1),
        "(" * MAX_PATTERN,
        "(" * 1_000_000,
        "a" * 1_000_000,
        "(a|a)*" * 500_000,
        "[" * 1_000_000,
    ],
)
def test_a_hostile_pattern_is_one_clear_error(pattern: str) -> None:
    with pytest.raises(PatternError) as caught:
        compile_pattern(pattern, AB)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(a|a)*" * 100, "a" * 50),
        ("(" * MAX_DEPTH + "a" + ")*" * MAX_DEPTH, "aaa"),
        ("(((a|a)*|(a|a)*)*|((a|a)*)*)*b", "aab"),
        ("(a?){900}", "a" * 900),
        ("(a*)*(a*)*(a*)*(a*)*b", "aab"),
        ("(x|" * 50 + "a" + ")" * 50, "a"),
    ],
)
def test_a_strange_pattern_of_modest_size_is_compiled(pattern: str, text: str) -> None:
    held = compile_pattern(pattern, AB)
    assert held.matches(symbols(text, AB))
    assert len(held) <= MAX_STATES


@pytest.mark.parametrize("pattern", ["x", "a[xyz]", "[^ab0]", "(a|b)x{2}", r"\W"])
def test_a_pattern_that_no_text_can_match_says_so(pattern: str) -> None:
    with pytest.raises(PatternError, match="no text of the reader's labels can match it"):
        compile_pattern(pattern, AB)


def test_the_hint_names_the_literals_that_are_no_labels() -> None:
    with pytest.raises(PatternError) as caught:
        compile_pattern("[A-B]|AX", AB)
    assert caught.value.hint == "no labels of this reader: A B X"
    assert isinstance(caught.value, GlyphsmithError)


def test_a_literal_that_is_no_label_only_closes_its_own_branch() -> None:
    assert matched("a|x|bx?") == {"a", "b"}


def test_a_label_of_several_characters_is_one_unit() -> None:
    letters = Alphabet(["c", "h", "ch", "a"])
    assert compile_pattern("cha", letters).matches([2, 3])
    assert not compile_pattern("cha", letters).matches([0, 1, 3])
    assert compile_pattern("c(h)a", letters).matches([0, 1, 3])
    assert compile_pattern("ch*", letters).matches([2, 2, 2])
    assert compile_pattern("[ch]a", letters).matches([2, 3])
    assert compile_pattern("..", letters).matches([2, 3])
    assert split_labels("chachh", letters) == ["ch", "a", "ch", "h"]


def test_labels_with_combining_characters_are_read_composed_or_whole() -> None:
    letters = Alphabet(["é", "x\u0302", "e"])
    assert compile_pattern("e\u0301+", letters).matches([0, 0])
    assert compile_pattern("x\u0302e", letters).matches([1, 2])


def test_signs_of_the_notation_are_written_with_a_backslash() -> None:
    signs = Alphabet(".*+?|()[]{}\\^$-")
    for sign in signs:
        assert compile_pattern("\\" + sign, signs).matches([signs.index(sign)])
        assert not compile_pattern("\\" + sign, signs).matches([(signs.index(sign) + 1) % len(signs)])
    assert compile_pattern(r"[\]\-\\]{3}", signs).matches(symbols("]-\\", signs))


def test_an_alphabet_of_two_thousand_labels_is_no_burden() -> None:
    many = Alphabet(chr(0x4E00 + k) for k in range(2000))
    held = compile_pattern(f"{many[7]}.{{1,30}}[^{many[8]}]", many)
    assert held.matches([7, 1999, 5])
    assert not held.matches([7, 1999, 8])
    with pytest.raises(PatternError, match="states over 2000 labels are too many"):
        compile_pattern(".{500}", many)


def test_an_alphabet_without_labels_has_the_empty_text_only() -> None:
    none = Alphabet([])
    assert compile_pattern(".*", none).matches([])
    with pytest.raises(PatternError, match="no text"):
        compile_pattern(".", none)


def test_a_charset_accepts_its_labels_in_any_number() -> None:
    held = charset("a0", AB)
    assert {spelled(text) for text in EVERY if held.matches(text)} == by_python("[a0]*")
    assert charset(["ch", "a"], Alphabet(["c", "h", "ch", "a"])).matches([2, 3, 2])
    assert charset("cha", Alphabet(["c", "h", "ch", "a"])).matches([2, 3])


@pytest.mark.parametrize(
    ("labels", "message"), [("aX", "not labels of this reader: X"), ("", "it is empty"), ([], "empty")]
)
def test_a_charset_of_strangers_is_refused(labels: str, message: str) -> None:
    with pytest.raises(PatternError, match=message):
        charset(labels, AB)


def test_a_length_accepts_any_text_of_that_many_labels() -> None:
    held = length(2, 3, AB)
    assert {spelled(text) for text in EVERY if held.matches(text)} == by_python(".{2,3}")
    assert length(0, 0, AB).matches([])
    for bounds in ((3, 2), (-1, 2), (0, 10**6)):
        with pytest.raises(PatternError, match="expected two numbers"):
            length(*bounds, AB)


def test_a_sign_class_holds_the_synonyms_that_are_labels() -> None:
    signs = Alphabet("+×-*3")
    held = compile_pattern(sign_class("*-", signs), signs)
    assert {label for k, label in enumerate(signs) if held.matches([k])} == set("×-*")
