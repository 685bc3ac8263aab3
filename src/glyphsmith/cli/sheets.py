"""``glyphsmith data sheet`` and ``data cut``: a sheet to fill in by hand, and its photos as labelled pictures."""

from __future__ import annotations

import json
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from glyphsmith.display import several

if TYPE_CHECKING:
    from glyphsmith.data.sheet_album import CutPhoto

__all__ = ["cut", "sheet"]


@click.command()
@click.option(
    "--symbols", required=True, metavar="SYMBOLS", help="An alphabet of any script; spaces between long symbols."
)
@click.option("--out", required=True, metavar="FILE.pdf", help="The PDF; FILE.json is written beside it.")
@click.option("--samples", type=int, default=18, metavar="N", help="Boxes for each symbol.")
@click.option("--paper", default="a4", metavar="PAPER", help="a4 or letter.")
def sheet(symbols: str, out: str, samples: int, paper: str) -> int:
    """Write a sheet to print and to fill in by hand: boxes for each symbol, and corner marks for `data cut`."""
    from glyphsmith.alphabet import split_symbols
    from glyphsmith.data.sheet import Sheet
    from glyphsmith.data.sheet_print import without_sign, write_sheet

    made = Sheet(split_symbols(symbols), samples, paper.lower())
    unprinted = without_sign(made)
    if unprinted:
        print(
            f"note: no font of this machine has {' '.join(unprinted[:40])}; their boxes carry names or code points",
            file=sys.stderr,
        )
    pdf, description = write_sheet(made, out)
    print(
        f"{pdf}: {several(made.pages, 'page')} of {made.paper}, {samples} boxes for each of {len(made.symbols)} symbols"
    )
    print(
        f"print it at 100 %, fill it in, photograph each page, then: glyphsmith data cut PHOTO... "
        f"--sheet {description} --out DIR",
        file=sys.stderr,
    )
    return 0


@click.command()
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO...", help="Photos or scans of filled pages.")
@click.option(
    "--sheet", "description", required=True, metavar="SHEET.json", help="What `data sheet` wrote beside the PDF."
)
@click.option("--out", required=True, metavar="DIR", help="A folder; further photos are added to it.")
@click.option(
    "--writer",
    default="",
    show_default=False,
    metavar="NAME",
    help="Who wrote; a column of labels.csv, for --group writer.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def cut(photos: tuple[str, ...], description: str, out: str, writer: str, as_json: bool) -> int:
    """Cut photos of a filled sheet into labelled pictures: DIR gets a folder a symbol and labels.csv."""
    from glyphsmith.data.sheet import load_sheet
    from glyphsmith.data.sheet_album import Album
    from glyphsmith.errors import GlyphsmithError, PictureError
    from glyphsmith.progress import watched

    read = load_sheet(description)
    album = Album.open(out)
    done: list[dict[str, Any]] = []
    failed = 0
    for photo in watched(photos, len(photos), "cutting"):
        try:
            one = album.add(photo, read, writer=writer)
        except PictureError as error:
            failed += 1
            done.append({"path": photo, "error": error.message})
            print(f"error: {error.message}" + (f"\nhint: {error.hint}" if error.hint else ""), file=sys.stderr)
            continue
        except GlyphsmithError:
            if not as_json:
                print(f"{out}: {len(album.rows):,} pictures before this", file=sys.stderr)
            raise
        done.append(_document(one))
        if not as_json:
            print(_said(one, read.pages))
    counts = album.counts()
    lacking = [symbol for symbol in read.symbols if not counts[symbol]]
    absent = sorted(set(range(1, read.pages + 1)) - album.pages_of(read))
    if as_json:
        document = {
            "out": out,
            "n": len(album.rows),
            "photos": done,
            "labels": dict(counts),
            "pages_missing": absent,
        }
        print(json.dumps(document, ensure_ascii=False))
        return 1 if failed else 0
    if album.rows:
        low, high = min(counts.values()), max(counts.values())
        each = f"{low} each" if low == high else f"{low} to {high} each"
        print(f"{out}: {len(album.rows):,} pictures of {len(counts)} symbols, {each}")
    if absent and album.rows:
        print(f"not there yet: {', '.join(f'page {page}' for page in absent)}", file=sys.stderr)
    elif lacking and album.rows:
        print(f"no picture yet: {' '.join(lacking)}", file=sys.stderr)
    return 1 if failed else 0


def _document(one: CutPhoto) -> dict[str, Any]:
    return {
        "path": one.path,
        "page": one.page,
        "cut": sum(one.cut.values()),
        "empty": sum(one.empty.values()),
        "empty_by_label": dict(one.empty),
        "known": one.known,
        **({"twin": one.twin} if one.twin else {}),
    }


def _said(one: CutPhoto, pages: int) -> str:
    pictures = several(sum(one.cut.values()), "picture")
    if one.twin:
        return f"{one.path}: page {one.page} of {pages}, the same paper as in {one.twin}, which was cut: left out"
    if one.known:
        return f"{one.path}: page {one.page} of {pages}, was cut before ({pictures}), left as it is"
    return f"{one.path}: page {one.page} of {pages}, {pictures}, {_empty(one.empty)}"


def _empty(empty: Counter[str]) -> str:
    if not empty:
        return "no empty box"
    shown = ", ".join(f"{symbol} {count}" for symbol, count in empty.most_common(12))
    return f"{sum(empty.values())} empty ({shown}{', ...' if len(empty) > 12 else ''})"
