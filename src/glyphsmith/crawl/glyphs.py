"""What a reader says of the glyphs of a sheet, row by row, and what each digit of the page then is.

Every row of the sheets known so far is a permutation of 0-9. That is tested on each sheet, not assumed: the reader's
scores of all its rows are compared under both suppositions (``decode.assignment.shares``). Where it does not hold, or
where the sheet's cells cannot be found, each glyph is read by itself. What earlier sheets said is added up to be
reported, and decides nothing: a sheet that breaks the rule would be read wrongly, however many have kept it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from glyphsmith.crawl.page import Page
from glyphsmith.crawl.sheet import SIDE, cut_sheet
from glyphsmith.decode.assignment import shares, with_doubt
from glyphsmith.errors import ModelError
from glyphsmith.picture import Picture

__all__ = ["DOUBT", "GlyphReader", "SheetReader", "SheetReading"]

DIGITS = "0123456789"

#: What every digit keeps of a glyph's probability, times ten, however sure the reader is. Of 400 000 painted cells one
#: was read wrongly beyond that: a scribble that looks like a digit (docs/log.md).
DOUBT = 3e-6


class GlyphReader(Protocol):
    """What is needed of a reader: its labels, and probabilities (N, K) of pictures of one size (N, H, W, 3)."""

    @property
    def alphabet(self) -> Any:
        """The labels in the order of the outputs."""
        ...

    def probabilities(self, images: Picture, /) -> NDArray[np.float32]:
        """Give probabilities (N, K)."""
        ...


@dataclass(frozen=True, slots=True)
class SheetReading:
    """What one request says: ``scores`` (D, 10), log probabilities of every digit of the page in order.

    ``rule`` is the log evidence of this sheet for rows that are permutations, None where its cells were not found;
    ``permuted`` says whether it was read so.
    """

    scores: NDArray[np.float64]
    permuted: bool
    rule: float | None


class SheetReader:
    """Reads sheets, row by row where the sheet's own scores say that its rows are permutations."""

    def __init__(self, reader: GlyphReader, *, doubt: float = DOUBT, assignment: bool = True) -> None:
        card = getattr(reader, "card", None)
        if card is not None and card.task != "label":
            raise ModelError("the reader reads texts, not single signs", hint="a reader of the digits 0 to 9 is needed")
        labels = [str(label) for label in reader.alphabet]
        missing = [digit for digit in DIGITS if digit not in labels]
        if missing:
            raise ModelError(
                f"the reader cannot answer {', '.join(missing)}", hint="a reader of the digits 0 to 9 is needed"
            )
        self._reader = reader
        self._columns = [labels.index(digit) for digit in DIGITS]
        self._field = _field_of(reader)
        self._doubt = doubt
        self._assignment = assignment

    def read(self, page: Page) -> SheetReading:
        """Read one page of level 2."""
        sheet = cut_sheet(page) if self._assignment else None
        if sheet is None:
            scores = with_doubt(self.probabilities([page.cut(window) for window in page.windows]), self._doubt)
            return SheetReading(scores, permuted=False, rule=None)
        scores, permuted, rule = self.rows([cell for row in sheet.cells for cell in row])
        places = [sheet.place[window] for window in page.windows]
        return SheetReading(np.stack([scores[row, column] for row, column in places]), permuted, rule)

    def rows(self, cells: Sequence[Picture | None]) -> tuple[NDArray[np.float64], bool, float]:
        """Read the hundred cells of a sheet, row by row: log probabilities (10, 10, 10), ``permuted`` and ``rule``."""
        scores = with_doubt(self.probabilities(cells), self._doubt).reshape(SIDE, SIDE, len(DIGITS))
        read = shares(scores)
        rule = float(read.evidence.sum())
        if rule > 0:
            with np.errstate(divide="ignore"):
                scores = np.log(read.marginals)
        return scores, rule > 0, rule

    def probabilities(self, cells: Sequence[Picture | None]) -> NDArray[np.float64]:
        """Give the probabilities (N, 10) of cells; of a cell without ink all digits are alike.

        Cells of one size are read in one call. A reader that lays pictures on a field as they are gets all cells laid
        so already, in a single call.
        """
        found = np.full((len(cells), len(DIGITS)), 1.0 / len(DIGITS))
        for places, stack in self._stacked(cells):
            found[places] = self._reader.probabilities(stack)[:, self._columns]
        # Of a reader with more labels than digits, what it gives to the others says nothing here.
        total = found.sum(axis=1, keepdims=True)
        return np.where(total > 0, found / np.maximum(total, 1e-30), 1.0 / len(DIGITS))

    def _stacked(self, cells: Sequence[Picture | None]) -> list[tuple[list[int], Picture]]:
        """Put cells together that can be read in one call: their places, and their pictures (n, H, W, 3)."""
        rows, columns = self._field
        laid = np.full((len(cells), rows, columns, 3), 255, np.uint8)
        fitting: list[int] = []
        larger: dict[tuple[int, ...], list[tuple[int, Picture]]] = {}
        for i, cell in enumerate(cells):
            if cell is None:
                continue
            h, w = cell.shape[:2]
            if h > rows or w > columns:
                larger.setdefault(cell.shape, []).append((i, cell))
                continue
            # In the middle, as the reader's own preparation would lay it.
            top, left = (rows - h) // 2, (columns - w) // 2
            laid[i, top : top + h, left : left + w] = cell
            fitting.append(i)
        stacked = [([i for i, _ in same], np.stack([cell for _, cell in same])) for same in larger.values()]
        if fitting:
            stacked.append((fitting, laid if len(fitting) == len(cells) else laid[fitting]))
        return stacked


def _field_of(reader: GlyphReader) -> tuple[int, int]:
    """Give height and width of the white field a reader lays pictures on by itself, (0, 0) where it resizes them."""
    card = getattr(reader, "card", None)
    prepare = card.prepare if card is not None else {}
    plain = prepare.get("fit") == "place" and prepare.get("polarity") == "invert"
    if not plain or prepare.get("crop", True) or prepare.get("colour", True):
        return 0, 0
    return int(prepare["height_px"]), int(prepare["width_px"])
