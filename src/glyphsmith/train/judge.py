"""Judge the weights of a moment on the validation part: averaged where the recipe says so, batch norm settled anew.

Learning runs on with its own weights and statistics; what is judged here is a copy, and that copy is what a file
would hold. Statistics of batch norm lag behind the weights while the rate is high, and belong to no averaged weights
at all, so they are counted afresh on training pictures before every judgement (docs/log.md: without it, whole-string
accuracy of a captcha network swung between 0.7 and 95 % from one epoch to the next).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from glyphsmith.nets import PictureNetwork
from glyphsmith.train.tasks.lesson import Lesson

__all__ = ["Average", "Judge", "Judgement", "logits_of"]


class Average:
    """A running mean of the weights; ``decay`` per step, less in the first steps so that the start is forgotten."""

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.weights = [parameter.detach().clone() for parameter in network.parameters()] if decay > 0.0 else []

    def follow(self, network: nn.Module, step: int) -> None:
        """Take in the weights after a step."""
        if self.weights:
            decay = min(self.decay, (1.0 + step) / (10.0 + step))
            parameters = [parameter.detach() for parameter in network.parameters()]
            torch._foreach_lerp_(self.weights, parameters, 1.0 - decay)

    def lay_on(self, network: nn.Module) -> None:
        """Put the mean weights into a copy of the network."""
        with torch.no_grad():
            for parameter, mean in zip(network.parameters(), self.weights, strict=False):
                parameter.copy_(mean)


@dataclass(frozen=True, slots=True)
class Judgement:
    """How the judged weights did on validation: mean loss in nats, accuracy in 0..1, logits (N, ...), the weights."""

    loss: float
    accuracy: float
    logits: NDArray[np.float32]
    weights: dict[str, Tensor]

    @property
    def rank(self) -> tuple[float, float]:
        """The order of judgements: accuracy first, the smaller loss among equals."""
        return (self.accuracy, -self.loss)


class Judge:
    """Holds the copy that is judged."""

    def __init__(
        self,
        network: PictureNetwork,
        pictures: NDArray[np.uint8],
        labels: NDArray[np.int64],
        training_batches: Callable[[], Iterator[Tensor]],
        lesson: Lesson,
    ) -> None:
        self.copy = copy.deepcopy(network).eval()
        self.pictures, self.labels = pictures, labels
        self.training_batches, self.lesson = training_batches, lesson
        self.norms = [module for module in self.copy.modules() if isinstance(module, nn.BatchNorm2d)]

    def judge(self, network: PictureNetwork, average: Average) -> Judgement:
        """Judge the weights of this moment."""
        self.copy.load_state_dict(network.state_dict())
        average.lay_on(self.copy)
        if self.norms:
            self._settle()
        device = next(self.copy.parameters()).device
        logits = logits_of(self.copy, self.pictures, device)
        loss, accuracy = self.lesson.verdict(logits, self.labels)
        weights = {name: tensor.detach().cpu().clone() for name, tensor in self.copy.state_dict().items()}
        return Judgement(loss, accuracy, logits, weights)

    def _settle(self) -> None:
        momenta = [norm.momentum for norm in self.norms]
        for norm in self.norms:
            norm.reset_running_stats()
            norm.momentum = None  # torch's word for a plain mean over all batches
            norm.train()
        with torch.no_grad():
            for batch in self.training_batches():
                self.copy.scores(batch)
        for norm, momentum in zip(self.norms, momenta, strict=True):
            norm.momentum = momentum
            norm.eval()


def logits_of(
    network: PictureNetwork, pictures: NDArray[np.uint8], device: torch.device, batch: int = 512
) -> NDArray[np.float32]:
    """Give the logits (N, ...) of prepared pictures (N, C, H, W), uint8, in float32 and evaluation mode."""
    if not len(pictures):
        return np.zeros((0, network.classes), dtype=np.float32)
    parts: list[NDArray[np.float32]] = []
    with torch.no_grad():
        for start in range(0, len(pictures), batch):
            x = torch.from_numpy(np.array(pictures[start : start + batch])).to(device).float().div_(255.0)
            scores = network.scores(x.contiguous(memory_format=torch.channels_last))
            parts.append(scores.float().cpu().numpy())
    return np.concatenate(parts)
