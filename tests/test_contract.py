"""The command line as a script sees it: every verb, flag, JSON key and exit status, on stdout and stderr.

What stands here is a promise to scripts. A new verb, flag or key is added; none is renamed or taken away.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from glyphsmith.cli import VERBS
from tests.conftest import ROOT, Command, Trained, train_words

#: Every flag of every verb.
FLAGS = {
    "train": {
        "--recipe", "--out", "--set", "--seed", "--minutes", "--folds", "--from", "--resume", "--group",
    },
    "read": {"--json", "--top", "--reject", "--steps", "--find"},
    "eval": {"--json", "--report", "--part", "--fold", "--charset", "--pattern"},
    "data check": {"--json", "--group"},
    "data info": {"--json"},
    "data split": {"--json", "--out", "--group", "--seed", "--validation", "--test"},
    "data import": {"--json", "--group", "--seed", "--validation", "--test"},
    "data sheet": {"--symbols", "--out", "--samples", "--paper"},
    "data cut": {"--sheet", "--out", "--writer", "--json"},
    "recipes": {"--json"},
    "models": {"--json"},
    "synth sprites": {"--out", "--seed", "--fonts", "--font-part", "--hold-out", "--illegible", "--workers"},
    "crawl collect": {
        "--out", "--numbers", "--pages", "--requests", "--email", "--password", "--rate", "--fast", "--timeout",
        "--attempts", "--json",
    },
    "crawl solve": {
        "--model", "--pages", "--out", "--submit", "--bound", "--email", "--password", "--rate", "--fast", "--timeout",
        "--attempts", "--json",
    },
    "crawl read": {"--model", "--json"},
    "synth glyphs": {"--symbols", "--out", "--seed", "--fonts", "--size", "--handwritten", "--workers"},
    "practice": {
        "--port", "--host", "--pages", "--seed", "--level", "--email", "--password", "--fonts", "--font-part",
        "--illegible", "--free-rows", "--latency", "--trouble", "--trouble-kind", "--slow", "--retry-after",
        "--disallow",
    },
    "bench": {"--json", "--seconds"},
    "explain": {"--out", "--label"},
    "export": {"--to", "--out", "--data", "--anyway", "--json"},
}  # fmt: skip

#: The verbs below a verb in the order of its help.
ORDER = (
    "data check", "data info", "data split", "data import", "data sheet", "data cut",
    "synth captcha", "synth arithmetic", "synth sprites", "synth glyphs",
    "crawl collect", "crawl solve", "crawl read",
)  # fmt: skip

PROBABILITY = pytest.approx(0.5, abs=0.5)


def without_traceback(text: str) -> None:
    assert "Traceback" not in text


# The program itself


def test_the_program_names_its_version_and_its_verbs(glyphsmith: Command) -> None:
    version = glyphsmith("--version")
    assert (version.status, version.err) == (0, "")
    assert re.fullmatch(r"glyphsmith \d+\.\d+\.\d+\n", version.out)
    shown = glyphsmith("--help")
    assert (shown.status, shown.err) == (0, "")
    verbs = [line.split()[0] for line in shown.out.partition("Commands:")[2].splitlines() if line.startswith("  ")]
    assert verbs == list(VERBS)


def test_no_words_at_all_are_wrong_usage_and_show_the_help_on_stderr(glyphsmith: Command) -> None:
    ended = glyphsmith()
    assert (ended.status, ended.out) == (2, "")
    assert "train" in ended.err


@pytest.mark.parametrize("verb", FLAGS)
def test_every_verb_has_its_flags_and_a_help_with_a_line_for_each(verb: str, glyphsmith: Command) -> None:
    shown = glyphsmith(*verb.split(), "--help")
    assert (shown.status, shown.err) == (0, "")
    flags = re.findall(r"^\s+(--[a-z-]+)(.*(?:\n\s{20,}.*)*)", shown.out, re.MULTILINE)
    assert FLAGS[verb] <= {flag for flag, _ in flags}
    assert all(len(line.split()) > 2 for flag, line in flags if flag != "--help")


@pytest.mark.parametrize("verb", ["data", "synth", "crawl"])
def test_a_verb_of_verbs_alone_is_wrong_usage_and_lists_its_verbs_on_stderr(verb: str, glyphsmith: Command) -> None:
    ended = glyphsmith(verb)
    assert (ended.status, ended.out) == (2, "")
    listed = [line.split()[0] for line in ended.err.partition("Commands:")[2].splitlines() if line.startswith("  ")]
    assert listed == [name.partition(" ")[2] for name in ORDER if name.startswith(f"{verb} ")]


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["reed"], "there is no verb 'reed'", "did you mean glyphsmith read?"),
        (["read", "digits"], "Missing argument 'PICTURE...'", "see glyphsmith read --help"),
        (["data", "split", "here"], "Missing option '--out'", "see glyphsmith data split --help"),
        (["read", "digits", "a.png", "--rejct", "1"], "No such option '--rejct'", "did you mean --reject?"),
        (["data", "chek", "here"], "No such command 'chek'", "did you mean check?"),
        (["read", "digits", "a.png", "--top", "-1"], "Invalid value for '--top'", "see glyphsmith read --help"),
        (["read", "digits", "a.png", "--reject", "nan"], "Invalid value for '--reject'", "see glyphsmith read --help"),
        (["bench", "digits", "--seconds", "nan"], "Invalid value for '--seconds'", "see glyphsmith bench --help"),
        (["bench", "digits", "--seconds", "inf"], "Invalid value for '--seconds'", "see glyphsmith bench --help"),
        (["export", "digits", "--to", "gif", "--out", "x"], "'gif' is not one of", "see glyphsmith export --help"),
        (["models", "digits"], "Got unexpected extra argument (digits)", "see glyphsmith models --help"),
    ],
)
def test_a_mistake_in_the_words_is_one_sentence_and_a_hint(
    words: list[str], message: str, hint: str, glyphsmith: Command
) -> None:
    ended = glyphsmith(*words)
    assert (ended.status, ended.out) == (2, "")
    said, hinted = ended.err.splitlines()
    assert said.startswith("error: ")
    assert message in said
    assert not said.endswith(".")
    assert hinted == f"hint: {hint}"


def test_the_console_script_and_the_module_are_the_same_program(glyphsmith: Command) -> None:
    script = shutil.which("glyphsmith", path=str(Path(sys.executable).parent))
    assert script is not None
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == glyphsmith("--version").out


# train


def test_training_prints_the_path_of_the_file_and_leaves_every_file_it_promises(trained: Trained) -> None:
    assert trained.ended.status == 0
    assert trained.ended.out == f"{trained.run / 'model.onnx'}\n"
    without_traceback(trained.ended.err)
    present = {path.name for path in trained.run.iterdir()}
    assert present >= {
        "model.onnx", "metrics.json", "report.html", "recipe.toml", "curves.png", "log.jsonl", "checkpoints", "events",
        "confusion.png", "confusion.csv",
    }  # fmt: skip
    assert not list(trained.run.rglob("*.part"))
    with Image.open(trained.run / "curves.png") as curves:
        assert curves.format == "PNG"
    assert "<html" in (trained.run / "report.html").read_text(encoding="utf-8")


def test_metrics_of_a_run_have_their_keys(trained: Trained) -> None:
    metrics = json.loads((trained.run / "metrics.json").read_text(encoding="utf-8"))
    assert set(metrics) >= {
        "task", "part", "n", "accuracy", "ci95", "confusions", "ms_p50", "ms_p95", "file_mb", "ece", "recipe", "seed",
        "stopped", "interrupted", "epochs", "best_epoch", "learning_s", "weights", "decisions", "problems", "audit",
    }  # fmt: skip
    assert (metrics["task"], metrics["part"], metrics["seed"], metrics["epochs"]) == ("label", "test", 1, 2)
    low, high = metrics["ci95"]
    assert 0 <= low <= metrics["accuracy"] <= high <= 1


def test_a_log_line_stands_for_an_epoch(trained: Trained) -> None:
    lines = [json.loads(line) for line in (trained.run / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2]
    assert set(lines[0]) >= {"epoch", "step", "train_loss", "val_loss", "val_accuracy", "rate", "seconds"}


def test_a_recipe_a_seed_and_settings_are_kept_and_repeat_the_run(
    glyphsmith: Command, trained: Trained, tmp_path: Path
) -> None:
    text = (trained.run / "recipe.toml").read_text(encoding="utf-8")
    assert "seed = 1" in text
    assert "epochs = 2" in text
    ended = glyphsmith("train", trained.data, "--recipe", trained.run / "recipe.toml", "--out", "again")
    assert ended.status == 0, ended.err
    first, again = (
        [
            {key: value for key, value in json.loads(line).items() if key != "seconds"}
            for line in (run / "log.jsonl").read_text(encoding="utf-8").splitlines()
        ]
        for run in (trained.run, tmp_path / "again")
    )
    assert first == again


def test_minutes_end_a_training_with_a_usable_file(glyphsmith: Command, trained: Trained, tmp_path: Path) -> None:
    words = ["train", trained.data, "--out", "run", "--minutes", "0.1", "--set", "learn.epochs=100000"]
    ended = glyphsmith(*words)
    assert ended.status == 0, ended.err
    assert ended.out == f"{Path('run') / 'model.onnx'}\n"
    picture = next(trained.test.rglob("*.png"))
    assert glyphsmith("read", "run", picture).status == 0


def test_resume_of_a_finished_run_is_harmless(glyphsmith: Command, trained: Trained, tmp_path: Path) -> None:
    shutil.copytree(trained.run, tmp_path / "run")
    ended = glyphsmith(*train_words(trained.data, Path("run")), "--resume")
    assert ended.status in (0, 2)
    without_traceback(ended.err)
    assert glyphsmith("read", "run", next(trained.test.rglob("*.png"))).status == 0


def test_from_goes_on_from_a_trained_file(glyphsmith: Command, trained: Trained) -> None:
    ended = glyphsmith("train", trained.data, "--out", "more", "--from", trained.run, "--set", "learn.epochs=1")
    assert ended.status == 0, ended.err
    assert glyphsmith("read", "more", next(trained.test.rglob("*.png"))).status == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for another process")
def test_an_interrupted_training_exits_with_130_and_a_usable_file(trained: Trained, tmp_path: Path) -> None:
    words = ["train", trained.data, "--out", tmp_path / "run", "--set", "learn.epochs=100000"]
    process = subprocess.Popen(
        [sys.executable, "-m", "glyphsmith", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    while not (tmp_path / "run" / "log.jsonl").exists() and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (130, f"{tmp_path / 'run' / 'model.onnx'}\n"), err
    without_traceback(err)
    picture = next(trained.test.rglob("*.png"))
    done = subprocess.run([sys.executable, "-m", "glyphsmith", "read", tmp_path / "run", picture], check=False)
    assert done.returncode == 0


# read


def test_read_prints_one_json_line_for_each_picture(glyphsmith: Command, trained: Trained) -> None:
    pictures = sorted(trained.test.rglob("*.png"))[:5]
    # A reader of two epochs may refuse one of them; what a refusal looks like is another test's.
    ended = glyphsmith("read", trained.run, *pictures, "--json", "--reject", "0")
    assert (ended.status, ended.err) == (0, "")
    lines = ended.json_lines()
    assert [line["path"] for line in lines] == [str(path) for path in pictures]
    for line in lines:
        assert set(line) == {"path", "label", "confidence", "top"}
        assert line["label"] in set("0123456789")
        assert line["confidence"] == PROBABILITY
        assert line["top"][0] == [line["label"], line["confidence"]]
        assert len(line["top"]) == 3
        assert [p for _, p in line["top"]] == sorted((p for _, p in line["top"]), reverse=True)


def test_read_takes_folders_patterns_top_and_reject(glyphsmith: Command, trained: Trained) -> None:
    folder = glyphsmith("read", trained.run, trained.test, "--json", "--top", "10")
    assert folder.status == 0
    lines = folder.json_lines()
    assert len(lines) == 100
    # So few pictures make a reader that knows "none of these", which has what its labels leave; `digits` knows no such.
    assert all(sum(p for _, p in line["top"]) <= 1.001 for line in lines)
    shipped = glyphsmith("read", "digits", trained.test, "--json", "--top", "10").json_lines()
    assert all(sum(p for _, p in line["top"]) == pytest.approx(1.0, abs=1e-3) for line in shipped)
    pattern = glyphsmith("read", trained.run, f"{trained.test}/*/*.png", "--json")
    assert [line["label"] for line in pattern.json_lines()] == [line["label"] for line in lines]
    refused = glyphsmith("read", trained.run, trained.test, "--json", "--reject", "1")
    assert refused.status == 0
    assert {line["label"] for line in refused.json_lines() if line["confidence"] < 1} == {None}
    assert all(line["reason"] for line in refused.json_lines() if line["label"] is None)


def test_read_for_people_is_a_line_for_each_picture(glyphsmith: Command, trained: Trained) -> None:
    pictures = sorted(trained.test.rglob("*.png"))[:3]
    ended = glyphsmith("read", trained.run, *pictures)
    assert (ended.status, ended.err) == (0, "")
    for line, path in zip(ended.out.splitlines(), pictures, strict=True):
        assert re.fullmatch(re.escape(str(path)) + r"\s+\d\s+\d+\.\d%.*", line)


def test_read_exits_with_1_when_some_pictures_failed(glyphsmith: Command, trained: Trained, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"no picture")
    picture = next(trained.test.rglob("*.png"))
    ended = glyphsmith("read", trained.run, "broken.png", picture, "--json")
    assert ended.status == 1
    broken, fine = ended.json_lines()
    assert set(broken) == {"path", "label", "confidence", "error"}
    assert broken["label"] is None
    assert "error" not in fine
    for_people = glyphsmith("read", trained.run, "broken.png", picture)
    assert for_people.status == 1
    assert len(for_people.out.splitlines()) == 1
    assert "broken.png" in for_people.err


def test_read_takes_a_picture_from_standard_input(trained: Trained, tmp_path: Path) -> None:
    picture = next(trained.test.rglob("*.png"))
    done = subprocess.run(
        [sys.executable, "-m", "glyphsmith", "read", trained.run, "-", "--json"],
        input=picture.read_bytes(), capture_output=True, check=True, cwd=tmp_path,
    )  # fmt: skip
    assert json.loads(done.stdout)["label"] in set("0123456789")


def test_read_draws_its_steps(glyphsmith: Command, trained: Trained, tmp_path: Path) -> None:
    ended = glyphsmith("read", trained.run, ROOT / "examples" / "digits" / "0_phone.jpg", "--steps", "steps.png")
    assert ended.status == 0
    assert len(ended.out.splitlines()) == 1
    with Image.open(tmp_path / "steps.png") as figure:
        assert figure.width > 200


def test_read_finds_the_digits_of_a_sheet(glyphsmith: Command, trained: Trained) -> None:
    ended = glyphsmith("read", trained.run, ROOT / "examples" / "sheet.jpg", "--find", "--json")
    assert ended.status == 0
    (line,) = ended.json_lines()
    assert set(line) >= {"path", "text", "confidence", "characters"}
    assert len(line["characters"]) == 9
    assert set(line["characters"][0]) >= {"label", "confidence", "box"}


# eval


def test_eval_prints_one_json_document(glyphsmith: Command, trained: Trained) -> None:
    ended = glyphsmith("eval", trained.run, trained.test, "--json")
    assert ended.status == 0
    document = ended.json()
    assert set(document) >= {"task", "n", "accuracy", "ci95", "confusions", "ms_p50", "ms_p95", "file_mb", "ece"}
    assert (document["task"], document["n"]) == ("label", 100)
    low, high = document["ci95"]
    assert 0 <= low <= document["accuracy"] <= high <= 1
    assert 0 < document["ms_p50"] <= document["ms_p95"]
    assert document["file_mb"] == pytest.approx((trained.run / "model.onnx").stat().st_size / 1e6, rel=0.1)
    wrong = sum(count for truth, read, count in document["confusions"] if truth != read)
    assert wrong == round((1 - document["accuracy"]) * document["n"])


def test_eval_for_people_says_accuracy_and_interval_and_writes_the_report(
    glyphsmith: Command, trained: Trained, tmp_path: Path
) -> None:
    ended = glyphsmith("eval", trained.run, trained.test, "--report", "report")
    assert ended.status == 0
    assert "accuracy" in ended.out
    assert "95 %" in ended.out
    assert {path.name for path in (tmp_path / "report").iterdir()} == {"report.html", "confusion.png", "confusion.csv"}
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"""(?:src|href)=["']?https?:""", page)


