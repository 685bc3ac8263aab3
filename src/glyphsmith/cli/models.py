"""``glyphsmith models``: the readers that come with the package, from their cards."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from glyphsmith.cli.figures import figure_said
from glyphsmith.display import shown
from glyphsmith.errors import ModelError

__all__ = ["register"]


def register(app: click.Group) -> None:
    """Add the verb ``models``."""
    app.add_command(models)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def models(as_json: bool) -> int:
    """List the shipped readers: what they read, their size, and the figures they reached."""
    from glyphsmith.runtime.reader import open_reader
    from glyphsmith.runtime.store import shipped

    records: list[dict[str, Any]] = []
    for name, path in shipped().items():
        try:
            reader = open_reader(path)
        except ModelError as error:
            print(f"error: {shown(error.message)}", file=sys.stderr)
            records.append({"name": name, "path": str(path), "error": error.message})
            continue
        card = reader.card
        records.append(
            {
                "name": name,
                "task": card.task,
                "about": card.about,
                "labels": list(card.alphabet),
                "file_mb": round(reader.file_bytes / 1e6, 6),
                "reject_below": card.reject_below,
                "figures": card.figures,
                "path": str(path),
            }
        )
    broken = any("error" in record for record in records)
    if as_json:
        print(json.dumps(records, ensure_ascii=False))
        return 1 if broken else 0
    if not records:
        print("no reader comes with this installation", file=sys.stderr)
    for record in records:
        if "error" in record:
            continue
        print(f"{shown(record['name'])}  {record['task']}, {_labels(record['labels'])}, {record['file_mb']:.2f} MB")
        if record["about"]:
            print(f"  {shown(record['about'])}")
        for what, figure in record["figures"].items():
            print(f"  {shown(what)}: {figure_said(figure)}")
    return 1 if broken else 0


def _labels(labels: list[str]) -> str:
    some = shown(" ".join(labels[:12])) + (" ..." if len(labels) > 12 else "")
    return f"{len(labels)} label{'' if len(labels) == 1 else 's'} ({some})"
