"""Where the batch of a step comes from: pictures that were prepared before, or pictures painted for this very step.

``loop`` asks for the batch of a step and sees no difference. For painted pictures the cores are shared out here: the
time of a step is measured with painting in the training process and with painting in processes of its own. What is
chosen changes the time and nothing else.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import time
from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from glyphsmith.train.batches import Batches
from glyphsmith.train.pace import Trial
from glyphsmith.train.painting import Brush, Endless
from glyphsmith.train.plan import Plan, batch_of
from glyphsmith.train.workers import Workers

__all__ = ["PaintedSupply", "PreparedSupply", "Supply", "supply_of"]

#: Further processes must learn this much faster than one alone to be worth their memory.
_GAIN = 1.03
#: Painting must be so much faster than learning that a step never waits for it.
_AHEAD = 1.3
#: Where steps take so many times what learning alone would, painting is what holds them back, and that is said.
_HELD_BACK = 1.5
#: A measurement takes two seconds, with slow steps a few more.
_PATIENCE_S = 4.0
_WARM_S = 0.5


class Supply(Protocol):
    """What learning asks of the training pictures; ``epoch`` counts those of an epoch."""

    epoch: int

    def begin(self, plan: Plan, trial: Callable[[], Trial], say: Callable[[str], None]) -> float | None:
        """Get ready for the steps of a plan; gives the seconds of a step where they were measured."""
        ...

    def step(self, step: int) -> tuple[Tensor, Tensor]:
        """Give the pictures (B, C, H, W), floats in 0..1, and the labels of this process's share of a step."""
        ...

    def close(self) -> None:
        """Let go of all processes and memory."""
        ...


def supply_of(
    batches: Batches, endless: Endless | None, seed: int, *, rank: int, processes: int, stopped: Callable[[], bool]
) -> Supply:
    """Give the supply of one of ``processes`` processes that learn together."""
    if endless is None:
        return PreparedSupply(batches, seed, rank, processes)
    return PaintedSupply(batches, endless, rank, processes, stopped)


class PreparedSupply:
    """Each pass over the prepared pictures in an order of its own."""

    def __init__(self, batches: Batches, seed: int, rank: int, processes: int) -> None:
        self.batches, self.seed, self.rank, self.processes = batches, seed, rank, processes
        self.epoch = len(batches)
        self.orders: dict[int, NDArray[np.int64]] = {}

    def begin(self, plan: Plan, trial: Callable[[], Trial], say: Callable[[str], None]) -> None:  # noqa: ARG002
        """Take over the plan; nothing is to be measured."""
        self.plan, self.share = plan, plan.batch // self.processes

    def step(self, step: int) -> tuple[Tensor, Tensor]:
        """Give the share of this process."""
        indices = batch_of(step, self.plan, self.epoch, self.seed, self.orders)
        return self.batches.take(indices[self.rank * self.share : (self.rank + 1) * self.share])

    def close(self) -> None:
        """Do nothing."""


class PaintedSupply:
    """Pictures painted for each step: step s of B pictures takes those from s * B on, whoever paints them."""

    def __init__(
        self, batches: Batches, endless: Endless, rank: int, processes: int, stopped: Callable[[], bool]
    ) -> None:
        self.batches, self.endless = batches, endless
        self.rank, self.processes, self.stopped = rank, processes, stopped
        self.epoch = endless.epoch
        self.workers: Workers | None = None
        self.brush: Brush | None = None

    def begin(self, plan: Plan, trial: Callable[[], Trial], say: Callable[[str], None]) -> float | None:
        """Choose who paints, and say so."""
        self.batch, self.share = plan.batch, plan.batch // self.processes
        count, why = self.endless.workers, "as the recipe says"
        if count is None and _cores() < 2:
            count, why = 0, "there is one core for both"
        if multiprocessing.current_process().daemon:
            count, why = 0, "this process may start no others"
        if count is None:
            words, seconds = self._choose(trial(), _cores())
            say(f"painting: {words}")
            return seconds
        say(f"painting: in {_in_words(count)}; {why}")
        self._employ(count)
        return None

    def step(self, step: int) -> tuple[Tensor, Tensor]:
        """Give the share of this process."""
        return self.batches.changed(*self._painted(step))

    def close(self) -> None:
        """End the workers."""
        if self.workers is not None:
            self.workers.close()
            self.workers = None

    def _painted(self, step: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        if self.workers is not None:
            return self.workers.take(step)
        if self.brush is None:
            self.brush = Brush(self.endless)
        return self.brush.batch(step * self.batch + self.rank * self.share, self.share)

    def _employ(self, count: int) -> None:
        self.close()
        if count:
            self.workers = Workers(
                self.endless, count, batch=self.share, stride=self.batch, offset=self.rank * self.share
            )

    def _choose(self, trial: Trial, cores: int) -> tuple[str, float]:
        """Measure steps with painting here and in further processes; keep what learns faster, in words and seconds."""
        painting: list[float] = []

        def alone(step: int) -> tuple[Tensor, Tensor]:
            begun = time.monotonic()
            pictures, labels = self._painted(step)
            painting.append(time.monotonic() - begun)
            return self.batches.changed(pictures, labels)

        self._employ(0)
        # Signs are drawn once and kept, which makes the first pictures of many fonts the slowest.
        begun = time.monotonic()
        while time.monotonic() - begun < _WARM_S and not self.stopped():
            self._painted(0)
        alone_s = trial.seconds(alone, at_most_s=_PATIENCE_S, stopped=self.stopped)
        paint_s = float(np.median(painting[2:] or painting))
        learn_s = max(alone_s - paint_s, 1e-4)
        if self.stopped():
            return "in the training process", alone_s
        count = max(1, min(cores - 1, math.ceil(_AHEAD * paint_s / learn_s)))
        self._employ(count)
        # What the workers had painted before the clock started would flatter them.
        together_s = trial.seconds(self.step, skip=2 + 3 * count, at_most_s=_PATIENCE_S, stopped=self.stopped)
        here, there = (f"{self.share / seconds:,.0f}" for seconds in (alone_s, together_s))
        more = f" (one core paints {self.share / paint_s:,.0f})"
        if min(alone_s, together_s) > _HELD_BACK * learn_s:
            more += f"; painted once (synth.endless=false) it would be about {self.share / learn_s:,.0f}"
        if together_s * _GAIN < alone_s:
            words = (
                f"in {_in_words(count)}; {there} pictures a second are learned, {here} if the training process painted"
            )
            return words + more, together_s
        self._employ(0)
        words = f"in the training process; {here} pictures a second are learned, {there} with {_in_words(count)}"
        return words + more, alone_s


def _in_words(workers: int) -> str:
    if not workers:
        return "the training process"
    return f"{workers} process{'es' if workers > 1 else ''} of {'their' if workers > 1 else 'its'} own"


def _cores() -> int:
    """Count the cores this process may use, a share of them beside others of torchrun."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, allowed // int(os.environ.get("LOCAL_WORLD_SIZE", "1")))
