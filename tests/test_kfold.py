"""Figures by k-fold: every picture read by who never saw it, the file from everything, no finished fold run again."""

from __future__ import annotations

import csv
import json
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

import glyphsmith
from drawn_signs import draw, folder_of
from glyphsmith import kfold
from glyphsmith.cli import main
from glyphsmith.train.loop import fit
from glyphsmith.train.tasks.text import TextLesson
from painted_texts import paint_texts

FAST = ["--seed", "3", "--set", "network.widths=[8,16]", "--set", "learn.rate=2e-2", "--set", "learn.epochs=8"]


@dataclass(frozen=True)
class Run:
    """A run of three folds over three signs, with what it said."""

    folder: Path
    signs: Path
    metrics: dict
    said: str


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    place = tmp_path_factory.mktemp("kfold")
    signs = folder_of(place / "signs", ("bar", "cross", "ring"), each=16)
    lines: list[str] = []
    from glyphsmith.run import run

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kfold, "CURVE_S", 1e9)  # whatever the machine has time for
        run(
            signs,
            out=place / "run",
            settings=[word for word in FAST if "=" in word],
            seed=3,
            folds=3,
            say=lines.append,
        )
    metrics = json.loads((place / "run" / "metrics.json").read_text(encoding="utf-8"))
    return Run(place / "run", signs, metrics, "\n".join(lines))


def test_every_picture_is_scored_once_and_the_figure_is_named_k_fold(run: Run) -> None:
    assert run.metrics["part"] == "3-fold"
    assert run.metrics["n"] == 48
    assert sum(entry["n"] for entry in run.metrics["per_class"]) == 48
    assert run.metrics["accuracy"] > 0.8
    assert run.metrics["ci95"][0] <= run.metrics["accuracy"] <= run.metrics["ci95"][1]
    folds = run.metrics["folds"]
    assert folds["count"] == len(folds["folds"]) == 3
    assert folds["mean_t95"][0] <= folds["mean"] <= folds["mean_t95"][1]
    assert folds["mean"] == pytest.approx(sum(folds["folds"]) / 3, abs=1e-5)
    assert "each by a network that had not learned from it" in run.said
    # A third of the data was learned from as well, for the curve.
    assert re.search(r"\n[56]\.\d of each label: ", run.said)
    assert set(folds["more"]) <= {"pictures", "more", "now", "then", "ci95", "points"}
    assert "3-fold" in (run.folder / "report.html").read_text(encoding="utf-8")


def test_the_file_learned_from_everything_and_its_card_says_k_fold(run: Run, tmp_path: Path) -> None:
    reader = glyphsmith.load(str(run.folder))
    assert reader.card.data["train"] == 48
    assert reader.card.data["test"] == reader.card.data["validation"] == 0
    assert set(reader.card.figures) == {"3-fold"}
    figure = reader.card.figures["3-fold"]
    assert figure["n"] == 48
    assert "had not learned from it" in figure["how"]
    assert reader.card.temperature == pytest.approx(run.metrics["temperature"])
    draw(tmp_path / "new.png", "ring", 999)
    assert reader.read(tmp_path / "new.png").label == "ring"
    assert not (run.folder / "folds").exists()


def test_a_finished_fold_is_not_run_again(run: Run, tmp_path: Path, monkeypatch) -> None:
    """Ctrl-C in the third fold costs that fold, and the file is there; --resume ends with the same figures."""
    learned: list[Path] = []

    def interrupted(*given, **named):
        learned.append(named["run_dir"])
        found = fit(*given, **named)
        found.interrupted = len(learned) == 3
        return found

    monkeypatch.setattr(kfold, "learn", interrupted)
    out = tmp_path / "run"
    assert main(["train", str(run.signs), "--out", str(out), "--folds", "3", *FAST]) == 130
    assert glyphsmith.load(str(out)).alphabet[0] == "bar"
    assert main(["train", "--resume", "--out", str(out)]) == 0
    # Besides these the curve of growing shares learns, which a run that was interrupted has not come to.
    assert [place.name for place in learned if not place.name.startswith("share")] == ["1", "2", "3", "3"]
    again = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    assert again["folds"]["folds"] == run.metrics["folds"]["folds"]
    assert again["confusions"] == run.metrics["confusions"]


