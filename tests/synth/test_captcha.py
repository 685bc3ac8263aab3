"""A painted captcha depends on seed and index alone, is what its settings say, and can be read."""

from __future__ import annotations

import pickle
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from glyphsmith.errors import DataError
from glyphsmith.synth.captcha import CaptchaPainter
from glyphsmith.synth.settings import DIGITS_AND_CAPITALS, PRESETS, CaptchaSettings, preset

LIBRARY = [name for name in PRESETS if name.startswith("library")]
CLEAN = {"dots": (0, 0), "curves": (0, 0), "lines": (0, 0), "ink": (110, 110), "ground": (255, 255), "contrast": 0}


def clean(name: str = "library-0.7.0", **changes: Any) -> CaptchaPainter:
    """A painter without dots and strokes, grey on white."""
    return CaptchaPainter(preset(name, **CLEAN | changes))


@pytest.mark.parametrize("name", ["library-0.7.1", "wide"])
def test_the_same_seed_and_index_give_the_same_pixels_in_any_order_and_after_a_journey(name: str) -> None:
    settings = preset(name, fonts=("bundled",))
    one = CaptchaPainter(settings)
    forwards = [one.paint(7, index) for index in range(12)]
    other: CaptchaPainter = pickle.loads(pickle.dumps(one))
    for index in reversed(range(12)):
        other.paint(8, index)
        picture, text = other.paint(7, index)
        assert np.array_equal(picture, forwards[index][0])
        assert text == forwards[index][1] == other.text(7, index)


def test_another_seed_and_another_index_give_other_pictures() -> None:
    painter = CaptchaPainter()
    pictures = {painter.paint(seed, index)[0].tobytes() for seed in range(5) for index in range(40)}
    assert len(pictures) == 200


def test_a_batch_holds_what_single_calls_give() -> None:
    painter = CaptchaPainter()
    pictures, texts = painter.paint_batch(3, [5, 1, 9])
    assert pictures.shape == (3, 80, 170, 3)
    assert pictures.dtype == np.uint8
    for row, index in enumerate([5, 1, 9]):
        picture, text = painter.paint(3, index)
        assert np.array_equal(pictures[row], picture)
        assert texts[row] == text


def test_every_symbol_is_equally_likely_at_every_place_and_so_is_every_length() -> None:
    painter = CaptchaPainter(CaptchaSettings(length=(4, 6)))
    texts = [painter.text(1, index) for index in range(9000)]
    lengths = Counter(map(len, texts))
    assert set(lengths) == {4, 5, 6}
    assert all(2800 < count < 3200 for count in lengths.values())
    for place in range(4):
        counts = Counter(text[place] for text in texts)
        assert set(counts) == set(DIGITS_AND_CAPITALS)
        # Chi-square with 35 degrees of freedom: over 70 happens once in 2 500 seeds.
        assert sum((count - 250) ** 2 / 250 for count in counts.values()) < 70


@pytest.mark.parametrize("name", LIBRARY)
def test_every_symbol_leaves_its_ink_inside_the_picture_and_inside_its_span(name: str) -> None:
    painter = clean(name)
    for index in range(60):
        picture, text, spans = painter.paint_placed(2, index)
        assert spans.shape == (len(text), 2)
        ink = (picture.min(axis=2) < 200).sum(axis=0)
        inside = np.zeros(len(ink), bool)
        for left, right in spans:
            assert -1 <= left < right <= len(ink) + 5
            assert ink[max(0, int(left)) : int(right) + 1].sum() > 20
            inside[max(0, int(left) - 2) : int(right) + 3] = True
        assert ink[~inside].sum() == 0
        assert (picture[[0, -1]] > 200).all()


@pytest.mark.parametrize("symbol", DIGITS_AND_CAPITALS)
def test_each_symbol_alone_is_whole(symbol: str) -> None:
    painter = clean(alphabet=symbol, length=(1, 1), width_px=60, blank=0.0)
    for index in range(10):
        dark = painter.paint(0, index)[0].min(axis=2) < 200
        assert dark.sum() > 100
        assert not dark[[0, -1]].any()
        assert not dark[:, -1].any()


def test_blanks_came_with_version_0_3() -> None:
    shares = {}
    for name in ("library-0.2", "library-0.3", "library-0.7.1"):
        painter = clean(name, width_px=400, overlap=(0, 0))
        gaps = [np.diff(painter.paint_placed(5, index).spans.ravel())[1::2] for index in range(200)]
        shares[name] = float((np.concatenate(gaps) > 10).mean())
    assert shares["library-0.2"] == 0
    assert 0.42 < shares["library-0.3"] < 0.58
    assert 0.42 < shares["library-0.7.1"] < 0.58


