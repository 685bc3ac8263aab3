"""``glyphsmith synth captcha|arithmetic|sprites|glyphs``: paint labelled pictures into a folder."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from glyphsmith.cli import Verbs
from glyphsmith.display import several, shown
from glyphsmith.errors import DataError

if TYPE_CHECKING:
    from glyphsmith.synth.folder import Labels
    from glyphsmith.synth.labelled import LabelledPainter
    from glyphsmith.synth.seeded import SeededPainter

__all__ = ["register"]

_number = click.option("-n", "--number", type=int, required=True, metavar="N", help="How many pictures.")
_out = click.option("--out", required=True, metavar="DIR", help="A new or empty folder.")
_seed = click.option("--seed", type=int, default=0, help="The same seed gives the same pixels.")
_width = click.option("--width", type=int, metavar="PX", help="Width of the pictures.")
_height = click.option("--height", type=int, metavar="PX", help="Height of the pictures.")
_fonts = click.option(
    "--fonts",
    multiple=True,
    metavar="FONTS",
    help="A folder or file of fonts, or bundled, matplotlib, installed (also: system); may be repeated.",
)
_workers = click.option("--workers", type=int, metavar="W", help="Painting processes (default: as many as pay off).")


def register(app: click.Group) -> None:
    """Add the verb ``synth``."""
    verbs = [captcha, arithmetic, sprites, glyphs]
    app.add_command(Verbs("synth", verbs, help="Paint labelled pictures: captcha, arithmetic, sprites, glyphs."))


@click.command()
@_number
@_out
@_seed
@click.option(
    "--preset",
    "look",
    default="library-0.7.1",
    metavar="NAME",
    help="library-0.2 to library-0.7.1 (that library), or wide.",
)
@click.option("--alphabet", metavar="SYMBOLS", help="The symbols of texts.")
@click.option("--length", metavar="L", help="Symbols of a text: 4, or 4-6.")
@_width
@_height
@_fonts
@_workers
def captcha(
    number: int,
    out: str,
    seed: int,
    look: str,
    alphabet: str | None,
    length: str | None,
    width: int | None,
    height: int | None,
    fonts: tuple[str, ...],
    workers: int | None,
) -> int:
    """Paint random texts; DIR gets PNG files and labels.csv (file,text)."""
    from glyphsmith.synth.captcha import CaptchaPainter
    from glyphsmith.synth.settings import preset

    changes = _changes(width, height, fonts)
    if alphabet is not None:
        changes["alphabet"] = alphabet
    if length is not None:
        changes["length"] = _length(length)
    return _paint(CaptchaPainter(preset(look, **changes)), number, out, seed, "labels.csv", workers)


@click.command()
@_number
@_out
@_seed
@_width
@_height
@_fonts
@_workers
def arithmetic(
    number: int, out: str, seed: int, width: int | None, height: int | None, fonts: tuple[str, ...], workers: int | None
) -> int:
    """Paint sums such as (3-7)+5; DIR gets 0.png, 1.png ... and labels.txt (expression value)."""
    from glyphsmith.synth.arithmetic import ARITHMETIC, ArithmeticPainter

    painter = ArithmeticPainter(replace(ARITHMETIC, **_changes(width, height, fonts)))
    return _paint(painter, number, out, seed, "labels.txt", workers)


@click.command()
@_number
@_out
@_seed
@_fonts
@click.option(
    "--font-part", default="all", metavar="PART", help="all, training or held-out: whole designs are kept back."
)
@click.option("--hold-out", type=float, default=0.25, metavar="SHARE", help="Of the designs, for the parts.")
@click.option("--illegible", type=float, default=0.0, metavar="SHARE", help="Of glyphs that say nothing.")
@_workers
def sprites(
    number: int,
    out: str,
    seed: int,
    fonts: tuple[str, ...],
    font_part: str,
    hold_out: float,
    illegible: float,
    workers: int | None,
) -> int:
    """Paint digits as they are cut out of sprite sheets, 8 x 10 to 17 x 20 px; DIR gets <digit>_<id>.png."""
    from glyphsmith.synth.sprites import SpritePainter, SpriteSettings, font_part_named

    settings = SpriteSettings(part=font_part_named(font_part), hold_out=hold_out, illegible=illegible)
    painter = SpritePainter(replace(settings, fonts=fonts) if fonts else settings)
    painted = _written(painter, number, out, seed, "names", workers)
    print(f"{out}: {painted} pictures, <digit>_<id>.png, seed {seed}")
    return 0


@click.command()
@_number
@_out
@click.option(
    "--symbols", required=True, metavar="SYMBOLS", help="An alphabet of any script; spaces part long symbols."
)
@_seed
@_fonts
@click.option("--size", default="32-80", metavar="PX", help="The longer side of pictures: 64, or 32-80.")
@click.option("--handwritten", is_flag=True, help="Draw with an unsteady pen along the symbols' middle lines.")
@_workers
def glyphs(
    number: int,
    out: str,
    symbols: str,
    seed: int,
    fonts: tuple[str, ...],
    size: str,
    handwritten: bool,
    workers: int | None,
) -> int:
    """Paint an alphabet in every font that has its symbols; DIR gets a folder a symbol and labels.csv."""
    from glyphsmith.alphabet import split_symbols
    from glyphsmith.data.naming import folder_names
    from glyphsmith.synth.alphabets import AlphabetPainter, AlphabetSettings

    alphabet = split_symbols(symbols)
    settings = AlphabetSettings(symbols=alphabet, side_px=_range(size, "--size", "64 or 32-80"))
    settings = replace(settings, handwritten=float(handwritten), fonts=fonts or settings.fonts)
    painter = AlphabetPainter(settings)
    columns = {"font": lambda index: painter.font_of(seed, index)}
    folders = folder_names(alphabet)
    painted = _written(painter, number, out, seed, "folders", workers, folders=folders, columns=columns)
    there = [symbol for symbol, name in folders.items() if (Path(out) / name).is_dir()]
    of = f"{several(painted, 'picture')} of {several(len(there), 'symbol')}"
    print(f"{out}: {of}, a folder a symbol and labels.csv, seed {seed}")
    if len(there) < len(alphabet):
        none = [symbol for symbol in alphabet if symbol not in there]
        print(
            f"note: no picture of {shown(' '.join(none[:40]))}: -n {number} is fewer than the symbols", file=sys.stderr
        )
    return 0


def _changes(width: int | None, height: int | None, fonts: tuple[str, ...]) -> dict[str, Any]:
    named = {"width_px": width, "height_px": height, "fonts": fonts or None}
    return {name: value for name, value in named.items() if value is not None}


def _length(words: str) -> tuple[int, int]:
    return _range(words, "--length", "4 or --length 4-6")


def _range(words: str, flag: str, example: str) -> tuple[int, int]:
    found = re.fullmatch(r"\s*(\d{1,4})\s*(?:-\s*(\d{1,4})\s*)?", words)
    if found is None:
        raise DataError(f"{flag} {words}: expected a number or a range", hint=f"{flag} {example}")
    low, high = found.group(1), found.group(2)
    return int(low), int(high or low)


def _paint(
    painter: SeededPainter,
    number: int,
    out: str,
    seed: int,
    labels: Labels,
    workers: int | None,
) -> int:
    painted = _written(painter, number, out, seed, labels, workers)
    settings = painter.settings
    print(f"{out}: {painted} pictures of {settings.width_px} x {settings.height_px}, {labels}, seed {seed}")
    return 0


def _written(
    painter: LabelledPainter,
    number: int,
    out: str,
    seed: int,
    labels: Labels,
    workers: int | None,
    **layout: Any,
) -> int:
    """Paint a folder, say with which fonts and how far it is, and give how many pictures there are."""
    from glyphsmith.progress import watched
    from glyphsmith.synth.folder import paint_folder, workers_for

    for line in painter.describe():
        print(line, file=sys.stderr)
    processes = workers_for(number) if workers is None else workers
    texts = paint_folder(painter, number, out, seed, labels=labels, workers=processes, **layout)
    return sum(1 for _ in watched(texts, number, "painting"))
