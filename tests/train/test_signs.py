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
from glyphsmith.train.recipe import Recipe, recipe_from_dict, with_settings
from glyphsmith.train.signs import Views, look_both_ways, told_apart


@pytest.fixture(scope="module")
def glyphs() -> Reader:
    return open_reader(shipped()["glyphs"])


def of(reader: Reader, folder: Path) -> float | None:
    source = open_source(str(folder))
    (found,) = told_apart([lambda picture: probabilities(reader, picture)], source, np.arange(len(source)))
    return found


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


def test_the_edge_is_cleared_unless_that_tells_signs_apart_worse(tmp_path: Path) -> None:
    source = open_source(str(folder_of(tmp_path, ("bar", "cross", "ring"), each=8)))
    indices = np.arange(len(source))
    kinds = {source.picture(i).tobytes(): "bcr".index(source.sample(i).label[0]) for i in range(len(source))}

    def knows(picture: Picture) -> NDArray[np.float32]:
        return np.eye(3, dtype=np.float32)[kinds[picture.tobytes()]]

    def sees_nothing(picture: Picture) -> NDArray[np.float32]:
        draws = np.random.default_rng(int(picture.sum()))
        return draws.dirichlet(np.ones(3)).astype(np.float32)

    apart, clear, why = look_both_ways(Views(kept=sees_nothing, cleared=knows), source, indices)
    assert clear
    assert apart is not None
    assert apart > 0.7
    assert "without it" in why.reason
    assert look_both_ways(Views(kept=knows, cleared=sees_nothing), source, indices)[:2] == (apart, False)
    assert look_both_ways(Views(kept=knows, cleared=knows), source, indices)[:2] == (apart, True)


def test_so_few_that_all_of_them_right_would_say_nothing_are_not_asked(glyphs: Reader, tmp_path: Path) -> None:
    assert of(glyphs, folder_of(tmp_path, ("bar", "ring"), each=2)) is None


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


def test_a_start_that_is_asked_for_makes_signs_of_photographs(glyphs: Reader) -> None:
    photo = Look(side_px=300, aspect=1.2, colour=0.32, flat=0.3, light=0.2)
    wanted = with_settings(Recipe(), ("learn.start=glyphs",))
    chosen, why = automatic.choose({"a": 18, "b": 18}, photo, wanted, apart=0.0, base=glyphs.card)
    assert not chosen.prepare.colour
    assert chosen.learn.start == "glyphs"
    assert any("asked for" in decision.reason for decision in why)


def test_a_reader_that_goes_on_sees_as_it_did(glyphs: Reader) -> None:
    """Photographed signs that nobody asks a reader about are photographs, but not to a reader of signs."""
    photo = Look(side_px=300, aspect=1.2, colour=0.32, flat=0.3, light=0.2)
    was = recipe_from_dict(glyphs.card.recipe, where="glyphs")
    chosen, why = automatic.choose({"a": 18, "b": 18}, photo, Recipe(), old=was)
    assert chosen.prepare == was.prepare
    assert chosen.network == was.network
    assert chosen.augment.flip == 0.0
    assert not {"preparation", "network", "size"} & {decision.what for decision in why}
