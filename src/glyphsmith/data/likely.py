"""Which pictures may be nearly the same, by their 8x8 thumbnails: candidates for ``nearly``, which looks at the pixels.

All pairs in a small set. In a large one thumbnails are points, of which near ones mostly fall into one cell of a grid;
several grids, each laid elsewhere, find the pairs that one of them cuts apart. Of 377 188 glyphs of fonts, of which
about 46 200 pairs are alike, eight grids find 44 714 in 0.8 s of processor time (docs/log.md, 2026-11-21).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from glyphsmith.data.stream import in_order

__all__ = ["candidate_pairs"]

#: Of two thumbnails; and what it says of their distance, which is at least that along any axes.
_THUMB_CORRELATION = 0.997
_NEAR_SQUARED = 2.0 - 2.0 * _THUMB_CORRELATION
_ALL_PAIRS_UP_TO = 12_000
_MAX_COMPARED = 20_000
_MAX_WAITING = 1 << 21
#: Pictures whose thumbnails are compared at once.
_ROWS = 1 << 12
#: Grids along the axes in which thumbnails differ most, and the side of a cell, twice the distance of a near pair.
_GRIDS = 8
_AXES = 12
_CELL = 0.15
#: Of a crowded cell each picture is compared with the next ones along the first axis.
_NEIGHBOURS = 8
_ALONG_BITS = np.uint64(8)


def candidate_pairs(thumbs: NDArray[np.uint8]) -> tuple[list[tuple[int, int]], int]:
    """Give pairs (a < b) whose thumbnails (n, 64) nearly agree, the most alike first, and how many more there are."""
    level = thumbs.mean(axis=1, dtype=np.float32)
    # the energy about the mean by the sum of squares: a float copy of all thumbnails would be the largest thing here
    square = np.einsum("ij,ij->i", thumbs, thumbs, dtype=np.float32)
    length = np.sqrt(np.maximum(square - level * level * thumbs.shape[1], 0.0))
    shown = np.flatnonzero(length > 8.0)  # a flat picture resembles everything; only its exact copies count
    if shown.size < 2:
        return [], 0

    def vectors(which: NDArray[np.int64]) -> NDArray[np.float32]:
        at = shown[which]
        centred: NDArray[np.float32] = (thumbs[at].astype(np.float32) - level[at, None]) / length[at, None]
        return centred

    search = _all_pairs if shown.size <= _ALL_PAIRS_UP_TO else _grid_pairs
    kept = _Kept(vectors, shown.size)
    for one, other in search(vectors, shown.size):
        kept.add(one, other)
    a, b, more = kept.best()
    return list(zip(shown[a].tolist(), shown[b].tolist(), strict=True)), more


class _Kept:
    """Pairs that are alike, each once; most of them are found several times."""

    def __init__(self, vectors: _Vectors, count: int) -> None:
        self._vectors = vectors
        self._count = count
        self._found: list[NDArray[np.int64]] = []
        self._size = 0
        self._codes = np.zeros(0, dtype=np.int64)
        self._agreement = np.zeros(0, dtype=np.float32)
        self._lost = 0

    def add(self, a: NDArray[np.int64], b: NDArray[np.int64]) -> None:
        """Take in pairs that may be alike, in any order."""
        self._found.append(np.minimum(a, b) * self._count + np.maximum(a, b))
        self._size += a.size
        if self._size > _MAX_WAITING:
            self._compare()

    def _compare(self) -> None:
        # np.unique of numbers hashes them first, which takes longer than sorting them
        codes = np.sort(np.concatenate([*self._found, self._codes[:0]]))
        codes = np.setdiff1d(codes[np.diff(codes, prepend=-1) > 0], self._codes, assume_unique=True)
        agreement = np.empty(codes.size, dtype=np.float32)
        for start in range(0, codes.size, _ROWS):
            some = codes[start : start + _ROWS]
            one, other = self._vectors(some // self._count), self._vectors(some % self._count)
            agreement[start : start + _ROWS] = np.einsum("ij,ij->i", one, other)
        near = agreement >= _THUMB_CORRELATION
        codes = np.concatenate([self._codes, codes[near]])
        agreement = np.concatenate([self._agreement, agreement[near]])
        # the most alike, in a fixed order
        order = np.lexsort((codes, -agreement))[:_MAX_COMPARED]
        self._lost += codes.size - order.size
        self._codes, self._agreement = codes[order], agreement[order]
        self._found, self._size = [], 0

    def best(self) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
        """Give the most alike pairs (P,), (P,), and how many more there are."""
        self._compare()
        return self._codes // self._count, self._codes % self._count, self._lost


_Vectors = Callable[[NDArray[np.int64]], NDArray[np.float32]]
_Pairs = Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]


def _all_pairs(vectors: _Vectors, count: int) -> _Pairs:
    everyone = vectors(np.arange(count))
    for start in range(0, count, 1024):
        agree = everyone[start : start + 1024] @ everyone[start:].T
        a, b = np.nonzero(agree >= _THUMB_CORRELATION - 1e-4)
        ahead = b > a
        yield a[ahead] + start, b[ahead] + start


def _grid_pairs(vectors: _Vectors, count: int) -> _Pairs:
    """Pairs that share a cell of a grid and are near along the leading axes."""
    some = vectors(np.arange(0, count, max(1, count // 20_000)))
    axes = np.linalg.svd(some - some.mean(axis=0), full_matrices=False)[2][:_AXES].T
    points = np.empty((count, axes.shape[1]), dtype=np.float32)
    for start in range(0, count, _ROWS):
        points[start : start + _ROWS] = vectors(np.arange(start, min(start + _ROWS, count))) @ axes
    for found in in_order(lambda grid: _in_one_grid(points, grid), list(range(_GRIDS))):
        yield from found


def _in_one_grid(points: NDArray[np.float32], grid: int) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    rng = np.random.default_rng(grid)
    cell = np.zeros(len(points), dtype=np.uint64)
    along = np.zeros(len(points), dtype=np.uint64)
    for axis in range(points.shape[1]):
        place = points[:, axis] / np.float32(_CELL) + rng.random(dtype=np.float32)
        whole = np.floor(place)
        # numbers that overflow are as good as any other: two cells that get the same number cost time, no more
        cell += whole.astype(np.int64).view(np.uint64) * rng.integers(1 << 63, dtype=np.uint64)
        if axis == 0:
            along = ((place - whole) * (1 << _ALONG_BITS)).astype(np.uint64)
    # cell, place in it and index in one number: sorting numbers is five times as fast as sorting by them
    bits = np.uint64(max(1, (len(points) - 1).bit_length()))
    cell >>= bits + _ALONG_BITS
    mixed = np.sort(((cell << _ALONG_BITS | along) << bits) | np.arange(len(points), dtype=np.uint64))
    order = (mixed & ((np.uint64(1) << bits) - np.uint64(1))).astype(np.int64)
    cell, ordered = mixed >> (bits + _ALONG_BITS), points[order]
    pairs = []
    for step in range(1, _NEIGHBOURS + 1):
        same = np.flatnonzero(cell[step:] == cell[:-step])
        if not same.size:
            break
        apart = ordered[same] - ordered[same + step]
        same = same[np.einsum("ij,ij->i", apart, apart) <= _NEAR_SQUARED]
        pairs.append((order[same], order[same + step]))
    return pairs
