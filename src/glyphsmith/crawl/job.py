"""What a crawl knows, line by line in a file that only grows: killed at any moment, it goes on where it was.

A line is one JSON object, written with one call, after what it tells of has happened. So a page is known or is asked
for again, and a line that a kill cut in two is dropped when the file is opened next. Everything that is reported is
counted from these lines, also what happened before a kill.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from glyphsmith.errors import DataError, PageError
from glyphsmith.files import hold

__all__ = ["Job", "open_job", "tell_lines"]

_FORM = 1

#: Bodies of pages that did not fit, kept to be looked at.
MOST_KEPT = 200


def tell_lines(job: Job, apply: Callable[[dict[str, Any]], None]) -> None:
    """Give the lines of an earlier run to ``apply``. Raises DataError where one says less than it must."""
    for number, line in enumerate(job.lines, 2):
        try:
            apply(line)
        except (KeyError, TypeError, ValueError, AttributeError, PageError):
            raise DataError(
                f"{job.path}:{number}: is no line of this job", hint="remove that line, or name another --out"
            ) from None


class Job:
    """The lines of a job; ``open_job`` makes it. Without a path it is kept in memory and ends with the process."""

    def __init__(self, path: Path | None, lines: list[dict[str, Any]], handle: int | None) -> None:
        self.path = path
        self.lines = lines
        self._handle = handle
        self._kept = sum("kept" in line for line in lines)

    def write(self, line: dict[str, Any]) -> None:
        """Add a line; it is in the file when this returns."""
        if self._handle is not None:
            data = (
                json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace") + b"\n"
            )
            try:
                # One call for a whole line; what is left after a full disk is cut off by the next opening.
                if os.write(self._handle, data) != len(data):
                    raise OSError(28, "the disk is full")
            except OSError as error:
                raise DataError(f"{self.path}: cannot be written ({error.strerror or error})") from None
        self.lines.append(line)

    def keep(self, name: str, body: bytes | None) -> dict[str, str]:
        """Keep the bytes of a page that did not fit, beside the lines; gives what its line says of that."""
        if self.path is None or not body or self._kept >= MOST_KEPT:
            return {}
        folder = self.path.parent / "kept"
        self._kept += 1
        target = folder / f"{name}-{self._kept}.html"
        try:
            folder.mkdir(exist_ok=True)
            target.write_bytes(body)
        except OSError as error:
            raise DataError(f"{target}: cannot be written ({error.strerror or error})") from None
        return {"kept": f"kept/{target.name}"}


@contextmanager
def open_job(path: Path | None, header: dict[str, Any]) -> Iterator[Job]:
    """Begin a job, or go on with the one in the file ``path``; ``header`` says what it is about and must be the same.

    Raises DataError where the file is of another job or cannot be written.
    """
    if path is None:
        yield Job(None, [], None)
        return
    said = {"form": _FORM, **header}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Binary on Windows as well: a line feed is one byte.
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o666)
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror or error})") from None
    try:
        if not hold(handle):
            raise DataError(f"{path}: another crawl is at work here", hint="let it end, or name another --out")
        lines = _read(handle, path)
        job = Job(path, lines[1:], handle)
        if not lines or (lines == [{**said, "account": None}] and lines != [said]):
            # Nothing came of a crawl whose account was forgotten: it is no other one.
            os.ftruncate(handle, 0)
            job.write(said)
            job.lines.clear()
        elif lines[0] != said:
            other = next(key for key in {**said, **lines[0]} if lines[0].get(key) != said.get(key))
            raise DataError(
                f"{path}: is the job of another crawl: its {other} is {lines[0].get(other)!r}, not {said.get(other)!r}",
                hint="name another --out, or remove the old one",
            )
        yield job
    finally:
        os.close(handle)


def _read(handle: int, path: Path) -> list[dict[str, Any]]:
    """Read the whole lines, and cut off what comes after the last of them."""
    with os.fdopen(os.dup(handle), "rb") as file:
        file.seek(0)
        data = file.read()
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        os.ftruncate(handle, whole)
    lines = []
    for number, text in enumerate(data[:whole].splitlines(), 1):
        try:
            line = json.loads(text)
        except ValueError:
            line = None
        if not isinstance(line, dict):
            raise DataError(
                f"{path}:{number}: is no line of a job", hint="remove that line, or name another --out"
            ) from None
        lines.append(line)
    return lines
