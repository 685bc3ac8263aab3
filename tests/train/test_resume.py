"""A run that is killed, at whatever moment, and resumed ends bit for bit like one left alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("small_run.py")


def started(run: Path) -> subprocess.Popen[str]:
    run.mkdir(exist_ok=True)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), str(run)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def ended(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out.strip()


def wait_for(process: subprocess.Popen[str], happened) -> bool:
    """Watch until something happened, or the process is done before."""
    while process.poll() is None:
        if happened():
            return True
        time.sleep(0.0005)
    return False


def writing(run: Path) -> bool:
    """Say whether a checkpoint is just being written: its beginning is there, its end is not."""
    return any(part.stat().st_size > 0 for part in parts(run))


def parts(run: Path) -> list[Path]:
    return [part for part in (run / "checkpoints").glob(".*.part") if part.exists()]


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> str:
    """The digest of a run that nothing disturbed."""
    return ended(started(tmp_path_factory.mktemp("alone")))


def test_killed_at_several_moments_and_resumed_it_ends_with_the_same_bits(tmp_path: Path, alone: str) -> None:
    run = tmp_path / "killed"
    last = run / "checkpoints" / "last.ckpt"
    log = run / "log.jsonl"

    def part_is_open() -> bool:
        try:
            return last.exists() and writing(run)
        except FileNotFoundError:
            return False

    moments = (
        last.exists,  # in the first epoch, after the first state was written
        part_is_open,  # in the middle of writing a state
        lambda: log.exists() and log.read_text().count("\n") >= 2,  # right after an epoch was judged
        part_is_open,
    )
    killed = 0
    for moment in moments:
        process = started(run)
        if wait_for(process, moment):
            process.kill()
            killed += 1
        process.communicate()
    resumed = ended(started(run))
    assert resumed == alone
    assert killed >= 3
    assert not parts(run)
    assert len(log.read_text().splitlines()) == 6


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_asked_to_stop_it_ends_well_and_resumes_to_the_same_bits(
    tmp_path: Path, alone: str, number: signal.Signals
) -> None:
    run = tmp_path / "run"
    process = started(run)
    assert wait_for(process, (run / "checkpoints" / "last.ckpt").exists)
    process.send_signal(number)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert ("Ctrl-C" if number == signal.SIGINT else "SIGTERM") in err
    assert len(out.split()) == 2
    assert ended(started(run)) == alone
