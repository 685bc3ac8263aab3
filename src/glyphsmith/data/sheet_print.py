"""Draws the pages of a sheet and writes them as PDF, with Pillow alone, so that a base install can do it.

A page is a picture of 300 dots an inch: any font of this machine that Pillow can draw goes in, runes and Chinese too,
and nothing depends on which fonts a PDF writer can embed. 3 pages are about 2 MB.
"""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

from PIL import Image, ImageDraw

from glyphsmith.data.sheet import BOX_MM, CAPTION_MM, MARK_MM, STRIP_BITS, STRIP_MM, Box, Sheet, load_sheet
from glyphsmith.data.sheet_marks import mark_number, mark_pattern
from glyphsmith.errors import DataError
from glyphsmith.files import atomic_path, suggested, write_atomically
from glyphsmith.fonts import find_font, missing

__all__ = ["DPI", "draw_page", "without_sign", "write_sheet"]

DPI = 300
_MM_PER_INCH = 25.4
#: Pale enough to be told from any pen, and warm, since pens and pencils are black, blue and grey.
_BOX_COLOUR = (250, 200, 150)
_FIRST_COLOUR, _CAPTION_COLOUR, _SMALL_PRINT = (0, 0, 0), (95, 95, 95), (110, 110, 110)
_CAPTION_PX_PER_MM = 0.78


def write_sheet(sheet: Sheet, out: str | Path) -> tuple[Path, Path]:
    """Write the PDF and its description, which has the same name with ``.json``, and give both paths.

    A description of another sheet is not overwritten: pages that were printed from it can be cut with it only. Raises
    DataError.
    """
    pdf = Path(out).expanduser()
    if pdf.suffix.lower() != ".pdf":
        raise DataError(f"{out}: a sheet is a PDF file", hint=f"--out {suggested(pdf, '.pdf')}")
    description = pdf.with_suffix(".json")
    if description.exists() and load_sheet(description) != sheet:
        raise DataError(
            f"{description}: describes another sheet, and printed pages of it can only be cut with it",
            hint="name another file with --out, or move the old description away",
        )
    pdf.parent.mkdir(parents=True, exist_ok=True)
    pages = [draw_page(sheet, page) for page in range(sheet.pages)]
    with atomic_path(pdf) as beside:
        pages[0].save(
            beside,
            "PDF",
            save_all=True,
            append_images=pages[1:],
            resolution=DPI,
            quality=90,
            title=f"Glyphsmith sheet {sheet.code:04X}",
        )
    write_atomically(description, json.dumps(sheet.as_dict(), ensure_ascii=False, indent=1) + "\n")
    return pdf, description


def without_sign(sheet: Sheet) -> list[str]:
    """Give the symbols that no font of this machine can print; their boxes carry names instead."""
    return [symbol for symbol in sheet.symbols if missing(symbol)]


def draw_page(sheet: Sheet, page: int) -> Image.Image:
    """Draw one page, RGB, ``DPI`` dots an inch."""
    width, height = (_px(length) for length in sheet.size_mm)
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    _draw_marks(draw, sheet, page)
    _draw_words(draw, sheet, page)
    before = ""
    for box in sheet.boxes(page):
        _draw_box(draw, box, first=box.symbol != before)
        before = box.symbol
    return image


def _px(mm: float) -> int:
    return round(mm * DPI / _MM_PER_INCH)


def _draw_marks(draw: ImageDraw.ImageDraw, sheet: Sheet, page: int) -> None:
    for corner, (left, top) in enumerate(sheet.mark_corners()):
        pattern = mark_pattern(mark_number(page, corner))
        step = MARK_MM / len(pattern)
        for row, column in zip(*(~pattern).nonzero(), strict=True):
            _fill(draw, left + column * step, top + row * step, step)
    squares = sheet.strip_squares()
    black = [True, *((sheet.code >> (STRIP_BITS - 1 - k)) & 1 == 1 for k in range(STRIP_BITS)), False]
    for (left, top), is_black in zip(squares, black, strict=True):
        if is_black:
            _fill(draw, left, top, STRIP_MM)
    # A thin frame, so that white squares at its end are seen to belong to it.
    left, top, right = squares[0][0], squares[0][1], squares[-1][0] + STRIP_MM
    draw.rectangle((_px(left), _px(top), _px(right) - 1, _px(top + STRIP_MM) - 1), outline="black", width=2)


def _fill(draw: ImageDraw.ImageDraw, left: float, top: float, side: float) -> None:
    draw.rectangle((_px(left), _px(top), _px(left + side) - 1, _px(top + side) - 1), fill="black")


def _draw_words(draw: ImageDraw.ImageDraw, sheet: Sheet, page: int) -> None:
    width, height = sheet.size_mm
    middle = width / 2
    title = f"page {page + 1} of {sheet.pages}   ·   sheet {sheet.code:04X}"
    advice = (
        "Write each symbol into its box, as you usually write; leave a box empty rather than spoil it. "
        "Photograph the whole page with its four corner marks."
    )
    draw.text((_px(middle), _px(12.2)), title, fill="black", anchor="mm", font=find_font(title, _px(3.4)))
    for k, line in enumerate(_wrapped(advice, 84)):
        draw.text(
            (_px(middle), _px(height - 18.0 + 4.4 * k)), line, fill=_SMALL_PRINT, anchor="mm",
            font=find_font(line, _px(3.0)),
        )  # fmt: skip


def _wrapped(text: str, longest: int) -> list[str]:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) >= longest:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _draw_box(draw: ImageDraw.ImageDraw, box: Box, *, first: bool) -> None:
    left, top = _px(box.left_mm), _px(box.top_mm)
    right, bottom = _px(box.left_mm + BOX_MM), _px(box.top_mm + BOX_MM)
    draw.rectangle((left, top, right, bottom), outline=_BOX_COLOUR, width=_px(0.3))
    caption = _caption(box.symbol)
    size = _px(CAPTION_MM * _CAPTION_PX_PER_MM)
    room = _px(BOX_MM)
    font = find_font(caption, size)
    wide = max(1.0, draw.textlength(caption, font))
    if wide > room:
        font = find_font(caption, max(10, int(size * room / wide)))
    # On one base line; signs that hang low or stand high keep their place in the line.
    place = ((left + right) // 2, top - _px(0.9))
    draw.text(place, caption, fill=_FIRST_COLOUR if first else _CAPTION_COLOUR, anchor="ms", font=font)


def _caption(symbol: str) -> str:
    if not missing(symbol):
        return symbol
    if len(symbol) > 1:
        return " ".join(f"U+{ord(character):04X}" for character in symbol)
    name = unicodedata.name(symbol, "").rpartition("LETTER ")[2].lower()
    return name if name and not missing(name) else f"U+{ord(symbol):04X}"
