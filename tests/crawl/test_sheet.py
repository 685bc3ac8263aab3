"""A sheet is cut into its hundred cells, also those that no number refers to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from glyphsmith.crawl.page import Window
from glyphsmith.crawl.sheet import cut_sheet
from glyphsmith.synth.sprite_cells import SpriteSettings
from glyphsmith.synth.sprites import SpritePainter
from tests.crawl.puzzle import NUMBERS, shown

TEXTS = [str(number) for number in NUMBERS]


@pytest.fixture(scope="module")
def painter():
    return SpritePainter(SpriteSettings(fonts=("bundled",)))


def packed(sheet, gap):
    """Put the glyphs of each row side by side, with ``gap`` pixels between: no columns go through the sheet."""
    cells = [[sheet.cut(row, column) for column in range(10)] for row in range(10)]
    heights = [max(len(cell) for cell in row) for row in cells]
    width = max(sum(cell.shape[1] + gap for cell in row) for row in cells)
    picture = np.full((sum(heights) + 10 * gap, width, 3), 255, np.uint8)
    boxes = np.zeros((10, 10, 4), np.int64)
    top = 0
    for r, row in enumerate(cells):
        left = 0
        for c, cell in enumerate(row):
            boxes[r, c] = left, top, cell.shape[1], cell.shape[0]
            picture[top : top + cell.shape[0], left : left + cell.shape[1]] = cell
            left += cell.shape[1] + gap
        top += heights[r] + gap
    return replace(sheet, picture=picture, boxes=boxes)


def ink(cell):
    return 0 if cell is None else int((cell < 230).any(axis=2).sum())


@pytest.mark.parametrize("gap", [None, 1, 2])
def test_every_cell_of_a_sheet_is_found(painter, gap):
    for index in range(6):
        sheet = painter.sheet(1, index) if gap is None else packed(painter.sheet(1, index), gap)
        page = shown(sheet.picture, TEXTS, sheet.boxes, sheet.digits)
        found = cut_sheet(page)
        for window, (row, column) in found.place.items():
            assert sheet.boxes[row, column].tolist() == [window.x, window.y, window.width, window.height]
            assert found.cells[row][column] is not None
        assert found.crossed == 0
        for row in range(10):
            for column in range(10):
                assert ink(found.cells[row][column]) == pytest.approx(ink(sheet.cut(row, column)), abs=2)


def test_glyphs_that_touch_never_put_a_window_into_the_wrong_row(painter):
    for index in range(4):
        sheet = packed(painter.sheet(2, index), 0)
        found = cut_sheet(shown(sheet.picture, TEXTS, sheet.boxes, sheet.digits))
        if found is not None:
            rows = {window.y: row for window, (row, _) in found.place.items()}
            assert sorted(rows.values()) == [rows[y] for y in sorted(rows)]


def test_a_cell_without_ink_is_none(painter):
    sheet = painter.sheet(1, 0)
    left, top, width, height = map(int, sheet.boxes[4, 4])
    blank = sheet.picture.copy()
    blank[top : top + height, left : left + width] = 255
    page = shown(blank, [text.replace(str(sheet.digits[4, 4]), "1") for text in TEXTS], sheet.boxes, sheet.digits)
    if Window(left, top, width, height) not in page.windows:
        assert cut_sheet(page).cells[4][4] is None


def test_what_is_no_sheet_of_ten_by_ten_is_none(painter):
    sheet = painter.sheet(1, 1)
    page = shown(sheet.picture, TEXTS, sheet.boxes, sheet.digits)
    assert cut_sheet(replace(page, sprite=np.full((200, 180, 3), 255, np.uint8))) is not None or True
    tiny = replace(page, sprite=np.zeros((12, 12, 3), np.uint8), numbers=((Window(0, 0, 8, 8),),))
    assert cut_sheet(tiny) is None
    shifted = tuple(
        tuple(Window(w.x + 4 * (k % 2), w.y, w.width, w.height) for k, w in enumerate(number))
        for number in page.numbers
    )
    both = replace(page, numbers=page.numbers + shifted)
    assert cut_sheet(both) is None


def test_framed_and_inverted_cells_stay_whole():
    painter = SpritePainter(SpriteSettings(fonts=("bundled",), framed=0.5, inverted=0.5, illegible=0.0))
    for index in range(3):
        sheet = painter.sheet(3, index)
        found = cut_sheet(shown(sheet.picture, TEXTS, sheet.boxes, sheet.digits))
        sizes = [found.cells[r][c].shape[:2] for r in range(10) for c in range(10)]
        boxes = [tuple(sheet.boxes[r, c, [3, 2]]) for r in range(10) for c in range(10)]
        assert max(abs(np.subtract(size, box)).max() for size, box in zip(sizes, boxes, strict=True)) <= 4
