"""What ``read --steps`` draws of a reader of texts: the picture, what the network saw, and what every column said.

Below the prepared picture stands, in each column, its surest sign (a dot for blank) over a bar of its probability,
and the second sign where the column doubts. Signs that became characters of the text are drawn strong.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from glyphsmith.display import shown
from glyphsmith.fonts import find_font
from glyphsmith.picture import load_picture
from glyphsmith.results import Failure, TextReading

if TYPE_CHECKING:
    from glyphsmith.runtime.reader import Reader

__all__ = ["ROW_WIDTH", "draw_text_row", "row_height", "said"]

ROW_WIDTH = 1100
_COLUMNS_WIDTH, _GIVEN = 700, (360, 96)
_NAME, _SEEN_MOST, _SIGNS, _BAR, _SECOND, _EMPTY = 26, 150, 30, 60, 22, 28
_INK, _QUIET, _RULE, _BEST, _OTHER, _TRACK, _TROUBLE = (
    "#1d2733", "#6b7785", "#e3e7ec", "#2463c9", "#9fb3cd", "#eef1f5", "#b4470f",
)  # fmt: skip
#: A second sign is shown from this probability on.
_DOUBT = 0.05


def said(probabilities: NDArray[np.float32], labels: Sequence[str], head: str) -> list[tuple[str, float, str, float]]:
    """Give for every column of (T, C) its surest and its second sign with their probabilities; blank is empty."""
    signs = ["", *labels] if head == "ctc" else list(labels)
    rows = []
    for column in probabilities:
        first, second = np.argsort(-column, kind="stable")[:2].tolist()
        rows.append((signs[first], float(column[first]), signs[second], float(column[second])))
    return rows


def row_height(answer: TextReading | Failure) -> int:
    """Give the height of one picture's row in pixels."""
    if isinstance(answer, Failure):
        return _NAME + _EMPTY
    return _NAME + _GIVEN[1] + 12 + _SEEN_MOST + _SIGNS + _BAR + _SECOND + 20


def draw_text_row(
    canvas: Image.Image, reader: Reader, source: Any, answer: TextReading | Failure, at: tuple[int, int]
) -> None:
    """Draw one picture with its columns and its answer at (left, top); ROW_WIDTH wide."""
    left, top = at
    draw = ImageDraw.Draw(canvas)
    _write(draw, (left, top), answer.path or "picture", 15, _INK)
    top += _NAME
    if isinstance(answer, Failure):
        _write(draw, (left, top), answer.error, 15, _TROUBLE)
        return
    picture = load_picture(source)
    _lay(canvas, Image.fromarray(picture), (left, top), _GIVEN)
    if answer.text is None:
        _write(draw, (left + 380, top + 6), "refused", 26, _TROUBLE)
        _write(draw, (left + 380, top + 44), answer.reason or "", 15, _QUIET)
    else:
        size = next((px for px in (44, 34, 26, 20) if find_font(answer.text, px).getlength(answer.text) <= 700), 16)
        words = (answer.text or "(nothing)") if answer.value is None else f"{answer.text} = {answer.value}"
        _write(draw, (left + 380, top + 4), words, size, _INK)
        _write(draw, (left + 380, top + 62), f"{answer.confidence:.1%} sure of the whole text", 15, _QUIET)
        least = min(answer.characters, key=lambda item: item[1], default=None)
        if least is not None:
            _write(draw, (left + 380, top + 82), f"least sure of {least[0]}: {least[1]:.1%}", 15, _QUIET)
    top += _GIVEN[1] + 12
    seen = reader.stages(picture)[-1][1] if reader.card.stages else np.ones((8, 64), np.float32)
    image = Image.fromarray((np.clip(seen, 0, 1) * 255).round().astype(np.uint8)).convert("RGB")
    scale = min(_COLUMNS_WIDTH / image.width, _SEEN_MOST / image.height)
    laid = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    canvas.paste(image.resize(laid, Image.Resampling.NEAREST if scale >= 2 else Image.Resampling.LANCZOS), (left, top))
    top += laid[1] + 4
    probabilities = reader.probabilities(picture[None])[0]
    form = reader.card.text
    rows = said(probabilities, reader.alphabet.labels, form.head if form else "ctc")
    step = laid[0] / len(rows)
    before = ""
    for k, (first, p, second, q) in enumerate(rows):
        x, middle = left + k * step, left + (k + 0.5) * step
        stands = bool(first) and (first != before or (form is not None and form.head == "fixed"))
        before = first
        size = int(np.clip(step * 0.9, 9, 24))
        _write(draw, (middle, top + _SIGNS / 2), first or "·", size, _INK if stands else _OTHER, anchor="mm")
        draw.rectangle([x + 1, top + _SIGNS, x + step - 2, top + _SIGNS + _BAR], fill=_TRACK)
        draw.rectangle(
            [x + 1, top + _SIGNS + round(_BAR * (1 - p)), x + step - 2, top + _SIGNS + _BAR],
            fill=_BEST if stands else _OTHER,
        )
        if q >= _DOUBT:
            place = (middle, top + _SIGNS + _BAR + _SECOND / 2 + 2)
            _write(draw, place, second or "·", max(9, size * 2 // 3), _TROUBLE, anchor="mm")
    legend = "each column: its surest sign, how sure, and its second one from 5 %"
    _write(draw, (left + laid[0] + 16, top + _SIGNS), legend[:34], 13, _QUIET)
    _write(draw, (left + laid[0] + 16, top + _SIGNS + 18), legend[34:].strip(), 13, _QUIET)


def _lay(canvas: Image.Image, image: Image.Image, at: tuple[int, int], room: tuple[int, int]) -> None:
    scale = min(room[0] / image.width, room[1] / image.height)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    resized = image.convert("RGB").resize(size, Image.Resampling.NEAREST if scale >= 2 else Image.Resampling.LANCZOS)
    canvas.paste(resized, at)
    ImageDraw.Draw(canvas).rectangle([at[0] - 1, at[1] - 1, at[0] + size[0], at[1] + size[1]], outline=_RULE)


def _write(
    draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, size_px: int, colour: str, *, anchor: str = "la"
) -> None:
    text = shown(text)
    draw.text(at, text, font=find_font(text, size_px), fill=colour, anchor=anchor)
