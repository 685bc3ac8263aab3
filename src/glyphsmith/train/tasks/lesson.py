"""What learning asks of a task: its loss, what counts as right, and calibration; ``loop`` knows no more of it."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from glyphsmith.train.recipe import Recipe
from glyphsmith.train.tasks.label import LabelLesson
from glyphsmith.train.tasks.text import TextLesson

__all__ = ["Lesson", "lesson_of"]


class Lesson(Protocol):
    """One task as the training loop sees it; N pictures, ``labels`` (N,) or (N, L) as the task has them."""

    def loss(self, model: Any, x: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Give the loss of a batch x (N, C, H, W) and the logits, both float32."""
        ...

    def right(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Count the right answers as a tensor without waiting for the device."""
        ...

    def verdict(self, logits: NDArray[np.float32], labels: NDArray[np.int64]) -> tuple[float, float]:
        """Give the mean loss, NaN without pictures, and the share of right answers."""
        ...

    def calibrate(self, logits: NDArray[np.float32], labels: NDArray[np.int64]) -> tuple[float, float]:
        """Give the temperature of the scores, and that of the probability of whole texts (1 for labels)."""
        ...


def lesson_of(recipe: Recipe) -> Lesson:
    """Give the lesson of a recipe's task."""
    learn = recipe.learn
    if recipe.task == "text":
        head = "fixed" if recipe.network.family == "captcha-multihead" else recipe.network.head
        return TextLesson(head, learn.label_smoothing, learn.guide)
    return LabelLesson(learn.label_smoothing, unclear=recipe.synth.kind == "sprites", refuses=learn.strangers > 0.0)