# data


def test_data_check_and_info_describe_a_folder(glyphsmith: Command, trained: Trained) -> None:
    for verb in ("check", "info"):
        for_people = glyphsmith("data", verb, trained.test)
        assert for_people.status == 0
        assert "100" in for_people.out
        document = glyphsmith("data", verb, trained.test, "--json").json()
        assert document["n"] == 100
        assert sum(document["labels"].values()) == 100


def test_data_split_divides_everything_once_and_repeats_itself(
    glyphsmith: Command, trained: Trained, tmp_path: Path
) -> None:
    tables = []
    for name in ("one.csv", "two.csv"):
        ended = glyphsmith("data", "split", trained.test, "--seed", "3", "--out", name)
        assert ended.status == 0, ended.err
        assert ended.out.startswith(f"{name}: ")
        with open(tmp_path / name, encoding="utf-8", newline="") as table:
            tables.append(list(csv.DictReader(table)))
    assert tables[0] == tables[1]
    assert set(tables[0][0]) == {"file", "label", "part"}
    assert len({row["file"] for row in tables[0]}) == len(tables[0]) == 100
    assert {row["part"] for row in tables[0]} == {"train", "validation", "test"}
    document = glyphsmith("data", "split", trained.test, "--seed", "3", "--out", "three.csv", "--json").json()
    assert set(document) >= {"out", "train", "validation", "test", "reason"}
    assert sum(document[part] for part in ("train", "validation", "test")) == 100


