"""Labels from a table: ``labels.csv``, with the columns file,label and any further ones as groups or as the split."""

from __future__ import annotations

import csv
import io
import posixpath
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from glyphsmith.data.pictures import PART_NAMES, LabelledPictures, Part, part_of
from glyphsmith.data.tree import FileStore, Tree, leads_out
from glyphsmith.errors import DataError
from glyphsmith.picture import PICTURE_SUFFIXES

__all__ = ["decoded", "finder", "has_table_header", "is_picture_name", "open_csv", "whole_file"]

#: A larger table is none: five million lines take as much, and it is read whole.
MAX_TABLE_BYTES = 2**28

_USUAL = tuple(sorted(PICTURE_SUFFIXES))
_FILE_COLUMNS = ("file", "filename", "file_name", "path", "filepath", "image", "img", "picture", "image_path", "name")
_LABEL_COLUMNS = ("label", "text", "labels", "class", "target", "transcription", "truth", "digit", "character", "latex")
#: A line of a table that spans more lines than these was meant to end before, where a quotation mark has no partner.
_MOST_LINES = 3
_PART_COLUMNS = ("part", "split", "subset", "set", "partition")


@dataclass
class _Rows:
    """What the tables said, in their order."""

    files: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    groups: list[str | None] = field(default_factory=list)
    parts: list[Part | None] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    columns: tuple[str, ...] = ()
    seen: set[tuple[str, str]] = field(default_factory=set)
    empty: int = 0
    repeated: int = 0
    missing: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)


def is_picture_name(name: str) -> bool:
    """Say whether a file's name ends like a picture's."""
    if name.endswith(_USUAL):
        return True
    return posixpath.splitext(name)[1].lower() in PICTURE_SUFFIXES


def has_table_header(tree: Tree, name: str) -> bool:
    """Say whether a csv begins with a header that names files and labels."""
    try:
        with tree.open(name) as file:
            head = decoded(file.read(1 << 16).rpartition(b"\n")[0], name)
    except (OSError, DataError):
        return False
    cells = [cell.strip().lower() for cell in _first_row(head)]
    return any(cell in _FILE_COLUMNS for cell in cells) and any(cell in _LABEL_COLUMNS for cell in cells)


def open_csv(
    tree: Tree, tables: Sequence[tuple[str, Part | None]], where: str, *, group: str = "", why: str = ""
) -> LabelledPictures:
    """Read one or more tables of a tree; a table in a folder named train or test gives its part.

    Where a column gives a test or validation part, lines without a word in it are left to the split. Raises DataError,
    also for a word in that column that names no part: such pictures may have been meant to be held out.
    """
    rows = _Rows()
    for name, part in tables:
        _read_csv(tree, name, part, group, rows)
    first = tables[0][0]
    if not rows.files:
        raise DataError(f"{where}: {first} names no picture with a label", hint="expected lines like 7_a.png,7")
    if len(rows.missing) + len(rows.outside) == len(rows.files):
        if not rows.missing:
            raise DataError(
                f"{where}: all {len(rows.files):,} files that {first} names lie outside the folder "
                f"(first: {rows.outside[0]})",
                hint="files outside the folder of the table are never opened; move the table above them",
            )
        gone = rows.missing[0]
        raise DataError(
            f"{where}: none of the {len(rows.files):,} files that {first} names is there (first: {gone})",
            hint="names are taken relative to the table's own folder, or to images/ beside it",
        )
    _note_what_was_odd(tree, first, group, rows)
    kinds = set(rows.parts)
    parts = rows.parts if len(kinds) > 1 and kinds != {None, "train"} else None
    said = ", with the split given by the table" if parts else ""
    if not group and rows.columns:
        rows.notes.append(f"{first} has further columns, any of which keeps groups together: --group {rows.columns[0]}")
    shown = first if len(tables) == 1 else f"{len(tables)} tables, the first {first}"
    return LabelledPictures(
        form="a table of labels",
        reason=f"{shown} names {len(rows.files):,} pictures with their labels{why}{said}",
        where=where,
        store=FileStore(tree, rows.files, table=first),
        names=rows.files,
        labels=rows.labels,
        groups=rows.groups if group else None,
        parts=parts,
        notes=rows.notes,
        columns=rows.columns,
    )


