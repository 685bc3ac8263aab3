"""Pictures of several sources as one sequence: what is new and what is known already, for learning from both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from glyphsmith.data.pictures import LabelledPictures
from glyphsmith.picture import Picture

__all__ = ["joined"]


def joined(first: LabelledPictures, *more: tuple[LabelledPictures, Sequence[int]]) -> LabelledPictures:
    """Put chosen pictures of further sources behind all of the first, which names the whole.

    ``more`` are (source, indices). The first source keeps the parts it gives; the others' parts are theirs to say,
    by whoever chose the pictures. Groups of one name are one group, wherever they come from.
    """
    rows = [(first, i) for i in range(len(first))] + [(source, int(i)) for source, chosen in more for i in chosen]
    own = len(first)
    samples = [source.sample(i) for source, i in rows]
    return LabelledPictures(
        form=first.form,
        reason=first.reason,
        where=first.where,
        store=_Rows(rows),
        names=[sample.name for sample in samples],
        labels=[sample.label for sample in samples],
        groups=[sample.group for sample in samples] if any(sample.group for sample in samples) else None,
        parts=[sample.part if i < own else None for i, sample in enumerate(samples)],
        notes=first.notes,
        columns=first.columns,
    )


class _Rows:
    """Pixels by index, each from the source it belongs to."""

    def __init__(self, rows: list[tuple[LabelledPictures, int]]) -> None:
        self._rows = rows

    def picture(self, i: int, name: str, /) -> Picture:  # noqa: ARG002 - the source knows its own name
        source, index = self._rows[i]
        return source.picture(index)

    def encoded(self, i: int, /) -> bytes | None:
        source, index = self._rows[i]
        return source.encoded(index)

    def block(self, start: int, stop: int, /) -> NDArray[np.uint8] | None:  # noqa: ARG002 - pictures lie apart
        return None
