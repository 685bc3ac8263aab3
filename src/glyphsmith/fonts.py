"""A font of this machine that has the signs of a label: runes and Chinese on axes and overlays, not empty boxes.

``evaluate``, ``explain`` and the steps picture of ``read`` draw labels with it. No font comes with the package; a
machine without any still has the Latin one that is part of Pillow.
"""

from __future__ import annotations

import os
import sys
from functools import cache, lru_cache
from pathlib import Path

from PIL import ImageFont

from glyphsmith.display import code_points, shown

__all__ = ["drawable", "find_font", "missing"]

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_SUFFIXES = frozenset({".ttf", ".otf", ".ttc", ".otc"})
#: Plain upright fonts that read well small, before all others; then by name, so that a machine draws the same twice.
_PREFERRED = ("notosans-regular", "dejavusans", "liberationsans-regular", "arial", "segoeui", "helvetica", "sfns")
#: Letters of many scripts in shapes nobody writes; they come last.
_ODD = (
    "bold",
    "italic",
    "oblique",
    "black",
    "thin",
    "light",
    "condensed",
    "narrow",
    "mono",
    "serif",
    "emoji",
    "lastresort",
)
#: Size at which fonts are asked for signs; any will do.
_PROBE_PX = 24
#: A noncharacter: no font has a sign for it, so it shows what a font draws for want of one.
_NO_CHARACTER = "\U0010ffff"


#: The first font that has a character, None where none has; each character is looked up once a process.
_first: dict[str, str | None] = {}


def find_font(text: str, size_px: int) -> Font:
    """Give a font of ``size_px`` that has every character of ``text``, or else as many of them as any font has."""
    characters = _visible(text) - missing(text)
    return _opened(_best(characters) if characters else font_paths()[0], max(1, size_px))


def drawable(label: str) -> str:
    """Give a label as it can be drawn: its code points where no font has one of its signs, control signs escaped."""
    return code_points(label) if missing(label) else shown(label)


def missing(text: str) -> set[str]:
    """Give the characters of ``text`` that no font of this machine has a sign for."""
    unknown = {character for character in _visible(text) if character not in _first}
    for path in font_paths():
        if not unknown:
            break
        found = _covered(path, frozenset(unknown))
        _first.update(dict.fromkeys(found, path))
        unknown -= found
    _first.update(dict.fromkeys(unknown, None))
    return {character for character in _visible(text) if _first[character] is None}


def _visible(text: str) -> frozenset[str]:
    return frozenset(character for character in text if not character.isspace())


@lru_cache(maxsize=4096)
def _best(characters: frozenset[str]) -> str:
    """Choose the first font, in the order of preference, that has the most of characters of which each is somewhere."""
    firsts = sorted({path for character in characters if (path := _first[character]) is not None}, key=_rank)
    if len(firsts) == 1:
        return firsts[0]
    return max((*firsts, *font_paths()), key=lambda path: len(_covered(path, characters)))


@lru_cache(maxsize=4096)
def _covered(path: str, characters: frozenset[str]) -> frozenset[str]:
    """Give those of the characters that a font draws as anything but its sign for a missing one.

    The font is closed again: a machine may have more fonts than a process may have open files.
    """
    font = _open(path, _PROBE_PX)
    absent = _drawn(font, _NO_CHARACTER)
    return frozenset(character for character in characters if (sign := _drawn(font, character)) and sign != absent)


@cache
def font_paths() -> tuple[str, ...]:
    """List the font files of this machine, the plain upright ones first; the empty path at the end is Pillow's own."""
    files: dict[str, None] = {}
    for folder in _folders():
        for place, _, names in os.walk(folder):
            for name in names:
                if Path(name).suffix.lower() in _SUFFIXES:
                    files[str(Path(place, name))] = None
    return (*sorted(files, key=_rank), "")


def _rank(path: str) -> tuple[int, int, str]:
    stem = Path(path).stem.lower()
    preferred = _PREFERRED.index(stem) if stem in _PREFERRED else len(_PREFERRED)
    return preferred, sum(word in stem for word in _ODD), path


def _folders() -> list[Path]:
    home = Path.home()
    if sys.platform == "darwin":
        return [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts"]
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA", str(home / "AppData/Local"))
        return [Path(os.environ.get("WINDIR", r"C:\Windows"), "Fonts"), Path(local, "Microsoft/Windows/Fonts")]
    shared = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    own = Path(os.environ.get("XDG_DATA_HOME") or home / ".local/share")
    return [own / "fonts", home / ".fonts", *(Path(entry) / "fonts" for entry in shared.split(":") if entry)]


@lru_cache(maxsize=32)
def _opened(path: str, size_px: int) -> Font:
    return _open(path, size_px)


def _open(path: str, size_px: int) -> Font:
    try:
        return ImageFont.truetype(path, size_px) if path else ImageFont.load_default(size_px)
    except OSError:  # a damaged font file
        return ImageFont.load_default(size_px)


def _drawn(font: Font, character: str) -> tuple[tuple[int, int], bytes] | None:
    try:
        mask = font.getmask(character)
    except (OSError, ValueError, UnicodeEncodeError):
        return None
    return mask.size, bytes(mask)
