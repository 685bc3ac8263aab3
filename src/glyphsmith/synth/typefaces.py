"""The fonts a painter draws with, and which symbols each of them really has.

A font without a glyph draws a box in its place; a picture with that box and the symbol's label would teach nonsense.
So each font is asked for every symbol first, and draws only what it has.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import ImageFont

from glyphsmith.errors import DataError

__all__ = ["BUNDLED_FONT", "FONT_SOURCES", "Typeface", "find_typefaces", "font_files", "typefaces_with"]

#: Droid Sans Mono, the font of the ``captcha`` package; Apache License 2.0, see fonts/README.md.
BUNDLED_FONT = Path(__file__).parent / "fonts" / "DroidSansMono.ttf"
#: Words that stand for fonts, besides files and folders.
FONT_SOURCES = ("bundled", "matplotlib", "system", "installed")

_SUFFIXES = (".ttf", ".otf", ".ttc", ".otc")
#: Fonts whose letters are pictures, Greek under Latin names, pieces of signs or boxes with code points in them.
_NO_LETTERS = (
    "adobeblank", "bookshelf", "cmex", "cmmi", "cmsy", "d050000l", "dejavusansdisplay", "dejavuserifdisplay", "dingbat",
    "emoji", "fontawesome", "icons", "lastresort", "marlett", "opens___", "stixnonuni", "stixsiz", "symbol", "unifont",
    "webding", "wingding",
)  # fmt: skip
_NEVER_ASSIGNED = "\U0010ffff"
_PROBE_PX = 24


@dataclass(frozen=True, slots=True)
class Typeface:
    """A font file and the symbols, of those that were asked for, that it has glyphs for."""

    path: str
    symbols: frozenset[str]

    @property
    def name(self) -> str:
        """The file's name without folder and suffix."""
        return Path(self.path).stem


def find_typefaces(sources: Sequence[str], symbols: Iterable[str]) -> tuple[Typeface, ...]:
    """Find the fonts of ``typefaces_with``; raises DataError where a symbol is in no font at all, too."""
    wanted = frozenset(symbols)
    found = typefaces_with(sources, wanted)
    missing = wanted.difference(*(face.symbols for face in found))
    if missing:
        raise DataError(
            f"no font has a glyph for {_shown(missing)} (looked in: {', '.join(sources)})",
            hint='name a folder of fonts that have it, or "system" for those of this machine',
        )
    return found


def typefaces_with(sources: Sequence[str], wanted: frozenset[str]) -> tuple[Typeface, ...]:
    """Find the fonts that have at least one of the symbols, in the order of the sources, then of the file names.

    A source is "bundled", "matplotlib", "system" (or "installed", its other name), a font file or a folder (searched
    with its subfolders). "matplotlib" and "system" may hold none; a file or folder must. Raises DataError where a
    source has no font with one of the symbols.
    """
    found: dict[str, Typeface] = {}
    for source in sources:
        files = font_files(source)
        usable = 0
        for path in files:
            face = Typeface(str(path), _has(path, wanted))
            usable += bool(face.symbols)
            if face.symbols:
                found.setdefault(face.path, face)
        if files and not usable and source not in FONT_SOURCES:
            raise DataError(
                f"{source}: none of its {len(files)} fonts has a glyph for {_shown(wanted)}",
                hint="name a font that has these symbols, or another --alphabet",
            )
    return tuple(found.values())


def font_files(source: str) -> list[Path]:
    """Give the font files of one source, sorted by name; raises DataError where a file or folder has none."""
    if source == "bundled":
        return [BUNDLED_FONT]
    if source == "matplotlib":
        spec = importlib.util.find_spec("matplotlib")
        home = Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf" if spec and spec.origin else None
        return _lettered(_in_folder(home)) if home is not None and home.is_dir() else []
    if source in ("system", "installed"):
        from glyphsmith.fonts import font_paths

        return _lettered(Path(path) for path in font_paths() if path)
    path = Path(source).expanduser()
    if path.is_dir():
        files = _in_folder(path)
        lettered = _lettered(files)
        if files and not lettered:
            named = f"{min(files).name} is known to have none"
            raise DataError(f"{source}: no font in this folder has letters: {named}", hint="name the file to use it")
        if not files:
            raise DataError(f"{source}: there is no font in this folder", hint=f"fonts end in {', '.join(_SUFFIXES)}")
        return lettered
    if not path.is_file():
        raise DataError(
            f"{source}: there is no such font file or folder",
            hint=f"a font source is a file, a folder or one of: {', '.join(FONT_SOURCES)}",
        )
    try:
        ImageFont.truetype(str(path), _PROBE_PX)
    except OSError:
        raise DataError(f"{source}: this file is no font", hint=f"fonts end in {', '.join(_SUFFIXES)}") from None
    return [path]


def _in_folder(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES and path.is_file()]


def _lettered(paths: Iterable[Path]) -> list[Path]:
    kept = (path for path in paths if not any(word in path.name.lower() for word in _NO_LETTERS))
    return sorted(kept, key=lambda path: (path.name, str(path)))


def _has(path: Path, symbols: frozenset[str]) -> frozenset[str]:
    """Give those symbols that this font draws as something else than its sign for "missing"."""
    try:
        font = ImageFont.truetype(str(path), _PROBE_PX)
        missing = bytes(font.getmask(_NEVER_ASSIGNED))
        return frozenset(symbol for symbol in symbols if _draws(font, symbol, missing))
    except (OSError, ValueError):  # bitmap-only and damaged fonts
        return frozenset()


def _draws(font: ImageFont.FreeTypeFont, symbol: str, missing: bytes) -> bool:
    # A symbol of several code points has a glyph for each of them.
    return all(bytes(mask := font.getmask(sign)) != missing and any(mask) for sign in symbol)


def _shown(symbols: Iterable[str]) -> str:
    ordered = sorted(symbols)
    return "".join(ordered[:40]) + (f" and {len(ordered) - 40} more" if len(ordered) > 40 else "")
