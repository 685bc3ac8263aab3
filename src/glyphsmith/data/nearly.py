"""Which pictures are the same but for size, brightness or compression; found by a hash, decided on pixels.

Candidates come from 8x8 thumbnails: all pairs in a small set, else pairs that fall into one bucket of a hash made of
the signs of their principal components, where the bits nearest to flipping are tried both ways. A candidate is called a
near duplicate only when the pixels of both agree everywhere: different handwritten ones correlate up to 0.9885 (the
closest pairs of MNIST), a picture saved as JPEG of quality 90 at least 0.9988, and a `+` beside a `-` differs in one
spot however large the picture is, so one spot is enough to refuse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from glyphsmith.data.pictures import Source
from glyphsmith.errors import PictureError
from glyphsmith.picture import Picture

__all__ = ["are_nearly_same", "candidate_pairs", "clusters"]

#: Of two thumbnails, of two pictures, and of any 3x3 pixels as a share of the picture's contrast.
_THUMB_CORRELATION = 0.997
_NEAR_ALONG_AXIS = (2.0 - 2.0 * _THUMB_CORRELATION) ** 0.5
_PIXEL_CORRELATION = 0.992
_SPOT_DIFFERENCE = 0.16
_COMPARED_PX = 256
_ALL_PAIRS_UP_TO = 12_000
_UNSURE_BITS = 4
_MAX_BUCKET = 64
_MAX_COMPARED = 20_000
#: Pictures whose thumbnails are compared at once.
_ROWS = 1 << 12
_LEADING = 6


def clusters(
    digests: NDArray[np.uint8], thumbs: NDArray[np.uint8], readable: NDArray[np.bool_], source: Source
) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Give each picture the id of its exact and of its exact or near duplicates, and the count of pairs not compared.

    ``digests`` (N, 16), ``thumbs`` (N, 64). An id is the index of the first picture of its kind; unreadable pictures
    are alone.
    """
    count = len(digests)
    exact = np.arange(count, dtype=np.int64)
    seen = np.flatnonzero(readable)
    if seen.size == 0:
        return exact, exact.copy(), 0
    keys = np.ascontiguousarray(digests[seen]).view(np.dtype((np.void, digests.shape[1]))).ravel()
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    exact[seen] = seen[first[inverse.ravel()]]
    unique = np.unique(exact[seen])
    near = exact.copy()
    parent: dict[int, int] = {}

    def root(i: int) -> int:
        while i in parent:
            i = parent[i]
        return i

    @lru_cache(maxsize=64)
    def opened(i: int) -> Picture | None:
        try:
            return source.picture(i)
        except PictureError:
            return None

    candidates, more = candidate_pairs(thumbs[unique])
    for a, b in candidates:
        i, k = int(unique[a]), int(unique[b])
        if root(i) == root(k):
            continue
        one, other = opened(i), opened(k)
        if one is not None and other is not None and are_nearly_same(one, other):
            low, high = sorted((root(i), root(k)))
            parent[high] = low
    if parent:
        moved = {i: root(i) for i in parent}
        for i in np.flatnonzero(np.isin(exact, np.fromiter(moved, dtype=np.int64))).tolist():
            near[i] = moved[int(exact[i])]
    return exact, near, more


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

    search = _all_pairs if shown.size <= _ALL_PAIRS_UP_TO else _bucket_pairs
    codes = np.zeros(0, dtype=np.int64)
    agreement = np.zeros(0, dtype=np.float32)
    more = 0
    for a, b in search(vectors, shown.size):
        low, high = np.minimum(a, b), np.maximum(a, b)
        agree = np.einsum("ij,ij->i", vectors(low), vectors(high))
        near = agree >= _THUMB_CORRELATION
        codes = np.concatenate([codes, low[near] * shown.size + high[near]])
        agreement = np.concatenate([agreement, agree[near]])
        if codes.size > 4 * _MAX_COMPARED:
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


