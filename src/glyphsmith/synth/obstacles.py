"""What is in the way of a text: scratches behind it; dots, curves and lines over it, as in the ``captcha`` library."""

from __future__ import annotations

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
        return cls(scratches, dots, curves, lines, confetti, ground, tuple(inks))

    @property
    def colourful(self) -> bool:
        """Whether a canvas of one ink does not do."""
        return self.confetti or self.scratches != 0

    def behind(self, canvas: Canvas, settings: CaptchaSettings, chance: Chance) -> None:
        """Lay scratches on an empty canvas."""
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

    def _of_dots(self, count: int, chance: Chance) -> Colour | NDArray[np.uint8]:
        if not self.confetti:
            return chance.pick(self.inks)
        return (256 * chance.many(3 * count)).astype(np.uint8).reshape(count, 3)

    def _of_stroke(self, chance: Chance) -> Colour:
        return any_colour(chance, 0, 255) if self.confetti else chance.pick(self.inks)
