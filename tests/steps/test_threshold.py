import numpy as np
import pytest

from glyphsmith.steps import adaptive, otsu
from painted_sheet import paint_sheet


def between_class_variance(values, level):
    low, high = values[values <= level], values[values > level]
    if not len(low) or not len(high):
        return 0.0
    return len(low) * len(high) * (low.mean() - high.mean()) ** 2


def test_otsu_splits_where_the_variance_between_the_classes_is_largest():
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(60, 12, 300), rng.normal(180, 20, 700)]).clip(0, 255).astype(np.uint8)
    best = max(range(256), key=lambda level: between_class_variance(values.astype(float), level))
    np.testing.assert_array_equal(otsu(values.reshape(25, 40)).ravel() > 0, values <= best)


@pytest.mark.parametrize("value", [0, 90, 255])
def test_a_picture_of_one_brightness_has_no_ink(value):
    assert not otsu(np.full((10, 10), value, np.uint8)).any()
    assert not adaptive(np.full((10, 10), value, np.uint8)).any()


def test_adaptive_finds_ink_in_a_shadow_where_one_threshold_cannot():
    sheet = paint_sheet(shadow=0.8, noise=0.0, ink=(120, 120, 120))
    clean = paint_sheet(shadow=0.0, noise=0.0, ink=(0, 0, 0))
    truth = clean.picture[:, :, 0] < 120
    good = (adaptive(sheet.picture, 51) > 0) == truth
    bad = (otsu(sheet.picture) > 0) == truth
    assert good.mean() > 0.98
    assert bad.mean() < 0.9


@pytest.mark.parametrize("window", [1, 2, 30])
def test_adaptive_wants_an_odd_window(window):
    with pytest.raises(ValueError, match="odd"):
        adaptive(np.zeros((9, 9), np.uint8), window)
