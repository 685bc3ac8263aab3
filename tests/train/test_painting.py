"""Pictures painted for the step that learns from them: whoever paints them, they are the same."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from tests.train.small_painted import FIRST, endless

from glyphsmith.alphabet import Alphabet
from glyphsmith.errors import DataError, RecipeError
from glyphsmith.runtime.session import Preparer
from glyphsmith.train.diagnose import Problem
from glyphsmith.train.painting import Brush
from glyphsmith.train.recipe import load_recipe, with_settings
from glyphsmith.train.sources import endless_of, look_ahead, open_asked, painted_symbols


def test_a_picture_is_the_same_in_whatever_batch_and_by_whatever_brush() -> None:
    whole, labels = Brush(endless()).batch(0, 70)
    other = Brush(endless())
    for start, count in ((40, 30), (0, 1), (7, 33)):
        pictures, rows = other.batch(start, count)
        np.testing.assert_array_equal(pictures, whole[start : start + count])
        np.testing.assert_array_equal(rows, labels[start : start + count])
    assert len(np.unique(whole.reshape(70, -1), axis=0)) == 70


def test_pictures_are_prepared_by_the_graph_of_the_file_and_carry_their_texts() -> None:
    pictures = endless()
    painted, texts = pictures.painter.paint_batch(pictures.seed, range(FIRST + 5, FIRST + 9))
    expected = np.rint(Preparer(pictures.graph)(painted) * 255.0).astype(np.uint8)
    found, labels = Brush(pictures).batch(5, 4)
    np.testing.assert_array_equal(found, expected)
    assert ["".join(pictures.alphabet[k] for k in row if k >= 0) for row in labels] == texts
    assert {len(text) for text in texts} == {2, 3}


def test_the_fullest_text_needs_a_blank_between_all_its_symbols_where_symbols_may_repeat() -> None:
    assert endless().fullest().tolist() == [[0, 0, 0]]
    sums = with_settings(load_recipe("arithmetic"), [])
    found = endless_of("", sums, Alphabet.of(painted_symbols("", sums)), b"")
    assert found is not None
    assert found.fullest().tolist() == [[0, 1, 0, 1, 0, 1, 0]]


def test_emphasis_changes_training_texts_and_no_others() -> None:
    plain = with_settings(load_recipe("captcha"), ["synth.pictures=200", "synth.emphasis="])
    stressed = with_settings(plain, ["synth.emphasis=0O", "synth.emphasis_share=0.4"])
    sources = [open_asked("", recipe, lambda _: None) for recipe in (plain, stressed)]
    assert sources[0].labels == sources[1].labels
    np.testing.assert_array_equal(sources[0].picture(3), sources[1].picture(3))
    symbols = Alphabet.of(painted_symbols("", plain))
    shares = []
    for recipe in (plain, stressed):
        found = endless_of("", recipe, symbols, b"")
        assert found is not None
        text = "".join(found.painter.text(recipe.seed, found.first + i) for i in range(1500))
        shares.append(sum(sign in "0O" for sign in text) / len(text))
    # 2 of 36 by chance; 6 000 symbols are drawn.
    assert shares[0] == pytest.approx(2 / 36, abs=0.012)
    assert shares[1] == pytest.approx(0.4 + 0.6 * 2 / 36, abs=0.025)


def test_folded_texts_need_capitals_alone() -> None:
    recipe = with_settings(load_recipe("captchas-wide"), ["synth.fonts=['bundled']"])
    symbols = painted_symbols("", recipe)
    assert symbols == tuple("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    assert set(painted_symbols("", with_settings(recipe, ["synth.fold=false"]))) > set("az")


def test_emphasis_without_a_share_draws_what_no_emphasis_draws() -> None:
    plain, none = endless().painter, replace(endless(emphasis="14")).painter
    none._emphasis_share = 0.0
    assert [plain.text(3, i) for i in range(50)] == [none.text(3, i) for i in range(50)]


@pytest.mark.parametrize(
    ("recipe", "settings", "said"),
    [
        ("arithmetic", ["synth.emphasis='0'"], "texts that are free"),
        ("digits", ["synth.emphasis='0'"], "texts that are free"),
        ("captcha", ["synth.endless=false", "synth.emphasis=0O"], "training texts alone"),
        ("captcha", ["synth.emphasis_share=1.0", "synth.emphasis=0O"], "expected 0 to 0.9"),
        ("captcha", ["synth.workers=many"], 'expected "auto" or 0 to 256'),
        ("captcha", ["synth.workers=-1"], 'expected "auto" or 0 to 256'),
        ("captcha", ["synth.epoch_pictures=0"], "epoch_pictures is 0"),
        ("captcha", ["augment.copies_deg=[5.0]"], "no copies of them"),
    ],
)
def test_keys_that_do_not_go_together_are_one_error(recipe: str, settings: list[str], said: str) -> None:
    with pytest.raises(RecipeError, match="synth") as caught:
        with_settings(load_recipe(recipe), settings)
    assert said in str(caught.value)


def test_an_emphasis_outside_the_alphabet_is_an_error() -> None:
    recipe = with_settings(load_recipe("captcha"), ["synth.emphasis=0ß"])
    with pytest.raises(DataError, match="'ß'"):
        endless_of("", recipe, Alphabet.of("0O"), b"")


def test_going_on_from_a_reader_of_other_pictures_says_that_they_are_not_learned_again() -> None:
    recipe = with_settings(load_recipe("captcha"), [])
    symbols = Alphabet.of(painted_symbols("", recipe))
    pictures = endless_of("", recipe, symbols, b"")
    assert pictures is not None
    few = Problem("few", "hardly ever shown: 0", "")
    cards = [None, *(SimpleNamespace(recipe={"synth": {"kind": kind}}) for kind in ("captcha", "arithmetic"))]
    found = [look_ahead(pictures, recipe, symbols, [few], card) for card in cards]
    assert [[problem.kind for problem in problems] for problems in found] == [[], [], ["forgets"]]


def test_folds_of_endless_pictures_are_an_error() -> None:
    recipe = with_settings(load_recipe("captcha"), ["data.folds=5"])
    with pytest.raises(RecipeError, match="as many as you like"):
        endless_of("", recipe, Alphabet.of("01"), b"")
    assert endless_of("folder", recipe, Alphabet.of("01"), b"") is None


def test_nothing_is_painted_endlessly_where_a_folder_is_named_or_pictures_are_reused() -> None:
    recipe = load_recipe("captcha")
    assert endless_of("folder", recipe, Alphabet.of("01"), b"") is None
    assert painted_symbols("folder", recipe) == ()
    assert (
        endless_of("", with_settings(recipe, ["synth.emphasis=", "synth.endless=false"]), Alphabet.of("01"), b"")
        is None
    )


def test_a_worker_needs_no_torch() -> None:
    code = (
        "import sys, glyphsmith.train.workers; print(sorted({'torch', 'lightning_fabric', 'onnx'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
