import numpy as np
import pytest

from glyphsmith.steps import find_glyphs
from painted_sheet import paint_sheet

SHEETS = {
    "clean": {"noise": 0.0, "shadow": 0.0},
    "shaded and noisy": {"shadow": 0.75, "noise": 10.0},
    "ruled": {"ruled": True},
    "tilted": {"tilt_deg": 4.0},
    "ruled and tilted": {"ruled": True, "tilt_deg": -3.0},
    "dirty": {"specks": 60},
    "chalk": {"light_ink": True},
    "hair lines": {"thickness": 2},
    "brush": {"thickness": 18},
    "pale": {"ink": (180, 178, 170)},
    "phone photo": {"size": (2400, 3200), "glyph_px": 300, "thickness": 18},
    "thumbnail": {"size": (300, 400), "glyph_px": 36, "thickness": 2},
    "one digit": {"lines": ("7",)},
    "a full page": {"lines": ("1234567890",) * 8, "glyph_px": 60, "thickness": 4},
    "all at once": {"ruled": True, "tilt_deg": -3.0, "specks": 30, "noise": 10.0, "shadow": 0.6},
}


@pytest.mark.parametrize("options", SHEETS.values(), ids=SHEETS.keys())
def test_every_digit_is_found_once_in_reading_order(options):
    sheet = paint_sheet(seed=3, **options)
    found = find_glyphs(sheet.picture)
    assert [len(line) for line in found.lines] == [len(line) for line in sheet.lines]
    for boxes, crops, centres in zip(found.lines, found.crops, sheet.centres, strict=True):
        for (left, top, width, height), crop, (x, y) in zip(boxes, crops, centres, strict=True):
            assert left <= x <= left + width
            assert top <= y <= top + height
            assert crop.shape[0] >= height
            assert crop.shape[1] >= width
            assert crop.dtype == np.uint8


def test_a_crop_shows_its_own_digit_in_the_pictures_own_pixels_and_no_neighbour():
    sheet = paint_sheet(("55",), size=(300, 360), glyph_px=150, thickness=8, shadow=0.0, noise=0.0)
    found = find_glyphs(sheet.picture)
    (left, top, width, height), crop = found.lines[0][0], found.crops[0][0]
    inside = sheet.picture[top : top + height, left : left + width]
    place = next(
        crop[y : y + height, x : x + width]
        for y in range(crop.shape[0] - height + 1)
        for x in range(crop.shape[1] - width + 1)
        if (crop[y : y + height, x : x + width] == inside).all()
    )
    assert (crop < 150).all(axis=2).sum() == (place < 150).all(axis=2).sum()


def test_a_stroke_broken_by_a_gap_is_one_glyph():
    picture = np.full((300, 400, 3), 230, np.uint8)
    picture[80:220, 190:202] = 30
    picture[143:149] = 230
    assert find_glyphs(picture).lines == [[(189, 79, 14, 142)]]


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 300, 3), (300, 1, 3), (5, 5, 3), (200, 300, 3)])
@pytest.mark.parametrize("value", [0, 128, 255])
def test_an_empty_page_holds_nothing(shape, value):
    assert find_glyphs(np.full(shape, value, np.uint8)).lines == []


def test_noise_and_shadow_alone_hold_nothing():
    for seed in range(4):
        assert find_glyphs(paint_sheet((), seed=seed, noise=14.0, shadow=0.7).picture).lines == []


def test_the_dark_edge_of_a_table_is_no_glyph():
    sheet = paint_sheet(("12", "34"))
    framed = sheet.picture.copy()
    framed[:, :40] = 15
    framed[860:] = 15
    assert [len(line) for line in find_glyphs(framed).lines] == [2, 2]
