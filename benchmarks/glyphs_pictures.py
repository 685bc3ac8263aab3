"""The pictures the shipped reader `glyphs` learned from: symbols of many scripts, painted, and handwritten alphabets.

    python benchmarks/glyphs_pictures.py OUT --fonts installed [--fonts DIR] [--grain 0.3] [--drawn DIR ...]
    glyphsmith train OUT --recipe glyphs

The shipped one learned in two steps, first without grain; its card has the commands.

OUT gets one folder a label. Every symbol of `SCRIPTS` that some font has is painted, printed and as with a pen, except
what looks the same as a symbol before it (A in Latin, Greek and Cyrillic). A DIR of `--drawn` holds handwritten
alphabets as ALPHABET/CHARACTER/PICTURE.png, the way Omniglot's archives unpack; those of `HELD_OUT` are left out, and
so are the scripts they belong to, so that few-sample figures on them mean something. So is MNIST.
"""

from __future__ import annotations

import argparse
import shutil
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from glyphsmith.synth.alphabets import AlphabetPainter, AlphabetSettings
from glyphsmith.synth.shapes import shape_of
from glyphsmith.synth.typefaces import Typeface, typefaces_with

HELD_OUT = ("Balinese", "Early_Aramaic", "Sanskrit", "Tagalog")
#: First and last code point, and the most symbols taken, evenly spread. Not here: the scripts of `HELD_OUT`.
SCRIPTS = {
    "digits": (0x30, 0x39, 10),
    "capitals": (0x41, 0x5A, 26),
    "small letters": (0x61, 0x7A, 26),
    "Greek": (0x391, 0x3C9, 57),
    "Cyrillic": (0x410, 0x44F, 64),
    "Armenian": (0x531, 0x586, 70),
    "Hebrew": (0x5D0, 0x5EA, 27),
    "Thai": (0xE01, 0xE2E, 46),
    "Georgian": (0x10D0, 0x10F0, 33),
    "Hangul letters": (0x3131, 0x3163, 51),
    "Hangul": (0xAC00, 0xD7A3, 70),
    "Ethiopic": (0x1200, 0x135A, 70),
    "Cherokee": (0x13A0, 0x13F4, 70),
    "Canadian syllables": (0x1401, 0x1676, 90),
    "Runic": (0x16A0, 0x16EA, 75),
    "arrows": (0x2190, 0x21FF, 30),
    "operators": (0x2200, 0x22FF, 50),
    "geometric": (0x25A0, 0x25FF, 24),
    "signs": (0x2600, 0x26FF, 60),
    "Coptic": (0x2C80, 0x2CB1, 30),
    "Tifinagh": (0x2D30, 0x2D67, 45),
    "Hiragana": (0x3042, 0x3093, 46),
    "Katakana": (0x30A2, 0x30F3, 46),
    "Chinese": (0x4E00, 0x9FA5, 180),
    "Vai": (0xA500, 0xA60B, 40),
    "Gothic": (0x10330, 0x1034A, 27),
    "Deseret": (0x10400, 0x1044F, 40),
    "Old Turkic": (0x10C00, 0x10C48, 40),
    "Linear B": (0x10000, 0x1005D, 60),
    "Cypriot": (0x10800, 0x10838, 40),
    "Glagolitic": (0x2C00, 0x2C2E, 40),
}
#: Two symbols whose blurred shapes correlate by more than this are one to a reader.
TWINS = 0.93
SIDE_PX = 24
#: Fonts that draw a symbol; thinning each of them for the pen is what takes the time.
FONTS_EACH = 12
#: The share of painted pictures that a pen draws.
HANDWRITTEN = 0.7
#: The share of grounds that have a grain: what the preparation leaves of it must not be read.
GRAIN = 0.3


def symbols_of(scripts: dict[str, tuple[int, int, int]]) -> Iterator[str]:
    """Give the assigned letters and signs of the ranges, evenly spread where a range has more than are taken."""
    for first, last, most in scripts.values():
        signs = [chr(code) for code in range(first, last + 1) if unicodedata.category(chr(code))[0] in "LNS"]
        chosen = np.unique(np.linspace(0, len(signs) - 1, min(most, len(signs))).round().astype(int))
        yield from (signs[i] for i in chosen)