def test_version_0_7_1_warps_less_than_0_7_0() -> None:
    def least_height(name: str) -> float:
        painter = clean(name, alphabet="H", length=(1, 1), width_px=60, font_sizes_px=(56,), rotate_deg=(0, 0))
        rows = [(painter.paint(1, index)[0].min(axis=2) < 200).any(axis=1).sum() for index in range(300)]
        return float(np.std(rows))

    assert least_height("library-0.7.1") < 0.7 * least_height("library-0.7.0")


def test_version_0_5_draws_boxes_of_1_7_times_the_ink() -> None:
    def width(name: str) -> float:
        painter = clean(name, width_px=600, overlap=(0, 0), alphabet="I")
        return float(np.mean([np.diff(painter.paint_placed(1, index).spans).mean() for index in range(30)]))

    # The box of 0.7 reaches from the line's origin to the ink's end, hence over the empty space beside an I.
    assert width("library-0.5") > 1.1 * width("library-0.7.0")


def test_dark_inks_come_out_pale_as_in_the_library() -> None:
    def darkest(**changes: Any) -> int:
        return int(clean(ink=(20, 20), smooth=0.0, overlap=(0, 0), **changes).paint(1, 1)[0].min())

    assert darkest(pale=True) > 200
    assert darkest(pale=False) == 20


def test_text_wider_than_the_picture_is_squeezed_into_it() -> None:
    painter = clean(length=(9, 9), width_px=150)
    for index in range(30):
        picture, text, spans = painter.paint_placed(4, index)
        assert picture.shape == (80, 150, 3)
        assert len(text) == 9
        assert spans[:, 1].max() <= 155


def test_wide_pictures_keep_their_contrast_at_any_size() -> None:
    for width, height in ((170, 80), (60, 24), (300, 120)):
        painter = CaptchaPainter(preset("wide", fonts=("bundled",), width_px=width, height_px=height, length=(3, 5)))
        for index in range(60):
            picture, text = painter.paint(1, index)
            assert picture.shape == (height, width, 3)
            assert 3 <= len(text) <= 5
            grey = picture.mean(axis=2)
            assert grey.max() - grey.min() > 40


def test_plain_symbols_are_neither_stretched_nor_warped() -> None:
    def rows(plain: str) -> float:
        painter = clean(alphabet="-", length=(1, 1), width_px=60, rotate_deg=(0, 0), plain=plain, box="tight")
        return float(np.mean([(painter.paint(1, i)[0].min(axis=2) < 200).any(axis=1).sum() for i in range(30)]))

    assert rows("-") <= 8
    stretched = clean(alphabet="-", length=(1, 1), width_px=60, rotate_deg=(0, 0))
    assert (stretched.paint(1, 0)[0].min(axis=2) < 200).any(axis=1).sum() > 25


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"alphabet": ""}, "the alphabet is empty"),
        ({"alphabet": "ABA"}, "'A' twice"),
        ({"alphabet": "A B"}, "leaves no ink"),
        ({"alphabet": "AB\n"}, "leaves no ink"),
        ({"alphabet": "Aᚠ"}, "no font has a glyph for ᚠ"),
        ({"length": (0, 0)}, "the length 0-0"),
        ({"length": (5, 4)}, "the length 5-4"),
        ({"length": (1, 65)}, "the length 1-65"),
        ({"width_px": 20}, "too small for a text of 4 symbols"),
        ({"height_px": 20}, "too small: '0' takes"),
        ({"width_px": 0}, "width_px = 0"),
        ({"height_px": 100_000}, "height_px = 100000"),
        ({"fonts": ()}, "no font is named"),
        ({"fonts": ("/no/such/folder",)}, "no such font file or folder"),
        ({"font_sizes_px": ()}, "font_sizes_px"),
        ({"dots": (3, 1)}, "dots = 3-1"),
        ({"blank": 1.5}, "blank = 1.5"),
        ({"scale": (float("nan"), 1.0)}, "scale"),
    ],
)
def test_settings_that_cannot_be_painted_are_refused_in_one_sentence(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        CaptchaPainter(replace(CaptchaSettings(), **changes))
    assert "\n" not in caught.value.message


def test_an_unknown_preset_and_an_unknown_setting_get_a_suggestion() -> None:
    with pytest.raises(DataError, match="there is no preset") as caught:
        preset("library-0.7.2")
    assert caught.value.hint is not None
    assert "library-0.7" in caught.value.hint
    with pytest.raises(DataError, match="unknown setting colour") as caught:
        preset("wide", colour=1.0)


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_outside_64_bits_is_refused(seed: int) -> None:
    with pytest.raises(DataError, match="the seed"):
        CaptchaPainter().paint(seed, 0)
