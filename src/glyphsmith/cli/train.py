"""``glyphsmith train SOURCE``: a folder of labelled pictures in, one file out.

Every decision is printed with its reason on stderr; the path of the written file is the one line on stdout.
"""

from __future__ import annotations

import os
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from glyphsmith.errors import RecipeError

__all__ = ["register"]

INTERRUPTED = 130


def register(app: click.Group) -> None:
    """Add the verb."""
    app.add_command(train)


@click.command()
@click.argument(
    "source",
    default="",
    metavar="[SOURCE]",
    help="Folder, archive or file of labelled pictures, or the name of a recipe that has its own.",
)
@click.option(
    "--recipe", default="", show_default=False, metavar="NAME|FILE", help="A recipe, see `glyphsmith recipes`."
)
@click.option("--out", default="", show_default=False, metavar="RUN", help="Folder of the run [runs/RECIPE-TIME].")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Change the recipe, e.g. learn.epochs=20.")
@click.option("--seed", type=int, metavar="N", help="Seed of everything random.")
@click.option("--minutes", type=float, metavar="M", help="Be done within M minutes.")
@click.option("--folds", type=int, metavar="K", help="Figures by k-fold; 0 for none. By itself where pictures are few.")
@click.option(
    "--from",
    "from_model",
    default="",
    show_default=False,
    metavar="MODEL",
    help="Go on from a trained reader, also with further labels.",
)
@click.option("--resume", is_flag=True, help="Go on with the run in --out.")
@click.option(
    "--group",
    default="",
    show_default=False,
    metavar="COLUMN",
    help="Column whose values never straddle the split, e.g. writer.",
)
def train(
    source: str,
    recipe: str,
    out: str,
    settings: tuple[str, ...],
    seed: int | None,
    minutes: float | None,
    folds: int | None,
    from_model: str,
    resume: bool,
    group: str,
) -> int:
    """Train a reader on labelled pictures and write it as one file."""
    if minutes is not None and not 0.0 < minutes <= 1e6:
        raise RecipeError(f"--minutes is {minutes:g}, expected more than 0")
    if seed is not None and seed < 0:
        raise RecipeError(f"--seed is {seed}, expected 0 or more")
    if resume and not out:
        raise RecipeError("--resume needs --out RUN: the folder of the run to go on with")
    if os.environ.get("WORLD_SIZE", "1") != "1" and not out:
        raise RecipeError("under torchrun --out RUN must be named: the processes could not agree on a folder")
    from glyphsmith.run import run
    from glyphsmith.train.extra import need_the_train_extra

    need_the_train_extra()
    from glyphsmith.train.folding import check_folds
    from glyphsmith.train.sources import settle_names

    check_folds(folds)
    source, recipe = settle_names(source, recipe)
    outcome = run(
        source or None,
        recipe=recipe or None,
        out=out or _new_folder(recipe),
        settings=settings,
        seed=seed,
        minutes=minutes,
        folds=folds,
        from_model=from_model or None,
        resume=resume,
        group=group,
        command=shlex.join(["glyphsmith", *sys.argv[1:]]),
    )
    if os.environ.get("RANK", "0") == "0":
        print(outcome.model)
    return INTERRUPTED if outcome.interrupted else 0


def _new_folder(recipe: str) -> Path:
    """Name runs/RECIPE-TIME; a second run within the same second gets a number."""
    name = Path(recipe).stem if recipe else "automatic"
    first = Path("runs") / f"{name}-{datetime.now(UTC).astimezone():%Y%m%d-%H%M%S}"
    folder, number = first, 2
    while folder.exists():
        folder, number = first.with_name(f"{first.name}-{number}"), number + 1
    return folder
