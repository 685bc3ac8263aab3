"""Fonts that draw the ten digits, each as a shape of its own, and which of them are of one design.

The sprite painter draws with them. A font may have all code points and still draw digits of another script, ten equal
boxes or letters, so each font is looked at, not only asked. Many fonts of one machine share their digits (the Noto
fonts of most scripts have those of Noto Sans or Noto Serif), so they are told apart by what they draw: fonts of one
design stand together, and a reader that is measured on held-out designs has seen none of their fonts.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ImageFont

from glyphsmith.errors import DataError
from glyphsmith.synth.typefaces import BUNDLED_FONT, find_typefaces

__all__ = ["DIGITS", "DigitFont", "FontPart", "digit_masks", "find_digit_fonts", "font_part_named", "fonts_of_part"]

DIGITS = "0123456789"

#: Which fonts to draw with: all, those that readers learn from, or those kept back to measure readers with.
FontPart = Literal["all", "training", "held-out"]
_PARTS: tuple[FontPart, ...] = get_args(FontPart)

Looks = NDArray[np.float32]

_LOOK_PX = 48
_LOOK_W, _LOOK_H = 16, 24
#: Mean difference (0..1) of two fonts' digits, each in a box of 16 x 24. Below the first they are the same drawing;
#: below the second the same design: Liberation Sans and Mono differ by 0.044, Noto Sans and Liberation Sans by 0.11.
_SAME, _ALIKE = 0.005, 0.07
#: Two digits of one font that agree better than this are one shape; 5 and 6 of Liberation Mono Italic reach 0.844.
_ONE_SHAPE = 0.95
#: How many digits must look most like the right one of the bundled font: STIX bold italic reaches 6, Arabic digits 3.
_LEAST_RIGHT = 5
_STYLES = re.compile(
    r"\b(condensed|narrow|extra ?light|light|thin|medium|semi ?bold|bold|heavy|black|display|italic|oblique|slanted)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class DigitFont:
    """A font file that draws all ten digits; ``design`` is the name that fonts with alike digits share."""

    path: str
    family: str
    design: str


def digit_masks(path: str, size_px: int) -> tuple[NDArray[np.uint8], ...]:
    """Draw the ten digits as FreeType does: uint8 (h, w) coverage each, cut to the ink; (0, 0) where nothing is drawn.

    The font is closed again: a machine may have more fonts than a process may have open files.
    """
    # The basic layout: no font may replace a digit by its neighbours' wishes.
    font = ImageFont.truetype(path, size_px, layout_engine=ImageFont.Layout.BASIC)
    masks = []
    for digit in DIGITS:
        mask = font.getmask(digit, mode="L")
        masks.append(trimmed(np.asarray(mask, np.uint8).reshape(mask.size[1], mask.size[0])))
    return tuple(masks)


def trimmed(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Cut empty rows and columns off: uint8 (h, w)."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not len(rows):
        return ink[:0, :0]
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


@lru_cache(maxsize=8)
def find_digit_fonts(sources: Sequence[str]) -> tuple[DigitFont, ...]:
    """Find the fonts of the sources (those of ``typefaces``) that draw ten Latin digits; equal drawings count once.

    ``sources`` is a tuple. Raises DataError where there is no such font.
    """
    paths: list[str] = []
    looks: list[Looks] = []
    nearest: list[NDArray[np.float32]] = []
    for face in find_typefaces(sources, DIGITS):
        look = _look(face.path) if len(face.symbols) == len(DIGITS) else None
        if look is not None and _latin(look):
            differences = np.array([_difference(look, other) for other in looks], np.float32)
            if differences.min(initial=1.0) > _SAME:
                paths.append(face.path)
                looks.append(look)
                nearest.append(differences)
    if not paths:
        raise DataError(
            f"no font draws the ten digits (looked in: {', '.join(sources)})",
            hint='name a folder of fonts with --fonts, or "bundled"',
        )
    families = [_root(ImageFont.truetype(path, _LOOK_PX).getname()[0] or path) for path in paths]
    designs = _designs(families, nearest)
    return tuple(DigitFont(*font) for font in zip(paths, families, designs, strict=True))


def fonts_of_part(fonts: Sequence[DigitFont], part: FontPart, share: float) -> tuple[DigitFont, ...]:
    """Give the fonts of one part: whole designs are held out, about ``share`` of them, chosen by a hash of the name.

    So a design is in the same part on every machine that has the same fonts of it: it is named after the shortest name
    of its families. At least one design is on either side; raises DataError where there is only one.
    """
    if part == "all":
        return tuple(fonts)
    designs = sorted({font.design for font in fonts}, key=_rank)
    if len(designs) < 2:
        raise DataError(
            f"all {len(fonts)} fonts are of one design: none can be held out",
            hint='name more fonts with --fonts, for example "system"',
        )
    held = sum(_rank(design) < share for design in designs)
    out = set(designs[: min(max(1, held), len(designs) - 1)])
    return tuple(font for font in fonts if (font.design in out) == (part == "held-out"))


def font_part_named(name: str) -> FontPart:
    """Give the part of that name. Raises DataError."""
    for part in _PARTS:
        if part == name:
            return part
    raise DataError(f"there is no font part {name!r}", hint=f"there are: {', '.join(_PARTS)}")


def _rank(design: str) -> float:
    return int.from_bytes(hashlib.sha256(design.encode()).digest()[:6], "big") / 2**48


def _look(path: str) -> Looks | None:
    """Give the ten digits of a font in boxes of one size, 0..1: float32 (10, 384); None where one draws nothing."""
    looks = np.empty((len(DIGITS), _LOOK_H * _LOOK_W), np.float32)
    try:
        for digit, ink in enumerate(digit_masks(path, _LOOK_PX)):
            if min(ink.shape) < 2:
                return None
            looks[digit] = cv2.resize(ink, (_LOOK_W, _LOOK_H), interpolation=cv2.INTER_AREA).ravel()
    except (OSError, ValueError):  # a font that FreeType opens but cannot draw with
        return None
    return np.multiply(looks, 1 / 255, dtype=np.float32)


def _latin(look: Looks) -> bool:
    """Say whether ten shapes are ten different ones, and most of them like the digits of the bundled font."""
    mine = _standard(look)
    same = mine @ mine.T
    if float(np.max(same - np.eye(len(DIGITS), dtype=np.float32))) > _ONE_SHAPE:
        return False
    model = _look(str(BUNDLED_FONT))
    assert model is not None
    likeness = mine @ _standard(model).T
    return int(np.sum(likeness.argmax(axis=1) == np.arange(len(DIGITS)))) >= _LEAST_RIGHT


def _standard(look: Looks) -> Looks:
    centred = look - look.mean(axis=1, keepdims=True)
    return np.asarray(centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-6), np.float32)


def _difference(one: Looks, other: Looks) -> float:
    return float(cv2.norm(one, other, cv2.NORM_L1)) / one.size


def _root(family: str) -> str:
    """Give a family's name without words of weight, width and slope."""
    return " ".join(_STYLES.sub(" ", family).split()) or family


def _designs(families: Sequence[str], differences: Sequence[NDArray[np.float32]]) -> list[str]:
    """Name the design of each font: fonts of one family, and fonts with alike digits, belong together.

    ``differences[k]`` are those of font k to the fonts before it.
    """
    head = list(range(len(families)))

    def find(k: int) -> int:
        while head[k] != k:
            k = head[k]
        return k

    for k, family in enumerate(families):
        for other in {families.index(family), *np.flatnonzero(differences[k] < _ALIKE).tolist()}:
            head[find(k)] = find(other)
    names: defaultdict[int, set[str]] = defaultdict(set)
    for k, family in enumerate(families):
        names[find(k)].add(family)
    return [min(names[find(k)], key=lambda name: (len(name), name)) for k in range(len(families))]
