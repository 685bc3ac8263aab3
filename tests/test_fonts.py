"""Labels are drawn in a font that has their signs, or are known to have none."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from glyphsmith import fonts


def test_no_text_misses_nothing_and_still_has_a_font() -> None:
    assert fonts.missing("") == set()
    assert fonts.find_font("", 12).getbbox("7")


def test_white_space_is_never_missing() -> None:
    assert fonts.missing(" \t\n") == set()


def test_latin_is_never_missing_even_on_a_machine_without_fonts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(fonts, "_folders", lambda: [tmp_path])
    monkeypatch.setattr(fonts, "_first", {})
    fonts.font_paths.cache_clear()
    fonts._best.cache_clear()
    try:
        assert fonts.missing("Az09") == set()
        assert fonts.missing("ᚠ") == {"ᚠ"}
        assert fonts.find_font("Aᚠ", 14).getbbox("A")
    finally:
        fonts.font_paths.cache_clear()
        fonts._best.cache_clear()


def test_a_file_that_is_no_font_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "arial.ttf").write_bytes(b"not a font")
    monkeypatch.setattr(fonts, "_folders", lambda: [tmp_path])
    monkeypatch.setattr(fonts, "_first", {})
    fonts.font_paths.cache_clear()
    fonts._best.cache_clear()
    try:
        assert fonts.missing("7") == set()
        assert fonts.find_font("7", 14).getbbox("7")
    finally:
        fonts.font_paths.cache_clear()
        fonts._best.cache_clear()


def test_a_character_that_no_font_can_have_is_missing() -> None:
    assert fonts.missing("a\U0010ffff") == {"\U0010ffff"}


@pytest.mark.parametrize("text", ["7", "ᚠ", "ᛟᛞ", "a"])
def test_a_character_that_is_not_missing_is_drawn_as_something(text: str) -> None:
    if fonts.missing(text):
        assert fonts.missing(text) <= set(text)
        return
    image = Image.new("L", (80, 40))
    ImageDraw.Draw(image).text((4, 4), text, font=fonts.find_font(text, 20), fill=255)
    assert image.getbbox() is not None
