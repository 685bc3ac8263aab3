"""What is in the way of a text: scratches and meshes behind it; dots, curves and lines over it as in the ``captcha``
library, and what other sites lay over theirs: strokes that wave from edge to edge, specks, meshes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from glyphsmith.synth.canvas import Canvas, Colour, any_colour
from glyphsmith.synth.chance import Chance
from glyphsmith.synth.settings import CaptchaSettings

__all__ = ["Obstacles"]

#: How far the colour of a scratch is from that of the ground to that of the text, as a share; beyond, it is a stroke.
_FAINT = (0.15, 0.9)
#: The longest scratch, as a share of the picture's height.
_SCRATCH = 0.5
#: How far the lines of a mesh lie apart, as a share of the picture's height.
_MESH_APART = (0.1, 0.35)
#: Thicker lines, in pixels, would be all there is to see.
_MESH_THICK = 2
#: How far a stroke waves to either side, as a share of the height, and how often over the picture's width.
_SNAKE_REACH = (0.03, 0.3)
_SNAKE_WAVES = (0.3, 3.0)


@dataclass(frozen=True, slots=True)
class Obstacles:
    """How many there are of each kind in one picture, and in which colours."""

    scratches: int
    dots: int
    curves: int
    lines: int
    confetti: bool
    ground: Colour
    inks: tuple[Colour, ...]
    snakes: int = 0
    mesh: Colour | None = None
    mesh_over: bool = False
    speckle: float = 0.0

    @classmethod
    def drawn(cls, settings: CaptchaSettings, ground: Colour, inks: list[Colour], chance: Chance) -> Self:
        """Draw which kinds are there; where all always are, counts are drawn later, as the library does."""
        certain = settings.obstructed >= 1
        scratches = -1 if settings.scratches[1] else 0
        dots = curves = lines = -1
        if not certain:
            scratches, dots, curves, lines = (-1 if there < settings.obstructed else 0 for there in chance.units(4))
            scratches = scratches if settings.scratches[1] else 0
        confetti = settings.confetti > 0 and chance.yes(settings.confetti)
        snakes, mesh, over, speckle = 0, None, False, 0.0
        if settings.snakes[1] and chance.yes(settings.obstructed):
            snakes = chance.whole(*settings.snakes)
        if settings.mesh and chance.yes(settings.mesh):
            mesh, over = _between(ground, chance.pick(inks), chance.between(*_FAINT)), chance.yes(0.5)
        if settings.speckle[1] and chance.yes(settings.obstructed):
            speckle = chance.between(*settings.speckle)
        return cls(scratches, dots, curves, lines, confetti, ground, tuple(inks), snakes, mesh, over, speckle)

    @property
    def colourful(self) -> bool:
        """Whether a canvas of one ink does not do."""
        return self.confetti or self.scratches != 0 or self.mesh is not None

    def behind(self, canvas: Canvas, settings: CaptchaSettings, chance: Chance) -> None:
        """Lay scratches and a mesh on an empty canvas."""
        if self.mesh is not None and not self.mesh_over:
            _mesh(canvas, self.mesh, settings, chance)
        if not self.scratches:
            return
        height, width = canvas.size
        count = chance.whole(*settings.scratches)
        reach = max(2.0, _SCRATCH * height)
        most = chance.between(*_FAINT)
        draws = chance.many(6 * count).reshape(6, count)
        lefts, tops = (draws[0] * width).astype(int), (draws[1] * height).astype(int)
        ends_x = lefts + ((2 * draws[2] - 1) * reach).astype(int)
        ends_y = tops + ((2 * draws[3] - 1) * reach).astype(int)
        inks = np.array(self.inks, np.float32)[(draws[4] * len(self.inks)).astype(int)]
        if self.confetti:
            inks = (255 * chance.many(3 * count)).reshape(count, 3).astype(np.float32)
        ground = np.array(self.ground, np.float32)
        colours = (ground + (inks - ground) * (most * (0.3 + 0.7 * draws[5]))[:, None]).astype(int)
        for k in range(count):
            red, green, blue = colours[k].tolist()
            start, end = (int(lefts[k]), int(tops[k])), (int(ends_x[k]), int(ends_y[k]))
            canvas.line(start, end, 1, (red, green, blue))

    def before(self, canvas: Canvas, settings: CaptchaSettings, chance: Chance) -> None:
        """Lay dots, curves and lines over the text."""
        w, h = settings.width_px, settings.height_px
        dots = chance.whole(*settings.dots) if self.dots else 0
        if dots:
            places = chance.many(2 * dots)
            xs, ys = (places[:dots] * (w + 1)).astype(np.intp), (places[dots:] * (h + 1)).astype(np.intp)
            canvas.dots(xs, ys, chance.whole(*settings.dot_sizes_px), self._of_dots(dots, chance))
        for _ in range(chance.whole(*settings.curves) if self.curves else 0):
            left = chance.whole(0, w // 5)
            right = max(left, chance.whole(int(w * settings.curve_right + 0.5), w))
            top = chance.whole(h // 5, h - h // 5)
            bottom = chance.whole(top, h - h // 5)
            end, start = chance.whole(160, 200), chance.whole(0, 20)
            box = (left, top, right, bottom)
            canvas.curve(box, start, end, chance.whole(*settings.stroke_px), self._of_stroke(chance))
        for _ in range(chance.whole(*settings.lines) if self.lines else 0):
            begin = (chance.whole(0, w // 3), chance.whole(0, h - 1))
            until = (chance.whole(w - w // 3, w - 1), chance.whole(0, h - 1))
            canvas.line(begin, until, chance.whole(*settings.stroke_px), self._of_stroke(chance))
        if self.mesh is not None and self.mesh_over:
            _mesh(canvas, self.mesh, settings, chance)
        for _ in range(self.snakes):
            canvas.path(_snake(w, h, chance), chance.whole(*settings.stroke_px), self._of_stroke(chance))
        specks = int(self.speckle * w * h)
        if specks:
            places = chance.many(2 * specks)
            xs, ys = (places[:specks] * w).astype(np.intp), (places[specks:] * h).astype(np.intp)
            canvas.dots(xs, ys, 1, self._of_dots(specks, chance))

    def _of_dots(self, count: int, chance: Chance) -> Colour | NDArray[np.uint8]:
        if not self.confetti:
            return chance.pick(self.inks)
        return (256 * chance.many(3 * count)).astype(np.uint8).reshape(count, 3)

    def _of_stroke(self, chance: Chance) -> Colour:
        return any_colour(chance, 0, 255) if self.confetti else chance.pick(self.inks)


def _between(ground: Colour, ink: Colour, share: float) -> Colour:
    red, green, blue = (int(under + (over - under) * share) for under, over in zip(ground, ink, strict=True))
    return red, green, blue


def _snake(width: int, height: int, chance: Chance) -> NDArray[np.int32]:
    """Give the points (N, 2) of a stroke that waves from the left edge to the right one around a slanted line."""
    begin, end = (height * chance.between(0.15, 0.85) for _ in range(2))
    reach, waves, phase = height * chance.between(*_SNAKE_REACH), chance.between(*_SNAKE_WAVES), chance.unit()
    share = np.linspace(0, 1, max(8, width // 3))
    y = begin + (end - begin) * share + reach * np.sin(2 * math.pi * (waves * share + phase))
    return np.stack([share * (width - 1), y], axis=1).round().astype(np.int32)


def _mesh(canvas: Canvas, colour: Colour, settings: CaptchaSettings, chance: Chance) -> None:
    """Draw nested ellipses, or lines of one or two directions, an even way apart."""
    width, height = settings.width_px, settings.height_px
    kind, start = chance.whole(0, 3), chance.unit()
    apart = max(4.0, height * chance.between(*_MESH_APART))
    thick = chance.whole(settings.stroke_px[0], max(settings.stroke_px[0], min(_MESH_THICK, settings.stroke_px[1])))
    if kind == 0:
        x, y = int(width * chance.between(0.2, 0.8)), int(height * chance.between(0.2, 0.8))
        flat = chance.between(0.4, 1.0)
        for ring in range(1, int(width / apart) + 1):
            across, down = int(ring * apart), int(ring * apart * flat)
            canvas.curve((x - across, y - down, x + across, y + down), 0, 360, thick, colour)
        return
    slant = 0.0 if kind == 1 else height * chance.between(-1.5, 1.5)
    for k in range(-int(height / apart) * 2, int((width + 2 * height) / apart) + 1):
        x = int((k + start) * apart)
        canvas.line((x, 0), (int(x + slant), height - 1), thick, colour)
    if kind != 3:
        for k in range(int(height / apart) + 1):
            y = int((k + start) * apart)
            canvas.line((0, y), (width - 1, y), thick, colour)
