"""Arithmetic captchas: three one-digit operands, two operators of + - *, at most one pair of brackets.

As in the first round of the arithmetic captcha contest: 180 x 60, many fonts of 35 to 55 px, dots, no line.
The minus sign is drawn thin: stretched to the box of the other symbols it would be a beam.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import final

from glyphsmith.expression import evaluate_expression
from glyphsmith.synth.chance import Chance
from glyphsmith.synth.seeded import SeededPainter
from glyphsmith.synth.settings import PRESETS, CaptchaSettings

__all__ = ["ARITHMETIC", "OPERATORS", "TEMPLATES", "ArithmeticPainter", "lines_of", "value_of"]

#: d is a digit, o an operator; each template is equally likely.
TEMPLATES = ("dodod", "(dod)od", "do(dod)")
OPERATORS = "+-*"
DIGITS = "0123456789"

ARITHMETIC = replace(
    PRESETS["library-0.2"],
    alphabet=DIGITS + OPERATORS + "()",
    length=(5, 7),
    width_px=180,
    height_px=60,
    fonts=("bundled", "matplotlib", "system"),
    font_sizes_px=(35, 45, 55),
    fit=True,
    made_for_px=60,
    plain="-",
    # The darkest inks would be laid on so thinly (``pale``) that nobody could read them.
    ink=(10, 200),
    curves=(0, 0),
)


@final
class ArithmeticPainter(SeededPainter):
    """Paints expressions of the templates; ``settings`` change the look, the texts stay."""

    def __init__(self, settings: CaptchaSettings = ARITHMETIC) -> None:
        super().__init__(replace(settings, alphabet=ARITHMETIC.alphabet, length=ARITHMETIC.length))

    def _draw_text(self, chance: Chance) -> list[str]:
        kinds = {"d": DIGITS, "o": OPERATORS}
        return [chance.pick(kinds.get(place, place)) for place in chance.pick(TEMPLATES)]


def value_of(expression: str) -> int:
    """Give what an expression of these templates comes to; it is a whole number, there being no division."""
    value = evaluate_expression(expression).value
    assert value is not None
    return int(value)


def lines_of(expressions: Iterable[str]) -> list[str]:
    """Give the lines of ``labels.txt``: the expression, a space, its value."""
    return [f"{expression} {value_of(expression)}" for expression in expressions]
