"""All ways added up: against every way written down, also where products of weights are no numbers any more."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from glyphsmith.decode.ways import every_way, log_sum


def written_down(scores):
    """Give the log sum and the shares of every way to give the items different labels."""
    k, labels = scores.shape
    ways = list(itertools.permutations(range(labels), k))
    logs = np.array([scores[np.arange(k), way].sum() for way in ways])
    top = logs.max()
    chances = np.exp(logs - top)
    shares = np.zeros((k, labels))
    for way, chance in zip(ways, chances, strict=True):
        shares[np.arange(k), way] += chance / chances.sum()
    return top + np.log(chances.sum()), shares


def test_rows_beside_each_other_are_each_summed_as_written_down():
    rows = np.random.default_rng(4).normal(size=(5, 4, 6)) * 3
    found = every_way(rows)
    for row, total, shares in zip(rows, found.log_sum, found.shares, strict=True):
        expected, each = written_down(row)
        assert total == pytest.approx(expected)
        assert shares == pytest.approx(each)


def test_a_row_whose_products_no_double_can_hold_is_summed_in_logs_beside_one_that_is_not():
    # Every way needs three items to take a label that is 1e-200 times as likely as the one they want.
    far = np.full((6, 6), -460.0)
    far[:, 0] = 0.0
    far[np.arange(6), np.arange(6)] += 3.0
    plain = np.random.default_rng(1).normal(size=(6, 6))
    found = every_way(np.stack([far, plain]))
    for row, total, shares in zip((far, plain), found.log_sum, found.shares, strict=True):
        expected, each = written_down(row)
        assert total == pytest.approx(expected)
        assert shares == pytest.approx(each)


@pytest.mark.parametrize("k", [1, 2, 5, 7])
def test_as_many_labels_as_items_are_summed_as_written_down_sharp_or_not(k):
    draw = np.random.default_rng(k)
    rows = draw.normal(size=(4, k, k))
    # As sure as a reader is: each item wants a label of its own, the others are as unlikely as 1e-6.
    rows[2:] += 14.0 * np.eye(k)[draw.permutation(k)]
    found = every_way(rows)
    for row, total, shares in zip(rows, found.log_sum, found.shares, strict=True):
        expected, each = written_down(row)
        assert total == pytest.approx(expected, rel=1e-12)
        assert shares == pytest.approx(each, rel=1e-3, abs=1e-15)


def test_rows_whose_terms_cancel_are_right_all_the_same():
    # Two items want the same label, for sure; the others may be anything, so that terms are large and the sum is not.
    rows = np.zeros((1, 7, 7))
    rows[0, :2, 1:] = -25.0
    expected, each = written_down(rows[0])
    found = every_way(rows)
    assert found.log_sum[0] == pytest.approx(expected, rel=1e-12)
    assert found.shares[0] == pytest.approx(each, rel=1e-9)


def test_what_cannot_be_has_no_share_among_as_many_labels_as_items():
    row = np.zeros((3, 3))
    row[0, 0] = row[1, 0] = -np.inf
    found = every_way(np.stack([row, row - 5.0]))
    assert found.shares[0] == pytest.approx(np.array([[0, 0.5, 0.5], [0, 0.5, 0.5], [1, 0, 0]]))
    assert found.shares[1, 2, 1] == 0.0


def test_threads_and_sheets_of_other_sizes_do_not_write_into_each_others_sums():
    draws = np.random.default_rng(8)
    sheets = [draws.normal(0.0, 3.0, (draws.integers(1, 12), k, k)) for k in (9, 10, 10, 3) * 12]
    alone = [every_way(sheet) for sheet in sheets]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(every_way, sheets))
    for one, other in zip(alone, together, strict=True):
        assert np.array_equal(one.log_sum, other.log_sum)
        assert np.array_equal(one.shares, other.shares)


def test_a_row_without_any_way_has_no_sum_and_no_shares():
    scores = np.array([[0.0, -np.inf, -np.inf], [0.0, -np.inf, -np.inf]])
    found = every_way(scores[None])
    assert found.log_sum[0] == -np.inf
    assert np.isnan(found.shares).all()


def test_the_log_of_a_sum_of_nothing_is_minus_infinity():
    assert log_sum(np.array([[-np.inf, -np.inf], [0.0, 0.0]])) == pytest.approx([-np.inf, np.log(2)])
    assert log_sum(np.array([[1e5, 1e5], [1e5, -np.inf]]), axis=0) == pytest.approx([1e5 + np.log(2), 1e5])
