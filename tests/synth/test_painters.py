"""The painters are seeded, and what they paint is still the symbol."""

from __future__ import annotations

import numpy as np
import pytest

from glyphsmith.synth.invented import draw_invented
from glyphsmith.synth.photographed import photographed
from glyphsmith.synth.strokes import DIGIT_FORMS, draw_digit


def test_the_same_seed_gives_the_same_pixels() -> None:
    glyph = draw_digit("7", np.random.default_rng(3))
    assert np.array_equal(glyph, draw_digit("7", np.random.default_rng(3)))
    one, two = (photographed(glyph, np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(one, two)
    assert one.dtype == np.uint8


@pytest.mark.parametrize("digit", sorted(DIGIT_FORMS))
def test_every_form_of_every_digit_leaves_ink_inside_the_canvas(digit: str) -> None:
    rng = np.random.default_rng(0)
    for _ in range(30):
        canvas = draw_digit(digit, rng)
        assert canvas.shape == (96, 96)
        assert canvas.max() == 255
        border = np.concatenate([canvas[0], canvas[-1], canvas[:, 0], canvas[:, -1]])
        assert border.max() == 0


def test_photographs_keep_contrast_and_a_sensible_size() -> None:
    rng = np.random.default_rng(1)
    for _ in range(100):
        picture = photographed(draw_digit("4", rng), rng)
        assert picture.shape[2:] == (3,)
        assert min(picture.shape[:2]) >= 15
        assert max(picture.shape[:2]) <= 700
        assert int(picture.max()) - int(picture.min()) > 25


@pytest.mark.parametrize(
    "glyph", [np.zeros((28, 28), np.uint8), np.full((28, 28), 255, np.uint8), np.ones((1, 1), np.uint8)]
)
def test_empty_and_full_pictures_are_painted_without_a_fault(glyph: np.ndarray) -> None:
    assert photographed(glyph, np.random.default_rng(0)).size > 0


def test_an_invented_sign_is_its_seed_s_and_no_other() -> None:
    first, again = (draw_invented(np.random.default_rng(5), side_px=48) for _ in range(2))
    assert first.shape == (48, 48)
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, again)
    rng = np.random.default_rng(6)
    many = {draw_invented(rng, side_px=48).tobytes() for _ in range(50)}
    assert len(many) == 50


def test_an_invented_sign_has_ink_and_room_around_it() -> None:
    rng = np.random.default_rng(7)
    for _ in range(50):
        drawn = draw_invented(rng, side_px=64)
        assert (drawn > 128).sum() > 20
        assert (drawn > 128).mean() < 0.5
        assert not drawn[0].any()
        assert not drawn[:, -1].any()