def _note_what_was_odd(tree: Tree, first: str, group: str, rows: _Rows) -> None:
    if rows.empty:
        rows.notes.append(f"left out: {rows.empty:,} lines of {first} without a file or a label")
    if rows.repeated:
        rows.notes.append(f"left out: {rows.repeated:,} lines of {first} that say the same again")
    if rows.outside:
        rows.notes.append(
            f"{len(rows.outside):,} files lie outside the folder and are not read (first: {rows.outside[0]})"
        )
    listed = tree.files()
    if listed:
        used = set(rows.files)
        unused = [name for name in listed if is_picture_name(name) and name not in used]
        if unused:
            rows.notes.append(f"left out: {len(unused):,} pictures that {first} does not name (first: {unused[0]})")
    if group:
        lacking = sum(value is None for value in rows.groups)
        if lacking:
            rows.notes.append(f"{lacking:,} lines have no {group}: each such picture is a group of its own")


def _read_csv(tree: Tree, name: str, part: Part | None, group: str, rows: _Rows) -> None:
    text = decoded(whole_file(tree, name), name)
    first = _first_row(text)
    header = [cell.strip().lower() for cell in first]
    file_at = _column(header, _FILE_COLUMNS)
    label_at = _column(header, _LABEL_COLUMNS)
    part_at: int | None = None
    has_header = file_at is not None and label_at is not None
    if not has_header:
        if len(first) < 2 or not is_picture_name(first[0].strip()):
            raise DataError(
                f"{name}: the first line names no columns file,label (got: {', '.join(first)[:120]!r})",
                hint="the first line must be file,label or file,text; further columns are groups",
            )
        file_at, label_at = 0, 1
        header = ["file", "label", *(f"column{k}" for k in range(3, len(header) + 1))]
    assert file_at is not None
    assert label_at is not None
    part_at = _column(header, _PART_COLUMNS)
    others = tuple(
        cell.strip() for k, cell in enumerate(first if has_header else header) if k not in (file_at, label_at)
    )
    rows.columns = rows.columns or tuple(cell for cell in others if cell and cell.lower() not in _PART_COLUMNS)
    group_at: int | None = None
    if group:
        if group.lower() not in header:
            raise DataError(
                f"{name}: there is no column {group!r}",
                hint=f"its further columns are: {', '.join(others)}" if others else "it has only file and label",
            )
        group_at = header.index(group.lower())
    unknown: Counter[str] = Counter()
    find = finder(tree, posixpath.dirname(name))
    for cells in _cells(text, name, skip=has_header):
        if not any(cell.strip() for cell in cells):
            continue
        file = cells[file_at].strip() if len(cells) > file_at else ""
        label = cells[label_at].strip() if len(cells) > label_at else ""
        if not file or not label:
            rows.empty += 1
            continue
        found, state = find(file)
        if (found, label) in rows.seen:
            rows.repeated += 1
            continue
        rows.seen.add((found, label))
        if state == "missing":
            rows.missing.append(file)
        elif state == "outside":
            rows.outside.append(file)
        rows.files.append(found)
        rows.labels.append(label)
        value = cells[group_at].strip() if group_at is not None and len(cells) > group_at else ""
        rows.groups.append(sys.intern(value) if value else None)
        word = cells[part_at].strip() if part_at is not None and len(cells) > part_at else ""
        given = part_of(word)
        if word and given is None:
            unknown[word] += 1
        rows.parts.append(given or part)
    # a column of that name which the user groups by may be anything
    if unknown and part_at is not None and part_at != group_at:
        raise _unknown_parts(name, first[part_at].strip(), unknown)


