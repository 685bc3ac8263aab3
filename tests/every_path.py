"""The oracle of CTC: every path there is, written down one by one."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

Text = tuple[int, ...]


def text_of(path: tuple[int, ...]) -> Text:
    """Merge neighbours of one class, then drop blanks."""
    return tuple(k - 1 for k, _ in itertools.groupby(path) if k != 0)


def every_text(log_probs: NDArray[np.float64]) -> tuple[dict[Text, float], dict[Text, float]]:
    """Give for every text the log of the summed probability of its paths, and that of its best path."""
    total: dict[Text, float] = {}
    best: dict[Text, float] = {}
    columns, classes = log_probs.shape
    for path in itertools.product(range(classes), repeat=columns):
        score = float(sum(log_probs[t, k] for t, k in enumerate(path)))
        text = text_of(path)
        total[text] = float(np.logaddexp(total.get(text, -np.inf), score))
        best[text] = max(best.get(text, -np.inf), score)
    return total, best


def some_scores(draw: np.random.Generator, columns: int, classes: int, *, zeros: float = 0.0) -> NDArray[np.float64]:
    """Draw log probabilities (T, classes), a share of them -inf."""
    found = np.log(draw.dirichlet(np.full(classes, 0.6), columns)).reshape(columns, classes)
    found[draw.random(found.shape) < zeros] = -np.inf
    return found


def written(text: Text, columns: int, classes: int, *, sure: float = 0.98) -> NDArray[np.float64]:
    """Give scores (T, classes) of a reader that sees ``text``, a blank after every symbol."""
    classes_shown = [k for symbol in text for k in (symbol + 1, 0)]
    classes_shown += [0] * (columns - len(classes_shown))
    found = np.full((columns, classes), (1 - sure) / (classes - 1))
    found[np.arange(columns), classes_shown[:columns]] = sure
    return np.log(found)