def test_data_import_writes_a_file_that_is_a_source_itself(
    glyphsmith: Command, trained: Trained, tmp_path: Path
) -> None:
    ended = glyphsmith("data", "import", trained.test, "out.h5")
    assert ended.status == 0, ended.err
    before, after = (
        glyphsmith("eval", trained.run, data, "--json", "--part", "all").json() for data in (trained.test, "out.h5")
    )
    assert (after["n"], after["accuracy"]) == (before["n"], before["accuracy"])


# recipes, models, bench, explain


def test_recipes_lists_those_of_the_package_and_shows_one(glyphsmith: Command) -> None:
    listed = glyphsmith("recipes")
    assert (listed.status, listed.err) == (0, "")
    for name in ("digits", "mnist-conv3", "mnist-conv5", "sprites-conv3", "runes-conv", "runes-mlp"):
        assert re.search(rf"^{name}\b", listed.out, re.MULTILINE), name
    document = glyphsmith("recipes", "--json").json()
    assert "digits" in {entry["name"] for entry in document}
    shown = glyphsmith("recipes", "mnist-conv5")
    assert shown.status == 0
    assert 'family = "mnist-conv5"' in shown.out


def test_models_lists_the_shipped_readers(glyphsmith: Command) -> None:
    from glyphsmith.runtime.store import shipped

    listed = glyphsmith("models")
    assert listed.status == 0
    assert [name for name in shipped() if name not in listed.out] == []
    document = glyphsmith("models", "--json").json()
    assert {entry["name"] for entry in document} == set(shipped())


