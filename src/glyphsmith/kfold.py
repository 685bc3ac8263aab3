"""Figures by k-fold: the same recipe learned once without each fold, and every fold read by who has not seen it.

``run`` calls ``score`` when the file is written that learned from everything: a Ctrl-C costs the figures, never the
file, and ``--resume`` runs no finished fold again. Everything that belongs to learning happens inside the fold: its
pictures are prepared, painted and changed for it alone, and nothing of the fold that is held out steers it. What is
measured is a file like the one that is handed out, through the same reading.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from glyphsmith.card import Card
from glyphsmith.data.pictures import LabelledPictures
from glyphsmith.errors import PictureError
from glyphsmith.evaluate.evaluation import Evaluation, evaluate
from glyphsmith.evaluate.merged import merged
from glyphsmith.evaluate.specimens import Specimen
from glyphsmith.evaluate.text import TextEvaluation
from glyphsmith.evaluate.text_specimens import NOTHING
from glyphsmith.evaluate.thumbnails import thumbnail_uri
from glyphsmith.evaluate.words import percent
from glyphsmith.export.graph import preparation
from glyphsmith.export.reader_file import reader_bytes, round_weights
from glyphsmith.files import write_atomically
from glyphsmith.preparing import Task
from glyphsmith.runtime.reader import open_reader
from glyphsmith.runtime.session import Preparer
from glyphsmith.train import checkpoint, diagnose, diagnose_text
from glyphsmith.train.doubtful import Doubt, label_log_probabilities, rank_doubts
from glyphsmith.train.folding import FoldFigures, fold_figures, how_long, seconds_for_fold
from glyphsmith.train.judge import logits_of
from glyphsmith.train.learned import Fit, build_network
from glyphsmith.train.loop import fit as learn
from glyphsmith.train.more import Point, forecast, in_words, shares_of
from glyphsmith.train.prepared import Prepared, prepare_parts
from glyphsmith.train.tasks.lesson import lesson_of

__all__ = ["Scored", "doubtful", "score"]

#: Doubtful labels that the report shows.
SHOWN = 36
#: Folds that are read at each share of the data, and the seconds that all of it may take without a time limit.
CURVE_FOLDS, CURVE_S = 2, 300.0


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """What k folds say: every picture of ``indices`` (n,) read by a network that had not learned from it.

    ``evaluation`` is of all folds together, in the order of ``indices``; ``temperature`` and ``text_temperature``
    calibrate the file by what all folds answered. ``likely`` (n,) is the log-probability of each picture's own label.
    ``epochs``: the fewest that a fold learned, and those of the recipe.
    """

    count: int
    indices: NDArray[np.int64]
    evaluation: Evaluation | TextEvaluation
    figures: FoldFigures
    likely: NDArray[np.float64]
    temperature: float
    text_temperature: float
    points: tuple[Point, ...]
    reason: str
    seconds: float
    epochs: tuple[int, int]

    @property
    def part(self) -> str:
        """The name of these figures, wherever they stand."""
        return f"{self.count}-fold"

    def on_card(self) -> dict[str, Any]:
        """Give what stands on the card and in metrics.json beside accuracy and interval."""
        return {
            "how": f"each picture read by a network that had not learned from it; {self.reason}",
            "interval": "Wilson, all folds together",
            "folds": [round(one, 6) for one in self.figures.accuracies],
            "mean": round(self.figures.mean, 6),
            "mean_t95": [round(end, 6) for end in self.figures.t95],
            **({"epochs": list(self.epochs)} if self.shorter else {}),
        }

    @property
    def shorter(self) -> bool:
        """Whether a fold learned for fewer epochs than the recipe has."""
        return 0 < self.epochs[0] < self.epochs[1]

    def more(self) -> tuple[dict[str, Any], list[str]]:
        """Say what more pictures would bring, as a record and in a sentence; both empty where nothing can be said."""
        if not self.points:
            return {}, []
        pictures = self.evaluation.n / self.evaluation.known
        found = forecast(self.points, pictures, max(5, round(pictures)))
        if found is None:
            return {}, []
        figures = self.evaluation.as_dict()["per_class"]
        wrong = sorted(figures, key=lambda entry: (entry["recall"] or 0.0) * entry["n"] - entry["n"])
        weakest = [entry["label"] for entry in wrong if entry["n"] and (entry["recall"] or 0.0) < 1.0][:2]
        return asdict(found), [in_words(found, weakest)]

    def lines(self) -> list[str]:
        """Say it."""
        e, found = self.evaluation, self.figures
        low, high = (percent(end, e.n) for end in e.ci95)
        t_low, t_high = (percent(end, e.n) for end in found.t95)
        worst, best = percent(min(found.accuracies), e.n), percent(max(found.accuracies), e.n)
        whole = f"{percent(e.accuracy, e.n)} of {e.n:,} pictures are read rightly"
        interval = f"95 % interval {low} to {high}, Wilson, all folds together"
        of_mean = f"95 % interval {t_low} to {t_high}, Student's t over {self.count} folds"
        if len(set(found.accuracies)) < 2:
            of_mean = "folds that agree give no interval of it"
        short = f"{self.part}: for want of time a fold learned {self.epochs[0]} of {self.epochs[1]} epochs"
        return [
            *([short] if self.shorter else []),
            f"{self.part}: {whole}, each by a network that had not learned from it ({interval})",
            f"{self.part}: the folds reach {worst} to {best}; their mean is {percent(found.mean, e.n)} ({of_mean})",
        ]


@dataclass(frozen=True, slots=True, eq=False)
class _Fold:
    """A fold that is done: what it held out, its logits and true labels, the weights, epochs planned (0: not known)."""

    held: NDArray[np.int64]
    logits: NDArray[np.float32]
    labels: NDArray[np.int64]
    weights: dict[str, torch.Tensor]
    seconds: float
    epochs: int


def score(
    folder: Path,
    task: Task,
    card: Card,
    *,
    final_s: float,
    left_s: Callable[[], float | None],
    asked: bool,
    say: Callable[[str], None],
) -> Scored | None:
    """Learn once without each fold and measure it on that fold; None where Ctrl-C ended it.

    ``card`` is that of the file. ``final_s`` is how long learning from everything took, ``left_s`` gives the seconds
    left of a time limit, ``asked`` says that somebody asked for folds.
    """
    folds = task.folds
    assert folds is not None
    began = time.monotonic()
    done: list[_Fold] = []
    for k in range(folds.count):
        seconds = seconds_for_fold(left_s(), folds.count - k, folds.count, asked=asked, final_s=final_s)
        if k == 0:
            say(how_long(folds.count, final_s, seconds))
        train = folds.learned(k, task.split.train)
        found = _learn_fold(folder / "folds" / f"{k + 1}", task, train, folds.held(k), seconds, say)
        if found is None:
            return None
        right = _right(task, found)
        said = f"{percent(right, 100)} of {len(found.held)} pictures, {found.seconds:.0f} s"
        if 0 < found.epochs < task.recipe.learn.epochs:
            said += f", {found.epochs} of {task.recipe.learn.epochs} epochs fit into its time"
        say(f"fold {k + 1} of {folds.count}: {said}")
        done.append(found)
    points = _shares(folder, task, done, left_s, say)
    if points is None:
        return None
    logits = np.concatenate([fold.logits for fold in done])
    labels = np.concatenate([fold.labels for fold in done])
    temperature, text_temperature = lesson_of(task.recipe).calibrate(logits, labels)
    if card.text is not None:
        card = replace(card, text=replace(card.text, temperature=text_temperature))
    readers = _readers(task, card, done, temperature)
    parts = [evaluate(reader, task.source, indices=held, progress=False) for reader, held in readers]
    whole = merged(parts, part=f"{folds.count}-fold", file_bytes=(folder / "model.onnx").stat().st_size)
    head = card.text.head if card.text is not None else "label"
    return Scored(
        count=folds.count,
        indices=np.concatenate([fold.held for fold in done]),
        evaluation=whole,
        figures=fold_figures([part.accuracy for part in parts]),
        likely=label_log_probabilities(
            logits / temperature,
            labels,
            head,
            refuses=task.recipe.learn.strangers > 0.0,
            text_temperature=text_temperature,
        ),
        temperature=temperature,
        text_temperature=text_temperature,
        points=points,
        reason=folds.reason,
        seconds=time.monotonic() - began,
        epochs=(min(fold.epochs for fold in done), task.recipe.learn.epochs),
    )


def _shares(
    folder: Path,
    task: Task,
    done: list[_Fold],
    left_s: Callable[[], float | None],
    say: Callable[[str], None],
) -> tuple[Point, ...] | None:
    """Read the first two folds after learning from fewer of the others; None where Ctrl-C ended it.

    A share is a number of whole folds, so that nothing is torn. As many steps are taken as for all of them, but half:
    fewer pictures are learned sooner. Empty where there is no time for it, where two folds leave no share to learn
    from, or where there are no labels to count.
    """
    folds, recipe = task.folds, task.recipe
    assert folds is not None
    a_fold = sum(fold.seconds for fold in done) / len(done)
    shares, left = shares_of(folds.count), left_s()
    needed = len(shares) * CURVE_FOLDS * (0.6 * a_fold + 2.0)
    too_long = needed > (CURVE_S if left is None else 0.8 * left)
    if not shares or recipe.task != "label" or task.grown is not None or too_long:
        return ()
    kinds = len(task.alphabet)
    whole = sum(len(fold.held) for fold in done)
    wrong = sum(round((1.0 - _right(task, fold)) * len(fold.held)) for fold in done)
    points = [Point(whole * (folds.count - 1) / folds.count / kinds, wrong, whole)]
    seconds = None if left is None else 0.8 * left / (len(shares) * CURVE_FOLDS)
    for m in shares:
        epochs = max(3, round(recipe.learn.epochs * (folds.count - 1) / m / 2))
        shorter = replace(recipe, learn=replace(recipe.learn, epochs=epochs))
        counted = [0, 0, 0]
        for k in range(CURVE_FOLDS):
            others = np.concatenate([folds.part((k + 1 + i) % folds.count) for i in range(m)])
            train = task.split.train[np.isin(task.split.train, others)]
            part = replace(task, recipe=shorter)
            found = _learn_fold(folder / "folds" / f"share-{m}-{k + 1}", part, train, folds.held(k), seconds, say)
            if found is None:
                return None
            right = round(_right(task, found) * len(found.held))
            counted = [counted[0] + len(train), counted[1] + len(found.held) - right, counted[2] + len(found.held)]
        points.append(Point(counted[0] / CURVE_FOLDS / kinds, counted[1], counted[2]))
        say(f"{points[-1].pictures:.1f} of each label: {percent(1 - counted[1] / counted[2], 100)} of {counted[2]}")
    return tuple(points)


def _readers(task: Task, card: Card, done: list[_Fold], temperature: float) -> Iterator[tuple[Any, NDArray[np.int64]]]:
    """Write each fold's network as the file is written, and open it."""
    for fold in done:
        network = build_network(task.recipe, len(task.alphabet))
        network.load_state_dict(fold.weights)
        network.eval()
        round_weights(network)
        file = reader_bytes(network, task.recipe.prepare, card, temperature=temperature)
        yield open_reader(file), fold.held


