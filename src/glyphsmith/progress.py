"""The one way to show progress: a bar with the time left, on stderr, for work that takes longer than two seconds.

rich is loaded when the two seconds are over, so that short work does not pay for it. Where nobody looks on (stderr is
a file or a pipe) nothing is shown, so that a log holds sentences only.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["bar", "watched"]

T = TypeVar("T")

PATIENCE_S = 2.0


@contextmanager
def bar(
    what: str, total: int, *, done: int = 0, show: bool = True, in_bytes: bool = False
) -> Iterator[Callable[[int], None]]:
    """Give the function that says how much of ``total`` is done, beginning at ``done``; two seconds on, a bar shows it.

    ``in_bytes`` counts in megabytes. With ``show`` false, or off a terminal, the function does nothing.
    """
    if not (show and sys.stderr.isatty()):
        yield lambda _: None
        return
    begun = time.monotonic()
    shown: Progress | None = None

    def move(to: int) -> None:
        nonlocal shown
        if shown is None and time.monotonic() - begun > PATIENCE_S:
            shown = _shown(what, total, done, in_bytes=in_bytes)
        if shown is not None:
            shown.update(shown.task_ids[0], completed=to)

    try:
        yield move
    finally:
        if shown is not None:
            shown.stop()


def watched(items: Iterable[T], total: int, what: str) -> Iterator[T]:
    """Pass items on and show how many of ``total`` have gone by."""
    with bar(what, total) as move:
        for done, item in enumerate(items, 1):
            move(done)
            yield item


def _shown(what: str, total: int, done: int, *, in_bytes: bool) -> Progress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    count = DownloadColumn() if in_bytes else MofNCompleteColumn()
    # Labels and file names may hold [brackets], which are no markup.
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), count, TimeRemainingColumn())
    shown = Progress(*columns, console=Console(stderr=True), transient=True, refresh_per_second=4)
    shown.start()
    shown.add_task(what, total=total, completed=done)
    return shown
