"""The time of a step, taken on a copy."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from tests.train.small_painted import RECIPE, endless

from glyphsmith.train.checkpoint import weights_digest
from glyphsmith.train.learned import build_network
from glyphsmith.train.pace import Trial
from glyphsmith.train.tasks.lesson import lesson_of


@pytest.mark.parametrize("skip", [2, 5])
def test_a_measurement_in_a_hurry_still_leaves_the_first_steps_out_and_the_network_as_it_is(skip: int) -> None:
    network = build_network(RECIPE, 4)
    before = weights_digest(network)
    steps: list[int] = []

    def batch(step: int) -> tuple[torch.Tensor, torch.Tensor]:
        steps.append(step)
        return torch.rand(2, *endless().shape), torch.tensor([[0, 1, -1], [3, 2, 1]])

    trial = Trial(network, SimpleNamespace(lesson=lesson_of(RECIPE)), RECIPE, torch.device("cpu"))
    assert trial.seconds(batch, skip=skip, stopped=lambda: True) > 0.0
    assert steps == list(range(skip + 1))
    assert weights_digest(network) == before
