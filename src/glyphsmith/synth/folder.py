"""Writes painted pictures to a folder that every other verb can read: PNG files and their labels.

``glyphsmith synth`` calls it. The folder of a seed is the same with any number of workers; what is interrupted leaves
the pictures painted so far, with their labels.
"""

from __future__ import annotations

import csv
import io
import multiprocessing
import os
import signal
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

import cv2

from glyphsmith.errors import DataError
from glyphsmith.files import write_atomically
from glyphsmith.synth.arithmetic import lines_of
from glyphsmith.synth.chance import Seeded
from glyphsmith.synth.labelled import LabelledPainter

__all__ = ["MOST_PICTURES", "paint_folder", "workers_for"]

MOST_PICTURES = 10_000_000
#: Pictures a worker is given at once.
_CHUNK = 64
#: A second process takes about this many pictures' time to start.
_WORTH_A_WORKER = 2000

#: Where the labels go: into a table, a list, the names of the files (``7_000123.png``), or folders beside a table.
Labels = Literal["labels.csv", "labels.txt", "names", "folders"]


def workers_for(n: int) -> int:
    """Give how many processes paint ``n`` pictures soonest on this machine."""
    return max(1, min(os.cpu_count() or 1, n // _WORTH_A_WORKER))


def paint_folder(
    painter: LabelledPainter,
    n: int,
    out: str | Path,
    seed: int,
    *,
    labels: Labels,
    workers: int = 1,
    folders: Mapping[str, str] | None = None,
    columns: Mapping[str, Callable[[int], str]] | None = None,
) -> Iterator[str]:
    """Paint pictures 0 to n - 1 of a seed into an empty or new folder; gives each text once its picture is written.

    ``labels.csv`` has the columns file and text; ``labels.txt`` a line ``expression value`` for each of 0.png, 1.png
    and so on; with "names" files are called ``<text>_<index>.png``; with "folders" they lie in the folder that
    ``folders`` gives for their text, and ``labels.csv`` says file, label and what ``columns`` give for an index.
    Labels are written at the end, also at an early
    one. Raises DataError for a folder that holds something already, and where nothing can be written.
    """
    if not 1 <= n <= MOST_PICTURES:
        raise DataError(f"{n} pictures: expected 1 to {MOST_PICTURES}")
    if workers < 1:
        raise DataError(f"{workers} workers: expected at least 1")
    Seeded(seed)  # refuses an impossible seed before there is a folder
    folder = _empty_folder(Path(out))
    digits = 1 if labels == "labels.txt" else len(str(n - 1))
    names = _Names(folder, digits, labels, dict(folders or {}))
    return _painted(painter, n, names, seed, dict(columns or {}), min(workers, -(-n // _CHUNK)))


def _empty_folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if next(folder.iterdir(), None) is not None:
            raise DataError(f"{folder}: this folder is not empty", hint="name a new folder with --out")
    except FileExistsError:
        raise DataError(f"{folder}: this is a file", hint="name a new folder with --out") from None
    except OSError as error:
        raise DataError(f"{folder}: cannot be made ({error.strerror or error})") from None
    return folder


@dataclass(frozen=True, slots=True)
class _Names:
    """Where the picture of an index and a text goes."""

    folder: Path
    digits: int
    labels: Labels
    folders: Mapping[str, str]

    def file(self, index: int, text: str) -> str:
        """Give the name below the folder."""
        name = f"{index:0{self.digits}d}.png"
        if self.labels == "names":
            return f"{text}_{name}"
        return f"{self.folders[text]}/{name}" if self.labels == "folders" else name


def _painted(
    painter: LabelledPainter,
    n: int,
    names: _Names,
    seed: int,
    columns: Mapping[str, Callable[[int], str]],
    workers: int,
) -> Iterator[str]:
    chunks = [range(start, min(n, start + _CHUNK)) for start in range(0, n, _CHUNK)]
    texts: list[str] = []
    painted: Generator[list[str]] = (
        (_paint_chunk(painter, seed, chunk, names) for chunk in chunks)
        if workers == 1
        else _shared_out(painter, seed, chunks, names, workers)
    )
    try:
        for some in painted:
            for text in some:
                texts.append(text)
                yield text
    finally:
        painted.close()
        if len(texts) < n and names.labels != "names":
            _leave_only(names.folder, len(texts))
        if texts:
            _write_labels(names, texts, columns)


def _leave_only(folder: Path, labelled: int) -> None:
    """Take away the pictures that an early end left without a label: they are painted ahead of what is told of them."""
    for path in folder.rglob("*.png"):
        if path.stem.isdecimal() and int(path.stem) >= labelled:
            with suppress(OSError):
                path.unlink()


def _shared_out(
    painter: LabelledPainter, seed: int, chunks: Sequence[range], names: _Names, workers: int
) -> Generator[list[str]]:
    """Paint chunks in worker processes; give their texts in order. Only a few chunks wait at any time."""
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin_worker, initargs=(painter, seed, names))
    try:
        ahead = iter(chunks)
        waiting = [pool.submit(_worker_chunk, chunk) for chunk in islice(ahead, 4 * workers)]
        while waiting:
            yield waiting.pop(0).result()
            waiting += [pool.submit(_worker_chunk, chunk) for chunk in islice(ahead, 1)]
    except BrokenProcessPool:
        raise DataError("a painting process has died", hint="--workers 1 paints without further processes") from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_worker: tuple[LabelledPainter, int, _Names] | None = None


def _begin_worker(painter: LabelledPainter, seed: int, names: _Names) -> None:
    global _worker  # noqa: PLW0603 - what a process is told once, at its start
    _worker = (painter, seed, names)
    cv2.setNumThreads(1)
    # Ctrl-C goes to all processes of a terminal; the first one ends the others in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _worker_chunk(chunk: range) -> list[str]:
    assert _worker is not None
    painter, seed, names = _worker
    return _paint_chunk(painter, seed, chunk, names)


def _paint_chunk(painter: LabelledPainter, seed: int, chunk: range, names: _Names) -> list[str]:
    texts = []
    for index in chunk:
        picture, text = painter.paint(seed, index)
        encoded = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1]
        _write(names.folder / names.file(index, text), encoded.tobytes())
        texts.append(text)
    return texts


def _write(path: Path, data: bytes) -> None:
    # Beside and renamed, but without the wait for the disk of files.py: a picture can be painted again.
    beside = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(exist_ok=True)
        beside.write_bytes(data)
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise DataError(f"{path}: cannot be written ({error.strerror or error})") from None


def _write_labels(names: _Names, texts: Sequence[str], columns: Mapping[str, Callable[[int], str]]) -> None:
    if names.labels == "names":
        return
    if names.labels == "labels.txt":
        write_atomically(names.folder / names.labels, "\n".join(lines_of(texts)) + "\n")
        return
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(("file", "label" if names.labels == "folders" else "text", *columns))
    for index, text in enumerate(texts):
        writer.writerow((names.file(index, text), text, *(column(index) for column in columns.values())))
    write_atomically(names.folder / "labels.csv", table.getvalue())
