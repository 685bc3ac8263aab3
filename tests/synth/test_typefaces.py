"""Fonts draw only what they have: no box stands for a missing glyph."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from glyphsmith.errors import DataError
from glyphsmith.synth.captcha import CaptchaPainter
from glyphsmith.synth.settings import CaptchaSettings
from glyphsmith.synth.typefaces import BUNDLED_FONT, find_typefaces, font_files


def test_the_bundled_font_has_printable_ascii_and_comes_with_its_licence() -> None:
    signs = {chr(code) for code in range(33, 127)}
    (face,) = find_typefaces(("bundled",), signs)
    assert face.symbols == signs
    assert "Apache License" in (BUNDLED_FONT.parent / "LICENSE.txt").read_text(encoding="utf-8")


def test_a_font_is_left_out_for_the_symbols_it_lacks() -> None:
    # Droid Sans Mono has no Hebrew, DejaVu Sans (of matplotlib) has.
    faces = {face.name: face.symbols for face in find_typefaces(("bundled", "matplotlib"), "0א")}
    assert faces["DroidSansMono"] == {"0"}
    assert faces["DejaVuSans"] == {"0", "א"}
    painter = CaptchaPainter(CaptchaSettings(alphabet="0א", fonts=("bundled", "matplotlib"), one_font=1.0))
    assert all("Droid" not in path for path, _ in painter._painter._choices["א"])
    assert any("DroidSansMono (1)" in line for line in painter.describe())
    for index in range(20):
        painter.paint(0, index)


def test_fonts_of_pieces_and_placeholders_are_not_used() -> None:
    names = {path.name for path in font_files("matplotlib")}
    assert "DejaVuSans.ttf" in names
    assert not {"cmex10.ttf", "cmsy10.ttf", "STIXSizOneSymReg.ttf", "LastResortHE-Regular.ttf"} & names


def test_a_folder_of_ones_own_is_searched_with_its_subfolders(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    shutil.copy(BUNDLED_FONT, tmp_path / "deep" / "Mine.TTF")
    assert [face.name for face in find_typefaces((str(tmp_path),), "AB")] == ["Mine"]


def test_a_folder_without_fonts_a_damaged_font_and_no_font_at_all_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no font in this folder"):
        find_typefaces((str(tmp_path),), "AB")
    with pytest.raises(DataError, match="no such font file or folder"):
        find_typefaces((str(tmp_path / "none"),), "AB")
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"\x00\x01\x00\x00not a font")
    with pytest.raises(DataError, match="this file is no font"):
        find_typefaces((str(broken),), "AB")
    with pytest.raises(DataError, match="none of its 1 fonts has a glyph for AB"):
        find_typefaces((str(tmp_path),), "AB")


def test_a_symbol_that_no_font_has_is_named() -> None:
    with pytest.raises(DataError, match="no font has a glyph for ᚠ") as caught:
        find_typefaces(("bundled",), "ABᚠ")
    assert caught.value.hint is not None


@pytest.mark.parametrize(
    "name", ["D050000L.otf", "StandardSymbolsPS.otf", "Symbol.ttf", "NotoSansSymbols2-Regular.ttf"]
)
def test_fonts_of_ornaments_and_of_greek_under_latin_names_are_left_out(tmp_path: Path, name: str) -> None:
    shutil.copy(BUNDLED_FONT, tmp_path / name)
    with pytest.raises(DataError, match=f"no font in this folder has letters: {name} is known to have none"):
        font_files(str(tmp_path))
    assert font_files(str(tmp_path / name)) == [tmp_path / name]
    shutil.copy(BUNDLED_FONT, tmp_path / "letters.ttf")
    assert [path.name for path in font_files(str(tmp_path))] == ["letters.ttf"]


@pytest.mark.parametrize("name", ["PlayfairDisplay-Bold.ttf", "Lexicon.otf"])
def test_fonts_of_letters_with_such_a_word_in_their_name_are_used(tmp_path: Path, name: str) -> None:
    shutil.copy(BUNDLED_FONT, tmp_path / name)
    assert [path.name for path in font_files(str(tmp_path))] == [name]
