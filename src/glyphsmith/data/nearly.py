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
_THUMB_CORRELATION = 0.996
_PIXEL_CORRELATION = 0.992
_SPOT_DIFFERENCE = 0.16
_COMPARED_PX = 256
_ALL_PAIRS_UP_TO = 12_000
_UNSURE_BITS = 4
_MAX_BUCKET = 64
_MAX_COMPARED = 50_000


def clusters(
    digests: NDArray[np.uint8], thumbs: NDArray[np.uint8], readable: NDArray[np.bool_], source: Source
) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Give each picture the id of its exact and of its exact or near duplicates, and the pairs that were compared.

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
    compared = 0

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

    for a, b in candidate_pairs(thumbs[unique]):
        i, k = int(unique[a]), int(unique[b])
        if root(i) == root(k):
            continue
        compared += 1
        if compared > _MAX_COMPARED:
            break
        one, other = opened(i), opened(k)
        if one is not None and other is not None and are_nearly_same(one, other):
            low, high = sorted((root(i), root(k)))
            parent[high] = low
    if parent:
        moved = {i: root(i) for i in parent}
        for i in np.flatnonzero(np.isin(exact, np.fromiter(moved, dtype=np.int64))).tolist():
            near[i] = moved[int(exact[i])]
    return exact, near, compared


def candidate_pairs(thumbs: NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Give pairs (a < b) whose thumbnails (n, 64) nearly agree, the most alike first."""
    vectors = thumbs.astype(np.float32)
    vectors -= vectors.mean(axis=1, keepdims=True)
    length = np.linalg.norm(vectors, axis=1)
    shown = np.flatnonzero(length > 8.0)  # a flat picture resembles everything; only its exact copies count
    if shown.size < 2:
        return []
    vectors = vectors[shown] / length[shown, None]
    search: Callable[[NDArray[np.float32]], Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]]
    search = _all_pairs if shown.size <= _ALL_PAIRS_UP_TO else _bucket_pairs
    found: set[tuple[int, int]] = set()
    alike: dict[tuple[int, int], float] = {}
    for a, b in search(vectors):
        agree = np.einsum("ij,ij->i", vectors[a], vectors[b])
        for k in np.flatnonzero(agree >= _THUMB_CORRELATION).tolist():
            pair = (int(shown[min(a[k], b[k])]), int(shown[max(a[k], b[k])]))
            found.add(pair)
            alike[pair] = float(agree[k])
    return sorted(found, key=lambda pair: (-round(alike[pair], 6), pair))


def _all_pairs(vectors: NDArray[np.float32]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    for start in range(0, len(vectors), 1024):
        agree = vectors[start : start + 1024] @ vectors[start:].T
        a, b = np.nonzero(agree >= _THUMB_CORRELATION - 1e-4)
        ahead = b > a
        yield a[ahead] + start, b[ahead] + start


def _bucket_pairs(vectors: NDArray[np.float32]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Pairs with equal hash bits, each picture also with every choice of its four least certain bits flipped."""
    count = len(vectors)
    some = vectors[:: max(1, count // 20_000)]
    bits = min(26, int(np.ceil(np.log2(count))) + 6)
    _, _, axes = np.linalg.svd(some - some.mean(axis=0), full_matrices=False)
    scores = vectors @ axes[:bits].T
    scores -= np.median(scores[:: max(1, count // 20_000)], axis=0)
    keys = ((scores > 0) @ (1 << np.arange(scores.shape[1]))).astype(np.int64)
    unsure = 1 << np.argsort(np.abs(scores), axis=1)[:, :_UNSURE_BITS].astype(np.int64)
    del scores
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    everyone = np.arange(count)
    for flips in range(1 << _UNSURE_BITS):
        probe = keys.copy()
        for bit in range(_UNSURE_BITS):
            if flips >> bit & 1:
                probe ^= unsure[:, bit]
        left = np.searchsorted(ordered, probe, side="left")
        length = np.minimum(np.searchsorted(ordered, probe, side="right") - left, _MAX_BUCKET)
        for start in range(0, count, 1 << 16):
            piece = slice(start, start + (1 << 16))
            a = np.repeat(everyone[piece], length[piece])
            within = np.arange(a.size) - np.repeat(np.cumsum(length[piece]) - length[piece], length[piece])
            b = order[np.repeat(left[piece], length[piece]) + within]
            yield a[a != b], b[a != b]


def are_nearly_same(one: Picture, other: Picture) -> bool:
    """Say whether two pictures (H, W, 3) show the same everywhere, but for size, brightness and compression."""
    shapes = one.shape[0] / one.shape[1], other.shape[0] / other.shape[1]
    if max(shapes) > 1.1 * min(shapes):
        return False
    height = min(one.shape[0], other.shape[0], _COMPARED_PX)
    width = min(one.shape[1], other.shape[1], _COMPARED_PX)
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
