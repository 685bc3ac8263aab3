"""Which values a recipe may hold: ranges of numbers, and keys that do not go together."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from glyphsmith.errors import RecipeError

if TYPE_CHECKING:
    from glyphsmith.train.recipe import Recipe

__all__ = ["within_limits"]

#: Painting processes; more than these no machine has cores for.
MOST_WORKERS = 256

_RANGES: dict[str, tuple[float, float]] = {
    "data.test": (0.0, 0.9),
    "data.folds": (0, 1000),
    "synth.pictures": (20, 100_000_000),
    "synth.epoch_pictures": (1, 100_000_000),
    "synth.emphasis_share": (0.0, 0.9),
    "synth.width_px": (0, 4096),
    "synth.height_px": (0, 4096),
    "paint.photographed": (0, 100),
    "paint.strokes": (0, 10_000_000),
    "prepare.height_px": (4, 2048),
    "prepare.width_px": (4, 2048),
    "prepare.box_px": (2, 2048),
    "prepare.work_px": (16, 1024),
    "prepare.threshold": (0.0, 1.0),
    "network.dropout": (0.0, 0.95),
    "network.columns": (1, 4096),
    "network.places": (0, 256),
    "learn.guide": (0.0, 100.0),
    "learn.epochs": (1, 100_000),
    "learn.batch": (1, 65_536),
    "learn.rate": (1e-9, 100.0),
    "learn.weight_decay": (0.0, 10.0),
    "learn.average": (0.0, 0.99999),
    "learn.label_smoothing": (0.0, 0.9),
    "learn.patience": (0, 100_000),
    "learn.strangers": (0.0, 100.0),
}


def within_limits(recipe: Recipe, where: str) -> Recipe:
    """Give the recipe, with its ink box made to fit; raises RecipeError that names the key, its value and its range."""
    for key, (low, high) in _RANGES.items():
        table, name = key.split(".")
        value = getattr(getattr(recipe, table), name)
        if not low <= value <= high:
            raise RecipeError(f"{where}: [{table}] {name} is {value}, expected {low:g} to {high:g}")
    validation = recipe.data.validation
    if isinstance(validation, str):
        kind, _, count = validation.partition(":")
        if kind != "first" or not count.isdecimal() or int(count) < 1:
            raise RecipeError(f'{where}: [data] validation is {validation!r}, expected a share or "first:N"')
    elif not 0.0 < validation <= 0.9:
        raise RecipeError(f"{where}: [data] validation is {validation}, expected a share above 0 and at most 0.9")
    _check_synth(recipe, where)
    _check_steps(recipe, where)
    prepare = recipe.prepare
    if prepare.crop and not prepare.colour and prepare.box_px > min(prepare.height_px, prepare.width_px):
        return replace(recipe, prepare=replace(prepare, box_px=min(prepare.height_px, prepare.width_px)))
    return recipe


def _check_synth(recipe: Recipe, where: str) -> None:
    synth = recipe.synth
    if (isinstance(synth.workers, str) and synth.workers != "auto") or (
        not isinstance(synth.workers, str) and not 0 <= synth.workers <= MOST_WORKERS
    ):
        raise RecipeError(f'{where}: [synth] workers is {synth.workers!r}, expected "auto" or 0 to {MOST_WORKERS}')
    if synth.emphasis and synth.kind != "captcha":
        raise RecipeError(
            f"{where}: [synth] emphasis needs texts that are free, as those of captchas are",
            hint='leave it out, or set kind = "captcha"',
        )
    if synth.emphasis and not synth.endless:
        raise RecipeError(
            f"{where}: [synth] emphasis is for training texts alone, which without endless are painted with all others",
            hint="leave endless as it is, or --set synth.emphasis= (empty) to paint once without it",
        )
    if (
        synth.kind in ("captcha", "arithmetic")
        and synth.endless
        and (recipe.paint.photographed or recipe.augment.copies_deg)
    ):
        raise RecipeError(
            f"{where}: [synth] endless pictures are painted for each step; no copies of them can be made before",
            hint="leave out paint.photographed and augment.copies_deg, or set synth.endless = false",
        )


def _check_steps(recipe: Recipe, where: str) -> None:
    learn = recipe.learn
    if learn.schedule != "steps":  # then the two lie idle, so that --set may try another schedule
        return
    if not learn.milestones or len(learn.milestones) != len(learn.rates):
        raise RecipeError(
            f"{where}: [learn] schedule is steps with {len(learn.milestones)} milestones and {len(learn.rates)} rates, "
            "expected as many of both, and at least one",
            hint="milestones = [20] with rates = [1e-4]: from epoch 20 on a rate of 1e-4",
        )
    if any(later <= earlier for earlier, later in pairwise((0.0, *learn.milestones))):
        raise RecipeError(
            f"{where}: [learn] milestones are {list(learn.milestones)}, expected rising epochs above 0",
        )
    low, high = _RANGES["learn.rate"]
    for rate in learn.rates:
        if not low <= rate <= high:
            raise RecipeError(f"{where}: [learn] rates has {rate}, expected {low:g} to {high:g}")
