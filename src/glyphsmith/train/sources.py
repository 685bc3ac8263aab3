"""Where a run's pictures come from: what was named, what the recipe paints, or the published data it names."""

from __future__ import annotations

from collections.abc import Callable

from glyphsmith.data.pictures import LabelledPictures
from glyphsmith.errors import DataError
from glyphsmith.train.recipe import Recipe

__all__ = ["open_asked"]


def open_asked(place: str, recipe: Recipe, say: Callable[[str], None]) -> LabelledPictures:
    """Open the pictures at ``place``, or those of the recipe where no place is named. Raises DataError."""
    from glyphsmith.data.source import open_source

    if not place and recipe.synth.kind:
        from glyphsmith.synth.source import painted_source

        synth = recipe.synth
        return painted_source(
            synth.kind,
            synth.pictures,
            seed=recipe.seed,
            look=synth.look,
            alphabet=synth.alphabet,
            length=synth.length,
            width_px=synth.width_px,
            height_px=synth.height_px,
            fonts=synth.fonts,
        )
    if not place and not recipe.data.source:
        raise DataError(
            "no SOURCE was given, and the recipe has none of its own",
            hint="glyphsmith train FOLDER, where FOLDER holds one folder of pictures for each label",
        )
    if not place:
        from glyphsmith.data.download import fetch

        say(f"data: {recipe.data.source}, as published")
        place = str(fetch(recipe.data.source))
    return open_source(place, group=recipe.data.group)
