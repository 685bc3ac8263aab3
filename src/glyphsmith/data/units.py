"""Pictures that a split must not tear apart: all copies of one, and all of one group; as arrays, for there are many.

Called by ``split``. Every unit has a place in 0..1, a hash of what its pictures show, or of its group's name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Indices", "Units", "merged", "units_of"]

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Units:
    """U units in the order of ``place`` (U,); the pictures of unit u are ``members[starts[u] : starts[u + 1]]``."""

    members: Indices
    starts: Indices
    place: NDArray[np.float64]

    @property
    def sizes(self) -> Indices:
        """Count the pictures of each unit: (U,)."""
        return np.diff(self.starts)

    @property
    def first(self) -> Indices:
        """Give the first picture of each unit: (U,)."""
        return self.members[self.starts[:-1]]

    def unit(self, k: int) -> Indices:
        """Give the pictures of one unit, ascending."""
        return self.members[self.starts[k] : self.starts[k + 1]]

    def of(self, which: Indices) -> Indices:
        """Give the pictures of some units."""
        wanted = np.zeros(len(self.place), dtype=np.bool_)
        wanted[which] = True
        return self.members[np.repeat(wanted, self.sizes)]

    def lowest(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        """Of ``values`` (N,), one a picture, give the lowest of each unit: (U,)."""
        return np.minimum.reduceat(values[self.members], self.starts[:-1])

    def highest(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        """Of ``values`` (N,), one a picture, give the highest of each unit: (U,)."""
        return np.maximum.reduceat(values[self.members], self.starts[:-1])


def units_of(
    readable: NDArray[np.bool_],
    clusters: Indices,
    digests: NDArray[np.uint8],
    groups: Sequence[str | None] | None,
    seed: int,
) -> Units:
    """Join the readable pictures (N,) that share a cluster or a group, and give each unit its place."""
    seen = np.flatnonzero(readable)
    keys, names = (clusters[seen], {}) if groups is None else _joined(seen, clusters, groups)
    _, unit, counts = np.unique(keys, return_inverse=True, return_counts=True)
    members = seen[np.argsort(unit, kind="stable")]
    starts = np.concatenate([[0], np.cumsum(counts)])
    first = members[starts[:-1]]
    # a group is placed by its name, so that its next picture joins it; all else by what it shows
    rows = digests.tobytes()
    width = digests.shape[1]
    shown = [rows[i * width : (i + 1) * width] for i in first.tolist()]
    for k in np.flatnonzero(counts > 1).tolist():
        shown[k] = min(rows[i * width : (i + 1) * width] for i in members[starts[k] : starts[k + 1]].tolist())
    if names:
        for k, key in enumerate(keys[np.searchsorted(seen, first)].tolist()):
            shown[k] = b"group " + names[key].encode() if key in names else shown[k]
    place = _hashed(shown, f"seed {seed}".encode())
    order = np.lexsort((first, place))
    moved = counts[order]
    within = np.arange(members.size) - np.repeat(np.cumsum(moved) - moved, moved)
    return Units(
        members[np.repeat(starts[order], moved) + within], np.concatenate([[0], np.cumsum(moved)]), place[order]
    )


def merged(clusters: Indices, keys: Sequence[str | None] | None) -> Indices:
    """Join clusters (N,) whose pictures share a key (N); each picture's new one is the lowest old one it belongs to."""
    if keys is None:
        return clusters
    joined, _ = _joined(np.arange(len(clusters)), clusters, keys)
    _, unit = np.unique(joined, return_inverse=True)
    lowest = np.full(len(clusters), len(clusters), dtype=np.int64)
    np.minimum.at(lowest, unit, clusters)
    return np.asarray(lowest[unit], dtype=np.int64)


def _hashed(shown: Sequence[bytes], key: bytes) -> NDArray[np.float64]:
    begun = hashlib.blake2b(digest_size=8, key=key)
    numbers = []
    for what in shown:
        one = begun.copy()
        one.update(what)
        numbers.append(one.digest())
    return np.frombuffer(b"".join(numbers), dtype=">u8").astype(np.float64) / 2.0**64


def _joined(seen: Indices, clusters: Indices, groups: Sequence[str | None]) -> tuple[Indices, dict[int, str]]:
    """Give each picture of ``seen`` the number of what it belongs to, and the name of each that holds a group."""
    parent: dict[int, int] = {}
    numbers: dict[str, int] = {}  # -1, -2, ... for the groups; a cluster has the number of its first picture

    def root(key: int) -> int:
        while (above := parent.get(key, key)) != key:
            parent[key] = parent.get(above, above)
            key = above
        return key

    ids = clusters[seen].tolist()
    named = [groups[i] for i in seen.tolist()]
    for key, name in zip(ids, named, strict=True):
        if name:
            a, b = root(key), root(numbers.setdefault(name, -1 - len(numbers)))
            if a != b:
                parent[a] = b
    keys = [root(key) for key in ids]
    names: dict[int, str] = {}
    for key, name in zip(keys, named, strict=True):
        if name:
            names[key] = min(name, names.get(key, name))
    return np.array(keys, dtype=np.int64), names
