"""The figures against brute force and against scikit-learn and SciPy."""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest

from glyphsmith import metrics


def test_without_pictures_the_interval_is_everything() -> None:
    assert metrics.wilson_interval(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(("right", "n"), [(0, 1), (1, 1), (0, 50), (50, 50), (1, 61), (58, 61), (9_924, 10_000)])
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_the_wilson_interval_is_that_of_scipy(right: int, n: int, confidence: float) -> None:
    stats = pytest.importorskip("scipy.stats")
    expected = stats.binomtest(right, n).proportion_ci(confidence_level=confidence, method="wilson")
    assert metrics.wilson_interval(right, n, confidence) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_the_interval_touches_its_end_exactly_when_all_or_none_are_right() -> None:
    assert metrics.wilson_interval(0, 7)[0] == 0.0
    assert metrics.wilson_interval(7, 7)[1] == 1.0


@pytest.mark.parametrize(("right", "n"), [(-1, 3), (4, 3)])
def test_impossible_counts_are_refused(right: int, n: int) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        metrics.wilson_interval(right, n)


def test_a_confidence_of_one_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        metrics.wilson_interval(1, 2, 1.0)


def test_accuracy_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing was read"):
        metrics.accuracy([], [])


def test_accuracy_of_two_lengths_is_refused() -> None:
    with pytest.raises(ValueError, match="one length"):
        metrics.accuracy([1, 2], [1])


def test_accuracy_is_the_share_of_equal_answers() -> None:
    assert metrics.accuracy(["a", "b", "c", "d"], ["a", "b", "d", "d"]) == 0.75


def test_the_confusion_matrix_is_that_of_sklearn() -> None:
    sklearn_metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    truth, read = rng.integers(0, 7, 500), rng.integers(0, 7, 500)
    expected = sklearn_metrics.confusion_matrix(truth, read, labels=range(7))
    assert (metrics.confusion_matrix(truth, read, 7) == expected).all()


def test_the_confusion_matrix_of_nothing_is_all_zero() -> None:
    assert metrics.confusion_matrix([], [], 3).tolist() == [[0] * 3] * 3


@pytest.mark.parametrize("index", [-1, 3])
def test_an_index_outside_the_classes_is_refused(index: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        metrics.confusion_matrix([0, index], [0, 0], 3)


def test_confusions_are_listed_most_frequent_first_and_leave_the_right_ones_out() -> None:
    matrix = np.array([[5, 2, 0], [1, 9, 3], [2, 0, 4]], dtype=np.int32)
    assert metrics.confusions(matrix, ["a", "b", "c"]) == [("b", "c", 3), ("a", "b", 2), ("c", "a", 2), ("b", "a", 1)]


def test_precision_and_recall_are_those_of_sklearn() -> None:
    sklearn_metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 5, 300)
    read = np.where(rng.random(300) < 0.7, truth, rng.integers(0, 5, 300))
    precision, recall, _, n = sklearn_metrics.precision_recall_fscore_support(truth, read, labels=range(5))
    figures = metrics.per_class(metrics.confusion_matrix(truth, read, 5), list("abcde"))
    assert [f.precision for f in figures] == pytest.approx(list(precision))
    assert [f.recall for f in figures] == pytest.approx(list(recall))
    assert [f.n for f in figures] == list(n)
    assert all(f.recall_ci95 == metrics.wilson_interval(f.right, f.n) for f in figures)


def test_a_label_that_never_occurs_has_no_share_and_says_so() -> None:
    figures = metrics.per_class(np.array([[3, 0], [0, 0]], dtype=np.int32), ["a", "b"])
    assert figures[1].precision is None
    assert figures[1].recall is None
    assert figures[1].as_dict()["recall_ci95"] == [0.0, 1.0]


def test_reliability_of_no_answers_is_empty_and_its_error_zero() -> None:
    assert metrics.reliability([], []) == []
    assert metrics.expected_calibration_error([], []) == 0.0


def _ece_by_hand(confidence: list[float], right: list[bool], bins: int) -> float:
    pairs = sorted(zip(confidence, right, strict=True))
    n, error = len(pairs), 0.0
    for b in range(bins):
        part = pairs[round(n * b / bins) : round(n * (b + 1) / bins)]
        error += abs(sum(c for c, _ in part) - sum(r for _, r in part)) / n if part else 0.0
    return error


@pytest.mark.parametrize(("n", "bins"), [(1, 15), (7, 15), (150, 15), (1001, 10)])
def test_the_calibration_error_is_that_of_brute_force_when_no_two_confidences_are_equal(n: int, bins: int) -> None:
    rng = np.random.default_rng(n)
    confidence = rng.permutation(np.linspace(0.1, 0.99, n))
    right = rng.random(n) < confidence
    expected = _ece_by_hand(confidence.tolist(), right.tolist(), bins)
    assert metrics.expected_calibration_error(confidence, right, bins) == pytest.approx(expected)


def test_the_reliability_points_are_those_of_sklearn_with_quantile_bins() -> None:
    calibration = pytest.importorskip("sklearn.calibration")
    rng = np.random.default_rng(5)
    confidence = rng.permutation(np.linspace(0.02, 0.98, 1000))
    right = rng.random(1000) < confidence
    share, mean = calibration.calibration_curve(right, confidence, n_bins=10, strategy="quantile")
    points = metrics.reliability(confidence, right, 10)
    assert [p.accuracy for p in points] == pytest.approx(list(share), abs=1e-9)
    assert [p.confidence for p in points] == pytest.approx(list(mean), abs=1e-9)


def test_equal_confidences_stay_in_one_bin_whatever_the_order_of_the_pictures() -> None:
    confidence = [1.0] * 60 + [0.5] * 40
    right = [True] * 55 + [False] * 5 + [True] * 20 + [False] * 20
    points = metrics.reliability(confidence, right, 15)
    assert [(p.n, p.confidence, p.accuracy) for p in points] == [(40, 0.5, 0.5), (60, 1.0, 55 / 60)]
    shuffled = np.random.default_rng(0).permutation(100)
    assert metrics.reliability(np.array(confidence)[shuffled], np.array(right)[shuffled], 15) == points


def test_a_reader_that_is_always_sure_and_always_wrong_has_the_largest_error() -> None:
    assert metrics.expected_calibration_error([1.0] * 9, [False] * 9) == 1.0


def test_the_calibration_error_by_chance_is_what_perfectly_calibrated_answers_show() -> None:
    rng = np.random.default_rng(4)
    confidence = rng.uniform(0.5, 1.0, 600)
    shown = [metrics.expected_calibration_error(confidence, rng.random(600) < confidence) for _ in range(300)]
    points = metrics.reliability(confidence, rng.random(600) < confidence)
    assert metrics.calibration_error_by_chance(points) == pytest.approx(np.mean(shown), rel=0.1)
    assert metrics.calibration_error_by_chance([]) == 0.0


def test_refusing_below_a_threshold_counts_what_brute_force_counts() -> None:
    rng = np.random.default_rng(2)
    confidence = np.round(rng.random(200), 1)
    right = rng.random(200) < confidence
    for found in metrics.risk_coverage(confidence, right, [0.0, 0.3, 0.75, 1.0, 1.1]):
        kept = right[confidence >= found.threshold]
        assert found.answered == len(kept)
        assert found.share == len(kept) / 200
        assert found.right == kept.sum()
        assert found.accuracy == (pytest.approx(kept.mean()) if len(kept) else None)


def test_refusing_among_no_answers_leaves_nothing() -> None:
    assert metrics.risk_coverage([], [], [0.5]) == [metrics.Coverage(0.5, 0, 0.0, 0, None)]


def test_percentiles_of_nothing_are_not_a_number() -> None:
    assert all(math.isnan(value) for value in metrics.percentiles([]))


def test_percentiles_lie_linearly_between_two_values() -> None:
    assert metrics.percentiles([1.0, 2.0, 3.0, 4.0], (0, 50, 100)) == [1.0, 2.5, 4.0]


def _distance_by_recursion(a: str, b: str) -> int:
    @functools.cache
    def distance(i: int, j: int) -> int:
        if i == 0 or j == 0:
            return i + j
        same = distance(i - 1, j - 1) + (a[i - 1] != b[j - 1])
        return min(same, distance(i - 1, j) + 1, distance(i, j - 1) + 1)

    return distance(len(a), len(b))


def test_the_edit_distance_is_that_of_plain_recursion() -> None:
    rng = np.random.default_rng(3)
    for _ in range(200):
        a, b = ("".join(rng.choice(list("ᚠ7a"), rng.integers(0, 8))) for _ in range(2))
        assert metrics.edit_distance(a, b) == _distance_by_recursion(a, b)


def test_the_character_error_rate_weighs_a_long_text_by_its_length() -> None:
    assert metrics.character_error_rate([("abcdefgh", "abcdefgh"), ("xy", "x")]) == pytest.approx(0.1)


def test_the_character_error_rate_exceeds_one_when_more_is_read_than_is_there() -> None:
    assert metrics.character_error_rate([("a", "bcd")]) == 3.0


def test_the_character_error_rate_without_characters_is_refused() -> None:
    with pytest.raises(ValueError, match="no character"):
        metrics.character_error_rate([("", "a")])
