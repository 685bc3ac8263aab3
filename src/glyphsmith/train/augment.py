"""Random changes to a batch of prepared pictures: one sampling grid for all geometry, then stroke, erase, gamma, noise.

Only training pictures pass through here, after the split and after preparation. All randomness comes from torch's
generator, which ``loop`` seeds from (seed, step), so that a resumed run draws the same changes.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from glyphsmith.train.recipe import Augment

__all__ = ["augment", "changes_anything", "rotated_copies"]

#: Control points of an elastic displacement, a side: about one bend for every quarter of a picture.
_ELASTIC_POINTS = 5
#: Root mean square of bicubically enlarged unit noise, so that ``elastic`` means what it says (20 000 draws).
_ELASTIC_RMS = 0.82


def changes_anything(settings: Augment) -> bool:
    """Say whether ``augment`` would change a picture at all."""
    others = (settings.stroke, settings.erase, settings.contrast, settings.noise)
    return _moves(settings) or any(value > 0.0 for value in others)


def augment(x: Tensor, settings: Augment, *, ink: bool) -> Tensor:
    """Change every picture of a batch x (N, C, H, W), floats in 0..1, in its own random way; same shape and range.

    ``ink`` says that the pictures are light signs on black: what comes into view from outside is then black, else the
    border's own values. Angles in degrees, shares of the side for shift and elastic.
    """
    if _moves(settings):
        grid = _grid(x, settings)
        x = F.grid_sample(x, grid, padding_mode="zeros" if ink else "border", align_corners=False)
    if settings.stroke > 0.0:
        x = _stroke(x, settings.stroke)
    if settings.erase > 0.0:
        x = _erase(x, settings.erase)
    n = x.shape[0]
    if settings.contrast > 0.0:
        gamma = 1.0 + settings.contrast * _spread(n, x).reshape(n, 1, 1, 1)
        x = x.clamp(1e-4, 1.0).pow(gamma)
    if settings.noise > 0.0:
        x = (x + settings.noise * torch.randn_like(x)).clamp_(0.0, 1.0)
    return x


def _moves(settings: Augment) -> bool:
    return any(
        value > 0.0
        for value in (
            settings.rotate_deg,
            settings.shear_deg,
            settings.scale,
            settings.stretch,
            settings.shift,
            settings.elastic,
            settings.flip,
        )
    )


def _spread(n: int, like: Tensor) -> Tensor:
    """Draw n values evenly from -1..1."""
    return torch.rand(n, device=like.device) * 2.0 - 1.0


def _grid(x: Tensor, settings: Augment) -> Tensor:
    """Draw one affine map and one smooth displacement a picture: (N, H, W, 2) in grid_sample's -1..1."""
    n, _, height, width = x.shape
    angle = _spread(n, x) * math.radians(settings.rotate_deg)
    shear = torch.tan(_spread(n, x) * math.radians(settings.shear_deg))
    scale = torch.exp(_spread(n, x) * math.log1p(settings.scale))
    stretch = torch.exp(_spread(n, x) * math.log1p(settings.stretch) * 0.5)
    cosine, sine = torch.cos(angle), torch.sin(angle)
    across, down = 1.0 / (scale * stretch), stretch / scale
    # Rows of rotation @ shear @ scale, in units of half a side; the aspect keeps a rotation a rotation in pixels.
    aspect = height / width
    theta = torch.zeros(n, 2, 3, device=x.device)
    theta[:, 0, 0] = cosine * across
    theta[:, 0, 1] = (cosine * shear - sine) * down * aspect
    theta[:, 1, 0] = sine * across / aspect
    theta[:, 1, 1] = (sine * shear + cosine) * down
    if settings.shift > 0.0:
        theta[:, :, 2] = (torch.rand(n, 2, device=x.device) * 2.0 - 1.0) * (2.0 * settings.shift)
    if settings.flip > 0.0:
        mirrored = torch.rand(n, device=x.device) < settings.flip
        theta[:, :, 0] = torch.where(mirrored[:, None], -theta[:, :, 0], theta[:, :, 0])
    parts = [theta]
    if settings.elastic > 0.0:
        points = torch.randn(n, 2, _ELASTIC_POINTS**2, device=x.device)
        parts.append(points * (2.0 * settings.elastic / _ELASTIC_RMS))
    motion = torch.cat(parts, dim=2)
    grid = motion.reshape(2 * n, -1) @ _pattern(height, width, settings.elastic > 0.0, str(x.device))
    return grid.reshape(n, 2, height, width).permute(0, 2, 3, 1)


