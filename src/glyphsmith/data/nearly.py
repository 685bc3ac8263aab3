"""Which pictures are the same but for size, brightness or compression; found by thumbnails, decided on pixels.

A candidate of ``likely`` is called a near duplicate only when the pixels of both agree everywhere: different ones that
were written by hand correlate up to 0.9885 (the closest pairs of MNIST), a picture saved as JPEG of quality 90 at least
0.9988, and a `+` beside a `-` differs in one spot however large the picture is, so one spot is enough to refuse.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from glyphsmith.data.blocks import open_blocks
from glyphsmith.data.likely import candidate_pairs
from glyphsmith.data.pictures import Source
from glyphsmith.errors import PictureError
from glyphsmith.picture import Picture

__all__ = ["are_nearly_same", "clusters"]

#: Of two pictures, and of any 3x3 pixels as a share of the picture's contrast.
_PIXEL_CORRELATION = 0.992
_SPOT_DIFFERENCE = 0.16
_COMPARED_PX = 256
#: Pairs of small pictures of one size are compared together: of so many pixels at a time, a dozen arrays of which are
#: held, and so many pictures (in bytes) opened at once.
_TOGETHER_PX = 1 << 19
_OPENED_BYTES = 1 << 26
_SMALL_PX = 64 * 64


def clusters(
    digests: NDArray[np.uint8], thumbs: NDArray[np.uint8], sizes: NDArray[np.int32], source: Source
) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Give each picture the id of its exact and of its exact or near duplicates, and the count of pairs not compared.

    ``digests`` (N, 16), ``thumbs`` (N, 64), ``sizes`` (N, 2) in pixels, 0 for what cannot be read. An id is the index
    of the first picture of its kind; unreadable pictures are alone.
    """
    exact = np.arange(len(digests), dtype=np.int64)
    seen = np.flatnonzero(sizes[:, 0])
    if seen.size == 0:
        return exact, exact.copy(), 0
    keys = np.ascontiguousarray(digests[seen]).view(np.dtype((np.void, digests.shape[1]))).ravel()
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    exact[seen] = seen[first[inverse.ravel()]]
    unique = seen[exact[seen] == seen]
    candidates, more = candidate_pairs(thumbs[unique])
    pairs = unique[np.array(candidates, dtype=np.int64).reshape(-1, 2)]
    parent: dict[int, int] = {}

    def root(i: int) -> int:
        while i in parent:
            i = parent[i]
        return i

    def join(i: int, k: int) -> None:
        low, high = sorted((root(i), root(k)))
        if low != high:
            parent[high] = low

    alike = (sizes[pairs[:, 0]] == sizes[pairs[:, 1]]).all(axis=1)
    small = alike & (sizes[pairs[:, 0]].prod(axis=1) <= _SMALL_PX)
    for i, k in _same_of_one_size(source, pairs[small], sizes):
        join(i, k)
    one_by_one = _Opened(source)
    for i, k in pairs[~small].tolist():
        if root(i) != root(k) and one_by_one.are_nearly_same(i, k):
            join(i, k)
    near = exact.copy()
    if parent:
        moved = {i: root(i) for i in parent}
        for i in np.flatnonzero(np.isin(exact, np.fromiter(moved, dtype=np.int64))).tolist():
            near[i] = moved[int(exact[i])]
    return exact, near, more


