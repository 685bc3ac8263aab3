"""What is particular to pictures that carry one label: the loss, what counts as right, and calibration."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from glyphsmith.nets import with_none

__all__ = ["LabelLesson", "fit_temperature", "least", "loss_of", "on_bound", "right_of"]

#: The temperatures that may be fitted.
_TEMPERATURES = (0.05, 20.0)


@dataclass(frozen=True, slots=True)
class LabelLesson:
    """One label a picture, by cross entropy.

    ``unclear``: labels below 0 are of pictures that show nothing of theirs. Such a picture is learned as any label
    alike, which is what its label would teach on average, without the noise: that noise is four fifths of the loss of
    a good reader where 1 % of the pictures are such (docs/log.md). ``refuses``: "none of these" is an answer, label K.
    """

    smoothing: float = 0.0
    unclear: bool = False
    refuses: bool = False

    def loss(self, model: Any, x: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Give the loss and the logits (N, K) of a batch."""
        logits = model.scores(x).float()
        if self.unclear:
            told = labels >= 0
            known = F.cross_entropy(logits, labels, ignore_index=-1, label_smoothing=self.smoothing, reduction="sum")
            alike = -(F.log_softmax(logits, dim=1).mean(dim=1) * ~told).sum()
            return (known + alike) / len(labels), logits
        return loss_of(self._all(logits), labels, self.smoothing), logits

    def right(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Count the right answers."""
        return right_of(logits, labels)

    def verdict(self, logits: NDArray[np.float32], labels: NDArray[np.int64]) -> tuple[float, float]:
        """Give mean loss and accuracy."""
        if not len(labels):
            return float("nan"), 0.0
        scores, truth = torch.from_numpy(logits), torch.from_numpy(labels)
        loss = F.cross_entropy(self._all(scores), truth)
        return float(loss), float((scores.argmax(dim=1) == truth).double().mean())

    def calibrate(self, logits: NDArray[np.float32], labels: NDArray[np.int64]) -> tuple[float, float]:
        """Give the temperature of the scores."""
        return fit_temperature(self._all(torch.from_numpy(logits)).numpy(), labels), 1.0

    def _all(self, logits: Tensor) -> Tensor:
        return with_none(logits) if self.refuses else logits


def loss_of(logits: Tensor, labels: Tensor, smoothing: float = 0.0) -> Tensor:
    """Give the mean cross entropy of logits (N, K) and labels (N,), in nats."""
    return F.cross_entropy(logits, labels, label_smoothing=smoothing)


def right_of(logits: Tensor, labels: Tensor) -> Tensor:
    """Count the right answers as a tensor without waiting for the device."""
    return (logits.argmax(dim=1) == labels).sum()


def fit_temperature(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Find the temperature T in 0.05..20 whose softmax(logits / T) has the least negative log-likelihood.

    logits (N, K), labels (N,) of the validation part (Guo et al., ICML 2017). The likelihood is smooth and has one
    minimum in log T, which a golden section finds. A validation part without any mistake does not bound T from below;
    a pinch of uniform labels (one picture's worth) keeps the answer from claiming certainty that was not observed.
    """
    if not len(labels):
        return 1.0
    scores = torch.from_numpy(np.ascontiguousarray(logits)).double()
    truth = torch.from_numpy(np.ascontiguousarray(labels)).long()

    def cost(log_t: float) -> float:
        logs = F.log_softmax(scores / math.exp(log_t), dim=1)
        likelihood = logs.gather(1, truth[:, None]).sum()
        return -float(likelihood + logs.mean(dim=1).mean()) / len(labels)

    return least(cost)


def on_bound(temperature: float) -> bool:
    """Say whether a temperature was fitted to the end of its range: the scores asked for one beyond it."""
    low, high = _TEMPERATURES
    return not low * 1.001 < temperature < high / 1.001


def least(cost: Callable[[float], float]) -> float:
    """Give the temperature in 0.05..20 whose logarithm costs least, by a golden section; the cost has one minimum."""
    low, high = (math.log(end) for end in _TEMPERATURES)
    ratio = (math.sqrt(5.0) - 1.0) / 2.0
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    cost_left, cost_right = cost(left), cost(right)
    while high - low > 1e-4:
        if cost_left <= cost_right:
            high, right, cost_right = right, left, cost_left
            left = high - ratio * (high - low)
            cost_left = cost(left)
        else:
            low, left, cost_left = left, right, cost_right
            right = low + ratio * (high - low)
            cost_right = cost(right)
    return math.exp((low + high) / 2.0)
