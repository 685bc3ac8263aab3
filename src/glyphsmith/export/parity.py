"""The gate: a file is kept only if it reads the validation pictures exactly as the trained network does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from glyphsmith.errors import ExportError
from glyphsmith.export.graph import preparation
from glyphsmith.nets import PicturesToLabels, label_probabilities
from glyphsmith.runtime.session import Preparer, open_session, run
from glyphsmith.train.recipe import Prepare

__all__ = ["TOLERANCE", "ParityReport", "check_parity"]

#: Largest difference of any probability between the file and the network (DESIGN decision 3).
TOLERANCE = 1e-4


@dataclass(frozen=True, slots=True)
class ParityReport:
    """How many pictures were compared, and the largest difference of a probability among them."""

    n: int
    largest: float


#: Prepared pictures that the network sees in one go: one by one, threads wait for each other ten times as long.
_BATCH = 32


def check_parity(
    file: bytes,
    network: nn.Module,
    settings: Prepare,
    pictures: Iterable[tuple[str, NDArray[np.uint8]]],
    *,
    temperature: float,
) -> ParityReport:
    """Read (name, uint8 (H, W, 3)) pictures with both and compare answers and probabilities.

    The network sees what the preparation graph alone gives, in float32. Raises ExportError that names the first picture
    whose answer differs or whose probabilities differ by more than TOLERANCE; ties closer than that are no difference.
    """
    session = open_session(file, ["probabilities"])
    prepare = Preparer(preparation(settings).SerializeToString())
    network = network.cpu().float().eval()
    # Of a picture only what was read and what is prepared is kept: photographs are large.
    seen = ((name, run(session, ["probabilities"], one[None])[0], prepare(one[None])) for name, one in pictures)
    largest, count = 0.0, 0
    while chunk := list(islice(seen, _BATCH)):
        wanted = _scores(network, np.concatenate([prepared for _, _, prepared in chunk]), temperature)
        for (name, read, _), expected in zip(chunk, wanted, strict=True):
            largest, count = max(largest, _difference(name, read, expected[None])), count + 1
    return ParityReport(count, largest)


def _scores(network: nn.Module, prepared: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """Give the network's probabilities (N, ...) of prepared pictures (N, C, h, w)."""
    with torch.no_grad():
        given = network(torch.from_numpy(prepared))
        logits = (given if isinstance(given, Tensor) else given[0]) / temperature
        if isinstance(network, PicturesToLabels):
            return np.asarray(label_probabilities(logits, refuses=network.refuses).numpy(), np.float32)
        return np.asarray(torch.softmax(logits, dim=-1).numpy(), np.float32)


def _difference(name: str, read: NDArray[np.float32], wanted: NDArray[np.float32]) -> float:
    """Give the largest difference of the probabilities (1, ...) of one picture. Raises ExportError."""
    if read.shape != wanted.shape:
        raise ExportError(f"{name}: the file gives scores of shape {read.shape}, the network {wanted.shape}")
    difference = float(np.abs(read - wanted).max())
    # A text has one answer a column, a label one in all.
    found, expected = (scores[0].reshape(-1, scores.shape[-1]) for scores in (read, wanted))
    answers = found.argmax(axis=1), expected.argmax(axis=1)
    rows = np.arange(len(expected))
    ties = expected[rows, answers[1]] - expected[rows, answers[0]] <= TOLERANCE
    other = np.flatnonzero((answers[0] != answers[1]) & ~ties)
    if not difference <= TOLERANCE or len(other):
        at = int(other[0]) if len(other) else int(np.abs(found - expected).max(axis=1).argmax())
        raise ExportError(
            f"{name}: the file does not read this picture as the trained network does "
            f"(label {answers[0][at]} instead of {answers[1][at]}, probabilities differ by {difference:.2g}); "
            "no file was written",
            hint="the trained weights stay in the run folder; please report this with its recipe.toml",
        )
    return difference