def test_bench_measures_a_reader(glyphsmith: Command, trained: Trained) -> None:
    ended = glyphsmith("bench", trained.run, "--json", "--seconds", "0.02")
    assert ended.status == 0
    document = ended.json()
    assert set(document) >= {"model", "file_mb", "load_ms", "cold_ms", "sizes"}
    assert set(document["sizes"][0]) >= {"width_px", "height_px", "ms_p50", "ms_p95", "batch_ms"}


def test_explain_writes_a_picture(glyphsmith: Command, trained: Trained, tmp_path: Path) -> None:
    ended = glyphsmith("explain", trained.run, ROOT / "examples" / "digits" / "4_marker.png", "--out", "why.png")
    assert ended.status == 0, ended.err
    with Image.open(tmp_path / "why.png") as figure:
        assert figure.width > 50


# Python


def test_the_python_face_is_what_it_says() -> None:
    import glyphsmith

    assert set(glyphsmith.__all__) >= {"GlyphsmithError", "LabelReading", "Failure", "load", "__version__"}
    assert [name for name in glyphsmith.__all__ if not hasattr(glyphsmith, name)] == []


def test_a_reading_in_python_is_what_the_command_line_prints(glyphsmith: Command, trained: Trained) -> None:
    import glyphsmith as package

    pictures = [str(path) for path in sorted(trained.test.rglob("*.png"))[:4]]
    readings = package.load(trained.run).read(pictures)
    printed = glyphsmith("read", trained.run, *pictures, "--json").json_lines()
    assert [reading.as_dict() for reading in readings] == printed
