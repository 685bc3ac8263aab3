"""Scores of one picture to the reading of a text; the one decoder that evaluation, reading and the server use.

It reads greedily first. Where that text is allowed and has more than half of all probability, it is the most probable
one and nothing else is tried; otherwise a prefix beam search follows, held to the constraint.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from glyphsmith.alphabet import Alphabet
from glyphsmith.decode import ctc, fixed
from glyphsmith.decode.automaton import Automaton
from glyphsmith.decode.confidence import character_confidences, text_confidence

__all__ = ["Decoded", "Head", "TextDecoder"]

Head = Literal["ctc", "fixed"]
_HALF = float(np.log(0.5))


@dataclass(frozen=True, slots=True)
class Decoded:
    """What the scores of one picture say.

    ``text`` is None where nothing that is allowed fits, and ``reason`` then says why. ``confidence`` is the calibrated
    probability in 0..1 that the whole text is right, ``characters`` holds each label with its own, ``top`` the best
    texts with theirs, best first, and ``log_probability`` is that of the text before calibration.
    """

    text: str | None
    confidence: float
    characters: tuple[tuple[str, float], ...] = ()
    top: tuple[tuple[str, float], ...] = ()
    log_probability: float = -np.inf
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class TextDecoder:
    """Reads log probabilities (T, 1+K) of a ``ctc`` head, or (P, K) of a ``fixed`` one, over ``alphabet``.

    ``width`` is the number of prefixes a beam keeps; 1 without a constraint reads greedily. ``top`` is the number of
    texts to give, but a fixed head gives one. ``temperature`` is what ``confidence.fit_temperature`` gave. The
    probabilities of every column or place have to sum to 1.
    """

    alphabet: Alphabet
    head: Head = "ctc"
    constraint: Automaton | None = None
    width: int = 1
    top: int = 1
    temperature: float = 1.0

    def __call__(self, log_probs: NDArray[np.floating]) -> Decoded:
        """Read one picture; raises ValueError where the scores have another shape than the alphabet asks for."""
        blank = 1 if self.head == "ctc" else 0
        if np.ndim(log_probs) != 2 or np.shape(log_probs)[1] != len(self.alphabet) + blank:
            raise ValueError(f"scores have shape {np.shape(log_probs)}, expected (_, {len(self.alphabet) + blank})")
        if self.head == "fixed":
            return self._fixed(log_probs)
        indices, peaks = ctc.greedy(log_probs)
        greedy = [(indices, ctc.sequence_log_probability(log_probs, indices))]
        if self.top == 1 and greedy[0][1] > _HALF and (self.constraint is None or self.constraint.matches(indices)):
            return self._decoded(greedy, peaks)  # more than half of all: no search can find a more probable text
        if self.top == 1 and self.width == 1 and self.constraint is None:
            texts = greedy
        else:
            texts = ctc.beam(log_probs, max(self.width, self.top), self.constraint)
        if not texts:
            return self._nothing(len(log_probs))
        return self._decoded(texts, character_confidences(log_probs, texts[0][0]))

    def _fixed(self, log_probs: NDArray[np.floating]) -> Decoded:
        found = fixed.best(log_probs, self.constraint)
        if found is None:
            return self._nothing(len(log_probs))
        places = np.arange(len(found[0]))
        return self._decoded([found], np.exp(np.asarray(log_probs, np.float64)[places, list(found[0])]))

    def _decoded(self, texts: list[tuple[tuple[int, ...], float]], confidences: NDArray[np.float64]) -> Decoded:
        indices, log_probability = texts[0]
        labels = [self.alphabet[k] for k in indices]
        top = tuple((self._joined(found), self._sure(score)) for found, score in texts[: self.top])
        characters = tuple(zip(labels, np.minimum(confidences, 1.0).tolist(), strict=True))
        return Decoded("".join(labels), self._sure(log_probability), characters, top, log_probability)

    def _nothing(self, size: int) -> Decoded:
        """Say why no text is left."""
        if self.constraint is None:
            return Decoded(None, 0.0, reason="every text has probability 0")
        if self.head == "fixed":
            what = f"{size} characters"
        else:
            fewest = self.constraint.fewest_columns(self.constraint.start)
            if fewest > size:
                return Decoded(
                    None, 0.0, reason=f"{self.constraint.name} needs {fewest} columns, the picture has {size}"
                )
            what = f"{size} columns"
        return Decoded(None, 0.0, reason=f"no text of {self.constraint.name} is possible in {what}")

    def _joined(self, indices: tuple[int, ...]) -> str:
        return "".join(self.alphabet[k] for k in indices)

    def _sure(self, log_probability: float) -> float:
        return text_confidence(log_probability, self.temperature)
