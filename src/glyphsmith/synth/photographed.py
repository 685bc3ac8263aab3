"""A clean symbol as people really hand it in: drawn with another pen, on paper or screen, photographed badly.

``run`` calls it for copies of the training pictures before they go through the preparation graph, so that the network
sees what the preparation leaves of shadows, grain, hair lines and blots. Seeded: the same generator, the same pixels.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["photographed"]

Floats = NDArray[np.float32]


def photographed(glyph: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Paint one picture of a symbol anew.

    ``glyph`` is uint8 (H, W), light ink on a black ground. Gives uint8 (h, w, 3), about 20 to 270 pixels a side, either
    polarity, off-centre, with another stroke width; half are clean as from a paint program, half as from a camera.
    """
    side = round(float(np.exp(rng.uniform(np.log(20), np.log(100)))))
    ink = _another_pen(_enlarged(glyph, side), rng)
    canvas = _placed(ink, rng)
    camera = rng.random() < 0.55
    if camera and min(canvas.shape) < 48:
        grow = 48 / min(canvas.shape)
        canvas = cv2.resize(canvas, None, fx=grow, fy=grow, interpolation=cv2.INTER_CUBIC).clip(0, 1)
    picture = _on_paper(canvas, rng) if camera else _on_screen(canvas, rng)
    if camera and rng.random() < 0.7:
        quality = int(rng.integers(35, 95))
        encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        picture = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)
    return np.ascontiguousarray(picture)


