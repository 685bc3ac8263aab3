"""The story of a run, readable top to bottom: data -> audit -> split -> choices -> preparation -> learning -> the file
behind its gate -> the file's own figures on the test part -> report.

``glyphsmith train`` and ``glyphsmith.train`` call ``run``. Everything heavy is imported inside, so that a missing extra
is one plain sentence. All reported figures are measured on the written file.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from glyphsmith.train.extra import need_the_train_extra
from glyphsmith.train.folders import Asked
from glyphsmith.train.plan import over_limit, time_to_learn
from glyphsmith.train.recipe import to_toml

if TYPE_CHECKING:
    from glyphsmith.card import Card
    from glyphsmith.evaluate.evaluation import Evaluation
    from glyphsmith.evaluate.text import TextEvaluation
    from glyphsmith.kfold import Scored
    from glyphsmith.preparing import Task
    from glyphsmith.train.diagnose import Problem
    from glyphsmith.train.learned import Fit
    from glyphsmith.train.strangers import Threshold

__all__ = ["Outcome", "run"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run left behind: its folder, the file, the file's figures, and what is wrong with it, if anything."""

    folder: Path
    model: Path
    part: str
    evaluation: Evaluation | TextEvaluation | None
    problems: tuple[Problem, ...]
    stopped: str
    interrupted: bool


def run(
    source: str | Path | None = None,
    *,
    recipe: str | None = None,
    out: str | Path,
    settings: Sequence[str] = (),
    seed: int | None = None,
    minutes: float | None = None,
    folds: int | None = None,
    from_model: str | None = None,
    resume: bool = False,
    group: str = "",
    command: str = "",
    say: Callable[[str], None] | None = None,
) -> Outcome:
    """Make a reader of labelled pictures, in the folder ``out``.

    ``source`` is a folder, archive or HDF5 file; None for a recipe with a published source of its own, or to resume.
    ``recipe`` is a name or a TOML file, None to choose by looking. ``settings`` are KEY=VALUE words that go over it.
    ``minutes`` limits the whole run. ``from_model`` goes on from a reader's weights, also with further labels.
    ``folds`` asks for figures by k-fold, 0 for none, None to choose.
    ``resume`` goes on with the run in ``out``. ``say`` takes each line meant for people (default: stderr). Raises
    DataError, RecipeError, TrainingError, ModelError, ExportError or MissingExtraError; nothing in ``out`` is lost.
    """
    began = time.monotonic()  # loading torch is part of the time that --minutes limits
    need_the_train_extra()
    from glyphsmith.preparing import prepare
    from glyphsmith.train import folders, progress
    from glyphsmith.train.beside import learn_beside
    from glyphsmith.train.fabric import process, share

    say = say or progress.to_stderr
    folder = Path(out)
    asked = Asked(
        str(source or ""),
        recipe or "",
        tuple(settings),
        seed,
        minutes,
        from_model or "",
        group,
        command,
        folds=folds,
        source_at=str(Path(source).resolve()) if source else "",
    )
    if process()[0] > 0:
        # A further process of torchrun: it needs none of the pictures, only what the first one has prepared.
        known = share(None)
        left_s = time_to_learn(minutes, 0.0)
        fit = learn_beside(
            folder, known["classes"], known["endless"], known["strangers"], seconds=left_s, resume=resume
        )
        return Outcome(folder, folder / "model.onnx", "", None, (), fit.stopped, fit.interrupted)
    with folders.open_run(folder, resume=resume) as made:
        if resume:
            asked = folders.read_asked(folder, asked)
        try:
            task = prepare(folder, asked, say)
            ready_s = time.monotonic() - began
            strangers = task.strangers.learned if task.strangers else None
            share({"classes": len(task.alphabet), "endless": task.endless, "strangers": strangers})
            fit = _learn(folder, task, asked.minutes, began, resume, say)
        except BaseException:
            if not resume:
                folders.undo(folder, made=made)
            raise
        try:
            outcome = _finish(folder, task, fit, asked, began, say)
        except KeyboardInterrupt:
            # From here on a Ctrl-C costs the figures, never the file.
            model = folder / "model.onnx"
            if not model.is_file():
                raise
            say(_without_figures(folder))
            return Outcome(folder, model, "", None, (), "interrupted", True)
        if line := over_limit(asked.minutes, time.monotonic() - began, ready_s):
            say(line)
        return outcome


def _without_figures(folder: Path) -> str:
    model = folder / "model.onnx"
    return f"interrupted: {model} is written, its figures are not; glyphsmith train --resume --out {folder} adds them"


def _finish(folder: Path, task: Task, fit: Fit, asked: Asked, began: float, say: Callable[[str], None]) -> Outcome:
    """Write the file, score the folds, measure."""
    from glyphsmith.train import diagnose
    from glyphsmith.train.signals import held_back

    with held_back():
        _diagnose(task, fit, say)
        written = _write(folder, task, fit, asked, say)
    scored = _score(folder, task, fit, asked, written, began, say)
    if scored is not None:
        fit.temperature, fit.text_temperature = scored.temperature, scored.text_temperature
        _warn(task, diagnose.uncalibrated(fit), say)
        with held_back():
            written = _write(folder, task, fit, asked, say)
    return _report(folder, task, fit, asked, written, scored, say)


