"""Numbers that are known, from a file: what the pages show, so that their glyphs can be labelled."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from glyphsmith.crawl.page import NUMBERS
from glyphsmith.errors import DataError

__all__ = ["read_numbers"]

_HINT = "a table with the columns page,number, one row a number in the order of the page; or page and its 12 numbers"


def read_numbers(path: str | Path) -> dict[int, tuple[int, ...]]:
    """Give the numbers of each page in a file: CSV, or JSON as {"page": 1, "numbers": [...]}, one or a list of them.

    A row of the table is a page and one or more numbers; rows of one page add up. Raises DataError.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from None
    found: dict[int, list[int]] = {}
    for where, page, numbers in _json(path, text) if text.lstrip()[:1] in ("{", "[") else _table(path, text):
        found.setdefault(page, []).extend(numbers)
        if page < 1 or any(not 10 <= number <= 999 for number in numbers):
            raise DataError(f"{where}: expected a page from 1 and numbers of two or three digits", hint=_HINT)
    if not found:
        raise DataError(f"{path}: holds no numbers", hint=_HINT)
    for page, numbers in found.items():
        if len(numbers) != NUMBERS:
            raise DataError(f"{path}: page {page} has {len(numbers)} numbers, expected {NUMBERS}", hint=_HINT)
    return {page: tuple(numbers) for page, numbers in sorted(found.items())}


def _table(path: str | Path, text: str) -> list[tuple[str, int, list[int]]]:
    rows = []
    try:
        table = list(csv.reader(io.StringIO(text)))
    except csv.Error as error:
        raise DataError(f"{path}: is no table ({error})", hint=_HINT) from None
    for line, row in enumerate(table, 1):
        cells = [cell.strip() for cell in row if cell.strip()]
        if not cells or (line == 1 and not cells[0].isdecimal()):
            continue
        if len(cells) < 2 or not all(cell.isascii() and cell.isdecimal() and len(cell) < 10 for cell in cells):
            raise DataError(f"{path}:{line}: {','.join(row)[:60]!r} is no page and its numbers", hint=_HINT)
        rows.append((f"{path}:{line}", int(cells[0]), [int(cell) for cell in cells[1:]]))
    return rows


def _json(path: str | Path, text: str) -> list[tuple[str, int, list[int]]]:
    try:
        document = json.loads(text)
        entries = document if isinstance(document, list) else [document]
        return [(str(path), _whole(entry["page"]), [_whole(n) for n in _list(entry["numbers"])]) for entry in entries]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise DataError(f"{path}: expected a page and its numbers as JSON ({error})", hint=_HINT) from None


def _whole(value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 10:
        return int(value)
    if type(value) is not int:  # true is an int as well
        raise ValueError(f"{str(value)[:20]} is no whole number")
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise ValueError("the numbers are no list")
    return value
