import numpy as np
import pytest

from glyphsmith.steps import equalise, flatten, grey
from painted_sheet import paint_sheet


def test_grey_is_the_weighted_mean_of_the_channels():
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (9, 13, 3)).astype(np.uint8)
    np.testing.assert_allclose(grey(picture), picture @ (0.299, 0.587, 0.114), atol=1.0)
    assert grey(grey(picture)) is not None
    np.testing.assert_array_equal(grey(grey(picture)), grey(picture))


def test_equalise_spreads_a_dull_picture_over_all_levels():
    dull = np.linspace(100, 120, 400).astype(np.uint8).reshape(20, 20)
    found = equalise(dull)
    assert (found.min(), found.max()) == (0, 255)
    assert (np.diff(found.ravel().astype(int)) >= 0).all()


def test_flatten_makes_shaded_paper_white_and_keeps_the_ink_dark():
    sheet = paint_sheet(shadow=0.6, noise=0.0)
    flat = flatten(sheet.picture)
    assert np.ptp(sheet.picture[5].astype(int)) > 100  # the paper's own brightness falls off
    assert np.median(flat) > 245
    assert np.percentile(flat, 10) > 215
    assert flat.min() < 90


def test_flatten_turns_chalk_on_a_board_into_ink_on_paper():
    flat = flatten(paint_sheet(light_ink=True, noise=0.0).picture)
    assert np.median(flat) > 235
    assert flat.min() < 120


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 40, 3), (40, 1, 3), (2, 2, 3), (3, 5)])
def test_tiny_pictures_pass_through_every_tone_step(shape):
    picture = np.full(shape, 77, np.uint8)
    for step in (grey, equalise, flatten):
        assert step(picture).shape == shape[:2]
