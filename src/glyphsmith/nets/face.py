"""What every network of ours can do, whatever its head."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn

__all__ = ["PicturesToLabels"]


class PicturesToLabels(nn.Module, ABC):
    """A network from pictures x (N, C, H, W), floats in 0..1, to logits (N, K) and class maps (N, K, h, w).

    A map says where the evidence for each label lies; its values are in units of the logit.
    """

    classes: int
    #: The last dense layer, whose K rows belong to the labels: where labels are added, rows are.
    head: nn.Linear

    @abstractmethod
    def scores(self, x: Tensor) -> Tensor:
        """Give the logits (N, K) alone, which is all that learning needs."""

    @abstractmethod
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Give the logits (N, K) and the class maps (N, K, h, w)."""
