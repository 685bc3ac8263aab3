"""Each way of not learning is named, and learning is not."""

from __future__ import annotations

import numpy as np
import pytest
from tests.train.small_run import pictures, recipe

from glyphsmith.errors import TrainingError
from glyphsmith.train import diagnose
from glyphsmith.train.learned import Fit, build_network

ALPHABET = ("a", "b", "c")


def fitted(
    answers: np.ndarray, *, train_accuracy: float, losses: tuple[float, float] = (1.0, 0.1), broken=False
) -> Fit:
    history = [
        {"epoch": 1, "step": 1, "train_loss": losses[0], "train_accuracy": 0.3},
        {"epoch": 2, "step": 2, "train_loss": losses[1], "train_accuracy": train_accuracy},
    ]
    return Fit(
        network=build_network(recipe(), 3),
        temperature=1.0,
        history=history,
        stopped="the loss stopped being a number" if broken else "all 2 epochs done",
        seconds=1.0,
        best_epoch=2,
        val_accuracy=0.0,
        broken=broken,
        validation_logits=np.eye(3, dtype=np.float32)[answers],
    )


def kinds(fit: Fit, train, validation) -> list[str]:
    found = diagnose.after(fit, recipe(), train=train, validation=validation, alphabet=ALPHABET)
    assert all(problem.text and problem.hint for problem in found)
    return [problem.kind for problem in found]


def test_one_label_is_refused_before_learning() -> None:
    x, _ = pictures(20, 0)
    with pytest.raises(TrainingError, match="the same label: b"):
        diagnose.before(x, np.ones(20, np.int64), ALPHABET)


@pytest.mark.parametrize("value", ["even", "equal"])
def test_pictures_that_all_look_the_same_are_refused(value: str) -> None:
    x, y = pictures(20, 0)
    x = np.full_like(x, 7) if value == "even" else np.repeat(x[:1], 20, axis=0)
    with pytest.raises(TrainingError, match="all look the same"):
        diagnose.before(x, y, ALPHABET)


def test_very_few_and_missing_labels_are_warned_of() -> None:
    x, y = pictures(8, 0)
    texts = [problem.text for problem in diagnose.before(x, y % 2, ALPHABET)]
    assert any("only about" in text for text in texts)
    assert any("no training picture of c" in text for text in texts)


def test_good_pictures_raise_nothing() -> None:
    assert diagnose.before(*pictures(90, 0), ALPHABET) == []


def test_what_was_learned_is_no_problem() -> None:
    train, validation = pictures(200, 1), pictures(60, 2)
    assert kinds(fitted(validation[1], train_accuracy=0.99), train, validation) == []


def test_labels_shuffled_against_pictures_are_recognised_by_learning_by_heart() -> None:
    train, validation = pictures(200, 1), pictures(60, 2)
    rng = np.random.default_rng(0)
    train, validation = (train[0], rng.permutation(train[1])), (validation[0], rng.permutation(validation[1]))
    answers = rng.integers(0, 3, 60)
    assert kinds(fitted(answers, train_accuracy=0.97), train, validation) == ["shuffled"]
    # A network that could not even learn them by heart: the nearest neighbour does no better.
    assert kinds(fitted(answers, train_accuracy=0.36, losses=(1.1, 1.09)), train, validation) == ["shuffled"]


def test_a_rate_too_high_is_told_from_labels_that_mean_nothing() -> None:
    train, validation = pictures(200, 1), pictures(60, 2)
    answers = np.full(60, np.bincount(train[1]).argmax())
    found = kinds(fitted(answers, train_accuracy=0.34, losses=(1.1, 1.6)), train, validation)
    assert found == ["rate", "one-answer"]


def test_too_few_samples_are_named() -> None:
    rng = np.random.default_rng(3)
    x = rng.integers(0, 255, (21, 1, 16, 16)).astype(np.uint8)
    y = np.arange(21) % 3
    validation = (rng.integers(0, 255, (9, 1, 16, 16)).astype(np.uint8), np.arange(9) % 3)
    assert kinds(fitted((np.arange(9) + 1) % 3, train_accuracy=0.4), (x, y), validation) == ["few"]


def test_learned_by_heart_but_partly_right_is_too_few_pictures() -> None:
    train, validation = pictures(60, 1), pictures(60, 2)
    answers = np.where(np.arange(60) < 40, validation[1], (validation[1] + 1) % 3)
    assert kinds(fitted(answers, train_accuracy=1.0), train, validation) == ["overfit"]


def test_a_loss_that_was_no_number_is_always_said() -> None:
    train, validation = pictures(200, 1), pictures(60, 2)
    assert kinds(fitted(validation[1], train_accuracy=0.99, broken=True), train, validation) == ["diverged"]


def test_the_nearest_neighbour_knows_easy_pictures_and_not_noise() -> None:
    train, validation = pictures(200, 1), pictures(60, 2)
    assert diagnose.neighbour_accuracy(train, validation) > 0.9
    noise = np.random.default_rng(0).integers(0, 255, (60, 1, 16, 16)).astype(np.uint8)
    assert diagnose.neighbour_accuracy(train, (noise, validation[1])) < 0.6


def test_right_answers_on_a_handful_are_called_too_few_and_not_wrong() -> None:
    train, validation = pictures(12, 0), pictures(3, 1)
    fit = fitted(validation[1], train_accuracy=0.5)
    found = diagnose.after(fit, recipe(), train=train, validation=validation, alphabet=ALPHABET)
    assert not any("no better than chance" in problem.text for problem in found)


def test_a_run_cut_short_in_its_first_epoch_is_not_told_that_its_rate_is_too_high() -> None:
    train, validation = pictures(90, 0), pictures(30, 1)
    fit = fitted(np.zeros(30, np.int64), train_accuracy=0.3)
    del fit.history[1:]
    found = diagnose.after(fit, recipe(), train=train, validation=validation, alphabet=ALPHABET)
    assert found[0].hint.startswith("more time")


def test_a_run_cut_short_says_nothing_of_its_labels() -> None:
    """Shuffled labels may be so called after all epochs; after one step of them nothing can be known."""
    noise = np.random.default_rng(0).integers(0, 255, (300, 1, 16, 16)).astype(np.uint8)
    train, validation = (noise[:240], np.arange(240) % 3), (noise[240:], np.arange(60) % 3)
    fit = fitted(np.zeros(60, np.int64), train_accuracy=0.3)
    whole = recipe().learn.epochs * 240 // 8
    fit.plan = {"batch": 8, "steps": whole}
    fit.history[-1]["step"] = 1
    assert kinds(fit, train, validation) == ["short", "one-answer"]
    fit.history[-1]["step"] = whole
    assert kinds(fit, train, validation) == ["shuffled", "one-answer"]
    fit.history[-1]["step"], fit.stopped = 1, "no gain on validation for 3 epochs"
    assert kinds(fit, train, validation) == ["shuffled", "one-answer"]


@pytest.mark.parametrize(("temperature", "expected"), [(0.05, 1), (20.0, 1), (1.0, 0), (18.0, 0)])
def test_confidences_whose_temperature_was_not_found_are_not_to_be_trusted(temperature: float, expected: int) -> None:
    fit = fitted(np.zeros(3, np.int64), train_accuracy=0.9)
    fit.temperature = temperature
    assert [problem.kind for problem in diagnose.uncalibrated(fit)] == ["confidence"] * expected
