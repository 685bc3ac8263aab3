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
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from fontTools.ttLib import TTFont, TTLibError
from numpy.typing import NDArray
from PIL import Image

from glyphsmith.errors import DataError
from glyphsmith.synth.alphabets import AlphabetPainter, AlphabetSettings
from glyphsmith.synth.shapes import shape_of
from glyphsmith.synth.typefaces import Typeface, font_files, typefaces_with

HELD_OUT = ("Balinese", "Early_Aramaic", "Sanskrit", "Tagalog")
#: First and last code point, and the most symbols taken, evenly spread. Not here: the scripts of `HELD_OUT` and their
#: older forms (Devanagari, Imperial Aramaic, Phoenician).
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
    "phonetic": (0x250, 0x2AF, 40),
    "Arabic": (0x621, 0x6D5, 30),
    "Syriac": (0x710, 0x74F, 22),
    "Thaana": (0x780, 0x7A5, 24),
    "N'Ko": (0x7C0, 0x7EA, 36),
    "Samaritan": (0x800, 0x815, 22),
    "Mandaic": (0x840, 0x858, 22),
    "Bengali": (0x985, 0x9FB, 44),
    "Gurmukhi": (0xA05, 0xA74, 36),
    "Gujarati": (0xA85, 0xAF1, 44),
    "Oriya": (0xB05, 0xB77, 36),
    "Tamil": (0xB83, 0xBFA, 36),
    "Telugu": (0xC05, 0xC7F, 40),
    "Kannada": (0xC85, 0xCF2, 40),
    "Malayalam": (0xD05, 0xD7F, 44),
    "Sinhala": (0xD85, 0xDC6, 40),
    "Lao": (0xE81, 0xEDF, 34),
    "Tibetan": (0xF00, 0xF6C, 44),
    "Myanmar": (0x1000, 0x109F, 44),
    "Ogham": (0x1680, 0x169C, 16),
    "Khmer": (0x1780, 0x17B3, 36),
    "Mongolian": (0x1820, 0x1878, 24),
    "Limbu": (0x1900, 0x194F, 24),
    "Tai Le": (0x1950, 0x1974, 20),
    "New Tai Lue": (0x1980, 0x19DA, 30),
    "Buginese": (0x1A00, 0x1A16, 20),
    "Tai Tham": (0x1A20, 0x1AAD, 36),
    "Sundanese": (0x1B83, 0x1BB9, 24),
    "Batak": (0x1BC0, 0x1BE5, 24),
    "Lepcha": (0x1C00, 0x1C4F, 30),
    "Ol Chiki": (0x1C50, 0x1C7D, 36),
    "Yi": (0xA000, 0xA48C, 40),
    "Lisu": (0xA4D0, 0xA4F7, 20),
    "Bamum": (0xA6A0, 0xA6EF, 36),
    "Phags-pa": (0xA840, 0xA873, 30),
    "Saurashtra": (0xA882, 0xA8D9, 30),
    "Kayah Li": (0xA900, 0xA925, 24),
    "Rejang": (0xA930, 0xA946, 20),
    "Javanese": (0xA984, 0xA9D9, 30),
    "Cham": (0xAA00, 0xAA59, 36),
    "Tai Viet": (0xAA80, 0xAAAF, 24),
    "Meetei": (0xABC0, 0xABF9, 34),
    "Lycian": (0x10280, 0x1029C, 20),
    "Carian": (0x102A0, 0x102D0, 30),
    "Old Italic": (0x10300, 0x10323, 20),
    "Old Permic": (0x10350, 0x10375, 24),
    "Ugaritic": (0x10380, 0x1039D, 20),
    "Old Persian": (0x103A0, 0x103C3, 20),
    "Shavian": (0x10450, 0x1047F, 30),
    "Osmanya": (0x10480, 0x104A9, 36),
    "Osage": (0x104B0, 0x104D3, 24),
    "Elbasan": (0x10500, 0x10527, 30),
    "Caucasian Albanian": (0x10530, 0x10563, 36),
    "Linear A": (0x10600, 0x10736, 50),
    "Lydian": (0x10920, 0x10939, 20),
    "Meroitic": (0x10980, 0x109B7, 40),
    "Kharoshthi": (0x10A10, 0x10A33, 24),
    "Old South Arabian": (0x10A60, 0x10A7C, 24),
    "Avestan": (0x10B00, 0x10B35, 36),
    "Old Hungarian": (0x10C80, 0x10CB2, 36),
    "Brahmi": (0x11005, 0x11037, 30),
    "Kaithi": (0x11083, 0x110AF, 24),
    "Sora": (0x110D0, 0x110F9, 30),
    "Chakma": (0x11103, 0x11126, 24),
    "Sharada": (0x11183, 0x111B2, 24),
    "Grantha": (0x11305, 0x11339, 24),
    "Siddham": (0x11580, 0x115AE, 24),
    "Warang Citi": (0x118A0, 0x118F2, 40),
    "hieroglyphs": (0x13000, 0x1342E, 50),
    "Anatolian": (0x14400, 0x14646, 40),
    "Mro": (0x16A40, 0x16A69, 30),
    "Bassa Vah": (0x16AD0, 0x16AED, 24),
    "Pahawh": (0x16B00, 0x16B2F, 30),
    "Miao": (0x16F00, 0x16F4A, 36),
    "Adlam": (0x1E900, 0x1E943, 40),
}
#: Two symbols whose blurred shapes correlate by more than this are one to a reader.
TWINS = 0.88
SIDE_PX = 24
#: Fonts that draw a symbol; thinning each of them for the pen is what takes the time.
FONTS_EACH = 8
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


