"""The published networks of texts: several softmax heads on one flat layer, and columns read by recurrent layers.

Weights start as their authors' library starts them where it matters: He uniform in the convolutions.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from glyphsmith.nets.drop import Dropout
from glyphsmith.nets.face import PicturesToText

__all__ = ["CaptchaCrnn", "CaptchaMultihead"]


def _he(network: nn.Module) -> None:
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_uniform_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def _shape_of(features: nn.Module, size: tuple[int, int, int]) -> torch.Size:
    try:
        with torch.no_grad():
            shape = features.eval()(torch.zeros(1, *size)).shape[1:]
        features.train()
    except RuntimeError:
        shape = torch.Size((0, 0, 0))
    if shape.numel() == 0:
        raise ValueError(f"pictures of {size[1]}x{size[2]} px are too small for this published network")
    return torch.Size(shape)


class CaptchaMultihead(PicturesToText):
    """Four blocks of two 3x3 convolutions (32, 64, 128, 256) and a pool, flatten, dropout 0.25, one softmax a place."""

    def __init__(self, dropout: float, size: tuple[int, int, int], classes: int, places: int) -> None:
        super().__init__()
        if places < 1:
            raise ValueError("captcha-multihead needs network.places, the length of the texts")
        layers: list[nn.Module] = []
        before = size[0]
        for width in (32, 64, 128, 256):
            layers += [nn.Conv2d(before, width, 3), nn.ReLU(), nn.Conv2d(width, width, 3), nn.ReLU(), nn.MaxPool2d(2)]
            before = width
        self.features = nn.Sequential(*layers)
        _he(self)
        self.drop = Dropout(dropout)
        self.head = nn.Linear(_shape_of(self.features, size).numel(), places * classes)
        nn.init.xavier_uniform_(self.head.weight)
        self.classes, self.columns = classes, places
        self.reading = "fixed"

    def scores(self, x: Tensor) -> Tensor:
        """Give the logits (N, P, K)."""
        flat = self.features(x).reshape(x.shape[0], -1)
        logits: Tensor = self.head(self.drop(flat)).reshape(-1, self.columns, self.classes)
        return logits


class CaptchaCrnn(PicturesToText):
    """Blocks of two 3x3 convolutions with batch norm and a pool, dense 128, two bidirectional GRU layers, CTC.

    170x80 pixels become 17 columns, because nothing is padded. ``widths``: those of the blocks, then dense and GRU.
    """

    def __init__(self, widths: tuple[int, ...], dropout: float, size: tuple[int, int, int], classes: int) -> None:
        super().__init__()
        if len(widths) < 2:
            raise ValueError(f"captcha-crnn needs at least one block and the recurrent layers; got widths {widths}")
        layers: list[nn.Module] = []
        before = size[0]
        for width in widths[:-1]:
            for _ in range(2):
                layers += [nn.Conv2d(before, width, 3), nn.BatchNorm2d(width), nn.ReLU()]
                before = width
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        _he(self)
        shape = _shape_of(self.features, size)
        units = widths[-1]
        self.dense = nn.Linear(shape[0] * shape[1], units)
        self.rows = nn.GRU(units, units, num_layers=2, bidirectional=True, batch_first=True)
        self.drop = Dropout(dropout)
        self.head = nn.Linear(2 * units, 1 + classes)
        self.classes, self.columns = classes, int(shape[2])
        self.reading = "ctc"

    def scores(self, x: Tensor) -> Tensor:
        """Give the logits (N, T, 1+K)."""
        features = self.features(x)
        columns = features.permute(0, 3, 1, 2).reshape(x.shape[0], self.columns, self.dense.in_features)
        rows, _ = self.rows(F.relu(self.dense(columns)))
        logits: Tensor = self.head(self.drop(rows))
        return logits
