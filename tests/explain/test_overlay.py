"""What is drawn where a reader's map says that something spoke for the answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from glyphsmith import cli
from glyphsmith.errors import DataError, PictureError
from glyphsmith.explain import draw_explanation, explain, overlay
from glyphsmith.runtime.reader import Reader, open_reader
from tiny_reader import DIGITS, picture_of, tiny_model, tiny_reader


@pytest.fixture
def pointing(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int, int], Reader]:
    """Give a reader whose map has a single point (row, column) of 4x4 for one label."""

    def make(label: int, row: int, column: int) -> Reader:
        reader = open_reader(tiny_model())
        maps = np.zeros((10, 4, 4), np.float32)
        maps[label, row, column] = 5.0
        monkeypatch.setattr(type(reader), "class_map", lambda self, picture: maps)
        return reader

    return make


def _glow(image: Image.Image) -> NDArray[np.float64]:
    """How far the middle panel differs from the first, (h, w)."""
    panels = [np.asarray(image.crop((x, 112, x + 300, 412)), float) for x in (36, 36 + 324)]
    return np.asarray(np.abs(panels[0] - panels[1]).sum(axis=2))


@pytest.mark.parametrize(("row", "column"), [(0, 0), (0, 3), (3, 1), (2, 2)])
def test_the_glow_lies_where_the_map_points(pointing: Callable[[int, int, int], Reader], row: int, column: int) -> None:
    found = explain(pointing(3, row, column), picture_of(3, height=64, width=64))
    assert (found.answer, found.label) == ("3", "3")
    assert found.evidence.max() == 1.0
    glow = _glow(draw_explanation(found))
    y, x = np.unravel_index(glow.argmax(), glow.shape)
    assert (int(y) * 4 // 300, int(x) * 4 // 300) == (row, column)


def test_another_label_can_be_asked_for(pointing: Callable[[int, int, int], Reader]) -> None:
    found = explain(pointing(8, 1, 1), picture_of(3), label="8")
    assert (found.answer, found.label) == ("3", "8")
    assert found.evidence[1, 1] == 1.0


def test_what_speaks_for_all_labels_alike_speaks_for_none() -> None:
    found = explain(open_reader(tiny_model()), picture_of(3))  # the tiny reader has one map for all labels
    assert found.strength == 0.0
    assert not _glow(draw_explanation(found)).any()


def test_a_label_outside_the_alphabet_is_refused_with_the_alphabet() -> None:
    with pytest.raises(DataError, match="'x' is outside the alphabet") as caught:
        explain(open_reader(tiny_model()), picture_of(3), label="x")
    assert "0, 1, 2" in str(caught.value.hint)


def test_a_picture_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "no.png").write_bytes(b"no picture")
    with pytest.raises(PictureError, match="not a picture"):
        explain(open_reader(tiny_model()), tmp_path / "no.png")


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 400), (300, 2), (900, 700)])
def test_any_size_of_picture_is_drawn(height: int, width: int) -> None:
    image = draw_explanation(
        explain(open_reader(tiny_model()), picture_of(3, height=height, width=width)), name="x" * 300
    )
    assert image.size == (36 * 2 + 300 * 3 + 24 * 2, 476)


def test_labels_are_drawn_whatever_their_script() -> None:
    for alphabet in (["ᚠ", "ᚢ"], ["\ufdd0", "\ufdd1"], ["a long label", "b"]):
        draw_explanation(explain(open_reader(tiny_model(alphabet)), picture_of(0, 2)))


def test_the_verb_writes_the_figure_and_prints_the_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, picture, out = tmp_path / "m.onnx", tmp_path / "p.png", tmp_path / "out.png"
    tiny_reader(model, DIGITS)
    Image.fromarray(picture_of(3)).save(picture)
    assert cli.main(["explain", str(model), str(picture), "--out", str(out)]) == 0
    answer, _, written = capsys.readouterr().out.strip().split("\t")
    assert (answer, written) == ("3", str(out))
    with Image.open(out) as image:
        assert image.format == "PNG"


@pytest.mark.parametrize(
    ("out", "message"), [("out.jpg", "the figure is a PNG file"), ("no/such/out.png", "cannot be written")]
)
def test_a_figure_that_cannot_be_written_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], out: str, message: str
) -> None:
    model, picture = tiny_reader(tmp_path / "m.onnx", DIGITS), tmp_path / "p.png"
    Image.fromarray(picture_of(3)).save(picture)
    assert cli.main(["explain", str(model), str(picture), "--out", str(tmp_path / out)]) == 2
    assert message in capsys.readouterr().err


def test_a_mixed_line_takes_each_sign_from_a_font_that_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    latin, runes = overlay.find_font("a", 20), overlay.find_font("a", 21)  # two fonts, whatever this machine has
    monkeypatch.setattr(overlay, "find_font", lambda text, size: runes if "ᚠ" in text else latin)
    found = overlay._runs("then ᚠ (22.6 %), b\u0301", 20)
    assert [run for run, _ in found] == ["then ", "ᚠ ", "(22.6 %), b\u0301"]
    assert [font for _, font in found] == [latin, runes, latin]
    assert overlay._runs("", 20) == []
