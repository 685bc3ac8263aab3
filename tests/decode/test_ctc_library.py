"""CTC decoding against a decoder that others wrote: fast-ctc-decode, a prefix beam search in Rust.

It keeps the most probable prefixes as ours does, so the two are compared where both are exact: on few columns with room
for every prefix, and on the scores of a reader that doubts in some columns, where a wide beam loses nothing.
"""

from __future__ import annotations

import string

import fast_ctc_decode
import numpy as np
import pytest
from numpy.typing import NDArray

from every_path import some_scores, written
from glyphsmith.alphabet import Alphabet
from glyphsmith.decode import ctc
from glyphsmith.decode.pattern import compile_pattern

SIGNS = string.digits + string.ascii_letters
BEAM = 1000


def library_text(log_probs: NDArray[np.float64], *, beam: int = BEAM) -> tuple[int, ...]:
    """Give the symbols that the library's beam search answers."""
    classes = log_probs.shape[1]
    probabilities = np.exp(log_probs).astype(np.float32)
    text, _ = fast_ctc_decode.beam_search(
        probabilities, ["_", *SIGNS[: classes - 1]], beam_size=beam, beam_cut_threshold=0.0
    )
    return tuple(SIGNS.index(sign) for sign in text)


def doubting_scores(draw: np.random.Generator, columns: int, classes: int) -> NDArray[np.float64]:
    """Draw scores of a reader that knows two columns in three and doubts in the others."""
    found = np.exp(written(tuple(draw.integers(0, classes - 1, 5)), columns, classes))
    doubted = draw.choice(columns, columns // 3, replace=False)
    found[doubted] = 0.5 * found[doubted] + 0.5 * draw.dirichlet(np.full(classes, 0.1), len(doubted))
    return np.asarray(np.log(found))


def single(log_probs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round scores to what both decoders are given: the library takes float32."""
    return np.log(np.exp(log_probs).astype(np.float32).astype(np.float64) + 1e-300)


@pytest.mark.parametrize(("columns", "classes"), [(1, 2), (2, 3), (4, 4), (5, 3), (6, 4)])
def test_the_most_probable_text_is_the_library_s_where_every_prefix_is_kept(columns: int, classes: int) -> None:
    draw = np.random.default_rng(columns)
    for _ in range(60):
        found = single(some_scores(draw, columns, classes))
        best, *others = ctc.beam(found, 10**6)
        theirs = library_text(found, beam=10**5)
        if not others or best[1] - others[0][1] > 1e-5:  # a tie closer than float32 has no one answer
            assert theirs == best[0]


def test_captcha_sized_scores_are_read_as_the_library_reads_them() -> None:
    draw = np.random.default_rng(11)
    unlike_greedy = 0
    for _ in range(40):
        found = single(doubting_scores(draw, 22, 37))
        ours = ctc.beam(found, 100)[0]
        assert library_text(found) == ours[0]
        unlike_greedy += ours[0] != ctc.greedy(found)[0]
    assert unlike_greedy >= 2  # summing over paths mattered, so the comparison says something


def test_a_reading_held_to_some_characters_is_the_library_s_where_only_they_have_a_probability() -> None:
    draw = np.random.default_rng(5)
    alphabet = Alphabet(SIGNS[:12])
    held = compile_pattern("[0-4]*", alphabet)
    forbidden = [1 + k for k, sign in enumerate(alphabet) if sign not in "01234"]
    for _ in range(40):
        found = single(doubting_scores(draw, 14, 13))
        only = found.copy()
        only[:, forbidden] = -np.inf
        assert ctc.beam(found, 200, held)[0][0] == library_text(only)


def test_the_single_best_path_is_the_library_s() -> None:
    draw = np.random.default_rng(2)
    for _ in range(60):
        found = some_scores(draw, 22, 37)
        text, _ = fast_ctc_decode.viterbi_search(np.exp(found).astype(np.float32), ["_", *SIGNS[:36]])
        assert tuple(SIGNS.index(sign) for sign in text) == ctc.greedy(found)[0]
