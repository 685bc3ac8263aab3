"""Pages and sheets of the puzzle that somebody saved, read without a site: what one file alone says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from glyphsmith.crawl.answers import PageAnswer
from glyphsmith.crawl.digits import DigitReader
from glyphsmith.crawl.glyphs import GlyphReader
from glyphsmith.crawl.page import MAX_PAGE_BYTES, PNG, parse_page, parse_sprite
from glyphsmith.crawl.sheet import cut_sheet
from glyphsmith.errors import PageError

__all__ = ["SavedPage", "SavedReader", "SavedSheet"]

#: A page has its first tag among so many bytes.
_HEAD = 1000
#: Of a hundred painted sheets the least sure one has 0.99 on average; one with eight rows or seven columns 0.82, 0.85.
LEAST_SURE = 0.9


@dataclass(frozen=True, slots=True)
class SavedPage:
    """The numbers of a saved page; ``confidence`` is the probability that all of them are right."""

    path: str
    numbers: tuple[int, ...]
    confidence: float

    def as_dict(self) -> dict[str, Any]:
        """Give the JSON record."""
        told = {"path": self.path, "numbers": list(self.numbers), "sum": sum(self.numbers)}
        return {**told, "confidence": round(self.confidence, 6)}


@dataclass(frozen=True, slots=True)
class SavedSheet:
    """The digits of a saved sprite, ten a row; ``confidence`` is that of the least sure cell.

    ``permuted`` says whether its rows were read as permutations, which is found from the sheet.
    """

    path: str
    rows: tuple[str, ...]
    permuted: bool
    confidence: float

    def as_dict(self) -> dict[str, Any]:
        """Give the JSON record."""
        told = {"path": self.path, "rows": list(self.rows), "permuted": self.permuted}
        return {**told, "confidence": round(self.confidence, 6)}


class SavedReader:
    """Reads files; ``reader`` reads the glyphs, or gives the reader of them when the first sheet comes."""

    def __init__(self, reader: GlyphReader | Callable[[], GlyphReader]) -> None:
        self._digits = DigitReader(reader)

    def read(self, path: str | Path) -> SavedPage | SavedSheet:
        """Read a saved page (HTML) or the sprite of level 2 by itself (PNG). Raises PageError that says why not."""
        try:
            with Path(path).open("rb") as file:
                body = file.read(MAX_PAGE_BYTES + 1)
        except OSError as error:
            raise PageError(f"cannot be opened: {error.strerror or error}") from None
        if body.startswith(PNG):
            return self._read_sprite(str(path), body)
        if body.strip() and b"<" not in body[:_HEAD]:
            raise PageError("is neither a saved page (HTML) nor a sprite (PNG)")
        return self._read_page(str(path), body)

    def _read_page(self, path: str, body: bytes) -> SavedPage:
        page = parse_page(body)
        answer = PageAnswer()
        answer.add(page.lengths, page.sprite_id, self._digits.read(page)[0])
        return SavedPage(path, answer.numbers, 1.0 - answer.error)

    def _read_sprite(self, path: str, encoded: bytes) -> SavedSheet:
        sheet = cut_sheet(parse_sprite(encoded))
        if sheet is None:
            raise PageError("the sprite holds no ten rows of ten glyphs")
        scores, permuted, _ = self._digits.sheets.rows([cell for row in sheet.cells for cell in row])
        chances = np.exp(scores - scores.max(axis=2, keepdims=True))
        sure = 1.0 / chances.sum(axis=2)
        if sure.mean() < LEAST_SURE:
            raise PageError(f"the sprite holds no ten rows of ten digits: read so, they are {sure.mean():.0%} certain")
        rows = tuple("".join(map(str, row)) for row in scores.argmax(axis=2).tolist())
        return SavedSheet(path, rows, permuted, float(sure.min()))
