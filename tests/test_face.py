"""The public face: what ``glyphsmith`` promises, by whatever way its packages were imported before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import glyphsmith
from tiny_reader import picture_of, tiny_reader


def python(code: str, *words: str | Path) -> str:
    done = subprocess.run([sys.executable, "-c", code, *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_every_promised_name_is_there() -> None:
    for name in glyphsmith.__all__:
        assert getattr(glyphsmith, name) is not None
    assert callable(glyphsmith.train)
    assert callable(glyphsmith.evaluate)
    assert glyphsmith.Reader.__module__ == "glyphsmith.runtime.reader"
    for name in glyphsmith.errors.__all__:
        assert getattr(glyphsmith, name) is getattr(glyphsmith.errors, name)
    for name in glyphsmith.results.__all__:
        assert getattr(glyphsmith, name) is getattr(glyphsmith.results, name)
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        _ = glyphsmith.trian  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "before",
    [
        "import glyphsmith",
        "import glyphsmith.train",
        "import glyphsmith.train.recipe, glyphsmith.evaluate.words",
        "from glyphsmith.train import plan; import glyphsmith",
        "import glyphsmith.run, glyphsmith.evaluate, glyphsmith",
        "import glyphsmith; glyphsmith.train, glyphsmith.evaluate",
    ],
)
def test_a_verb_is_the_package_of_its_name_whatever_was_imported_before(before: str) -> None:
    code = f"""
{before}
train, evaluate = glyphsmith.train, glyphsmith.evaluate
import glyphsmith.train.recipe
from glyphsmith.train.recipe import recipe_names
from glyphsmith.evaluate import Evaluation
assert callable(train) and callable(evaluate)
assert train is glyphsmith.train and glyphsmith.train.recipe.recipe_names is recipe_names
assert evaluate is glyphsmith.evaluate and glyphsmith.evaluate.Evaluation is Evaluation
try:
    glyphsmith.train("nowhere", out="nowhere/run")
except glyphsmith.GlyphsmithError as error:
    print(type(error).__name__)
assert glyphsmith.train is train
"""
    assert python(code) == "DataError"


def test_a_reader_is_measured_on_labelled_pictures(tmp_path: Path) -> None:
    model = tiny_reader(tmp_path / "tiny.onnx")
    for label in "159":
        (tmp_path / "data" / label).mkdir(parents=True)
        Image.fromarray(picture_of(int(label))).save(tmp_path / "data" / label / "a.png")
    for reader in (model, str(model), glyphsmith.load(model)):
        found = glyphsmith.evaluate(reader, tmp_path / "data")
        assert (found.n, found.accuracy) == (3, 1.0)
    with pytest.raises(glyphsmith.DataError, match="no picture belongs to the part 'test'"):
        glyphsmith.evaluate(model, str(tmp_path / "data"), part="test")


def test_training_is_asked_for_with_its_own_words() -> None:
    with pytest.raises(TypeError, match="out"):
        glyphsmith.train("nowhere")  # type: ignore[call-arg]
