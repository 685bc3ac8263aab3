"""Alphabets of any script: each symbol as often as any other, in fonts that have it, the same pixels for a seed."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from glyphsmith.cli import main
from glyphsmith.data.source import open_source
from glyphsmith.errors import DataError
from glyphsmith.synth.alphabets import AlphabetPainter, AlphabetSettings
from glyphsmith.synth.shapes import SHAPE_PX, shape_of
from glyphsmith.synth.typefaces import BUNDLED_FONT

SYMBOLS = ("A", "b", "7", "/", ".")


def painter_of(**changes):
    return AlphabetPainter(AlphabetSettings(**{"symbols": SYMBOLS, "fonts": ("bundled",), **changes}))


@pytest.mark.parametrize("handwritten", [0.0, 1.0])
def test_a_picture_is_a_function_of_seed_and_index_alone(handwritten):
    painter = painter_of(handwritten=handwritten)
    forwards = [painter.paint(7, index) for index in range(6)]
    other = pickle.loads(pickle.dumps(painter_of(handwritten=handwritten)))
    for index in reversed(range(6)):
        picture, symbol = other.paint(7, index)
        assert symbol == forwards[index][1] == other.text(7, index)
        assert np.array_equal(picture, forwards[index][0])
    assert not np.array_equal(painter.paint(8, 0)[0], forwards[0][0])


def test_symbols_take_turns_and_pictures_differ():
    pictures, symbols = painter_of().paint_batch(1, range(25))
    assert symbols == list(SYMBOLS) * 5
    assert len({picture.tobytes() for picture in pictures}) == 25


@pytest.mark.parametrize("handwritten", [0.0, 1.0])
def test_every_picture_shows_ink_that_differs_from_its_ground(handwritten):
    painter = painter_of(handwritten=handwritten, side_px=(24, 24), noise=0.0)
    for index in range(60):
        picture, symbol = painter.paint(2, index)
        assert max(picture.shape[:2]) == 24
        grey = picture.mean(axis=2)
        assert grey.max() - grey.min() > 25, (index, symbol)


def test_the_middle_line_of_a_bar_is_thin_and_in_its_middle():
    shape = shape_of(str(BUNDLED_FONT), "l")
    line = shape.middle == 0
    assert 0.5 * SHAPE_PX < line.sum() < 2.5 * SHAPE_PX
    assert (shape.outline[line] > 0).all()


def test_a_symbol_in_no_font_is_named():
    with pytest.raises(DataError, match="no font has a glyph for ᚠ"):
        painter_of(symbols=("A", "ᚠ"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"side_px": (4, 8)}, "4-8"), ({"side_px": (40, 30)}, "40-30"), ({"symbols": ()}, "no symbol")],
)
def test_what_cannot_be_painted_is_refused(changes, message):
    with pytest.raises(DataError, match=message):
        painter_of(**changes)


def test_the_verb_writes_a_folder_a_symbol_that_every_verb_reads(tmp_path, capsys):
    words = ["synth", "glyphs", "--symbols", "aA/.", "--fonts", "bundled", "--size", "24", "--seed", "5"]
    assert main([*words, "-n", "40", "--out", str(tmp_path / "one")]) == 0
    said = capsys.readouterr()
    assert "40 pictures of 4 symbols" in said.out
    assert "DroidSansMono" in said.err
    assert {path.name for path in (tmp_path / "one").iterdir()} == {"a", "U+0041", "U+002F", "U+002E", "labels.csv"}
    source = open_source(str(tmp_path / "one"))
    assert sorted({source.sample(i).label for i in range(40)}) == sorted("aA/.")
    assert source.columns == ("font",)
    assert main([*words, "-n", "40", "--out", str(tmp_path / "two"), "--handwritten"]) == 0
    first, second = (path.read_bytes() for path in sorted(tmp_path.glob("*/a/00.png")))
    assert first != second


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--symbols", ""], "there is no symbol"),
        (["--symbols", "aba"], "'a' stands twice"),
        (["--symbols", "aᚠ", "--fonts", "bundled"], "no font has a glyph for ᚠ"),
        (["--symbols", "ab", "--size", "big"], "--size big"),
        (["--symbols", "ab", "--fonts", "."], "no font in this folder"),
    ],
)
def test_the_verb_says_what_it_cannot_paint_and_leaves_no_folder(words, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["synth", "glyphs", "-n", "5", "--out", "new", *words]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "new").exists()
