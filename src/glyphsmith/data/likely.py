"""Which pictures may be nearly the same, by their 8x8 thumbnails: candidates for ``nearly``, which looks at the pixels.

All pairs in a small set. In a large one thumbnails are points, of which near ones mostly fall into one cell of a grid;
several grids, each laid elsewhere, find the pairs that one of them cuts apart. Of 377 188 glyphs of fonts, of which
about 46 200 pairs are alike, eight grids find 45 158 in 0.8 s of processor time (docs/log.md, 2026-11-21).
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
#: More are thinned out on the way, which may count a pair that several grids find several times as not compared.
_MAX_KEPT = 500_000
#: Pictures whose thumbnails are compared at once.
_ROWS = 1 << 12
#: Grids along the axes in which thumbnails differ most, and the side of a cell, twice the distance of a near pair.
_GRIDS = 8
_AXES = 12
_CELL = 0.15
#: Of a crowded cell each picture is compared with the next ones along the first axis.
_NEIGHBOURS = 8


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
    codes = np.zeros(0, dtype=np.int64)
    agreement = np.zeros(0, dtype=np.float32)
    more = 0
    for one, other in search(vectors, shown.size):
        for start in range(0, one.size, _ROWS):
            a, b = one[start : start + _ROWS], other[start : start + _ROWS]
            low, high = np.minimum(a, b), np.maximum(a, b)
            agree = np.einsum("ij,ij->i", vectors(low), vectors(high))
            near = agree >= _THUMB_CORRELATION
            codes = np.concatenate([codes, low[near] * shown.size + high[near]])
            agreement = np.concatenate([agreement, agree[near]])
        if codes.size > _MAX_KEPT:
            codes, agreement, lost = _best(codes, agreement)
            more += lost
    codes, agreement, lost = _best(codes, agreement)
    pairs = zip(shown[codes // shown.size].tolist(), shown[codes % shown.size].tolist(), strict=True)
    return list(pairs), more + lost


def _best(
    codes: NDArray[np.int64], agreement: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.float32], int]:
    """Keep each pair once and of these the most alike, in a fixed order."""
    codes, first = np.unique(codes, return_index=True)
    agreement = agreement[first]
    order = np.lexsort((codes, -agreement))[:_MAX_COMPARED]
    return codes[order], agreement[order], codes.size - order.size


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
    cell = np.zeros(len(points), dtype=np.int64)
    along = np.zeros(len(points), dtype=np.int64)
    for axis in range(points.shape[1]):
        place = points[:, axis] / np.float32(_CELL) + rng.random(dtype=np.float32)
        whole = np.floor(place)
        # numbers that overflow are as good as any other: two cells that get the same number cost time, no more
        cell += whole.astype(np.int64) * int(rng.integers(1 << 62) * 2 + 1)
        if axis == 0:
            along = ((place - whole) * (1 << 16)).astype(np.int64)
    order = np.argsort((cell << 16) + along, kind="stable")
    cell, ordered = cell[order], points[order]
    pairs = []
    for step in range(1, _NEIGHBOURS + 1):
        same = np.flatnonzero(cell[step:] == cell[:-step])
        if not same.size:
            break
        apart = ordered[same] - ordered[same + step]
        same = same[np.einsum("ij,ij->i", apart, apart) <= _NEAR_SQUARED]
        pairs.append((order[same], order[same + step]))
    return pairs
