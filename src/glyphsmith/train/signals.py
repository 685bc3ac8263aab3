"""Ctrl-C and SIGTERM ask a run to end well: the step is finished, the weights are judged, the file is written."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

__all__ = ["Stop", "held_back", "stop_on_signals"]


class Stop:
    """A wish to stop, with its reason; set by a signal or by the caller, asked after every step."""

    def __init__(self) -> None:
        self.reason: str | None = None

    def ask(self, reason: str) -> None:
        """Wish to stop."""
        self.reason = self.reason or reason

    def __bool__(self) -> bool:
        return self.reason is not None


@contextmanager
def stop_on_signals(stop: Stop) -> Iterator[Stop]:
    """Turn the first SIGINT or SIGTERM into ``stop``; a second SIGINT interrupts at once.

    Outside the main thread signals cannot be caught and ``stop`` is only what the caller makes of it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def caught(number: int, _: FrameType | None) -> None:
        if stop and number == signal.SIGINT:
            raise KeyboardInterrupt
        stop.ask("interrupted by Ctrl-C" if number == signal.SIGINT else "ended by SIGTERM")

    before: dict[signal.Signals, Any] = {}
    for name in (signal.SIGINT, signal.SIGTERM):
        before[name] = signal.signal(name, caught)
    try:
        yield stop
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


@contextmanager
def held_back() -> Iterator[None]:
    """Let what is written here come to its end before the first SIGINT or SIGTERM interrupts; a second SIGINT does so
    at once.
    """
    with stop_on_signals(Stop()) as asked:
        yield
    if asked:
        raise KeyboardInterrupt
