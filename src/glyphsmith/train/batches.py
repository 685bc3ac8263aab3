"""Batches of prepared pictures: uint8 rows, perhaps on disk, to floats on the device, changed at random."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from glyphsmith.train.augment import augment, changes_anything
from glyphsmith.train.recipe import Augment

__all__ = ["Batches"]

#: Pictures up to this many bytes move to an accelerator once and for all; a larger set is fed batch by batch.
_RESIDENT_BYTES = 4_000_000_000


class Batches:
    """Gives batches of pictures (N, C, H, W), uint8, with labels (N,)."""

    def __init__(
        self,
        pictures: NDArray[np.uint8],
        labels: NDArray[np.int64],
        settings: Augment,
        *,
        ink: bool,
        device: torch.device,
    ) -> None:
        # A plain view of a memory map: numpy's memmap class makes each batch three times slower than its bytes.
        self.pictures = pictures.view(np.ndarray)
        self.labels = np.ascontiguousarray(labels, dtype=np.int64)
        self.settings = settings if changes_anything(settings) else None
        self.ink = ink
        self.device = device
        self.resident: Tensor | None = None
        if device.type != "cpu" and self.pictures.nbytes <= _RESIDENT_BYTES:
            self.resident = torch.from_numpy(np.array(self.pictures)).to(device)

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """Give pictures (B, C, H, W), floats in 0..1, changed at random by torch's current seed, and labels (B,)."""
        labels = torch.from_numpy(self.labels[indices]).to(self.device)
        if self.resident is not None:
            raw = self.resident[torch.from_numpy(indices).to(self.device)]
        else:
            raw = torch.from_numpy(self.pictures.take(indices, axis=0)).to(self.device)
        return self._changed(raw), labels

    def changed(self, pictures: NDArray[np.uint8], labels: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """Give prepared pictures from elsewhere, and their labels, as ``take`` would; nothing given is kept."""
        # A copy on the CPU too: labels may lie in memory that is written again before the step has ended.
        known = torch.from_numpy(np.array(labels)).to(self.device)
        return self._changed(torch.from_numpy(np.asarray(pictures)).to(self.device)), known

    def _changed(self, raw: Tensor) -> Tensor:
        x = raw.float().mul_(1.0 / 255.0)
        if self.settings is not None:
            x = augment(x, self.settings, ink=self.ink)
        return x.contiguous(memory_format=torch.channels_last)
