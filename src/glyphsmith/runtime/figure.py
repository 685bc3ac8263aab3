"""The picture that ``read --steps`` draws: a row a picture, from the pixels given to the answer, nothing left out.

Drawn with Pillow alone, so that a base install can. ``draw_sheets`` does the same for ``--find``: the sheet with the
box and the label of every character that was found on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from glyphsmith.display import shown
from glyphsmith.files import atomic_path
from glyphsmith.fonts import drawable, find_font, missing
from glyphsmith.picture import load_picture
from glyphsmith.results import Failure, LabelReading, SheetReading, TextReading

if TYPE_CHECKING:
    from glyphsmith.runtime.reader import Reader

__all__ = ["draw_sheets", "draw_steps", "draw_texts"]

#: More rows make a picture that no viewer shows well.
MOST_ROWS = 40
BARS = 5

_CELL, _GAP, _EDGE, _TITLE, _NAME, _HEAD = 176, 24, 32, 58, 30, 34
_FAILED = 26
_ANSWER_WIDTH, _BARS_FROM = 380, 196
_SHEET_WIDTH = 1100
_PAPER, _INK, _QUIET, _RULE = "#ffffff", "#1d2733", "#6b7785", "#e3e7ec"
_BEST, _OTHER, _TRACK, _TROUBLE, _FOUND = "#2463c9", "#9fb3cd", "#eef1f5", "#b4470f", "#d6336c"

Answer = LabelReading | TextReading | SheetReading | Failure


def draw_steps(reader: Reader, read: Sequence[tuple[Any, Answer]], out: str) -> tuple[int, list[str]]:
    """Draw (source, answer) pairs to the PNG file ``out``; give how many rows were drawn, and notes for the user."""
    rows = read[:MOST_ROWS]
    captions = ["as given", *(caption for _, caption in reader.card.stages), "answer"]
    cells = len(captions) - 1
    heights = [_NAME + (_FAILED if isinstance(answer, Failure) else _CELL) + _GAP for _, answer in rows]
    width = 2 * _EDGE + cells * (_CELL + _GAP) + _ANSWER_WIDTH
    canvas = Image.new("RGB", (width, _EDGE + _TITLE + _HEAD + sum(heights) + _EDGE // 2), _PAPER)
    draw = ImageDraw.Draw(canvas)
    _title(draw, reader, width)
    for i, caption in enumerate(captions):
        _text(draw, (_EDGE + i * (_CELL + _GAP), _EDGE + _TITLE), _fitting(caption, 15, _CELL + _GAP - 8), 15, _QUIET)
    top = _EDGE + _TITLE + _HEAD
    for (source, answer), height in zip(rows, heights, strict=True):
        draw.line([(_EDGE, top - 8), (width - _EDGE, top - 8)], fill=_RULE)
        _text(draw, (_EDGE, top), _fitting(answer.path or "picture", 15, width - 2 * _EDGE), 15, _INK)
        if isinstance(answer, Failure):
            _text(draw, (_EDGE, top + _NAME), _fitting(answer.error, 15, width - 2 * _EDGE), 15, _TROUBLE)
        else:
            picture = load_picture(source)
            panels: list[NDArray[Any]] = [picture, *(stage for _, stage in reader.stages(picture))]
            for i, values in enumerate(panels):
                _panel(canvas, values, _EDGE + i * (_CELL + _GAP), top + _NAME)
            best = reader.read(picture, top=BARS, reject=0.0)
            _answer(draw, answer, best, _EDGE + cells * (_CELL + _GAP), top + _NAME)
        top += height
    _save(canvas, out)
    return len(rows), _notes(reader, len(read) - len(rows))


def draw_sheets(reader: Reader, read: Sequence[tuple[Any, Answer]], out: str) -> tuple[int, list[str]]:
    """Draw each sheet with the boxes and labels found on it to the PNG file ``out``; as ``draw_steps`` otherwise."""
    rows = read[:MOST_ROWS]
    blocks = [_sheet(source, answer) for source, answer in rows]
    width = 2 * _EDGE + _SHEET_WIDTH
    canvas = Image.new("RGB", (width, _EDGE + _TITLE + sum(block.height + _GAP for block in blocks)), _PAPER)
    _title(ImageDraw.Draw(canvas), reader, width)
    top = _EDGE + _TITLE
    for block in blocks:
        canvas.paste(block, (_EDGE, top))
        top += block.height + _GAP
    _save(canvas, out)
    return len(rows), _notes(reader, len(read) - len(rows))


def draw_texts(reader: Reader, read: Sequence[tuple[Any, Answer]], out: str) -> tuple[int, list[str]]:
    """Draw each picture with what every column of it said to the PNG file ``out``; as ``draw_steps`` otherwise."""
    from glyphsmith.runtime.text_figure import ROW_WIDTH, draw_text_row, row_height

    rows = [(source, answer) for source, answer in read[:MOST_ROWS] if isinstance(answer, TextReading | Failure)]
    height = _EDGE + _TITLE + sum(row_height(answer) + _GAP for _, answer in rows)
    canvas = Image.new("RGB", (2 * _EDGE + ROW_WIDTH, height), _PAPER)
    _title(ImageDraw.Draw(canvas), reader, canvas.width)
    top = _EDGE + _TITLE
    for source, answer in rows:
        draw_text_row(canvas, reader, source, answer, (_EDGE, top))
        top += row_height(answer) + _GAP
    _save(canvas, out)
    return len(rows), _notes(reader, len(read) - len(rows))


def _title(draw: ImageDraw.ImageDraw, reader: Reader, width: int) -> None:
    _text(draw, (_EDGE, _EDGE - 8), reader.name, 26, _INK)
    left = _EDGE + round(draw.textlength(reader.name, font=find_font(reader.name, 26))) + 14
    what = reader.card.about or f"{len(reader.alphabet)} labels"
    _text(draw, (left, _EDGE + 1), _fitting(what, 16, width - _EDGE - left), 16, _QUIET)


def _panel(canvas: Image.Image, values: NDArray[Any], left: int, top: int) -> None:
    """Lay a picture (h, w) or (h, w, 3) into its cell, aspect kept; few pixels stay visible as pixels."""
    if values.dtype != np.uint8:
        values = (values * 255.0).round().astype(np.uint8)
    image = Image.fromarray(values).convert("RGB")
    scale = min(_CELL / image.width, _CELL / image.height)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    image = image.resize(size, Image.Resampling.NEAREST if scale >= 2 else Image.Resampling.LANCZOS)
    x, y = left + (_CELL - size[0]) // 2, top + (_CELL - size[1]) // 2
    canvas.paste(image, (x, y))
    ImageDraw.Draw(canvas).rectangle([x - 1, y - 1, x + size[0], y + size[1]], outline=_RULE)


def _answer(draw: ImageDraw.ImageDraw, answer: Answer, best: LabelReading, left: int, top: int) -> None:
    refused = answer.label is None if isinstance(answer, LabelReading) else False
    big = drawable(best.top[0][0])
    size = next((px for px in (88, 64, 44, 32, 24, 18) if find_font(big, px).getlength(big) <= 108), 14)
    big = _fitting(big, size, 108)
    font = find_font(big, size)
    box = draw.textbbox((0, 0), big, font=font)
    middle = (left + 52 - (box[0] + box[2]) // 2, top + 62 - (box[1] + box[3]) // 2)
    draw.text(middle, big, font=font, fill=_OTHER if refused else _INK)
    _text(draw, (left + 52, top + 126), f"{best.confidence:.1%}", 18, _TROUBLE if refused else _INK, anchor="ma")
    if refused:
        _text(draw, (left + 52, top + 150), "refused", 15, _TROUBLE, anchor="ma")
    bars, labels = left + _BARS_FROM, [drawable(label) for label, _ in best.top]
    step = _CELL // BARS
    for i, ((_, p), label) in enumerate(zip(best.top, labels, strict=True)):
        y = top + i * step + step // 2
        size = 19 if len(label) <= 3 else 13
        _text(draw, (bars - 10, y), _fitting(label, size, 66), size, _INK, anchor="rm")
        full = _ANSWER_WIDTH - _BARS_FROM - 58
        draw.rounded_rectangle([bars, y - 8, bars + full, y + 8], 4, fill=_TRACK)
        if p * full >= 1:
            draw.rounded_rectangle(
                [bars, y - 8, bars + round(p * full), y + 8], 4, fill=_OTHER if i or refused else _BEST
            )
        _text(draw, (left + _ANSWER_WIDTH, y), f"{p:.1%}", 14, _QUIET, anchor="rm")


def _sheet(source: Any, answer: Answer) -> Image.Image:
    """Draw one sheet as wide as the figure, its found characters boxed, the read text below."""
    name = answer.path or "picture"
    if not isinstance(answer, SheetReading):
        block = Image.new("RGB", (_SHEET_WIDTH, _NAME), _PAPER)
        _text(ImageDraw.Draw(block), (0, 0), _fitting(answer.error or name, 16, _SHEET_WIDTH), 16, _TROUBLE)
        return block
    picture = Image.fromarray(load_picture(source))
    scale = min(_SHEET_WIDTH / picture.width, 1400 / picture.height)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    lines = answer.text.split("\n")
    block = Image.new("RGB", (_SHEET_WIDTH, _NAME + size[1] + 16 + 34 * len(lines)), _PAPER)
    draw = ImageDraw.Draw(block)
    _text(draw, (0, 0), _fitting(name, 15, _SHEET_WIDTH), 15, _INK)
    block.paste(picture.resize(size, Image.Resampling.LANCZOS), (0, _NAME))
    for reading in answer.characters:
        if reading.box is None:
            continue
        left, top, width, height = (round(value * scale) for value in reading.box)
        draw.rectangle([left, _NAME + top, left + width, _NAME + top + height], outline=_FOUND, width=2)
        label = "?" if reading.label is None else drawable(reading.label)
        at = (left + width // 2, max(_NAME + 2, _NAME + top - 3))
        font = find_font(label, 20)
        tag = draw.textbbox(at, label, font=font, anchor="mb")
        draw.rectangle([tag[0] - 3, tag[1] - 2, tag[2] + 3, tag[3] + 2], fill=_FOUND)
        draw.text(at, label, font=font, fill=_PAPER, anchor="mb")
    for i, line in enumerate(lines):
        _text(draw, (0, _NAME + size[1] + 12 + 34 * i), _fitting(line, 24, _SHEET_WIDTH - 120), 24, _INK)
    least = f"least sure {answer.confidence:.1%}"
    _text(draw, (_SHEET_WIDTH, _NAME + size[1] + 18), least, 15, _QUIET, anchor="ra")
    return block


def _text(
    draw: ImageDraw.ImageDraw, at: tuple[int, int], text: str, size_px: int, colour: str, *, anchor: str = "la"
) -> None:
    draw.text(at, text, font=find_font(text, size_px), fill=colour, anchor=anchor)


def _fitting(text: str, size_px: int, width_px: int) -> str:
    """Shorten a text in its middle until it is no wider than ``width_px``: the end of a path says most."""
    text = shown(text)
    font = find_font(text, size_px)
    if font.getlength(text) <= width_px:
        return text
    for kept in range(len(text) - 1, 1, -1):
        shorter = f"{text[: kept // 3]}…{text[len(text) - (kept - kept // 3) :]}"
        if font.getlength(shorter) <= width_px:
            return shorter
    return "…"


def _notes(reader: Reader, left_out: int) -> list[str]:
    notes = []
    absent = sorted({label for label in reader.alphabet if missing(label)})
    if absent:
        notes.append(f"no font of this machine has {_listed(absent)}; their code points are drawn instead")
    if left_out > 0:
        notes.append(f"the figure shows the first {MOST_ROWS} pictures, {left_out} are left out")
    return notes


def _listed(labels: Iterable[str]) -> str:
    words = list(labels)
    return ", ".join(words[:8]) + (f" and {len(words) - 8} more labels" if len(words) > 8 else "")


def _save(canvas: Image.Image, out: str) -> None:
    with atomic_path(Path(out)) as beside:
        canvas.save(beside, format="PNG", optimize=True)
