"""The grammar of formulas against a painter of such texts and a check written another way."""

from __future__ import annotations

import pickle
import random
import re

import numpy as np
import pytest

from every_path import written
from glyphsmith.alphabet import Alphabet
from glyphsmith.decode import ctc, fixed
from glyphsmith.decode.automaton import FAR
from glyphsmith.decode.formula import TEMPLATES, Formula
from glyphsmith.decode.path import best_branch, best_ctc_path
from glyphsmith.decode.pattern import split_labels
from glyphsmith.errors import PatternError
from glyphsmith.expression import evaluate_expression

VARIABLES = "君不见黄河之水天上来奔流到海复回烟锁池塘柳深圳铁板烧"
LETTERS = Alphabet("0123456789+-*/()=;" + VARIABLES)


@pytest.fixture(scope="module")
def formula() -> Formula:
    return Formula(LETTERS)


def symbols(text: str, alphabet: Alphabet = LETTERS) -> tuple[int, ...]:
    return tuple(alphabet.index(label) for label in split_labels(text, alphabet))


def spelled(text: tuple[int, ...]) -> str:
    return "".join(LETTERS[k] for k in text)


def some_formula(draw: random.Random, *, longest: bool = False) -> str:
    def number() -> str:
        return "100000" if longest else str(draw.choice([0, draw.randint(0, 9), draw.randint(0, 100000), 100000]))

    names = draw.sample(VARIABLES, 2 if longest else draw.randint(1, 2))
    over, plain = draw.sample(names, len(names))[0], ""
    operands = [f"{over}/{number()}", number(), number(), number()]
    if len(names) == 2:
        (plain,) = set(names) - {over}
        operands[1] = plain
    draw.shuffle(operands)
    template = "((a+a)+a)+a" if longest else draw.choice(TEMPLATES)
    expression = "".join(
        operands.pop() if sign == "a" else draw.choice("+-*") if sign == "+" else sign for sign in template
    )
    return "".join(f"{name}={number()};" for name in names) + expression


def is_formula(text: str) -> bool:
    """Check a text with Python's own means."""
    *assignments, expression = text.split(";")
    names = [assignment.split("=")[0] for assignment in assignments]
    numbers = [assignment.split("=")[-1] for assignment in assignments]
    if (
        not 1 <= len(names) <= 2
        or len(set(names)) != len(names)
        or any(name not in VARIABLES or not name for name in names)
    ):
        return False
    if any(
        assignment != f"{name}={number}" for assignment, name, number in zip(assignments, names, numbers, strict=True)
    ):
        return False
    operand = rf"[{VARIABLES}]/\d+|[{VARIABLES}]|\d+"
    operands = re.findall(operand, expression)
    used = [found[0] for found in operands if not found[0].isdigit()]
    numbers += [found.split("/")[-1] for found in operands if found[-1].isdigit()]
    return (
        re.sub(r"[-+*]", "+", re.sub(operand, "a", expression)) in TEMPLATES
        and sum("/" in found for found in operands) == 1
        and sorted(used) == sorted(names)
        and all(found.isdigit() and found == str(int(found)) and int(found) <= 100000 for found in numbers)
    )


def test_painted_formulas_are_accepted(formula: Formula) -> None:
    draw = random.Random(1)
    for _ in range(400):
        text = some_formula(draw)
        assert is_formula(text)
        assert formula.matches(symbols(text)), text


def test_an_altered_formula_is_accepted_only_where_it_is_one(formula: Formula) -> None:
    draw = random.Random(2)
    verdicts = [0, 0]
    for _ in range(1500):
        text = list(some_formula(draw))
        for _ in range(draw.randint(1, 2)):
            at = draw.randrange(len(text) + 1)
            near = draw.choice([*"0123456789+-*/()=;", *VARIABLES[:3], *(k for k in text if k in VARIABLES)])
            text[at : at + draw.randint(0, 1)] = draw.choice([[near], []])
        altered = "".join(text)
        expected = is_formula(altered)
        verdicts[expected] += 1
        assert formula.matches(symbols(altered)) == expected, altered
    assert min(verdicts) > 150


def test_what_the_grammar_accepts_has_a_value_or_divides_by_zero(formula: Formula) -> None:
    draw = random.Random(3)
    for _ in range(100):
        found = evaluate_expression(some_formula(draw))
        assert found.value is not None or "division by zero" in str(found.reason)


def test_the_longest_formula_has_forty_six_symbols(formula: Formula) -> None:
    text = some_formula(random.Random(4), longest=True)
    assert len(text) == 46
    assert formula.matches(symbols(text))


def test_a_formula_is_read_from_scores_that_show_it(formula: Formula) -> None:
    text = "流=42072;圳=86;(圳-(97510*45921))*流/35864"
    found = written(symbols(text), 112, len(LETTERS) + 1)
    assert spelled(ctc.beam(found, 10, formula)[0][0]) == text


@pytest.mark.parametrize(
    ("seen", "truth"),
    [
        ("流=42072;圳=86;(圳-(97510*45921))*河/35864", r"(.)=42072;圳=86;\(圳-\(97510\*45921\)\)\*\1/35864"),
        ("流=42072;圳=86;(圳-(97510*45921)*流/35864", r"流=42072;圳=86;.*流/35864"),
        ("流=42072;圳=86;(圳-(97510*45921))*流735864", r"流=42072;圳=86;\(圳-\(97510\*45921\)\)\*流/35864"),
        ("流=42072;圳=086;(圳-(97510*45921))*流/35864", r"流=42072;圳=.?86;\(圳-\(97510\*45921\)\)\*流/35864"),
    ],
)
def test_a_misread_sign_is_put_right_by_the_grammar(formula: Formula, seen: str, truth: str) -> None:
    answers = ctc.beam(written(symbols(seen), 112, len(LETTERS) + 1), 10, formula)
    assert answers
    assert all(is_formula(spelled(text)) for text, _ in answers)
    assert re.fullmatch(truth, spelled(answers[0][0])), spelled(answers[0][0])