@lru_cache(maxsize=8)
def _pattern(height: int, width: int, elastic: bool, device: str) -> Tensor:
    """Give the rows (x, y, 1 and each control point's bicubic bump) over all pixels, (3 or 3 + points, H * W).

    With them affine map and bend together are one matrix product: three times cheaper than affine_grid + interpolate.
    """
    across = (torch.arange(width) * 2.0 + 1.0) / width - 1.0
    down = (torch.arange(height) * 2.0 + 1.0) / height - 1.0
    rows = torch.stack([across.expand(height, width), down[:, None].expand(height, width), torch.ones(height, width)])
    rows = rows.reshape(3, -1)
    if elastic:
        points = _ELASTIC_POINTS**2
        units = torch.eye(points).reshape(points, 1, _ELASTIC_POINTS, _ELASTIC_POINTS)
        bumps = F.interpolate(units, size=(height, width), mode="bicubic", align_corners=True)
        rows = torch.cat([rows, bumps.reshape(points, -1)])
    return rows.to(device)


def _stroke(x: Tensor, share: float) -> Tensor:
    """Make a share of the pictures thicker (maximum of 3x3) or thinner (minimum), each half way or fully."""
    n = x.shape[0]
    draw = torch.rand(n, device=x.device)
    amount = 0.4 + 0.6 * torch.rand(n, device=x.device)
    x = x.clone()
    for chosen, sign in ((draw < share / 2, 1.0), ((draw >= share / 2) & (draw < share), -1.0)):
        rows = chosen.nonzero().squeeze(1)
        if rows.numel():
            part = x[rows]
            pooled = sign * F.max_pool2d(sign * part, 3, stride=1, padding=1)
            x[rows] = torch.lerp(part, pooled, amount[rows].reshape(-1, 1, 1, 1))
    return x


def _erase(x: Tensor, share: float) -> Tensor:
    """Blank one box in a share of the pictures: a tenth to a third of each side, filled with the picture's mean."""
    n, _, height, width = x.shape
    draw = torch.rand(5, n, device=x.device)
    tall, wide = (0.1 + 0.23 * draw[0]) * height, (0.1 + 0.23 * draw[1]) * width
    top, left = draw[2] * (height - tall), draw[3] * (width - wide)
    rows = torch.arange(height, device=x.device)[None, :]
    columns = torch.arange(width, device=x.device)[None, :]
    inside_rows = (rows >= top[:, None]) & (rows < (top + tall)[:, None])
    inside_columns = (columns >= left[:, None]) & (columns < (left + wide)[:, None])
    box = inside_rows[:, :, None] & inside_columns[:, None, :] & (draw[4] < share)[:, None, None]
    return torch.where(box[:, None], x.mean(dim=(2, 3), keepdim=True), x)


def rotated_copies(pictures: NDArray[np.uint8], angles_deg: tuple[float, ...]) -> NDArray[np.uint8]:
    """Give the pictures (N, C, H, W) followed by one rotated copy for each angle, ((1 + A) * N, C, H, W).

    What comes into view takes the nearest border pixel, as the published rune reader does it.
    """
    parts = [np.asarray(pictures)]
    n, channels, height, width = pictures.shape
    for angle in angles_deg:
        cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        theta = torch.tensor([[cosine, -sine * height / width, 0.0], [sine * width / height, cosine, 0.0]])
        grid = F.affine_grid(theta[None], [1, channels, height, width], align_corners=False)
        turned = np.empty_like(parts[0])
        for start in range(0, n, 256):
            batch = torch.from_numpy(np.array(pictures[start : start + 256])).float()
            sampled = F.grid_sample(
                batch, grid.expand(len(batch), -1, -1, -1), padding_mode="border", align_corners=False
            )
            turned[start : start + 256] = sampled.round().clamp(0, 255).to(torch.uint8).numpy()
        parts.append(turned)
    return np.concatenate(parts)
