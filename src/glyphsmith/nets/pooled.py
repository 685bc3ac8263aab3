"""Our own networks: convolutions, global average pooling and one dense layer.

The head makes the class map exact and free: the logit is the mean over space of a 1x1 convolution of the last
feature maps with the dense layer's weights (plus its bias), so that convolution is the map (Zhou et al., CVPR 2016).
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from glyphsmith.nets.drop import Dropout
from glyphsmith.nets.face import PicturesToLabels

__all__ = ["GlyphNet", "PhotoNet"]


def _convolution(inputs: int, outputs: int, kernel: int, stride: int) -> nn.Sequential:
    """Convolution, batch norm, ReLU; the convolution has no bias because batch norm has one.

    ReLU and not GELU: GELU's backward pass alone was 22 % of a step, a step takes 29 ms instead of 42 (docs/log.md).
    """
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class _Pooled(PicturesToLabels):
    features: nn.Module
    drop: Dropout

    def scores(self, x: Tensor) -> Tensor:
        """Give the logits (N, K) alone."""
        # The gradient of a mean over (2, 3) comes back channel by channel, and the backward pass of ReLU takes 20 times
        # as long where its two tensors lie differently, a ninth of a step (docs/log.md).
        pixels = self.features(x).permute(0, 2, 3, 1).flatten(1, 2)
        logits: Tensor = self.head(self.drop(pixels.mean(dim=1)))
        return logits

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Give the logits (N, K) and the exact class maps (N, K, h, w)."""
        features: Tensor = self.features(x)
        logits: Tensor = self.head(self.drop(features.mean(dim=(2, 3))))
        maps = F.conv2d(features, self.head.weight[:, :, None, None])
        return logits, maps


class GlyphNet(_Pooled):
    """For single signs: a 5x5 stem, then 3x3 convolutions; 132 k weights at its default widths.

    Strides are chosen so that the last map keeps about 7 positions a side: 28 px -> 14, 14, 7, 7. The stem halves
    pictures of 16 px and more; an 8x8 picture is never halved. ``strides``, one a width, says otherwise.
    """

    def __init__(
        self,
        widths: tuple[int, ...],
        dropout: float,
        size: tuple[int, int, int],
        classes: int,
        strides: tuple[int, ...] = (),
    ) -> None:
        super().__init__()
        if strides and (len(strides) != len(widths) or min(strides) < 1):
            raise ValueError(f"strides are {strides}, expected one of 1 or more for each of the {len(widths)} widths")
        channels, height, width = size
        side = min(height, width)
        stride = strides[0] if strides else 2 if side >= 16 else 1
        side = -(-side // stride)
        layers = [_convolution(channels, widths[0], 5, stride)]
        for position, (before, after) in enumerate(pairwise(widths)):
            halved = side > 20 or (side >= 12 and position > 0)
            stride = strides[position + 1] if strides else 2 if halved else 1
            side = -(-side // stride)
            layers.append(_convolution(before, after, 3, stride))
        self.features = nn.Sequential(*layers)
        self.drop = Dropout(dropout)
        self.head = nn.Linear(widths[-1], classes)
        self.classes = classes


class _Residual(nn.Module):
    """x + two convolutions of x."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _convolution(width, width, 3, 1)
        self.second = nn.Sequential(nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width))
        # The branch starts as nothing, so that a deep stack learns from its first step (Goyal et al., 2017).
        norm = self.second[1]
        assert isinstance(norm, nn.BatchNorm2d)
        nn.init.zeros_(norm.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Give (N, C, H, W) from the same."""
        return F.relu(x + self.second(self.first(x)))


class PhotoNet(_Pooled):
    """For small colour photographs of 32 to 64 px: a stem and one halving residual stage per further width.

    460 k weights at its default widths. The stem halves pictures of more than 48 px.
    """

    def __init__(self, widths: tuple[int, ...], dropout: float, size: tuple[int, int, int], classes: int) -> None:
        super().__init__()
        channels, height, width = size
        side = min(height, width)
        stride = 2 if side > 48 else 1
        side = -(-side // stride)
        layers: list[nn.Module] = [_convolution(channels, widths[0], 3, stride)]
        for before, after in pairwise(widths):
            layers.append(_convolution(before, after, 3, 1))
            if side >= 8:
                layers.append(nn.MaxPool2d(2))
                side //= 2
            layers.append(_Residual(after))
        self.features = nn.Sequential(*layers)
        self.drop = Dropout(dropout)
        self.head = nn.Linear(widths[-1], classes)
        self.classes = classes

    def scores(self, x: Tensor) -> Tensor:
        """Give the logits (N, K) alone."""
        return super().scores(torch.sub(x, 0.5))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Give the logits (N, K) and the exact class maps (N, K, h, w)."""
        return super().forward(torch.sub(x, 0.5))