def _enlarged(glyph: NDArray[np.uint8], side: int) -> Floats:
    """Cut the ink out and scale its long side to ``side`` pixels with crisp edges: float32 (h, w) in 0..1."""
    rows, columns = np.flatnonzero(glyph.max(axis=1) > 40), np.flatnonzero(glyph.max(axis=0) > 40)
    if len(rows) and len(columns):
        glyph = glyph[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    factor = side / max(glyph.shape)
    margin = max(2, round(4 / factor)) if factor < 1 else 2
    padded = cv2.copyMakeBorder(glyph, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=0)
    height, width = (max(1, round(length * factor)) for length in padded.shape)
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    big: Any = cv2.resize(padded, (width, height), interpolation=how).astype(np.float32) / 255
    if factor > 1.5:
        # A symbol of 20 pixels enlarged is a blur; a pen has an edge of about a pixel.
        big = cv2.GaussianBlur(big, (0, 0), 0.35 * factor)
        big = 0.5 + 0.5 * np.tanh((big - 0.45) * 2 * factor)
    return np.asarray(big.clip(0, 1), np.float32)


def _another_pen(ink: Floats, rng: np.random.Generator) -> Floats:
    """Make the strokes thinner or thicker, by up to two thirds of their half width, without losing any."""
    solid = (ink > 0.5).astype(np.uint8)
    if not solid.any():
        return ink
    depth = cv2.distanceTransform(solid, cv2.DIST_L2, 3)
    # Half the stroke's width: the depth on its middle lines, where the depth is a local maximum.
    ridge = depth[(depth >= cv2.dilate(depth, np.ones((3, 3), np.uint8)) - 1e-3) & (solid > 0)]
    half = float(np.median(ridge)) if ridge.size else 1.0
    change = float(rng.uniform(-0.7, 0.7)) * half
    outside = cv2.distanceTransform(1 - solid, cv2.DIST_L2, 3)
    signed = depth - outside + change
    if change < 0:
        # Where a stroke is thinner than what is taken away its middle line stays.
        middle = (depth >= cv2.dilate(depth, np.ones((3, 3), np.uint8)) - 1e-3) & (solid > 0)
        signed = np.where(middle, np.maximum(signed, 0.5), signed)
    return np.asarray((signed + 0.5).clip(0, 1), np.float32)


def _placed(ink: Floats, rng: np.random.Generator) -> Floats:
    """Lay the symbol somewhere on an empty canvas, with a margin of 3 % to 160 % of its own size."""
    side = max(ink.shape)
    room = side * (1.06 + float(rng.choice([rng.uniform(0, 0.5), rng.uniform(0.3, 1.6)])))
    height = max(ink.shape[0] + 2, round(room * float(rng.uniform(0.9, 1.1))))
    width = max(ink.shape[1] + 2, round(room * float(rng.uniform(0.75, 1.35))))
    top = round((height - ink.shape[0]) * float(np.clip(rng.normal(0.5, 0.18), 0, 1)))
    left = round((width - ink.shape[1]) * float(np.clip(rng.normal(0.5, 0.18), 0, 1)))
    canvas = np.zeros((height, width), np.float32)
    canvas[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return canvas


def _on_screen(ink: Floats, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A paint program: two flat colours, dark on light or light on dark."""
    dark, light = rng.uniform(0, 0.35, 3), rng.uniform(0.7, 1.0, 3)
    if rng.random() < 0.5:
        dark, light = np.zeros(3), np.ones(3)
    ground, pen = (light, dark) if rng.random() < 0.6 else (dark, light)
    if rng.random() < 0.25:
        ink = (ink > 0.5).astype(np.float32)
    picture = ground + (pen - ground) * ink[:, :, None]
    return np.asarray((picture * 255).round().clip(0, 255), np.uint8)


def _cloud(shape: tuple[int, int], cells: int, rng: np.random.Generator) -> Floats:
    """Smooth noise in -1..1 with about ``cells`` features a side."""
    small = rng.uniform(-1, 1, (cells + 2, cells + 2)).astype(np.float32)
    return np.asarray(cv2.resize(small, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC), np.float32)


def _on_paper(ink: Floats, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A photo: paper with grain, uneven light, a shadow, pen or pencil, lens blur and sensor noise."""
    shape = (ink.shape[0], ink.shape[1])
    light_on_dark = rng.random() < 0.15
    light = np.ones(shape, np.float32) + float(rng.uniform(0, 0.25)) * _cloud(shape, 1, rng)
    if rng.random() < 0.4:
        ys, xs = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
        angle = rng.uniform(0, 2 * np.pi)
        along = (xs - shape[1] / 2) * np.cos(angle) + (ys - shape[0] / 2) * np.sin(angle)
        soft = max(shape) * float(rng.uniform(0.02, 0.4))
        edge = 0.5 + 0.5 * np.tanh((along - rng.normal(0, 0.25) * max(shape)) / (2 * soft))
        light = light * (1 - float(rng.uniform(0.1, 0.55)) * edge.astype(np.float32))
    grain = float(rng.uniform(0, 0.03)) * rng.standard_normal(shape, np.float32)
    grain = grain + float(rng.uniform(0, 0.04)) * _cloud(shape, int(rng.integers(6, 24)), rng)
    paper = rng.uniform(0.55, 0.98) * (1 - rng.uniform(0, 0.12, 3))
    strength = float(rng.uniform(0.3, 0.97))
    if rng.random() < 0.35:
        # Pencil, chalk and dry felt pens leave the paper's grain in the stroke.
        ink = ink * (1 - float(rng.uniform(0.1, 0.5)) * rng.random(shape, np.float32))
    tint = rng.uniform(0, 0.25, 3)
    if light_on_dark:
        ground, pen = 0.35 * paper * rng.uniform(0.2, 1.0), paper * strength + 0.3
    else:
        ground, pen = paper, paper * (1 - strength) + tint * strength
    picture = ground + (pen - ground) * ink[:, :, None]
    picture = picture * (light * (1 + grain))[:, :, None]
    if rng.random() < 0.15:
        # Ruled or squared paper, fainter than the ink.
        pitch, first = int(rng.integers(max(6, shape[0] // 6), max(8, shape[0]))), int(rng.integers(0, 8))
        picture[first::pitch] *= float(rng.uniform(0.85, 0.97))
        if rng.random() < 0.5:
            picture[:, first::pitch] *= float(rng.uniform(0.85, 0.97))
    blur = float(rng.uniform(0, 0.012)) * max(shape)
    if blur > 0.3:
        picture = cv2.GaussianBlur(picture, (0, 0), blur)
    picture = picture + float(rng.uniform(0, 0.03)) * rng.standard_normal(picture.shape, np.float32)
    return np.asarray((picture * 255).round().clip(0, 255), np.uint8)
