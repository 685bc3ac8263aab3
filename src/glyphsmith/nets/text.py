"""Our own reader of texts: convolutions alone, one column of scores for every few pixels of width.

No recurrence: a column sees about a third of the picture, which is what tells a character from its neighbours, and a
convolution runs and quantises everywhere. The strides follow from the size and the columns that are needed, so one
family serves pictures of 44x18 as well as of 400x80.

A guide learns beside the columns and is not written into the file: one query a place, each looking for its own
character over the columns, with a cross entropy that has no blank to hide in. It takes CTC off its plateau, on which
every column says blank (docs/log.md). The same queries are the head of fixed length.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn

from glyphsmith.nets.drop import Dropout
from glyphsmith.nets.face import PicturesToText

__all__ = ["TextNet"]

#: Rows that are left before they are folded into one; fewer lose what tells a 6 from a 9.
_ROWS = 4
#: Columns that a query looks at to either side when it is fresh, as a share of the picture.
_REACH = 0.5
#: The logit of a blank before anything is learned. Tried against the blank plateau; no gain was measured (docs/log.md).
_BLANK_BIAS = -2.0


def _convolution(inputs: int, outputs: int, kernel: tuple[int, int], stride: tuple[int, int]) -> nn.Sequential:
    padding = (kernel[0] // 2, kernel[1] // 2)
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=padding, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class TextNet(PicturesToText):
    """``widths``: stem, stages of two 3x3 convolutions each, and the columns at last.

    ``columns`` is the least number of columns; ``places`` the length of texts (``fixed``) or the longest that the guide
    follows (``ctc``, 0: no guide).
    """

    def __init__(
        self,
        widths: tuple[int, ...],
        dropout: float,
        size: tuple[int, int, int],
        classes: int,
        *,
        reading: Literal["ctc", "fixed"],
        columns: int,
        places: int,
    ) -> None:
        super().__init__()
        if len(widths) < 3:
            raise ValueError(f"a text network has a stem, one stage or more, and columns; got widths {widths}")
        if reading == "fixed" and places < 1:
            raise ValueError("a head of fixed length needs network.places, the length of the texts")
        channels, height, width = size
        if width < columns:
            raise ValueError(f"{columns} columns are needed, a picture of {width} px has no more than {width}")

        def stride() -> tuple[int, int]:
            nonlocal height, width
            down = 2 if height >= 2 * _ROWS - 1 else 1
            across = 2 if -(-width // 2) >= columns else 1
            height, width = -(-height // down), -(-width // across)
            return down, across

        layers: list[nn.Module] = [_convolution(channels, widths[0], (5, 5), stride())]
        for before, after in pairwise(widths[:-1]):
            layers.append(_convolution(before, after, (3, 3), stride()))
            layers.append(_convolution(after, after, (3, 3), (1, 1)))
        self.features = nn.Sequential(*layers)
        last = widths[-1]
        self.fold = nn.Sequential(
            nn.Conv2d(widths[-2], last, (height, 1), bias=False), nn.BatchNorm2d(last), nn.ReLU(inplace=True)
        )
        self.context = _convolution(last, last, (1, 3), (1, 1))
        self.drop = Dropout(dropout)
        self.classes, self.reading = classes, reading
        self.columns = width if reading == "ctc" else places
        if reading == "ctc":
            self.head = nn.Linear(last, 1 + classes)
            with torch.no_grad():
                self.head.bias.zero_()
                self.head.bias[0] = _BLANK_BIAS
        self.places = places
        if places:
            self.queries = nn.Conv2d(last, places, 1)
            middle = (torch.arange(places) + 0.5) / places
            where = (torch.arange(width) + 0.5) / width
            away = (where[None] - middle[:, None]) * places / _REACH / 2
            self.places_prior = nn.Parameter(-(away**2))
            self.guide = nn.Linear(last, classes + (reading == "ctc"))

    def _columns(self, x: Tensor) -> Tensor:
        """Give the features of the columns (N, C, 1, T)."""
        folded = self.fold(self.features(x - 0.5))
        columns: Tensor = self.drop(self.context(folded) + folded)
        return columns

    def _placed(self, columns: Tensor) -> Tensor:
        """Give the logits (N, P, K or K+1) of the queries."""
        look = torch.softmax(self.queries(columns).squeeze(2) + self.places_prior, dim=2)
        logits: Tensor = self.guide(look @ columns.squeeze(2).transpose(1, 2))
        return logits

    def scores(self, x: Tensor) -> Tensor:
        """Give the logits (N, T, 1+K), or (N, P, K) of fixed length."""
        columns = self._columns(x)
        if self.reading == "fixed":
            return self._placed(columns)
        logits: Tensor = self.head(columns.squeeze(2).transpose(1, 2))
        return logits

    def guided(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        """Give the logits and those of the guide, from one pass."""
        if self.reading == "fixed" or not self.places:
            return self.scores(x), None
        columns = self._columns(x)
        return self.head(columns.squeeze(2).transpose(1, 2)), self._placed(columns)
