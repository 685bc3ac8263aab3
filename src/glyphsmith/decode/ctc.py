"""CTC scores of one picture to symbols: greedy, by prefix beam search, or held to an automaton.

Scores are log probabilities (T, 1+K): T columns of the picture, class 0 the blank, class k+1 the alphabet's symbol k.
A path names one class a column; its text is what remains when neighbours of one class are merged and blanks dropped
(Graves et al. 2006). The probability of a text is the sum over its paths, which ``sequence_log_probability`` gives
exactly; all arithmetic is float64 in log space, and scores of -inf are allowed anywhere.

Measured times stand in ``docs/decoding.md``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from glyphsmith.decode.automaton import Automaton
from glyphsmith.decode.path import best_branch, best_ctc_path

__all__ = ["beam", "greedy", "scores", "sequence_log_probabilities", "sequence_log_probability"]


def scores(log_probs: NDArray[np.floating]) -> NDArray[np.float64]:
    """Give the scores as float64 (T, 1+K); raises ValueError for another number of axes, no blank column, or NaN."""
    found = np.asarray(log_probs, np.float64)
    if found.ndim != 2 or found.shape[1] < 1:
        raise ValueError(f"scores have shape {found.shape}, expected (T, 1+K)")
    if np.isnan(found).any() or (found == np.inf).any():
        raise ValueError("scores hold NaN or +inf, expected log probabilities")
    return found


def greedy(log_probs: NDArray[np.floating]) -> tuple[tuple[int, ...], NDArray[np.float64]]:
    """Give the text of the single best path, and for each of its L symbols a confidence (L,) in 0..1.

    The confidence of a symbol is its highest probability in the run of columns that shows it.
    ``confidence.character_confidences`` gives a better founded one for ten times the time.
    """
    found = scores(log_probs)
    if not len(found):
        return (), np.zeros(0)
    best = found.argmax(axis=1)
    starts = np.flatnonzero(np.concatenate(([True], best[1:] != best[:-1])))
    peaks = np.maximum.reduceat(found[np.arange(len(found)), best], starts)
    classes = best[starts]
    kept = classes > 0
    return tuple((classes[kept] - 1).tolist()), np.minimum(np.exp(peaks[kept]), 1.0)


def sequence_log_probability(log_probs: NDArray[np.floating], indices: Sequence[int]) -> float:
    """Give the log of the summed probability of all paths that show exactly ``indices``; -inf where none can."""
    return float(sequence_log_probabilities(log_probs, [indices])[0])


def sequence_log_probabilities(
    log_probs: NDArray[np.floating], sequences: Sequence[Sequence[int]]
) -> NDArray[np.float64]:
    """Give ``sequence_log_probability`` of B sequences at once (B,), by the forward algorithm."""
    found = scores(log_probs)
    lengths = np.array([len(sequence) for sequence in sequences], np.int64)
    if not len(lengths):
        return np.zeros(0)
    width = 2 * int(lengths.max()) + 1
    classes = np.zeros((len(lengths), width), np.int64)  # blank, symbol, blank, symbol, ..., blank
    for row, sequence in enumerate(sequences):
        symbols = np.asarray(sequence, np.int64)
        if len(symbols) and not 0 <= symbols.min() <= symbols.max() < found.shape[1] - 1:
            raise ValueError(f"a symbol is outside 0..{found.shape[1] - 2}")
        classes[row, 1 : 2 * len(symbols) : 2] = symbols + 1
    emitted = found[:, classes]  # (T, B, 2L+1)
    # Two places on, over a blank, unless that would merge two equal symbols into one.
    leap = np.full(classes.shape, -np.inf)
    leap[:, 1::2] = 0.0
    leap[:, 3::2][classes[:, 3::2] == classes[:, 1:-2:2]] = -np.inf
    alpha = np.full((len(lengths), width + 2), -np.inf)  # two places stand in front of the first blank
    alpha[:, 1] = 0.0  # before the first column: one step from the blank, a leap from the first symbol
    for row in emitted:
        stayed_or_stepped = np.logaddexp(alpha[:, 2:], alpha[:, 1:-1])
        alpha[:, 2:] = np.logaddexp(stayed_or_stepped, alpha[:, :-2] + leap) + row
        alpha[:, 1] = -np.inf
    rows = np.arange(len(lengths))
    if not len(found):
        return np.where(lengths == 0, 0.0, -np.inf)
    ends = alpha[rows, 2 + 2 * lengths]
    before = np.where(lengths > 0, alpha[rows, 1 + 2 * lengths], -np.inf)
    total: NDArray[np.float64] = np.logaddexp(ends, before)
    return total


def beam(
    log_probs: NDArray[np.floating], width: int = 10, constraint: Automaton | None = None
) -> list[tuple[tuple[int, ...], float]]:
    """Give the texts a prefix beam search keeps with their exact log probabilities, the most probable first.

    All K symbols are tried at every column, and ``width`` prefixes are kept (Hannun et al. 2014). With a ``constraint``
    every text is accepted by it, prefixes that cannot finish in the columns left are dropped, and the text of the best
    accepted path is among the answers: the list is empty only where every accepted text has probability 0, as it has
    when it needs more columns than there are.
    """
    found = scores(log_probs)
    if width < 1:
        raise ValueError(f"a beam of {width} prefixes, expected at least 1")
    if constraint is not None and constraint.symbols != found.shape[1] - 1:
        raise ValueError(
            f"{constraint.name} is over {constraint.symbols} symbols, the scores over {found.shape[1] - 1}"
        )
    texts = _Beam(found, width, constraint).search()
    best = _best_text(found, constraint)
    if best is not None and best not in texts:
        texts.append(best)
    exact = sequence_log_probabilities(found, texts)
    order = np.argsort(-exact, kind="stable")
    return [(texts[k], float(exact[k])) for k in order if exact[k] > -np.inf]


def _best_text(found: NDArray[np.float64], constraint: Automaton | None) -> tuple[int, ...] | None:
    """Give the text of the best path that the constraint accepts."""
    text = greedy(found)[0]
    if constraint is None or constraint.matches(text):
        return text  # the best path of all is accepted, so none can be better
    path = best_branch(constraint, found, best_ctc_path)
    return None if path is None else path[0]


class _Beam:
    """The prefixes kept after a column; row i of every array belongs to prefix i.

    ``blank`` and ``shown`` (B,) are the log probabilities of the paths that end in a blank and in the last symbol,
    ``last`` (B,) that symbol or -1, ``node`` and ``parent`` (B,) name the prefix and the one it extends.
    """

    def __init__(self, found: NDArray[np.float64], width: int, constraint: Automaton | None) -> None:
        self.found = found
        self.width = width
        self.constraint = constraint
        self.nodes: dict[tuple[int, int], int] = {}  # (parent, symbol) to its node; a prefix keeps its number
        self.spelled: list[tuple[int, int]] = [(-1, -1)]
        self.blank, self.shown = np.zeros(1), np.full(1, -np.inf)
        self.last, self.node, self.parent = np.full(1, -1), np.zeros(1, np.int64), np.full(1, -1)
        self.states = [constraint.start if constraint is not None else 0]

    def search(self) -> list[tuple[int, ...]]:
        """Go over all columns; gives the texts that are left, the most probable first."""
        for t, row in enumerate(self.found):
            self.advance(row, len(self.found) - 1 - t)
        total = np.logaddexp(self.blank, self.shown)
        order = np.argsort(-total, kind="stable")
        kept = [int(i) for i in order if total[i] > -np.inf]
        if self.constraint is not None:
            kept = [i for i in kept if self.constraint.accepts(self.states[i])]
        return [self.text(int(self.node[i])) for i in kept]

    def advance(self, row: NDArray[np.float64], left: int) -> None:
        """Take one column of scores (1+K,); ``left`` columns follow it."""
        total = np.logaddexp(self.blank, self.shown)
        rows = np.arange(len(total))
        real = self.last >= 0
        again = np.where(real, row[self.last + 1], -np.inf)
        longer = total[:, None] + row[None, 1:]  # (B, K)
        longer[rows[real], self.last[real]] = self.blank[real] + again[real]
        blank, shown = total + row[0], self.shown + again
        # A prefix and the one it extends may both be kept: the extension and the prefix itself are the same text.
        child, parent = np.nonzero(self.parent[:, None] == self.node[None, :])
        shown[child] = np.logaddexp(shown[child], longer[parent, self.last[child]])
        longer[parent, self.last[child]] = -np.inf
        if self.constraint is not None:
            blank, shown, longer = self.held(self.constraint, blank, shown, longer, left)
        self.keep(blank, shown, longer)

    def held(
        self,
        constraint: Automaton,
        blank: NDArray[np.float64],
        shown: NDArray[np.float64],
        longer: NDArray[np.float64],
        left: int,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Give the scores with -inf where the constraint forbids the text or cannot finish in the columns left."""
        needs = np.array([constraint.needs(state) for state in self.states]).reshape(longer.shape)
        blank_fits = [constraint.can_finish_within(state, left) for state in self.states]
        shown_fits = [
            symbol >= 0 and constraint.can_finish_within(state, left, symbol)
            for state, symbol in zip(self.states, self.last.tolist(), strict=True)
        ]
        return (
            np.where(blank_fits, blank, -np.inf),
            np.where(shown_fits, shown, -np.inf),
            np.where(needs <= left, longer, -np.inf),
        )

    def keep(self, blank: NDArray[np.float64], shown: NDArray[np.float64], longer: NDArray[np.float64]) -> None:
        """Keep the ``width`` best of the prefixes (B,) and their extensions (B, K)."""
        kept, symbols = len(blank), longer.shape[1]
        candidates = np.concatenate((np.logaddexp(blank, shown), longer.ravel()))
        if len(candidates) > self.width:
            best = np.argpartition(-candidates, self.width - 1)[: self.width]
        else:
            best = np.arange(len(candidates))
        best = np.sort(best[candidates[best] > -np.inf])
        stay, grow = best[best < kept], best[best >= kept] - kept
        parents, added = np.divmod(grow, max(symbols, 1))
        fresh = [
            self.extended(node, symbol)
            for node, symbol in zip(self.node[parents].tolist(), added.tolist(), strict=True)
        ]
        states = [self.states[i] for i in stay]
        for i, symbol in zip(parents.tolist(), added.tolist(), strict=True):
            after = 0 if self.constraint is None else self.constraint.step(self.states[i], symbol)
            states.append(-1 if after is None else after)
        self.states = states
        self.blank = np.concatenate((blank[stay], np.full(len(grow), -np.inf)))
        self.shown = np.concatenate((shown[stay], longer.ravel()[grow]))
        self.parent = np.concatenate((self.parent[stay], self.node[parents]))
        self.last = np.concatenate((self.last[stay], added))
        self.node = np.concatenate((self.node[stay], np.array(fresh, np.int64)))

    def extended(self, node: int, symbol: int) -> int:
        """Give the number of a prefix by one symbol longer; a prefix that was dropped comes back under its old one."""
        found = self.nodes.setdefault((node, symbol), len(self.spelled))
        if found == len(self.spelled):
            self.spelled.append((node, symbol))
        return found

    def text(self, node: int) -> tuple[int, ...]:
        """Spell a prefix."""
        found: list[int] = []
        while node:
            node, symbol = self.spelled[node]
            found.append(symbol)
        return tuple(reversed(found))
