"""What a symbol's ink does to a pixel: all of it, a trace of it, dark and bright, hard and soft."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from glyphsmith.synth.canvas import brightness, hides
from glyphsmith.synth.typefaces import find_typefaces

WHITE = (255, 255, 255)


@pytest.mark.parametrize("soft", [True, False])
def test_no_ink_hides_nothing_and_all_ink_what_its_brightness_allows(soft: bool) -> None:
    for level, most in ((20, 39 / 255), (100, 197 / 255), (180, 1.0)):
        hidden = hides((level, level, level), WHITE, pale=True, soft=soft)
        assert hidden[0] == 0.0
        assert hidden[255] == pytest.approx(most, abs=0.02)
        assert hides((level, level, level), WHITE, pale=False, soft=soft)[255] == 1.0


def test_hard_ink_hides_as_much_where_there_is_little_and_soft_ink_a_share() -> None:
    hard, soft = (hides((90, 120, 60), (245, 250, 240), pale=True, soft=soft) for soft in (False, True))
    assert hard[100] == pytest.approx(hard[255], rel=0.02)
    assert soft[100] == pytest.approx(soft[255] * 100 / 255, rel=1e-5)


def test_a_trace_of_dark_ink_is_lost_and_one_of_bright_ink_is_not() -> None:
    dark, bright = (hides((level,) * 3, (250, 250, 250), pale=True, soft=False) for level in (60, 190))
    assert dark[2] == 0.0
    assert bright[2] > 0.9 * bright[255]


def test_a_turned_and_stretched_symbol_is_as_dark_as_pillow_makes_it() -> None:
    """The library's own steps on a few hundred symbols: what is pasted through the mask of its own brightness."""
    path = find_typefaces(("bundled",), "0")[0].path
    draws = np.random.default_rng(4)
    theirs, ours = 0.0, 0.0
    for symbol in draws.choice(list("0O8WQ"), 300):
        colour = tuple(int(level) for level in draws.integers(10, 201, 3))
        ground = (250, 246, 252)
        font = ImageFont.truetype(path, 50)
        drawn = Image.new("RGBA", (60, 70))
        ImageDraw.Draw(drawn).text((4, 2), symbol, font=font, fill=(*colour, 237))
        drawn = drawn.rotate(draws.uniform(-30, 30), Image.Resampling.BILINEAR, expand=True)
        drawn = drawn.resize((int(drawn.width * draws.uniform(1, 1.3)), int(drawn.height * draws.uniform(1, 1.3))))
        page = Image.new("RGB", drawn.size, ground)
        page.paste(drawn, (0, 0), drawn.convert("L").point([min(255, int(1.97 * level)) for level in range(256)]))
        weights = np.array((0.299, 0.587, 0.114))
        theirs += float((brightness(ground) - np.asarray(page) @ weights).sum())
        share = hides(colour, ground, pale=True, soft=False)[np.asarray(drawn)[..., 3]]
        ours += float(share.sum()) * (brightness(ground) - brightness(colour))
    assert ours == pytest.approx(theirs, rel=0.01)
