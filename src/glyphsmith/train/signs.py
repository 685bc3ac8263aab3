"""Whether pictures show single signs: how well a reader of signs tells their labels apart, without learning anything.

Colour and grain say little: a rune burnt into wood is a photograph, and a sign all the same. But what a reader that
knows many signs answers to two pictures of one sign is alike, whatever the sign, and what it answers to photographs of
two cats is not (docs/log.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from glyphsmith.data.pictures import LabelledPictures
from glyphsmith.errors import PictureError
from glyphsmith.metrics import wilson_interval
from glyphsmith.runtime.reader import Reader

__all__ = ["told_apart"]

#: Pictures that are looked at: of so many labels, so many each.
_LABELS, _EACH = 24, 12
_SMALL = 1e-6

T = TypeVar("T")


def told_apart(reader: Reader, source: LabelledPictures, indices: NDArray[np.int64]) -> float | None:
    """Give how well ``reader`` tells the labels of some pictures apart: 1 wholly, 0 no better than by chance.

    Each picture's log-probabilities are compared with the mean of every label's others; the share that lies nearest to
    its own label's is corrected for chance (Cohen's kappa). Given is the low end of its 95 % interval.
    None where no two labels have two readable pictures each.
    """
    by_label: dict[str, list[int]] = {}
    for i in indices.tolist():
        by_label.setdefault(source.sample(i).label, []).append(i)
    several = [places for places in by_label.values() if len(places) > 1]
    rows, belongs = [], []
    for k, places in enumerate(_spread(several, _LABELS)):
        for i in _spread(places, _EACH):
            with suppress(PictureError):
                rows.append(_log_probabilities(reader, source.picture(i)))
                belongs.append(k)
    truth = np.array(belongs, dtype=np.int64)
    kept = np.isin(truth, np.flatnonzero(np.bincount(truth, minlength=1) > 1))
    _, truth = np.unique(truth[kept], return_inverse=True)
    if not len(truth) or truth.max() < 1:
        return None
    seen = np.stack(rows)[kept]
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
    return (wilson_interval(right, len(truth))[0] - chance) / (1.0 - chance)


def _log_probabilities(reader: Reader, picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    answer = reader.read(picture, top=len(reader.alphabet), reject=0.0)
    said = dict(answer.top)
    return np.log(np.array([said[label] for label in reader.alphabet]) + _SMALL)


def _spread(items: Sequence[T], most: int) -> list[T]:
    """Give at most ``most`` of the items, evenly spread."""
    return [items[i] for i in np.unique(np.linspace(0, len(items) - 1, num=min(most, len(items))).astype(int))]
