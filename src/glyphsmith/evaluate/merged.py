"""Several evaluations of the same kind as one: the folds of a data set, each read by a reader of its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from glyphsmith.evaluate.evaluation import Evaluation
from glyphsmith.evaluate.specimens import PAIR_PICTURES, PAIRS, SUREST, Specimen
from glyphsmith.evaluate.text import TextEvaluation

__all__ = ["merged"]

_ROWS = ("confidence", "sizes_px", "read_ms", "decode_ms")
_LABEL_ROWS = ("truth", "read", "placed", "in_alphabet")


def merged(parts: Sequence[Evaluation | TextEvaluation], *, part: str, file_bytes: int) -> Evaluation | TextEvaluation:
    """Put evaluations with the same alphabet behind one another; ``part`` names the whole, ``file_bytes`` the file.

    Of the specimens the surest are kept, and the most frequent confusions of all.
    """
    first = parts[0]
    changes: dict[str, Any] = {name: np.concatenate([getattr(one, name) for one in parts]) for name in _ROWS}
    if isinstance(first, Evaluation):
        changes |= {name: np.concatenate([getattr(one, name) for one in parts]) for name in _LABEL_ROWS}
        longest = max((one.labels for one in parts), key=len)
        changes["labels"] = longest
    else:
        changes |= {name: tuple(text for one in parts for text in getattr(one, name)) for name in ("truths", "reads")}
    surest = sorted((specimen for one in parts for specimen in one.surest), key=lambda s: -s.confidence)
    found = replace(
        first,
        **changes,
        part=part,
        file_bytes=file_bytes,
        failed=tuple(failure for one in parts for failure in one.failed),
        cpu_share=min(one.cpu_share for one in parts),
        seconds=sum(one.seconds for one in parts),
        surest=tuple(surest[:SUREST]),
        pairs=(),
    )
    return replace(found, pairs=_pairs(parts, found))


def _pairs(
    parts: Sequence[Evaluation | TextEvaluation], found: Evaluation | TextEvaluation
) -> tuple[tuple[Specimen, ...], ...]:
    """Gather what the parts show of each confusion, and keep the most frequent ones of the whole."""
    shown: dict[tuple[str, str], dict[str, Specimen]] = defaultdict(dict)
    for one in parts:
        # A mistake of a text is no confusion of two characters.
        mistakes = () if isinstance(one, TextEvaluation) else one.surest
        for specimen in [*(specimen for pair in one.pairs for specimen in pair), *mistakes]:
            shown[specimen.truth, specimen.read].setdefault(specimen.name, specimen)
    chosen: list[tuple[Specimen, ...]] = []
    for truth, read, count in found.confusions:
        there = sorted(shown.get((truth, read), {}).values(), key=lambda s: -s.confidence)
        if count > 1 and there and len(chosen) < PAIRS:
            chosen.append(tuple(there[:PAIR_PICTURES]))
    return tuple(chosen)
