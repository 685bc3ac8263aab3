"""The first half of a run, down to prepared pictures: open, check, split, choose, prepare.

``run`` calls it, and ``kfold`` works on what it gives.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from glyphsmith import growing
from glyphsmith.alphabet import Alphabet
from glyphsmith.data.audit import Audit, audit
from glyphsmith.data.folds import Folds, divide_new
from glyphsmith.data.pictures import LabelledPictures
from glyphsmith.data.split import Split, split_samples
from glyphsmith.export.graph import preparation
from glyphsmith.files import write_atomically
from glyphsmith.growing import Grown, OldReader
from glyphsmith.runtime.session import Preparer
from glyphsmith.runtime.store import shipped
from glyphsmith.train import automatic, diagnose, diagnose_text, folders
from glyphsmith.train.automatic import Decision
from glyphsmith.train.choices import choose_rest, choose_task
from glyphsmith.train.diagnose import Problem
from glyphsmith.train.folders import Asked
from glyphsmith.train.painting import Endless
from glyphsmith.train.prepared import Prepared, prepare_parts
from glyphsmith.train.recipe import Recipe, load_recipe, recipe_from_dict, to_toml, with_settings
from glyphsmith.train.rehearsal import keep_parts
from glyphsmith.train.signs import Views
from glyphsmith.train.sources import endless_of, look_ahead, open_asked, painted_symbols
from glyphsmith.train.start import level_with_none, start_from
from glyphsmith.train.strangers import Strangers, knowing, paint_strangers
from glyphsmith.train.tasks.lesson import Lesson

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Task", "prepare"]

#: The shipped readers whose weights are a start for small sets, by task.
BASES = {"text": "captchas-wide", "label": "glyphs"}


@dataclass(slots=True)
class Task:
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
    folds: Folds | None
    problems: list[Problem]
    strangers: Strangers | None = None

    def lesson(self) -> Lesson | None:
        """Give what is learned beside the labels: old answers, strangers; None where there is nothing."""
        kept = self.grown.lesson(self.recipe, self.weights) if self.grown and self.weights else None
        return knowing(kept, self.recipe, self.strangers.learned if self.strangers else None)


def _base_of(task: str) -> OldReader | None:
    """Open the shipped reader that small sets of a task start from; None where this installation has none."""
    return growing.open_old(BASES[task]) if BASES[task] in shipped() else None


def _views_of(base: OldReader) -> Views:
    """Give what a reader of signs makes of pictures, with what reaches their edge and without it."""
    card = base.reader.card
    settings = recipe_from_dict(card.recipe, where=card.name).prepare

    def prepared(clear_edge: bool) -> Preparer:
        return Preparer(preparation(replace(settings, clear_edge=clear_edge)).SerializeToString())

    return Views.of(card, base.weights, kept=prepared(False), cleared=prepared(True))


def prepare(folder: Path, asked: Asked, say: Callable[[str], None]) -> Task:
    """From a path to prepared pictures: open, check, split, choose, prepare."""
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
        validation=0.0 if made.folds else wanted.data.validation,
        test=0.0 if made.folds else wanted.data.test,
        group=wanted.data.group,
        seed=wanted.seed,
        texts=made.texts is not None,
        settled=grown.rehearsal.settled(checked) if grown else None,
    )
    say(f"split: {split.reason}")
    settled = grown.rehearsal.settled(checked) if grown else {}
    folds = None
    if made.folds:
        texts = made.texts is not None
        folds, doubt = divide_new(checked, source, split.train, settled, made.folds, seed=wanted.seed, texts=texts)
        say(f"folds: {folds.reason}" + (f"\nwarning: {doubt}" if doubt else ""))
    keep_parts(folder, checked, split)
    if grown:
        split = grown.rehearsal.mixed(split, settled)

    counts = Counter(label for i in split.train for label in made.labels_of(labels[i]))
    if made.texts is None:
        automatic.check_labels(counts)
    base = _base_of(made.recipe.task) if old is None and not asked.recipe else None
    choose_rest(
        made,
        asked,
        source,
        checked,
        split.train,
        counts,
        base=base.reader.card if base else None,
        views=_views_of(base) if base and made.recipe.task == "label" else None,
        old=old.reader.card if old and made.recipe.task == "label" else None,
    )
    chosen, decisions = made.recipe, made.decisions
    alphabet, weights = Alphabet.of([*counts, *painted_symbols(asked.source, chosen)]), None
    if grown:
        chosen, alphabet, weights, why = grown.go_on(chosen, alphabet, asked.settings, shorter=not asked.recipe)
        decisions += why
    elif chosen.learn.start:
        known = base is not None and chosen.learn.start == base.reader.card.name
        begun = base if base and known else growing.open_old(chosen.learn.start)
        weights = start_from(begun.reader.card, begun.weights, chosen, alphabet, where=chosen.learn.start)
    graph = preparation(chosen.prepare).SerializeToString()
    strangers, chosen, why = _strangers(source, split.train, chosen, Preparer(graph), base, None if grown else weights)
    decisions += why
    for decision in decisions:
        say(f"{decision.what}: {decision.value} - {decision.reason}")
    write_atomically(folder / "recipe.toml", to_toml(chosen))

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
    return Task(
        source,
        checked,
        split,
        chosen,
        decisions,
        alphabet,
        weights,
        grown,
        train,
        validation,
        endless,
        folds,
        problems,
        strangers,
    )


def _strangers(
    source: LabelledPictures,
    train: NDArray[np.int64],
    recipe: Recipe,
    prepare: Preparer,
    base: OldReader | None,
    start: dict[str, Tensor] | None,
) -> tuple[Strangers | None, Recipe, list[Decision]]:
    """Paint what is to be refused, where that is asked for; where it cannot be painted the recipe has none either.

    The first weights of a ``start`` are moved to where that is none of their labels.
    """
    if recipe.learn.strangers <= 0.0 or recipe.task != "label":
        return None, recipe, []
    base = base or _base_of("label")
    found = paint_strangers(base.reader, source, train, prepare, seed=recipe.seed) if base else None
    if found is None:
        why = "no reader of many alphabets is here" if base is None else "too few symbols look like none of these"
        recipe = replace(recipe, learn=replace(recipe.learn, strangers=0.0))
        return None, recipe, [Decision("none of these", "cannot be answered", why)]
    if start is not None:
        level_with_none(start, recipe, found.learned)
    said = f"{len(found.learned)} pictures of symbols that look like none of these are learned as such"
    return found, recipe, [Decision("none of these", "can be answered", said)]
