"""Items that carry different labels, read together: what one of them is, the others are not.

A row of ten glyphs that is a permutation of 0-9 is such a case; any k items with k different labels out of K are. The
reader scores each item by itself; here the rule that no label occurs twice is added. ``assign`` gives the best
assignment, ``marginals`` what each item is with which probability under the rule, ``evidence`` whether the rule holds
at all, so that a caller can fall back to reading each item by itself where it does not.

Scores are log probabilities (k, K), K >= k. Sums over all assignments are exact up to EXACT_LABELS labels (``ways``).
Beyond that they are approximated by belief propagation on the bipartite graph (Huang and Jebara 2009, "Approximating
the permanent with belief propagation"), which is close where scores are soft and leans to the best assignment where
they are sharp: such a confidence is for comparing, not for a bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import lgamma, log

import numpy as np
from numpy.typing import NDArray

from glyphsmith.decode.ways import every_way, log_sum

__all__ = ["EXACT_LABELS", "Assignment", "Shares", "assign", "evidence", "marginals", "shares", "with_doubt"]

#: 4 096 sets of labels. The ten rows of a sheet of digits take 0.3 ms together; every label more doubles that.
EXACT_LABELS = 12

#: Belief propagation ends when no message moves by more than this, or after so many sweeps.
_SETTLED, _SWEEPS = 1e-9, 400

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Assignment:
    """The best way to give k items k different labels.

    ``labels`` (k,) index the columns of the scores; ``score`` is the sum of their log probabilities. ``margin`` is how
    much higher that is than the score of the second-best assignment, inf where there is no second. ``confidence`` is
    the probability that the whole assignment is right, given that the labels differ: exact up to EXACT_LABELS
    labels, beyond that the least marginal along the assignment.
    """

    labels: tuple[int, ...]
    score: float
    margin: float
    confidence: float


def with_doubt(probabilities: NDArray[np.floating], doubt: float) -> Scores:
    """Give log probabilities in which every label keeps at least ``doubt`` / K, whatever the reader says.

    A reader is sure of a scribble at times. Without doubt one such glyph would break its whole row.
    """
    if not 0.0 <= doubt < 1.0:
        raise ValueError(f"doubt is {doubt}, expected 0 <= doubt < 1")
    found = np.asarray(probabilities, np.float64)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log((1.0 - doubt) * found + doubt / found.shape[-1]))


def assign(log_probs: NDArray[np.floating]) -> Assignment | None:
    """Give the best assignment of scores (k, K), or None where the scores allow none. Needs SciPy."""
    from scipy.optimize import linear_sum_assignment

    found = _checked(log_probs)
    if found.ndim != 2:
        raise ValueError(f"scores have shape {found.shape}, expected one row (k, K)")
    k, labels = found.shape
    # An impossible pair costs more than k possible ones can, so that it is taken only where nothing else is left.
    finite = np.isfinite(found)
    forbidden = 1.0 + 2.0 * k * float(np.abs(found[finite]).max(initial=1.0))
    cost = np.where(finite, -found, forbidden)
    items = np.arange(k)
    chosen = linear_sum_assignment(cost)[1]
    score = float(found[items, chosen].sum())
    if score == -np.inf:
        return None
    second = -np.inf
    for i in items:
        held = cost[i, chosen[i]]
        cost[i, chosen[i]] = forbidden
        other = linear_sum_assignment(cost)[1]
        if other[i] != chosen[i]:
            second = max(second, float(found[items, other].sum()))
        cost[i, chosen[i]] = held
    if labels <= EXACT_LABELS:
        confidence = float(np.exp(min(0.0, score - every_way(found[None]).log_sum[0])))
    else:
        confidence = float(_propagated(found)[items, chosen].min())
    return Assignment(tuple(chosen.tolist()), score, score - second, confidence)


@dataclass(frozen=True, slots=True)
class Shares:
    """``marginals`` (..., k, K) and ``evidence`` (...) of the same scores, for the price of one."""

    marginals: Scores
    evidence: Scores


def shares(log_probs: NDArray[np.floating]) -> Shares:
    """Give what ``marginals`` and ``evidence`` give. Takes EXACT_LABELS labels at most."""
    found = _checked(log_probs)
    k, labels = found.shape[-2:]
    if labels > EXACT_LABELS:
        raise ValueError(f"{labels} labels, the evidence is computed for {EXACT_LABELS} at most")
    rows = found.reshape(-1, k, labels)
    ways = every_way(rows)
    for r in np.flatnonzero(ways.log_sum == -np.inf):
        ways.shares[r] = _alone(rows[r])
    assignments = lgamma(labels + 1) - lgamma(labels - k + 1)
    alone = log_sum(rows).sum(axis=1) - k * log(labels)
    given = ways.log_sum - assignments - alone
    return Shares(ways.shares.reshape(found.shape), np.asarray(given.reshape(found.shape[:-2])))


def marginals(log_probs: NDArray[np.floating]) -> Scores:
    """Give the probability of each label for each item (..., k, K), given that the k labels of a row differ.

    Leading axes are rows that are read each by itself. A row whose scores allow no assignment is read item by item.
    """
    found = _checked(log_probs)
    if found.shape[-1] <= EXACT_LABELS:
        return shares(found).marginals
    rows = found.reshape(-1, *found.shape[-2:])
    approximate = np.stack([_propagated(row) for row in rows])
    for r in np.flatnonzero(~np.isfinite(approximate).all(axis=(1, 2))):
        approximate[r] = _alone(rows[r])
    return np.asarray(approximate.reshape(found.shape))


def evidence(log_probs: NDArray[np.floating]) -> Scores:
    """Give, for each row (..., k, K), the log of how much likelier the scores are if its labels differ than if not.

    "Differ" weighs every assignment alike, "not" lets each item be any label. Above 0 speaks for the rule, -inf
    excludes it; independent rows add up. Takes EXACT_LABELS labels at most, since an approximate sum would be biased.
    """
    return shares(log_probs).evidence


def _checked(log_probs: NDArray[np.floating]) -> Scores:
    found = np.asarray(log_probs, np.float64)
    if found.ndim < 2 or found.shape[-2] < 1 or found.shape[-1] < found.shape[-2]:
        raise ValueError(f"scores have shape {found.shape}, expected (..., k, K) with 1 <= k <= K")
    if np.isnan(found).any() or (found == np.inf).any():
        raise ValueError("scores hold NaN or +inf, expected log probabilities")
    if not np.isfinite(found).any(axis=-1).all():
        raise ValueError("an item has no label that it could be")
    return found


def _alone(row: Scores) -> Scores:
    """Give the probabilities of each item by itself."""
    shares = np.exp(row - row.max(axis=-1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=-1, keepdims=True))


def _propagated(row: Scores) -> Scores:
    """Give approximate marginals (k, K) by belief propagation; sum-product messages as one ratio for each pair."""
    k, labels = row.shape
    # Items that do not exist take the labels that are left over.
    weights = np.zeros((labels, labels))
    weights[:k] = row - row.max(axis=1, keepdims=True)
    to_item = np.zeros_like(weights)
    for _ in range(_SWEEPS):
        to_label = weights - _log_sum_of_others(weights + to_item)
        moved = -_log_sum_of_others(to_label.T).T
        moved = 0.5 * (moved + to_item)
        settled = float(np.abs(np.exp(moved) - np.exp(to_item)).max()) < _SETTLED
        to_item = moved
        if settled:
            break
    return _alone((weights + to_item)[:k])


def _log_sum_of_others(terms: Scores) -> Scores:
    """Give, for each place of the last axis, the log of the sum of exponentials over all other places."""
    size = terms.shape[-1]
    copies = np.repeat(terms[..., None, :], size, axis=-2)
    copies[..., np.arange(size), np.arange(size)] = -np.inf
    return np.maximum(log_sum(copies), -700.0)
