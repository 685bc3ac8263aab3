"""Which pages to ask for again: the sum is right only if every page is, so their doubts share one budget.

A bound on each page by itself spends most requests on pages that are as good as sure: 1.81 readings a page in held-out
fonts with 1e-5 for each, 1.54 with 1e-2 for the sum of a thousand, which promises the same (docs/log.md).
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["ask_again"]


def ask_again(doubts: Mapping[int, float], bound: float) -> list[int]:
    """Give the pages to ask for again, the most doubtful first; none where all doubts add up to ``bound`` at most.

    ``doubts`` holds for each page the probability that it is wrong, so their sum is the number of wrong pages to
    expect. Taken away are the fewest pages that leave no more than ``bound``: one more request makes most of them sure.
    """
    # From the least on, so that the many tiny ones are not lost to rounding beside the large.
    rising = sorted(doubts, key=lambda page: (doubts[page], page))
    left = 0.0
    for kept, page in enumerate(rising):
        left += doubts[page]
        if left > bound:
            return rising[kept:][::-1]
    return []
