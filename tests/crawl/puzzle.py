"""Pages of the puzzle, written by hand: sprites of plain blocks and digits, and every way to say a style."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from glyphsmith.crawl.page import Page, Window

NUMBERS = (57, 123, 90, 468, 11, 702, 35, 816, 29, 440, 63, 999)


def png(picture) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.asarray(picture, np.uint8)).save(file, "PNG")
    return file.getvalue()


def strip(widths: Sequence[int] = (9, 4, 8, 8, 9, 8, 9, 8, 9, 9), gaps: int | Sequence[int] = 2, height: int = 14):
    """Give a strip (H, W, 4) whose ten glyphs are black blocks, and the span (x, width) of each."""
    between = [gaps] * 10 if isinstance(gaps, int) else list(gaps)
    spans, x = [], 0
    for width, gap in zip(widths, between, strict=True):
        spans.append((x, width))
        x += width + gap
    picture = np.zeros((height, x, 4), np.uint8)
    for start, width in spans:
        picture[:, start : start + width, 3] = 255
        picture[3:5, start + 1 : start + width - 1, 3] = 90
    return picture, spans


def strip_page(numbers=NUMBERS, picture=None, spans=None, **more) -> bytes:
    """Give the bytes of a page of level 1 that shows these numbers."""
    if picture is None:
        picture, spans = strip()
    windows = [[(*spans[int(digit)], None, picture.shape[0]) for digit in str(number)] for number in numbers]
    rules = [[rule(x, None, width, height) for x, width, _, height in number] for number in windows]
    return page(rules, png(picture), **more)


def rule(x: int, y: int | None, width: int, height: int) -> dict[str, str]:
    """Give the properties of one digit."""
    vertical = {} if y is None else {"background-position-y": f"{-y}px"}
    return {
        "background-position-x": f"{-x}px", **vertical,
        "width": f"{width}px", "height": f"{height}px", "float": "left",
    }  # fmt: skip


def page(rules: Sequence[Sequence[dict[str, str]]], sprite: bytes | None, *, css: str | None = None, **more) -> bytes:
    """Give the bytes of a page: ``rules`` [number][digit] of properties; ``css`` replaces the whole style block.

    ``mime`` and ``data`` say how the sprite is said, ``end`` how the page ends.
    """
    names = [[f"AbC{i}xY{k}z" for k in range(len(number))] for i, number in enumerate(rules)]
    if css is None:
        lines = [
            f".{names[i][k]} {{ {key}:{value} }}"
            for i, number in enumerate(rules) for k, digit in enumerate(number) for key, value in digit.items()
        ]  # fmt: skip
        if sprite is not None:
            address = f"data:image/png;base64,{base64.b64encode(sprite).decode()}"
            lines.append(f'.sprite {{ background-image:url("{more.get("address", address)}") }}')
        css = "\n".join(lines)
    numbers = "\n".join(
        '<div class="col-md-1">' + "".join(f'<div class="{name} sprite"></div>' for name in digits) + "</div>"
        for digits in names
    )
    text = (
        f"<!doctype html>\n<html><head><title>Level</title></head><body><main><div class='card'><div class='card-body'>"
        f"<style>{css}</style><div class='row'>{numbers}</div></div></div></main></body>{more.get('end', '</html>')}\n"
    )
    return text.encode()


def names_of(body: bytes) -> list[str]:
    """Give the class names of the digits of a page made here, in order."""
    import re

    return re.findall(r'class="(\S+) sprite"', body.decode())


def shown(sprite, numbers: Sequence[str], boxes, digits) -> Page:
    """Give a page of level 2 without its HTML: each digit at one of its cells, ``boxes`` (rows, 10, 4)."""
    draw = np.random.default_rng(len(numbers))
    windows = []
    for number in numbers:
        cells = []
        for digit in number:
            places = np.argwhere(digits == int(digit))
            row, column = places[draw.integers(len(places))]
            left, top, width, height = map(int, boxes[row, column])
            cells.append(Window(left, top, width, height))
        windows.append(tuple(cells))
    return Page(tuple(windows), np.asarray(sprite), "0123", tall=True)
