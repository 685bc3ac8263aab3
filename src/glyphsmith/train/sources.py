"""Where a run's pictures come from: what was named, what the recipe paints, or the published data it names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from glyphsmith.alphabet import Alphabet
from glyphsmith.data.pictures import LabelledPictures
from glyphsmith.errors import DataError, RecipeError
from glyphsmith.synth.seeded import SeededPainter
from glyphsmith.train.painting import Endless
from glyphsmith.train.recipe import Recipe, load_recipe, recipe_names

if TYPE_CHECKING:
    from glyphsmith.card import Card
    from glyphsmith.train.diagnose import Problem

__all__ = ["endless_of", "look_ahead", "open_asked", "painted_symbols", "settle_names"]


def settle_names(place: str, recipe: str) -> tuple[str, str]:
    """Give place and recipe, where a place that is not there may be the name of a recipe with a source of its own.

    Raises DataError where it names a recipe that has none, RecipeError where a recipe is named as well.
    """
    if place not in recipe_names() or Path(place).exists():
        return place, recipe
    named = load_recipe(place)
    if not named.synth.kind and not named.data.source:
        raise DataError(
            f"{place}: no such file or folder, but a recipe, which has no pictures of its own",
            hint=f"glyphsmith train FOLDER --recipe {place}",
        )
    if recipe:
        raise RecipeError(
            f"{place}: no such file or folder, but a recipe with pictures of its own, and --recipe names {recipe}",
            hint=f"leave out one of them: glyphsmith train {place}",
        )
    return "", place


def open_asked(place: str, recipe: Recipe, say: Callable[[str], None]) -> LabelledPictures:
    """Open the pictures at ``place``, or those of the recipe where no place is named. Raises DataError."""
    from glyphsmith.data.source import open_source

    if not place and recipe.synth.kind:
        from glyphsmith.synth.source import painted_source

        synth = recipe.synth
        if synth.kind == "sprites":
            from glyphsmith.synth.sprite_source import sprite_source

            return sprite_source(
                synth.pictures, seed=recipe.seed, fonts=synth.fonts, part=synth.font_part, group=recipe.data.group
            )
        how = synth.kind if synth.kind == "arithmetic" else f"{synth.kind}, {synth.look}"
        return painted_source(_painter(recipe), synth.pictures, seed=recipe.seed, kind=synth.kind, how=how)
    if not place and not recipe.data.source:
        raise DataError(
            "no SOURCE was given, and the recipe has none of its own",
            hint="glyphsmith train FOLDER, where FOLDER holds one folder of pictures for each label",
        )
    if not place:
        from glyphsmith.data.download import fetch

        say(f"data: {recipe.data.source}, as published")
        place = str(fetch(recipe.data.source, recipe=recipe.name or "NAME"))
    return open_source(place, group=recipe.data.group)


def endless_of(place: str, recipe: Recipe, alphabet: Alphabet, graph: bytes) -> Endless | None:
    """Give the pictures that are painted for each step, for labels ``alphabet``; None where a run has none.

    ``graph`` is the preparation. Raises DataError where the emphasis is outside the painted alphabet, RecipeError where
    folds are asked for: they would learn from other pictures than the file.
    """
    if not _is_endless(place, recipe):
        return None
    if recipe.data.folds:
        raise RecipeError(
            "folds make the most of few pictures; endless ones are as many as you like",
            hint="leave out --folds, or set synth.endless=false",
        )
    synth, prepare = recipe.synth, recipe.prepare
    painter = _painter(recipe, emphasis=True)
    return Endless(
        painter,
        recipe.seed,
        synth.pictures,
        graph,
        (3 if prepare.colour else 1, prepare.height_px, prepare.width_px),
        alphabet.labels,
        painter.settings.length[1],
        synth.epoch_pictures,
        None if isinstance(synth.workers, str) else synth.workers,
    )


def painted_symbols(place: str, recipe: Recipe) -> tuple[str, ...]:
    """Give the symbols that endless pictures may show, whether a picture of validation shows them or not."""
    return _painter(recipe).settings.labels if _is_endless(place, recipe) else ()


def look_ahead(
    endless: Endless, recipe: Recipe, alphabet: Alphabet, problems: Sequence[Problem], old: Card | None
) -> list[Problem]:
    """Judge pictures that are not painted yet: give the problems that remain of those seen in the finite part.

    ``old`` is the card of the reader that a run goes on from. Raises TrainingError where the network has fewer columns
    than a text may need.
    """
    from glyphsmith.train.diagnose import Problem
    from glyphsmith.train.diagnose_text import check_room

    check_room(recipe, alphabet, endless.fullest())
    remaining = [problem for problem in problems if problem.kind != "few"]
    if old is not None and old.recipe.get("synth", {}).get("kind") != recipe.synth.kind:
        said = "every step learns from pictures painted for it: those of the reader to go on from are not learned again"
        remaining.append(Problem("forgets", said, "--set synth.endless=false learns from both"))
    return remaining


def _is_endless(place: str, recipe: Recipe) -> bool:
    return not place and recipe.synth.kind not in ("", "sprites") and recipe.synth.endless


def _painter(recipe: Recipe, *, emphasis: bool = False) -> SeededPainter:
    from glyphsmith.synth.source import painter_of

    synth = recipe.synth
    return painter_of(
        synth.kind,
        look=synth.look,
        alphabet=synth.alphabet,
        length=synth.length,
        width_px=synth.width_px,
        height_px=synth.height_px,
        fonts=synth.fonts,
        fold=synth.fold,
        emphasis=synth.emphasis if emphasis else "",
        emphasis_share=synth.emphasis_share,
    )
