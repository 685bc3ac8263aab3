"""The story of a run, readable top to bottom: data -> audit -> split -> choices -> preparation -> learning -> the file
behind its gate -> the file's own figures on the test part -> report.

``glyphsmith train`` and ``glyphsmith.train`` call ``run``. Everything heavy is imported inside, so that a missing extra
is one plain sentence. All reported figures are measured on the written file.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from glyphsmith.alphabet import Alphabet
from glyphsmith.errors import GlyphsmithError
from glyphsmith.train.extra import need_the_train_extra
from glyphsmith.train.folders import Asked
from glyphsmith.train.plan import time_to_learn
from glyphsmith.train.recipe import Recipe, load_recipe, to_toml, with_settings

if TYPE_CHECKING:
    from torch import Tensor

    from glyphsmith.card import Card
    from glyphsmith.data.audit import Audit
    from glyphsmith.data.pictures import LabelledPictures
    from glyphsmith.data.split import Split
    from glyphsmith.evaluate.evaluation import Evaluation
    from glyphsmith.evaluate.text import TextEvaluation
    from glyphsmith.growing import Grown
    from glyphsmith.train.automatic import Decision
    from glyphsmith.train.diagnose import Problem
    from glyphsmith.train.learned import Fit
    from glyphsmith.train.painting import Endless
    from glyphsmith.train.prepared import Prepared

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
    ``resume`` goes on with the run in ``out``. ``say`` takes each line meant for people (default: stderr). Raises
    DataError, RecipeError, TrainingError, ModelError, ExportError or MissingExtraError; nothing in ``out`` is lost.
    """
    need_the_train_extra()
    from glyphsmith.train import folders, progress
    from glyphsmith.train.beside import learn_beside
    from glyphsmith.train.fabric import process, share
    from glyphsmith.train.signals import held_back

    began = time.monotonic()
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
        source_at=str(Path(source).resolve()) if source else "",
    )
    if process()[0] > 0:
        # A further process of torchrun: it needs none of the pictures, only what the first one has prepared.
        known = share(None)
        left_s = time_to_learn(minutes, 0.0)
        fit = learn_beside(folder, known["classes"], known["endless"], seconds=left_s, resume=resume)
        return Outcome(folder, folder / "model.onnx", "", None, (), fit.stopped, fit.interrupted)
    made = folders.open_run(folder, resume=resume)
    if resume:
        asked = folders.read_asked(folder, asked)
    try:
        task = _prepare(folder, asked, say)
        share({"classes": len(task.alphabet), "endless": task.endless})
        fit = _learn(folder, task, asked.minutes, began, resume, say)
    except (GlyphsmithError, KeyboardInterrupt):
        if not resume:
            folders.undo(folder, made=made)
        raise
    # A Ctrl-C costs the figures from here on, never the file; --resume makes up for them.
    with held_back():
        written = _write(folder, task, fit, asked, say)
    return _report(folder, task, fit, asked, written, say)


@dataclass(slots=True)
class _Task:
    """All that is known before learning begins."""

    source: LabelledPictures
    audit: Audit
    split: Split
    recipe: Recipe
    decisions: list[Decision]
    alphabet: Alphabet
    weights: dict[str, Tensor] | None
    grown: Grown | None
    train: Prepared
    validation: Prepared
    endless: Endless | None
    problems: list[Problem]


