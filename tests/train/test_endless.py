"""Runs on pictures painted for each step: the same weights whoever paints, after a kill too; nobody is left over."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.train.small_painted import endless, learned

import glyphsmith
from glyphsmith.cli import main
from glyphsmith.errors import TrainingError
from glyphsmith.train.checkpoint import weights_digest
from glyphsmith.train.supply import PaintedSupply

SCRIPT = Path(__file__).with_name("small_painted.py")
ROOT = Path(__file__).parents[2]


def started(run: Path, workers: str) -> subprocess.Popen[str]:
    run.mkdir(exist_ok=True)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), environment.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), str(run), workers],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )


def resumed(run: Path) -> str:
    fit = learned(run, endless(0), say=lambda _: None, resume=True)
    return f"{weights_digest(fit.network)} {len(fit.history)}"


def wait_for(process: subprocess.Popen[str], happened) -> None:
    while process.poll() is None and not happened():
        time.sleep(0.0005)


def others_of(session: int) -> list[str]:
    """Name the processes of a session, as /proc has them."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(status.parent.name)
    return found


def nobody_is_left(session: int) -> bool:
    for _ in range(500):
        if not others_of(session):
            return True
        time.sleep(0.02)
    return False


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> str:
    """The digest of a run that paints for itself and that nothing disturbed."""
    fit = learned(tmp_path_factory.mktemp("alone"), endless(0), say=lambda _: None)
    return f"{weights_digest(fit.network)} {len(fit.history)}"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are counted in /proc")
def test_killed_with_its_workers_at_work_nothing_is_left_and_it_resumes_to_the_same_bits(
    tmp_path: Path, alone: str
) -> None:
    run = tmp_path / "run"
    process = started(run, "2")
    wait_for(process, (run / "checkpoints" / "last.ckpt").exists)
    assert len(others_of(process.pid)) >= 3
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert nobody_is_left(process.pid)
    # Another number of workers: who paints is no part of what a checkpoint belongs to.
    assert resumed(run) == alone


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are counted in /proc")
def test_ctrl_c_in_a_terminal_ends_it_well_leaves_nobody_and_resumes_to_the_same_bits(
    tmp_path: Path, alone: str
) -> None:
    run = tmp_path / "run"
    process = started(run, "1")
    wait_for(process, (run / "checkpoints" / "last.ckpt").exists)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "Ctrl-C" in err
    assert "Traceback" not in err
    assert len(out.split()) == 2
    assert nobody_is_left(process.pid)
    assert resumed(run) == alone


def test_the_trainer_measures_who_should_paint_and_says_so(tmp_path: Path, alone: str, monkeypatch) -> None:
    monkeypatch.setattr("glyphsmith.train.supply._cores", lambda: 2)
    lines: list[str] = []
    fit = learned(tmp_path, endless(None), say=lines.append)
    said = [line for line in lines if line.startswith("painting: in")]
    assert len(said) == 1
    assert "pictures a second are learned" in said[0]
    assert "one core paints" in said[0]
    assert f"{weights_digest(fit.network)} {len(fit.history)}" == alone


def test_one_core_paints_for_itself_and_says_so(tmp_path: Path, alone: str, monkeypatch) -> None:
    monkeypatch.setattr("glyphsmith.train.supply._cores", lambda: 1)
    lines: list[str] = []
    fit = learned(tmp_path, endless(None), say=lines.append)
    assert "painting: in the training process; there is one core for both" in lines
    assert f"{weights_digest(fit.network)} {len(fit.history)}" == alone


def test_a_worker_that_dies_ends_the_run_with_one_error_and_it_can_be_resumed(
    tmp_path: Path, alone: str, monkeypatch
) -> None:
    real = PaintedSupply.step

    def step(self: PaintedSupply, number: int):
        if number == 12 and self.workers is not None:
            self.workers.processes[0].kill()
        return real(self, number)

    monkeypatch.setattr(PaintedSupply, "step", step)
    with pytest.raises(TrainingError, match="has died"):
        learned(tmp_path, endless(1), say=lambda _: None)
    fit = learned(tmp_path, endless(0), say=lambda _: None, resume=True)
    assert f"{weights_digest(fit.network)} {len(fit.history)}" == alone


def test_resuming_with_another_emphasis_is_refused(tmp_path: Path, monkeypatch) -> None:
    from dataclasses import replace

    from tests.train import small_painted

    learned(tmp_path, endless(0, epoch=16), say=lambda _: None)
    other = replace(small_painted.RECIPE, synth=replace(small_painted.RECIPE.synth, emphasis="14"))
    monkeypatch.setattr(small_painted, "RECIPE", other)
    with pytest.raises(TrainingError, match="another recipe or other pictures"):
        learned(tmp_path, endless(0, epoch=16, emphasis="14"), say=lambda _: None, resume=True)


def test_a_recipe_that_paints_learns_from_new_pictures_and_writes_a_file_that_reads(tmp_path: Path, capsys) -> None:
    from PIL import Image

    from glyphsmith.synth.captcha import CaptchaPainter
    from glyphsmith.synth.settings import preset

    run = tmp_path / "run"
    synth = {"pictures": 40, "epoch_pictures": 96, "workers": 1, "emphasis": "0O", "length": "[2,3]"}
    words = [word for key, value in synth.items() for word in ("--set", f"synth.{key}={value}")]
    small = ["--set", "network.widths=[4,4,6,8]", "--set", "learn.epochs=2", "--set", "learn.batch=32"]
    assert main(["train", "--recipe", "captcha", "--out", str(run), *words, *small, "--seed", "3"]) == 0
    err = capsys.readouterr().err
    assert "painting: in 1 process of its own" in err
    assert "plan: 2 epochs of 3 steps" in err
    # Forty pictures cannot show all symbols; those to learn from do, so nothing is said to be rare.
    assert "hardly ever shown" not in err
    reader = glyphsmith.load(str(run))
    assert len(reader.alphabet) == 36
    assert reader.card.data["train"] == 192
    assert json.loads((run / "metrics.json").read_text())["split"]["train"] == 192
    Image.fromarray(CaptchaPainter(preset("library-0.7.1")).paint(1, 1)[0]).save(tmp_path / "a.png")
    assert isinstance(reader.read(tmp_path / "a.png").text, str)


def test_a_text_that_may_need_more_columns_than_there_are_is_refused_before_learning(tmp_path: Path, capsys) -> None:
    run = tmp_path / "run"
    words = ["--set", "synth.pictures=40", "--set", "synth.length=[12]", "--set", "network.columns=16"]
    assert main(["train", "--recipe", "captcha", "--out", str(run), *words]) == 2
    assert "needs 23 columns" in capsys.readouterr().err
    assert not run.exists()