def test_nothing_of_a_held_out_fold_is_learned_not_even_a_rotated_copy(run: Run, tmp_path: Path, monkeypatch) -> None:
    """``augment.copies_deg`` adds four copies of each training picture: they are made of what the fold learns from."""
    from glyphsmith.train import loop

    seen: list[tuple[np.ndarray, int]] = []
    copied = loop.rotated_copies

    def watched(pictures, angles):
        made = copied(pictures, angles)
        seen.append((np.array(pictures), len(made)))
        return made

    monkeypatch.setattr(loop, "rotated_copies", watched)
    held: list[np.ndarray] = []
    prepared = kfold._prepared

    def noted(place, task, train, out, say):
        learned, tested = prepared(place, task, train, out, say)
        held.append(np.array(tested.pictures))
        return learned, tested

    monkeypatch.setattr(kfold, "_prepared", noted)
    words = ["train", str(run.signs), "--out", str(tmp_path / "run"), "--folds", "2", *FAST]
    assert main([*words, "--set", "learn.epochs=1", "--set", "augment.copies_deg=[-10.0, 10.0]"]) == 0
    assert len(held) == 2
    for (pictures, total), out in zip(seen[1:], held, strict=True):
        assert total == 3 * len(pictures)
        assert not {one.tobytes() for one in pictures} & {one.tobytes() for one in out}


def test_labels_that_the_other_folds_contradict_come_first(run: Run, tmp_path: Path) -> None:
    signs = tmp_path / "signs"
    shutil.copytree(run.signs, signs)
    swapped = {
        signs / "ring" / "100.png": "bar",
        signs / "bar" / "101.png": "cross",
        signs / "cross" / "102.png": "ring",
    }
    for i, (path, shown) in enumerate(swapped.items()):
        draw(path, shown, 600 + i)
    assert main(["train", str(signs), "--out", str(tmp_path / "run"), "--folds", "3", *FAST]) == 0
    with open(tmp_path / "run" / "doubtful.csv", newline="", encoding="utf-8") as file:
        ranked = list(csv.DictReader(file))
    assert {row["file"] for row in ranked[:4]} >= {path.relative_to(signs).as_posix() for path in swapped}
    assert "Doubtful labels" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")


def test_the_published_perceptron_is_scored_on_the_same_folds(run: Run, tmp_path: Path) -> None:
    words = [
        "train",
        str(run.signs),
        "--recipe",
        "runes-mlp",
        "--folds",
        "3",
        "--seed",
        "3",
        "--set",
        "learn.epochs=20",
    ]
    assert main([*words, "--out", str(tmp_path / "run")]) == 0
    other = json.loads((tmp_path / "run" / "metrics.json").read_text(encoding="utf-8"))
    assert other["part"] == "3-fold"
    assert other["folds"]["how"] == run.metrics["folds"]["how"]
    assert [entry["n"] for entry in other["per_class"]] == [entry["n"] for entry in run.metrics["per_class"]]


def test_few_texts_have_their_figures_from_folds(tmp_path: Path, capsys, monkeypatch) -> None:
    judged: list[float] = []
    monkeypatch.setattr(TextLesson, "verdict", lambda _, logits, labels: (0.1, 0.75 if len(labels) else 0.0))
    monkeypatch.setattr(kfold.diagnose_text, "after", lambda fit, _, **__: judged.append(fit.val_accuracy) or [])
    paint_texts(tmp_path / "texts", 90)
    words = ["train", str(tmp_path / "texts"), "--out", str(tmp_path / "run"), "--set", "network.widths=[8,8,12,16]"]
    assert main([*words, "--set", "task=text", "--set", "learn.epochs=2"]) == 0
    assert "of 90 texts a test part would be too small" in capsys.readouterr().err
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["part"] == "3-fold"
    assert metrics["n"] == 90
    assert 0.0 <= metrics["exact"] <= 1.0
    # What a fold learned is judged by the pictures it held out: it had no others.
    assert judged[-1] == 0.75


def test_a_fold_that_time_cut_short_says_so(run: Run, tmp_path: Path, monkeypatch, capsys) -> None:
    whole = kfold.learn

    def hurried(*args, **more):
        made = whole(*args, **more)
        steps = made.plan["steps_per_epoch"] * 5
        return replace(made, plan={**made.plan, "steps": steps}) if more["run_dir"].name == "2" else made

    monkeypatch.setattr(kfold, "learn", hurried)
    words = ["train", str(run.signs), "--out", str(tmp_path / "run"), "--folds", "2", *FAST]
    assert main(words) == 0
    said = capsys.readouterr().err
    assert "5 of 8 epochs fit into its time" in said
    assert "2-fold: for want of time a fold learned 5 of 8 epochs" in said
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["folds"]["epochs"] == [5, 8]
    assert "epochs" not in run.metrics["folds"]


def test_two_folds_within_a_time_limit_have_a_figure_and_no_forecast(run: Run, tmp_path: Path) -> None:
    words = ["train", str(run.signs), "--out", str(tmp_path / "run"), "--folds", "2", "--minutes", "5", *FAST]
    assert main(words) == 0
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["part"] == "2-fold"
    assert metrics["folds"]["count"] == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [(["--folds", "1"], "expected 2 or more"), (["--folds", "500"], "500 folds, but only")],
)
def test_impossible_folds_are_refused(run: Run, tmp_path: Path, capsys, words: list[str], said: str) -> None:
    assert main(["train", str(run.signs), "--out", str(tmp_path / "run"), *words, *FAST]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