def _right(task: Task, fold: _Fold) -> float:
    return lesson_of(task.recipe).verdict(fold.logits, fold.labels)[1]


def _learn_fold(
    place: Path,
    task: Task,
    train: NDArray[np.int64],
    held: NDArray[np.int64],
    seconds: float | None,
    say: Callable[[str], None],
) -> _Fold | None:
    """Learn from ``train`` and read ``held``, or take up what was done before; None where Ctrl-C ended it."""
    key = _key(task, train, held)
    finished = place / "done.ckpt"
    note = place / "key"
    if note.is_file() and note.read_text(encoding="utf-8") == key:
        if finished.is_file():
            return _Fold(held=held, **_arrays(checkpoint.load(finished)))
    else:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        write_atomically(note, key)
    learned, tested = _prepared(place, task, train, held, say)
    fit = learn(
        task.recipe,
        train=(learned.pictures, learned.labels),
        # Nothing of what is held out is shown while learning goes on.
        validation=(tested.pictures[:0], tested.labels[:0]),
        classes=len(task.alphabet),
        run_dir=place,
        start=task.weights,
        lesson=task.lesson(),
        seconds=seconds,
        resume=checkpoint.last_path(place).is_file(),
        say=lambda line: say(line) if line.startswith("warning") else None,
        events=False,
    )
    if fit.interrupted:
        return None
    logits = logits_of(fit.network, tested.pictures.view(np.ndarray), torch.device("cpu"))
    if place.name == "1":
        fit.validation_logits = logits
        fit.val_accuracy = lesson_of(task.recipe).verdict(logits, tested.labels)[1]
        _diagnose(task, fit, learned, tested, say)
    state = {"network": fit.network.state_dict(), "logits": _tensor(logits), "labels": _tensor(tested.labels)}
    epochs = -(-fit.plan["steps"] // fit.plan["steps_per_epoch"]) if fit.plan else 0
    checkpoint.save(finished, {**state, "seconds": fit.seconds, "epochs": epochs})
    shutil.rmtree(place / "prepared", ignore_errors=True)
    shutil.rmtree(place / "checkpoints", ignore_errors=True)
    return _Fold(held=held, **_arrays(checkpoint.load(finished)))


def _diagnose(task: Task, fit: Fit, learned: Prepared, tested: Prepared, say: Callable[[str], None]) -> None:
    """Say what is wrong where a fold learned nothing: learning from everything could not be judged."""
    found = (diagnose if task.recipe.task == "label" else diagnose_text).after(
        fit,
        task.recipe,
        train=(learned.pictures, learned.labels),
        validation=(tested.pictures, tested.labels),
        alphabet=task.alphabet.labels,
    )
    known = {problem.kind for problem in task.problems}
    for problem in found:
        if problem.kind not in known:
            say(f"warning: {problem.text}\nhint: {problem.hint}")
            task.problems.append(problem)


def _prepared(
    place: Path, task: Task, train: NDArray[np.int64], held: NDArray[np.int64], say: Callable[[str], None]
) -> tuple[Prepared, Prepared]:
    labels = [task.source.sample(i).label for i in range(len(task.source))]
    return prepare_parts(
        place,
        task.source,
        Preparer(preparation(task.recipe.prepare).SerializeToString()),
        task.recipe,
        task.alphabet,
        labels,
        task.audit.digests,
        train=train,
        validation=held,
        say=say,
    )


def _key(task: Task, train: NDArray[np.int64], held: NDArray[np.int64]) -> str:
    """Name a fold by all that decides what it learns."""
    digest = hashlib.sha256(json.dumps(asdict(task.recipe), sort_keys=True).encode())
    for indices in (train, held):
        digest.update(b"part")
        digest.update(np.ascontiguousarray(task.audit.digests[indices]).tobytes())
    if task.weights:
        digest.update(checkpoint.weights_digest(task.weights).encode())
    return digest.hexdigest()


def _tensor(array: NDArray[Any]) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(array))


