"""Single symbols of any script, painted from every font that has them: runes, Chinese, an alphabet of one's own.

``glyphsmith synth glyphs`` writes them, a folder a symbol, and ``glyphsmith train`` learns from the folder. Picture
``index`` of ``seed`` is the same wherever it is painted. Symbols take turns, so each has as many pictures as any other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from glyphsmith.display import several
from glyphsmith.errors import DataError
from glyphsmith.synth.chance import Chance, Seeded
from glyphsmith.synth.shapes import SHAPE_PX, Shape, shape_of
from glyphsmith.synth.typefaces import Typeface, find_typefaces

__all__ = ["AlphabetPainter", "AlphabetSettings"]

Floats = NDArray[np.float32]
#: A symbol whose ink goes deeper than this share of its size is a blot: a full stop, whose middle line is a point.
_BLOT = 0.25
_LUMA = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True, slots=True, kw_only=True)
class AlphabetSettings:
    """How symbols are painted; a pair is a range that every picture draws from."""

    symbols: tuple[str, ...]
    fonts: tuple[str, ...] = ("bundled", "matplotlib", "system")
    #: The longer side of a picture.
    side_px: tuple[int, int] = (32, 80)
    #: The share of the longer side that the symbol fills.
    fill: tuple[float, float] = (0.55, 0.92)
    #: Probability that a picture is drawn with a pen along the symbol's middle line.
    handwritten: float = 0.0
    #: Largest angles to either side; more would make a Z of an N.
    rotate_deg: float = 10.0
    slant_deg: float = 14.0
    #: Printed strokes grow or shrink by up to this share of half their width.
    weight: float = 0.45
    #: A slow bend of the whole symbol, as a share of its size.
    bend: float = 0.03
    #: Largest standard deviations: of the blur as a share of the longer side, of the noise in grey levels.
    blur: float = 0.014
    noise: float = 10.0
    light_ink: float = 0.2
    #: Least difference of brightness between ink and ground, of 255.
    contrast: float = 70.0
    #: Probability of a ground with a grain, as of wood, stone or cloth, half of them with a shadow's edge across.
    grain: float = 0.0

    def __post_init__(self) -> None:
        if not self.symbols:
            raise DataError("there is no symbol to paint", hint='--symbols "ᚠᚢᚦ"')
        low, high = self.side_px
        if not 12 <= low <= high <= 1024:
            raise DataError(f"the size {low}-{high} is not a range within 12 to 1024 pixels", hint="--size 32-80")
        if not 0 <= self.handwritten <= 1:
            raise DataError(f"handwritten = {self.handwritten}: expected a share in 0..1")


class AlphabetPainter:
    """Paints endless pictures of the symbols; may be sent to worker processes.

    ``typefaces`` are those to use, where they are found already; each paints those of its symbols that are asked for.
    """

    def __init__(self, settings: AlphabetSettings, typefaces: Sequence[Typeface] = ()) -> None:
        self.settings = settings
        self.typefaces: tuple[Typeface, ...] = tuple(typefaces) or find_typefaces(settings.fonts, settings.symbols)
        self._choices = {
            symbol: [face for face in self.typefaces if symbol in face.symbols] for symbol in settings.symbols
        }
        self._seeded: Seeded | None = None

    def describe(self) -> list[str]:
        """Say which fonts are used, and which symbols are in few of them."""
        faces = sorted(self.typefaces, key=lambda face: -len(face.symbols))
        shown = ", ".join(f"{face.name} ({len(face.symbols)})" for face in faces[:8])
        more = f" and {len(faces) - 8} more" if len(faces) > 8 else ""
        have = f"{several(len(faces), 'font')} {'has' if len(faces) == 1 else 'have'} some"
        lines = [f"{have} of the {several(len(self.settings.symbols), 'symbol')}: {shown}{more}"]
        rare = [symbol for symbol, choices in self._choices.items() if len(choices) == 1]
        if rare and not self.settings.handwritten:
            lines.append(
                f"in one font only: {' '.join(rare[:40])}{' ...' if len(rare) > 40 else ''}; "
                "--handwritten or further --fonts make them differ more"
            )
        return lines

    def text(self, seed: int, index: int) -> str:
        """Give the symbol of a picture without painting it."""
        del seed
        return self.settings.symbols[index % len(self.settings.symbols)]

    def font_of(self, seed: int, index: int) -> str:
        """Give the name of the font of a picture without painting it."""
        return self._chance(seed, index).pick(self._choices[self.text(seed, index)]).name

    def paint(self, seed: int, index: int) -> tuple[NDArray[np.uint8], str]:
        """Paint a picture: uint8 (H, W, 3) RGB, ``side_px`` on its longer side, and its symbol."""
        symbol, chance = self.text(seed, index), self._chance(seed, index)
        shape = shape_of(chance.pick(self._choices[symbol]).path, symbol)
        return self._coloured(self._ink(shape, chance), chance), symbol

    def paint_batch(self, seed: int, indices: Sequence[int]) -> tuple[list[NDArray[np.uint8]], list[str]]:
        """Paint several pictures, which differ in size, and give their symbols."""
        painted = [self.paint(seed, index) for index in indices]
        return [picture for picture, _ in painted], [symbol for _, symbol in painted]

    def _ink(self, shape: Shape, chance: Chance) -> Floats:
        """Draw the symbol somewhere on a canvas: float32 (H, W), 0 ground to 1 ink."""
        settings = self.settings
        # A dot is a dot, with a pen too: the middle line of a blot is nothing a hand draws.
        pen = chance.yes(settings.handwritten) and shape.deepest_px < _BLOT * SHAPE_PX
        field = shape.middle if pen else shape.outline
        side = chance.whole(*settings.side_px)
        slant = math.tan(math.radians(chance.between(-1, 1) * settings.slant_deg))
        turn = math.radians(chance.between(-1, 1) * settings.rotate_deg)
        stretch = math.exp(chance.between(-0.14, 0.14))
        cos, sin = math.cos(turn), math.sin(turn)
        matrix = np.array([[cos, -sin], [sin, cos]]) @ np.array([[stretch, -slant], [0.0, 1 / stretch]])
        # The ink's corners after turn and slant say how large the symbol is, and the canvas with it.
        h, w = field.shape
        rows, columns = np.nonzero(shape.outline > 0)
        if not len(rows):
            rows, columns = np.array([0, h - 1]), np.array([0, w - 1])
        centre = np.array([(columns.min() + columns.max()) / 2, (rows.min() + rows.max()) / 2])
        turned = (np.stack([columns, rows], axis=1) - centre) @ matrix.T
        low, high = turned.min(axis=0), turned.max(axis=0)
        scale = side * chance.between(*settings.fill) / max(float((high - low).max()), 1.0)
        # Near a square, so that an I is no sliver, but not always.
        extent = (high - low) * scale
        size = np.minimum(np.maximum(side * chance.between(0.65, 1.0), extent + 4), side)
        size[int(extent.argmax())] = side
        width, height = (max(8, round(float(length))) for length in size)
        free = np.array([width, height]) - extent
        corner = free * np.array([chance.between(0.25, 0.75), chance.between(0.25, 0.75)])
        # From a pixel of the canvas back to the field, with a slow bend, and for a pen a quick tremble too.
        back = np.linalg.inv(matrix * scale)
        y, x = np.mgrid[0:height, 0:width]
        places = np.stack([x, y], axis=-1) - (corner - low * scale)
        source = places @ back.T + centre
        bend = settings.bend * (1.8 if pen else 1.0) * SHAPE_PX * chance.between(0.2, 1)
        source = source + bend * _waves((height, width), 3, chance)
        if pen:
            source = source + 0.012 * SHAPE_PX * chance.unit() * _waves((height, width), 9, chance)
        away = -60.0 if not pen else 60.0
        distance = cv2.remap(
            field, source[..., 0].astype(np.float32), source[..., 1].astype(np.float32), cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT, borderValue=away,
        )  # fmt: skip
        if pen:
            # A pen is as wide as it is, whatever the symbol; pressure changes along the stroke.
            half = SHAPE_PX * math.exp(chance.between(math.log(0.018), math.log(0.075)))
            half = np.maximum(half, 0.55 / scale)
            pressure = 1 + 0.3 * chance.unit() * _waves((height, width), 5, chance)[..., 0]
            distance = half * pressure - distance
        else:
            change = chance.between(-1, 1) * settings.weight * shape.half_px
            # What is thinner than a pixel would fade into the ground.
            distance = distance + max(change, 0.45 / scale - shape.half_px)
        return np.asarray((distance * scale + 0.5).clip(0, 1), np.float32)

    def _coloured(self, ink: Floats, chance: Chance) -> NDArray[np.uint8]:
        settings = self.settings
        shape = ink.shape[0], ink.shape[1]
        blur = settings.blur * max(shape) * chance.unit()
        if blur > 0.25:
            ink = np.asarray(cv2.GaussianBlur(ink, (0, 0), blur), np.float32)
        ground, pen = self._colours(chance)
        grained = self.settings.grain > 0 and chance.yes(self.settings.grain)
        surface = ground * _grain(shape, chance) if grained else ground
        picture = surface + (pen - surface) * ink[..., None]
        if grained and chance.yes(0.5):
            picture = picture * _shadow(shape, chance)
        if chance.yes(0.5):
            light = 1 + chance.between(0, 0.2) * _waves(shape, 2, chance)[..., :1]
            picture = picture * np.minimum(light, 255 / max(float(picture.max()), 1.0) + 0.05)
        if chance.yes(0.6):
            picture = picture + settings.noise * chance.unit() * chance.generator.standard_normal((*shape, 1))
        return np.asarray(picture.round().clip(0, 255), np.uint8)

    def _colours(self, chance: Chance) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Draw a light and a dark colour that differ enough, and say which is the ground: two of (3,)."""
        settings = self.settings
        light = chance.between(165, 255) * (1 - 0.15 * chance.many(3))
        dark = chance.between(0, 150) * (1 - 0.8 * chance.unit() * chance.many(3))
        gap = float(_LUMA @ light - _LUMA @ dark)
        if gap < settings.contrast:
            dark = dark * max(0.0, (float(_LUMA @ light) - settings.contrast) / max(float(_LUMA @ dark), 1.0))
        return (dark, light) if chance.yes(settings.light_ink) else (light, dark)

    def _chance(self, seed: int, index: int) -> Chance:
        if self._seeded is None or self._seeded.seed != seed:
            self._seeded = Seeded(seed)
        return self._seeded.of(index)

    def __getstate__(self) -> dict[str, object]:
        # A generator's state belongs to the process that draws from it.
        return {**self.__dict__, "_seeded": None}


