"""What ``train --from`` needs of export and reading: the old reader opened before all else, and compared at the end.

``run`` calls it. What is learned again and how is decided below, in ``train.rehearsal``, ``further`` and ``distil``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from glyphsmith.alphabet import Alphabet
from glyphsmith.data.one_sign import open_one_sign
from glyphsmith.errors import DataError
from glyphsmith.evaluate.evaluation import evaluate
from glyphsmith.evaluate.words import count, percent
from glyphsmith.export.reader_file import network_weights
from glyphsmith.runtime.reader import Reader, open_reader
from glyphsmith.runtime.store import resolve
from glyphsmith.train.automatic import Decision
from glyphsmith.train.distil import KeepsOldAnswers, keeping
from glyphsmith.train.further import go_on
from glyphsmith.train.recipe import Recipe
from glyphsmith.train.records import figures
from glyphsmith.train.rehearsal import Rehearsal, rehearse

if TYPE_CHECKING:
    from torch import Tensor

    from glyphsmith.data.audit import Audit
    from glyphsmith.data.pictures import LabelledPictures, Source
    from glyphsmith.data.split import Split

__all__ = ["Grown", "OldReader", "before_and_after", "one_new_sign", "open_old", "take_up"]


@dataclass(frozen=True, slots=True)
class OldReader:
    """The reader that a run goes on from: its file, and the weights of its network by their own names."""

    path: Path
    reader: Reader
    weights: dict[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Grown:
    """A run that goes on from a reader: the reader, what is rehearsed of its pictures, and how that is said."""

    old: OldReader
    rehearsal: Rehearsal
    rehearsed: Decision

    def go_on(
        self, recipe: Recipe, found: Alphabet, settings: Sequence[str], *, shorter: bool
    ) -> tuple[Recipe, Alphabet, dict[str, Tensor], list[Decision]]:
        """Take preparation, network, labels and weights from the old file; see ``train.further``."""
        recipe, alphabet, state, why = go_on(
            self.old.reader.card,
            self.old.weights,
            recipe,
            found,
            settings=settings,
            shorter=shorter,
            where=str(self.old.path),
        )
        return recipe, alphabet, state, [why[0], self.rehearsed, *why[1:]]

    def lesson(self, recipe: Recipe, start: dict[str, Tensor]) -> KeepsOldAnswers | None:
        """Give what has to be kept beside the labels: the old answers, where there are no old pictures."""
        if self.rehearsal.known:
            return None
        return keeping(recipe, start, len(self.old.reader.card.alphabet))

    def judging(self, checked: Audit, split: Split) -> NDArray[np.int64]:
        """Give the old pictures that judge what was kept; none where there are no old pictures."""
        return self.rehearsal.judging(split, self.rehearsal.settled(checked))

    def compare(
        self, file: bytes, checked: Audit, split: Split
    ) -> tuple[dict[str, Any], dict[str, dict[str, Any]], tuple[str, ...]]:
        """Measure what is kept, with the old file and with the new one.

        Gives the record for metrics.json, the figures for the card, and both in words.
        """
        known = self.rehearsal.known
        indices = self.judging(checked, split) if known else split.validation
        what = "old pictures" if known else "new pictures of old labels"
        record: dict[str, Any] = {"rehearsed": self.rehearsed.value, "pictures": what, "n": 0}
        on_card: dict[str, dict[str, Any]] = {}
        lines: list[str] = []
        both = before_and_after(self.old, file, self.rehearsal.source, indices)
        if both is not None:
            then, now = both
            on_card[what] = {**now, "before": then}
            record |= {"n": now["n"], "before": then, "after": now}
            key = "exact" if "exact" in now else "accuracy"
            lines.append(
                f"{what}: {percent(then[key], then['n'])} -> {percent(now[key], now['n'])}, n = {count(now['n'])} "
                f"(95 % intervals {_interval(then['ci95'])} and {_interval(now['ci95'])}), "
                + (
                    "not learned again; the old reader knew them"
                    if self.rehearsal.learned_before
                    else "validation part"
                )
            )
        if not known:
            lines.append(
                f"note: {self.rehearsal.why}; the old answers on the new pictures were kept, "
                "but what no new picture resembles could be forgotten: measure it with `glyphsmith eval`"
            )
        return record, on_card, tuple(lines)


def open_old(model: str) -> OldReader:
    """Open the reader to go on from. Raises ModelError where it is none, or keeps no weights to go on from."""
    path = resolve(model)
    return OldReader(path, open_reader(path), network_weights(path.read_bytes(), where=str(path)))


def one_new_sign(old: OldReader | None, place: str) -> LabelledPictures | None:
    """Open the pictures of one sign that a reader of labels is to learn besides its own; None for all else."""
    return open_one_sign(place) if place and old is not None and old.reader.card.task == "label" else None


def take_up(old: OldReader, source: LabelledPictures, *, seed: int, say: Callable[[str], None]) -> Grown:
    """Find what the old reader learned from and put what is rehearsed of it behind the new pictures.

    Raises DataError for one new label alone where nothing is known that it could be told from.
    """
    grown = Grown(old, *rehearse(old.path, old.reader.card, source, seed=seed, say=say))
    if not grown.rehearsal.known and old.reader.card.task == "label" and len(set(source.labels)) == 1:
        raise DataError(
            f"{source.where}: pictures of {source.labels[0]} alone, and {grown.rehearsal.why}: "
            "the reader would answer it to everything",
            hint="name the run folder of the reader with --from, or add some pictures of its other labels",
        )
    return grown


def before_and_after(
    old: OldReader, file: bytes, source: Source, indices: NDArray[np.int64]
) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Give the figures of the old file and of the new one on those pictures ``indices`` whose labels the old one knows.

    None where there are none.
    """
    texts = old.reader.card.task == "text"
    alphabet = set(old.reader.card.alphabet)
    labels = [source.sample(int(i)).label for i in indices]
    fits = [set(label) <= alphabet if texts else label in alphabet for label in labels]
    chosen = indices[np.array(fits, dtype=bool)]
    if not len(chosen):
        return None
    then, now = (evaluate(reader, source, indices=chosen) for reader in (old.reader, open_reader(file)))
    return figures(then.as_dict()), figures(now.as_dict())


def _interval(ends: Sequence[float]) -> str:
    return f"{100 * ends[0]:.1f} to {100 * ends[1]:.1f}"
