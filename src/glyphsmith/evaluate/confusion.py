"""The confusion matrix as files beside the report: ``confusion.csv`` with every count, ``confusion.png`` to look at."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from glyphsmith.evaluate.heatmap import most_confused
from glyphsmith.evaluate.words import BLANK, plural
from glyphsmith.fonts import drawable, find_font

__all__ = ["confusion_csv", "confusion_picture", "png_bytes"]

#: More labels than this make a picture no screen shows; then the most confused ones are drawn.
DRAWN = 250

_PAPER, _INK, _FAINT, _GRID = (255, 255, 255), (29, 27, 22), (122, 116, 104), (243, 241, 236)
_RIGHT, _WRONG = (31, 111, 120), (190, 60, 24)


def confusion_csv(matrix: NDArray[np.int32], labels: Sequence[str]) -> str:
    """Write the counts (K, K) as CSV: the labels in the first row (read) and in the first column (truth)."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["truth \\ read", *labels])
    for label, row in zip(labels, matrix, strict=True):
        writer.writerow([label, *row.tolist()])
    return file.getvalue()


def confusion_picture(matrix: NDArray[np.int32], labels: Sequence[str], *, title: str = "") -> Image.Image:
    """Draw the counts (K, K): rows are the truth, columns what was read, with the labels on both axes.

    A label without a font is drawn as its code points. Of more than DRAWN labels the most confused are drawn.
    """
    drawn = most_confused(matrix, DRAWN).tolist()
    k = len(drawn)
    cell = 68 if k <= 12 else 48 if k <= 30 else 32 if k <= 60 else 22 if k <= 120 else 16
    names = [_shorter(BLANK * len(labels[i]) if labels[i].isspace() else drawable(labels[i])) for i in drawn]
    size = max(11, round(cell * 0.62)) if max(map(len, names), default=1) <= 2 else max(11, min(24, cell - 4))
    signs = [_sign(name, size) for name in names]
    widest = max((sign.width for sign in signs), default=1)
    upright = all(sign.width <= cell - 2 for sign in signs)
    caption = 26
    left, top = 24 + caption + widest, 40 + 2 * caption + (size + 8 if upright else widest)
    side = k * cell
    image = Image.new("RGB", (max(left + side + 24, 560), top + side + 24), _PAPER)
    draw = ImageDraw.Draw(image)
    _write(draw, (24, 16), title or plural(int(matrix.sum()), "picture"), 24, _INK)
    _write(draw, (left, 24 + caption), "read as", 18, _FAINT)
    image.paste(_sign("truth", 18, _FAINT).rotate(90, expand=True), (10, top))
    totals = np.maximum(matrix.sum(axis=1, dtype=np.int64), 1)
    for row, i in enumerate(drawn):
        sign = signs[row]
        image.paste(sign, (left - 8 - sign.width, top + row * cell + (cell - sign.height) // 2))
        turned = sign if upright else sign.rotate(90, expand=True)
        image.paste(turned, (left + row * cell + (cell - turned.width) // 2, top - 6 - turned.height))
        for column, j in enumerate(drawn):
            _cell(
                draw,
                left + column * cell,
                top + row * cell,
                cell,
                int(matrix[i, j]),
                float(matrix[i, j] / totals[i]),
                i == j,
            )
    return image


def png_bytes(image: Image.Image) -> bytes:
    """Give the picture as a PNG file."""
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def _cell(draw: ImageDraw.ImageDraw, x: int, y: int, cell: int, number: int, share: float, right: bool) -> None:
    colour = _GRID
    depth = 0.0
    if number:
        depth = 0.15 + 0.6 * share if right else min(1.0, 0.22 + 1.1 * share**0.5)
        colour = _mixed(_RIGHT if right else _WRONG, depth)
    draw.rectangle((x, y, x + cell - 2, y + cell - 2), fill=colour)
    if number and cell >= 30:
        size = int(min(cell * 0.42, cell * 1.5 / len(str(number))))
        tone = _PAPER if depth > 0.6 else _INK
        draw.text((x + cell / 2, y + cell / 2), str(number), font=find_font("0", size), anchor="mm", fill=tone)


def _mixed(colour: tuple[int, int, int], depth: float) -> tuple[int, int, int]:
    red, green, blue = (round(255 + (channel - 255) * depth) for channel in colour)
    return red, green, blue


def _shorter(name: str) -> str:
    return name if len(name) <= 20 else name[:19] + "…"


def _sign(text: str, size_px: int, colour: tuple[int, int, int] = _INK) -> Image.Image:
    """Draw one line of text, cut at its sides; all signs of a size and font have one height, so that lines agree."""
    font = find_font(text, size_px)
    left, top, right, bottom = font.getbbox(text)
    _, line_top, _, line_bottom = font.getbbox("Ag")
    top, bottom = min(top, line_top), max(bottom, line_bottom)
    image = Image.new("RGB", (max(1, int(right - left) + 2), max(1, int(bottom - top) + 2)), _PAPER)
    ImageDraw.Draw(image).text((1 - left, 1 - top), text, font=font, fill=colour)
    return image


def _write(
    draw: ImageDraw.ImageDraw, at: tuple[int, int], text: str, size_px: int, colour: tuple[int, int, int]
) -> None:
    draw.text(at, text, font=find_font(text, size_px), fill=colour)