def shown(face: Typeface, symbol: str) -> NDArray[np.float32]:
    """Draw a symbol in a square, blurred, of zero mean and unit length."""
    ink = (shape_of(face.path, symbol).outline > 0).astype(np.float32)
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not len(rows):
        return np.zeros(SIDE_PX * SIDE_PX, np.float32)
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    square = np.zeros((max(ink.shape),) * 2, np.float32)
    top, left = (square.shape[0] - ink.shape[0]) // 2, (square.shape[1] - ink.shape[1]) // 2
    square[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    small = cv2.resize(square, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    flat = np.asarray(cv2.GaussianBlur(small, (0, 0), 1.2), np.float32).ravel()
    flat = flat - flat.mean()
    return np.asarray(flat / max(float(np.linalg.norm(flat)), 1e-6), np.float32)


def distinct(symbols: list[str], choices: dict[str, list[Typeface]]) -> list[str]:
    """Leave out what looks like a symbol before it."""
    kept: list[str] = []
    seen = np.zeros((0, SIDE_PX * SIDE_PX), np.float32)
    for symbol in symbols:
        look = shown(choices[symbol][0], symbol)
        if look.any() and not (len(seen) and float((seen @ look).max()) > TWINS):
            seen = np.concatenate([seen, look[None]])
            kept.append(symbol)
    return kept


def some(faces: list[Typeface], most: int) -> list[Typeface]:
    """Give at most ``most`` fonts, evenly spread over their names: styles and weights of one family lie together."""
    return [faces[i] for i in np.unique(np.linspace(0, len(faces) - 1, min(most, len(faces))).round().astype(int))]


def paint(out: Path, fonts: tuple[str, ...], each: int, seed: int, grain: float) -> int:
    """Paint ``each`` pictures of every distinct symbol that the fonts have; give how many symbols there are."""
    wanted = list(dict.fromkeys(symbols_of(SCRIPTS)))
    faces = typefaces_with(fonts, frozenset(wanted))
    choices = {symbol: some([face for face in faces if symbol in face.symbols], FONTS_EACH) for symbol in wanted}
    symbols = distinct([symbol for symbol in wanted if choices[symbol]], choices)
    print(f"{len(symbols)} of {len(wanted)} symbols are drawn by some font and look like none before them", flush=True)
    for symbol in symbols:
        own = [Typeface(face.path, frozenset(symbol)) for face in choices[symbol]]
        painter = AlphabetPainter(AlphabetSettings(symbols=(symbol,), handwritten=HANDWRITTEN, grain=grain), own)
        folder = out / symbol
        folder.mkdir(parents=True)
        for i in range(each):
            # Another seed for each symbol, or all of them would be turned and bent alike.
            Image.fromarray(painter.paint(seed + ord(symbol), i)[0]).save(folder / f"painted_{i:03d}.png")
    return len(symbols)


def copy_drawn(out: Path, drawn: Path) -> int:
    """Copy handwritten alphabets, without those held out and those that are there; give the number of characters."""
    count = 0
    for alphabet in sorted(path for path in drawn.iterdir() if path.is_dir() and path.name not in HELD_OUT):
        for character in sorted(alphabet.iterdir()):
            folder = out / f"{alphabet.name} {character.name.removeprefix('character')}"
            if folder.exists():
                continue
            shutil.copytree(character, folder)
            count += 1
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--fonts", action="append", required=True)
    parser.add_argument("--each", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--grain", type=float, default=GRAIN)
    parser.add_argument("--drawn", type=Path, action="append", default=[])
    asked = parser.parse_args()
    if asked.out.exists():
        raise SystemExit(f"{asked.out} is there already; name a new folder")
    painted = paint(asked.out, tuple(asked.fonts), asked.each, asked.seed, asked.grain)
    drawn = sum(copy_drawn(asked.out, folder) for folder in asked.drawn)
    print(f"{painted} painted symbols, {asked.each} pictures each, and {drawn} handwritten characters in {asked.out}")


if __name__ == "__main__":
    main()
