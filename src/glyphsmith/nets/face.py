"""What every network of ours can do, whatever its head."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal

import torch
from torch import Tensor, nn

__all__ = ["PictureNetwork", "PicturesToLabels", "PicturesToText", "label_probabilities", "with_none"]


def with_none(logits: Tensor) -> Tensor:
    """Put the logit of "none of these" behind those of K labels: (N, K) to (N, 1+K), the last always 0.

    A constant says as much as a learned one would: the others move beside it.
    """
    return torch.cat([logits, torch.zeros_like(logits[:, :1])], dim=1)


def label_probabilities(logits: Tensor, *, refuses: bool) -> Tensor:
    """Give the probabilities (N, K) of logits (N, K); where "none of these" is an answer they add up to less than 1."""
    return torch.softmax(with_none(logits), dim=1)[:, :-1] if refuses else torch.softmax(logits, dim=1)


class PictureNetwork(nn.Module, ABC):
    """A network from pictures x (N, C, H, W), floats in 0..1, to scores over K labels."""

    #: K, the labels of the alphabet, without a blank.
    classes: int

    @abstractmethod
    def scores(self, x: Tensor) -> Tensor:
        """Give the logits alone, which is all that learning needs."""


class PicturesToLabels(PictureNetwork):
    """One label a picture: logits (N, K) and class maps (N, K, h, w).

    A map says where the evidence for each label lies; its values are in units of the logit.
    """

    #: The last dense layer, whose K rows belong to the labels: where labels are added, rows are.
    head: nn.Linear
    #: Whether "none of these" is an answer: one more logit, always 0, that no label's probability counts.
    refuses: bool = False

    @abstractmethod
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Give the logits (N, K) and the class maps (N, K, h, w)."""


class PicturesToText(PictureNetwork):
    """A text a picture: logits (N, T, 1+K) of a ``ctc`` head, class 0 the blank, or (N, P, K) of a ``fixed`` one."""

    reading: Literal["ctc", "fixed"]
    #: T or P.
    columns: int

    def guided(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        """Give the logits, and those (N, P, K+1) of a guide that only learning sees; its last class ends the text."""
        return self.scores(x), None

    def forward(self, x: Tensor) -> Tensor:
        """Give what ``scores`` gives."""
        return self.scores(x)
