"""Confidences against the probability of every text there is."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from every_path import every_text, some_scores, written
from glyphsmith.decode import ctc
from glyphsmith.decode.confidence import TEMPERATURES, character_confidences, fit_temperature, text_confidence


def test_a_character_s_confidence_is_its_share_of_all_texts_that_differ_there() -> None:
    draw = np.random.default_rng(4)
    for case in range(24):
        found = some_scores(draw, int(draw.integers(1, 6)), 4, zeros=0.2 if case % 3 == 0 else 0.0)
        total, _ = every_text(found)
        for text, score in total.items():
            if not text:
                continue
            expected = []
            for i in range(len(text)):
                others = [(*text[:i], k, *text[i + 1 :]) for k in range(3)] + [text[:i] + text[i + 1 :]]
                everything = np.logaddexp.reduce([total.get(other, -np.inf) for other in others])
                expected.append(np.exp(score - everything) if score > -np.inf else 0.0)
            np.testing.assert_allclose(character_confidences(found, text), expected, atol=1e-12)


def test_a_doubtful_character_is_the_least_sure() -> None:
    found = written((3, 1, 4), 9, 12)
    doubtful = np.exp(found)
    doubtful[2, [2, 11]] = [0.55, 0.43]  # the second character may be a 1 or a 10
    doubtful[2] /= doubtful[2].sum()
    sure = character_confidences(np.log(doubtful), ctc.greedy(np.log(doubtful))[0])
    assert sure.argmin() == 1
    assert sure[1] == pytest.approx(0.55 / (0.55 + 0.43), abs=0.05)
    assert sure[[0, 2]].min() > 0.9


def test_no_characters_have_no_confidences() -> None:
    assert character_confidences(np.zeros((3, 4)), ()).shape == (0,)
    np.testing.assert_array_equal(character_confidences(np.zeros((0, 4)), (1,)), [0.0])
    with pytest.raises(ValueError, match=r"outside 0\.\.2"):
        character_confidences(np.zeros((2, 4)), (3,))


def test_a_text_s_confidence_is_its_probability_at_temperature_one() -> None:
    for p in (1e-9, 0.2, 0.5, 0.97, 1 - 1e-9):
        assert text_confidence(float(np.log(p))) == pytest.approx(p, rel=1e-6)
    assert text_confidence(0.0) == pytest.approx(1.0)
    assert text_confidence(-np.inf) == pytest.approx(0.0, abs=1e-300)
    assert text_confidence(-1e9, 0.1) == pytest.approx(0.0, abs=1e-300)


def test_a_temperature_keeps_the_order_and_one_half() -> None:
    assert text_confidence(float(np.log(0.5)), 3.0) == pytest.approx(0.5)
    values = [text_confidence(x, 2.5) for x in (-30.0, -5.0, -1.0, -0.1, -1e-6)]
    assert values == sorted(values)
    assert text_confidence(float(np.log(0.9)), 2.0) < 0.9 < text_confidence(float(np.log(0.9)), 0.5)


def test_the_temperature_of_honest_confidences_is_one_and_of_boasting_ones_greater() -> None:
    draw = np.random.default_rng(8)
    p = draw.uniform(0.02, 0.999, 20000)
    right = draw.random(len(p)) < p
    assert fit_temperature(np.log(p), right.tolist()) == pytest.approx(1.0, abs=0.05)
    odds = np.log(p / (1 - p)) * 3
    assert fit_temperature(-np.logaddexp(0, -odds), right.tolist()) == pytest.approx(3.0, abs=0.15)


def test_the_fit_is_the_least_loss_that_torch_finds() -> None:
    draw = np.random.default_rng(9)
    logs = np.log(draw.uniform(0.3, 1.0, 200))
    right = draw.random(200) < 0.6
    odds = torch.from_numpy(logs - np.log(-np.expm1(logs)))
    hits = int(right.sum())
    target = torch.from_numpy(np.where(right, (hits + 1) / (hits + 2), 1 / (200 - hits + 2)))

    def loss(temperature: float) -> float:
        return float(torch.nn.functional.binary_cross_entropy_with_logits(odds / temperature, target))

    fitted = fit_temperature(logs, right.tolist())
    assert loss(fitted) <= min(loss(t) for t in np.geomspace(*TEMPERATURES, 300)) + 1e-9


def test_few_texts_without_a_mistake_do_not_make_a_reader_infallible() -> None:
    logs = np.log(np.full(20, 0.9))
    assert text_confidence(float(logs[0]), fit_temperature(logs, [True] * 20)) < 0.98
    assert fit_temperature([], []) == 1.0
    assert TEMPERATURES[0] * 0.99 <= fit_temperature([0.0] * 5, [True] * 5) <= TEMPERATURES[1] * 1.01
