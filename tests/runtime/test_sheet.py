import numpy as np
import pytest

from glyphsmith.errors import PictureError
from glyphsmith.results import Failure, LabelReading, SheetReading
from glyphsmith.runtime.reader import open_reader
from glyphsmith.runtime.sheet import read_sheet, read_sheets
from painted_sheet import paint_sheet
from tiny_reader import tiny_model


@pytest.fixture(scope="module")
def reader():
    return open_reader(tiny_model())


def reading(label, confidence=0.9):
    return LabelReading(label, confidence)


def test_the_characters_come_in_the_order_of_the_page_each_with_its_box(reader):
    sheet = paint_sheet(("314", "15"), ruled=True)
    found = read_sheet(reader, sheet.picture)
    assert [len(line) for line in found.lines] == [3, 2]
    for character, (x, y) in zip(found.characters, [p for line in sheet.centres for p in line], strict=True):
        left, top, width, height = character.box
        assert left < x < left + width
        assert top < y < top + height


def test_what_the_reader_is_given_is_the_glyph_from_the_colour_picture(reader):
    pale = read_sheet(reader, paint_sheet(("1",), shadow=0.0, noise=0.0).picture)
    dark = read_sheet(reader, paint_sheet(("1",), shadow=0.0, noise=0.0, thickness=30).picture)
    assert int(pale.characters[0].label) > int(dark.characters[0].label)  # the tiny reader reads brightness


def test_the_text_joins_lines_and_marks_what_was_refused():
    found = SheetReading(((reading("3"), reading(None, 0.2)), (reading("7"),)))
    assert found.text == "3\ufffd\n7"
    assert found.confidence == 0.2
    assert SheetReading(((reading("cat"), reading("dog")),)).text == "cat dog"


def test_refusing_is_done_character_by_character(reader):
    found = read_sheet(reader, paint_sheet(("12",)).picture, reject=1.0)
    assert [character.label for character in found.characters] == [None, None]
    assert found.text == "\ufffd\ufffd"


def test_a_sheet_that_fails_stops_no_other(reader):
    good = paint_sheet(("12",)).picture
    blank = np.full((200, 200, 3), 220, np.uint8)
    answers = list(read_sheets(reader, [good, blank, b"", good], names=["a", "b", "c", "d"]))
    assert [isinstance(answer, Failure) for answer in answers] == [False, True, True, False]
    assert [answer.path for answer in answers] == ["a", "b", "c", "d"]
    assert "no glyph" in answers[1].error


def test_a_blank_sheet_alone_raises_with_a_hint(reader):
    with pytest.raises(PictureError, match="no glyph was found") as caught:
        read_sheet(reader, np.full((200, 200, 3), 220, np.uint8))
    assert "--find" in caught.value.hint