def _same_of_one_size(source: Source, pairs: NDArray[np.int64], sizes: NDArray[np.int32]) -> Iterator[list[int]]:
    """Of pairs (P, 2) of small pictures, both of one size, give those that are nearly the same."""
    shapes, which = np.unique(sizes[pairs[:, 0]], axis=0, return_inverse=True)
    for number, (height, width) in enumerate(shapes.tolist()):
        of_size = pairs[which.ravel() == number]
        most = _OPENED_BYTES // (2 * height * width)
        for begin in range(0, len(of_size), most):
            opened = of_size[begin : begin + most]
            wanted = np.unique(opened)
            pixels = np.zeros((len(wanted), height, width), dtype=np.uint8)
            found = np.zeros(len(wanted), dtype=np.bool_)
            for block in open_blocks(source, wanted.tolist(), []):
                if block.pictures.shape[1:3] == (height, width):  # a file may have changed under our hands
                    rows = np.searchsorted(wanted, block.at)
                    pixels[rows] = _grey_of(block.pictures)
                    found[rows] = True
            step = max(1, _TOGETHER_PX // (height * width))
            for start in range(0, len(opened), step):
                some = opened[start : start + step]
                a, b = np.searchsorted(wanted, some).T
                same = _agree(pixels[a].astype(np.float32), pixels[b].astype(np.float32)) & found[a] & found[b]
                yield from some[same].tolist()


class _Opened:
    """The last few pictures that were opened: one photograph is often compared with several."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._picture = lru_cache(maxsize=64)(self._open)

    def _open(self, i: int) -> Picture | None:
        try:
            return self._source.picture(i)
        except PictureError:
            return None

    def are_nearly_same(self, i: int, k: int) -> bool:
        """Compare two pictures of the source; what cannot be opened is like nothing."""
        one, other = self._picture(i), self._picture(k)
        return one is not None and other is not None and are_nearly_same(one, other)


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
    return bool(_agree(_scaled(one, height, width)[None], _scaled(other, height, width)[None])[0])


def _scaled(picture: Picture, height: int, width: int) -> NDArray[np.float32]:
    image = Image.fromarray(picture).convert("L")
    if image.size != (width, height):
        image = image.resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(image, dtype=np.float32)


def _grey_of(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Give (n, H, W) of (n, H, W) or (n, H, W, 3), with the weights and the rounding of Pillow."""
    if pictures.ndim == 3:
        return pictures
    weights = np.array([19595, 38470, 7471], dtype=np.uint32)
    grey: NDArray[np.uint8] = ((pictures @ weights + 0x8000) >> 16).astype(np.uint8)
    return grey


def _agree(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Say of each of n pairs (n, H, W) whether they show the same at every spot, but for brightness."""
    n, size = len(a), a[0].size
    a0 = a - a.reshape(n, -1).mean(axis=1)[:, None, None]
    b0 = b - b.reshape(n, -1).mean(axis=1)[:, None, None]
    energy_a, energy_b = np.einsum("nij,nij->n", a0, a0), np.einsum("nij,nij->n", b0, b0)
    product = np.einsum("nij,nij->n", a0, b0)
    alike = (energy_a > 0.0) & (energy_b > 0.0) & (product >= _PIXEL_CORRELATION * np.sqrt(energy_a * energy_b))
    scale = product / np.maximum(energy_b, 1e-30)
    difference = _spots(np.abs(a0 - b0 * scale[:, None, None])).reshape(n, -1).max(axis=1)
    values = np.sort(a.reshape(n, -1), axis=1)
    # the darkest and lightest hundredth of a picture of some size say nothing of its contrast
    low, high = (_quantile(values, 0.01), _quantile(values, 0.99)) if size > 100 else (values[:, 0], values[:, -1])
    same: NDArray[np.bool_] = alike & (difference <= _SPOT_DIFFERENCE * np.maximum(high - low, 1.0))
    return same


def _quantile(ordered: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    """Give the quantile of each of n ordered rows (n, m), between two values in proportion."""
    place = share * (ordered.shape[1] - 1)
    below = int(place)
    above = min(below + 1, ordered.shape[1] - 1)
    between: NDArray[np.float32] = ordered[:, below] + (place - below) * (ordered[:, above] - ordered[:, below])
    return between


def _spots(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average each of (n, H, W) over every 3x3 pixels."""
    padded = np.pad(values, ((0, 0), (1, 1), (1, 1)), mode="edge")
    lines = padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]
    averaged: NDArray[np.float32] = (lines[:, :, :-2] + lines[:, :, 1:-1] + lines[:, :, 2:]) / 9.0
    return averaged