def _unknown_parts(name: str, column: str, unknown: Counter[str]) -> DataError:
    shown = ", ".join(f"{word[:40]!r}" for word in sorted(unknown)[:6]) + (" ..." if len(unknown) > 6 else "")
    known = "; ".join(
        f"{part}: {', '.join(word for word, meant in PART_NAMES.items() if meant == part)}"
        for part in ("train", "validation", "test")
    )
    return DataError(
        f"{name}: {unknown.total():,} lines have {shown} in the column {column}, which names no part of a split",
        hint=f"known are {known}; leave the cell empty for no part, or rename the column if it is no split",
    )


def _column(header: Sequence[str], names: Sequence[str]) -> int | None:
    return next((header.index(name) for name in names if name in header), None)


def whole_file(tree: Tree, name: str) -> bytes:
    """Read a table. Raises DataError."""
    try:
        size = tree.size(name)
        if size > MAX_TABLE_BYTES:
            raise DataError(f"{name}: {size:,} bytes, a table has at most {MAX_TABLE_BYTES:,}")
        with tree.open(name) as file:
            return file.read()
    except OSError as error:
        raise DataError(f"{name}: cannot be read ({error.strerror or error})") from None


def decoded(data: bytes, name: str) -> str:
    """Decode UTF-8 (with or without a mark) or marked UTF-16. Raises DataError with the line."""
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise DataError(f"{name}: line {line} is not UTF-8", hint="save the table as UTF-8 text") from None
    if "\0" in text:
        raise DataError(f"{name}: holds zero bytes and is no table of text")
    return text


def _delimiter(text: str) -> str:
    line = text.partition("\n")[0]
    return max(",;\t", key=line.count)


def _first_row(text: str) -> list[str]:
    return next(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)), [])


def _cells(text: str, name: str, *, skip: bool) -> Iterator[list[str]]:
    csv.field_size_limit(1 << 20)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        if skip:
            next(reader, None)
        before, unpaired = reader.line_num, text.count('"') % 2 == 1
        for cells in reader:
            if unpaired and reader.line_num - before > _MOST_LINES:
                raise DataError(
                    f"{name}: line {before + 1} opens a quotation mark that is not closed for "
                    f"{reader.line_num - before:,} lines",
                    hint="close it, or double the mark where it is a sign of the label",
                )
            before = reader.line_num
            yield cells
    except csv.Error as error:
        raise DataError(f"{name}: line {reader.line_num} is no line of a table ({error})") from None


def finder(tree: Tree, folder: str) -> Callable[[str], tuple[str, Literal["found", "missing", "outside"]]]:
    """Give a function from a name in a table in ``folder`` to the name in the tree."""
    by_base: dict[str, str | None] = {}
    # a table may name its files from the root, though the folder was named from where we are, or through a link
    places = (tree.where, str(Path(tree.where).absolute()), str(Path(tree.where).resolve()))
    roots = [posixpath.normpath(place.replace("\\", "/")).rstrip("/") + "/" for place in places]

    def find(written: str) -> tuple[str, Literal["found", "missing", "outside"]]:
        name = posixpath.normpath(written.replace("\\", "/"))
        if name.startswith("../"):
            # From the table's own folder up, and mostly down again into another one beside it.
            up = posixpath.normpath(posixpath.join(folder, name))
            if not up.startswith("../"):
                return (up, "found") if tree.has(up) else (up, "missing")
        if leads_out(name):
            below = next((root for root in roots if name.startswith(root)), None)
            if below is None:
                # A name outside is never opened, whoever wrote the table.
                return written, "outside"
            name = name[len(below) :]
            return (name, "found") if tree.has(name) else (name, "missing")
        for base in (folder, posixpath.join(folder, "images"), ""):
            for variant in {posixpath.join(base, name), unicodedata.normalize("NFD", posixpath.join(base, name))}:
                if tree.has(variant):
                    return variant, "found"
        if not by_base:
            for path in tree.files():
                if is_picture_name(path):
                    for key in (posixpath.basename(path), posixpath.splitext(posixpath.basename(path))[0]):
                        by_base[key] = None if key in by_base else path
            by_base.setdefault("", None)
        elsewhere = by_base.get(posixpath.basename(name))
        return (elsewhere, "found") if elsewhere else (posixpath.join(folder, name), "missing")

    return find
