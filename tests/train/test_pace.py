"""The time of a step, taken on a copy."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from tests.train.small_painted import RECIPE, endless

from glyphsmith.train.checkpoint import weights_digest
from glyphsmith.train.fabric import make_fabric
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

    trial = Trial(network, SimpleNamespace(lesson=lesson_of(RECIPE)), make_fabric("float32")[0])
    assert trial.seconds(batch, skip=skip, stopped=lambda: True) > 0.0
    assert steps == list(range(skip + 1))
    assert weights_digest(network) == before


def test_a_measurement_has_the_precision_that_learning_will_have(monkeypatch) -> None:
    monkeypatch.setattr("glyphsmith.train.fabric._cpu_computes_bf16", lambda: False)
    kinds: list[torch.dtype] = []

    class Noted:
        def loss(self, model, x, labels):
            found = torch.nn.functional.conv2d(x, torch.ones(1, x.shape[1], 1, 1))
            kinds.append(found.dtype)
            return sum(weight.float().sum() for weight in model.parameters()), found

    trial = Trial(build_network(RECIPE, 4), SimpleNamespace(lesson=Noted()), make_fabric("bf16")[0])
    trial.seconds(lambda _: (torch.rand(2, *endless().shape), torch.zeros(2)), stopped=lambda: True)
    assert set(kinds) == {torch.float32}
