from dataclasses import replace

import numpy as np
from PIL import Image

from glyphsmith.fonts import drawable
from glyphsmith.results import Failure
from glyphsmith.runtime import figure
from glyphsmith.runtime.figure import draw_sheets, draw_steps
from glyphsmith.runtime.reader import open_reader
from glyphsmith.runtime.sheet import read_sheet
from painted_sheet import paint_sheet
from tiny_reader import picture_of, tiny_card, tiny_model


def drawn(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def test_the_row_shows_the_picture_every_stage_and_the_answer(tmp_path):
    reader = open_reader(tiny_model())
    red = np.zeros((40, 40, 3), np.uint8)
    red[:, :, 0] = 220
    red[0, 0, 0] = 219  # a blank picture is refused
    out = tmp_path / "steps.png"
    assert draw_steps(reader, [(red, reader.read(red))], str(out)) == (1, [])
    pixels = drawn(out)
    assert (pixels == (220, 0, 0)).all(axis=2).sum() > 100 * 100  # as given, in its colour
    grey = round(220 / 3)
    assert (np.abs(pixels.astype(int) - grey) <= 1).all(axis=2).sum() > 2 * 100 * 100  # two stages, grey
    assert (pixels == (0x24, 0x63, 0xC9)).all(axis=2).sum() > 500  # the bar of the best label


def test_a_failure_has_a_row_and_a_refused_answer_no_bar_of_the_best(tmp_path):
    reader = open_reader(tiny_model())
    picture = picture_of(4)
    rows = [("x", Failure("x", "x: cut off")), (picture, reader.read(picture, reject=1.0))]
    assert draw_steps(reader, rows, str(tmp_path / "steps.png"))[0] == 2
    assert not (drawn(tmp_path / "steps.png") == (0x24, 0x63, 0xC9)).all(axis=2).any()


def test_pictures_of_every_shape_fit_their_cells(tmp_path):
    reader = open_reader(tiny_model())
    pictures = [picture_of(4, height=h, width=w) for h, w in ((1, 1), (1, 900), (900, 1), (700, 900))]
    rows = [(picture, reader.read(picture)) for picture in pictures]
    assert draw_steps(reader, rows, str(tmp_path / "steps.png"))[0] == 4


def test_more_rows_than_a_viewer_shows_are_left_out_and_said(tmp_path, monkeypatch):
    monkeypatch.setattr(figure, "MOST_ROWS", 2)
    reader = open_reader(tiny_model())
    rows = [(picture_of(4), reader.read(picture_of(4)))] * 5
    count, notes = draw_steps(reader, rows, str(tmp_path / "steps.png"))
    assert count == 2
    assert any("3 are left out" in note for note in notes)


def test_a_label_without_a_font_is_drawn_as_its_code_points_and_said(tmp_path):
    nobody = "\U0010fffe"  # a noncharacter, which no font has
    alphabet = (nobody, "b")
    reader = open_reader(tiny_model(alphabet, card=tiny_card(alphabet)))
    picture = picture_of(0, 2)
    count, notes = draw_steps(reader, [(picture, reader.read(picture))], str(tmp_path / "steps.png"))
    assert count == 1
    assert "no font" in notes[0]
    assert drawable(nobody) == "U+10FFFE"


def test_a_sheet_is_drawn_with_a_box_around_each_character(tmp_path):
    reader = open_reader(tiny_model())
    sheet = paint_sheet(("12", "3"), size=(500, 600))
    rows = [(sheet.picture, read_sheet(reader, sheet.picture)), ("x", Failure("x", "x: cut off"))]
    assert draw_sheets(reader, rows, str(tmp_path / "found.png"))[0] == 2
    assert (drawn(tmp_path / "found.png") == (0xD6, 0x33, 0x6C)).all(axis=2).sum() > 500


def test_a_long_text_is_shortened_in_its_middle():
    shorter = figure._fitting("a/very/long/path/" * 20 + "end.png", 15, 200)
    assert "…" in shorter
    assert shorter.endswith("end.png")
    assert figure._fitting("short", 15, 200) == "short"


def test_a_label_and_a_name_of_several_lines_are_drawn_on_one(tmp_path):
    alphabet = ("new\nline", "b")
    reader = open_reader(tiny_model(alphabet, card=tiny_card(alphabet)))
    picture = picture_of(0, 2)
    answer = replace(reader.read(picture), path="two\nlines.png")
    assert draw_steps(reader, [(picture, answer)], str(tmp_path / "steps.png"))[0] == 1
