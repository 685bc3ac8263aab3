"""Scores of a head of fixed length to symbols: one classification a place, alone or held to an automaton.

Scores are log probabilities (P, K): P places, K symbols, no blank. Places are independent, so the best text is that of
the best symbols; under an automaton it is found exactly by a dynamic programme over the places.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glyphsmith.decode.automaton import Automaton, Dfa
from glyphsmith.decode.path import Path, best_branch

__all__ = ["best", "greedy"]


def greedy(log_probs: NDArray[np.floating]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Give the best symbol of every place (N, P) and its probability (N, P) from scores (N, P, K)."""
    found = np.asarray(log_probs, np.float64)
    if found.ndim != 3 or found.shape[2] < 1:
        raise ValueError(f"scores have shape {found.shape}, expected (N, P, K)")
    symbols = found.argmax(axis=2)
    peaks = np.take_along_axis(found, symbols[:, :, None], axis=2)[:, :, 0]
    return symbols, np.minimum(np.exp(peaks), 1.0)


def best(log_probs: NDArray[np.floating], constraint: Automaton | None = None) -> Path | None:
    """Give the most probable accepted text of exactly P symbols from scores (P, K), with its log probability.

    None where the constraint accepts no text of P symbols, or only such as have probability 0.
    """
    found = np.asarray(log_probs, np.float64)
    if found.ndim != 2 or found.shape[1] < 1:
        raise ValueError(f"scores have shape {found.shape}, expected (P, K)")
    if np.isnan(found).any() or (found == np.inf).any():
        raise ValueError("scores hold NaN or +inf, expected log probabilities")
    if constraint is None:
        score = float(found.max(axis=1).sum())
        return (tuple(found.argmax(axis=1).tolist()), score) if score > -np.inf else None
    if constraint.symbols != found.shape[1]:
        raise ValueError(f"{constraint.name} is over {constraint.symbols} symbols, the scores over {found.shape[1]}")
    return best_branch(constraint, found, _best_text)


def _best_text(dfa: Dfa, found: NDArray[np.float64], symbols: NDArray[np.int64]) -> Path | None:
    edges = dfa.edges
    scored = found[:, symbols]
    target = edges.cell_state[edges.cell]
    starts = np.searchsorted(target, edges.entered)
    reached = np.full((len(found) + 1, len(dfa)), -np.inf)
    reached[0, dfa.start] = 0.0
    for p in range(len(found)):
        if len(edges.source):
            through = reached[p, edges.source] + scored[p, edges.symbol]
            reached[p + 1, edges.entered] = np.maximum.reduceat(through, starts)
    ends = np.where(dfa.accepting, reached[-1], -np.inf)
    state = int(np.argmax(ends))
    score = float(ends[state])
    if score == -np.inf:
        return None
    text: list[int] = []
    for p in range(len(found) - 1, -1, -1):
        into = np.flatnonzero(target == state)
        edge = into[np.argmax(reached[p, edges.source[into]] + scored[p, edges.symbol[into]])]
        text.append(int(edges.symbol[edge]))
        state = int(edges.source[edge])
    return tuple(reversed(text)), score
