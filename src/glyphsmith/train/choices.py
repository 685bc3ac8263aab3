"""The choices of a run in their order: task and shares before the split, all else after it; ``run`` prints them.

What a recipe names is not chosen; what ``--set`` says goes over everything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from glyphsmith.card import Card
from glyphsmith.data.audit import Audit
from glyphsmith.data.pictures import LabelledPictures
from glyphsmith.train import automatic, automatic_text
from glyphsmith.train.automatic import Decision
from glyphsmith.train.automatic_text import Texts
from glyphsmith.train.fabric import process
from glyphsmith.train.folders import Asked
from glyphsmith.train.folding import choose_folds
from glyphsmith.train.recipe import Recipe, recipe_from_dict, with_settings
from glyphsmith.train.signs import Views, look_both_ways

__all__ = ["Choices", "choose_rest", "choose_task"]


@dataclass(slots=True)
class Choices:
    """What is settled so far: the recipe, the texts where labels are texts, and every decision with its reason."""

    recipe: Recipe
    texts: Texts | None = None
    why_task: str = "as the recipe says"
    decisions: list[Decision] = field(default_factory=list)
    folds: int = 0

    def settle_folds(self) -> None:
        """Write the folds into the recipe; with them its shares of validation and test mean nothing."""
        self.recipe = replace(self.recipe, data=replace(self.recipe.data, folds=self.folds))

    def labels_of(self, label: str) -> Sequence[str]:
        """Give the labels of the alphabet that a picture's label is made of."""
        return label if self.texts is not None else (label,)


def choose_task(
    asked: Asked, named: Recipe, source: LabelledPictures, checked: Audit, labels: Sequence[str], *, known: str = ""
) -> Choices:
    """Settle the task and the shares of validation and test; ``known`` is the task of the reader it goes on from.

    Raises DataError for texts nobody could learn.
    """
    made = Choices(with_settings(named, asked.settings))
    if known:
        named = replace(named, task="text" if known == "text" else "label")
        made.recipe, made.why_task = with_settings(named, asked.settings), "as the reader it goes on from"
    elif not asked.recipe and not any(word.startswith("task=") for word in asked.settings):
        found, made.why_task = automatic_text.are_texts(source.form, checked.labels)
        named = replace(named, task="text" if found else "label")
        made.recipe = with_settings(named, asked.settings)
    if made.recipe.task == "text":
        made.texts = automatic_text.look_at_texts(labels, source.names, checked.widths, checked.readable, source.where)
    made.folds, chosen = choose_folds(
        asked,
        checked.labels,
        texts=made.texts is not None,
        recipe_folds=made.recipe.data.folds,
        given_test=bool(checked.parts["test"] and checked.parts["train"]),
        processes=process()[1],
    )
    if chosen is not None:
        made.decisions.append(chosen)
    if made.folds:
        made.settle_folds()
    elif not asked.recipe:
        kinds = 1 if made.texts is not None else len(checked.labels)
        share, why = automatic.share_to_hold_out(int(checked.readable.sum()), kinds)
        made.decisions.append(why)
        named = replace(named, task=made.recipe.task, data=replace(named.data, validation=share, test=share))
        made.recipe = with_settings(named, asked.settings)
    return made


def choose_rest(
    made: Choices,
    asked: Asked,
    source: LabelledPictures,
    checked: Audit,
    train: NDArray[np.int64],
    counts: Counter[str],
    *,
    base: Card | None = None,
    views: Views | None = None,
    old: Card | None = None,
) -> None:
    """Settle preparation, network and learning, looking at the training pictures ``train`` with ``counts`` a label.

    ``base`` is a reader whose weights a small set may start from, ``views`` what a reader of signs makes of pictures;
    ``old`` a reader that the run goes on from, whose preparation and network stay.
    """
    if asked.recipe:
        made.decisions.append(Decision("recipe", made.recipe.name, made.recipe.about or "as named"))
    else:
        look = automatic.look_at(automatic.sample_of(source, train))
        free = base if _may_start(made.recipe, asked.settings) else None
        if made.texts is not None:
            chosen, why = automatic_text.choose_text(
                made.texts,
                checked.sizes,
                look,
                len(train),
                made.recipe,
                made.why_task,
                base=free,
                further=bool(asked.from_model),
            )
        else:
            apart, clear, edge = look_both_ways(views, source, train) if views else (None, False, None)
            was = recipe_from_dict(old.recipe, where=old.name) if old else None
            chosen, why = automatic.choose(counts, look, made.recipe, apart=apart, base=free, old=was)
            if edge is not None and chosen.prepare.crop:
                chosen = replace(chosen, prepare=replace(chosen.prepare, clear_edge=clear))
                why.append(edge)
        made.decisions += why
        made.recipe = with_settings(chosen, asked.settings)
    made.settle_folds()
    pairs = (word.partition("=") for word in asked.settings)
    made.decisions += [Decision(key, value, "--set") for key, _, value in pairs]


def _may_start(recipe: Recipe, settings: Sequence[str]) -> bool:
    """Say whether the weights of another reader may be a start.

    They fit its own preparation and network alone, so not where those are set, but for what has no weights; nor where
    ``learn.start`` is set empty.
    """
    plain = Recipe()
    unset = replace(plain, learn=replace(plain.learn, start="?"))
    named = with_settings(unset, [word for word in settings if word.partition("=")[0].strip() in _START])
    prepare = replace(recipe.prepare, clear_edge=plain.prepare.clear_edge)
    network = replace(recipe.network, unpadded=plain.network.unpadded, slants_deg=plain.network.slants_deg)
    return (prepare, network) == (plain.prepare, plain.network) and named.learn.start != ""


#: How ``--set`` names the key.
_START = ("learn.start", "start")
