"""Sprite glyphs as a source of labelled pictures: ``train --recipe sprites`` learns from it without a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from glyphsmith.data.pictures import LabelledPictures
from glyphsmith.errors import RecipeError
from glyphsmith.synth.source import painted_source
from glyphsmith.synth.sprites import SpritePainter, SpriteSettings, font_part_named

__all__ = ["sprite_source"]

#: What ``[data] group`` may name: then the designs of fonts never straddle the split.
_DESIGN = "design"


def sprite_source(
    pictures: int, *, seed: int, fonts: Sequence[str] = (), part: str = "all", group: str = ""
) -> LabelledPictures:
    """Give ``pictures`` glyphs of a seed, drawn in one part of the fonts; ``group`` "design" names each one's design.

    1 % of them are illegible, as on a sheet, and said to be unclear: what learns from them learns to be unsure. Raises
    RecipeError for another group, DataError for another part and where there are no fonts.
    """
    if group not in ("", _DESIGN):
        raise RecipeError(f"painted sprites have no column {group!r} to group by", hint=f"there is: {_DESIGN}")
    settings = SpriteSettings(part=font_part_named(part))
    painter = SpritePainter(replace(settings, fonts=tuple(fonts)) if fonts else settings)
    how = f"sprites, {part} fonts"
    source = painted_source(painter, pictures, seed=seed, kind="sprites", how=how)
    source.columns = (_DESIGN,)
    source.unclear = frozenset(i for i in range(pictures) if not painter.legible(seed, i))
    if group:
        source.groups = [painter.design(seed, i) for i in range(pictures)]
    return source