def _prepare(folder: Path, asked: Asked, say: Callable[[str], None]) -> _Task:
    """From a path to prepared pictures: open, check, split, choose, prepare."""
    from glyphsmith import growing
    from glyphsmith.data.audit import audit
    from glyphsmith.data.split import split_samples
    from glyphsmith.export.graph import preparation
    from glyphsmith.files import write_atomically
    from glyphsmith.runtime.session import Preparer
    from glyphsmith.train import automatic, diagnose, diagnose_text, folders
    from glyphsmith.train.choices import choose_rest, choose_task
    from glyphsmith.train.prepared import prepare_parts
    from glyphsmith.train.rehearsal import keep_parts
    from glyphsmith.train.sources import endless_of, look_ahead, open_asked, painted_symbols

    named = load_recipe(asked.recipe) if asked.recipe else Recipe()
    if asked.seed is not None:
        named = replace(named, seed=asked.seed)
    if asked.group:
        named = replace(named, data=replace(named.data, group=asked.group))

    old = growing.open_old(asked.from_at or asked.from_model) if asked.from_model else None
    source = growing.one_new_sign(old, asked.source) or open_asked(
        asked.source, with_settings(named, asked.settings), say
    )
    say(f"{source.where}: {source.form}, because {source.reason}")
    folders.write_asked(folder, replace(asked, from_at=str(old.path.resolve()) if old else ""))
    grown = growing.take_up(old, source, seed=named.seed, say=say) if old else None
    if grown:
        source = grown.rehearsal.source

    checked = audit(source)
    for line in checked.lines()[1:]:
        say(re.sub("^error: ", "warning: ", line))  # where a finding ends the run, one error below says so
    labels = [source.sample(i).label for i in range(len(source))]
    made = choose_task(asked, named, source, checked, labels, known=old.reader.card.task if old else "")
    wanted = made.recipe
    split = split_samples(
        checked,
        source,
        validation=wanted.data.validation,
        test=wanted.data.test,
        group=wanted.data.group,
        seed=wanted.seed,
        texts=made.texts is not None,
        settled=grown.rehearsal.settled(checked) if grown else None,
    )
    say(f"split: {split.reason}")
    keep_parts(folder, checked, split)
    if grown:
        split = grown.rehearsal.mixed(split, grown.rehearsal.settled(checked))

    counts = Counter(label for i in split.train for label in made.labels_of(labels[i]))
    if made.texts is None:
        automatic.check_labels(counts)
    choose_rest(made, asked, source, checked, split.train, counts)
    chosen, decisions = made.recipe, made.decisions
    alphabet, weights = Alphabet.of([*counts, *painted_symbols(asked.source, chosen)]), None
    if grown:
        chosen, alphabet, weights, why = grown.go_on(chosen, alphabet, asked.settings, shorter=not asked.recipe)
        decisions += why
    for decision in decisions:
        say(f"{decision.what}: {decision.value} - {decision.reason}")
    write_atomically(folder / "recipe.toml", to_toml(chosen))

    graph = preparation(chosen.prepare).SerializeToString()
    endless = endless_of(asked.source, chosen, alphabet, graph)
    train, validation = prepare_parts(
        folder,
        source,
        Preparer(graph),
        chosen,
        alphabet,
        labels,
        checked.digests,
        train=split.train,
        validation=split.validation,
        say=say,
    )
    judge = diagnose if made.texts is None else diagnose_text
    problems = judge.before(train.pictures, train.labels, alphabet.labels)
    if made.texts is not None:
        diagnose_text.check_room(chosen, alphabet, train.labels, validation.labels)
        diagnose_text.check_pattern(chosen, alphabet, train.labels, validation.labels)
    if endless is not None:
        problems = look_ahead(endless, chosen, alphabet, problems, old.reader.card if old else None)
    for problem in problems:
        say(f"warning: {problem.text}\nhint: {problem.hint}")
    return _Task(
        source, checked, split, chosen, decisions, alphabet, weights, grown, train, validation, endless, problems
    )


