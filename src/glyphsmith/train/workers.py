"""Processes that paint ahead of learning: spawned, one thread each, without torch; gone when the training process is.

Each worker has a few slots of shared memory and a pipe. The training process names pictures for a slot, the worker
fills it and says so; batches are shared out in turns and taken in order, so that the number of workers changes nothing
but the time. A worker whose pipe closes ends itself, however the training process came to its end.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import signal
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glyphsmith.errors import GlyphsmithError, TrainingError
from glyphsmith.train.painting import Brush, Endless

__all__ = ["Workers"]

#: Batches a worker may be ahead: one to be learned from, one that is ready, one that is painted.
_SLOTS = 3
#: How long a worker may take to end by itself; it looks at its pipe after every batch.
_PATIENCE_S = 5.0


class Workers:
    """``count`` processes that paint batches of ``batch`` pictures, every batch ``stride`` pictures after the last."""

    def __init__(self, endless: Endless, count: int, *, batch: int, stride: int, offset: int = 0) -> None:
        self.batch, self.stride, self.offset = batch, stride, offset
        self.origin = self.next_asked = self.next_taken = 0
        self.held: tuple[int, int] | None = None
        context = multiprocessing.get_context("spawn")
        bytes_of_picture = int(np.prod(endless.shape))
        self.connections: list[Connection] = []
        self.processes: list[Any] = []
        self.shelves: list[tuple[NDArray[np.uint8], NDArray[np.int64]]] = []
        # Before multiprocessing's own end, which would wait for workers whose pipes are still open.
        atexit.register(self.close)
        try:
            for _ in range(count):
                # Memory without a name: nothing is left behind, even when everything is killed at once.
                pictures = context.RawArray("B", _SLOTS * batch * bytes_of_picture)
                labels = context.RawArray("q", _SLOTS * batch * endless.longest)
                ours, theirs = context.Pipe()
                process = context.Process(
                    target=_work, args=(theirs, endless, batch, pictures, labels), daemon=True, name="painting"
                )
                with _as_a_worker_starts():
                    process.start()
                theirs.close()
                self.connections.append(ours)
                self.processes.append(process)
                self.shelves.append(_shelf(endless, batch, pictures, labels))
        except OSError as error:
            self.close()
            raise TrainingError(
                f"no process could be started to paint pictures ({error.strerror or error})",
                hint="--set synth.workers=0 paints in the training process",
            ) from None

    def take(self, step: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Give the batch of a step, uint8 (N, C, h, w) and labels (N, L), valid until the next is taken.

        Raises TrainingError where a worker has died.
        """
        if self.held is not None:
            self.held = None
            self._ask_ahead()
        if step != self.next_taken or self.next_asked == self.next_taken:
            while self.next_taken < self.next_asked:
                self._receive()
            self.origin = self.next_asked = self.next_taken = step
            self._ask_ahead()
        slot = self._receive()
        worker = (step - self.origin) % len(self.processes)
        pictures, labels = self.shelves[worker]
        self.held = (worker, slot)
        return pictures[slot], labels[slot]

    def close(self) -> None:
        """End the processes."""
        atexit.unregister(self.close)
        for connection in self.connections:
            with suppress(OSError):
                connection.close()
        for process in self.processes:
            process.join(_PATIENCE_S)
            if process.is_alive():
                process.kill()
                process.join()
            process.close()
        self.connections, self.processes, self.shelves = [], [], []

    def _ask_ahead(self) -> None:
        # A slot that is being learned from is not free: it is asked for again only when the next batch is taken.
        while self.next_asked < self.next_taken + _SLOTS * len(self.processes):
            turn, worker = divmod(self.next_asked - self.origin, len(self.processes))
            start = self.next_asked * self.stride + self.offset
            try:
                self.connections[worker].send((turn % _SLOTS, start))
            except OSError:
                raise self._died(worker) from None
            self.next_asked += 1

    def _receive(self) -> int:
        """Wait for the next batch in order and give its slot."""
        turn, worker = divmod(self.next_taken - self.origin, len(self.processes))
        try:
            trouble = self.connections[worker].recv()
        except (EOFError, OSError):
            raise self._died(worker) from None
        if trouble is not None:
            raise TrainingError(f"painting failed in a worker process: {trouble}")
        self.next_taken += 1
        return turn % _SLOTS

    def _died(self, worker: int) -> TrainingError:
        process = self.processes[worker]
        process.join(_PATIENCE_S)
        how = f"signal {-process.exitcode}" if (process.exitcode or 0) < 0 else f"status {process.exitcode}"
        return TrainingError(
            f"a process that painted training pictures has died ({how})",
            hint="is there enough memory? --resume goes on from the last checkpoint; synth.workers=0 needs no others",
        )


def _shelf(endless: Endless, batch: int, pictures: Any, labels: Any) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Give shared memory as uint8 (slots, N, C, h, w) and int64 (slots, N, L)."""
    return (
        np.frombuffer(pictures, np.uint8).reshape(_SLOTS, batch, *endless.shape),
        np.frombuffer(labels, np.int64).reshape(_SLOTS, batch, endless.longest),
    )


def _work(connection: Connection, endless: Endless, batch: int, pictures: Any, labels: Any) -> None:
    """Paint what is asked for until nobody asks any more."""
    # Ctrl-C reaches every process of a terminal; the training process decides what comes of it.
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)
    with suppress(EOFError, OSError):
        try:
            import cv2

            cv2.setNumThreads(1)
            brush = Brush(endless)
            shelf = _shelf(endless, batch, pictures, labels)
            while True:
                slot, start = connection.recv()
                brush.fill(start, shelf[0][slot], shelf[1][slot])
                connection.send(None)
        except (EOFError, OSError):
            raise
        except GlyphsmithError as error:
            connection.send(error.message)
        except Exception as error:  # noqa: BLE001 - what ends a worker is one sentence of the training process
            connection.send(f"{type(error).__name__}: {error}")


@contextmanager
def _as_a_worker_starts() -> Iterator[None]:
    """Start a process that does not run the caller's script again, takes one thread, and misses no Ctrl-C of ours.

    A spawned process imports the main module of the one that started it; ours need none of it, and a script without
    ``if __name__ == "__main__"`` would train once more in each of them.
    """
    main = sys.modules["__main__"]
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    # What is blocked here is blocked in the new process from its first moment on; ours come in afterwards.
    block = getattr(signal, "pthread_sigmask", None)
    mask = block(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM}) if block else None
    sys.modules["__main__"] = types.ModuleType("__main__")
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        sys.modules["__main__"] = main
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        if block:
            block(signal.SIG_SETMASK, mask)
