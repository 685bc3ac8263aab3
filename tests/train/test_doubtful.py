"""Doubtful labels: how likely a picture's own label is, and the ranking by it."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
import torch

from every_path import every_text
from glyphsmith.alphabet import Alphabet
from glyphsmith.decode.text import TextDecoder
from glyphsmith.nets import label_probabilities
from glyphsmith.train.doubtful import doubtful_csv, label_log_probabilities, rank_doubts


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def test_the_probability_of_a_label_is_its_softmax() -> None:
    logits = np.random.default_rng(0).normal(0, 3, (5, 4)).astype(np.float32)
    labels = np.array([0, 3, 1, 2, 2])
    expected = np.log(softmax(logits.astype(np.float64))[np.arange(5), labels])
    assert label_log_probabilities(logits, labels, "label") == pytest.approx(expected)


def test_the_probability_of_a_text_sums_every_path_that_shows_it() -> None:
    logits = np.random.default_rng(1).normal(0, 2, (2, 4, 3)).astype(np.float32)
    texts = np.array([[0, 1], [1, -1]])
    found = label_log_probabilities(logits, texts, "ctc")
    for i, text in enumerate(((0, 1), (1,))):
        total, _ = every_text(np.log(softmax(logits[i].astype(np.float64))))
        assert found[i] == pytest.approx(total[text])
    fixed = label_log_probabilities(logits[:, :2], np.array([[0, 1], [2, 2]]), "fixed")
    shares = softmax(logits[:, :2].astype(np.float64))
    assert fixed[0] == pytest.approx(np.log(shares[0, 0, 0] * shares[0, 1, 1]))


def test_a_label_is_as_likely_as_the_reader_is_sure_where_it_reads_that_label() -> None:
    """With "none of these" among the answers, and with the temperature of whole texts."""
    logits = np.random.default_rng(2).normal(0, 3, (5, 4)).astype(np.float32)
    read = logits.argmax(axis=1)
    found = np.exp(label_log_probabilities(logits, read, "label", refuses=True))
    assert found == pytest.approx(label_probabilities(torch.from_numpy(logits), refuses=True).numpy().max(axis=1))

    columns = np.random.default_rng(3).normal(0, 2, (3, 6, 3)).astype(np.float32)
    decoder = TextDecoder(Alphabet("ab"), "ctc", width=8, temperature=2.5)
    for scores in columns:
        answer = decoder(np.log(softmax(scores.astype(np.float64))))
        text = np.array([["ab".index(sign) for sign in answer.text or ""]])
        likely = label_log_probabilities(scores[None], text, "ctc", text_temperature=2.5)
        assert np.exp(likely) == pytest.approx(answer.confidence)


def test_no_label_is_said_to_be_more_likely_than_what_was_read() -> None:
    """The file's weights are rounded, those that judge labels are not."""
    likely, confidence = np.log([0.52, 0.48, 0.001]), np.array([0.51, 0.47, 0.9])
    doubts = rank_doubts(np.arange(3), ["a.png", "b.png", "c.png"], list("xyz"), list("xqq"), likely, confidence)
    found = {doubt.name: (doubt.label_probability, doubt.read_probability) for doubt in doubts}
    assert found == {"c.png": (pytest.approx(0.001), 0.9), "b.png": (0.47, 0.47), "a.png": (0.51, 0.51)}
    assert [doubt.name for doubt in doubts] == ["c.png", "b.png", "a.png"]


def test_the_least_likely_label_comes_first_and_the_table_says_so() -> None:
    doubts = rank_doubts(
        np.array([4, 7, 9]),
        ["a.png", "b.png", "c.png"],
        list("xyz"),
        list("xqz"),
        np.log([0.9, 0.01, 0.5]),
        np.array([0.9, 0.98, 0.5]),
    )
    assert [doubt.name for doubt in doubts] == ["b.png", "c.png", "a.png"]
    rows = list(csv.DictReader(io.StringIO(doubtful_csv(doubts))))
    assert rows[0] == {
        "rank": "1",
        "file": "b.png",
        "label": "y",
        "read": "q",
        "label_probability": "0.010000",
        "read_probability": "0.980000",
    }
