"""Whether pictures are signs is asked of a reader of signs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from drawn_signs import folder_of
from glyphsmith.data.source import open_source
from glyphsmith.picture import Picture
from glyphsmith.runtime.reader import Reader, open_reader
from glyphsmith.runtime.store import shipped
from glyphsmith.train import automatic
from glyphsmith.train.automatic import Look
from glyphsmith.train.recipe import Recipe
from glyphsmith.train.signs import told_apart


@pytest.fixture(scope="module")
def glyphs() -> Reader:
    return open_reader(shipped()["glyphs"])


def of(reader: Reader, folder: Path) -> float | None:
    source = open_source(str(folder))
    return told_apart(lambda picture: probabilities(reader, picture), source, np.arange(len(source)))


def probabilities(reader: Reader, picture: Picture) -> NDArray[np.float32]:
    said = dict(reader.read(picture, top=len(reader.alphabet), reject=0.0).top)
    return np.array([said[label] for label in reader.alphabet], np.float32)


def test_drawn_signs_are_told_apart(glyphs: Reader, tmp_path: Path) -> None:
    found = of(glyphs, folder_of(tmp_path, ("bar", "cross", "ring"), each=8))
    assert found is not None
    assert found > 0.6


def test_noise_is_not(glyphs: Reader, tmp_path: Path) -> None:
    draws = np.random.default_rng(0)
    for label in "ab":
        (tmp_path / label).mkdir()
        for i in range(12):
            picture = draws.integers(0, 256, (32, 32, 3), dtype=np.uint8)
            Image.fromarray(picture).save(tmp_path / label / f"{i}.png")
    found = of(glyphs, tmp_path)
    assert found is not None
    assert found < automatic.SIGNS_APART


def test_one_picture_a_label_says_nothing(glyphs: Reader, tmp_path: Path) -> None:
    assert of(glyphs, folder_of(tmp_path, ("bar", "cross", "ring"), each=1)) is None


def test_signs_in_colour_and_grain_are_signs_where_they_are_told_apart() -> None:
    wood = Look(side_px=300, aspect=1.2, colour=0.32, flat=0.8, light=0.2)
    counts = {"a": 18, "b": 18}
    as_photographs, _ = automatic.choose(counts, wood, Recipe(), apart=0.1)
    as_signs, why = automatic.choose(counts, wood, Recipe(), apart=0.6)
    assert as_photographs.prepare.colour
    assert not as_signs.prepare.colour
    assert any("60%" in decision.reason for decision in why)


def test_few_signs_start_from_the_reader_and_learn_to_refuse(glyphs: Reader) -> None:
    ink = Look(side_px=50, aspect=1.0, colour=0.0, flat=0.97, light=0.0)
    few, why = automatic.choose({"a": 18, "b": 18}, ink, Recipe(), apart=0.8, base=glyphs.card)
    many, _ = automatic.choose({"a": 500, "b": 500}, ink, Recipe(), apart=0.8, base=glyphs.card)
    assert few.learn.start == "glyphs"
    assert few.learn.strangers > 0
    assert few.prepare.height_px == glyphs.card.prepare["height_px"]
    assert why[1].what == "start"
    assert many.learn.start == ""
