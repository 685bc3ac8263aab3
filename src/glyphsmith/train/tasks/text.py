"""What is particular to pictures that carry a text: the loss, what counts as right, and calibration.

Texts are rows (N, L) of label indices, -1 behind the end. Logits are (N, T, 1+K) of a CTC head, class 0 the blank, or
(N, P, K) of a head of fixed length. Every figure here is of whole texts, read greedily.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from glyphsmith.decode import confidence, ctc
from glyphsmith.train.tasks.label import fit_temperature as fit_label_temperature
from glyphsmith.train.tasks.label import least

__all__ = ["TextLesson", "columns_needed", "read_greedily"]


def columns_needed(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give for texts (N, L) the fewest columns (N,) that can show them: a label each, a blank between equal ones."""
    there = rows >= 0
    again = (rows[:, 1:] == rows[:, :-1]) & there[:, 1:]
    return np.asarray(there.sum(axis=1) + again.sum(axis=1), dtype=np.int64)


def read_greedily(logits: Tensor, head: Literal["ctc", "fixed"]) -> Tensor:
    """Give the texts (N, T) of the best path through logits (N, T, C), -1 behind the end."""
    best = logits.argmax(dim=2)
    if head == "fixed":
        return best
    new = best > 0
    new[:, 1:] &= best[:, 1:] != best[:, :-1]
    # Column T is where everything goes that is not read.
    place = torch.where(new, new.cumsum(dim=1) - 1, best.shape[1])
    out = torch.full((best.shape[0], best.shape[1] + 1), -1, dtype=best.dtype, device=best.device)
    return out.scatter_(1, place, best - 1)[:, :-1]


def _same(read: Tensor, texts: Tensor) -> Tensor:
    """Say which rows (N,) are the same texts, whatever their widths."""
    width = max(read.shape[1], texts.shape[1])
    read, texts = (F.pad(rows, (0, width - rows.shape[1]), value=-1) for rows in (read, texts))
    return (read == texts).all(dim=1)


@dataclass(frozen=True, slots=True)
class TextLesson:
    """Texts, by CTC (Graves et al. 2006) or one cross entropy a place; ``guide`` weighs the guide's cross entropy."""

    head: Literal["ctc", "fixed"]
    smoothing: float = 0.0
    guide: float = 0.0

    def loss(self, model: Any, x: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Give the loss and the logits of a batch; the guide's loss counts too where there is a guide."""
        if self.head == "fixed":
            logits = model.scores(x).float()
            return F.cross_entropy(logits.flatten(0, 1), labels.flatten(), label_smoothing=self.smoothing), logits
        logits, guided = model.guided(x) if self.guide else (model.scores(x), None)
        logits = logits.float()
        loss = self._ctc(logits, labels).mean()
        if guided is not None:
            places = guided.shape[1]
            wanted = F.pad(labels, (0, max(0, places - labels.shape[1])), value=-1)[:, :places]
            # Behind the end stands the guide's own last class, once; what follows it is nobody's business.
            ended = (wanted < 0) & (F.pad(wanted, (1, 0))[:, :-1] >= 0)
            wanted = torch.where(ended, guided.shape[2] - 1, wanted)
            loss = loss + self.guide * F.cross_entropy(
                guided.float().flatten(0, 1), wanted.flatten(), ignore_index=-1, label_smoothing=self.smoothing
            )
        return loss, logits

    def _ctc(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Give the loss (N,) in nats a character: an epoch of long texts weighs no more than one of short ones."""
        lengths = (labels >= 0).sum(dim=1)
        columns = torch.full_like(lengths, logits.shape[1])
        losses = F.ctc_loss(
            logits.log_softmax(dim=2).transpose(0, 1),
            labels.clamp_min(0) + 1,
            columns,
            lengths,
            blank=0,
            reduction="none",
            zero_infinity=True,
        )
        return losses / lengths.clamp_min(1)

    def right(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Count the texts that are read rightly, every character of them."""
        return _same(read_greedily(logits, self.head), labels).sum()

    def verdict(self, logits: NDArray[np.float32], labels: NDArray[np.int64]) -> tuple[float, float]:
        """Give the mean loss and the share of whole texts that are right."""
        if not len(labels):
            return float("nan"), 0.0
        scores, texts = torch.from_numpy(logits), torch.from_numpy(labels)
        return self._cost(scores, texts), float(self.right(scores, texts)) / len(labels)

    def _cost(self, scores: Tensor, texts: Tensor) -> float:
        if self.head == "fixed":
            return float(F.cross_entropy(scores.flatten(0, 1), texts.flatten()))
        return float(self._ctc(scores, texts).mean())

    def calibrate(self, logits: NDArray[np.float32], labels: NDArray[np.int64]) -> tuple[float, float]:
        """Give the temperature of the columns by their own loss, then that of whole texts by what was right."""
        if not len(labels):
            return 1.0, 1.0
        texts = torch.from_numpy(labels)
        if self.head == "fixed":
            columns = fit_label_temperature(logits.reshape(-1, logits.shape[2]), labels.reshape(-1))
        else:
            scores = torch.from_numpy(logits).double()
            # Never sharpened: where validation knows no mistake, nothing speaks for more certainty than was learned.
            columns = max(1.0, least(lambda log_t: self._cost(scores / math.exp(log_t), texts)))
        log_probs = torch.from_numpy(logits).div(columns).log_softmax(dim=2)
        read = read_greedily(log_probs, self.head)
        right: list[bool] = _same(read, texts).tolist()
        found = []
        for scores_of_one, row in zip(log_probs.numpy(), read.numpy(), strict=True):
            if self.head == "fixed":
                found.append(float(scores_of_one.max(axis=1).sum()))
            else:
                found.append(ctc.sequence_log_probability(scores_of_one, row[row >= 0].tolist()))
        return columns, confidence.fit_temperature(found, right)
