"""Doubts share one budget: the fewest pages are asked for again, the worst first."""

from __future__ import annotations

import itertools

import numpy as np

from glyphsmith.crawl.budget import ask_again


def test_the_fewest_pages_are_asked_for_again_the_most_doubtful_first():
    doubts = {1: 0.003, 2: 0.5, 3: 0.004, 4: 1e-6, 5: 0.02}
    assert ask_again(doubts, 0.01) == [2, 5]
    assert ask_again(doubts, 0.006) == [2, 5, 3]
    assert ask_again(doubts, 1.0) == []
    assert ask_again({}, 0.01) == []


def test_no_smaller_choice_of_pages_would_do():
    rng = np.random.default_rng(0)
    for _ in range(50):
        doubts = dict(enumerate(10.0 ** rng.uniform(-5, 0, 7)))
        again = ask_again(doubts, 0.05)
        assert sum(doubt for page, doubt in doubts.items() if page not in again) <= 0.05
        for fewer in itertools.combinations(doubts, max(0, len(again) - 1)):
            if again:
                assert sum(doubt for page, doubt in doubts.items() if page not in fewer) > 0.05


def test_many_tiny_doubts_count_as_what_they_are_together():
    doubts = dict.fromkeys(range(1000), 1e-09)
    assert ask_again(doubts, 1e-6 * 1.0001) == []
    assert len(ask_again(doubts, 0.5e-6)) in (499, 500, 501)


def test_pages_that_are_alike_are_taken_in_the_same_order_every_time():
    assert ask_again({3: 0.1, 1: 0.1, 2: 0.1}, 0.15) == [3, 2]
