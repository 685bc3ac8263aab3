"""The gate: a file is kept only if it reads the validation pictures exactly as the trained network does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

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


T = TypeVar("T")


def _on_one_thread(items: Iterable[T]) -> Iterator[T]:
    """Pass items on while torch computes on one thread: for one picture at a time more only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield from items
    finally:
        torch.set_num_threads(before)


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
    largest, count = 0.0, 0
    for name, picture in _on_one_thread(pictures):
        batch = picture[None]
        read = run(session, ["probabilities"], batch)[0]
        with torch.no_grad():
            given = network(torch.from_numpy(prepare(batch)))
            logits = (given if isinstance(given, Tensor) else given[0]) / temperature
            if isinstance(network, PicturesToLabels):
                wanted = label_probabilities(logits, refuses=network.refuses).numpy()
            else:
                wanted = torch.softmax(logits, dim=-1).numpy()
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
        largest, count = max(largest, difference), count + 1
    return ParityReport(count, largest)