def _grain(shape: tuple[int, int], chance: Chance) -> Floats:
    """Streaks of a few widths along one direction: factors (H, W, 1) about 1."""
    height, width = shape
    total: Floats = np.zeros((height, width), np.float32)
    # Stone and cloth are as rough along as across; wood is up to forty times longer than wide.
    longer = math.exp(chance.between(0, math.log(40)))
    for size in (2, 6, 16):
        cells = max(2, round(max(shape) / size)), max(2, round(max(shape) / size / longer))
        small = (2 * chance.many(cells[0] * cells[1]) - 1).astype(np.float32).reshape(cells)
        streaks = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
        total = np.asarray(total + streaks * chance.unit(), np.float32)
    turned = cv2.resize(np.ascontiguousarray(total.T), (width, height)) if chance.yes(0.5) else total
    strength = chance.between(0.02, 0.16) / max(float(np.std(turned)), 1e-6)
    return np.asarray(1 + strength * turned, np.float32)[..., None]


def _shadow(shape: tuple[int, int], chance: Chance) -> Floats:
    """Darken one side of a soft or sharp straight edge: factors (H, W, 1)."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]]
    angle = chance.between(-math.pi, math.pi)
    along = math.cos(angle) * (x / shape[1] - 0.5) + math.sin(angle) * (y / shape[0] - 0.5)
    side = 1 / (1 + np.exp((chance.between(-0.4, 0.4) - along) * chance.between(5, 40)))
    return np.asarray(1 - chance.between(0.1, 0.5) * side, np.float32)[..., None]


def _waves(shape: tuple[int, int], cells: int, chance: Chance) -> Floats:
    """Smooth noise in about -1..1 with ``cells`` features a side: float32 (H, W, 2)."""
    small = (2 * chance.many(2 * (cells + 1) ** 2) - 1).astype(np.float32).reshape(cells + 1, cells + 1, 2)
    return np.asarray(cv2.resize(small, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC), np.float32)
