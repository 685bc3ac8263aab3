"""Labels from ``labels.txt``: a line a picture, either ``name label`` or the labels in the order of 0.png, 1.png ...

Name and label may be parted by a tab, a blank, or a comma or semicolon behind the name of a picture that is there. An
arithmetic label may be followed by its value, as in ``(3-7)+5 1``; the value is worked out again when it is needed, so
it is only compared and taken off.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from glyphsmith.data.folders import name_of_file
from glyphsmith.data.pictures import LabelledPictures
from glyphsmith.data.table import decoded, finder, is_picture_name, whole_file
from glyphsmith.data.tree import FileStore, Tree
from glyphsmith.errors import DataError
from glyphsmith.expression import evaluate_expression

__all__ = ["open_lines"]

_EXPRESSION = re.compile(r"(?=.*\d)(?=.*[-+*/×÷])[\d+\-*/×÷().=;\u4e00-\u9fff]+")
_VALUE = re.compile(r"=?\s*[-+]?\d+(\.\d+)?(/\d+)?")


class _Named(NamedTuple):
    files: list[str]
    labels: list[str]
    missing: int
    reason: str


def open_lines(tree: Tree, table: str, where: str) -> LabelledPictures:
    """Read ``labels.txt``. Raises DataError where the lines fit no pictures."""
    lines = [line.strip("\r\n") for line in decoded(whole_file(tree, table), table).split("\n")]
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        raise DataError(f"{where}: {table} is empty", hint="expected a line a picture: `7_a.png 7`, or only its label")
    found = _with_names(tree, table, lines) or _in_order(tree, table, lines, where)
    notes: list[str] = []
    labels, cut, wrong = _without_values(found.labels)
    if cut:
        notes.append(f"the {cut:,} values behind the expressions of {table} are not labels (first: {labels[0]!r})")
    if wrong:
        told = f"{found.files[wrong[0]]}: {found.labels[wrong[0]]!r}"
        notes.append(f"doubtful: {len(wrong):,} labels of {table} have another value than stands behind them ({told})")
    keep = [i for i, label in enumerate(labels) if label]
    if len(keep) < len(labels):
        notes.append(f"left out: {len(labels) - len(keep):,} lines of {table} without a label")
    if not keep:
        raise DataError(f"{where}: no line of {table} holds a label")
    if found.missing == len(found.files):
        raise DataError(f"{where}: none of the pictures that {table} names is there (first: {found.files[0]})")
    files = [found.files[i] for i in keep]
    used = set(found.files)
    unused = [name for name in tree.files() if is_picture_name(name) and name not in used]
    if unused:
        notes.append(f"left out: {len(unused):,} pictures that {table} does not name (first: {unused[0]})")
    return LabelledPictures(
        form="a list of labels",
        reason=found.reason,
        where=where,
        store=FileStore(tree, files, table=table),
        names=files,
        labels=[labels[i] for i in keep],
        notes=notes,
    )


def _with_names(tree: Tree, table: str, lines: list[str]) -> _Named | None:
    """Lines ``name label``: taken where nearly every line begins with the name of a picture that is there."""
    find = finder(tree, posixpath.dirname(table))
    files: list[str] = []
    labels: list[str] = []
    missing = 0
    for line in lines:
        if not line.strip():
            continue
        name, _, label = line.partition("\t") if "\t" in line else line.strip().partition(" ")
        path, there = _picture(find, name)
        for sign in ",;" if not there else "":
            before, parted, after = line.partition(sign)
            found, known = _picture(find, before) if parted else ("", False)
            if known:
                path, there, label = found, True, after
                break
        missing += not there
        files.append(path)
        labels.append(label.strip())
    if missing > 0.5 * len(files):
        return None
    return _Named(files, labels, missing, f"each line of {table} is the name of a picture and its label")


def _picture(find: Callable[[str], tuple[str, str]], written: str) -> tuple[str, bool]:
    """Give the name in the tree, and whether a picture is named: ``12 7`` names 12.png only if it is written out."""
    path, state = find(written.strip())
    return path, state == "found" and is_picture_name(written.strip())


def _in_order(tree: Tree, table: str, lines: list[str], where: str) -> _Named:
    """Lines are labels in the order of pictures named by running numbers, from 0 or from 1."""
    numbered: dict[int, str] = {}
    folder = posixpath.dirname(table)
    for path in tree.files():
        stem = name_of_file(path)
        beside = posixpath.dirname(path) in (folder, posixpath.join(folder, "images"))
        if beside and is_picture_name(path) and stem.isascii() and stem.isdecimal() and len(stem) < 12:
            if int(stem) in numbered:
                raise DataError(f"{where}: {numbered[int(stem)]} and {path} are both picture {int(stem)} of {table}")
            numbered[int(stem)] = path
    if not numbered:
        raise DataError(
            f"{where}: {table} neither begins its lines with names of pictures, nor is there a 0.png, 1.png ...",
            hint=f"its first line is {lines[0][:80]!r}; expected `NAME.png LABEL`",
        )
    first = 0 if 0 in numbered else 1
    last = max(numbered)
    if last - first + 1 > len(lines):
        raise DataError(
            f"{where}: {table} has {len(lines):,} lines, but there is a picture {numbered[last]}",
            hint="every picture needs its line, also an empty one",
        )
    files = [numbered.get(first + k, posixpath.join(folder, f"{first + k}.png")) for k in range(len(lines))]
    missing = sum(first + k not in numbered for k in range(len(lines)))
    return _Named(
        files, [line.strip() for line in lines], missing, f"line k of {table} is the label of {first}.png plus k"
    )


def _without_values(labels: list[str]) -> tuple[list[str], int, list[int]]:
    """Take ``EXPRESSION VALUE`` apart, where every label with a space is so; count them, and list those that differ."""
    cut = list(labels)
    count = 0
    wrong = []
    for i, label in enumerate(labels):
        expression, space, value = label.rpartition(" ") if " " in label else (label, "", "")
        if not space:
            continue
        expression = expression.rstrip(" =") if value else expression
        if not (_EXPRESSION.fullmatch(expression.replace(" ", "")) and _VALUE.fullmatch(value)):
            return labels, 0, []
        cut[i] = expression
        count += 1
        if not _agrees(expression, value):
            wrong.append(i)
    return cut, count, wrong


def _agrees(expression: str, written: str) -> bool:
    """Say whether a value is that of its expression, as exactly as it is written; what has no value agrees with all."""
    found = evaluate_expression(expression).value
    number = written.lstrip("= ")
    if found is None:
        return True
    if "." in number and "/" not in number:
        return abs(found - Fraction(number)) <= Fraction(1, 10 ** len(number.partition(".")[2]))
    try:
        above, _, below = number.partition("/")
        return found == Fraction(above) / Fraction(below or "1")
    except ZeroDivisionError:
        return False
