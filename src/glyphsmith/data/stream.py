"""Go through a source once, in order, some pictures at a time and with all cores, without keeping any picture.

Pillow and OpenCV let other threads run while they decode, so threads are enough for photographs. Of small files most of
the work is Python's own, and a folder of many is shared out to further processes. What comes out is in order whoever
did it, so every figure is the same on every machine.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from glyphsmith.data.pictures import Source
from glyphsmith.data.workers import Crew, portion_of
from glyphsmith.errors import PictureError
from glyphsmith.progress import bar

__all__ = ["in_order", "ranges", "track", "track_source", "usable_cores"]

T = TypeVar("T")
R = TypeVar("R")

#: Pictures a thread takes at once: enough to make handing over cheap, few enough for 12-megapixel photographs.
PICTURES_A_PIECE = 64
#: Of small files, which are decoded together; at 512 a piece each of them takes twice as long.
SMALL_A_PIECE = 2048
_SMALL_BYTES = 16 * 1024
_LOOKED_AT = 8
#: In a smaller folder starting processes (0.3 s) takes longer than they save.
_CREW_FROM = 20_000


def usable_cores() -> int:
    """Count the cores this process may use, which in a container or under taskset is not all."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def ranges(count: int, size: int = PICTURES_A_PIECE) -> list[range]:
    """Cut 0..count-1 into pieces of at most ``size``."""
    return [range(start, min(start + size, count)) for start in range(0, count, size)]


def in_order(function: Callable[[T], R], items: list[T], *, threads: int | None = None) -> Iterator[R]:
    """Apply a function to every item in threads and give the results in the order of the items.

    At most two results a thread wait to be taken, so memory does not grow with the number of items.
    """
    threads = min(threads or min(usable_cores(), 8), len(items))
    if threads <= 1:
        yield from map(function, items)
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="glyphsmith-data") as pool:
        waiting: deque[Future[R]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) > 2 * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def track(
    function: Callable[[range], R], count: int, what: str, *, progress: bool = True, size: int = PICTURES_A_PIECE
) -> Iterator[tuple[range, R]]:
    """Apply a function to pieces of 0..count-1 in threads, in order; after two seconds the time left is on stderr."""
    pieces = ranges(count, size)
    with bar(what, count, show=progress) as move:
        for piece, result in zip(pieces, in_order(function, pieces), strict=True):
            move(piece.stop)
            yield piece, result


def track_source(
    function: Callable[[Source, range], R], source: Source, what: str, *, progress: bool = True
) -> Iterator[tuple[range, R]]:
    """Apply a function to pieces of a source as ``track`` does; in further processes where that is faster.

    The function is one of a module, or a ``partial`` of such, since it may have to travel; it must ask the source it is
    given for nothing but names and pictures.
    """
    size = piece_size(source)
    cores = usable_cores()
    if size == PICTURES_A_PIECE or cores == 1 or len(source) < _CREW_FROM or portion_of(source, range(0)) is None:
        yield from track(lambda piece: function(source, piece), len(source), what, progress=progress, size=size)
        return
    with Crew(min(cores, 8)) as crew:
        yield from track(
            lambda piece: crew.ask(function, portion_of(source, piece), piece),
            len(source),
            what,
            progress=progress,
            size=size,
        )


def piece_size(source: Source) -> int:
    """Choose how many pictures a thread takes at once from the size of a few of them."""
    encoded: Callable[[int], bytes | None] | None = getattr(source, "encoded", None)
    if encoded is None or not len(source):
        return PICTURES_A_PIECE
    last = len(source) - 1
    for i in sorted({k * last // (_LOOKED_AT - 1) for k in range(_LOOKED_AT)}):
        try:
            file = encoded(i)
            if (len(file) if file is not None else source.picture(i).nbytes) > _SMALL_BYTES:
                return PICTURES_A_PIECE
        except PictureError:
            continue
    return SMALL_A_PIECE
