"""How sure a reading is: of the whole text, and of each character, as probabilities that may be taken at their word.

The scores inside the file already carry the temperature that makes single columns honest. A text is right only where
all its characters are, and neighbouring columns err together, so its probability needs a correction of its own: one
number, fitted on the validation part by ``fit_temperature`` and kept on the card.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from glyphsmith.decode.ctc import scores

__all__ = ["TEMPERATURES", "character_confidences", "fit_temperature", "text_confidence"]

#: The temperatures that may be fitted.
TEMPERATURES = (0.1, 20.0)


def text_confidence(log_probability: float, temperature: float = 1.0) -> float:
    """Give the calibrated probability in 0..1 that a text of this log probability is right.

    The log odds of being right against being wrong are divided by ``temperature``.
    """
    return 1.0 / (1.0 + math.exp(min(-_log_odds(log_probability) / temperature, 700.0)))


def fit_temperature(log_probabilities: Sequence[float] | NDArray[np.floating], right: Sequence[bool]) -> float:
    """Give the temperature for which the confidences of N texts fit best whether they were ``right``.

    The least log loss by a golden-section search over the logarithm of TEMPERATURES; the loss is convex in the inverse
    temperature. Right and wrong are softened as if one more text of either kind had been seen (Platt 1999), so that a
    reader without a mistake on the validation part does not call itself infallible. 1.0 for no texts.
    """
    truth = np.asarray(right, np.bool_)
    if not len(truth):
        return 1.0
    odds = np.array([_log_odds(float(value)) for value in log_probabilities])
    hits = int(truth.sum())
    target = np.where(truth, (hits + 1) / (hits + 2), 1 / (len(truth) - hits + 2))

    def loss(log_temperature: float) -> float:
        scaled = odds / math.exp(log_temperature)
        return float(np.mean(np.logaddexp(0.0, scaled) - target * scaled))

    low, high = math.log(TEMPERATURES[0]), math.log(TEMPERATURES[1])
    golden = (math.sqrt(5) - 1) / 2
    for _ in range(60):
        left, right_point = high - golden * (high - low), low + golden * (high - low)
        if loss(left) <= loss(right_point):
            high = right_point
        else:
            low = left
    return math.exp((low + high) / 2)


def character_confidences(log_probs: NDArray[np.floating], indices: Sequence[int]) -> NDArray[np.float64]:
    """Give for each of the L characters the probability (L,) that it is right, given that all others are.

    Exactly: the probability of the text, divided by that of all texts with any symbol or none in the character's place
    (summed over the paths of the CTC scores (T, 1+K)). 0 where the text itself is impossible.
    """
    found = scores(log_probs)
    if not len(indices):
        return np.zeros(0)
    own = np.asarray(indices, np.int64)
    if own.min() < 0 or own.max() >= found.shape[1] - 1:
        raise ValueError(f"a symbol is outside 0..{found.shape[1] - 2}")
    length, places = len(own), np.arange(len(own))
    previous, following = np.concatenate(([-1], own[:-1])), np.concatenate((own[1:], [-1]))
    before_blank, before_shown = _prefixes(found, own)
    rest_blank, rest_shown = _suffixes(found, own)
    classes = found[:, 1:]
    inside = np.full((length, classes.shape[1]), -np.inf)  # paths whose column t shows symbol k in place i
    total = inside.copy()
    last = places == length - 1
    without = np.where(last, np.logaddexp(before_blank[-1, :-1], before_shown[-1, :-1]), -np.inf)
    for t in range(len(found)):
        # A symbol follows an equal one, or is followed by one, only over a blank.
        from_shown = np.repeat(before_shown[t, :-1, None], classes.shape[1], axis=1)
        from_shown[places[1:], previous[1:]] = -np.inf
        entering = np.logaddexp(before_blank[t, :-1, None], from_shown)
        inside = np.logaddexp(inside, entering) + classes[t]
        to_shown = np.repeat(rest_shown[t + 1, 1:, None], classes.shape[1], axis=1)
        to_shown[places[:-1], following[:-1]] = -np.inf
        total = np.logaddexp(total, inside + np.logaddexp(rest_blank[t + 1, 1:, None], to_shown))
        joined = np.where(previous == following, -np.inf, before_shown[t, :-1])
        without = np.logaddexp(without, np.logaddexp(before_blank[t, :-1], joined) + rest_shown[t, 1:])
    chosen = total[places, own]
    possible = chosen > -np.inf
    everything = np.logaddexp(np.logaddexp.reduce(total, axis=1), without)
    return np.where(possible, np.exp(chosen - np.where(possible, everything, 0.0)), 0.0)


def _log_odds(log_probability: float) -> float:
    """Give log(p / (1 - p)) of p = exp(log_probability), kept within what float64 can tell apart."""
    kept = min(max(log_probability, -700.0), -1e-15)
    return kept - math.log(-math.expm1(kept))


def _prefixes(found: NDArray[np.float64], own: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give (T+1, L+1) twice: the first t columns show the first i symbols, the last of them a blank or a symbol."""
    blank = np.full((len(found) + 1, len(own) + 1), -np.inf)
    shown = blank.copy()
    blank[0, 0] = 0.0
    direct = np.where(own[1:] == own[:-1], -np.inf, 0.0)
    for t, row in enumerate(found):
        blank[t + 1] = np.logaddexp(blank[t], shown[t]) + row[0]
        entering = blank[t, :-1].copy()
        entering[1:] = np.logaddexp(entering[1:], shown[t, 1:-1] + direct)
        shown[t + 1, 1:] = np.logaddexp(shown[t, 1:], entering) + row[own + 1]
    return blank, shown


def _suffixes(found: NDArray[np.float64], own: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give (T+1, L+1) twice: columns t and on show the symbols i and on, beginning with a blank or with symbol i.

    That no columns are left and no symbols either counts as beginning with a blank.
    """
    blank = np.full((len(found) + 1, len(own) + 1), -np.inf)
    shown = blank.copy()
    blank[-1, -1] = 0.0
    direct = np.where(own[1:] == own[:-1], -np.inf, 0.0)
    for t in range(len(found) - 1, -1, -1):
        blank[t] = np.logaddexp(blank[t + 1], shown[t + 1]) + found[t, 0]
        leaving = blank[t + 1, 1:].copy()
        leaving[:-1] = np.logaddexp(leaving[:-1], shown[t + 1, 1:-1] + direct)
        shown[t, :-1] = np.logaddexp(shown[t + 1, :-1], leaving) + found[t, own + 1]
    return blank, shown
