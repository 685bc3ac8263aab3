"""Photos of filled sheets become labelled pictures: each box with its symbol, empty ones dropped, nothing guessed."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from glyphsmith.cli import main
from glyphsmith.data.sheet import Sheet
from glyphsmith.data.sheet_cut import cut_boxes
from glyphsmith.data.sheet_find import flatten_page
from glyphsmith.data.sheet_marks import CORNERS
from glyphsmith.data.sheet_print import draw_page, write_sheet
from glyphsmith.errors import PictureError
from glyphsmith.synth.filled_sheets import PAGE_PX_PER_MM, Phone, fill_page, photograph
from glyphsmith.synth.typefaces import BUNDLED_FONT

SHEET = Sheet(("7", "A", "/"), 16, "a4")
FONTS = dict.fromkeys(SHEET.symbols, str(BUNDLED_FONT))


@pytest.fixture(scope="module")
def pen():
    return fill_page(SHEET, 0, np.random.default_rng(1), fonts=FONTS, empty=0.1)


@pytest.fixture(scope="module")
def pencil():
    return fill_page(SHEET, 0, np.random.default_rng(2), fonts=FONTS, pencil=True, empty=0.1)


@pytest.fixture(scope="module")
def photo(pen):
    return photograph(pen.picture, np.random.default_rng(3), Phone(longer_px=1400))


def wrong(cuts, page):
    return [cut.box.number for cut in cuts if cut.empty != (cut.box.number in page.empty)]


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_every_box_is_found_however_the_phone_was_turned(turn, pen):
    taken = photograph(pen.picture, np.random.default_rng(turn), Phone(longer_px=1300, turn=turn, tilt=0.08))
    flat = flatten_page(taken, SHEET, "photo")
    cuts = cut_boxes(flat, SHEET)
    assert [cut.box for cut in cuts] == list(pen.boxes)
    assert wrong(cuts, pen) == []
    assert all(cut.picture.shape[0] == cut.picture.shape[1] >= 30 for cut in cuts)


def test_a_pencil_in_a_shadow_on_a_bent_page_is_seen(pencil):
    phone = Phone(longer_px=1800, shadow=0.4, bend_mm=1.2, blur=0.0006, noise=3, jpeg=75)
    taken = photograph(pencil.picture, np.random.default_rng(5), phone)
    assert wrong(cut_boxes(flatten_page(taken, SHEET, "photo"), SHEET), pencil) == []


def test_a_cut_shows_the_writing_and_none_of_the_printed_line():
    printed = np.asarray(draw_page(SHEET, 0), np.uint8)
    ink = printed.copy()
    box = SHEET.boxes(0)[17]
    scale = 300 / 25.4
    centre = round((box.left_mm + 7) * scale), round((box.top_mm + 7) * scale)
    cv2.circle(ink, centre, 30, (0, 0, 0), -1)
    cuts = cut_boxes(flatten_page(ink, SHEET, "scan"), SHEET)
    assert [cut.box.number for cut in cuts if not cut.empty] == [17]
    shown = cuts[17].picture
    side = shown.shape[0]
    assert shown[0].min() > 240
    assert shown[:, -1].min() > 240
    dark = np.argwhere(shown.max(axis=2) < 100)
    assert np.abs(dark.mean(axis=0) - (side - 1) / 2).max() < 1.0


def test_a_dot_counts_and_dust_does_not():
    printed = np.asarray(draw_page(SHEET, 0), np.uint8).copy()
    scale = 300 / 25.4
    for number, radius_mm in ((3, 0.35), (4, 0.12)):
        box = SHEET.boxes(0)[number]
        centre = round((box.left_mm + 7) * scale), round((box.top_mm + 9) * scale)
        cv2.circle(printed, centre, round(radius_mm * scale), (40, 40, 40), -1)
    cuts = cut_boxes(flatten_page(printed, SHEET, "scan"), SHEET)
    assert [cut.box.number for cut in cuts if not cut.empty] == [3]


@pytest.mark.parametrize(("corner", "name"), list(enumerate(CORNERS)))
def test_a_corner_that_is_covered_is_named(corner, name, pen):
    page = cv2.resize(pen.picture, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
    scale = 0.6 * PAGE_PX_PER_MM
    left, top = (round(edge * scale) for edge in SHEET.mark_corners()[corner])
    page[top : top + 40, left : left + 40] = (200, 160, 140)  # a thumb
    with pytest.raises(PictureError, match=f"page 1 is seen, but not its {name} corner mark\n"):
        flatten_page(page, SHEET, "photo")


def test_a_picture_of_something_else_is_no_sheet():
    noise = np.random.default_rng(0).integers(0, 256, (600, 800, 3)).astype(np.uint8)
    with pytest.raises(PictureError, match="no page of a sheet is seen"):
        flatten_page(noise, SHEET, "cat.jpg")
    with pytest.raises(PictureError, match="no page of a sheet is seen"):
        flatten_page(np.full((1, 1, 3), 255, np.uint8), SHEET, "dot.png")


def test_the_page_of_another_sheet_is_refused_with_both_codes(photo):
    other = Sheet(("7", "A", "B"), 16, "a4")
    with pytest.raises(PictureError, match=f"sheet {SHEET.code:04X}.*sheet {other.code:04X}.*differ"):
        flatten_page(photo, other, "photo")


def test_a_page_that_the_sheet_does_not_have_is_refused():
    long = Sheet(("7", "A", "/"), 60, "a4")
    second = np.asarray(draw_page(long, 1).reduce(2))
    with pytest.raises(PictureError, match="shows page 2, and this sheet has 1"):
        flatten_page(second, SHEET, "photo")


def test_two_pages_in_one_photo_are_refused():
    long = Sheet(("7", "A", "/"), 60, "a4")
    both = np.concatenate([np.asarray(draw_page(long, page).reduce(3)) for page in (0, 1)], axis=1)
    with pytest.raises(PictureError, match="shows pages 1 and 2"):
        flatten_page(both, long, "photo")


def test_a_photo_from_too_far_away_asks_to_go_nearer(pen):
    small = cv2.resize(pen.picture, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    with pytest.raises(PictureError, match="pixels a millimetre"):
        flatten_page(small, SHEET, "photo")


def test_a_sheet_a_photo_and_a_cut_make_a_folder_that_is_fine(pen, pencil, photo, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_sheet(SHEET, "s.pdf")
    Image.fromarray(photo).save("one.jpg", quality=92)
    later = photograph(pencil.picture, np.random.default_rng(9), Phone(longer_px=1500, turn=1, shadow=0.2))
    Image.fromarray(later).save("two.jpg", quality=92)
    Image.new("RGB", (300, 300)).save("cat.png")
    filled = len(pen.boxes) - len(pen.empty)

    assert main(["data", "cut", "one.jpg", "--sheet", "s.json", "--out", "cut", "--writer", "Ida"]) == 0
    said = capsys.readouterr()
    first, last = said.out.splitlines()
    assert first.startswith(f"one.jpg: page 1 of 1, {filled} pictures, {len(pen.empty)} empty (")
    assert last.startswith(f"cut: {filled} pictures of 3 symbols, ")
    before = {path: path.read_bytes() for path in Path("cut").rglob("*.png")}
    assert {path.parent.name for path in before} == {"7", "A", "U+002F"}

    # A second photo is added, the first is known again, and what is no sheet stops neither.
    words = ["data", "cut", "one.jpg", "cat.png", "two.jpg", "--sheet", "s.pdf", "--out", "cut", "--json"]
    assert main(words) == 1
    said = capsys.readouterr()
    document = json.loads(said.out)
    assert [one.get("known") for one in document["photos"]] == [True, None, False]
    assert "no page of a sheet" in document["photos"][1]["error"]
    n = filled + len(pencil.boxes) - len(pencil.empty)
    assert (document["n"], document["pages_missing"], sum(document["labels"].values())) == (n, [], n)
    assert {path: path.read_bytes() for path in before} == before
    with open("cut/labels.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == n == len(list(Path("cut").rglob("*.png")))
    assert {row["writer"] for row in rows} == {"Ida", ""}

    assert main(["data", "check", "cut", "--json"]) == 0
    checked = json.loads(capsys.readouterr().out)
    assert checked["n"] == n


def test_a_second_photo_of_one_paper_is_left_out(pen, pencil, photo, tmp_path, monkeypatch, capsys):
    """Each box would be there twice, and one of the two be learned while the other judges."""
    monkeypatch.chdir(tmp_path)
    write_sheet(SHEET, "s.pdf")
    Image.fromarray(photo).save("one.png")
    for name, page, seed in (("again", pen, 5), ("other", pencil, 6)):
        phone = Phone(longer_px=1700, turn=2, shadow=0.3)
        Image.fromarray(photograph(page.picture, np.random.default_rng(seed), phone)).save(f"{name}.png")
    words = ["data", "cut", "one.png", "again.png", "other.png", "--sheet", "s.json", "--out", "cut"]
    assert main(words) == 0
    first, second, third, _ = capsys.readouterr().out.splitlines()
    assert "the same paper as in one-" in second
    assert "which was cut: left out" in second
    assert "pictures" in first
    assert "pictures" in third
    assert main([*words[:3], "again.png", *words[5:], "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["photos"]
    assert told[1]["known"]
    assert told[1]["twin"].startswith("one-")


@pytest.mark.parametrize("after", [0, 3])
def test_a_cut_that_ended_in_its_first_photo_goes_on(photo, tmp_path, monkeypatch, capsys, after):
    monkeypatch.chdir(tmp_path)
    write_sheet(SHEET, "s.pdf")
    Image.fromarray(photo).save("one.png")
    words = ["data", "cut", "one.png", "--sheet", "s.json", "--out", "cut"]
    whole, left = Image.Image.save, [after]

    def until(self, *args, **more):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return whole(self, *args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Image.Image, "save", until)
        assert main(words) == 130
    capsys.readouterr()
    assert main(words) == 0
    assert "was cut before" not in capsys.readouterr().out
    with open("cut/labels.csv", encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == len(list(Path("cut").rglob("*.png")))


def test_a_picture_that_was_deleted_is_not_counted_and_loses_its_line(photo, pencil, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_sheet(SHEET, "s.pdf")
    Image.fromarray(photo).save("one.png")
    Image.fromarray(photograph(pencil.picture, np.random.default_rng(9), Phone(longer_px=1500))).save("two.png")
    words = ["--sheet", "s.json", "--out", "cut", "--json"]
    assert main(["data", "cut", "one.png", *words]) == 0
    n = json.loads(capsys.readouterr().out)["n"]
    for path in Path("cut/A").glob("*.png"):
        path.unlink()
        n -= 1
    assert main(["data", "cut", "one.png", *words]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["n"], "A" in told["labels"]) == (n, False)
    assert main(["data", "cut", "two.png", *words]) == 0
    capsys.readouterr()
    assert main(["data", "check", "cut"]) == 0


def test_a_photo_of_another_sheet_is_not_taken_for_one_that_was_cut(photo, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_sheet(SHEET, "s.pdf")
    write_sheet(Sheet(("7", "A"), 16, "a4"), "t.pdf")
    Image.fromarray(photo).save("one.png")
    assert main(["data", "cut", "one.png", "--sheet", "s.json", "--out", "cut"]) == 0
    capsys.readouterr()
    assert main(["data", "cut", "one.png", "--sheet", "t.json", "--out", "cut"]) == 1
    assert "shows a page of sheet" in capsys.readouterr().err


def test_a_folder_of_other_things_is_left_alone(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_sheet(SHEET, "s.pdf")
    Path("full").mkdir()
    Path("full/thesis.txt").write_text("x", encoding="utf-8")
    assert main(["data", "cut", "one.jpg", "--sheet", "s.json", "--out", "full"]) == 2
    assert "no photo was cut into" in capsys.readouterr().err
    Path("full/labels.csv").write_text("file,label\na.png,7\n", encoding="utf-8")
    assert main(["data", "cut", "one.jpg", "--sheet", "s.json", "--out", "full"]) == 2
    assert "not the table of cut photos" in capsys.readouterr().err


def test_an_unfilled_page_says_so_and_leaves_no_folder(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_sheet(SHEET, "s.pdf")
    draw_page(SHEET, 0).save("blank.png")
    assert main(["data", "cut", "blank.png", "missing.jpg", "--sheet", "s.json", "--out", "cut"]) == 1
    said = capsys.readouterr().err
    assert "all its 48 boxes are empty" in said
    assert "missing.jpg: no such file" in said
    assert not Path("cut").exists()