def some(faces: list[str], most: int) -> list[str]:
    """Give at most ``most`` fonts, evenly spread over their names: styles and weights of one family lie together."""
    return [faces[i] for i in np.unique(np.linspace(0, len(faces) - 1, min(most, len(faces))).round().astype(int))]


def fonts_with(sources: tuple[str, ...], wanted: list[str]) -> dict[str, list[Typeface]]:
    """Give the fonts of each symbol: some of those that name it, if they really draw it.

    Asking all of a thousand fonts to draw thousands of symbols takes half an hour; what they name is read in a second.
    """
    named: dict[str, list[str]] = defaultdict(list)
    for path in dict.fromkeys(str(path) for source in sources for path in font_files(source)):
        try:
            table = TTFont(path, fontNumber=0, lazy=True).getBestCmap() or {}
        except (TTLibError, OSError, AssertionError):
            continue
        for symbol in wanted:
            if ord(symbol) in table:
                named[symbol].append(path)
    chosen: dict[str, set[str]] = defaultdict(set)
    for symbol, paths in named.items():
        for path in some(paths, FONTS_EACH):
            chosen[path].add(symbol)
    choices: dict[str, list[Typeface]] = {symbol: [] for symbol in wanted}
    for path, symbols in sorted(chosen.items()):
        try:
            drawn = typefaces_with((path,), frozenset(symbols))
        except DataError:  # it names them and draws none
            continue
        for face in drawn:
            for symbol in face.symbols:
                choices[symbol].append(face)
    return choices


def paint(out: Path, fonts: tuple[str, ...], each: int, seed: int, grain: float) -> int:
    """Paint ``each`` pictures of every distinct symbol that the fonts have; give how many symbols there are."""
    wanted = list(dict.fromkeys(symbols_of(SCRIPTS)))
    choices = fonts_with(fonts, wanted)
    symbols = distinct([symbol for symbol in wanted if choices[symbol]], choices)
    print(f"{len(symbols)} of {len(wanted)} symbols are drawn by some font and look like none before them", flush=True)
    job = partial(paint_symbol, out, each=each, seed=seed, grain=grain)
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        for _ in pool.map(job, symbols, (choices[symbol] for symbol in symbols), chunksize=8):
            pass
    return len(symbols)


def paint_symbol(out: Path, symbol: str, faces: list[Typeface], *, each: int, seed: int, grain: float) -> None:
    """Paint ``each`` pictures of one symbol into a folder of its own."""
    own = [Typeface(face.path, frozenset(symbol)) for face in faces]
    painter = AlphabetPainter(AlphabetSettings(symbols=(symbol,), handwritten=HANDWRITTEN, grain=grain), own)
    folder = out / symbol
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(each):
        # Another seed for each symbol, or all of them would be turned and bent alike.
        Image.fromarray(painter.paint(seed + ord(symbol), i)[0]).save(folder / f"painted_{i:03d}.png")


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