def _learn(
    folder: Path, task: Task, minutes: float | None, began: float, resume: bool, say: Callable[[str], None]
) -> Fit:
    """Learn, in the time that is left; folds, which are learned afterwards, have at least half of it."""
    from glyphsmith.train.loop import fit

    seconds = time_to_learn(minutes, time.monotonic() - began)
    if seconds is not None and task.folds is not None:
        seconds /= 2.0
    return fit(
        task.recipe,
        train=(task.train.pictures, task.train.labels),
        validation=(task.validation.pictures, task.validation.labels),
        classes=len(task.alphabet),
        run_dir=folder,
        start=task.weights,
        lesson=task.lesson(),
        seconds=seconds,
        resume=resume,
        say=say,
        endless=task.endless,
    )


@dataclass(frozen=True, slots=True)
class _Written:
    """The file behind its gate, before its figures stand on its card."""

    file: bytes
    card: Card
    gate: dict[str, Any]


def _diagnose(task: Task, fit: Fit, say: Callable[[str], None]) -> None:
    """Say what is wrong where nothing was learned."""
    from glyphsmith.train import diagnose, diagnose_text

    recipe = task.recipe
    found = (diagnose if recipe.task == "label" else diagnose_text).after(
        fit,
        recipe,
        train=(task.train.pictures, task.train.labels),
        validation=(task.validation.pictures, task.validation.labels),
        alphabet=task.alphabet.labels,
    )
    _warn(task, [*found, *diagnose.uncalibrated(fit)], say)


def _warn(task: Task, found: Sequence[Problem], say: Callable[[str], None]) -> None:
    """Say what is wrong, and keep it for metrics.json and the card."""
    for problem in found:
        say(f"warning: {problem.text}\nhint: {problem.hint}")
    task.problems += found


def _write(folder: Path, task: Task, fit: Fit, asked: Asked, say: Callable[[str], None]) -> _Written:
    """Write the file behind its gate."""
    from glyphsmith.card import Card
    from glyphsmith.export.reader_file import reader_bytes, round_weights
    from glyphsmith.files import write_atomically
    from glyphsmith.train import records

    recipe = task.recipe
    card = Card(
        name=recipe.name if recipe.name != "automatic" else folder.resolve().name,
        task=recipe.task,
        text=records.text_format(fit, task.train.labels, task.alphabet, recipe.decode.pattern),
        alphabet=task.alphabet.labels,
        prepare=asdict(recipe.prepare),
        recipe=recipe.as_dict(),
        data={
            "train": records.learned_from(np.unique(task.split.train), task.endless, fit),
            "validation": len(task.validation),
            "test": len(task.split.test),
            "form": task.source.form,
        },
        about=recipe.about,
        command=asked.command,
        notes=tuple(problem.text for problem in task.problems),
        made_with=records.versions(),
    )
    round_weights(fit.network)
    file = reader_bytes(fit.network, recipe.prepare, card, temperature=fit.temperature)
    gate = _gate(file, fit, task)
    part = "validation" if len(task.split.validation) else "training"
    say(f"gate: the file reads {gate['n']} {part} pictures as the network does (within {gate['largest']:.1g})")
    write_atomically(folder / "model.onnx", file)
    return _Written(file, card, gate)


def _score(
    folder: Path, task: Task, fit: Fit, asked: Asked, written: _Written, began: float, say: Callable[[str], None]
) -> Scored | None:
    """Learn once more without each fold, and read that fold; None where there are no folds, or Ctrl-C ended them."""
    if task.folds is None or fit.interrupted:
        return None
    from glyphsmith import kfold
    from glyphsmith.train.folding import are_asked_for

    scored = kfold.score(
        folder,
        task,
        written.card,
        final_s=fit.seconds,
        left_s=lambda: time_to_learn(asked.minutes, time.monotonic() - began),
        asked=are_asked_for(asked),
        say=say,
    )
    fit.interrupted = scored is None
    if fit.interrupted:
        say(_without_figures(folder))
    return scored


