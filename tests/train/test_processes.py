"""Two processes on the CPU reach what one reaches."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from glyphsmith.metrics import wilson_interval

SCRIPT = Path(__file__).with_name("small_processes.py")
ROOT = Path(__file__).parents[2]


def accuracy(run: Path, *launcher: str) -> float:
    run.mkdir()
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "src"), environment.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, *launcher, str(SCRIPT), str(run)], check=False, capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    return float(done.stdout.split()[-1])


def test_two_processes_reach_the_result_of_one_within_its_interval(tmp_path: Path) -> None:
    one = accuracy(tmp_path / "one")
    two = accuracy(tmp_path / "two", "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2")
    low, high = wilson_interval(round(one * 300), 300)
    assert low <= two <= high
    assert one > 0.8