def _bucket_pairs(vectors: _Vectors, count: int) -> _Pairs:
    """Pairs with equal hash bits, each picture also with every choice of its four least certain bits flipped."""
    some = vectors(np.arange(0, count, max(1, count // 20_000)))
    bits = min(26, int(np.ceil(np.log2(count))) + 6)
    axes = np.linalg.svd(some - some.mean(axis=0), full_matrices=False)[2][:bits].T
    middle = np.median(some @ axes, axis=0)
    keys = np.empty(count, dtype=np.int64)
    unsure = np.empty((count, _UNSURE_BITS), dtype=np.int8)
    lead = np.empty((count, min(_LEADING, axes.shape[1])), dtype=np.float32)
    for start in range(0, count, _ROWS):
        scores = vectors(np.arange(start, min(start + _ROWS, count))) @ axes - middle
        keys[start : start + _ROWS] = (scores > 0) @ (1 << np.arange(axes.shape[1]))
        lead[start : start + _ROWS] = scores[:, : lead.shape[1]]
        unsure[start : start + _ROWS] = np.argsort(np.abs(scores), axis=1)[:, :_UNSURE_BITS]
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    for flips in range(1 << _UNSURE_BITS):
        for start in range(0, count, _ROWS):
            probe = keys[start : start + _ROWS].copy()
            for bit in range(_UNSURE_BITS):
                if flips >> bit & 1:
                    probe ^= 1 << unsure[start : start + _ROWS, bit].astype(np.int64)
            left = np.searchsorted(ordered, probe, side="left")
            length = np.minimum(np.searchsorted(ordered, probe, side="right") - left, _MAX_BUCKET)
            a = np.repeat(np.arange(start, start + probe.size), length)
            within = np.arange(a.size) - np.repeat(np.cumsum(length) - length, length)
            b = order[np.repeat(left, length) + within]
            # two vectors that agree are near along every axis: most pairs end here, before their thumbnails are touched
            for axis in range(lead.shape[1]):
                near = np.abs(lead[a, axis] - lead[b, axis]) <= _NEAR_ALONG_AXIS
                a, b = a[near], b[near]
            yield a[a != b], b[a != b]


def are_nearly_same(one: Picture, other: Picture) -> bool:
    """Say whether two pictures (H, W, 3) show the same everywhere, but for size, brightness and compression."""
    shapes = one.shape[0] / one.shape[1], other.shape[0] / other.shape[1]
    if max(shapes) > 1.1 * min(shapes):
        return False
    height = min(one.shape[0], other.shape[0], _COMPARED_PX)
    width = min(one.shape[1], other.shape[1], _COMPARED_PX)
    if one.shape != other.shape:
        # the one that was scaled has lost its sharpness; at two thirds of the size neither has it
        height, width = max(1, height * 2 // 3), max(1, width * 2 // 3)
    a, b = _grey(one, height, width), _grey(other, height, width)
    a0, b0 = a - a.mean(), b - b.mean()
    energy = float((a0 * a0).sum()), float((b0 * b0).sum())
    product = float((a0 * b0).sum())
    if min(energy) <= 0.0 or product < _PIXEL_CORRELATION * (energy[0] * energy[1]) ** 0.5:
        return False
    difference = np.abs(a0 - b0 * (product / energy[1]))
    contrast = float(np.quantile(a, 0.99) - np.quantile(a, 0.01)) if a.size > 100 else float(np.ptp(a))
    return bool(_spots(difference).max() <= _SPOT_DIFFERENCE * max(contrast, 1.0))


def _grey(picture: Picture, height: int, width: int) -> NDArray[np.float32]:
    image = Image.fromarray(picture).convert("L")
    if image.size != (width, height):
        image = image.resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(image, dtype=np.float32)


def _spots(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average (H, W) over every 3x3 pixels."""
    padded = np.pad(values, 1, mode="edge")
    lines = padded[:-2] + padded[1:-1] + padded[2:]
    averaged: NDArray[np.float32] = (lines[:, :-2] + lines[:, 1:-1] + lines[:, 2:]) / 9.0
    return averaged
