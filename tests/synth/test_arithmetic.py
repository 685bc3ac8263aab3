"""Painted sums follow the templates, and their values are right."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from glyphsmith.synth.arithmetic import ARITHMETIC, TEMPLATES, ArithmeticPainter, lines_of, value_of


@pytest.fixture(scope="module")
def painter() -> ArithmeticPainter:
    return ArithmeticPainter(replace(ARITHMETIC, fonts=("bundled", "matplotlib")))


def test_texts_follow_the_three_templates_equally_often(painter: ArithmeticPainter) -> None:
    shapes: Counter[str] = Counter()
    operands: Counter[str] = Counter()
    for index in range(6000):
        text = painter.text(1, index)
        shapes[re.sub(r"[-+*]", "o", re.sub(r"\d", "d", text))] += 1
        operands.update(re.findall(r"\d", text))
    assert set(shapes) == set(TEMPLATES)
    assert all(1850 < count < 2150 for count in shapes.values())
    assert set(operands) == set("0123456789")
    assert all(1600 < count < 2000 for count in operands.values())


def test_values_are_those_of_python(painter: ArithmeticPainter) -> None:
    for index in range(300):
        text = painter.text(2, index)
        assert re.fullmatch(r"[-+*()\d]+", text)
        assert value_of(text) == eval(text)


def test_label_lines_hold_the_expression_and_its_value() -> None:
    assert lines_of(["(3-7)+5", "2*(0-9)"]) == ["(3-7)+5 1", "2*(0-9) -18"]


def test_pictures_have_the_contests_size_and_every_symbol_a_place(painter: ArithmeticPainter) -> None:
    for index in range(60):
        picture, text, spans = painter.paint_placed(3, index)
        assert picture.shape == (60, 180, 3)
        assert len(spans) == len(text)
        assert (np.diff(spans[:, 0]) > 0).all()
        assert spans.min() >= -1
        assert spans.max() <= 186


def test_the_minus_sign_is_thin() -> None:
    settings = replace(ARITHMETIC, fonts=("bundled",), dots=(0, 0), ink=(110, 110), ground=(255, 255))
    painter = ArithmeticPainter(settings)
    checked = 0
    for index in range(200):
        picture, text, spans = painter.paint_placed(1, index)
        for symbol, (left, right) in zip(text, spans, strict=True):
            middle = int((left + right) / 2)
            ink = int((picture[:, middle].min(axis=1) < 200).sum())
            if symbol == "-":
                assert ink <= 14
                checked += 1
    assert checked > 100
