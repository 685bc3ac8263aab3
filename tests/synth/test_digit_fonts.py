"""Fonts are judged by what they draw: ten different digits, of the script that readers read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from glyphsmith.errors import DataError
from glyphsmith.synth.digit_fonts import DigitFont, digit_masks, find_digit_fonts, font_part_named, fonts_of_part
from glyphsmith.synth.typefaces import BUNDLED_FONT


def font_with(folder: Path, digits: str | None, name: str = "odd.ttf") -> str:
    """Write a font whose digits 0-9 are drawn as the ten signs ``digits``; None takes them away."""
    folder.mkdir(exist_ok=True)
    font = TTFont(BUNDLED_FONT)
    for table in font["cmap"].tables:
        glyphs = dict(table.cmap)
        for k in range(10):
            if digits is None:
                table.cmap.pop(ord("0") + k, None)
            elif ord(digits[k]) in glyphs:
                table.cmap[ord("0") + k] = glyphs[ord(digits[k])]
    font.save(folder / name)
    return str(folder)


@pytest.mark.parametrize(
    ("digits", "why"),
    [
        ("0000000000", "all the same box or ring"),
        ("abcdefghij", "letters in the places of digits"),
        ("1234567890", "digits in the wrong places"),
        ("0123456799", "one shape for two digits"),
        (None, "no digits at all"),
    ],
)
def test_a_font_that_draws_other_things_than_ten_digits_is_not_used(tmp_path: Path, digits: str, why: str) -> None:
    odd = font_with(tmp_path / "odd", digits)
    with pytest.raises(DataError):
        find_digit_fonts((odd,))
    assert [font.path for font in find_digit_fonts(("bundled",))] == [str(BUNDLED_FONT)], why


def test_a_font_that_is_drawn_like_another_counts_once(tmp_path: Path) -> None:
    shutil.copy(BUNDLED_FONT, tmp_path / "Copy.ttf")
    assert len(find_digit_fonts(("bundled", str(tmp_path)))) == 1


def test_fonts_of_one_family_and_look_alikes_are_one_design() -> None:
    fonts = find_digit_fonts(("bundled", "matplotlib"))
    design = {Path(font.path).stem: font.design for font in fonts}
    assert len({design[name] for name in design if name.startswith("DejaVuSans")}) == 1
    assert len({design[name] for name in design if name.startswith("DejaVuSerif")}) == 1
    assert design["DejaVuSans"] != design["DejaVuSerif"]
    assert design["DroidSansMono"] not in (design["DejaVuSans"], design["DejaVuSerif"])
    assert len(set(design.values())) >= 5


def test_a_mask_is_cut_to_its_ink() -> None:
    masks = digit_masks(str(BUNDLED_FONT), 16)
    assert len(masks) == 10
    for mask in masks:
        assert mask[0].any()
        assert mask[-1].any()
        assert mask[:, 0].any()
        assert mask[:, -1].any()


def of_designs(*names: str) -> list[DigitFont]:
    return [DigitFont(f"{name}-{style}.ttf", name, name) for name in names for style in ("Regular", "Bold")]


def test_whole_designs_are_held_out_and_nothing_is_on_both_sides() -> None:
    fonts = of_designs(*"ABCDEFGHIJKLMNOPQRST")
    training, held = fonts_of_part(fonts, "training", 0.3), fonts_of_part(fonts, "held-out", 0.3)
    assert set(training) | set(held) == set(fonts)
    assert not {font.design for font in training} & {font.design for font in held}
    assert 1 <= len({font.design for font in held}) <= 12
    assert fonts_of_part(fonts, "all", 0.3) == tuple(fonts)


def test_a_design_stays_in_its_part_when_other_fonts_are_installed() -> None:
    few, many = of_designs(*"ABCDEFGH"), of_designs(*"ABCDEFGHIJKLMNOP")
    held = {font.design for font in fonts_of_part(many, "held-out", 0.5)}
    assert {font.design for font in fonts_of_part(few, "held-out", 0.5)} == held & set("ABCDEFGH")


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_neither_part_is_ever_empty(share: float) -> None:
    fonts = of_designs("A", "B", "C")
    assert fonts_of_part(fonts, "training", share)
    assert fonts_of_part(fonts, "held-out", share)


def test_one_design_cannot_be_divided() -> None:
    with pytest.raises(DataError, match="of one design"):
        fonts_of_part(of_designs("A"), "training", 0.5)
    with pytest.raises(DataError, match="no font part 'trainig'"):
        font_part_named("trainig")
