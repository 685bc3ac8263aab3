"""A reader of texts made in a test: it has learned nothing, and answers what its first weights say."""

from __future__ import annotations

from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

from glyphsmith.card import Card, TextFormat

HEIGHT_PX, WIDTH_PX = 16, 48


@lru_cache(maxsize=4)
def tiny_text_model(alphabet: str = "01234+", *, arithmetic: bool = False, pattern: str | None = None) -> bytes:
    """Give a sealed reader with a CTC head of 12 columns, or more."""
    import torch

    from glyphsmith.export.reader_file import reader_bytes, round_weights
    from glyphsmith.nets import build
    from glyphsmith.train.recipe import Network, Prepare, Recipe

    prepare = Prepare(height_px=HEIGHT_PX, width_px=WIDTH_PX, crop=False, flatten=False, polarity="keep")
    torch.manual_seed(0)
    network = build(
        "text", (4, 4, 6), channels=1, height_px=HEIGHT_PX, width_px=WIDTH_PX, classes=len(alphabet), columns=12
    )
    round_weights(network)
    form = TextFormat("ctc", network.columns, 1, 5, arithmetic=arithmetic, pattern=pattern)
    recipe = Recipe(name="tiny-text", task="text", prepare=prepare, network=Network("text", (4, 4, 6), columns=12))
    card = Card(
        name="tiny-text",
        task="text",
        alphabet=tuple(alphabet),
        prepare=asdict(prepare),
        recipe=recipe.as_dict(),
        text=form,
    )
    return reader_bytes(network, prepare, card, temperature=1.0)


def tiny_text_reader(path: Path, alphabet: str = "01234+", *, arithmetic: bool = False) -> Path:
    """Write a tiny reader of texts to ``path`` and give the path back."""
    path.write_bytes(tiny_text_model(alphabet, arithmetic=arithmetic))
    return path
