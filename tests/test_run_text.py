"""A whole run of texts: a folder of small captchas in, one file out, read, held and measured, as a person would."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import glyphsmith
from glyphsmith.cli import main
from glyphsmith.decode import ctc
from painted_texts import paint_texts

FAST = ["--folds", "0", "--set", "task=text", "--set", "network.widths=[12,16,24,32]", "--set", "learn.rate=8e-3"]


@pytest.fixture(scope="module")
def texts(tmp_path_factory) -> Path:
    return paint_texts(tmp_path_factory.mktemp("data") / "texts", 400)


@pytest.fixture(scope="module")
def run(texts: Path, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "texts"
    assert main(["train", str(texts), "--out", str(out), *FAST, "--set", "learn.epochs=20"]) == 0
    return out


@pytest.fixture(scope="module")
def fresh(tmp_path_factory) -> Path:
    return paint_texts(tmp_path_factory.mktemp("fresh") / "texts", 60, seed=9)


def truth_of(folder: Path) -> dict[str, str]:
    with open(folder / "labels.csv", newline="", encoding="utf-8") as file:
        return {row["file"]: row["text"] for row in csv.DictReader(file)}


def test_a_folder_of_texts_gives_a_file_that_reads_texts(run: Path, fresh: Path) -> None:
    reader = glyphsmith.load(str(run))
    readings = reader.read([fresh / name for name in truth_of(fresh)], top=2)
    right = sum(reading.text == text for reading, text in zip(readings, truth_of(fresh).values(), strict=True))
    assert right > 0.8 * len(readings)
    one = readings[0]
    assert isinstance(one, glyphsmith.TextReading)
    assert one.top[0] == (one.text, pytest.approx(one.confidence))
    assert "".join(sign for sign, _ in one.characters) == one.text
    assert reader.card.text.shortest, reader.card.text.longest == (2, 3)


def test_metrics_and_card_say_exact_with_its_interval(run: Path) -> None:
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["task"] == "text"
    assert metrics["ci95"][0] <= metrics["exact"] <= metrics["ci95"][1]
    assert metrics["gate"]["largest"] <= 1e-4
    assert metrics["cer"] < 0.2
    figure = glyphsmith.load(str(run)).card.figures["test"]
    assert figure["exact"] == metrics["exact"]
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "Place by place" in page
    assert "Character by character" in page


def test_the_file_holds_its_own_greedy_reading(run: Path, fresh: Path) -> None:
    """``best``: what stands in each column, -1 where nothing does; the one decoder reads the same."""
    import onnxruntime

    from glyphsmith.picture import load_picture

    reader = glyphsmith.load(str(run))
    session = onnxruntime.InferenceSession((run / "model.onnx").read_bytes(), providers=["CPUExecutionProvider"])
    compared = 0
    for name in truth_of(fresh):
        best, probabilities = session.run(["best", "probabilities"], {"image": load_picture(fresh / name)[None]})
        told = [int(k) for k in best[0] if k >= 0]
        assert told == list(ctc.greedy(np.log(probabilities[0]))[0])
        # A path that alone has more than half of all probability is that of the best text, whatever finds it.
        if probabilities[0].max(axis=1).prod() > 0.5:
            assert "".join(reader.alphabet[k] for k in told) == reader.read(fresh / name, top=0).text
            compared += 1
    assert compared > 10
    assert not any("guide" in item or "queries" in item for item in str(session.get_modelmeta().custom_metadata_map))


def test_read_prints_json_with_text_and_characters_and_holds_it_to_a_pattern(run: Path, fresh: Path, capsys) -> None:
    pictures = [str(fresh / name) for name in list(truth_of(fresh))[:5]]
    assert main(["read", str(run), *pictures, "--json", "--top", "1"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [set(line) for line in lines] == [{"path", "text", "confidence", "top", "characters"}] * 5
    assert main(["read", str(run), *pictures, "--json", "--charset", "14", "--pattern", "1[14]"]) == 0
    held = [json.loads(line)["text"] for line in capsys.readouterr().out.splitlines()]
    assert set(held) <= {"11", "14"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--pattern", "x+"], "no text of the reader's labels can match it"),
        (["--charset", "Q"], "not labels of this reader"),
        (["--pattern", "(" * 500_000], "at most"),
        (["--pattern", r"\d{400}"], "needs 400 columns"),
        (["--pattern", "((1*)*)*4{9}{9}{9}"], "error"),
        (["--find"], "reads whole texts"),
    ],
)
def test_a_pattern_that_cannot_be_is_one_error(run: Path, fresh: Path, words: list[str], said: str, capsys) -> None:
    assert main(["read", str(run), str(fresh / "0000.png"), *words]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert "Traceback" not in err


def test_a_reader_of_labels_says_that_patterns_are_not_for_it(tmp_path: Path, capsys) -> None:
    from tiny_reader import tiny_reader

    path = tiny_reader(tmp_path / "tiny.onnx")
    Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save(tmp_path / "a.png")
    assert main(["read", str(path), str(tmp_path / "a.png"), "--charset", "1"]) == 2
    assert "for readers of texts" in capsys.readouterr().err


def test_eval_prints_the_document_of_texts_with_foldings(run: Path, fresh: Path, tmp_path: Path, capsys) -> None:
    words = ["eval", str(run), str(fresh), "--json", "--fold", "17", "--report", str(tmp_path / "report")]
    assert main(words) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["task"] == "text"
    assert {"n", "exact", "ci95", "cer", "folded", "confusions", "ms_p50", "ms_p95", "file_mb"} <= set(document)
    assert document["folded"]["17"] >= document["exact"]
    assert (tmp_path / "report" / "report.html").is_file()


def test_steps_draw_what_each_column_said(run: Path, fresh: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "steps.png"
    assert main(["read", str(run), str(fresh / "0000.png"), str(tmp_path / "none.png"), "--steps", str(out)]) == 1
    with Image.open(out) as drawn:
        assert drawn.width > 1000
        assert len(np.unique(np.asarray(drawn).reshape(-1, 3), axis=0)) > 50


def test_sums_have_a_value_and_eval_counts_it(tmp_path: Path, capsys) -> None:
    run = tmp_path / "sums"
    words = ["train", "--recipe", "arithmetic", "--out", str(run), "--set", "synth.pictures=60"]
    small = ["--set", "network.widths=[4,4,6,8]", "--set", "learn.epochs=1", "--set", "synth.epoch_pictures=64"]
    assert main([*words, *small, "--set", "synth.workers=0"]) == 0
    err = capsys.readouterr().err
    assert "painted arithmetic: painted pictures" in err
    reader = glyphsmith.load(str(run))
    assert reader.card.text.arithmetic
    assert reader.card.text.pattern == "arithmetic1"
    assert "value_accuracy" in json.loads((run / "metrics.json").read_text())
    Image.fromarray(np.full((60, 180, 3), 200, np.uint8)).save(tmp_path / "a.png")
    reading = reader.read(tmp_path / "a.png", pattern="7-3")
    assert (reading.text, reading.value, reading.as_dict()["value"]) == ("7-3", "4", 4)
    # A network that has learned nothing still answers a sum, unless it is told to say what it sees.
    assert reader.read(tmp_path / "a.png").value is not None
    assert reader.read(tmp_path / "a.png", pattern=".*").value is None


def test_going_on_with_a_new_symbol_keeps_what_was_known(run: Path, fresh: Path, tmp_path: Path, capsys) -> None:
    from dataclasses import replace

    from painted_texts import EASY

    more = paint_texts(tmp_path / "more", 200, seed=3, settings=replace(EASY, alphabet="14079"))
    out = tmp_path / "run"
    words = ["train", str(more), "--from", str(run), "--out", str(out), "--set", "task=text"]
    assert main([*words, "--set", "learn.epochs=6", "--set", "learn.rate=3e-3"]) == 0
    assert "new labels: 9" in capsys.readouterr().err
    reader = glyphsmith.load(str(out))
    assert tuple(reader.alphabet)[:4] == tuple(glyphsmith.load(str(run)).alphabet)
    right = [reader.read(fresh / name).text == text for name, text in truth_of(fresh).items()]
    assert sum(right) > 0.7 * len(right)


def test_a_fixed_head_reads_texts_of_one_length_and_refuses_others(tmp_path: Path, texts: Path, capsys) -> None:
    out = tmp_path / "run"
    words = ["train", str(texts), "--out", str(out), *FAST, "--set", "network.head=fixed", "--set", "network.places=3"]
    assert main(words) == 2
    assert "--set network.head=ctc reads any length" in capsys.readouterr().err
    assert not out.exists()
    rows = {name: text for name, text in truth_of(texts).items() if len(text) == 3}
    three = tmp_path / "three"
    three.mkdir()
    for name, text in rows.items():
        shutil.copy(texts / name, three / f"{text}_{name}")
    assert main(["train", str(three), *words[2:], "--set", "learn.epochs=3"]) == 0
    reader = glyphsmith.load(str(out))
    assert reader.card.text.head == "fixed"
    assert len(reader.read(three / f"{next(iter(rows.values()))}_{next(iter(rows))}").text) == 3


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ({0: "שלום"}, "right to left"),
        ({0: "1" * 60}, "60 characters on a picture 56 px wide"),
        ({0: "x̱y"}, "combines with its neighbour"),
    ],
)
def test_a_hostile_label_is_one_error_that_names_the_picture(
    texts: Path, labels: dict[int, str], said: str, tmp_path: Path, capsys
) -> None:
    place = tmp_path / "texts"
    place.mkdir()
    with open(place / "labels.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["file", "text"])
        for i, (name, text) in enumerate(list(truth_of(texts).items())[:30]):
            shutil.copy(texts / name, place)
            table.writerow([name, labels.get(i, text)])
    assert main(["train", str(place), "--out", str(tmp_path / "run"), "--set", "task=text"]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert "0000.png" in err
    assert not (tmp_path / "run").exists()
