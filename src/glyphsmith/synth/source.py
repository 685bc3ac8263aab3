"""A painter as a source of labelled pictures: ``train --recipe captcha`` learns from it without a folder of files.

Nothing is stored here: picture i of a seed is painted whenever it is asked for, and is the same each time.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glyphsmith.data.pictures import LabelledPictures
from glyphsmith.errors import RecipeError
from glyphsmith.picture import Picture
from glyphsmith.synth.arithmetic import ARITHMETIC, ArithmeticPainter
from glyphsmith.synth.captcha import CaptchaPainter
from glyphsmith.synth.labelled import LabelledPainter
from glyphsmith.synth.seeded import SeededPainter
from glyphsmith.synth.settings import preset

__all__ = ["painted_source", "painter_of"]


def painter_of(
    kind: str,
    *,
    look: str = "library-0.7.1",
    alphabet: str = "",
    length: Sequence[int] = (),
    width_px: int = 0,
    height_px: int = 0,
    fonts: Sequence[str] = (),
    fold: bool = False,
    emphasis: str = "",
    emphasis_share: float = 0.0,
) -> SeededPainter:
    """Give the painter of a kind; empty and 0 settings are those of its look.

    Raises DataError where the settings cannot be painted, RecipeError for a length that is none.
    """
    changes: dict[str, Any] = {}
    if width_px:
        changes["width_px"] = width_px
    if height_px:
        changes["height_px"] = height_px
    if fonts:
        changes["fonts"] = tuple(fonts)
    if kind == "arithmetic":
        return ArithmeticPainter(replace(ARITHMETIC, **changes))
    if alphabet:
        changes["alphabet"] = alphabet
    if fold:
        changes["fold"] = True
    if length:
        if len(length) > 2:
            raise RecipeError(f"[synth] length is {list(length)}, expected the least and the most")
        changes["length"] = (length[0], length[-1])
    return CaptchaPainter(preset(look, **changes), emphasis=emphasis, emphasis_share=emphasis_share)


def painted_source(painter: LabelledPainter, pictures: int, *, seed: int, kind: str, how: str) -> LabelledPictures:
    """Give pictures 0 to ``pictures`` - 1 of a seed; ``kind`` and ``how`` say what they are to people."""
    digits = len(str(max(0, pictures - 1)))
    return LabelledPictures(
        form="painted pictures",
        reason=f"{how}, seed {seed}",
        where=f"painted {kind}",
        store=_Painted(painter, seed),
        names=[f"{i:0{digits}d}" for i in range(pictures)],
        labels=[painter.text(seed, i) for i in range(pictures)],
        notes=painter.describe(),
    )


class _Painted:
    """Pixels by index, from a painter; each thread paints with a painter of its own."""

    def __init__(self, painter: LabelledPainter, seed: int) -> None:
        self._painter, self._seed = painter, seed
        self._own = threading.local()

    def picture(self, i: int, name: str, /) -> Picture:  # noqa: ARG002 - what is painted has no file to name
        painter: LabelledPainter | None = getattr(self._own, "painter", None)
        if painter is None:
            painter = self._own.painter = copy.deepcopy(self._painter)
        return painter.paint(self._seed, i)[0]

    def encoded(self, i: int, /) -> bytes | None:  # noqa: ARG002 - as above
        return None

    def block(self, start: int, stop: int, /) -> NDArray[np.uint8] | None:  # noqa: ARG002 - as above
        return None
