"""Arithmetic captchas: three one-digit operands, two operators of + - *, at most one pair of brackets.

As in the first round of the arithmetic captcha contest: 180 x 60, many fonts of 35 to 55 px, dots, no line.
The minus sign is drawn thin: stretched to the box of the other symbols it would be a beam.

A label must be what a person would read, or no reader can be right: fonts draw all fifteen signs, ten of them Latin
digits of ten shapes (synth.digit_fonts), and ink keeps a least distance from the ground (docs/painting.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import final

from glyphsmith.errors import DataError
from glyphsmith.expression import evaluate_expression
from glyphsmith.synth.chance import Chance
from glyphsmith.synth.digit_fonts import DIGITS, find_digit_fonts
from glyphsmith.synth.seeded import SeededPainter
from glyphsmith.synth.settings import PRESETS, CaptchaSettings
from glyphsmith.synth.typefaces import find_typefaces

__all__ = ["ARITHMETIC", "OPERATORS", "TEMPLATES", "ArithmeticPainter", "lines_of", "value_of"]

#: d is a digit, o an operator; each template is equally likely.
TEMPLATES = ("dodod", "(dod)od", "do(dod)")
OPERATORS = "+-*"

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
    # Turned further and warped more, a plus is a cross; with hard edges a small asterisk of six arms is a blot.
    rotate_deg=(20.0, 20.0),
    edges="soft",
    warp_x=(0.05, 0.2),
    warp_y=(0.05, 0.2),
    # The misses of the published reader were texts in nearly the ground's colour; nobody can read those.
    ink=(10, 200),
    pale=False,
    contrast=60,
    curves=(0, 0),
)


@final
class ArithmeticPainter(SeededPainter):
    """Paints expressions of the templates; ``settings`` change the look, the texts stay."""

    repeats = False

    def __init__(self, settings: CaptchaSettings = ARITHMETIC) -> None:
        fonts = _fonts_with_all_signs(settings.fonts)
        super().__init__(replace(settings, alphabet=ARITHMETIC.alphabet, length=ARITHMETIC.length, fonts=fonts))

    def _draw_text(self, chance: Chance) -> list[str]:
        kinds = {"d": DIGITS, "o": OPERATORS}
        return [chance.pick(kinds.get(place, place)) for place in chance.pick(TEMPLATES)]


def _fonts_with_all_signs(sources: tuple[str, ...]) -> tuple[str, ...]:
    """Give the files of the fonts that draw ten Latin digits and every other sign; raises DataError for none."""
    paths = tuple(font.path for font in find_digit_fonts(sources))
    signs = len(ARITHMETIC.alphabet)
    whole = tuple(face.path for face in find_typefaces(paths, ARITHMETIC.alphabet) if len(face.symbols) == signs)
    if not whole:
        raise DataError(
            f"no font draws all of {ARITHMETIC.alphabet} (looked in: {', '.join(sources)})",
            hint='name a folder of fonts with --fonts, or "bundled"',
        )
    return whole


def value_of(expression: str) -> int:
    """Give what an expression of these templates comes to; it is a whole number, there being no division."""
    value = evaluate_expression(expression).value
    assert value is not None
    return int(value)


def lines_of(expressions: Iterable[str]) -> list[str]:
    """Give the lines of ``labels.txt``: the expression, a space, its value."""
    return [f"{expression} {value_of(expression)}" for expression in expressions]
