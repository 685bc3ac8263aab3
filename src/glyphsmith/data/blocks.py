"""Open pictures of a source as blocks of one size, which is how the audit, the import and preparation handle them.

One glyph costs more to hand over than to look at, so whatever can be done to many at once is: small PNG files are
decoded together, arrays are read in one go, and only what is left is opened one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from glyphsmith.data.measure import kind_of
from glyphsmith.data.pictures import Source
from glyphsmith.data.png import plain_png
from glyphsmith.data.small_png import small_pngs
from glyphsmith.errors import PictureError
from glyphsmith.picture import load_picture

__all__ = ["Block", "open_blocks"]

#: Pictures of one block, and all that wait for their block to fill, up to this many bytes.
_BLOCK_BYTES = 4 * 1024**2
#: Files that may be decoded together: such a file, and all of them.
_SMALL_FILE_BYTES = 16 * 1024
_FILES_BYTES = 1024**2
#: In a smaller set loading OpenCV takes longer than it saves.
_OPENCV_FROM = 5_000
#: What is read of an array though it is not wanted, to get at the rows on both sides in one go.
_GAP_BYTES = 1 << 16

_ReadBlock = Callable[[int, int], NDArray[np.uint8] | None]


@dataclass(slots=True)
class Block:
    """Pictures (n, H, W) or (n, H, W, 3) of one size with their indices, the kinds of their files, and the files."""

    at: list[int]
    pictures: NDArray[np.uint8]
    kinds: Counter[str]
    files: list[bytes] = field(default_factory=list)


def open_blocks(source: Source, indices: Sequence[int], failed: list[tuple[int, PictureError]]) -> Iterator[Block]:
    """Open the pictures ``indices`` (ascending) in blocks of any order; what cannot be opened is added to ``failed``.

    The pixels are those of ``load_picture``, but a block of grey pictures may be (n, H, W). ``files`` is empty where
    the source is no set of files.
    """
    read_block: _ReadBlock | None = getattr(source, "block", None)
    if read_block is not None and len(indices):
        one = read_block(indices[0], indices[0] + 1)
        if one is not None:
            yield from _from_array(source, read_block, indices, one.nbytes, failed)
            return
    waiting = _Waiting(source, failed)
    read_file: Callable[[int], bytes | None] | None = getattr(source, "encoded", None)
    at: list[int] = []
    files: list[bytes] = []
    size = 0
    for i in indices:
        try:
            file = read_file(i) if read_file is not None else None
        except PictureError as error:
            failed.append((i, error))
            continue
        if file is None or len(file) > _SMALL_FILE_BYTES:
            yield from waiting.open(i, file)
            continue
        at.append(i)
        files.append(file)
        size += len(file)
        if size > _FILES_BYTES:
            yield from _decoded(at, files, waiting)
            at, files, size = [], [], 0
    yield from _decoded(at, files, waiting)
    yield from waiting.rest()


def _from_array(
    source: Source, read_block: _ReadBlock, indices: Sequence[int], size: int, failed: list[tuple[int, PictureError]]
) -> Iterator[Block]:
    """Read runs of rows of ``size`` bytes."""
    most, gap = max(1, _BLOCK_BYTES // size), 1 + _GAP_BYTES // size
    wanted = np.asarray(indices)
    waiting = _Waiting(source, failed)
    start = 0
    while start < wanted.size:
        stop = start + int(np.searchsorted(wanted[start:], wanted[start] + most))
        far = np.flatnonzero(np.diff(wanted[start:stop]) > gap)
        stop = start + int(far[0]) + 1 if far.size else stop
        run = wanted[start:stop]
        rows = read_block(int(run[0]), int(run[-1]) + 1)
        if rows is None:  # arrays of two sizes meet here, or the file is damaged
            for i in run.tolist():
                yield from waiting.open(i, None)
        else:
            rows = rows if run.size == len(rows) else rows[run - run[0]]
            yield Block(run.tolist(), rows, Counter(array=run.size))
        start = stop
    yield from waiting.rest()


def _decoded(at: list[int], files: list[bytes], waiting: _Waiting) -> Iterator[Block]:
    left = np.ones(len(at), dtype=np.bool_)
    for found, pictures in small_pngs(files):
        left[found] = False
        yield Block(
            [at[k] for k in found],
            pictures,
            Counter({kind_of(files[found[0]]): len(found)}),
            [files[k] for k in found],
        )
    for k in np.flatnonzero(left).tolist():
        yield from waiting.open(at[k], files[k])


class _Waiting:
    """Pictures that are opened one by one, until there are enough of one size."""

    def __init__(self, source: Source, failed: list[tuple[int, PictureError]]) -> None:
        self._source = source
        self._failed = failed
        self._opencv = len(source) >= _OPENCV_FROM
        self._by_size: dict[tuple[int, ...], tuple[list[int], list[NDArray[np.uint8]], list[bytes]]] = {}
        self._kinds: dict[tuple[int, ...], Counter[str]] = {}
        self._bytes = 0

    def open(self, i: int, file: bytes | None) -> Iterator[Block]:
        """Open picture i from the bytes of its file, or from the source where there is none."""
        try:
            picture = self._picture(i, file)
        except PictureError as error:
            self._failed.append((i, error))
            return
        at, pictures, files = self._by_size.setdefault(picture.shape, ([], [], []))
        at.append(i)
        pictures.append(picture)
        if file is not None:
            files.append(file)
        kind = kind_of(file) if file is not None else "array"
        self._kinds.setdefault(picture.shape, Counter())[kind] += 1
        self._bytes += picture.nbytes
        if self._bytes > _BLOCK_BYTES:
            yield from self.rest()

    def _picture(self, i: int, file: bytes | None) -> NDArray[np.uint8]:
        if file is None:
            return self._source.picture(i)
        plain = plain_png(file) if self._opencv else None
        return plain if plain is not None else load_picture(file, name=self._source.sample(i).name)

    def rest(self) -> Iterator[Block]:
        """Give all that waits."""
        for shape, (at, pictures, files) in self._by_size.items():
            yield Block(at, np.stack(pictures), self._kinds[shape], files)
        self._by_size, self._kinds, self._bytes = {}, {}, 0