def _arrays(state: dict[str, Any]) -> dict[str, Any]:
    return {
        "logits": state["logits"].numpy(),
        "labels": state["labels"].numpy(),
        "weights": state["network"],
        "seconds": float(state["seconds"]),
        "epochs": int(state.get("epochs", 0)),
    }


def doubtful(scored: Scored, source: LabelledPictures) -> tuple[list[Doubt], tuple[Specimen, ...]]:
    """Rank the pictures whose labels their folds contradict, and show those at the top.

    At least the first twentieth is listed, and everything that was read as something else or whose own label is less
    likely than not. Shown are those that were read as something else.
    """
    e = scored.evaluation
    if e.n != len(scored.indices):  # a picture could not be opened any more: what belongs to which is not known
        return [], ()
    reads = e.reads if isinstance(e, TextEvaluation) else [e.labels[k] for k in e.read.tolist()]
    samples = [source.sample(int(i)) for i in scored.indices]
    names, labels = [sample.name for sample in samples], [sample.label for sample in samples]
    ranked = rank_doubts(scored.indices, names, labels, reads, scored.likely, e.confidence)
    unlikely = sum(doubt.read != doubt.label or doubt.label_probability < 0.5 for doubt in ranked)
    listed = ranked[: max(unlikely, -(-len(ranked) // 20))]
    shown: list[Specimen] = []
    for doubt in listed:
        if doubt.read != doubt.label and len(shown) < SHOWN:
            with suppress(PictureError):
                picture = thumbnail_uri(source.picture(doubt.index))
                read = doubt.read or NOTHING
                shown.append(Specimen(doubt.name, doubt.label, read, doubt.read_probability, picture, ""))
    return listed, tuple(shown)
