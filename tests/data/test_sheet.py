"""Sheets to fill in: what stands where on paper, what is written beside the PDF, and what is refused."""

from __future__ import annotations

import json
import re

import cv2
import numpy as np
import pytest

from glyphsmith.cli import main
from glyphsmith.data.sheet import BOX_MM, CAPTION_MM, MARK_MM, MOST_PAGES, STRIP_MM, Sheet, load_sheet
from glyphsmith.data.sheet_marks import corner_of, mark_number, mark_pattern
from glyphsmith.data.sheet_print import draw_page, without_sign, write_sheet
from glyphsmith.errors import DataError

RUNES = tuple("ᚠᚢᚦᚨᚱᚲᚷᚹᚺᚾᛁᛃᛇᛈᛉᛊᛏᛒᛖᛗᛚᛜᛟᛞ")


def test_the_marks_are_those_that_opencv_finds():
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_100)
    for number in range(100):
        theirs = cv2.aruco.generateImageMarker(dictionary, number, 6) > 0
        assert np.array_equal(mark_pattern(number), theirs)
    assert {mark_number(*corner_of(number)) for number in range(100)} == set(range(100))
    assert mark_number(MOST_PAGES - 1, 3) == 99


@pytest.mark.parametrize("paper", ["a4", "letter"])
@pytest.mark.parametrize("samples", [1, 18, 50])
def test_every_symbol_has_its_boxes_and_nothing_on_a_page_overlaps(paper, samples):
    sheet = Sheet(RUNES, samples, paper)
    boxes = [box for page in range(sheet.pages) for box in sheet.boxes(page)]
    assert [box.symbol for box in boxes] == [rune for rune in RUNES for _ in range(samples)]
    width, height = sheet.size_mm
    taken = np.zeros((round(height * 10), round(width * 10)), np.uint8)

    def take(left, top, wide, high):
        assert left >= 5
        assert left + wide <= width - 5
        assert top >= 5
        assert top + high <= height - 5
        taken[round(top * 10) : round((top + high) * 10), round(left * 10) : round((left + wide) * 10)] += 1

    for left, top in sheet.mark_corners():
        take(left - 1.5, top - 1.5, MARK_MM + 3, MARK_MM + 3)  # with the white rim that a mark needs
    for left, top in sheet.strip_squares():
        take(left, top, STRIP_MM, STRIP_MM)
    for box in sheet.boxes(0):
        take(box.left_mm, box.top_mm - CAPTION_MM, BOX_MM, BOX_MM + CAPTION_MM)
    assert taken.max() == 1


def test_another_sheet_has_another_code():
    sheets = [Sheet(RUNES, 18, "a4"), Sheet(RUNES[::-1], 18, "a4"), Sheet(RUNES, 17, "a4"), Sheet(RUNES, 18, "letter")]
    assert len({sheet.code for sheet in sheets}) == 4


def test_a_page_shows_its_marks_and_its_symbols(tmp_path):
    sheet = Sheet(("A", "/"), 80, "a4")
    pages = [np.asarray(draw_page(sheet, page).reduce(2)) for page in range(sheet.pages)]
    assert len(pages) == 2
    detector = cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_100))
    for page, picture in enumerate(pages):
        numbers = detector.detectMarkers(picture)[1].ravel().tolist()
        assert sorted(numbers) == [4 * page + corner for corner in range(4)]
    assert not np.array_equal(pages[0][300:-300], pages[1][300:-300])


def test_the_description_gives_the_sheet_back_and_the_pdf_finds_it(tmp_path):
    sheet = Sheet(("ᚠ", "/", "😀", "sch"), 2, "letter")
    pdf, description = write_sheet(sheet, tmp_path / "new" / "mine.pdf")
    assert pdf.read_bytes()[:5] == b"%PDF-"
    assert description == tmp_path / "new" / "mine.json"
    assert load_sheet(description) == load_sheet(pdf) == sheet
    assert write_sheet(sheet, pdf) == (pdf, description)  # the same once more is no loss


def test_the_description_of_another_sheet_is_not_overwritten(tmp_path):
    write_sheet(Sheet(("a",), 1, "a4"), tmp_path / "s.pdf")
    with pytest.raises(DataError, match="describes another sheet"):
        write_sheet(Sheet(("b",), 1, "a4"), tmp_path / "s.pdf")
    assert load_sheet(tmp_path / "s.json").symbols == ("a",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("[]", "no description of a sheet"),
        ('{"format": "glyphsmith sheet 1", "symbols": "ab", "samples": 2, "paper": "a4"}', "symbols, samples or paper"),
        (
            '{"format": "glyphsmith sheet 1", "symbols": ["a"], "samples": 2, "paper": "a4", "code": "0"}',
            "changed after",
        ),
        ('{"format": "glyphsmith sheet 1", "symbols": ["a"], "samples": 2, "paper": "a9"}', "no paper 'a9'"),
    ],
)
def test_what_describes_no_sheet_is_refused(text, message, tmp_path):
    text = text.replace('{"', '{"format": "glyphsmith sheet 1", "')
    (tmp_path / "sheet.json").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        load_sheet(tmp_path / "sheet.json")


def test_a_missing_description_says_where_it_comes_from(tmp_path):
    with pytest.raises(DataError, match="no such file") as caught:
        load_sheet(tmp_path / "none.json")
    assert "data sheet" in (caught.value.hint or "")


def test_the_verb_writes_both_files_and_says_what_comes_next(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["data", "sheet", "--symbols", "7/\U000e0fff", "--out", "s.pdf", "--samples", "3"]) == 2
    capsys.readouterr()
    assert main(["data", "sheet", "--symbols", "7/", "--out", "s.pdf", "--samples", "3", "--paper", "letter"]) == 0
    said = capsys.readouterr()
    assert said.out == "s.pdf: 1 page of letter, 3 boxes for each of 2 symbols\n"
    assert "glyphsmith data cut PHOTO... --sheet s.json" in said.err
    described = json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))
    assert set(described) >= {"format", "code", "paper", "samples", "symbols", "pages", "box_mm", "marks_mm"}
    assert re.fullmatch("[0-9A-F]{4}", described["code"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--symbols", ""], "no symbol"),
        (["--symbols", "aa"], "stands twice"),
        (["--symbols", "ab", "--samples", "0"], "0 samples"),
        (["--symbols", "ab", "--paper", "a0"], "no paper 'a0'"),
        (["--symbols", "".join(map(chr, range(0x4E00, 0x4F00))), "--samples", "50"], "25 at most"),
        (["--symbols", "ab", "--out", "s.png"], "a sheet is a PDF"),
    ],
)
def test_a_sheet_that_cannot_be_is_one_sentence_and_no_file(words, message, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["data", "sheet", "--out", "s.pdf", *words]) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert not list(tmp_path.iterdir())


def test_a_symbol_that_no_font_has_is_named():
    assert without_sign(Sheet(("A", "\U00012f90\ufdd0"), 1, "a4")) == ["\U00012f90\ufdd0"]
