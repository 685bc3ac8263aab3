"""Paints one line of text as ``CaptchaSettings`` say; captcha.py and arithmetic.py choose the texts.

The order of steps is that of the ``captcha`` library: symbols side by side, overlapping a little, squeezed to the
picture's width where they are wider, then dots and curves over all, then a softening filter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from glyphsmith.display import several
from glyphsmith.errors import DataError
from glyphsmith.synth.camera import shown
from glyphsmith.synth.canvas import Canvas, Colour, any_colour, brightness
from glyphsmith.synth.chance import Chance
from glyphsmith.synth.glyphs import Case, Glyph, Warp, outlined, press, turned_size
from glyphsmith.synth.obstacles import Obstacles
from glyphsmith.synth.settings import CaptchaSettings
from glyphsmith.synth.typefaces import Typeface, find_typefaces

__all__ = ["Painted", "TextPainter"]

#: Fewer pixels of width for a symbol than these, and it cannot be told from its neighbours.
LEAST_PX_A_SYMBOL = 7
#: A box may be this much higher than the picture (what is cut off is mostly empty: the library's own 160 x 60 does it).
CUT_OFF = 1.3
#: The sheet that grain is cut out of is so many pixels larger than a picture, and up to twice as many.
_SHEET_PX = 256


class Painted(NamedTuple):
    """One picture and what is on it."""

    picture: NDArray[np.uint8]
    """uint8 (H, W, 3) RGB."""
    text: str
    spans: NDArray[np.float32]
    """float32 (symbols, 2): left and right end of every symbol's box, in pixels of the picture."""


@dataclass(slots=True)
class _Style:
    """What one picture drew for all its symbols."""

    scale: float
    stretched: bool
    hollow: bool
    turn_deg: float
    overlap: float
    shaken: float
    unsteady: float
    colours: list[Colour]
    ground: Colour
    patches: list[Colour]
    obstacles: Obstacles


@dataclass(slots=True)
class _Piece:
    """A symbol or a blank that waits for its place; blanks have no mask."""

    width: int
    mask: NDArray[np.uint8] | None = None
    sinks: float = 0.0


