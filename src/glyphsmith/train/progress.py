"""What a person sees of a run while it lasts: lines and a bar on stderr, TensorBoard events in the run folder."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["bar", "duration", "to_stderr", "write_events"]


def to_stderr(line: str) -> None:
    """Print one line where results are not."""
    print(line, file=sys.stderr, flush=True)


def duration(seconds: float) -> str:
    """Say a duration as people do: 8 s, 3 min 20 s, 2 h 5 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


@contextmanager
def bar(total: int, done: int, *, show: bool) -> Iterator[Callable[[int], None]]:
    """Show a bar with the time left on a terminal; gives the function that moves it. Elsewhere it does nothing."""
    if not (show and sys.stderr.isatty()):
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("learning"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, refresh_per_second=4) as shown:
        task = shown.add_task("learning", total=total, completed=done)

        def move(step: int) -> None:
            shown.update(task, completed=step)

        yield move


def write_events(folder: Path, entry: dict[str, Any]) -> None:
    """Add one epoch to the TensorBoard events; without tensorboard nothing is written and nothing is lost."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return
    step = int(entry["step"])
    with SummaryWriter(str(folder), purge_step=step) as writer:  # type: ignore[no-untyped-call]
        for name in ("train_loss", "train_accuracy", "val_loss", "val_accuracy", "rate"):
            writer.add_scalar(name.replace("_", "/", 1), entry[name], step)  # type: ignore[no-untyped-call]
