"""What counts as right, how often it was, and how sure one can be of that; numpy only.

``evaluate`` scores a file with these, ``train`` its validation part and ``benchmarks`` their peers, so that
no two figures of a run are counted in two ways. Letters in shapes: N pictures, K classes, B bins.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import pi, sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "ClassFigures",
    "Coverage",
    "ReliabilityPoint",
    "accuracy",
    "align",
    "calibration_error_by_chance",
    "character_error_rate",
    "confusion_matrix",
    "confusions",
    "edit_distance",
    "expected_calibration_error",
    "per_class",
    "percentiles",
    "reliability",
    "risk_coverage",
    "wilson_interval",
]


def wilson_interval(right: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Give the interval, both ends in 0..1, in which the true share lies when ``right`` of ``n`` were right.

    Wilson's score interval (Wilson 1927): unlike p +- z*s it never leaves 0..1 and has a width also at 0 and n right.
    Without any picture nothing is known: (0, 1). Raises ValueError for counts or a confidence that cannot be.
    """
    if not 0 <= right <= n:
        raise ValueError(f"{right} right of {n} cannot be")
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"the confidence must lie between 0 and 1, got {confidence}")
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + confidence / 2.0)
    share, z2 = right / n, z * z
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = z / (1 + z2 / n) * sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    # At the ends the formula gives 0 and 1 but for the last bits; say them exactly.
    low = 0.0 if right == 0 else max(0.0, centre - half)
    high = 1.0 if right == n else min(1.0, centre + half)
    return low, high


def accuracy(truth: ArrayLike, read: ArrayLike) -> float:
    """Give the share of answers equal to the truth; both (N,). Raises ValueError when empty or of two lengths."""
    truth, read = np.asarray(truth), np.asarray(read)
    if truth.shape != read.shape or truth.ndim != 1:
        raise ValueError(f"expected two (N,) of one length, got {truth.shape} and {read.shape}")
    if len(truth) == 0:
        raise ValueError("nothing was read: there is no accuracy")
    return float(np.mean(truth == read))


def confusion_matrix(truth: ArrayLike, read: ArrayLike, classes: int) -> NDArray[np.int32]:
    """Count (K, K): row is the truth, column what was read. ``truth`` and ``read`` (N,) hold indices in 0..K-1."""
    truth, read = np.asarray(truth, dtype=np.int64), np.asarray(read, dtype=np.int64)
    if truth.shape != read.shape:
        raise ValueError(f"expected two (N,) of one length, got {truth.shape} and {read.shape}")
    for indices in (truth, read):
        if indices.size and not 0 <= int(indices.min()) <= int(indices.max()) < classes:
            raise ValueError(f"an index lies outside 0..{classes - 1}")
    counts = np.bincount(truth * classes + read, minlength=classes * classes)
    return counts.reshape(classes, classes).astype(np.int32)


def confusions(matrix: NDArray[np.int32], labels: Sequence[str]) -> list[tuple[str, str, int]]:
    """List every (truth, read, count) that was a mistake, most frequent first, ties in the order of the labels."""
    rows, columns = np.nonzero(matrix)
    found = [(int(matrix[t, r]), int(t), int(r)) for t, r in zip(rows, columns, strict=True) if t != r]
    found.sort(key=lambda entry: (-entry[0], entry[1], entry[2]))
    return [(labels[t], labels[r], count) for count, t, r in found]


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """How one label was read: recall of its ``n`` pictures, precision of the ``read`` answers that named it.

    A share of nothing is None; the intervals (95 %, Wilson) are then (0, 1).
    """

    label: str
    n: int
    read: int
    right: int
    precision: float | None
    precision_ci95: tuple[float, float]
    recall: float | None
    recall_ci95: tuple[float, float]

    def as_dict(self) -> dict[str, Any]:
        """Give the JSON record of this label."""
        return {
            "label": self.label,
            "n": self.n,
            "read": self.read,
            "right": self.right,
            "precision": _rounded(self.precision),
            "precision_ci95": [round(end, 6) for end in self.precision_ci95],
            "recall": _rounded(self.recall),
            "recall_ci95": [round(end, 6) for end in self.recall_ci95],
        }


def per_class(matrix: NDArray[np.int32], labels: Sequence[str]) -> list[ClassFigures]:
    """Work out precision and recall of every label from the counts (K, K), in the order of the labels."""
    truths = matrix.sum(axis=1, dtype=np.int64)
    reads = matrix.sum(axis=0, dtype=np.int64)
    figures = []
    for k, label in enumerate(labels):
        n, read, right = int(truths[k]), int(reads[k]), int(matrix[k, k])
        figures.append(
            ClassFigures(
                label=label,
                n=n,
                read=read,
                right=right,
                precision=right / read if read else None,
                precision_ci95=wilson_interval(right, read),
                recall=right / n if n else None,
                recall_ci95=wilson_interval(right, n),
            )
        )
    return figures


@dataclass(frozen=True, slots=True)
class ReliabilityPoint:
    """A bin of answers of about the same confidence: what they claimed (mean) and how many were right, with 95 %."""

    n: int
    confidence: float
    accuracy: float
    ci95: tuple[float, float]


