"""Saved pages and sheets are read without a site; what is neither is said to be so, and the others are read."""

from __future__ import annotations

import json

import numpy as np
import pytest

import glyphsmith
from glyphsmith.crawl.saved import SavedPage, SavedReader, SavedSheet
from glyphsmith.errors import PageError
from glyphsmith.synth.sprite_cells import SpriteSettings
from glyphsmith.synth.sprites import SpritePainter
from tests.crawl.puzzle import NUMBERS, page, png, rule, shown, strip_page


@pytest.fixture(scope="module")
def sheet():
    # Where two cells of a row say nothing, nobody is sure which is which.
    return SpritePainter(SpriteSettings(fonts=("bundled",), illegible=0.0)).sheet(3, 0)


@pytest.fixture(scope="module")
def reader():
    return SavedReader(glyphsmith.load("sprites"))


def sheet_page(sheet) -> bytes:
    numbers = shown(sheet.picture, [str(number) for number in NUMBERS], sheet.boxes, sheet.digits).numbers
    rules = [[rule(window.x, window.y, window.width, window.height) for window in number] for number in numbers]
    return page(rules, png(sheet.picture))


def test_a_saved_sheet_is_read_row_by_row(tmp_path, sheet, reader) -> None:
    path = tmp_path / "sheet.png"
    path.write_bytes(png(sheet.picture))
    found = reader.read(path)
    assert isinstance(found, SavedSheet)
    assert found.rows == tuple("".join(map(str, row)) for row in sheet.digits.tolist())
    assert found.permuted
    assert 0.9 < found.confidence <= 1


def test_a_saved_page_of_either_level_gives_its_numbers(tmp_path, sheet, reader) -> None:
    for name, body in (("one.html", strip_page()), ("two.html", sheet_page(sheet))):
        (tmp_path / name).write_bytes(body)
        found = reader.read(tmp_path / name)
        assert isinstance(found, SavedPage)
        assert found.numbers == NUMBERS
        assert found.confidence > 0.9


def test_a_page_of_level_1_needs_no_reader(tmp_path) -> None:
    def none():
        raise AssertionError("no glyph had to be read")

    (tmp_path / "one.html").write_bytes(strip_page())
    assert SavedReader(none).read(tmp_path / "one.html").numbers == NUMBERS


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "empty"),
        (b"12345", "neither a saved page"),
        (b"<html><body>", "cut off"),
        (png(np.full((200, 200, 3), 255)), "no ten rows of ten glyphs"),
        (png(np.zeros((14, 117, 3))), "no ten rows of ten glyphs"),
        (png(np.zeros((20, 20, 3)))[:60], "sprite"),
    ],
)
def test_what_is_no_page_and_no_sheet_is_said(tmp_path, reader, body, says) -> None:
    (tmp_path / "file").write_bytes(body)
    with pytest.raises(PageError, match=says):
        reader.read(tmp_path / "file")


def test_the_command_line_reads_what_it_can(tmp_path, sheet, glyphsmith) -> None:
    (tmp_path / "sheet.png").write_bytes(png(sheet.picture))
    (tmp_path / "page.html").write_bytes(strip_page())
    words = [str(tmp_path / name) for name in ("sheet.png", "missing.html", "page.html")]
    ended = glyphsmith("crawl", "read", *words, "--json")
    assert ended.status == 1
    told = [json.loads(line) for line in ended.out.splitlines()]
    assert [line["path"] for line in told] == words
    assert told[0]["rows"][9] == "".join(map(str, sheet.digits[9].tolist()))
    assert set(told[0]) == {"path", "rows", "permuted", "confidence"}
    assert "cannot be opened" in told[1]["error"]
    assert set(told[2]) == {"path", "numbers", "sum", "confidence"}
    assert told[2]["sum"] == sum(NUMBERS)
    assert "missing.html: cannot be opened" in ended.err
    plain = glyphsmith("crawl", "read", words[0])
    assert plain.status == 0
    assert plain.out.splitlines()[1:] == ["".join(map(str, row)) for row in sheet.digits.tolist()]
