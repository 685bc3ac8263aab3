"""What a page says of its digits, whichever level it is of; the reader of glyphs is opened when a sheet first asks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from glyphsmith.crawl.glyphs import DOUBT, GlyphReader, SheetReader, SheetReading
from glyphsmith.crawl.page import Page
from glyphsmith.crawl.strip import strip_scores
from glyphsmith.errors import DataError

__all__ = ["DigitReader"]


class DigitReader:
    """Reads pages of both levels; ``reader`` reads glyphs, or gives the reader of them; None reads level 1 alone."""

    def __init__(
        self,
        reader: GlyphReader | Callable[[], GlyphReader] | None,
        *,
        doubt: float = DOUBT,
        assignment: bool = True,
    ) -> None:
        self._reader = reader
        self._doubt, self._assignment = doubt, assignment
        self._sheets: SheetReader | None = None

    @property
    def sheets(self) -> SheetReader:
        """The reader of sheets. Raises DataError where no reader of glyphs was given."""
        if self._sheets is None:
            opened = self._reader() if callable(self._reader) else self._reader
            if opened is None:
                raise DataError("this is level 2, which needs a reader", hint="--model sprites")
            self._sheets = SheetReader(opened, doubt=self._doubt, assignment=self._assignment)
        return self._sheets

    def read(self, page: Page) -> tuple[NDArray[np.float64], SheetReading | None]:
        """Give log probabilities (D, 10) of a page's digits, and at level 2 how its sheet was read.

        Raises PageError where a digit of level 1 is not certain.
        """
        if not page.tall:
            return strip_scores(page), None
        reading = self.sheets.read(page)
        return reading.scores, reading
