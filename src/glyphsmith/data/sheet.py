"""A sheet to fill in by hand: where on paper its marks and boxes are, and which symbol each box is for.

``sheet_print`` draws it, ``sheet_find`` and ``sheet_cut`` take a photo of it apart. All lengths are millimetres from
the paper's upper left corner. ``sheet.json`` keeps what the layout follows from, and a code of it that is printed on
every page, so that the photo of another sheet is known for what it is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

from glyphsmith.alphabet import LONGEST_SYMBOL, normalise_label
from glyphsmith.errors import DataError

__all__ = ["MARK_MM", "MOST_PAGES", "PAPERS", "STRIP_BITS", "Box", "Sheet", "load_sheet"]

#: Width and height.
PAPERS = {"a4": (210.0, 297.0), "letter": (215.9, 279.4)}
FORMAT = "glyphsmith sheet 1"
#: Four marks a page, each with a number of its own, from the hundred of ``sheet_marks``.
MOST_PAGES = 25
MOST_SAMPLES = 500

#: Side of a corner mark, and its distance from the paper's edges: printers leave 5 mm empty, a mark needs a white rim.
MARK_MM = 13.0
_EDGE_MM = 9.0
#: The row of black and white squares that says the sheet's code: bits, side of a square, distance from the upper edge.
STRIP_BITS = 16
STRIP_MM = 4.0
STRIP_TOP_MM = 16.0
#: A box, the line above it where its symbol is printed, and the gaps to its neighbours.
BOX_MM = 14.0
CAPTION_MM = 5.6
_GAP_X_MM, _GAP_Y_MM = 1.4, 0.9
_SIDE_MM = 11.0
#: From the marks' inner edges to the boxes.
_BELOW_MARKS_MM = 2.0


@dataclass(frozen=True, slots=True)
class Box:
    """One box: its page (from 0), its number on that page, its symbol, and its upper left corner."""

    page: int
    number: int
    symbol: str
    left_mm: float
    top_mm: float


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of several pages: ``samples`` boxes for each symbol, one symbol after the other."""

    symbols: tuple[str, ...]
    samples: int
    paper: str

    def __post_init__(self) -> None:
        if self.paper not in PAPERS:
            raise DataError(f"there is no paper {self.paper!r}", hint=f"--paper {' or '.join(PAPERS)}")
        if not 1 <= self.samples <= MOST_SAMPLES:
            raise DataError(f"{self.samples} samples of a symbol: expected 1 to {MOST_SAMPLES}", hint="--samples 18")
        if self.pages > MOST_PAGES:
            raise DataError(
                f"{len(self.symbols)} symbols with {self.samples} samples each need {self.pages} pages, and a sheet "
                f"has {MOST_PAGES} at most",
                hint=f"--samples {max(1, MOST_PAGES * self.per_page // len(self.symbols))}, or two sheets, each with a "
                "part of the symbols",
            )

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height of the paper."""
        return PAPERS[self.paper]

    @property
    def columns(self) -> int:
        """How many boxes stand side by side."""
        return int((self.size_mm[0] - 2 * _SIDE_MM + _GAP_X_MM) / (BOX_MM + _GAP_X_MM))

    @property
    def rows(self) -> int:
        """How many rows of boxes stand on a page."""
        free = self.size_mm[1] - 2 * (_EDGE_MM + MARK_MM + _BELOW_MARKS_MM)
        return int((free + _GAP_Y_MM) / (CAPTION_MM + BOX_MM + _GAP_Y_MM))

    @property
    def per_page(self) -> int:
        """How many boxes a page has."""
        return self.columns * self.rows

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return -(-len(self.symbols) * self.samples // self.per_page)

    @property
    def code(self) -> int:
        """A number of 16 bits that follows from everything else."""
        said = json.dumps([FORMAT, self.symbols, self.samples, self.paper], ensure_ascii=False)
        return int.from_bytes(hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=2).digest())

    def boxes(self, page: int) -> list[Box]:
        """Give the boxes of a page, row by row."""
        width, height = self.size_mm
        wide = self.columns * (BOX_MM + _GAP_X_MM) - _GAP_X_MM
        pitch_y = CAPTION_MM + BOX_MM + _GAP_Y_MM
        left = (width - wide) / 2
        top = (height - self.rows * pitch_y + _GAP_Y_MM) / 2 + CAPTION_MM
        first = page * self.per_page
        count = min(self.per_page, len(self.symbols) * self.samples - first)
        return [
            Box(
                page,
                number,
                self.symbols[(first + number) // self.samples],
                left + (number % self.columns) * (BOX_MM + _GAP_X_MM),
                top + (number // self.columns) * pitch_y,
            )
            for number in range(count)
        ]

    def mark_corners(self) -> list[tuple[float, float]]:
        """Give the upper left corners of the four marks: upper left, upper right, lower right, lower left."""
        width, height = self.size_mm
        right, bottom = width - _EDGE_MM - MARK_MM, height - _EDGE_MM - MARK_MM
        return [(_EDGE_MM, _EDGE_MM), (right, _EDGE_MM), (right, bottom), (_EDGE_MM, bottom)]

    def strip_squares(self) -> list[tuple[float, float]]:
        """Give the upper left corners of the squares of the code: one always black, the bits, one always white."""
        left = (self.size_mm[0] - (STRIP_BITS + 2) * STRIP_MM) / 2
        return [(left + k * STRIP_MM, STRIP_TOP_MM) for k in range(STRIP_BITS + 2)]

    def as_dict(self) -> dict[str, Any]:
        """Give what ``sheet.json`` says; the boxes stand there for other programs, they follow from the rest."""
        return {
            "format": FORMAT,
            "code": f"{self.code:04X}",
            "paper": self.paper,
            "samples": self.samples,
            "symbols": list(self.symbols),
            "pages": self.pages,
            "columns": self.columns,
            "rows": self.rows,
            "box_mm": BOX_MM,
            "mark_mm": MARK_MM,
            "marks_mm": [list(corner) for corner in self.mark_corners()],
            "first_box_mm": [round(self.boxes(0)[0].left_mm, 3), round(self.boxes(0)[0].top_mm, 3)],
        }


def load_sheet(path: str | Path) -> Sheet:
    """Read ``sheet.json``; of ``sheet.pdf`` the description beside it. Raises DataError."""
    place = Path(path).expanduser()
    if place.suffix.lower() == ".pdf":
        place = place.with_suffix(".json")
    try:
        said = json.loads(place.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(
            f"{place}: no such file", hint="`glyphsmith data sheet` writes it beside the PDF; name it with --sheet"
        ) from None
    except OSError as error:
        raise DataError(f"{place}: cannot be read ({error.strerror or error})") from None
    except ValueError:
        raise DataError(f"{place}: is no description of a sheet (not JSON)", hint="name sheet.json") from None
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise DataError(f"{place}: is no description of a sheet", hint=f'expected "format": "{FORMAT}"')
    symbols, samples, paper = said.get("symbols"), said.get("samples"), said.get("paper")
    if not _are_symbols(symbols) or not isinstance(samples, int) or not isinstance(paper, str):
        raise DataError(f"{place}: its symbols, samples or paper are missing or no such thing")
    sheet = Sheet(tuple(symbols), samples, paper)
    if said.get("code") != f"{sheet.code:04X}":
        raise DataError(
            f"{place}: the symbols, samples or paper were changed after the sheet was made",
            hint="make a new sheet of the changed symbols with `glyphsmith data sheet`; a description stays as it is",
        )
    return sheet


def _are_symbols(symbols: Sequence[Any] | None) -> TypeGuard[list[str]]:
    return (
        isinstance(symbols, list)
        and len(symbols) > 0
        and len(set(map(str, symbols))) == len(symbols)
        and all(
            isinstance(symbol, str) and 0 < len(symbol) <= LONGEST_SYMBOL and symbol == normalise_label(symbol)
            for symbol in symbols
        )
    )
