"""How a reader came to be: what a training run hands to the report; a file evaluated later has no story."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from glyphsmith.evaluate.specimens import Specimen

__all__ = ["Story"]


@dataclass(frozen=True, slots=True)
class Story:
    """The course of one training run, in the order in which a person asks for it.

    ``decisions`` are (what, value, reason). ``history`` has one record an epoch with the key ``epoch``; every other
    number in it whose name ends in ``loss`` or ``accuracy`` (``train_loss``, ``val_accuracy``) becomes a curve.
    ``stopped`` says why learning ended, ``seconds`` how long it took, ``command`` is what was typed. ``remarks`` are
    sentences that belong beside the figures, such as what became of the old pictures where a run went on from a reader.
    ``doubtful`` are pictures whose labels others contradict, the most doubtful first. ``refusing`` holds (threshold,
    share of the own pictures kept, share of strange ones refused) where the reader knows "none of these".
    """

    title: str = ""
    recipe_toml: str = ""
    decisions: tuple[tuple[str, str, str], ...] = ()
    audit_lines: tuple[str, ...] = ()
    history: tuple[Mapping[str, Any], ...] = ()
    stopped: str = ""
    seconds: float = 0.0
    command: str = ""
    remarks: tuple[str, ...] = ()
    doubtful: tuple[Specimen, ...] = ()
    refusing: tuple[tuple[float, float, float], ...] = ()
