"""Measure how long a step and a validation take, on copies, so that time and cores can be planned for."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from glyphsmith.nets import PictureNetwork
from glyphsmith.train.judge import Average, Judge

__all__ = ["Trial", "validation_seconds"]


class Trial:
    """A copy of the network that learns for the clock's sake; the network itself is not changed.

    ``fabric`` says the device and the precision: in bf16 where a processor only emulates it a step takes six times what
    learning in float32 will.
    """

    def __init__(self, network: PictureNetwork, judge: Judge, fabric: Any) -> None:
        self.network = copy.deepcopy(network).train()
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=1e-6, fused=True)
        self.lesson, self.fabric = judge.lesson, fabric

    def seconds(
        self,
        batch: Callable[[int], tuple[Tensor, Tensor]],
        *,
        skip: int = 2,
        at_most_s: float = 10.0,
        stopped: Callable[[], bool] = lambda: False,
    ) -> float:
        """Give the seconds of one training step, ``batch`` giving the pictures and labels of step 0, 1 ...

        The first steps of a process are slow (kernels are chosen, memory is found), so ``skip`` are left out; the
        median of at least five, or of two seconds' worth, is given, of fewer after ``at_most_s``.
        """
        times: list[float] = []
        begun = time.monotonic()
        while len(times) < skip + 5 or (time.monotonic() - begun < 2.0 and len(times) < skip + 28):
            started = time.monotonic()
            x, labels = batch(len(times))
            with self.fabric.autocast():
                loss, _ = self.lesson.loss(self.network, x, labels)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
            if self.fabric.device.type == "cuda":
                torch.cuda.synchronize()
            times.append(time.monotonic() - started)
            # A plan is made of this, and --resume keeps the plan: in a hurry too, no first step counts.
            if len(times) > skip and (time.monotonic() - begun > at_most_s or stopped()):
                break
        return float(np.median(times[skip:]))


def validation_seconds(network: PictureNetwork, judge: Judge) -> float:
    """Give the seconds of one validation."""
    started = time.monotonic()
    judge.judge(network, Average(network, 0.0))
    return time.monotonic() - started
