"""All ways to give k items k different labels, added up exactly; ``assignment`` says what the sums mean.

Where there are as many labels as items the sum is a permanent, and Glynn's formula (2010) has it in two products of
matrices. Its terms cancel, which costs digits where the sum is small beside them; such rows, and those with more labels
than items, are summed by a dynamic programme over the sets of labels that the first items have taken (Held and Karp
1962), all sets of one size in one numpy step, all rows of a sheet beside each other in memory. Weights are multiplied
as they are, not as logs: that is seven times as fast, and rows whose products are too small for it are done again in
logs.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["Ways", "every_way", "log_sum"]

Scores = NDArray[np.float64]

#: Glynn's sums are right to some 1e-15 of their terms; one that is smaller than this, beside them, is summed by sets.
_CANCELLED = 1e-3
#: What is left, beside the terms, of a sum without an item and a label where rounding may have taken all of it.
_ROUNDING = 1e-16
#: The most memory that a thread keeps, and where: ten rows of ten labels take 0.8 MB.
_KEPT_BYTES = 2**21
_kept = threading.local()
#: A sum smaller than this has lost digits on the way: doubles end at 1e-308, and each item's best weight is 1.
_TOO_SMALL = 1e-200


@dataclass(frozen=True, slots=True)
class Ways:
    """The log of the sum over all ways (R,), and the share of each label in it for each item (R, k, K).

    Where a row allows no way, the sum is -inf and its shares are NaN.
    """

    log_sum: Scores
    shares: Scores


def every_way(rows: Scores) -> Ways:
    """Sum up scores (R, k, K), log weights without NaN or +inf, each item with one above -inf at least."""
    _, k, labels = rows.shape
    if k != labels:
        return _by_sets(rows)
    best = rows.max(axis=2, keepdims=True)
    weights = np.exp(rows - best)
    total, terms, without = _by_signs(weights)
    far = (total <= _CANCELLED * terms) | (weights == 0.0).any(axis=(1, 2))
    shares = weights * np.maximum(without, _ROUNDING * terms[:, None, None])
    with np.errstate(invalid="ignore"):
        shares /= shares.sum(axis=2, keepdims=True)
    found = Ways(np.log(np.where(far, 1.0, total)) + best.sum(axis=(1, 2)), shares)
    if far.any():
        again = _by_sets(rows[far])
        found.log_sum[far], found.shares[far] = again.log_sum, again.shares
    return found


def _by_signs(weights: Scores) -> tuple[Scores, Scores, Scores]:
    """Give the permanents (R,) of weights (R, k, k), the mean size (R,) of the terms, and the permanents (R, k, k)
    without each item and label.

    The mean, over all signs of the items but the first, of the product of the signs times that, over the labels, of
    the sums of signed weights; without an item and a label is the derivative by its weight.
    """
    k = weights.shape[1]
    signs, signed = _signs(k)
    # Labels first, then signs, then rows, so that every step runs over memory in order.
    columns, others = _room((2, k, len(signs), len(weights)))
    np.matmul(signs, weights.transpose(2, 1, 0), out=columns)
    others[0] = 1.0
    for label in range(1, k):
        np.multiply(others[label - 1], columns[label - 1], out=others[label])
    after = columns[-1]
    for label in range(k - 2, -1, -1):
        others[label] *= after
        after *= columns[label]
    return signed[:, 0] @ after, np.abs(after).mean(axis=0), (signed.T @ others).transpose(2, 1, 0)


def _room(shape: tuple[int, ...]) -> Scores:
    """Give memory that a thread keeps for its next call: to be given 0.8 MB anew took a quarter of the time."""
    kept: Scores | None = getattr(_kept, "room", None)
    if kept is None or kept.shape != shape:
        kept = np.empty(shape)
        if kept.nbytes <= _KEPT_BYTES:
            _kept.room = kept
    return kept


@lru_cache(maxsize=8)
def _signs(k: int) -> tuple[Scores, Scores]:
    """Give all ways (2 ** (k - 1), k) to sign k items of which the first is positive, and the same as weights of terms:
    times the product of a way's signs, over the number of ways.
    """
    places = np.arange(1 << (k - 1))[:, None] >> np.arange(k - 1)
    signs = np.concatenate((np.ones((len(places), 1)), 1.0 - 2.0 * (places & 1)), axis=1)
    return signs, signs * (signs.prod(axis=1, keepdims=True) / len(signs))


def _by_sets(rows: Scores) -> Ways:
    count, k, labels = rows.shape
    best = rows.max(axis=2, keepdims=True)
    weights = np.ascontiguousarray(np.exp(rows - best).transpose(1, 2, 0))
    layers = _layers(k, labels)
    nothing = np.zeros((1, count))
    before = [np.ones((1, count))]
    for item, layer in zip(weights, layers, strict=True):
        ways = np.concatenate((before[-1], nothing)).take(layer.earlier, axis=0)
        before.append(np.einsum("njr,jr->nr", ways, item))
    total = before[-1].sum(axis=0)
    # The same from the other end: all ways in which items i, i + 1 ... take none of the labels of a set.
    rest = np.ones_like(before[-1])
    shares = np.empty((k, labels, count))
    for i, layer in reversed(list(enumerate(layers))):
        ways = np.concatenate((rest, nothing)).take(layer.later, axis=0)
        shares[i] = np.einsum("njr,nr->jr", ways, before[i]) * weights[i]
        rest = np.einsum("njr,jr->nr", ways, weights[i])
    with np.errstate(divide="ignore", invalid="ignore"):
        shares /= shares.sum(axis=1, keepdims=True)
        sums = np.log(total) + best.sum(axis=(1, 2))
    found = Ways(sums, np.ascontiguousarray(shares.transpose(2, 0, 1)))
    for row in np.flatnonzero(total < _TOO_SMALL):
        found.log_sum[row], found.shares[row] = _in_logs(rows[row], layers)
    return found


def log_sum(terms: Scores, axis: int = -1) -> Scores:
    """Give the log of the sum of exponentials over an axis; of nothing but -inf it is -inf."""
    top = terms.max(axis=axis, keepdims=True)
    top[~np.isfinite(top)] = 0.0
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.exp(terms - top).sum(axis=axis)) + top.squeeze(axis))


@dataclass(frozen=True, slots=True)
class _Layer:
    """The step of one item from the n sets of i labels to the m sets of i + 1; a set is known by its place among them.

    ``earlier`` (m, K) says which set it was before the item took each label, ``later`` (n, K) which it becomes; n and m
    where it cannot: the place behind the last set, which has no way.
    """

    earlier: NDArray[np.intp]
    later: NDArray[np.intp]


@lru_cache(maxsize=8)
def _layers(k: int, labels: int) -> tuple[_Layer, ...]:
    """Give the steps of k items; bit j of a set stands for label j."""
    every = np.arange(1 << labels)
    bits = 1 << np.arange(labels)
    size = ((every[:, None] & bits) > 0).sum(axis=1)
    place = np.empty(1 << labels, np.intp)
    for i in range(labels + 1):
        place[size == i] = np.arange(int((size == i).sum()))
    found = []
    for i in range(k):
        now, then = every[size == i, None], every[size == i + 1, None]
        earlier = np.where(then & bits, place[then & ~bits], len(now))
        later = np.where(now & bits, len(then), place[now | bits])
        found.append(_Layer(earlier, later))
    return tuple(found)


def _in_logs(row: Scores, layers: tuple[_Layer, ...]) -> tuple[float, Scores]:
    """Do one row (k, K) in logs: the log of the sum, and the shares (k, K)."""
    before = [np.zeros(1)]
    for item, layer in zip(row, layers, strict=True):
        before.append(log_sum(np.append(before[-1], -np.inf)[layer.earlier] + item))
    total = float(log_sum(before[-1]))
    rest = np.zeros_like(before[-1])
    shares = np.full_like(row, np.nan)
    if total == -np.inf:
        return total, shares
    for i, layer in reversed(list(enumerate(layers))):
        ways = np.append(rest, -np.inf)[layer.later] + row[i]
        rest = log_sum(ways)
        shares[i] = np.exp(before[i][:, None] + ways - total).sum(axis=0)
    return total, np.asarray(shares / shares.sum(axis=1, keepdims=True))
