"""A whole run: a folder of pictures in, one file out, through the command line as a person would."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import glyphsmith
from drawn_signs import draw, folder_of
from glyphsmith.cli import main

FAST = ["--folds", "0", "--set", "learn.epochs=4", "--set", "network.widths=[8,16]", "--set", "learn.rate=2e-2"]


@pytest.fixture(scope="module")
def signs(tmp_path_factory) -> Path:
    return folder_of(tmp_path_factory.mktemp("data") / "signs", ("bar", "cross", "ring"))


@pytest.fixture(scope="module")
def trained(signs: Path, tmp_path_factory) -> Path:
    run = tmp_path_factory.mktemp("runs") / "first"
    assert main(["train", str(signs), "--out", str(run), "--seed", "3", *FAST]) == 0
    return run


def test_a_folder_in_gives_a_file_that_reads_pictures(trained: Path, tmp_path: Path) -> None:
    reader = glyphsmith.load(str(trained))
    draw(tmp_path / "new.png", "cross", 999)
    assert reader.read(tmp_path / "new.png").label == "cross"
    assert reader.card.figures["test"]["n"] > 0


def test_everything_a_run_promises_lies_in_its_folder(trained: Path) -> None:
    names = {path.name for path in trained.iterdir()}
    assert names >= {
        "model.onnx",
        "metrics.json",
        "report.html",
        "recipe.toml",
        "curves.png",
        "log.jsonl",
        "events",
        "checkpoints",
    }
    assert "prepared" not in names
    assert not list(trained.glob(".*"))


def test_metrics_are_those_of_the_file_with_n_and_interval(trained: Path) -> None:
    metrics = json.loads((trained / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["part"] == "test"
    assert metrics["ci95"][0] <= metrics["accuracy"] <= metrics["ci95"][1]
    assert metrics["gate"]["n"] > 0
    assert metrics["gate"]["largest"] <= 1e-4
    assert all(len(decision) == 3 and all(decision) for decision in metrics["decisions"])
    assert metrics["problems"] == []


def test_the_resolved_recipe_makes_the_same_weights_again(trained: Path, signs: Path, tmp_path: Path) -> None:
    from glyphsmith.export.reader_file import network_weights

    run = tmp_path / "again"
    assert main(["train", str(signs), "--recipe", str(trained / "recipe.toml"), "--out", str(run)]) == 0
    first, second = (network_weights((place / "model.onnx").read_bytes(), where="") for place in (trained, run))
    assert first.keys() == second.keys()
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_the_last_line_names_the_file_and_reasons_are_on_stderr(signs: Path, tmp_path: Path, capsys) -> None:
    run = tmp_path / "run"
    assert main(["train", str(signs), "--out", str(run), *FAST]) == 0
    out, err = capsys.readouterr()
    assert out == f"{run / 'model.onnx'}\n"
    for said in ("preparation: ", "network: ", "learn.epochs: 4 - --set", "95 % interval", "report: "):
        assert said in err


def test_a_taken_folder_is_refused_and_nothing_in_it_is_lost(signs: Path, tmp_path: Path, capsys) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "precious.txt").write_text("x")
    assert main(["train", str(signs), "--out", str(run)]) == 2
    assert "is not empty" in capsys.readouterr().err
    assert [path.name for path in run.iterdir()] == ["precious.txt"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "no SOURCE was given"),
        (["{missing}"], "missing"),
        (["{signs}", "--set", "learn.epoch=3"], "did you mean epochs"),
        (["{signs}", "--set", "learn.epochs"], "expected KEY=VALUE"),
        (["{signs}", "--recipe", "digit"], "did you mean digits"),
        (["{signs}", "--minutes", "0"], "--minutes"),
        (["{signs}", "--seed", "-1"], "--seed is -1, expected 0 or more"),
        (["{signs}", "--resume"], "no such run to resume"),
        (["runes-mlp"], "FOLDER --recipe runes-mlp"),
        (["captcha", "--recipe", "digits"], "--recipe names digits"),
        (["{signs}", "--from", "no-such-reader"], "no-such-reader"),
        (["{signs}", "--set", "network.family=mnist-conv3", "--set", "prepare.height_px=12"], "too small"),
    ],
)
def test_wrong_input_is_one_clear_error(arguments: list[str], said: str, signs: Path, tmp_path: Path, capsys) -> None:
    words = [word.format(signs=signs, missing=tmp_path / "missing") for word in arguments]
    assert main(["train", *words, "--out", str(tmp_path / "run")]) == 2
    err = capsys.readouterr().err
    assert "error: " in err
    assert said in err
    assert "Traceback" not in err
    assert not (tmp_path / "run").exists()


def test_one_label_only_is_an_error_before_learning(tmp_path: Path, capsys) -> None:
    for i in range(20):
        draw(tmp_path / "one" / f"7_{i}.png", "bar", i)
    assert main(["train", str(tmp_path / "one"), "--out", str(tmp_path / "run")]) == 2
    assert "carry the same label: 7" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_shuffled_labels_are_said_and_kept_in_metrics(tmp_path: Path, capsys) -> None:
    rng = np.random.default_rng(0)
    place = tmp_path / "shuffled"
    for i in range(160):
        draw(tmp_path / "one.png", "bar", i)
        target = place / str(rng.integers(0, 2)) / f"{i}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(tmp_path / "one.png", target)
    assert main(["train", str(place), "--out", str(tmp_path / "run"), *FAST]) == 0
    assert "no better than chance" in capsys.readouterr().err
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["problems"][0]["kind"] in ("shuffled", "few")


def test_going_on_with_a_new_label_keeps_the_old_outputs(trained: Path, tmp_path: Path, capsys) -> None:
    place = folder_of(tmp_path / "more", ("bar", "corner", "cross", "ring"))
    run = tmp_path / "run"
    assert (
        main(
            [
                "train",
                str(place),
                "--from",
                str(trained),
                "--out",
                str(run),
                "--set",
                "learn.epochs=6",
                "--set",
                "learn.rate=1e-2",
            ]
        )
        == 0
    )
    assert "new labels: corner" in capsys.readouterr().err
    reader = glyphsmith.load(str(run))
    assert tuple(reader.alphabet) == ("bar", "cross", "ring", "corner")
    draw(tmp_path / "corner.png", "corner", 777)
    assert reader.read(tmp_path / "corner.png").label == "corner"


def test_runes_and_chinese_are_labels_like_any_other(tmp_path: Path) -> None:
    place = folder_of(tmp_path / "plain", ("bar", "ring"), each=30)
    (place / "bar").rename(place / "ᚠ")
    (place / "ring").rename(place / "圳")
    assert main(["train", str(place), "--out", str(tmp_path / "字"), *FAST]) == 0
    assert tuple(glyphsmith.load(str(tmp_path / "字")).alphabet) == ("ᚠ", "圳")
    assert (tmp_path / "字" / "curves.png").stat().st_size > 5000


def test_interrupted_it_leaves_a_file_and_resumes_to_the_bits_of_one_left_alone(signs: Path, tmp_path: Path) -> None:
    words = ["train", str(signs), "--seed", "1", *FAST, "--set", "learn.epochs=15", "--out"]
    run = tmp_path / "stopped"
    process = subprocess.Popen(
        [sys.executable, "-m", "glyphsmith", *words, str(run)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    while process.poll() is None and not (run / "checkpoints" / "last.ckpt").exists():
        time.sleep(0.002)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert out == f"{run / 'model.onnx'}\n"
    assert "interrupted by Ctrl-C" in err
    assert glyphsmith.load(str(run)).card.alphabet == ("bar", "cross", "ring")
    assert main(["train", "--resume", "--out", str(run)]) == 0
    alone = tmp_path / "alone"
    assert main([*words, str(alone)]) == 0
    from glyphsmith.export.reader_file import network_weights

    first, second = (network_weights((place / "model.onnx").read_bytes(), where="") for place in (run, alone))
    assert all(np.array_equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("seed", [2**32, 2**70])
def test_any_seed_is_one_for_scikit_learn_too(signs: Path, tmp_path: Path, seed: int) -> None:
    words = ["train", str(signs), "--recipe", "runes-mlp", "--set", "learn.epochs=2", "--seed", str(seed)]
    assert main([*words, "--out", str(tmp_path / "run")]) == 0


def test_a_mistake_of_ours_leaves_no_folder_in_the_way(signs: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("glyphsmith.preparing.audit", lambda _: 1 / 0)
    assert main(["train", str(signs), "--out", str(tmp_path / "run"), *FAST]) == 70
    assert not (tmp_path / "run").exists()


def test_impossible_folds_are_refused_before_anything_is_looked_at(tmp_path: Path, capsys) -> None:
    assert main(["train", str(tmp_path / "missing"), "--out", str(tmp_path / "run"), "--folds", "1"]) == 2
    assert "--folds is 1, expected 2 or more" in capsys.readouterr().err


def test_the_gate_names_the_pictures_it_read(signs: Path, tmp_path: Path, capsys) -> None:
    words = ["train", str(signs), "--recipe", "runes-mlp", "--set", "learn.epochs=2"]
    assert main([*words, "--out", str(tmp_path / "first")]) == 0
    assert "validation pictures as the network does" in capsys.readouterr().err
    assert main([*words, "--folds", "2", "--out", str(tmp_path / "second")]) == 0
    assert "training pictures as the network does" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ended_before_learning_it_leaves_nothing_behind(
    signs: Path, tmp_path: Path, capsys, monkeypatch, number: signal.Signals
) -> None:
    monkeypatch.setattr("glyphsmith.preparing.audit", lambda _: signal.raise_signal(number))
    assert main(["train", str(signs), "--out", str(tmp_path / "runs" / "first"), *FAST]) == 130
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith("interrupted\n")
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ended_after_learning_it_still_writes_its_file_and_resume_adds_the_figures(
    signs: Path, tmp_path: Path, capsys, monkeypatch, number: signal.Signals
) -> None:
    from glyphsmith import run as story

    gate, run = story._gate, tmp_path / "run"

    def signalled(*given):
        signal.raise_signal(number)
        return gate(*given)

    monkeypatch.setattr(story, "_gate", signalled)
    assert main(["train", str(signs), "--out", str(run), *FAST]) == 130
    out, err = capsys.readouterr()
    assert out.strip() == str(run / "model.onnx")
    assert f"--resume --out {run} adds them" in err
    assert glyphsmith.load(str(run)).card.alphabet == ("bar", "cross", "ring")
    assert not (run / "report.html").exists()
    monkeypatch.undo()
    assert main(["train", "--resume", "--out", str(run)]) == 0
    assert (run / "report.html").is_file()
    assert glyphsmith.load(str(run)).card.figures


def test_a_folder_that_holds_no_run_is_not_resumed(tmp_path: Path, capsys) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    assert main(["train", "--resume", "--out", str(tmp_path)]) == 2
    assert "holds no run to resume" in capsys.readouterr().err
    assert [place.name for place in tmp_path.iterdir()] == ["letter.txt"]


@pytest.mark.parametrize("recipe", [["--set", "task=label"], ["--recipe", "digits-fast"]])
def test_texts_are_no_labels_where_a_recipe_asks_for_labels(tmp_path: Path, capsys, recipe: list[str]) -> None:
    for i in range(30):
        draw(tmp_path / "texts" / f"A{i}K_{i}.png", "bar", i)
    assert main(["train", str(tmp_path / "texts"), "--out", str(tmp_path / "run"), *recipe]) == 2
    assert "nearly every picture has a label of its own" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_the_form_of_the_data_is_said_once(signs: Path, tmp_path: Path, capsys) -> None:
    assert main(["train", str(signs), "--out", str(tmp_path / "run"), *FAST, "--set", "learn.epochs=1"]) == 0
    assert capsys.readouterr().err.count("one folder a class") == 1


def test_an_ended_run_is_not_resumed_and_other_settings_are_refused(trained: Path, capsys) -> None:
    assert main(["train", "--resume", "--out", str(trained)]) == 2
    assert "has ended" in capsys.readouterr().err
    assert main(["train", "--resume", "--out", str(trained), "--seed", "9"]) == 2
    assert "seed was 3, not 9" in capsys.readouterr().err


def test_a_time_limit_is_planned_for_and_said(signs: Path, tmp_path: Path, capsys) -> None:
    run = tmp_path / "run"
    assert main(["train", str(signs), "--out", str(run), "--minutes", "0.1", "--set", "learn.epochs=100000"]) == 0
    assert "fit into" in capsys.readouterr().err


def test_recipes_are_listed_and_printed(capsys) -> None:
    assert main(["recipes", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert {"digits", "mnist-conv3", "mnist-conv5", "sprites-conv3", "runes-conv", "runes-mlp"} <= set(rows)
    assert rows["mnist-conv5"]["weights"] == 3_274_634
    assert main(["recipes"]) == 0
    assert "mnist-conv3" in capsys.readouterr().out
    assert main(["recipes", "mnist-conv3"]) == 0
    assert 'family = "mnist-conv3"' in capsys.readouterr().out
    assert main(["recipes", "mnist-conv4"]) == 2
    assert "did you mean mnist-conv" in capsys.readouterr().err


def test_the_weights_a_recipe_states_are_those_of_its_network() -> None:
    from glyphsmith.nets import count_weights
    from glyphsmith.train.learned import build_network
    from glyphsmith.train.recipe import load_recipe, recipe_names

    labels = {"runes": 24, "captcha": 36, "captchas": 36, "arithmetic": 15, "glyphs": 1527}
    for name in recipe_names():
        recipe = load_recipe(name)
        if recipe.published.weights:
            network = build_network(recipe, labels.get(name.partition("-")[0], 10))
            assert count_weights(network) == recipe.published.weights, name
