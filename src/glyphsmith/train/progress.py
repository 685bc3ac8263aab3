"""What a person sees of a run while it lasts: lines on stderr, TensorBoard events in the run folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from glyphsmith.display import shown

__all__ = ["Events", "duration", "to_stderr"]


def to_stderr(line: str) -> None:
    """Print one line where results are not; no name in it is obeyed by a terminal."""
    print(shown(line, keep="\n"), file=sys.stderr, flush=True)


def duration(seconds: float) -> str:
    """Say a duration as people do: 8 s, 3 min 20 s, 2 h 5 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


class Events:
    """TensorBoard events of a run; without tensorboard nothing is written and nothing is lost."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.writer: Any = None
        self.missing = False

    def add(self, entry: dict[str, Any]) -> None:
        """Add the figures of one epoch."""
        step = int(entry["step"])
        if self.writer is None and not self.missing:
            try:
                from torch.utils.tensorboard import SummaryWriter
            except ImportError:
                self.missing = True
                return
            # What a killed run wrote beyond its checkpoint is hidden, or its epochs would stand there twice.
            self.writer = SummaryWriter(str(self.folder), purge_step=step)
        if self.writer is not None:
            for name in ("train_loss", "train_accuracy", "val_loss", "val_accuracy", "rate"):
                if name in entry:
                    self.writer.add_scalar(name.replace("_", "/", 1), entry[name], step)
            self.writer.flush()

    def close(self) -> None:
        """Write what is left."""
        if self.writer is not None:
            self.writer.close()
