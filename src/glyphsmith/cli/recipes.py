"""``glyphsmith recipes``: the recipes of the package with size, published and measured figures; NAME prints one."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import click

from glyphsmith.cli.figures import figure_said

__all__ = ["register"]


def register(app: click.Group) -> None:
    """Add the verb."""
    app.add_command(recipes)


@click.command()
@click.argument("name", default="", metavar="[NAME]", help="Print this recipe as TOML.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def recipes(name: str, as_json: bool) -> int:
    """List the recipes, or print one."""
    from glyphsmith.train.recipe import load_recipe, recipe_names, to_toml

    if name:
        recipe = load_recipe(name)
        file = resources.files("glyphsmith") / "recipes" / f"{name}.toml"
        if as_json:
            print(json.dumps(recipe.as_dict(), ensure_ascii=False, indent=1))
        elif name in recipe_names():
            print(file.read_text(encoding="utf-8"), end="")
        else:
            print(to_toml(recipe) if not Path(name).is_file() else Path(name).read_text(encoding="utf-8"), end="")
        return 0
    rows = [_row(each) for each in recipe_names()]
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=1))
        return 0
    width = max((len(row["name"]) for row in rows), default=0)
    for row in rows:
        size = f"{row['weights']:,} weights" if row["weights"] is not None else ""
        print(f"{row['name']:<{width}} {row['size']:>7}  {size:>18}  {row['about']}")
        for key in ("published", "measured"):
            if row[key]:
                print(f"{'':<{width}} {key}: {row[key]}")
    return 0


def _row(name: str) -> dict[str, Any]:
    from glyphsmith.train.recipe import load_recipe

    recipe = load_recipe(name)
    prepare = recipe.prepare
    measured = [_of_shipped(name), recipe.published.measured]
    return {
        "name": name,
        "about": recipe.about,
        "network": recipe.network.family,
        "size": f"{prepare.width_px}x{prepare.height_px}",
        "weights": recipe.published.weights or None,
        "data": recipe.data.source,
        "published": recipe.published.figure,
        "source": recipe.published.source,
        "measured": "; ".join(filter(None, measured)),
    }


def _of_shipped(name: str) -> str:
    """Give what the card of the shipped reader of that name says it reached; nothing where there is none."""
    from glyphsmith.errors import ModelError
    from glyphsmith.runtime.reader import open_reader
    from glyphsmith.runtime.store import shipped

    path = shipped().get(name)
    if path is None:
        return ""
    try:
        figures = open_reader(path).card.figures
    except ModelError:
        # ``glyphsmith models`` says what is wrong with it.
        return ""
    return "the shipped reader: " + "; ".join(f"{what} {figure_said(figure)}" for what, figure in figures.items())
