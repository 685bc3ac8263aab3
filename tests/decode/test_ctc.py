"""CTC decoding against every path there is, and against torch's loss."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch

from every_path import every_text, some_scores, written
from glyphsmith.alphabet import Alphabet
from glyphsmith.decode import ctc
from glyphsmith.decode.path import best_branch, best_ctc_path
from glyphsmith.decode.pattern import compile_pattern

AB = Alphabet("ab0")
PATTERNS = ("a*b", "(a|b)+0", "aab?", "b(0|a){2}", "aa|bb|00", "(ab)*0?", ".{1,2}", "a0?a.*", "")
HELD = [compile_pattern(pattern, AB) for pattern in PATTERNS]


def random_scores(cases: int, *, longest: int = 5) -> list[np.ndarray]:
    draw = np.random.default_rng(7)
    return [
        some_scores(draw, int(draw.integers(0, longest + 1)), 4, zeros=0.3 if case % 3 == 0 else 0.0)
        for case in range(cases)
    ]


def test_greedy_reads_the_best_path() -> None:
    for found in random_scores(40):
        text, confidences = ctc.greedy(found)
        best = every_text(found)[1]
        assert best[text] == max(best.values())
        assert confidences.shape == (len(text),)
        assert ((confidences >= 0) & (confidences <= 1)).all()


def test_a_character_is_as_sure_as_the_surest_column_of_its_run() -> None:
    probabilities = np.array([[0.1, 0.6, 0.3], [0.1, 0.8, 0.1], [0.9, 0.05, 0.05], [0.2, 0.1, 0.7]])
    text, confidences = ctc.greedy(np.log(probabilities))
    assert text == (0, 1)
    np.testing.assert_allclose(confidences, [0.8, 0.7])


def test_a_double_letter_needs_a_blank_between() -> None:
    assert ctc.greedy(np.log(np.eye(3)[[1, 1, 1]] + 1e-9))[0] == (0,)
    assert ctc.greedy(np.log(np.eye(3)[[1, 0, 1]] + 1e-9))[0] == (0, 0)
    two_columns = np.log(np.full((2, 3), 1 / 3))
    assert ctc.sequence_log_probability(two_columns, (0, 0)) == -np.inf
    assert (0, 0) not in dict(ctc.beam(two_columns, 100))


def test_no_columns_show_the_empty_text_alone() -> None:
    nothing = np.zeros((0, 4))
    assert ctc.greedy(nothing)[0] == ()
    assert ctc.beam(nothing) == [((), 0.0)]
    assert ctc.sequence_log_probability(nothing, ()) == 0.0
    assert ctc.sequence_log_probability(nothing, (1,)) == -np.inf
    assert ctc.beam(nothing, 10, compile_pattern("a", AB)) == []
    assert ctc.beam(nothing, 10, compile_pattern("a*", AB)) == [((), 0.0)]


def test_one_column_shows_at_most_one_symbol() -> None:
    column = np.log([[0.5, 0.2, 0.3]])
    assert dict(ctc.beam(column, 100)) == pytest.approx({(): np.log(0.5), (1,): np.log(0.3), (0,): np.log(0.2)})


def test_the_forward_algorithm_sums_over_every_path() -> None:
    for found in random_scores(60):
        total, _ = every_text(found)
        texts = list(total)
        at_once = ctc.sequence_log_probabilities(found, texts)
        for text, score in zip(texts, at_once, strict=True):
            assert score == pytest.approx(total[text])
            assert ctc.sequence_log_probability(found, text) == pytest.approx(total[text])


def test_the_forward_algorithm_agrees_with_the_loss_of_torch() -> None:
    draw = np.random.default_rng(3)
    for columns, symbols, length in ((1, 3, 1), (12, 5, 4), (40, 37, 9), (112, 45, 46)):
        found = some_scores(draw, columns, symbols + 1)
        text = draw.integers(0, symbols, length)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            loss = torch.nn.functional.ctc_loss(
                torch.from_numpy(found)[:, None],
                torch.from_numpy(text + 1)[None],
                torch.tensor([columns]),
                torch.tensor([length]),
                reduction="sum",
            )
        assert ctc.sequence_log_probability(found, text.tolist()) == pytest.approx(-float(loss), rel=1e-9)


def test_scores_far_below_float64_s_smallest_number_are_summed_exactly() -> None:
    found = np.full((30, 3), -1000.0)
    found[:, 0] = -900.0
    assert ctc.sequence_log_probability(found, (1,)) == pytest.approx(
        np.logaddexp.reduce([-1000.0 * n - 900.0 * (30 - n) + np.log(31 - n) for n in range(1, 31)])
    )


def test_an_unbounded_beam_finds_every_text_with_its_exact_probability() -> None:
    for found in random_scores(40):
        possible = {text: score for text, score in every_text(found)[0].items() if score > -np.inf}
        answers = ctc.beam(found, 10**6)
        assert dict(answers) == pytest.approx(possible)
        assert answers == sorted(answers, key=lambda answer: -answer[1])


def test_a_beam_sums_over_paths_where_greedy_follows_one() -> None:
    found = np.log([[0.6, 0.4], [0.6, 0.4]])  # no single path of "a" beats blank, blank; together they do
    assert ctc.greedy(found)[0] == ()
    assert ctc.beam(found, 2)[0][0] == (0,)


def test_a_narrow_beam_gives_exact_probabilities_and_never_less_than_greedy() -> None:
    draw = np.random.default_rng(5)
    for _ in range(20):
        found = some_scores(draw, 12, 6)
        answers = ctc.beam(found, 3)
        assert answers == sorted(answers, key=lambda answer: -answer[1])
        assert len({text for text, _ in answers}) == len(answers)
        for text, score in answers:
            assert score == pytest.approx(ctc.sequence_log_probability(found, text))
        assert answers[0][1] >= ctc.sequence_log_probability(found, ctc.greedy(found)[0]) - 1e-12


def test_a_prefix_that_left_the_beam_and_came_back_is_one_text() -> None:
    draw = np.random.default_rng(6)
    for width in (1, 2, 3, 5):
        for _ in range(40):
            texts = [text for text, _ in ctc.beam(some_scores(draw, 9, 3), width)]
            assert len(set(texts)) == len(texts)


def test_a_held_beam_finds_exactly_the_accepted_texts() -> None:
    for found in random_scores(30):
        possible = {text: score for text, score in every_text(found)[0].items() if score > -np.inf}
        for held in HELD:
            accepted = {text: score for text, score in possible.items() if held.matches(text)}
            assert dict(ctc.beam(found, 10**6, held)) == pytest.approx(accepted), held


def test_the_narrowest_held_beam_answers_whenever_an_accepted_text_is_possible() -> None:
    for found in random_scores(60):
        total, best = every_text(found)
        for held in HELD:
            accepted = [text for text, score in total.items() if held.matches(text) and score > -np.inf]
            answers = ctc.beam(found, 1, held)
            assert bool(answers) == bool(accepted)
            assert all(held.matches(text) for text, _ in answers)
            if answers:  # the text of the best accepted path is always among the answers
                best_path = max(accepted, key=lambda text: best[text])
                assert answers[0][1] >= total[best_path] - 1e-9


def test_the_exact_path_is_the_best_of_every_accepted_path() -> None:
    for found in random_scores(60):
        best = every_text(found)[1]
        for held in HELD:
            accepted = [score for text, score in best.items() if held.matches(text) and score > -np.inf]
            path = best_branch(held, found, best_ctc_path)
            assert (path is None) == (not accepted)
            if path is not None:
                assert path[1] == pytest.approx(max(accepted))
                assert best[path[0]] == pytest.approx(path[1])


def test_a_pattern_overrules_scores_that_are_sure_of_something_else() -> None:
    digits = Alphabet("0123456789O")
    seen = written((10, 1, 10), 12, 12)
    assert ctc.greedy(seen)[0] == (10, 1, 10)
    ((text, score), *_) = ctc.beam(seen, 10, compile_pattern(r"\d{3}", digits))
    assert len(text) == 3
    assert text[1] == 1
    assert 10 not in text
    assert score < -6


def test_a_text_that_just_fits_is_read_even_where_it_is_unlikely() -> None:
    held = compile_pattern("aabb", AB)  # needs two blanks between equal letters: six columns
    blank = np.log(np.tile([0.97, 0.01, 0.01, 0.01], (6, 1)))
    assert [text for text, _ in ctc.beam(blank, 1, held)] == [(0, 0, 1, 1)]
    assert ctc.beam(blank[:5], 10, held) == []


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (np.zeros(3), r"shape \(3,\)"),
        (np.zeros((1, 2, 3)), "shape"),
        (np.zeros((3, 0)), "shape"),
        (np.full((2, 3), np.nan), "NaN"),
        (np.full((2, 3), np.inf), "inf"),
    ],
)
def test_what_are_no_scores_is_refused(found: np.ndarray, message: str) -> None:
    for read in (ctc.greedy, ctc.beam, lambda x: ctc.sequence_log_probability(x, ())):
        with pytest.raises(ValueError, match=message):
            read(found)


def test_a_symbol_outside_the_scores_is_refused() -> None:
    for text in ((3,), (-1,)):
        with pytest.raises(ValueError, match=r"outside 0\.\.2"):
            ctc.sequence_log_probability(np.zeros((2, 4)), text)


def test_a_constraint_over_another_alphabet_is_refused() -> None:
    with pytest.raises(ValueError, match="over 3 symbols, the scores over 4"):
        ctc.beam(np.zeros((2, 5)), 3, HELD[0])
    with pytest.raises(ValueError, match="beam of 0"):
        ctc.beam(np.zeros((2, 5)), 0)


def test_scores_without_any_possible_path_give_no_text() -> None:
    assert ctc.beam(np.full((3, 4), -np.inf), 10) == []
    assert ctc.beam(np.full((3, 4), -np.inf), 10, HELD[0]) == []


def test_single_precision_scores_are_read_as_they_are() -> None:
    found = some_scores(np.random.default_rng(1), 20, 8).astype(np.float32)
    assert ctc.beam(found) == ctc.beam(found.astype(np.float64))


def test_the_scores_are_left_as_they_were() -> None:
    found = some_scores(np.random.default_rng(1), 6, 4)
    before = found.copy()
    ctc.beam(found, 5, HELD[1])
    ctc.greedy(found)
    np.testing.assert_array_equal(found, before)
