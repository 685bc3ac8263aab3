"""Sheets filled in by a painted hand and photographed by a painted phone: what ``data cut`` is measured with.

``benchmarks/sheet_photos.py`` and the tests call it. Everything is a function of the generator.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from glyphsmith.data.sheet import BOX_MM, Box, Sheet
from glyphsmith.data.sheet_print import DPI, draw_page
from glyphsmith.synth.shapes import SHAPE_PX, shape_of
from glyphsmith.synth.strokes import DIGIT_FORMS, draw_digit

__all__ = ["FilledPage", "Phone", "fill_page", "photograph"]

Floats = NDArray[np.float32]
Picture = NDArray[np.uint8]

#: Pixels a millimetre of the page before it is photographed.
PAGE_PX_PER_MM = 8.0


@dataclass(frozen=True, slots=True)
class FilledPage:
    """A page with writing: uint8 (H, W, 3), the ink alone float32 (H, W), and the numbers of the boxes left empty."""

    picture: Picture
    ink: Floats
    boxes: tuple[Box, ...]
    empty: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """How a page is photographed. ``turn`` counts quarters; shares are of the photo's longer side."""

    longer_px: int = 2400
    turn: int = 0
    tilt: float = 0.05
    fills: float = 0.85
    bend_mm: float = 1.0
    shadow: float = 0.4
    blur: float = 0.0005
    noise: float = 4.0
    jpeg: int = 85


def fill_page(
    sheet: Sheet,
    page: int,
    rng: np.random.Generator,
    *,
    fonts: Mapping[str, str],
    pencil: bool = False,
    empty: float = 0.05,
) -> FilledPage:
    """Write into the boxes of a page; ``fonts`` gives the font file whose middle lines a symbol is drawn along.

    Digits are drawn by pen paths. A share ``empty`` of the boxes stays empty.
    """
    scale = PAGE_PX_PER_MM
    printed = np.asarray(draw_page(sheet, page), np.uint8)
    size = tuple(round(length * scale) for length in sheet.size_mm)
    factor = scale * 25.4 / DPI
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    picture = cv2.resize(printed, size, interpolation=how).astype(np.float32)
    ink = np.zeros(picture.shape[:2], np.float32)
    boxes = sheet.boxes(page)
    left_out = frozenset(box.number for box in boxes if rng.random() < empty)
    width_mm = rng.uniform(0.32, 0.5) if pencil else rng.uniform(0.45, 1.1)
    for box in boxes:
        if box.number not in left_out:
            _write(ink, box, rng, fonts, float(width_mm))
    if pencil:
        ink *= 1 - 0.5 * rng.random(ink.shape, np.float32)  # a pencil leaves the paper's grain in its line
    strength = float(rng.uniform(0.3, 0.45) if pencil else rng.uniform(0.7, 0.95))
    tint = np.zeros(3) if pencil else rng.choice([(0, 0, 0), (20, 30, 110), (120, 20, 30)])
    painted = picture + (np.asarray(tint, np.float32) - picture) * (strength * ink)[..., None]
    return FilledPage(np.asarray(painted.round().clip(0, 255), np.uint8), ink, tuple(boxes), left_out)


def _write(ink: Floats, box: Box, rng: np.random.Generator, fonts: Mapping[str, str], width_mm: float) -> None:
    scale = PAGE_PX_PER_MM
    side = round(BOX_MM * scale)
    if box.symbol in DIGIT_FORMS and rng.random() < 0.8:
        drawn = draw_digit(box.symbol, rng, side_px=side).astype(np.float32) / 255
        shift = rng.uniform(-0.06, 0.06, 2) * side
        moved = cv2.warpAffine(drawn, np.array([[1, 0, shift[0]], [0, 1, shift[1]]]), (side, side))
    else:
        shape = shape_of(fonts[box.symbol], box.symbol)
        field = shape.middle
        h, w = field.shape
        size = rng.uniform(0.45, 0.75) * side / SHAPE_PX
        angle, slant = rng.normal(0, 0.08), rng.normal(0, 0.12)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        matrix = np.linalg.inv(turn @ np.array([[1.0, -slant], [0.0, 1.0]]) * size)
        y, x = np.mgrid[0:side, 0:side]
        centre = side / 2 + rng.uniform(-0.07, 0.07, 2) * side
        places = (np.stack([x, y], axis=-1) - centre) @ matrix.T + np.array([w / 2, h / 2])
        wobble = rng.uniform(-2.5, 2.5, (5, 5, 2)).astype(np.float32)
        places = places + cv2.resize(wobble, (side, side), interpolation=cv2.INTER_CUBIC)
        away = cv2.remap(
            field, places[..., 0].astype(np.float32), places[..., 1].astype(np.float32), cv2.INTER_LINEAR,
            borderValue=99.0,
        )  # fmt: skip
        moved = (0.5 * width_mm * scale - away * size + 0.5).clip(0, 1)
    top, left = round(box.top_mm * scale), round(box.left_mm * scale)
    window = ink[top : top + side, left : left + side]
    np.maximum(window, moved, out=window)


