"""Who paints: chosen by measured seconds, said in one line; here the clock is scripted and no process is started."""

from __future__ import annotations

import time

import numpy as np
import pytest
import torch
from tests.train.small_painted import endless

from glyphsmith.train import supply
from glyphsmith.train.batches import Batches
from glyphsmith.train.plan import Plan
from glyphsmith.train.recipe import Augment
from glyphsmith.train.supply import PaintedSupply

PLAN = Plan(steps=4, steps_per_epoch=2, batch=100, reason="")


class Scripted:
    """A trial whose steps take the seconds that the test says: alone first, then with workers."""

    def __init__(self, paint_s: float, alone_s: float, together_s: float, clock: list[float]) -> None:
        self.paint_s, self.answers, self.clock = paint_s, [alone_s, together_s], clock

    def seconds(self, batch, *, skip: int = 2, at_most_s: float = 10.0, stopped=lambda: False) -> float:
        assert at_most_s < 10.0
        for step in range(3):
            batch(step)
        return self.answers.pop(0)


@pytest.fixture
def begun(monkeypatch):
    """Begin a painted supply: what it says, the workers it has employed in turn, the seconds it gives."""

    def begin(cores: int, paint_s: float, alone_s: float, together_s: float, *, stopped=lambda: False):
        clock = [0.0]
        employed: list[int] = []

        def painted(self: PaintedSupply, step: int):
            clock[0] += paint_s
            return np.zeros((2, 1, 16, 32), np.uint8), np.zeros((2, 3), np.int64)

        monkeypatch.setattr(supply, "_cores", lambda: cores)
        monkeypatch.setattr(time, "monotonic", lambda: clock[0])
        monkeypatch.setattr(PaintedSupply, "_painted", painted)
        monkeypatch.setattr(PaintedSupply, "_employ", lambda self, count: employed.append(count))
        batches = Batches(
            np.zeros((1, 1, 16, 32), np.uint8),
            np.zeros((1, 3), np.int64),
            Augment(),
            ink=False,
            device=torch.device("cpu"),
        )
        lines: list[str] = []
        made = PaintedSupply(batches, endless(None), 0, 1, stopped)
        seconds = made.begin(PLAN, lambda: Scripted(paint_s, alone_s, together_s, clock), lines.append)
        assert len(lines) == 1
        return lines[0], employed, seconds

    return begin


def test_a_worker_is_kept_where_more_is_learned_with_it(begun) -> None:
    line, employed, seconds = begun(2, 0.05, 0.25, 0.2)
    assert employed == [0, 1]
    assert seconds == 0.2
    assert line == (
        "painting: in 1 process of its own; 500 pictures a second are learned, 400 if the training process painted "
        "(one core paints 2,000)"
    )


def test_a_worker_that_gains_nothing_is_sent_away(begun) -> None:
    line, employed, seconds = begun(2, 0.05, 0.25, 0.249)
    assert employed == [0, 1, 0]
    assert seconds == 0.25
    assert line.startswith("painting: in the training process; 400 pictures a second are learned, 402 with 1 process")


def test_as_many_workers_paint_as_keep_up_with_learning_and_no_more_than_cores(begun) -> None:
    # Learning takes 5 ms, painting 25 ms: 1.3 times 5 workers.
    assert begun(16, 0.025, 0.030, 0.005)[1] == [0, 7]
    line, employed, _ = begun(4, 0.025, 0.030, 0.0083)
    assert employed == [0, 3]
    assert "3 processes of their own" in line
    assert "painted once (synth.endless=false) it would be about 20,000" in line


def test_asked_to_stop_nothing_more_is_measured(begun) -> None:
    line, employed, seconds = begun(2, 0.05, 0.25, 0.2, stopped=lambda: True)
    assert employed == [0]
    assert line == "painting: in the training process"
    assert seconds == 0.25


def test_one_core_measures_nothing(begun) -> None:
    line, employed, seconds = begun(1, 0.05, 0.25, 0.2)
    assert (line, employed, seconds) == ("painting: in the training process; there is one core for both", [0], None)
