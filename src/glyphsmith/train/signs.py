"""Whether pictures show single signs: how well a reader of signs tells their labels apart, without learning anything.

Colour and grain say little: a rune burnt into wood is a photograph, and a sign all the same. But what a reader that
knows many signs answers to two pictures of one sign is alike, whatever the sign, and what it answers to photographs of
two cats is not (docs/log.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from glyphsmith.alphabet import Alphabet
from glyphsmith.card import Card
from glyphsmith.data.pictures import LabelledPictures
from glyphsmith.errors import PictureError
from glyphsmith.metrics import wilson_interval
from glyphsmith.nets import label_probabilities
from glyphsmith.picture import Picture
from glyphsmith.train.automatic import SIGNS_APART, Decision
from glyphsmith.train.judge import logits_of
from glyphsmith.train.learned import build_network
from glyphsmith.train.prepared import PreparesPictures
from glyphsmith.train.recipe import recipe_from_dict
from glyphsmith.train.start import start_from

__all__ = ["Sees", "Views", "look_both_ways", "told_apart"]

#: Pictures that are looked at: of so many labels, so many each.
_LABELS, _EACH = 24, 12
_SMALL = 1e-6

T = TypeVar("T")

#: What a reader of signs makes of a picture: uint8 (H, W, 3) to probabilities (K,).
Sees = Callable[[Picture], NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Views:
    """A reader of signs with two preparations: what is linked to the edge of the picture kept, and cleared away."""

    kept: Sees
    cleared: Sees

    @classmethod
    def of(
        cls, card: Card, weights: Mapping[str, NDArray[Any]], *, kept: PreparesPictures, cleared: PreparesPictures
    ) -> Views:
        """Make both of one reader's weights, by the network's own names, and of two preparation graphs."""
        recipe = recipe_from_dict(card.recipe, where=card.name)
        network = build_network(recipe, len(card.alphabet)).eval()
        network.load_state_dict(start_from(card, weights, recipe, Alphabet(card.alphabet), where=card.name))

        def through(prepare: PreparesPictures) -> Sees:
            def sees(picture: Picture) -> NDArray[np.float32]:
                pictures = np.rint(prepare(picture[None]) * 255.0).astype(np.uint8)
                logits = torch.from_numpy(logits_of(network, pictures, torch.device("cpu")) / card.temperature)
                return label_probabilities(logits, refuses=False)[0].numpy()

            return sees

        return cls(through(kept), through(cleared))


def look_both_ways(
    views: Views, source: LabelledPictures, indices: NDArray[np.int64]
) -> tuple[float | None, bool, Decision]:
    """Give how well labels are told apart, whether the edge is to be cleared for it, and that as a decision.

    Cleared unless that tells them apart worse: pictures cut close around signs of several parts would lose some of
    them, all others only gain, those too that the reader will meet later.
    """
    kept, cleared = told_apart((views.kept, views.cleared), source, indices)
    if kept is None or cleared is None:
        return None, True, Decision("edge", "cleared", "what is linked to the picture's edge is taken for no sign")
    clear = cleared >= kept
    said = "what is linked to the picture's edge is taken for no sign" if clear else "signs reach the picture's edge"
    if cleared != kept:
        said += f": a reader of signs tells the labels {_share(cleared)} apart without it, {_share(kept)} with it"
    return max(kept, cleared), clear, Decision("edge", "cleared" if clear else "kept", said)


def _share(apart: float) -> str:
    return f"{max(0.0, apart):.0%}"


def told_apart(views: Sequence[Sees], source: LabelledPictures, indices: NDArray[np.int64]) -> list[float | None]:
    """Give how well each of several views tells the labels of some pictures apart, each picture being opened once.

    1 is wholly, 0 no better than by chance. None where no two labels have two readable pictures each, or so few that
    not even all of them right would say it.
    """
    by_label: dict[str, list[int]] = {}
    for i in indices.tolist():
        by_label.setdefault(source.sample(i).label, []).append(i)
    several = [places for places in by_label.values() if len(places) > 1]
    rows: list[list[NDArray[np.float64]]] = []
    belongs = []
    for k, places in enumerate(_spread(several, _LABELS)):
        for i in _spread(places, _EACH):
            with suppress(PictureError):
                picture = source.picture(i)
                rows.append([np.log(sees(picture).astype(np.float64) + _SMALL) for sees in views])
                belongs.append(k)
    truth = np.array(belongs, dtype=np.int64)
    kept = np.isin(truth, np.flatnonzero(np.bincount(truth, minlength=1) > 1))
    _, truth = np.unique(truth[kept], return_inverse=True)
    if not len(truth) or truth.max() < 1:
        return [None] * len(views)
    return [_apart(np.stack(seen)[kept], truth) for seen in zip(*rows, strict=True)]


def _apart(seen: NDArray[np.float64], truth: NDArray[np.int64]) -> float | None:
    """Compare log-probabilities (N, K) with the mean of every label's others.

    The share that lies nearest to its own label's is corrected for chance (Cohen's kappa); given is the low end of its
    95 % interval.
    """
    seen = seen - seen.mean(axis=0)
    seen = seen / np.maximum(np.linalg.norm(seen, axis=1, keepdims=True), _SMALL)
    sums = np.stack([seen[truth == k].sum(axis=0) for k in range(truth.max() + 1)])
    right = 0
    for row, own in zip(seen, truth.tolist(), strict=True):
        others = sums.copy()
        others[own] -= row
        others /= np.maximum(np.linalg.norm(others, axis=1, keepdims=True), _SMALL)
        right += int((others @ row).argmax() == own)
    chance = 1.0 / len(sums)
    lows = (wilson_interval(count, len(truth))[0] for count in (right, len(truth)))
    apart, at_best = ((low - chance) / (1.0 - chance) for low in lows)
    return apart if at_best > SIGNS_APART else None


def _spread(items: Sequence[T], most: int) -> list[T]:
    """Give at most ``most`` of the items, evenly spread."""
    return [items[i] for i in np.unique(np.linspace(0, len(items) - 1, num=min(most, len(items))).astype(int))]
