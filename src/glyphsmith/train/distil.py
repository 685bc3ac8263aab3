"""Learning without forgetting (Li and Hoiem, 2016): the old answers to the new pictures are part of what is taught.

For a reader whose own pictures are not known. Beside its labels each batch carries what the old network says to it, as
probabilities over the old labels; the new network has to go on saying it. What no new picture resembles is not
rehearsed by this, and the run says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from glyphsmith.nets import PictureNetwork
from glyphsmith.train.learned import build_network
from glyphsmith.train.recipe import Recipe
from glyphsmith.train.tasks.lesson import Lesson, lesson_of

__all__ = ["KeepsOldAnswers", "keeping"]

#: Softer than the answers themselves, so that what an old label resembles is kept as well (Hinton et al., 2015).
_SOFT = 2.0
#: Against the loss of the labels.
_WEIGHT = 1.0


@dataclass(frozen=True, slots=True)
class KeepsOldAnswers:
    """A lesson, and beside it the answers of ``teacher``, whose outputs are the first of the network that learns."""

    lesson: Lesson
    teacher: PictureNetwork

    def loss(self, model: Any, x: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Give the loss and the logits of a batch."""
        loss, logits = self.lesson.loss(model, x, labels)
        if next(self.teacher.parameters()).device != x.device:
            self.teacher.to(x.device)
        with torch.no_grad(), torch.autocast(x.device.type, enabled=False):
            wanted = self.teacher.scores(x).float()
        old = logits[..., : wanted.shape[-1]]
        apart = F.kl_div(
            (old / _SOFT).log_softmax(dim=-1).flatten(0, -2),
            (wanted / _SOFT).softmax(dim=-1).flatten(0, -2),
            reduction="batchmean",
        )
        return loss + _WEIGHT * _SOFT**2 * apart, logits

    def right(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Count the right answers."""
        return self.lesson.right(logits, labels)

    def verdict(self, logits: NDArray[np.float32], labels: NDArray[np.int64]) -> tuple[float, float]:
        """Give the mean loss and the share of right answers."""
        return self.lesson.verdict(logits, labels)

    def calibrate(self, logits: NDArray[np.float32], labels: NDArray[np.int64]) -> tuple[float, float]:
        """Give the temperatures."""
        return self.lesson.calibrate(logits, labels)


def keeping(recipe: Recipe, start: dict[str, Tensor], labels: int) -> KeepsOldAnswers:
    """Make the lesson of a recipe that keeps the answers of the network ``start``, by its first ``labels`` outputs."""
    teacher = build_network(recipe, labels)
    own = {}
    for name, tensor in teacher.state_dict().items():
        known = start[name]
        own[name] = known if known.shape == tensor.shape else known[: len(tensor)].clone()
    teacher.load_state_dict(own)
    for weight in teacher.parameters():
        weight.requires_grad_(False)
    return KeepsOldAnswers(lesson_of(recipe), teacher.eval())
