"""Where each character of a reading stands: the columns that its most probable path gives it.

Scores are those of ``ctc``: log probabilities (T, 1+K), class 0 the blank. The report cuts confused characters out of
their pictures by these spans, and marks in the picture of the columns which of them made a character.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from glyphsmith.decode.ctc import scores

__all__ = ["shown_columns", "territories"]


def shown_columns(log_probs: NDArray[np.floating], indices: Sequence[int]) -> list[tuple[int, int]] | None:
    """Give for each of the L symbols the columns (first, end) that show it on the best path of exactly this text.

    Viterbi over blank, symbol, blank, symbol, ..., blank. None where no path shows the text.
    """
    found = scores(log_probs)
    classes = np.zeros(2 * len(indices) + 1, np.int64)
    classes[1::2] = np.asarray(indices, np.int64) + 1
    if not len(found):
        return [] if not len(indices) else None
    # Two places on, over a blank, unless that would merge two equal symbols into one.
    leap = np.full(len(classes), -np.inf)
    leap[1::2] = 0.0
    leap[3::2][classes[3::2] == classes[1:-2:2]] = -np.inf
    best = np.full(len(classes), -np.inf)
    best[:2] = found[0, classes[:2]]
    steps = np.zeros((len(found), len(classes)), np.int64)
    for t in range(1, len(found)):
        stepped, leapt = np.full(len(classes), -np.inf), np.full(len(classes), -np.inf)
        stepped[1:] = best[:-1]
        leapt[2:] = best[:-2] + leap[2:]
        ways = np.stack((best, stepped, leapt))
        steps[t] = ways.argmax(axis=0)
        best = ways.max(axis=0) + found[t, classes]
    place = len(classes) - 1
    if place and best[place - 1] > best[place]:
        place -= 1
    if best[place] == -np.inf:
        return None
    columns: list[list[int]] = [[] for _ in indices]
    for t in range(len(found) - 1, -1, -1):
        if place % 2:
            columns[place // 2].append(t)
        place -= int(steps[t, place])
    return [(shown[-1], shown[0] + 1) for shown in columns]


def territories(shown: Sequence[tuple[int, int]], columns: int) -> list[tuple[float, float]]:
    """Give for each character the part (left, right) of the columns that is nearer to it than to its neighbours.

    A sure reader shows a character in a single column, far narrower than it is drawn. The first and the last reach as
    far outward as inward; a character alone has the whole picture.
    """
    middles = [(first + end) / 2 for first, end in shown]
    if len(middles) < 2:
        return [(0.0, float(columns)) for _ in middles]
    between = [(left + right) / 2 for left, right in itertools.pairwise(middles)]
    edges = [2 * middles[0] - between[0], *between, 2 * middles[-1] - between[-1]]
    return [(max(0.0, left), min(float(columns), right)) for left, right in itertools.pairwise(edges)]