def _learn(
    folder: Path, task: _Task, minutes: float | None, began: float, resume: bool, say: Callable[[str], None]
) -> Fit:
    """Learn, in the time that is left."""
    from glyphsmith.train.loop import fit

    return fit(
        task.recipe,
        train=(task.train.pictures, task.train.labels),
        validation=(task.validation.pictures, task.validation.labels),
        classes=len(task.alphabet),
        run_dir=folder,
        start=task.weights,
        lesson=task.grown.lesson(task.recipe, task.weights) if task.grown and task.weights else None,
        seconds=time_to_learn(minutes, time.monotonic() - began),
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


def _write(folder: Path, task: _Task, fit: Fit, asked: Asked, say: Callable[[str], None]) -> _Written:
    """Say what is wrong where nothing was learned; write the file behind its gate."""
    from glyphsmith.card import Card
    from glyphsmith.export.reader_file import reader_bytes, round_weights
    from glyphsmith.files import write_atomically
    from glyphsmith.train import diagnose, diagnose_text, records

    recipe = task.recipe
    found = (diagnose if recipe.task == "label" else diagnose_text).after(
        fit,
        recipe,
        train=(task.train.pictures, task.train.labels),
        validation=(task.validation.pictures, task.validation.labels),
        alphabet=task.alphabet.labels,
    )
    for problem in found:
        say(f"warning: {problem.text}\nhint: {problem.hint}")
    task.problems += found
    card = Card(
        name=recipe.name if recipe.name != "automatic" else folder.resolve().name,
        task=recipe.task,
        text=records.text_format(fit, task.train.labels, task.alphabet, recipe.decode.pattern),
        alphabet=task.alphabet.labels,
        prepare=asdict(recipe.prepare),
        recipe=recipe.as_dict(),
        data={
            "train": records.learned_from(task.train, task.endless, fit),
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
    say(f"gate: the file reads {gate['n']} validation pictures as the network does (within {gate['largest']:.1g})")
    write_atomically(folder / "model.onnx", file)
    return _Written(file, card, gate)


def _report(
    folder: Path, task: _Task, fit: Fit, asked: Asked, written: _Written, say: Callable[[str], None]
) -> Outcome:
    """Measure the file, put its figures on its card, report."""
    from glyphsmith.evaluate.evaluation import evaluate
    from glyphsmith.evaluate.report import write_report
    from glyphsmith.evaluate.story import Story
    from glyphsmith.export.reader_file import with_card
    from glyphsmith.files import write_atomically
    from glyphsmith.nets import count_weights
    from glyphsmith.runtime.reader import open_reader
    from glyphsmith.train import records
    from glyphsmith.train.curves import draw_curves

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
    for line in remarks:
        say(line)
    if figures:
        file = with_card(file, replace(open_reader(file).card, figures=figures))
        write_atomically(model, file)
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
    )
    if evaluation is not None:
        write_report(folder, evaluation, story=story)
    weights = count_weights(fit.network)
    measured: dict[str, Any] = (
        {**evaluation.as_dict(), "part": part} if evaluation is not None else {"task": recipe.task, "n": 0, "part": ""}
    )
    document = {
        **measured,
        "data": source.where,
        **({"old": old} if old else {}),
        **records.learning(recipe, fit),
        "weights": weights,
        "gate": written.gate,
        "split": {
            "reason": split.reason,
            "train": records.learned_from(task.train, task.endless, fit),
            "validation": len(task.validation),
        },
        "decisions": [list(decision) for decision in task.decisions],
        "problems": [problem.as_dict() for problem in task.problems],
        "audit": task.audit.as_dict(),
    }
    write_atomically(folder / "metrics.json", json.dumps(document, ensure_ascii=False, indent=1))
    if not fit.interrupted:
        shutil.rmtree(folder / "prepared", ignore_errors=True)
    say(f"file: {model} ({len(file) / 1e6:.2f} MB, {weights:,} weights)")
    if evaluation is not None:
        say(f"report: {folder / 'report.html'}")
    return Outcome(folder, model, part, evaluation, tuple(task.problems), fit.stopped, fit.interrupted)


def _gate(file: bytes, fit: Fit, task: _Task) -> dict[str, Any]:
    """Compare file and network on the validation pictures; on training pictures where there are none."""
    from glyphsmith.errors import PictureError
    from glyphsmith.export.parity import check_parity

    indices = task.split.validation if len(task.split.validation) else task.split.train[:200]

    def pictures() -> Iterator[tuple[str, NDArray[np.uint8]]]:
        for i in indices.tolist():
            with suppress(PictureError):
                yield task.source.sample(i).name, task.source.picture(i)

    report = check_parity(file, fit.network, task.recipe.prepare, pictures(), temperature=fit.temperature)
    return {"n": report.n, "largest": report.largest}
