"""Each cause of a run of texts that does not learn, provoked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from glyphsmith.alphabet import Alphabet
from glyphsmith.errors import PatternError, TrainingError
from glyphsmith.nets import build
from glyphsmith.train import diagnose, diagnose_text
from glyphsmith.train.learned import Fit
from glyphsmith.train.recipe import Decode, Network, Prepare, Recipe

ALPHABET = Alphabet("abcd")
RECIPE = Recipe(
    task="text",
    prepare=Prepare(height_px=16, width_px=48, crop=False),
    network=Network(family="text", widths=(4, 4, 6), columns=12),
)


def texts(n: int, seed: int = 0, length: int = 4) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 4, (n, length))


def logits_that_read(rows: np.ndarray, columns: int) -> np.ndarray:
    """Scores whose greedy reading is the rows, a blank after each character."""
    logits = np.zeros((len(rows), columns, 5), np.float32)
    logits[:, :, 0] = 1.0
    for row, text in zip(logits, rows, strict=True):
        for place, k in enumerate(text.tolist()):
            row[2 * place, 1 + k] = 2.0
    return logits


def judged(
    logits: np.ndarray,
    truth: np.ndarray,
    known: np.ndarray,
    *,
    by_heart: float = 0.0,
    columns: int | None = None,
    alphabet: tuple[str, ...] = ALPHABET.labels,
    recipe: Recipe = RECIPE,
    steps: int | None = None,
) -> list[diagnose.Problem]:
    network = build("text", (4, 4, 6), channels=1, height_px=16, width_px=48, classes=4, columns=12)
    network.columns = columns or logits.shape[1]
    right = float((logits.argmax(2)[:, 0 : 2 * truth.shape[1] : 2] - 1 == truth).all(axis=1).mean())
    fit = Fit(
        network=network,
        temperature=1.0,
        history=[{"train_loss": 3.0, "train_accuracy": 0.0}, {"train_loss": 2.9, "train_accuracy": by_heart}],
        stopped="",
        seconds=1.0,
        best_epoch=1,
        val_accuracy=right,
        validation_logits=logits,
    )
    if steps is not None:
        fit.plan, fit.history[-1]["step"] = {"batch": 10}, steps
    pictures = np.zeros((1, 1, 16, 48), np.uint8)
    found = diagnose_text.after(fit, recipe, train=(pictures, known), validation=(pictures, truth), alphabet=alphabet)
    assert all(problem.text and problem.hint for problem in found)
    return found


def problems(*args: np.ndarray, **options: Any) -> list[str]:
    return [problem.kind for problem in judged(*args, **options)]


def test_what_was_learned_is_no_problem() -> None:
    truth = texts(60, 1)
    assert problems(logits_that_read(truth, 16), truth, texts(400)) == []


def test_blank_in_every_column_is_named() -> None:
    truth = texts(60, 1)
    logits = np.zeros((60, 16, 5), np.float32)
    logits[:, :, 0] = 5.0
    assert problems(logits, truth, texts(400)) == ["blank"]


def test_too_few_columns_are_named() -> None:
    truth = texts(60, 1)
    assert problems(logits_that_read(texts(60, 2), 16), truth, texts(400), columns=5) == ["columns"]


def test_labels_in_another_case_than_what_is_drawn_are_named() -> None:
    """The pictures show a and c alone; the labels write them now as a and c, now as b and d."""
    drawn = texts(200, 1) // 2 * 2
    labels = drawn + np.random.default_rng(9).integers(0, 2, drawn.shape)
    found = judged(logits_that_read(drawn, 16), labels, texts(400), alphabet=("A", "a", "B", "b"))
    assert [problem.kind for problem in found] == ["alphabet"]
    assert "100% where A and a, B and b count as one" in found[0].text
    assert "one case" in found[0].hint
    (other,) = judged(logits_that_read(drawn, 16), labels, texts(400), alphabet=("0", "O", "1", "l"))
    assert "--fold 0O" in other.hint
    # Also where the training texts were learned by heart, and where the reader prefers neither.
    preferring = drawn + np.random.default_rng(8).integers(0, 2, drawn.shape)
    assert problems(logits_that_read(preferring, 16), labels, texts(400), by_heart=0.9) == ["alphabet"]


def test_one_sign_written_in_two_alphabets_is_said_before_learning() -> None:
    pictures = np.random.default_rng(0).integers(0, 255, (400, 1, 16, 48)).astype(np.uint8)
    for pair in (("A", "\N{CYRILLIC CAPITAL LETTER A}"), ("A", "\N{FULLWIDTH LATIN CAPITAL LETTER A}")):
        found = diagnose_text.before(pictures, texts(400), ("1", *pair, "2"))
        assert [problem.kind for problem in found] == ["alphabet"]
        assert "U+0041" in found[0].text
    assert diagnose_text.before(pictures, texts(400), ("A", "a", "0", "O")) == []


def test_shuffled_labels_are_named_whether_learned_by_heart_or_not() -> None:
    truth = texts(200, 1)
    assert problems(logits_that_read(texts(200, 2), 16), truth, texts(400)) == ["shuffled"]
    assert problems(logits_that_read(texts(200, 2), 16), truth, texts(400), by_heart=0.95) == ["shuffled"]


def test_labels_are_not_called_shuffled_after_one_step() -> None:
    read, truth, known = logits_that_read(texts(200, 2), 16), texts(200, 1), texts(400)
    found = judged(read, truth, known, steps=1)
    assert [problem.kind for problem in found] == ["short"]
    assert "cut short at step 1" in found[0].text
    assert problems(read, truth, known, steps=40 * RECIPE.learn.epochs) == ["shuffled"]
    assert problems(read, truth, known, steps=1, by_heart=0.95) == ["shuffled"]


def test_painted_labels_are_never_called_shuffled_nor_their_pictures_few() -> None:
    painted = replace(RECIPE, synth=replace(RECIPE.synth, kind="captcha"))
    assert problems(logits_that_read(texts(200, 2), 16), texts(200, 1), texts(400), recipe=painted) == ["rate"]


def test_too_few_pictures_are_named() -> None:
    truth = texts(60, 1)
    half = truth.copy()
    half[:, 3] = (half[:, 3] + 1) % 4
    assert problems(logits_that_read(half, 16), truth, texts(90)) == ["few"]
    assert problems(logits_that_read(half, 16), truth, texts(90), by_heart=1.0) == ["overfit"]


def test_what_is_still_falling_needs_more_time() -> None:
    truth = texts(60, 1)
    half = truth.copy()
    half[:, 3] = (half[:, 3] + 1) % 4
    assert problems(logits_that_read(half, 16), truth, texts(400)) == ["rate"]


def test_one_text_on_all_pictures_is_an_error_before_learning() -> None:
    rows = np.tile([[0, 1, 2, 3]], (30, 1))
    with pytest.raises(TrainingError, match="carry the same text"):
        diagnose_text.before(np.zeros((30, 1, 16, 48), np.uint8), rows, ALPHABET.labels)


def test_few_pictures_and_rare_symbols_are_said_before_learning() -> None:
    rows = np.vstack([np.random.default_rng(0).integers(0, 3, (40, 4)), [[3, 0, 1, 2]]])
    pictures = np.random.default_rng(0).integers(0, 255, (41, 1, 16, 48)).astype(np.uint8)
    found = [problem.text for problem in diagnose_text.before(pictures, rows, ALPHABET.labels)]
    assert any("only 41 pictures" in text for text in found)
    assert any("d (1)" in text for text in found)


def test_a_network_without_room_for_the_texts_is_refused() -> None:
    torch.manual_seed(0)
    diagnose_text.check_room(RECIPE, ALPHABET, texts(5))
    with pytest.raises(TrainingError, match="fewer columns than characters"):
        diagnose_text.check_room(RECIPE, ALPHABET, np.zeros((1, 40), np.int64))
    labels = Recipe(task="text", prepare=RECIPE.prepare, network=Network(family="glyph"))
    with pytest.raises(TrainingError, match="one label a picture"):
        diagnose_text.check_room(labels, ALPHABET, texts(5))


def test_a_pattern_that_forbids_a_label_is_refused_before_learning() -> None:
    held = replace(RECIPE, decode=Decode("[ab]{4}"))
    diagnose_text.check_pattern(RECIPE, ALPHABET, texts(50))
    diagnose_text.check_pattern(held, ALPHABET, texts(50) // 2, np.full((3, 6), -1) + np.array([1, 1, 1, 1, 0, 0]))
    with pytest.raises(TrainingError, match=r"the text [abcd]{4} does not match pattern"):
        diagnose_text.check_pattern(held, ALPHABET, texts(50))
    with pytest.raises(PatternError, match="no text"):
        diagnose_text.check_pattern(replace(RECIPE, decode=Decode("x+")), ALPHABET, texts(5))