def _report(
    folder: Path,
    task: Task,
    fit: Fit,
    asked: Asked,
    written: _Written,
    scored: Scored | None,
    say: Callable[[str], None],
) -> Outcome:
    """Measure the file, put its figures on its card, report."""
    from glyphsmith import kfold
    from glyphsmith.evaluate.evaluation import Evaluation, evaluate
    from glyphsmith.evaluate.report import write_report
    from glyphsmith.evaluate.story import Story
    from glyphsmith.export.reader_file import with_card
    from glyphsmith.files import write_atomically
    from glyphsmith.nets import count_weights
    from glyphsmith.refusing import none_below_of, settle_threshold
    from glyphsmith.runtime.reader import open_reader
    from glyphsmith.train import records
    from glyphsmith.train.curves import draw_curves
    from glyphsmith.train.doubtful import doubtful_csv

    recipe, source, split = task.recipe, task.source, task.split
    file, card, model = written.file, written.card, folder / "model.onnx"
    draw_curves(folder / "curves.png", fit.history, title=card.name, best_epoch=fit.best_epoch)

    part, indices = ("test", split.test) if len(split.test) else ("validation", split.validation)
    if task.grown:
        indices = task.grown.rehearsal.new_of(indices)
    evaluation = evaluate(open_reader(file), source, indices=indices, part=part) if len(indices) else None
    old, figures, remarks = task.grown.compare(file, task.audit, split) if task.grown else ({}, {}, ())
    if evaluation is not None:
        figures[part] = {**records.figures(evaluation.as_dict()), "data": Path(source.where).name}
        for line in records.said(part, evaluation.n, evaluation.accuracy, evaluation.ci95):
            say(line)
    more: dict[str, Any] = {}
    if scored is not None:
        by_folds = {**records.figures(scored.evaluation.as_dict()), "data": Path(source.where).name, **scored.on_card()}
        figures[scored.part] = by_folds
        more, said = scored.more()
        remarks = (*scored.lines(), *said, *remarks)
        if evaluation is None:
            evaluation, part = scored.evaluation, scored.part
    threshold = settle_threshold(file, task, evaluation)
    none_below, said_of_none = none_below_of(task, threshold)
    if isinstance(evaluation, Evaluation) and threshold is not None:
        evaluation = replace(evaluation, none_below=threshold.at)
    remarks = (*remarks, *said_of_none)
    for line in remarks:
        say(line)
    if figures or none_below:
        file = with_card(file, _finished(open_reader(file).card, figures, none_below, threshold))
        write_atomically(model, file)
    doubts, doubtful = kfold.doubtful(scored, source) if scored else ([], ())
    if doubts:
        write_atomically(folder / "doubtful.csv", doubtful_csv(doubts))
    story = Story(
        title=card.name,
        recipe_toml=to_toml(recipe),
        decisions=tuple((d.what, d.value, d.reason) for d in task.decisions),
        audit_lines=tuple(task.audit.lines()),
        history=tuple(fit.history),
        stopped=fit.stopped,
        seconds=fit.seconds,
        command=asked.command,
        remarks=remarks,
        doubtful=doubtful,
        refusing=threshold.curve if threshold else (),
    )
    weights = count_weights(fit.network)
    measured: dict[str, Any] = (
        {**evaluation.as_dict(), "part": part} if evaluation is not None else {"task": recipe.task, "n": 0, "part": ""}
    )
    document = {
        **measured,
        "data": source.where,
        **({"old": old} if old else {}),
        **(
            {"folds": {"count": scored.count, "n": scored.evaluation.n, **scored.on_card(), "more": more}}
            if scored
            else {}
        ),
        **records.learning(recipe, fit),
        **({"none_of_these": threshold.on_card()} if threshold else {}),
        "weights": weights,
        "gate": written.gate,
        "split": {
            "reason": split.reason,
            "train": records.learned_from(np.unique(task.split.train), task.endless, fit),
            "validation": len(task.validation),
        },
        "decisions": [list(decision) for decision in task.decisions],
        "problems": [problem.as_dict() for problem in task.problems],
        "audit": task.audit.as_dict(),
    }
    write_atomically(folder / "metrics.json", json.dumps(document, ensure_ascii=False, indent=1))
    if evaluation is not None:
        # Last: no drawing may cost the figures.
        write_report(folder, evaluation, story=story)
    if not fit.interrupted:
        for name in ("prepared", "folds"):
            shutil.rmtree(folder / name, ignore_errors=True)
    say(f"file: {model} ({len(file) / 1e6:.2f} MB, {weights:,} weights)")
    if evaluation is not None:
        say(f"report: {folder / 'report.html'}")
    return Outcome(folder, model, part, evaluation, tuple(task.problems), fit.stopped, fit.interrupted)


def _finished(card: Card, figures: dict[str, dict[str, Any]], none_below: float, threshold: Threshold | None) -> Card:
    """Put on the card what was measured on the file."""
    card = replace(card, figures=figures, none_below=none_below)
    return replace(card, data={**card.data, "none of these": threshold.on_card()}) if threshold else card


def _gate(file: bytes, fit: Fit, task: Task) -> dict[str, Any]:
    """Compare file and network on the validation pictures; on training pictures where there are none."""
    from glyphsmith.errors import PictureError
    from glyphsmith.export.parity import check_parity
    from glyphsmith.progress import watched

    indices = task.split.validation if len(task.split.validation) else task.split.train[:200]

    def pictures() -> Iterator[tuple[str, NDArray[np.uint8]]]:
        for i in indices.tolist():
            with suppress(PictureError):
                yield task.source.sample(i).name, task.source.picture(i)

    shown = watched(pictures(), len(indices), "comparing file and network")
    report = check_parity(file, fit.network, task.recipe.prepare, shown, temperature=fit.temperature)
    return {"n": report.n, "largest": report.largest}