def reliability(confidence: ArrayLike, right: ArrayLike, bins: int = 15) -> list[ReliabilityPoint]:
    """Group answers by confidence into at most ``bins`` bins of equal mass, least sure first.

    ``confidence`` (N,) in 0..1, ``right`` (N,) bool. Bins of equal mass rather than equal width (Nixon et al. 2019,
    "Measuring calibration in deep learning"): a good reader is nearly always sure, and bins of equal width would be
    empty but for the last. Equal confidences never part, so the order of the pictures cannot matter.
    """
    confidence, right = np.asarray(confidence, dtype=np.float64), np.asarray(right, dtype=bool)
    if confidence.shape != right.shape or confidence.ndim != 1:
        raise ValueError(f"expected two (N,) of one length, got {confidence.shape} and {right.shape}")
    if bins < 1:
        raise ValueError(f"expected at least one bin, got {bins}")
    n = len(confidence)
    if n == 0:
        return []
    order = np.argsort(confidence, kind="stable")
    confidence, right = confidence[order], right[order]
    wanted = [round(n * b / bins) for b in range(1, bins)]
    ends = {int(np.searchsorted(confidence, confidence[end - 1], side="right")) for end in wanted if end > 0} | {n}
    points, start = [], 0
    for end in sorted(ends):
        hits = int(right[start:end].sum())
        points.append(
            ReliabilityPoint(
                n=end - start,
                confidence=float(confidence[start:end].mean()),
                accuracy=hits / (end - start),
                ci95=wilson_interval(hits, end - start),
            )
        )
        start = end
    return points


def expected_calibration_error(confidence: ArrayLike, right: ArrayLike, bins: int = 15) -> float:
    """Give the mean distance between claimed confidence and reached accuracy, over bins of equal mass, in 0..1.

    0 for no answers. Small samples raise it by chance alone: with n = 100 and 15 bins even a perfectly calibrated
    reader shows several per cent.
    """
    points = reliability(confidence, right, bins)
    total = sum(point.n for point in points)
    return sum(point.n * abs(point.confidence - point.accuracy) for point in points) / total if total else 0.0


def calibration_error_by_chance(points: Sequence[ReliabilityPoint]) -> float:
    """Give the calibration error to expect of a perfectly calibrated reader with answers of just these confidences.

    In a bin of n answers the number of right ones spreads by sqrt(n p (1 - p)) around n p; the mean distance of a
    normal variable from its centre is sqrt(2 / pi) of that.
    """
    total = sum(point.n for point in points)
    spread = sum(sqrt(point.n * point.confidence * max(0.0, 1.0 - point.confidence)) for point in points)
    return sqrt(2.0 / pi) * spread / total if total else 0.0


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is left when every answer less sure than ``threshold`` is refused; ``accuracy`` is None when nothing is."""

    threshold: float
    answered: int
    share: float
    right: int
    accuracy: float | None


def risk_coverage(confidence: ArrayLike, right: ArrayLike, thresholds: Iterable[float]) -> list[Coverage]:
    """Say for each threshold how many answers remain (confidence >= threshold) and how many of those are right."""
    confidence, right = np.asarray(confidence, dtype=np.float64), np.asarray(right, dtype=bool)
    order = np.argsort(confidence, kind="stable")
    confidence = confidence[order]
    hits_from = np.concatenate([np.cumsum(right[order][::-1])[::-1], [0]])
    n, curve = len(confidence), []
    for threshold in thresholds:
        start = int(np.searchsorted(confidence, threshold, side="left"))
        answered, hits = n - start, int(hits_from[start])
        share = answered / n if n else 0.0
        curve.append(Coverage(float(threshold), answered, share, hits, hits / answered if answered else None))
    return curve


def percentiles(values: ArrayLike, at: Sequence[float] = (50.0, 95.0)) -> list[float]:
    """Give the percentiles ``at`` (in 0..100) of ``values`` (N,), linear between two; NaN each when there are none."""
    values = np.asarray(values, dtype=np.float64)
    if values.size == 0:
        return [float("nan")] * len(at)
    return [float(value) for value in np.percentile(values, list(at))]


def edit_distance(truth: Sequence[object], read: Sequence[object]) -> int:
    """Count the insertions, deletions and replacements that turn ``read`` into ``truth`` (Levenshtein 1965)."""
    if len(truth) < len(read):
        truth, read = read, truth
    row = list(range(len(read) + 1))
    for i, wanted in enumerate(truth, start=1):
        diagonal, row[0] = row[0], i
        for j, got in enumerate(read, start=1):
            diagonal, row[j] = row[j], min(diagonal + (wanted != got), row[j] + 1, row[j - 1] + 1)
    return row[-1]


def align(truth: str, read: str) -> list[tuple[str, str]]:
    """Pair the characters of two texts with the fewest edits; a missing partner is an empty string.

    Of several alignments with as few edits the one is given that replaces early and inserts late.
    """
    rows = [list(range(len(read) + 1))]
    for i, wanted in enumerate(truth, start=1):
        row, above = [i], rows[-1]
        for j, got in enumerate(read, start=1):
            row.append(min(above[j - 1] + (wanted != got), above[j] + 1, row[j - 1] + 1))
        rows.append(row)
    pairs: list[tuple[str, str]] = []
    i, j = len(truth), len(read)
    while i or j:
        if i and j and rows[i][j] == rows[i - 1][j - 1] + (truth[i - 1] != read[j - 1]):
            i, j = i - 1, j - 1
            pairs.append((truth[i], read[j]))
        elif i and rows[i][j] == rows[i - 1][j] + 1:
            i -= 1
            pairs.append((truth[i], ""))
        else:
            j -= 1
            pairs.append(("", read[j]))
    return pairs[::-1]


def character_error_rate(pairs: Iterable[tuple[str, str]]) -> float:
    """Give all edits over all characters of the truth, for pairs of (truth, read); may exceed 1.

    Summed before dividing, so that a long text counts by its length. Raises ValueError when no truth has a character.
    """
    edits = characters = 0
    for truth, read in pairs:
        edits += edit_distance(truth, read)
        characters += len(truth)
    if characters == 0:
        raise ValueError("the truth holds no character: there is no character error rate")
    return edits / characters


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