class TextPainter:
    """Paints texts over an alphabet; holds the fonts that were found and the symbols drawn so far.

    Painters may be sent to other processes: the fonts found go along, the drawn symbols do not.
    """

    def __init__(self, settings: CaptchaSettings, symbols: Sequence[str]) -> None:
        self.settings = settings
        self.typefaces: tuple[Typeface, ...] = find_typefaces(settings.fonts, symbols)
        self._symbols = tuple(symbols)
        self._prepare()
        self._check_room()

    def _prepare(self) -> None:
        #: symbol -> every (font, size) that can draw it.
        self._choices: dict[str, list[tuple[str, int]]] = {
            symbol: [
                (face.path, size)
                for face in self.typefaces
                if symbol in face.symbols
                for size in self.settings.font_sizes_px
            ]
            for symbol in self._symbols
        }
        expected = sum(map(len, self._choices.values()))
        self._case = Case(self.settings.box, self.settings.box_scale, self.settings.edges, expected)
        self._faces = {face.path: face.symbols for face in self.typefaces}
        self._everywhere = [(face.path, size) for face in self.typefaces for size in self.settings.font_sizes_px]

    def __getstate__(self) -> tuple[CaptchaSettings, tuple[Typeface, ...], tuple[str, ...]]:
        return self.settings, self.typefaces, self._symbols

    def __setstate__(self, state: tuple[CaptchaSettings, tuple[Typeface, ...], tuple[str, ...]]) -> None:
        self.settings, self.typefaces, self._symbols = state
        self._prepare()

    def _check_room(self) -> None:
        """Refuse a picture in which its own text could not be read."""
        settings = self.settings
        longest = settings.length[1]
        if settings.width_px < LEAST_PX_A_SYMBOL * longest:
            raise DataError(
                f"a picture {settings.width_px} px wide is too small for a text of {longest} symbols",
                hint=f"--width of at least {LEAST_PX_A_SYMBOL * longest}",
            )
        path, smallest = self._choices[self._symbols[0]][0][0], min(settings.font_sizes_px)
        for symbol in self._symbols[:64]:
            path = self._choices[symbol][0][0]
            glyph = self._case.glyph(path, smallest, symbol)
            tall = (glyph.box_h if settings.stretch > 0 else glyph.ink_h) * settings.scales[0]
            if tall > CUT_OFF * settings.height_px:
                raise DataError(
                    f"a picture {settings.height_px} px high is too small: {symbol!r} takes {tall:.0f} px",
                    hint=f"--height of at least {int(tall / CUT_OFF) + 1}, or smaller font sizes",
                )

    def describe(self) -> list[str]:
        """Say which fonts are used, and which of them lack symbols."""
        whole = [face.name for face in self.typefaces if len(face.symbols) == len(self._symbols)]
        part = [face for face in self.typefaces if len(face.symbols) < len(self._symbols)]
        symbols = several(len(self._symbols), "symbol")
        lines = [f"{several(len(whole), 'font')} with all {symbols}: {_listed(whole)}"]
        if part:
            lines.append(
                f"{several(len(part), 'font')} used for the symbols they have: "
                + _listed([f"{face.name} ({len(face.symbols)})" for face in part])
            )
        return lines

    def paint(self, text: Sequence[str], chance: Chance) -> Painted:
        """Paint one text; every draw comes from ``chance``."""
        settings = self.settings
        style = self._style(len(text), chance)
        one = self._one_font(text, chance)
        pieces: list[_Piece] = []
        places: list[int] = []
        for symbol in text:
            font = chance.pick(self._choices[symbol]) if one is None else one
            if chance.yes(settings.blank):
                # A blank has a size of its own, as in the library.
                size = chance.pick(settings.font_sizes_px) if one is None else font[1]
                pieces.append(_Piece(max(1, int(self._case.blank_px(font[0], size) * style.scale))))
            places.append(len(pieces))
            pieces.append(self._piece(symbol, font, style, chance))
        lefts, width = self._line(pieces, len(text), style, chance)
        canvas = self._canvas(width, style, chance)
        spans = np.empty((len(text), 2), np.float32)
        for k, place in enumerate(places):
            piece, left = pieces[place], lefts[place]
            assert piece.mask is not None
            colour = style.colours[k % len(style.colours)]
            free = settings.height_px - piece.mask.shape[0]
            top = int(free / 2 + piece.sinks + style.unsteady * max(0, free) / 2 * chance.between(-1, 1))
            canvas.press(piece.mask, left, top, colour)
            spans[k] = left, left + piece.width
        if width > settings.width_px:
            canvas.squeeze(settings.width_px)
            spans *= settings.width_px / width
        style.obstacles.before(canvas, settings, chance)
        if chance.yes(settings.smooth):
            canvas.smooth()
        return Painted(shown(canvas.picture(), settings, chance), settings.said(text), spans)

    def _style(self, n: int, chance: Chance) -> _Style:
        settings = self.settings
        dark = chance.yes(settings.dark_ground)
        ground = any_colour(chance, *settings.ground)
        count = n if chance.yes(settings.own_colours) else 1
        inks = [self._ink(chance, ground) for _ in range(count)]
        patches: list[Colour] = []
        if settings.patches and chance.yes(settings.patches):
            patches = [any_colour(chance, *settings.ground) for _ in range(n)]
        if dark:
            ground, inks = _negative(ground), [_negative(ink) for ink in inks]
            patches = [_negative(patch) for patch in patches]
        return _Style(
            scale=chance.between(*settings.scales),
            stretched=chance.yes(settings.stretch),
            hollow=settings.hollow > 0 and chance.yes(settings.hollow),
            turn_deg=chance.between(*settings.rotate_deg),
            overlap=chance.between(*settings.overlap),
            shaken=chance.between(*settings.shaken) if settings.shaken[1] else 0.0,
            unsteady=chance.between(*settings.unsteady),
            colours=inks,
            ground=ground,
            patches=patches,
            obstacles=Obstacles.drawn(settings, ground, inks, chance),
        )

    def _ink(self, chance: Chance, ground: Colour) -> Colour:
        colour = any_colour(chance, *self.settings.ink)
        for _ in range(8):
            if abs(brightness(colour) - brightness(ground)) >= self.settings.contrast:
                return colour
            colour = any_colour(chance, *self.settings.ink)
        # Eight colours too near to the ground: darken the last one as far as asked for.
        share = max(0.0, brightness(ground) - self.settings.contrast) / max(1.0, brightness(colour))
        red, green, blue = (int(part * min(1.0, share)) for part in colour)
        return red, green, blue

    def _one_font(self, text: Sequence[str], chance: Chance) -> tuple[str, int] | None:
        """Choose one font for a whole text where one was drawn and a font has all its symbols."""
        if not chance.yes(self.settings.one_font):
            return None
        for _ in range(8):
            font = chance.pick(self._everywhere)
            if self._faces[font[0]].issuperset(text):
                return font
        return None

    def _piece(self, symbol: str, font: tuple[str, int], style: _Style, chance: Chance) -> _Piece:
        settings = self.settings
        glyph = self._case.glyph(*font, symbol)
        plain = symbol in settings.plain
        angle = chance.between(-style.turn_deg, style.turn_deg)
        warp = Warp(angle, 0, 0, 0, 0) if plain else self._warp(glyph, angle, chance)
        stretched = style.stretched and not plain
        scale = style.scale
        if settings.own_sizes != (1.0, 1.0):
            scale *= chance.between(*settings.own_sizes)
        if settings.fit:
            tall = glyph.box_h if stretched else turned_size(glyph, angle)[1]
            scale = min(scale, settings.height_px / tall)
        mask = press(glyph, warp, box=(glyph.box_w, glyph.box_h) if stretched else None, scale=scale)
        if style.hollow:
            mask = outlined(mask)
        return _Piece(mask.shape[1], mask, 0.0 if style.stretched else glyph.below * style.scale)

    def _warp(self, glyph: Glyph, angle: float, chance: Chance) -> Warp:
        settings = self.settings
        (low_x, high_x), (low_y, high_y) = settings.warp_x, settings.warp_y
        of_x, of_y, x1, y1, x2, y2 = chance.units(6)
        if settings.warp_slip:
            most_x = of_x * (high_x - low_x) + low_x / glyph.box_w
            most_y = of_y * (high_y - low_y) + low_y / glyph.box_h
        else:
            most_x, most_y = low_x + of_x * (high_x - low_x), low_y + of_y * (high_y - low_y)
        return Warp(angle, most_x * (2 * x1 - 1), most_y * (2 * y1 - 1), most_x * (2 * x2 - 1), most_y * (2 * y2 - 1))

    def _line(self, pieces: list[_Piece], n: int, style: _Style, chance: Chance) -> tuple[list[int], int]:
        """Place the pieces one after the other: their left ends, and the width they need."""
        settings = self.settings
        together = sum(piece.width for piece in pieces)
        average = together // n
        most = int(abs(style.overlap) * average)
        sign = -1 if style.overlap >= 0 else 1
        left, lefts = int(average * settings.margin), []
        for piece in pieces:
            lefts.append(left)
            left += piece.width + sign * chance.whole(0, most)
        if not settings.fit:
            return lefts, max(together, settings.width_px)
        if style.shaken:
            units = chance.units(min(64, len(pieces)))
            lefts = [
                max(0, left + int(style.shaken * piece.width * (2 * units[k % 64] - 1)))
                for k, (left, piece) in enumerate(zip(lefts, pieces, strict=True))
            ]
        end = max(left + piece.width for left, piece in zip(lefts, pieces, strict=True))
        free = max(0, settings.width_px - end)
        if settings.spread[1] and len(pieces) > 1:
            laid = free * chance.between(*settings.spread)
            lefts = [left + int(laid * k / (len(pieces) - 1)) for k, left in enumerate(lefts)]
            free, end = free - int(laid), end + int(laid)
        start = int(free * chance.between(*settings.place))
        return [start + left for left in lefts], max(end, settings.width_px)

    def _canvas(self, width: int, style: _Style, chance: Chance) -> Canvas:
        settings = self.settings
        height = settings.height_px
        soft = settings.edges == "soft"
        shade = chance.between(*settings.shade)
        grain = chance.between(*settings.grain)
        even = shade < 1 and grain < 1 and not style.patches
        if len(style.colours) == 1 and even and not style.obstacles.colourful:
            return Canvas.of_one_ink(width, height, style.ground, style.colours[0], pale=settings.pale, soft=soft)
        ground = np.empty((height, width, 3), np.float32)
        ground[:] = style.ground
        for k, patch in enumerate(style.patches):
            ground[:, width * k // len(style.patches) : width * (k + 1) // len(style.patches)] = patch
        if shade >= 1:
            corners = (chance.many(4).reshape(2, 2) * shade - shade / 2).astype(np.float32)
            ground += np.asarray(cv2.resize(corners, (width, height), interpolation=cv2.INTER_LINEAR))[:, :, None]
        if grain >= 1:
            layers = 3 if settings.coloured_grain and chance.yes(settings.coloured_grain) else 1
            ground += grain * _grain(height, width, layers, chance)
        canvas = Canvas.of_ground(ground.clip(0, 255).astype(np.uint8), pale=settings.pale, soft=soft)
        style.obstacles.behind(canvas, settings, chance)
        return canvas


def _grain(height: int, width: int, layers: int, chance: Chance) -> NDArray[np.float32]:
    """Cut float32 (height, width, layers) of standard deviation 1 out of a sheet; drawing it anew took longer."""
    sheet = _sheet(-(-height // _SHEET_PX) + 1, -(-width // _SHEET_PX) + 1)
    y, x = int(chance.unit() * (len(sheet) - height)), int(chance.unit() * (sheet.shape[1] - width))
    return sheet[y : y + height, x : x + width, :layers]


@lru_cache(maxsize=4)
def _sheet(down: int, across: int) -> NDArray[np.float32]:
    size = (down * _SHEET_PX, across * _SHEET_PX, 3)
    return np.random.Generator(np.random.Philox(key=0)).standard_normal(size, dtype=np.float32)


def _negative(colour: Colour) -> Colour:
    return 255 - colour[0], 255 - colour[1], 255 - colour[2]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "") if names else "none"