def test_noise_gives_a_formula_too(formula: Formula) -> None:
    draw = np.random.default_rng(5)
    for columns in (16, 30):
        noise = np.log(draw.dirichlet(np.full(len(LETTERS) + 1, 0.3), columns) + 1e-30)
        answers = ctc.beam(noise, 2, formula)
        assert answers
        assert all(is_formula(spelled(text)) for text, _ in answers)


def test_too_few_columns_give_no_formula(formula: Formula) -> None:
    fewest = formula.fewest_columns(formula.start)
    assert fewest == len("流=1;1+1+1+流/1")
    assert ctc.beam(np.log(np.full((fewest - 1, len(LETTERS) + 1), 0.02)), 10, formula) == []
    assert ctc.beam(np.log(np.full((fewest, len(LETTERS) + 1), 0.02)), 1, formula)
    assert list(formula.branches(np.zeros((1, len(LETTERS) + 1)))) == []


def test_impossible_columns_leave_what_is_possible(formula: Formula) -> None:
    text = "烟=7;锁=12;(烟+1)+(3-锁/5)"
    found = written(symbols(text), 60, len(LETTERS) + 1)
    found[:, 1 + np.array([LETTERS.index(name) for name in VARIABLES if name not in "烟锁"])] = -np.inf
    found[:, 1 + LETTERS.index("*")] = -np.inf
    assert spelled(ctc.beam(found, 1, formula)[0][0]) == text
    found[:, 1 + LETTERS.index(";")] = -np.inf
    assert ctc.beam(found, 3, formula) == []
    assert list(formula.branches(found)) == []


def test_bounds_never_lie_below_what_their_branch_reaches() -> None:
    few = Alphabet("01+/()=;abc")
    formula = Formula(few)
    draw = np.random.default_rng(6)
    for _ in range(4):
        found = np.log(draw.dirichlet(np.full(len(few) + 1, 0.4), 18) + 1e-30)
        branches = list(formula.branches(found))
        assert len(branches) == 3 + 6
        bounds = [branch.bound for branch in branches]
        assert bounds == sorted(bounds, reverse=True)
        reached = []
        for branch in branches:
            path = best_ctc_path(branch.dfa, found, branch.symbols)
            assert path is not None
            assert path[1] <= branch.bound + 1e-9
            reached.append(path[1])
        best = best_branch(formula, found, best_ctc_path)
        assert best is not None
        assert best[1] == pytest.approx(max(reached))
        assert formula.matches(best[0])


def test_a_fixed_head_is_held_to_formulas_too(formula: Formula) -> None:
    text = "到=37808;(10220+到/78589)*(70612*88431)"
    seen = symbols(text.replace("+到/", "+河/"))
    found = np.log(np.full((len(seen), len(LETTERS)), 0.001))
    found[np.arange(len(seen)), seen] = np.log(0.95)
    best = fixed.best(found, formula)
    assert best is not None
    assert spelled(best[0]) in {text, text.replace("到", "河")}


def test_steps_and_needs_agree(formula: Formula) -> None:
    draw = random.Random(7)
    for _ in range(10):
        state = formula.start
        for symbol in symbols(some_formula(draw)):
            needs = formula.needs(state)
            for other in range(len(LETTERS)):
                after = formula.step(state, other)
                assert (after is None) == (needs[other] == FAR)
                if after is not None:
                    assert formula.fewest_columns(after, other) == needs[other]
            following = formula.step(state, symbol)
            assert following is not None
            state = following
        assert formula.accepts(state)


def test_a_charset_holds_formulas_further() -> None:
    held = Formula(LETTERS, only="0123456789+-*/()=;流圳")
    assert held.matches(symbols("流=1;1+1+1+流/1"))
    assert not held.matches(symbols("河=1;1+1+1+河/1"))
    one = Formula(LETTERS, only="0123456789+/()=;流")
    assert one.matches(symbols("流=1;1+1+1+流/1"))
    assert ctc.beam(written(symbols("流=1;1+1+1+流/1"), 40, len(LETTERS) + 1), 3, one)


@pytest.mark.parametrize(
    ("letters", "message"),
    [
        ("0123456789+-*/()=流", "no label for ;"),
        ("0123456789+-*/()=;", "no label for a variable"),
        ("0123456789/()=;流", r"no label for \+"),
        ("ab", "no label for"),
    ],
)
def test_an_alphabet_that_cannot_write_formulas_is_refused(letters: str, message: str) -> None:
    with pytest.raises(PatternError, match=message):
        Formula(Alphabet(letters))


def test_signs_of_the_same_meaning_are_accepted() -> None:
    letters = Alphabet("0123456789+−×÷()=;ab")
    held = Formula(letters)
    assert held.matches(symbols("a=1;1×1−1+a÷1", letters))


def test_a_formula_travels_to_another_process(formula: Formula) -> None:
    again = pickle.loads(pickle.dumps(formula))
    assert again.matches(symbols("流=1;1+1+1+流/1"))
