"""Learning on pictures small enough to be learned within a second."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.train.small_run import pictures, recipe

from glyphsmith.errors import TrainingError
from glyphsmith.train import checkpoint, loop
from glyphsmith.train.checkpoint import weights_digest
from glyphsmith.train.recipe import Augment, Learn, Network, Prepare, Recipe
from glyphsmith.train.signals import Stop
from glyphsmith.train.tasks import label

TRAIN, VALIDATION = pictures(480, 1), pictures(90, 2)


class Asking(list[str]):
    """Lines of progress; one that begins so asks to stop."""

    def __init__(self, stop: Stop, start: str) -> None:
        super().__init__()
        self._stop, self._start = stop, start

    def append(self, line: str) -> None:
        super().append(line)
        if line.startswith(self._start):
            self._stop.ask("enough")


def learned(run_dir: Path, chosen: Recipe | None = None, lines: list[str] | None = None, **more):
    return loop.fit(
        chosen or recipe(epochs=3),
        train=more.pop("train", TRAIN),
        validation=more.pop("validation", VALIDATION),
        classes=3,
        run_dir=run_dir,
        say=(lines if lines is not None else []).append,
        events=more.pop("events", False),
        **more,
    )


def test_it_learns_and_writes_its_history(tmp_path: Path) -> None:
    fit = learned(tmp_path, recipe(epochs=3, rate=2e-2), events=True)
    assert fit.val_accuracy > 0.9
    assert fit.stopped == "all 3 epochs done"
    assert not fit.network.training
    log = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [entry["epoch"] for entry in log] == [1, 2, 3]
    assert log[-1]["train_loss"] < log[0]["train_loss"]
    assert len(list((tmp_path / "events").iterdir())) == 1
    assert fit.validation_logits.shape == (90, 3)


def test_the_same_seed_gives_the_same_bits_and_another_does_not(tmp_path: Path) -> None:
    chosen = recipe(epochs=1)
    first, second = (weights_digest(learned(tmp_path / name, chosen).network) for name in "ab")
    other = weights_digest(learned(tmp_path / "c", replace(chosen, seed=6)).network)
    assert first == second != other


@pytest.mark.parametrize("precision", ["bf16", "float32"])
def test_it_computes_in_the_precision_it_names(tmp_path: Path, monkeypatch, precision: str) -> None:
    monkeypatch.setattr("glyphsmith.train.fabric._cpu_computes_bf16", lambda: True)
    seen: set[torch.dtype] = set()
    untouched = label.LabelLesson.loss

    def loss(self, model, x, labels):
        value, logits = untouched(self, model, x, labels)
        seen.add(torch.nn.functional.linear(torch.ones(1, 1), torch.ones(1, 1)).dtype)
        return value, logits

    monkeypatch.setattr(label.LabelLesson, "loss", loss)
    lines: list[str] = []
    learned(tmp_path, recipe(epochs=1, precision=precision), lines)
    assert seen == {torch.bfloat16 if precision == "bf16" else torch.float32}
    assert lines[0].endswith(precision)


def test_the_callers_random_numbers_are_left_alone(tmp_path: Path) -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    learned(tmp_path, recipe(epochs=1))
    assert torch.equal(torch.rand(1), expected)


def test_the_best_epoch_is_kept_and_agrees_with_the_weights(tmp_path: Path) -> None:
    fit = learned(tmp_path, recipe(epochs=4))
    best = max(fit.history, key=lambda entry: (entry["val_accuracy"], -entry["val_loss"]))
    assert fit.best_epoch == best["epoch"]
    assert float((fit.validation_logits.argmax(axis=1) == VALIDATION[1]).mean()) == pytest.approx(best["val_accuracy"])


def test_keep_last_keeps_the_last(tmp_path: Path) -> None:
    assert learned(tmp_path, recipe(epochs=2, keep="last")).best_epoch == 2


def test_a_plateau_stops_it_with_the_reason(tmp_path: Path) -> None:
    fit = learned(tmp_path, recipe(epochs=40, patience=2, schedule="constant", rate=1e-9, average=0.0))
    assert len(fit.history) < 40
    assert "no gain on validation for 2 epochs" in fit.stopped


def test_a_rate_beyond_all_measure_is_named_when_nothing_was_learned(tmp_path: Path) -> None:
    chosen = recipe(epochs=2, rate=90.0, optimizer="rmsprop", schedule="constant", precision="float32")
    chosen = replace(chosen, network=Network(family="mnist-conv3"), prepare=Prepare(height_px=20, width_px=20))
    x = np.full((64, 1, 20, 20), 255, np.uint8)
    y = np.arange(64) % 3
    with pytest.raises(TrainingError, match="too high") as caught:
        loop.fit(
            replace(chosen, learn=replace(chosen.learn, rate=1e30)),
            train=(x, y),
            validation=(x[:9], y[:9]),
            classes=3,
            run_dir=tmp_path,
            say=lambda _: None,
            events=False,
        )
    assert "learn.rate" in (caught.value.hint or "")


def test_a_loss_that_is_no_number_goes_back_to_the_best_weights(tmp_path: Path, monkeypatch) -> None:
    real, calls = label.loss_of, []

    def broken(logits, labels, smoothing):
        calls.append(1)
        return real(logits, labels, smoothing) * (float("nan") if len(calls) > 20 else 1.0)

    monkeypatch.setattr(label, "loss_of", broken)
    fit = learned(tmp_path, recipe(epochs=4))
    assert fit.broken
    assert "went back to the weights of epoch 1" in fit.stopped
    assert np.isfinite(fit.validation_logits).all()


def test_a_time_limit_shortens_the_schedule_and_says_so(tmp_path: Path) -> None:
    lines: list[str] = []
    fit = learned(tmp_path, recipe(epochs=100_000), lines, seconds=3.0)
    assert fit.plan["steps"] < 100_000 * 15
    assert any("fit into" in line for line in lines)
    assert fit.history[-1]["rate"] < 4e-3


def test_a_stop_from_outside_ends_with_usable_weights(tmp_path: Path) -> None:
    stop = Stop()
    stop.ask("enough")
    fit = learned(tmp_path, recipe(epochs=50), stop=stop)
    assert fit.interrupted
    assert fit.stopped == "enough"
    assert len(fit.history) == 1


def test_a_stop_may_be_asked_for_while_it_learns(tmp_path: Path) -> None:
    stop = Stop()
    fit = learned(tmp_path, recipe(epochs=50), Asking(stop, "epoch 2/"), stop=stop)
    assert fit.interrupted
    assert fit.stopped == "enough"
    assert len(fit.history) < 50


def test_a_stop_in_the_epoch_in_which_patience_ends_changes_nothing(tmp_path: Path) -> None:
    """Resumed, the run is as long as one that was left alone, and has the same weights."""
    noise = pictures(48, 5)[0], np.arange(48) % 3
    chosen = recipe(epochs=12, patience=2, rate=0.02, keep="best")
    (tmp_path / "alone").mkdir()
    alone = learned(tmp_path / "alone", chosen, train=noise, validation=noise)
    assert "patience 2" in alone.stopped
    last = alone.history[-1]["epoch"]
    stop = Stop()
    (tmp_path / "stopped").mkdir()
    learned(tmp_path / "stopped", chosen, Asking(stop, f"epoch {last}/"), train=noise, validation=noise, stop=stop)
    resumed = learned(tmp_path / "stopped", chosen, train=noise, validation=noise, resume=True)
    assert resumed.stopped == alone.stopped
    assert weights_digest(resumed.network) == weights_digest(alone.network)


def test_resuming_with_other_pictures_is_refused(tmp_path: Path) -> None:
    learned(tmp_path, recipe(epochs=1))
    with pytest.raises(TrainingError, match="another recipe or other pictures"):
        learned(tmp_path, recipe(epochs=1), train=pictures(480, 9), resume=True)


def test_resuming_a_finished_run_gives_its_weights_again(tmp_path: Path) -> None:
    first = learned(tmp_path, recipe(epochs=1))
    again = learned(tmp_path, recipe(epochs=1), resume=True)
    assert weights_digest(first.network) == weights_digest(again.network)
    assert len(again.history) == 1


def test_a_damaged_checkpoint_is_said_plainly(tmp_path: Path) -> None:
    learned(tmp_path, recipe(epochs=1))
    checkpoint.last_path(tmp_path).write_bytes(b"PK nonsense")
    with pytest.raises(TrainingError, match="not a checkpoint"):
        learned(tmp_path, recipe(epochs=1), resume=True)


def test_a_checkpoint_that_would_run_code_is_refused(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self):
            return (print, ("executed",))

    torch.save({"format": checkpoint.FORMAT, "trap": Trap()}, tmp_path / "trap.ckpt")
    with pytest.raises(TrainingError, match="not a checkpoint"):
        checkpoint.load(tmp_path / "trap.ckpt")


@pytest.mark.parametrize("n", [1, 2, 33])
def test_fewer_pictures_than_a_batch_and_no_validation_do(tmp_path: Path, n: int) -> None:
    empty = (np.zeros((0, 1, 16, 16), np.uint8), np.zeros(0, np.int64))
    lines: list[str] = []
    fit = learned(tmp_path, recipe(epochs=2), lines, train=pictures(n, 1), validation=empty)
    assert fit.best_epoch == 2
    assert fit.temperature == 1.0
    assert not any("validation" in line for line in lines if line.startswith("epoch"))
    # What does not exist is left out: NaN is no JSON.
    assert not any("NaN" in line or "val_" in line for line in (tmp_path / "log.jsonl").read_text().splitlines())


def test_no_training_picture_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no training picture"):
        learned(tmp_path, train=pictures(0, 1))


def test_a_memory_map_learns_the_same_bits_as_an_array(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", TRAIN[0])
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    one = learned(tmp_path / "a", recipe(epochs=1))
    other = learned(tmp_path / "b", recipe(epochs=1), train=(mapped, TRAIN[1]))
    assert weights_digest(one.network) == weights_digest(other.network)


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop"])
def test_the_other_optimizers_learn_too(tmp_path: Path, optimizer: str) -> None:
    chosen = recipe(epochs=6, optimizer=optimizer, rate=1e-2, average=0.0)
    assert learned(tmp_path, chosen).val_accuracy > 0.9


@pytest.mark.parametrize("classes", [2, 3])
def test_scikit_learns_perceptron_reads_the_same_through_our_network(tmp_path: Path, classes: int) -> None:
    from sklearn.neural_network import MLPClassifier

    x, y = TRAIN
    x, y = x[y < classes], y[y < classes]
    chosen = Recipe(
        prepare=Prepare(height_px=16, width_px=16),
        network=Network(family="runes-mlp", widths=(20,)),
        learn=Learn(optimizer="sklearn", epochs=30, rate=1e-3, weight_decay=1e-4),
        augment=Augment(copies_deg=(10.0,)),
    )
    fit = loop.fit(
        chosen, train=(x, y), validation=(x[:50], y[:50]), classes=classes, run_dir=tmp_path, say=lambda _: None
    )
    from glyphsmith.train.augment import rotated_copies

    model = MLPClassifier((20,), max_iter=30, random_state=0)
    with pytest.warns(Warning, match="Maximum iterations"):
        model.fit(rotated_copies(x, (10.0,)).reshape(2 * len(x), -1).astype(np.float32) / 255, np.tile(y, 2))
    wanted = model.predict_proba(x[:50].reshape(50, -1).astype(np.float32) / 255)
    found = torch.softmax(torch.from_numpy(fit.validation_logits), dim=1).numpy()
    np.testing.assert_allclose(found, wanted, atol=1e-4)
