"""Below which share of the probability a finished reader answers "none of these": settled on the file itself.

``run`` calls it once the file's own figures are known. What is learned of strangers, and how a threshold follows from
own and strange pictures, is ``train.strangers``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from glyphsmith.errors import PictureError
from glyphsmith.evaluate.evaluation import Evaluation
from glyphsmith.evaluate.text import TextEvaluation
from glyphsmith.picture import Picture
from glyphsmith.results import LabelReading
from glyphsmith.runtime.reader import open_reader
from glyphsmith.train.strangers import LEAST_OWN, Threshold, threshold_of

if TYPE_CHECKING:
    from glyphsmith.preparing import Task

__all__ = ["none_below_of", "settle_threshold"]


def settle_threshold(file: bytes, task: Task, evaluation: Evaluation | TextEvaluation | None) -> Threshold | None:
    """Settle what counts as none of the labels; None where it was not learned, or too little is known of the own.

    Own pictures are those of the folds, or of the validation part: nothing is chosen on a test part. Of a reader that
    went on, its old ones that were not learned again are among them.
    """
    if task.strangers is None or not isinstance(evaluation, Evaluation):
        return None
    reader = open_reader(file)

    def shares(pictures: Iterable[Picture]) -> list[float]:
        answers = reader.read_each(pictures, reject=0.0)
        return [answer.in_alphabet for answer in answers if isinstance(answer, LabelReading)]

    tested = len(task.split.test) > 0 and task.folds is None
    seen = shares(_validation(task)) if tested else evaluation.in_alphabet.tolist()
    own = [*seen, *shares(_old_pictures(task))]
    return threshold_of(own, shares(task.strangers.kept_back)) if len(own) >= LEAST_OWN else None


def none_below_of(task: Task, threshold: Threshold | None) -> tuple[float, tuple[str, ...]]:
    """Give the share below which the reader refuses (0: it refuses nothing) and what is said of it.

    A reader that went on, with too few own pictures to settle another, keeps what it had.
    """
    if threshold is not None:
        return threshold.at, (threshold.line(),)
    if task.grown is None or task.strangers is None:
        return 0.0, ()
    old = task.grown.old.reader.card
    return old.none_below, (f"none of these: the threshold of {old.name} stays ({old.none_below:.3g})",)


def _validation(task: Task) -> Iterator[Picture]:
    indices = task.split.validation
    if task.grown is not None:
        indices = task.grown.rehearsal.new_of(indices)
    for i in indices.tolist():
        with suppress(PictureError):
            yield task.source.picture(i)


def _old_pictures(task: Task) -> Iterator[Picture]:
    if task.grown is not None:
        for i in task.grown.judging(task.audit, task.split).tolist():
            with suppress(PictureError):
                yield task.source.picture(i)
