"""The lesson of texts against brute force and against the decoder that reads."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from glyphsmith.alphabet import Alphabet
from glyphsmith.decode import ctc
from glyphsmith.decode.text import TextDecoder
from glyphsmith.errors import DataError
from glyphsmith.train.prepared import rows_of
from glyphsmith.train.tasks.text import TextLesson, columns_needed, read_greedily


class Given:
    """A network that answers what a test gave it."""

    def __init__(self, logits, guide=None):
        self.logits, self.guide = logits, guide

    def scores(self, x):
        return self.logits

    def guided(self, x):
        return self.logits, self.guide


def random_logits(n: int = 40, columns: int = 9, classes: int = 5) -> torch.Tensor:
    return torch.randn(n, columns, classes, generator=torch.Generator().manual_seed(1)) * 3


def test_reading_greedily_is_what_the_one_decoder_does() -> None:
    logits = random_logits()
    for row, scores in zip(read_greedily(logits, "ctc"), logits.log_softmax(2).numpy(), strict=True):
        assert tuple(row[row >= 0].tolist()) == ctc.greedy(scores)[0]
    alphabet = Alphabet("abcd")
    fixed = random_logits(classes=4)
    for row, scores in zip(read_greedily(fixed, "fixed"), fixed.log_softmax(2).numpy(), strict=True):
        assert "".join(alphabet[k] for k in row.tolist()) == TextDecoder(alphabet, "fixed")(scores).text


def test_the_loss_is_the_probability_of_all_paths_a_character() -> None:
    logits = random_logits(4)
    labels = torch.tensor([[0, 1, -1], [2, 2, 2], [3, -1, -1], [0, 1, 2]])
    loss, _ = TextLesson("ctc").loss(Given(logits), torch.zeros(4), labels)
    each = [
        -ctc.sequence_log_probability(scores, [k for k in row if k >= 0]) / sum(k >= 0 for k in row)
        for scores, row in zip(logits.log_softmax(2).numpy(), labels.tolist(), strict=True)
    ]
    assert float(loss) == pytest.approx(np.mean(each), rel=1e-5)


def test_a_text_too_long_for_the_columns_costs_nothing_rather_than_everything() -> None:
    loss, _ = TextLesson("ctc").loss(Given(random_logits(1, columns=2)), torch.zeros(1), torch.tensor([[0, 0]]))
    assert torch.isfinite(loss)


def test_the_guide_learns_each_place_then_one_end_and_nothing_behind_it() -> None:
    labels = torch.tensor([[1, -1, -1], [0, 2, 1]])
    wanted = torch.tensor([[1, 3, 0], [0, 2, 1]])  # three labels, class 3 is the end; the last of row one is free
    guide = torch.full((2, 3, 4), -20.0).scatter_(2, wanted[:, :, None], 20.0)
    alone, _ = TextLesson("ctc").loss(Given(random_logits(2, classes=4)), torch.zeros(2), labels)
    guided, _ = TextLesson("ctc", guide=1.0).loss(Given(random_logits(2, classes=4), guide), torch.zeros(2), labels)
    assert float(guided) == pytest.approx(float(alone), abs=1e-6)


def test_repeats_count_twice() -> None:
    rows = np.array([[0, 0, 1, -1], [1, 1, 1, 1], [0, 1, 0, 1], [2, -1, -1, -1]])
    assert columns_needed(rows).tolist() == [4, 7, 4, 1]


def test_right_means_every_character_and_the_length() -> None:
    logits = torch.full((3, 4, 3), -9.0)
    for row, classes in enumerate([[1, 0, 1, 2], [1, 1, 2, 0], [0, 0, 0, 0]]):
        for column, k in enumerate(classes):
            logits[row, column, k] = 9.0
    truth = torch.tensor([[0, 0, 1], [0, 1, 1], [0, -1, -1]])
    assert int(TextLesson("ctc").right(logits, truth)) == 1
    loss, accuracy = TextLesson("ctc").verdict(logits.numpy(), truth.numpy())
    assert accuracy == pytest.approx(1 / 3)
    assert loss > 0


@pytest.mark.parametrize("head", ["ctc", "fixed"])
def test_calibration_finds_scores_that_were_exaggerated(head: str) -> None:
    rng = np.random.default_rng(0)
    true = rng.normal(0, 2, (400, 3, 4)).astype(np.float32)
    p = np.exp(true) / np.exp(true).sum(axis=2, keepdims=True)
    labels = np.array([[rng.choice(4, p=place) for place in picture] for picture in p])
    if head == "ctc":  # a blank between any two labels, so that a column is a place again
        columns = np.full((400, 6, 5), -9.0, np.float32)
        columns[:, ::2, 1:] = true
        columns[:, 1::2, 0] = 9.0
        true = columns
    temperature, of_texts = TextLesson(head).calibrate(true * 3, labels)
    assert temperature == pytest.approx(3.0, rel=0.15)
    assert 0.6 < of_texts < 1.6
    assert TextLesson(head).calibrate(true[:0], labels[:0]) == (1.0, 1.0)


def test_texts_become_rows_and_a_strange_sign_is_named() -> None:
    assert rows_of(["ab", "b"], Alphabet("ab"), 3).tolist() == [[0, 1, -1], [1, -1, -1]]
    with pytest.raises(DataError, match="'c' is outside"):
        rows_of(["c"], Alphabet("ab"), 1)
