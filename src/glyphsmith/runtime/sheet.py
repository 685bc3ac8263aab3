"""Read photographed sheets: ``steps`` finds the glyphs, the reader reads each of them, the order is the page's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from glyphsmith.errors import PictureError
from glyphsmith.picture import load_picture
from glyphsmith.results import Failure, LabelReading, SheetReading, TextReading
from glyphsmith.runtime.reader import Reader
from glyphsmith.steps.glyphs import find_glyphs

__all__ = ["read_sheet", "read_sheets"]


def read_sheet(
    reader: Reader, source: Any, *, name: str | None = None, top: int = 3, reject: float | None = None
) -> SheetReading:
    """Find the glyphs of one picture and read them. Raises PictureError where it cannot be opened or holds no glyph.

    The boxes of the characters are in pixels of the picture, upright.
    """
    sheet = find_glyphs(load_picture(source, name=name))
    if not sheet.lines:
        raise PictureError(f"{name or 'picture'}: no glyph was found", hint="without --find the whole picture is read")
    answers = reader.read_each([crop for line in sheet.crops for crop in line], top=top, reject=reject)
    return SheetReading(
        lines=tuple(tuple(_placed(next(answers), box, name) for box in line) for line in sheet.lines), path=name
    )


def _placed(
    answer: LabelReading | TextReading | Failure, box: tuple[int, int, int, int], name: str | None
) -> LabelReading:
    if isinstance(answer, Failure):
        raise PictureError(f"{name or 'picture'}: {answer.error}")
    if isinstance(answer, TextReading):
        raise PictureError(f"{name or 'picture'}: single signs are looked for, and this reader reads whole texts")
    return replace(answer, box=box)


def read_sheets(
    reader: Reader,
    sources: Iterable[Any],
    *,
    names: Iterable[str | None],
    top: int = 3,
    reject: float | None = None,
) -> Iterator[SheetReading | Failure]:
    """Read many sheets, in order; a Failure stands for one that cannot be opened or holds no glyph."""
    for source, name in zip(sources, names, strict=True):
        try:
            yield read_sheet(reader, source, name=name, top=top, reject=reject)
        except PictureError as error:
            yield Failure(name, error.message, wanted="text")
        except MemoryError:
            yield Failure(name, f"{name or 'picture'}: there is not enough memory to read it", wanted="text")
