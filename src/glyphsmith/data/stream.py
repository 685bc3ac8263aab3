"""Go through a source once, in order, a few pictures at a time and with all cores, without keeping any picture.

Pillow and OpenCV let other threads run while they decode, so threads are enough, and nothing has to be sent to another
process. What comes out is in order whatever the threads do, so every figure is the same on every machine.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from glyphsmith.data.pictures import Source
from glyphsmith.data.png import plain_png
from glyphsmith.errors import PictureError
from glyphsmith.picture import load_picture
from glyphsmith.progress import bar

__all__ = ["FAST_FROM", "in_order", "open_each", "ranges", "track", "usable_cores"]

T = TypeVar("T")
R = TypeVar("R")

#: Pictures a thread takes at once: enough to make handing over cheap, few enough for 12-megapixel photographs.
PICTURES_A_PIECE = 64
#: In a smaller set loading OpenCV takes longer than it saves.
FAST_FROM = 5_000


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


def open_each(
    source: Source, indices: range, *, fast: bool = False
) -> Iterator[tuple[int, NDArray[np.uint8] | PictureError, bytes | None]]:
    """Open pictures one by one, with the bytes of their files where they are files; a bad one gives its error.

    A picture is uint8 (H, W, 3); with ``fast`` a plain grey PNG comes as (H, W), which are the same pixels.
    """
    encoded_of: Callable[[int], bytes | None] | None = getattr(source, "encoded", None)
    for i in indices:
        encoded: bytes | None = None
        try:
            encoded = encoded_of(i) if encoded_of is not None else None
            if encoded is None:
                yield i, source.picture(i), None
                continue
            picture = plain_png(encoded) if fast else None
            yield i, picture if picture is not None else load_picture(encoded, name=source.sample(i).name), encoded
        except PictureError as error:
            yield i, error, encoded
