"""Items with different labels: every permutation written down, as the oracle of the sums over all of them."""

from __future__ import annotations

import itertools
import subprocess
import sys

import numpy as np
import pytest

from glyphsmith.decode.assignment import EXACT_LABELS, _propagated, assign, evidence, marginals, with_doubt


def every_assignment(scores):
    """Give (labels, probability) of every way to give the items different labels, and the best score."""
    k, labels = scores.shape
    ways = list(itertools.permutations(range(labels), k))
    logs = np.array([scores[np.arange(k), way].sum() for way in ways])
    chances = np.exp(logs - logs.max())
    return ways, logs, chances / chances.sum()


def random_scores(k, labels, seed, sharpness=2.0):
    draws = np.random.default_rng(seed).normal(size=(k, labels)) * sharpness
    return draws - np.logaddexp.reduce(draws, axis=1, keepdims=True)


SHAPES = [(1, 1), (1, 4), (2, 2), (3, 3), (3, 5), (5, 5), (4, 7), (6, 6)]


@pytest.mark.parametrize(("k", "labels"), SHAPES)
def test_the_best_assignment_its_margin_and_confidence_are_those_of_all_written_down(k, labels):
    for seed in range(5):
        scores = random_scores(k, labels, seed)
        ways, logs, chances = every_assignment(scores)
        found = assign(scores)
        assert found.labels == ways[int(logs.argmax())]
        assert found.score == pytest.approx(logs.max())
        assert found.confidence == pytest.approx(chances.max())
        second = np.sort(logs)[-2] if len(logs) > 1 else -np.inf
        assert found.margin == pytest.approx(logs.max() - second)


@pytest.mark.parametrize(("k", "labels"), SHAPES)
def test_the_marginals_are_those_of_all_written_down(k, labels):
    scores = random_scores(k, labels, 7)
    ways, _, chances = every_assignment(scores)
    expected = np.zeros((k, labels))
    for way, chance in zip(ways, chances, strict=True):
        expected[np.arange(k), way] += chance
    assert marginals(scores) == pytest.approx(expected)


@pytest.mark.parametrize(("k", "labels"), SHAPES)
def test_the_evidence_compares_all_assignments_with_free_reading(k, labels):
    scores = random_scores(k, labels, 3)
    _, logs, _ = every_assignment(scores)
    free = [scores[np.arange(k), way].sum() for way in itertools.product(range(labels), repeat=k)]
    expected = np.log(np.mean(np.exp(logs))) - np.log(np.mean(np.exp(free)))
    assert evidence(scores) == pytest.approx(expected)


def test_many_rows_are_read_as_each_would_be_by_itself():
    rows = np.stack([random_scores(4, 6, seed) for seed in range(6)]).reshape(2, 3, 4, 6)
    together = marginals(rows)
    assert together.shape == rows.shape
    assert evidence(rows).shape == (2, 3)
    for place in np.ndindex(2, 3):
        assert together[place] == pytest.approx(marginals(rows[place]))
        assert evidence(rows)[place] == pytest.approx(evidence(rows[place]))


def test_an_illegible_item_is_read_by_exclusion():
    sure = with_doubt(np.eye(10), 1e-4)
    sure[6] = np.log(0.1)
    found = assign(sure)
    assert found.labels == tuple(range(10))
    assert found.confidence > 0.99
    assert marginals(sure)[6, 6] > 0.99


def test_the_surer_of_two_items_keeps_the_label_that_both_claim():
    scores = np.log([[0.90, 0.05, 0.05], [0.60, 0.35, 0.05], [0.02, 0.03, 0.95]])
    assert assign(scores).labels == (0, 1, 2)
    assert marginals(scores)[1].argmax() == 1


def test_impossible_labels_are_never_given_and_never_divide_by_zero():
    scores = np.where(np.array([[1, 1, 0], [1, 0, 0], [1, 1, 1]]) > 0, 0.0, -np.inf)
    found = assign(scores)
    assert found.labels == (1, 0, 2)
    assert (found.margin, found.confidence) == (np.inf, 1.0)
    assert marginals(scores) == pytest.approx(np.eye(3)[[1, 0, 2]])


def test_a_row_that_allows_no_assignment_is_read_item_by_item():
    scores = np.array([[0.0, -np.inf], [0.0, -np.inf]])
    assert assign(scores) is None
    assert marginals(scores) == pytest.approx(np.array([[1.0, 0.0], [1.0, 0.0]]))
    assert evidence(scores) == -np.inf


def test_scores_of_any_size_neither_overflow_nor_vanish():
    scores = np.full((10, 10), -1e5)
    scores[np.arange(10), np.roll(np.arange(10), 3)] = -9e4
    assert marginals(scores).argmax(axis=1).tolist() == np.roll(np.arange(10), 3).tolist()
    assert assign(scores).confidence == pytest.approx(1.0)


def test_permutations_speak_for_themselves_and_repetitions_against():
    rng = np.random.default_rng(1)
    permuted = np.stack([rng.permutation(10) for _ in range(10)])
    free = rng.integers(0, 10, (10, 10))
    for_it, against = (evidence(with_doubt(np.eye(10)[rows], 1e-3)).sum() for rows in (permuted, free))
    assert for_it == pytest.approx(10 * 7.92, rel=0.02)
    assert against < -100


def test_doubt_leaves_every_label_a_share():
    scores = with_doubt(np.array([[1.0, 0.0, 0.0, 0.0]]), 0.04)
    assert np.exp(scores) == pytest.approx(np.array([[0.97, 0.01, 0.01, 0.01]]))
    assert np.exp(scores).sum() == pytest.approx(1.0)
    assert with_doubt(np.array([0.0, 1.0]), 0.0)[0] == -np.inf
    with pytest.raises(ValueError, match="doubt"):
        with_doubt(np.eye(2), 1.0)


def test_more_labels_than_can_be_summed_are_approximated_closely():
    for seed in range(3):
        scores = random_scores(EXACT_LABELS, EXACT_LABELS, seed)
        assert np.abs(_propagated(scores) - marginals(scores)).max() < 0.1
    many = random_scores(20, 26, 1, sharpness=6.0)
    shares, found = marginals(many), assign(many)
    assert shares.shape == (20, 26)
    assert shares.sum(axis=1) == pytest.approx(np.ones(20))
    assert len(set(found.labels)) == 20
    assert 0.0 < found.confidence <= 1.0
    with pytest.raises(ValueError, match="12 at most"):
        evidence(many)


@pytest.mark.parametrize(
    "scores",
    [np.zeros((3, 2)), np.zeros(3), np.zeros((0, 3)), np.array([[np.nan, 0.0]]), np.array([[np.inf, 0.0]]),
     np.array([[-np.inf, -np.inf]])],
)  # fmt: skip
def test_what_is_no_row_of_scores_is_refused(scores):
    for ask in (assign, marginals, evidence):
        with pytest.raises(ValueError):
            ask(scores)


def test_the_marginals_need_no_scipy():
    code = (
        "import sys; sys.modules['scipy'] = None\n"
        "import numpy as np\n"
        "from glyphsmith.decode.assignment import evidence, marginals\n"
        "print(marginals(np.zeros((3, 3)))[0, 0] > 0.3, evidence(np.zeros((3, 3))) > -1e-9)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True True\n"
