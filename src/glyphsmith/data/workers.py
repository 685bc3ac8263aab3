"""Further processes that open pictures: opening many small files is Python's own work, which threads cannot share.

Started by ``stream.track`` for folders of many files, and for nothing else. A worker is this module run by the same
interpreter, not a process of ``multiprocessing``: that would run the caller's script once more where it has no
``if __name__ == "__main__"``. Tasks and answers are pickled over its pipes, so only our own two ends ever unpickle.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar, cast

from glyphsmith.data.pictures import LabelledPictures, Sample, Source
from glyphsmith.data.tree import FileStore, Folder
from glyphsmith.picture import Picture

__all__ = ["Crew", "Portion", "portion_of"]

R = TypeVar("R")

_PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class Portion:
    """Some pictures of a folder, by the indices they have in the whole; what travels to a worker. No labels."""

    form: str
    reason: str
    where: str
    count: int
    start: int
    files: FileStore
    names: Sequence[str]

    def __len__(self) -> int:
        return self.count

    def sample(self, i: int) -> Sample:
        """Name picture i."""
        return Sample(self.names[i - self.start], "")

    def picture(self, i: int) -> Picture:
        """Open picture i: uint8 (H, W, 3). Raises PictureError."""
        return self.files.picture(i - self.start, self.names[i - self.start])

    def encoded(self, i: int) -> bytes:
        """Give the bytes of picture i's file. Raises PictureError."""
        return self.files.encoded(i - self.start)


def portion_of(source: Source, indices: range) -> Portion | None:
    """Cut a portion out of a source, or None where its pictures are not plain files of a folder."""
    if not isinstance(source, LabelledPictures) or not isinstance(source.store, FileStore):
        return None
    if type(source.store.tree) is not Folder:
        return None
    return Portion(
        source.form,
        source.reason,
        source.where,
        len(source),
        indices.start,
        FileStore(
            Folder(source.store.tree.path, scan=False),
            source.store.files[indices.start : indices.stop],
            table=source.store.table,
        ),
        source.names[indices.start : indices.stop],
    )


class Crew:
    """Worker processes, each asked by one thread at a time. A worker that dies leaves its task to who asked."""

    def __init__(self, size: int) -> None:
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        there = os.pathsep.join(path for path in sys.path if path)
        self._workers = [
            subprocess.Popen(
                [sys.executable, "-m", "glyphsmith.data.workers"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, **threads, "PYTHONPATH": there},
            )
            for _ in range(size)
        ]
        self._free: queue.SimpleQueue[subprocess.Popen[bytes] | None] = queue.SimpleQueue()
        for worker in self._workers:
            self._free.put(worker)

    def ask(self, function: Callable[..., R], *given: Any) -> R:
        """Call a function in a worker; what it raises is raised here."""
        worker = self._free.get()
        if worker is not None:
            assert worker.stdin is not None
            assert worker.stdout is not None
            try:
                pickle.dump((function, given), worker.stdin, protocol=pickle.HIGHEST_PROTOCOL)
                worker.stdin.flush()
                result, error = pickle.load(worker.stdout)  # noqa: S301 - written by our own process
            except (OSError, EOFError, pickle.UnpicklingError):
                worker = None
            else:
                self._free.put(worker)
                if error is not None:
                    raise error
                return cast(R, result)
        self._free.put(worker)
        return function(*given)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for worker in self._workers:
            for pipe in (worker.stdin, worker.stdout):
                with contextlib.suppress(OSError):
                    assert pipe is not None
                    pipe.close()
        for worker in self._workers:
            try:
                worker.wait(_PATIENCE_S)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()


def _work() -> None:
    """Answer until there are no more questions: the pipe closes also when the first process is killed."""
    # Ctrl-C goes to all processes of a terminal; the first one ends the others in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing that a library prints may mix with the answers
    while True:
        try:
            function, given = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by our own process
        except EOFError:
            return
        answer: tuple[Any, Exception | None]
        try:
            answer = function(*given), None
        except Exception as error:  # noqa: BLE001 - raised again by who asked
            answer = None, error
        try:
            pickle.dump(answer, answers, protocol=pickle.HIGHEST_PROTOCOL)
            answers.flush()
        except OSError:
            return


if __name__ == "__main__":
    _work()
