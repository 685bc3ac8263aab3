"""A further process of torchrun: it learns beside the first one, from what that one has prepared or described."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from glyphsmith.train.learned import Fit
from glyphsmith.train.painting import Endless
from glyphsmith.train.prepared import prepared_before
from glyphsmith.train.recipe import load_recipe
from glyphsmith.train.strangers import knowing

__all__ = ["learn_beside"]


def learn_beside(
    folder: Path,
    classes: int,
    endless: Endless | None,
    strangers: NDArray[np.uint8] | None,
    *,
    seconds: float | None,
    resume: bool,
) -> Fit:
    """Learn with the first process, which alone judges, writes and reports."""
    from glyphsmith.train.loop import fit

    recipe = load_recipe(str(folder / "recipe.toml"))
    train, validation = (prepared_before(folder / "prepared" / f"{name}.npy") for name in ("train", "validation"))
    return fit(
        recipe,
        train=(train.pictures, train.labels),
        validation=(validation.pictures, validation.labels),
        classes=classes,
        run_dir=folder,
        seconds=seconds,
        resume=resume,
        say=lambda _: None,
        endless=endless,
        lesson=knowing(None, recipe, strangers),
    )