def photograph(page: Picture, rng: np.random.Generator, phone: Phone) -> Picture:
    """Photograph a page lying on a table: uint8 (H, W, 3), 3 : 4, its longer side ``phone.longer_px``."""
    tall = phone.longer_px
    size = (round(tall * 0.75), tall) if phone.turn % 2 == 0 else (tall, round(tall * 0.75))
    width, height = size
    h, w = page.shape[:2]
    # A page lies upright in the photo, or across.
    upright = phone.turn % 2 == 0
    ratio = w / h if upright else h / w
    high = phone.fills * min(height, width / ratio)
    wide = high * ratio
    centre = np.array([width, height]) / 2 + rng.uniform(-0.02, 0.02, 2) * tall
    corners = centre + np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * np.array([wide, high]) / 2
    corners = corners + rng.uniform(-phone.tilt, phone.tilt, (4, 2)) * min(wide, high)
    corners = np.roll(corners, -phone.turn, axis=0)
    plane = cv2.getPerspectiveTransform(
        np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32), corners.astype(np.float32)
    )
    inverse = np.linalg.inv(plane)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    depth = inverse[2, 0] * x + inverse[2, 1] * y + inverse[2, 2]
    u = (inverse[0, 0] * x + inverse[0, 1] * y + inverse[0, 2]) / depth
    v = (inverse[1, 0] * x + inverse[1, 1] * y + inverse[1, 2]) / depth
    # A page that does not lie quite flat: a slow wave over all of it.
    wave = phone.bend_mm * PAGE_PX_PER_MM * np.sin(np.pi * (u / w * rng.uniform(0.6, 1.3) + v / h + rng.uniform(0, 1)))
    u, v = u + 0.5 * wave, v + wave
    table = _table((height, width), rng)
    # Pixels of the page that are smaller than the photo's are averaged first, or their grain would be noise.
    shrink = max(1.0, (w * h / (wide * high)) ** 0.5)
    soft = cv2.GaussianBlur(page, (0, 0), 0.4 * shrink) if shrink > 1.2 else page
    seen = cv2.remap(soft, u.astype(np.float32), v.astype(np.float32), cv2.INTER_LINEAR, borderValue=(0, 0, 0))
    on_page = ((u >= 0) & (u < w) & (v >= 0) & (v < h))[..., None]
    photo = np.where(on_page, 0.93 * seen.astype(np.float32), table)
    photo = photo * _light((height, width), phone.shadow, rng)[..., None] * (1 - rng.uniform(0, 0.18, 3))
    blur = phone.blur * tall
    if blur > 0.3:
        photo = cv2.GaussianBlur(photo, (0, 0), blur)
    grain = phone.noise * rng.standard_normal((height, width, 1), np.float32)
    photo = np.asarray((photo + grain).round().clip(0, 255), np.uint8)
    encoded = cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, phone.jpeg])[1]
    return np.ascontiguousarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR))


def _cloud(shape: tuple[int, int], cells: int, rng: np.random.Generator) -> Floats:
    small = rng.uniform(-1, 1, (cells + 1, cells + 1)).astype(np.float32)
    return np.asarray(cv2.resize(small, shape[::-1], interpolation=cv2.INTER_CUBIC), np.float32)


def _table(shape: tuple[int, int], rng: np.random.Generator) -> Floats:
    """Paint what the page lies on: wood or cloth, darker than paper."""
    colour = rng.uniform(40, 150) * np.array([1.0, rng.uniform(0.7, 1), rng.uniform(0.5, 1)])
    streaks = cv2.resize(rng.uniform(-1, 1, (40, 3)).astype(np.float32), shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(colour * (1 + 0.2 * streaks + 0.1 * _cloud(shape, 12, rng))[..., None], np.float32)


def _light(shape: tuple[int, int], shadow: float, rng: np.random.Generator) -> Floats:
    """Light that falls off, and the shadow of a hand or a phone with a soft or a hard edge: (H, W)."""
    light = 1 - 0.18 * (1 + _cloud(shape, 2, rng)) / 2
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    along = (x / shape[1] - 0.5) * np.cos(angle) + (y / shape[0] - 0.5) * np.sin(angle)
    along = along + 0.08 * _cloud(shape, 3, rng)
    soft = float(np.exp(rng.uniform(np.log(0.002), np.log(0.1))))
    edge = 0.5 + 0.5 * np.tanh((along - rng.uniform(-0.2, 0.2)) / soft)
    return np.asarray((light * (1 - shadow * edge)).clip(0, 1), np.float32)
