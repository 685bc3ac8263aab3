"""Learning to say "none of these": signs of other alphabets beside one's own, and what refusing them costs.

A network that was only ever shown its own alphabet calls everything one of its letters, and surely. Here every batch
carries strangers too (outlier exposure: Hendrycks, Mazeika and Dietterich, 2019): symbols that look like none of its
own, painted as print and as by hand, and signs that nobody writes, whose right answer is one more label that stands for
all others. That label has a constant score (nets.face), so the others fall below it for what is strange. How far that
carries over to strangers it has never seen is measured on symbols kept back, and the threshold of the reader stands on
it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from glyphsmith.data.pictures import LabelledPictures
from glyphsmith.errors import DataError, PictureError
from glyphsmith.nets import with_none
from glyphsmith.runtime.reader import Reader
from glyphsmith.train.augment import augment
from glyphsmith.train.recipe import Augment, Recipe
from glyphsmith.train.tasks.lesson import Lesson, lesson_of

__all__ = ["LEAST_OWN", "KnowsStrangers", "Strangers", "Threshold", "knowing", "paint_strangers", "threshold_of"]

#: The weight of the strangers' loss against that of the labels.
WEIGHT = 0.5
#: Symbols that are painted at most, and the share of them that only the threshold is measured on.
SYMBOLS, KEPT_BACK = 600, 1 / 3
#: Invented signs beside them. 900 refused more of what is alike and cost two points of accuracy (docs/log.md).
INVENTED = 300
#: With fewer symbols that look like none of one's own nothing is learned of strangers.
LEAST = 30
#: Own pictures, of each label, that say what the alphabet looks like; and how many likenesses of each are left out.
_LOOKED_AT, _ALIKE = 6, 4
#: The share of one's own pictures that the threshold lets pass, and how many of them it takes to say so.
KEPT, LEAST_OWN = 0.96, 40
_FONTS = ("bundled", "matplotlib")
#: Their longer sides: as large as a network of signs sees them, no larger.
_SIDE_PX = (28, 56)


@dataclass(frozen=True, slots=True, eq=False)
class Strangers:
    """``learned`` uint8 (M, C, H, W), prepared; ``kept_back`` uint8 (H, W, 3), as painted, of other symbols."""

    learned: NDArray[np.uint8]
    kept_back: tuple[NDArray[np.uint8], ...]


@dataclass(frozen=True, slots=True)
class KnowsStrangers:
    """A lesson of labels that refuses, and beside each picture ``share`` strangers on average."""

    lesson: Lesson
    strangers: NDArray[np.uint8]
    share: float
    changes: Augment

    def loss(self, model: Any, x: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Give the loss and the logits of the batch's own pictures."""
        chosen = torch.randint(len(self.strangers), (max(1, round(self.share * len(x))),)).numpy()
        drawn = torch.from_numpy(self.strangers[chosen]).to(x.device).to(x.dtype) / 255.0
        drawn = augment(drawn, self.changes, ink=True)
        both = _Both(model, drawn)
        loss, logits = self.lesson.loss(both, x, labels)
        none = torch.full((len(drawn),), logits.shape[1], device=x.device)
        return loss + WEIGHT * F.cross_entropy(with_none(both.others), none), logits

    def right(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Count the right answers."""
        return self.lesson.right(logits, labels)

    def verdict(self, logits: NDArray[np.float32], labels: NDArray[np.int64]) -> tuple[float, float]:
        """Give the mean loss and the share of right answers."""
        return self.lesson.verdict(logits, labels)

    def calibrate(self, logits: NDArray[np.float32], labels: NDArray[np.int64]) -> tuple[float, float]:
        """Give the temperatures."""
        return self.lesson.calibrate(logits, labels)


def knowing(kept: Lesson | None, recipe: Recipe, strangers: NDArray[np.uint8] | None) -> Lesson | None:
    """Give the lesson of a recipe that knows strangers too, where there are any; ``kept`` goes before its own."""
    if strangers is None:
        return kept
    return KnowsStrangers(kept or lesson_of(recipe), strangers, recipe.learn.strangers, recipe.augment)


class _Both:
    """Runs own pictures and strangers through the network as one batch; ``others`` are the logits of the strangers."""

    def __init__(self, model: Any, drawn: Tensor) -> None:
        self.model, self.drawn = model, drawn
        self.others = drawn.new_zeros(0)

    def scores(self, x: Tensor) -> Tensor:
        logits: Tensor = self.model.scores(torch.cat([x, self.drawn])).float()
        self.others = logits[len(x) :]
        return logits[: len(x)]


def paint_strangers(
    reader: Reader,
    source: LabelledPictures,
    indices: NDArray[np.int64],
    prepare: Callable[[NDArray[np.uint8]], NDArray[np.float32]],
    *,
    seed: int,
) -> Strangers | None:
    """Paint symbols that ``reader``, which knows many alphabets, takes for none of the pictures ``indices``.

    ``prepare`` makes uint8 (N, H, W, 3) the network's input. None where too few symbols are left to be strange.
    """
    from glyphsmith.synth.alphabets import AlphabetPainter, AlphabetSettings
    from glyphsmith.synth.typefaces import typefaces_with

    near = _alike(reader, source, indices)
    single = [label for label in reader.alphabet if len(label) == 1 and label not in near]
    draws = np.random.default_rng([seed, 0x57A])
    try:
        faces = typefaces_with(_FONTS, frozenset(single))
    except DataError:
        return None
    symbols = sorted(frozenset().union(*(face.symbols for face in faces)))
    symbols = [symbols[i] for i in draws.permutation(len(symbols))[:SYMBOLS]]
    if len(symbols) < LEAST:
        return None
    painter = AlphabetPainter(AlphabetSettings(symbols=tuple(symbols), handwritten=0.7, side_px=_SIDE_PX), faces)
    back = len(symbols) - round(KEPT_BACK * len(symbols))
    pictures = [painter.paint(seed, i)[0] for i in range(len(symbols))]
    strange = pictures[:back] + _invented(reader, near, draws)
    learned = [np.rint(prepare(picture[None]) * 255.0).astype(np.uint8) for picture in strange]
    return Strangers(np.concatenate(learned), tuple(pictures[back:]))


def _invented(reader: Reader, near: frozenset[str], draws: np.random.Generator) -> list[NDArray[np.uint8]]:
    """Draw signs that nobody writes, uint8 (H, W, 3); what ``reader`` takes for a label of ``near`` is left out."""
    from glyphsmith.synth.invented import draw_invented

    found = []
    for _ in range(4 * INVENTED):
        drawn = 255 - draw_invented(draws, side_px=int(draws.integers(40, 97)))
        picture = np.repeat(drawn[..., None], 3, axis=2)
        if reader.read(picture, top=1, reject=0.0).top[0][0] not in near:
            found.append(picture)
        if len(found) == INVENTED:
            break
    return found


def _alike(reader: Reader, source: LabelledPictures, indices: NDArray[np.int64]) -> frozenset[str]:
    """Give the labels of ``reader`` that some of one's own pictures look like, and one's own labels."""
    seen: Counter[str] = Counter()
    near: set[str] = set()
    for i in indices.tolist():
        label = source.sample(i).label
        near |= {label, label.lower(), label.upper()}
        if seen[label] < _LOOKED_AT:
            seen[label] += 1
            with suppress(PictureError):
                answer = reader.read(source.picture(i), top=_ALIKE, reject=0.0)
                near.update(name for name, probability in answer.top if probability > 0.01)
    return frozenset(near)


@dataclass(frozen=True, slots=True)
class Threshold:
    """Labels that have less than ``at`` of the probability together are "none of these".

    Settled by ``n`` own pictures it keeps the share ``kept`` of others of their kind, and refuses ``refused`` of
    ``strangers`` others. ``curve`` holds (threshold, kept, refused), shares in 0..1.
    """

    at: float
    kept: float
    n: int
    refused: float
    strangers: int
    curve: tuple[tuple[float, float, float], ...]

    def on_card(self) -> dict[str, Any]:
        """Give what stands on the card."""
        return {
            "threshold": self.at,
            "n": self.n,
            "kept": round(self.kept, 6),
            "strangers": self.strangers,
            "refused": round(self.refused, 6),
            "how": "own pictures of the folds or of the validation part; painted symbols of alphabets never learned",
            "curve": [[round(value, 4) for value in point] for point in self.curve],
        }

    def line(self) -> str:
        """Say it."""
        return (
            f"none of these: a picture is refused whose labels have less than {self.at:g} of the probability together; "
            f"that keeps {100 * self.kept:.1f} % of own pictures (settled by {self.n:,}) and refuses "
            f"{100 * self.refused:.1f} % of {self.strangers} painted symbols of other alphabets "
            "(--reject 0 refuses nothing)"
        )


def threshold_of(own: Sequence[float], others: Sequence[float]) -> Threshold:
    """Choose the threshold that keeps ``KEPT`` of one's own pictures; both are what the labels have together, in 0..1.

    Not the best label's share: of two own signs that are alike each has half, and is none the stranger for it
    (docs/log.md: of other alphabets 94 instead of 90 % are refused).
    """
    kept_of, refused_of = np.sort(np.asarray(own)), np.sort(np.asarray(others))

    def shares(at: float) -> tuple[float, float, float]:
        below = np.searchsorted(kept_of, at, side="left"), np.searchsorted(refused_of, at, side="left")
        return at, float(1.0 - below[0] / len(kept_of)), float(below[1] / len(refused_of))

    # Down to a number that is written in full, so that no own picture falls below it by rounding; and below 1, which a
    # sum of probabilities misses by its last bit.
    at = min(0.999, float(np.floor(1e3 * kept_of[int((1.0 - KEPT) * len(kept_of))]) / 1e3))
    _, kept, refused = shares(at)
    # Counted on the pictures that settled it, which is one picture too good: what a further one would find (n + 1).
    kept *= len(kept_of) / (len(kept_of) + 1)
    curve = tuple(shares(float(step)) for step in np.round(np.linspace(0.0, 0.95, 20), 4))
    return Threshold(at, kept, len(kept_of), refused, len(refused_of), curve)
