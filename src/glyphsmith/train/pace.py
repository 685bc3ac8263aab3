"""Measure how long a step and a validation take, on copies, so that a time limit can be planned for."""

from __future__ import annotations

import copy
import time

import numpy as np
import torch

from glyphsmith.nets import PictureNetwork
from glyphsmith.train.batches import Batches
from glyphsmith.train.judge import Average, Judge
from glyphsmith.train.recipe import Recipe

__all__ = ["measure"]


def measure(network: PictureNetwork, batches: Batches, judge: Judge, recipe: Recipe, batch: int) -> tuple[float, float]:
    """Give the seconds of one training step with ``batch`` pictures and of one validation; the network is not changed.

    The first steps of a process are slow (kernels are chosen, memory is found), so two are left out; the median of at
    least five, or of two seconds' worth, is given.
    """
    trial = copy.deepcopy(network).train()
    optimizer = torch.optim.AdamW(trial.parameters(), lr=1e-6, fused=True)
    device = batches.device
    half = recipe.learn.precision == "bf16"
    times: list[float] = []
    begun = time.monotonic()
    while len(times) < 7 or (time.monotonic() - begun < 2.0 and len(times) < 30):
        started = time.monotonic()
        x, labels = batches.take(np.arange(batch, dtype=np.int64) % len(batches))
        with torch.autocast(device.type, torch.bfloat16, enabled=half):
            loss, _ = judge.lesson.loss(trial, x, labels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if device.type == "cuda":
            torch.cuda.synchronize()
        times.append(time.monotonic() - started)
        if time.monotonic() - begun > 10.0 and len(times) >= 3:
            break
    step_s = float(np.median(times[2:]))
    started = time.monotonic()
    judge.judge(network, Average(network, 0.0))
    return step_s, time.monotonic() - started
