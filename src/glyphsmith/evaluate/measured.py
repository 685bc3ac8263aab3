"""What every evaluation holds, whatever the reader answers: the record behind the figures of labels and of texts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glyphsmith import metrics
from glyphsmith.evaluate.specimens import Specimen

__all__ = ["BUSY_BELOW", "Measured"]

#: A quiet machine gives the reading thread its processor for more of the time than this.
BUSY_BELOW = 0.8


@dataclass(frozen=True, eq=False, kw_only=True)
class Measured(ABC):
    """What a reader made of N labelled pictures.

    ``confidence`` (N,) is the calibrated probability of what was read, ``sizes_px`` is (N, 2) of height and width.
    ``failed`` are (name, label, error) of the pictures that could not be read and are none of the N. ``read_ms`` and
    ``decode_ms`` are of the pictures read singly, on one thread; ``cpu_share`` is the part of that time for which the
    thread had a processor: well below 1, the machine was busy and the times say more about it.
    """

    reader: str
    about: str
    data: str
    form: str
    part: str
    confidence: NDArray[np.float32]
    sizes_px: NDArray[np.int32]
    failed: tuple[tuple[str, str, str], ...]
    read_ms: NDArray[np.float64]
    decode_ms: NDArray[np.float64]
    cpu_share: float
    file_bytes: int
    reject_below: float
    stages: tuple[str, ...]
    seconds: float
    surest: tuple[Specimen, ...] = ()
    pairs: tuple[tuple[Specimen, ...], ...] = ()

    @property
    @abstractmethod
    def right(self) -> NDArray[np.bool_]:
        """Which answers (N,) were right."""

    @property
    def n(self) -> int:
        """How many pictures were read."""
        return len(self.confidence)

    @property
    def accuracy(self) -> float:
        """The share of right answers among the pictures that were read."""
        return float(self.right.mean())

    @property
    def ci95(self) -> tuple[float, float]:
        """The 95 % interval of the share of right answers."""
        return metrics.wilson_interval(int(self.right.sum()), self.n)

    @property
    def ece(self) -> float:
        """The expected calibration error."""
        return metrics.expected_calibration_error(self.confidence, self.right)

    @property
    def answered(self) -> NDArray[np.bool_]:
        """Which pictures (N,) the file answers by itself, without being told what to refuse."""
        return np.asarray(self.confidence >= self.reject_below)

    @property
    def machine_was_busy(self) -> bool:
        """True where the measured times are those of a machine with other things to do."""
        return self.cpu_share < BUSY_BELOW

    @property
    def ms(self) -> tuple[float, float]:
        """p50 and p95 of reading one picture on one thread, from raw pixels to the answer, in milliseconds."""
        p50, p95 = metrics.percentiles(self.read_ms)
        return p50, p95
