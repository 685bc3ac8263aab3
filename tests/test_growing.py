"""Going on from a reader: what it knew is rehearsed, its split is respected, and what is kept is measured."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import glyphsmith
from drawn_signs import draw, folder_of
from glyphsmith.cli import main
from glyphsmith.data.audit import audit
from glyphsmith.data.source import open_source
from painted_texts import EASY, paint_texts

FAST = ["--folds", "0", "--set", "network.widths=[8,16]", "--set", "learn.rate=2e-2"]


@pytest.fixture(scope="module")
def old(tmp_path_factory) -> Path:
    """A reader of three signs, in its run folder beside its pictures."""
    place = tmp_path_factory.mktemp("old")
    folder_of(place / "signs", ("bar", "cross", "ring"))
    words = ["train", str(place / "signs"), "--out", str(place / "run"), "--seed", "3"]
    assert main([*words, *FAST, "--set", "learn.epochs=6"]) == 0
    return place


def shown(reader: glyphsmith.Reader, label: str, folder: Path) -> float:
    """The share of 20 fresh pictures of a sign that are read rightly."""
    for i in range(20):
        draw(folder / f"{label}-{i}.png", label, 5000 + i)
    read = reader.read([folder / f"{label}-{i}.png" for i in range(20)])
    return sum(reading.label == label for reading in read) / 20


def grow(pictures: Path, model: Path, run: Path, *more: str) -> dict:
    assert main(["train", str(pictures), "--from", str(model), "--out", str(run), "--seed", "3", *more]) == 0
    return json.loads((run / "metrics.json").read_text(encoding="utf-8"))


def test_a_new_sign_is_learned_and_the_old_ones_are_kept(old: Path, tmp_path: Path, capsys) -> None:
    folder_of(tmp_path / "new", ("corner",), each=12)
    words = ["--set", "learn.epochs=24", "--set", "learn.rate=1e-2"]
    metrics = grow(tmp_path / "new", old / "run", tmp_path / "run", *words)
    reader = glyphsmith.load(str(tmp_path / "run"))
    assert tuple(reader.alphabet) == ("bar", "cross", "ring", "corner")
    assert min(shown(reader, label, tmp_path) for label in reader.alphabet) >= 0.85
    kept = metrics["old"]
    assert kept["pictures"] == "old pictures"
    assert kept["n"] == kept["before"]["n"] == kept["after"]["n"] == 11
    assert kept["after"]["accuracy"] >= kept["before"]["accuracy"] - 0.1
    assert reader.card.figures["old pictures"]["before"]["n"] == 11
    assert metrics["n"] < 12, "the figure of the test part is that of the new pictures"
    said = capsys.readouterr().err
    assert "old pictures: " in said
    assert " -> " in said
    assert " -> " in (tmp_path / "run" / "report.html").read_text(encoding="utf-8").replace("&gt;", ">")


def test_pictures_the_old_run_tested_with_are_never_learned(old: Path, tmp_path: Path) -> None:
    """Neither from where they lay, nor where somebody hands them in again as new ones."""
    held = parts_of(old / "run")
    again = tmp_path / "again"
    shutil.copytree(old / "signs", again)
    folder_of(again, ("corner",), each=12)
    grow(again, old / "run", tmp_path / "run", "--set", "learn.epochs=1")
    now = parts_of(tmp_path / "run")
    for digest, part in held.items():
        assert now[digest] == part


def parts_of(run: Path) -> dict[bytes, int]:
    with np.load(run / "parts.npz") as kept:
        return {digest.tobytes(): int(part) for digest, part in zip(kept["digests"], kept["parts"], strict=True)}


def test_the_record_names_the_very_pictures_that_were_learned_from(old: Path) -> None:
    digests = {digest.tobytes() for digest in audit(open_source(old / "signs"), progress=False).digests}
    held = parts_of(old / "run")
    assert set(held) == digests
    metrics = json.loads((old / "run" / "metrics.json").read_text(encoding="utf-8"))
    assert sum(part == 1 for part in held.values()) == metrics["split"]["train"]


def test_a_run_that_went_on_remembers_the_run_before_it(old: Path, tmp_path: Path) -> None:
    folder_of(tmp_path / "more", ("corner",), each=12)
    grow(tmp_path / "more", old / "run", tmp_path / "second", "--set", "learn.epochs=1")
    folder_of(tmp_path / "yet", ("bar",), each=12)
    metrics = grow(tmp_path / "yet", tmp_path / "second", tmp_path / "third", "--set", "learn.epochs=1")
    rehearsed = {what: value for what, value, _ in metrics["decisions"]}["old pictures"]
    learned = sum(part == 1 for part in parts_of(old / "run").values())
    assert int(rehearsed.split(" ")[0]) > learned


def test_without_its_pictures_the_old_answers_are_kept_and_that_is_said(old: Path, tmp_path: Path, capsys) -> None:
    bare = tmp_path / "bare.onnx"
    shutil.copy(old / "run" / "model.onnx", bare)
    folder_of(tmp_path / "new", ("corner", "ring"), each=30)
    words = ["--set", "learn.epochs=4", "--set", "learn.rate=3e-3"]
    metrics = grow(tmp_path / "new", bare, tmp_path / "run", *words)
    said = capsys.readouterr().err
    assert "its old answers on the new pictures are kept instead" in said
    assert "could be forgotten" in said
    assert metrics["old"]["pictures"] == "new pictures of old labels"
    reader = glyphsmith.load(str(tmp_path / "run"))
    assert shown(reader, "ring", tmp_path) >= 0.85
    assert shown(reader, "cross", tmp_path) >= 0.5


def test_one_new_sign_alone_is_not_taught_to_a_bare_file(old: Path, tmp_path: Path, capsys) -> None:
    shutil.copy(old / "run" / "model.onnx", tmp_path / "bare.onnx")
    folder_of(tmp_path / "new", ("corner",), each=12)
    words = ["train", str(tmp_path / "new"), "--from", str(tmp_path / "bare.onnx"), "--out", str(tmp_path / "run")]
    assert main(words) == 2
    assert "would answer it to everything" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_old_answers_weigh_nothing_while_they_are_given(old: Path) -> None:
    import torch

    from glyphsmith import growing
    from glyphsmith.train.distil import keeping
    from glyphsmith.train.recipe import recipe_from_dict

    reader = growing.open_old(str(old / "run"))
    recipe = recipe_from_dict(reader.reader.card.recipe, where="card")
    recipe = replace(recipe, learn=replace(recipe.learn, label_smoothing=0.0))
    recipe, _, state, _ = growing.go_on(
        reader.reader.card, reader.weights, recipe, glyphsmith.alphabet.Alphabet.of(["bar", "new"]), where="here"
    )
    lesson = keeping(recipe, state, 3)
    x = torch.rand(6, 1, recipe.prepare.height_px, recipe.prepare.width_px)
    labels = torch.zeros(6, dtype=torch.long)
    same = lesson.loss(lesson.teacher, x, labels)[0]
    assert float(same) == pytest.approx(float(lesson.lesson.loss(lesson.teacher, x, labels)[0]), abs=1e-5)


@pytest.mark.parametrize("what", ["folder", "text"])
def test_what_is_no_reader_is_refused_before_anything_is_looked_at(
    old: Path, tmp_path: Path, capsys, monkeypatch, what: str
) -> None:
    monkeypatch.setattr("glyphsmith.preparing.audit", lambda *_: pytest.fail("looked at pictures first"))
    (tmp_path / "letter.onnx").write_text("no reader")
    model = old / "signs" if what == "folder" else tmp_path / "letter.onnx"
    assert main(["train", str(old / "signs"), "--from", str(model), "--out", str(tmp_path / "run")]) == 2
    assert "error: " in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_reader_of_texts_grows_by_a_symbol(tmp_path: Path, capsys) -> None:
    fast = ["--folds", "0", "--set", "network.widths=[12,16,24,32]", "--set", "learn.rate=8e-3"]
    paint_texts(tmp_path / "old", 300)
    words = ["train", str(tmp_path / "old"), "--out", str(tmp_path / "first"), "--set", "task=text", *fast]
    assert main([*words, "--set", "learn.epochs=20"]) == 0
    paint_texts(tmp_path / "new", 60, seed=4, settings=replace(EASY, alphabet="1407X"))
    words = ["--set", "learn.epochs=10", "--set", "learn.rate=4e-3"]
    metrics = grow(tmp_path / "new", tmp_path / "first", tmp_path / "run", *words)
    reader = glyphsmith.load(str(tmp_path / "run"))
    assert reader.card.alphabet == ("0", "1", "4", "7", "X")
    assert metrics["old"]["after"]["exact"] >= metrics["old"]["before"]["exact"] - 0.1
    fresh = paint_texts(tmp_path / "fresh", 40, seed=8, settings=replace(EASY, alphabet="1407X"))
    source = open_source(fresh)
    right = [
        reading.text == source.labels[i]
        for i, reading in enumerate(reader.read([source.picture(k) for k in range(40)]))
        if "X" in source.labels[i]
    ]
    assert sum(right) >= 0.6 * len(right)
    assert "new labels: X" in capsys.readouterr().err


def test_what_a_reader_scored_by_folds_knew_is_measured_too(tmp_path: Path, capsys) -> None:
    """It learned from all it had: a sixth of that is not learned again, and says what was kept."""
    folder_of(tmp_path / "signs", ("bar", "cross", "ring"), each=18)
    words = ["train", str(tmp_path / "signs"), "--out", str(tmp_path / "old"), "--seed", "3", "--folds", "2"]
    assert main([*words, *FAST[2:], "--set", "learn.start=", "--set", "learn.epochs=8"]) == 0
    folder_of(tmp_path / "new", ("corner",), each=12)
    metrics = grow(tmp_path / "new", tmp_path / "old", tmp_path / "run", "--set", "learn.epochs=12")
    assert metrics["old"]["n"] == 9
    assert "not learned again" in capsys.readouterr().err
    held = parts_of(tmp_path / "run")
    assert sum(part == 2 for part in held.values()) >= 9
    assert metrics["old"]["after"]["accuracy"] >= metrics["old"]["before"]["accuracy"] - 0.2


def test_a_folder_that_a_sign_was_added_to_judges_the_old_signs_too(tmp_path: Path, capsys) -> None:
    """The usual way to add one: the old reader was scored by folds, and had learned from everything in there."""
    signs = folder_of(tmp_path / "signs", ("bar", "cross", "ring"), each=18)
    words = ["train", str(signs), "--out", str(tmp_path / "old"), "--seed", "3", "--folds", "2"]
    assert main([*words, *FAST[2:], "--set", "learn.start=", "--set", "learn.epochs=8"]) == 0
    old = parts_of(tmp_path / "old")
    folder_of(signs, ("corner",), each=12)
    capsys.readouterr()
    metrics = grow(signs, tmp_path / "old", tmp_path / "run", "--set", "learn.epochs=12")
    said = capsys.readouterr().err
    assert "old pictures: 54, of which one in 6 is not learned again and judges" in said
    assert metrics["old"]["n"] == 9
    assert "no better than chance (100%)" not in said
    now = parts_of(tmp_path / "run")
    assert sum(now[digest] == 2 for digest in old) == 9
    # A copy or two of those that judge stay away as well.
    assert sum(now[digest] == 1 for digest in old) >= 40


def test_old_pictures_that_were_renamed_are_known_by_what_they_show(old: Path, tmp_path: Path) -> None:
    """Their places in the folder say nothing any more; those it tested with are learned by nobody."""
    shutil.copytree(old, tmp_path / "old")
    record = tmp_path / "old" / "run" / "run.json"
    record.write_text(record.read_text(encoding="utf-8").replace(str(old), str(tmp_path / "old")), encoding="utf-8")
    for label in ("bar", "cross", "ring"):
        pictures = sorted((tmp_path / "old" / "signs" / label).iterdir())
        for k, path in enumerate(pictures):
            path.rename(path.with_name(f"z{len(pictures) - k:03d}.png"))
    folder_of(tmp_path / "new", ("corner",), each=12)
    metrics = grow(tmp_path / "new", tmp_path / "old" / "run", tmp_path / "run", "--set", "learn.epochs=2")
    before, now = parts_of(old / "run"), parts_of(tmp_path / "run")
    assert metrics["old"]["n"] == sum(part == 2 for part in before.values())
    assert all(now.get(digest, 0) in (0, part) for digest, part in before.items())
    assert sum(now.get(digest) == 1 for digest in before) == sum(part == 1 for part in before.values())


def test_a_folder_that_holds_other_pictures_now_is_no_rehearsal(tmp_path: Path, capsys) -> None:
    signs = folder_of(tmp_path / "signs", ("bar", "ring"), each=18)
    words = ["train", str(signs), "--out", str(tmp_path / "old"), "--seed", "3"]
    assert main([*words, *FAST, "--set", "learn.epochs=4"]) == 0
    shutil.rmtree(signs)
    for label in ("bar", "ring"):
        (signs / label).mkdir(parents=True)
        for i in range(14):
            draw(signs / label / f"n{i}.png", label, 9000 + i)
    capsys.readouterr()
    metrics = grow(signs, tmp_path / "old", tmp_path / "run", "--set", "learn.epochs=2")
    said = capsys.readouterr().err
    assert "old pictures: none - the pictures it learned from are not known here" in said
    assert "holds other pictures now" in said
    assert "could be forgotten" in said
    assert metrics["old"]["pictures"] == "new pictures of old labels"
