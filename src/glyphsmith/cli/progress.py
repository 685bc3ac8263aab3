"""A progress bar with the time left, on stderr, for work that turns out to take longer than two seconds."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["watched"]

T = TypeVar("T")

PATIENCE_S = 2.0


def watched(items: Iterable[T], total: int, what: str) -> Iterator[T]:
    """Pass items on; after two seconds a bar appears. rich is loaded then, so that short work does not pay for it."""
    begun = time.monotonic()
    bar: Progress | None = None
    try:
        for done, item in enumerate(items, 1):
            if bar is None and time.monotonic() - begun > PATIENCE_S:
                bar = _bar(what, total)
            if bar is not None:
                bar.update(bar.task_ids[0], completed=done)
            yield item
    finally:
        if bar is not None:
            bar.stop()


def _bar(what: str, total: int) -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    bar.start()
    bar.add_task(what, total=total)
    return bar
