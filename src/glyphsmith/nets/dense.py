"""The published reference networks: convolutions, flatten, dense, dense (as their authors wrote them, layer by layer).

Their class map is exact Grad-CAM (Selvaraju et al., 2017) without gradients. With z the hidden layer before its ReLU
and W1 (H, C*h*w), W2 (K, H) the two dense layers, the gradient of logit k by the last feature maps is
``(W2[k] * (z > 0)) @ W1``; its mean over space is a weight for each feature map. The mean is taken of W1 beforehand,
which gives the same and costs h*w times less.

Weights start as the authors' library starts them: Glorot uniform, biases at zero.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from glyphsmith.nets.drop import Dropout
from glyphsmith.nets.face import PicturesToLabels

__all__ = ["MnistConv3", "MnistConv5", "RunesConv", "RunesMlp"]


def _glorot(network: nn.Module) -> None:
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            assert module.bias is not None
            nn.init.zeros_(module.bias)


class _FlattenDenseDense(PicturesToLabels):
    """Subclasses make ``features``; this makes the two dense layers and the map."""

    features: nn.Module

    def _finish(self, hidden: int, dropout: float, size: tuple[int, int, int], classes: int) -> None:
        try:
            with torch.no_grad():
                shape = self.features(torch.zeros(1, *size)).shape[1:]
        except RuntimeError:
            shape = torch.Size((0, 0, 0))
        if shape.numel() == 0:
            raise ValueError(f"pictures of {size[1]}x{size[2]} px are too small for this published network")
        self.feature_maps = int(shape[0])
        self.hidden = nn.Linear(shape.numel(), hidden)
        self.drop = Dropout(dropout)
        self.head = nn.Linear(hidden, classes)
        self.classes = classes
        _glorot(self)

    def scores(self, x: Tensor) -> Tensor:
        """Give the logits (N, K) alone."""
        # reshape, not flatten: after channels_last the strides differ, the order of (C, h, w) must not.
        z = self.hidden(self.features(x).reshape(x.shape[0], -1))
        logits: Tensor = self.head(self.drop(F.relu(z)))
        return logits

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Give the logits (N, K) and Grad-CAM maps (N, K, h, w) of the flattened feature maps."""
        features: Tensor = self.features(x)
        z = self.hidden(features.reshape(x.shape[0], -1))
        logits: Tensor = self.head(self.drop(F.relu(z)))
        open_units = (z > 0).to(z.dtype)[:, None, :]  # (N, 1, H)
        by_map = self.hidden.weight.reshape(self.hidden.out_features, self.feature_maps, -1).mean(dim=2)  # (H, C)
        weights = (self.head.weight[None] * open_units) @ by_map  # (N, K, C)
        height, width = features.shape[2], features.shape[3]
        maps = (weights @ features.reshape(-1, self.feature_maps, height * width)).reshape(
            -1, self.classes, height, width
        )
        return logits, maps


class MnistConv3(_FlattenDenseDense):
    """conv 3x3 32, pool 2, conv 3x3 64, pool 2, conv 3x3 64, flatten, dense 64, dense K; 93 322 weights on MNIST.

    ``sprites-conv3`` is this network at 20x20.
    """

    def __init__(self, dropout: float, size: tuple[int, int, int], classes: int) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(size[0], 32, 3),
            nn.MaxPool2d(2),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3),
            nn.MaxPool2d(2),
            nn.ReLU(),
            nn.Conv2d(64, 64, 3),
            nn.ReLU(),
        )
        self._finish(64, dropout, size, classes)


class MnistConv5(_FlattenDenseDense):
    """conv 5x5 32 same, pool, conv 5x5 64 same, pool, dense 1024, dropout 0.5, dense K; 3 274 634 weights at 28x28."""

    def __init__(self, dropout: float, size: tuple[int, int, int], classes: int) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(size[0], 32, 5, padding=2),
            nn.MaxPool2d(2),
            nn.ReLU(),
            nn.Conv2d(32, 64, 5, padding=2),
            nn.MaxPool2d(2),
            nn.ReLU(),
        )
        self._finish(1024, dropout, size, classes)


class RunesConv(_FlattenDenseDense):
    """conv 3x3 64, pool, conv 3x3 32, pool, flatten, dense 128, dense K; made for 50x50."""

    def __init__(self, dropout: float, size: tuple[int, int, int], classes: int) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(size[0], 64, 3),
            nn.MaxPool2d(2),
            nn.ReLU(),
            nn.Conv2d(64, 32, 3),
            nn.MaxPool2d(2),
            nn.ReLU(),
        )
        self._finish(128, dropout, size, classes)


class RunesMlp(PicturesToLabels):
    """Flattened pixels, one hidden layer with ReLU, K outputs: scikit-learn's MLPClassifier, whose weights it takes.

    It has no feature maps; its map is gradient times input, which with the biases sums to the logit.
    """

    def __init__(self, widths: tuple[int, ...], size: tuple[int, int, int], classes: int) -> None:
        super().__init__()
        if len(widths) != 1:
            raise ValueError(f"runes-mlp has one hidden layer, got widths {widths}")
        self.size = size
        self.hidden = nn.Linear(size[0] * size[1] * size[2], widths[0])
        self.head = nn.Linear(widths[0], classes)
        self.classes = classes
        _glorot(self)

    def scores(self, x: Tensor) -> Tensor:
        """Give the logits (N, K) alone."""
        logits: Tensor = self.head(F.relu(self.hidden(x.reshape(x.shape[0], -1))))
        return logits

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Give the logits (N, K) and gradient times input, (N, K, H, W)."""
        flat = x.reshape(x.shape[0], -1)
        z = self.hidden(flat)
        logits: Tensor = self.head(F.relu(z))
        gradient = (self.head.weight[None] * (z > 0).to(z.dtype)[:, None, :]) @ self.hidden.weight  # (N, K, C*H*W)
        channels, height, width = self.size
        maps = (gradient * flat[:, None, :]).reshape(-1, self.classes, channels, height, width).sum(dim=2)
        return logits, maps
