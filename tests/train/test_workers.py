"""Processes that paint: in order, whatever their number, and gone without a trace."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.train.small_painted import endless

from glyphsmith.errors import TrainingError
from glyphsmith.train.batches import Batches
from glyphsmith.train.painting import Brush
from glyphsmith.train.plan import Plan
from glyphsmith.train.recipe import Augment
from glyphsmith.train.supply import PaintedSupply
from glyphsmith.train.workers import Workers

ROOT = Path(__file__).parents[2]


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("count", [1, 2])
def test_batches_come_in_order_and_are_those_of_one_brush(count: int) -> None:
    brush = Brush(endless())
    workers = Workers(endless(), count, batch=6, stride=8, offset=2)
    try:
        # In order, then elsewhere, as after a measurement or a resumed run.
        for step in (*range(9), 40, 41, 3):
            expected, texts = brush.batch(step * 8 + 2, 6)
            pictures, labels = workers.take(step)
            np.testing.assert_array_equal(pictures, expected)
            np.testing.assert_array_equal(labels, texts)
        pids = [process.pid for process in workers.processes]
        assert all(is_there(pid) for pid in pids)
    finally:
        workers.close()
    assert not any(is_there(pid) for pid in pids)


def test_a_worker_that_dies_is_one_error() -> None:
    workers = Workers(endless(), 1, batch=4, stride=4)
    try:
        workers.take(0)
        workers.processes[0].kill()
        with pytest.raises(TrainingError, match=r"has died \(signal 9\)") as caught:
            _ = [workers.take(step) for step in range(1, 9)]
        assert "synth.workers=0" in (caught.value.hint or "")
    finally:
        workers.close()


def test_what_a_worker_cannot_paint_is_one_sentence(capfd) -> None:
    workers = Workers(replace(endless(), graph=b"nothing"), 1, batch=4, stride=4)
    try:
        with pytest.raises(TrainingError, match="painting failed in a worker process: no valid ONNX graph"):
            workers.take(0)
    finally:
        workers.close()
    assert "Traceback" not in capfd.readouterr().err


def test_workers_hear_neither_ctrl_c_nor_sigterm(capfd) -> None:
    workers = Workers(endless(), 1, batch=4, stride=4)
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            os.kill(workers.processes[0].pid, number)
        for step in range(5):
            workers.take(step)
    finally:
        workers.close()
    assert not capfd.readouterr().err


def test_a_script_without_a_main_guard_is_not_run_again_by_its_workers(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from tests.train.small_painted import endless\n"
        "from glyphsmith.train.workers import Workers\n"
        "print('once', flush=True)\n"
        "workers = Workers(endless(), 1, batch=4, stride=4)\n"
        "print(workers.take(0)[0].shape)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(
        [sys.executable, str(script)], check=True, capture_output=True, text=True, env=environment, timeout=60
    )
    assert done.stdout.split("\n")[:2] == ["once", "(4, 1, 16, 32)"]
    assert not done.stderr


def test_processes_that_learn_together_share_the_pictures_of_a_step() -> None:
    plan = Plan(steps=4, steps_per_epoch=2, batch=8, reason="")
    batches = Batches(
        np.zeros((1, 1, 16, 32), np.uint8), np.zeros((1, 3), np.int64), Augment(), ink=False, device=torch.device("cpu")
    )

    def painted(rank: int, processes: int) -> tuple[torch.Tensor, torch.Tensor]:
        supply = PaintedSupply(batches, endless(0), rank, processes, lambda: False)
        supply.begin(plan, lambda: pytest.fail("nothing to measure"), lambda _: None)
        return supply.step(3)

    alone, halves = painted(0, 1), [painted(rank, 2) for rank in (0, 1)]
    for k in (0, 1):
        assert torch.equal(torch.cat([half[k] for half in halves]), alone[k])
