"""Our own networks: convolutions, global average pooling and one dense layer.

The head makes the class map exact and free: the logit is the mean over space of a 1x1 convolution of the last
feature maps with the dense layer's weights (plus its bias), so that convolution is the map (Zhou et al., CVPR 2016).
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from glyphsmith.nets.drop import Dropout
from glyphsmith.nets.face import PicturesToLabels

__all__ = ["GlyphNet", "PhotoNet"]


def _convolution(inputs: int, outputs: int, kernel: int, stride: int, *, padded: bool = True) -> nn.Sequential:
    """Convolution, batch norm, ReLU; the convolution has no bias because batch norm has one.

    ReLU and not GELU: GELU's backward pass alone was 22 % of a step, a step takes 29 ms instead of 42 (docs/log.md).
    """
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=kernel // 2 if padded else 0, bias=False),
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
    ``unpadded``: so many of the last convolutions see no zeros around, and give a row and column less on every side;
    never the first, nor one that would leave nothing.
    ``slants_deg``: once trained, it reads each picture also slanted by these angles, to the right where positive; what
    comes into view is black.
    """

    def __init__(
        self,
        widths: tuple[int, ...],
        dropout: float,
        size: tuple[int, int, int],
        classes: int,
        strides: tuple[int, ...] = (),
        unpadded: int = 0,
        slants_deg: tuple[float, ...] = (),
    ) -> None:
        super().__init__()
        if any(not 0.0 < abs(slant) <= 45.0 for slant in slants_deg):
            raise ValueError(f"slants are {slants_deg}, expected angles of up to 45 degrees and not 0")
        if unpadded < 0:
            raise ValueError(f"{unpadded} layers without padding, expected 0 or more")
        if strides and (len(strides) != len(widths) or min(strides) < 1):
            raise ValueError(f"strides are {strides}, expected one of 1 or more for each of the {len(widths)} widths")
        channels, height, width = size
        stride = strides[0] if strides else 2 if min(height, width) >= 16 else 1
        # How large the maps would be with padding everywhere, and how large they are.
        whole = inner = (-(-height // stride), -(-width // stride))
        layers = [_convolution(channels, widths[0], 5, stride)]
        for position, (before, after) in enumerate(pairwise(widths)):
            padded = position + 1 < len(widths) - unpadded or min(inner) < 3
            halved = min(whole) > 20 or (min(whole) >= 12 and position > 0)
            stride = strides[position + 1] if strides else 2 if halved else 1
            whole = (-(-whole[0] // stride), -(-whole[1] // stride))
            lost = 0 if padded else 2
            inner = (-(-(inner[0] - lost) // stride), -(-(inner[1] - lost) // stride))
            layers.append(_convolution(before, after, 3, stride, padded=padded))
        self.features = nn.Sequential(*layers)
        self.drop = Dropout(dropout)
        self.head = nn.Linear(widths[-1], classes)
        self.classes = classes
        self.slants_deg = slants_deg
        self._around = tuple(outer - own for outer, own in zip(whole, inner, strict=True))
        self._larger = math.prod(whole) / math.prod(inner)

    def scores(self, x: Tensor) -> Tensor:
        """Give the logits (N, K) alone."""
        return super().scores(x) if self._upright() else self(x)[0]

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Give the logits (N, K) and the exact class maps (N, K, h, w).

        Of slanted views both are means: what the views say of a label is multiplied, and a map's mean is its logit.
        """
        if self._upright():
            logits, maps = super().forward(x)
        else:
            logits, maps = super().forward(self._views(x))
            views = (x.shape[0], 1 + len(self.slants_deg))
            logits, maps = logits.reshape(*views, -1).mean(dim=1), maps.reshape(*views, *maps.shape[1:]).mean(dim=1)
        down, across = self._around
        if down or across:
            # What no unpadded layer looks at says nothing; the mean stays what it was.
            edges = (across // 2, across - across // 2, down // 2, down - down // 2)
            maps = F.pad(maps * self._larger, edges)
        return logits, maps

    def _upright(self) -> bool:
        return self.training or not self.slants_deg

    def _views(self, x: Tensor) -> Tensor:
        """Give each picture with its slanted views behind it: (N, C, H, W) to (N * V, C, H, W)."""
        n, channels, height, width = x.shape
        aspect = height / width
        rows = [[[1.0, aspect * math.tan(math.radians(slant)), 0.0], [0.0, 1.0, 0.0]] for slant in self.slants_deg]
        grid = F.affine_grid(torch.tensor(rows), [len(rows), 1, height, width], align_corners=False)
        # One picture's slanted views one above another, so that a grid serves the whole batch.
        tall = grid.reshape(1, len(rows) * height, width, 2).expand(n, -1, -1, -1)
        slanted = F.grid_sample(x, tall, align_corners=False).reshape(n, channels, len(rows), height, width)
        views = torch.cat([x[:, :, None], slanted], dim=2).transpose(1, 2)
        return views.reshape(n * (1 + len(rows)), channels, height, width)


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
