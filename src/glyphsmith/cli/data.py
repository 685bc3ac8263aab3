"""``glyphsmith data check|info|split|import|sheet|cut``: what a set of labelled pictures is, and how to make one."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from glyphsmith.cli import Verbs
from glyphsmith.cli.sheets import cut, sheet
from glyphsmith.display import shown

if TYPE_CHECKING:
    from glyphsmith.data.audit import Audit
    from glyphsmith.data.pictures import LabelledPictures
    from glyphsmith.data.split import Split

__all__ = ["register"]

_source = click.argument("source", metavar="SOURCE", help="A folder, archive or file of labelled pictures.")
_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
_group = click.option(
    "--group", default="", show_default=False, metavar="COLUMN", help="Keep equal values of this column together."
)
_seed = click.option("--seed", type=click.IntRange(min=0), default=0, help="Another seed, another split.")
_validation = click.option("--validation", default="0.1", metavar="SHARE", help="A share in 0..1, or first:N.")
_test = click.option(
    "--test", type=float, default=0.1, metavar="SHARE", help="A share in 0..1, where SOURCE has no test part."
)


def register(app: click.Group) -> None:
    """Add the verb ``data``."""
    verbs = [check, info, split, import_source, sheet, cut]
    app.add_command(
        Verbs("data", verbs, help="Labelled pictures: check, info, split, import; made by hand: sheet, cut.")
    )


@click.command()
@_source
@_json
@_group
def check(source: str, as_json: bool, group: str) -> int:
    """Open every picture and say what is odd: duplicates, leaks, damage, imbalance, polarity, sizes."""
    from glyphsmith.data.audit import audit

    opened = _open(source, group, say=as_json)
    checked = audit(opened)
    if as_json:
        print(json.dumps(checked.as_dict(), ensure_ascii=False))
        _say_failures(checked)
    else:
        for line in checked.lines():
            print(shown(line, keep="\n"))
    return 1 if checked.failures else 0


@click.command()
@_source
@_json
def info(source: str, as_json: bool) -> int:
    """Say what SOURCE was recognised as, and count its labels, without opening its pictures."""
    opened = _open(source, "", say=as_json)
    labels: Counter[str] = Counter()
    parts: Counter[str] = Counter()
    for i in range(len(opened)):
        sample = opened.sample(i)
        labels[sample.label] += 1
        if sample.part:
            parts[sample.part] += 1
    first = opened.sample(0)
    document: dict[str, Any] = {
        "source": opened.where,
        "form": opened.form,
        "reason": opened.reason,
        "n": len(opened),
        "labels": {label: labels[label] for label in sorted(labels)},
        "parts": dict(parts),
        "columns": list(opened.columns),
        "first": {"file": first.name, "label": first.label},
        "notes": list(opened.notes),
    }
    if as_json:
        print(json.dumps(document, ensure_ascii=False))
        return 0
    print(shown(f"{opened.where}: {opened.form}, because {opened.reason}"))
    given = ", ".join(f"{name} {count:,}" for name, count in parts.items())
    there = f"{len(opened):,}{f' ({given})' if given else ''}"
    print(shown(f"pictures   {there}, the first is {first.name} = {first.label!r}"))
    some = ", ".join(f"{label} ({labels[label]:,})" for label in sorted(labels)[:40])
    print(shown(f"labels     {len(labels):,}: {some}{' ...' if len(labels) > 40 else ''}"))
    if opened.columns:
        print(shown(f"columns    {', '.join(opened.columns)} (for --group)"))
    for note in opened.notes:
        print(shown(f"note       {note}"))
    return 0


@click.command()
@_source
@click.option("--out", required=True, metavar="DIR|FILE.csv", help="Where to write split.csv.")
@_group
@_seed
@_validation
@_test
@_json
def split(source: str, out: str, group: str, seed: int, validation: str, test: float, as_json: bool) -> int:
    """Divide SOURCE as training would, and write the table file,label,part."""
    import csv
    import io

    from glyphsmith.data.audit import audit
    from glyphsmith.data.source import refuse_overwriting
    from glyphsmith.data.split import split_samples
    from glyphsmith.errors import DataError
    from glyphsmith.files import write_atomically

    target = Path(out).expanduser()
    if target.suffix.lower() != ".csv":
        if target.exists() and not target.is_dir():
            raise DataError(f"{target}: is a file, expected a folder or a name that ends in .csv")
        target = target / "split.csv"
    opened = _open(source, group)
    refuse_overwriting(opened, target)
    checked = audit(opened)
    _say_failures(checked)
    made = split_samples(checked, opened, validation=_share(validation), test=test, group=group, seed=seed)
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["file", "label", "part", *([group] if group else [])])
    parts = made.part_of_each(len(opened))
    for i, part in enumerate(parts):
        if part:
            sample = opened.sample(i)
            writer.writerow([sample.name, sample.label, part, *([sample.group or ""] if group else [])])
    target.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(target, table.getvalue())
    _print_split(str(target), made, f"{target}: {made.reason}", as_json=as_json)
    return 1 if checked.failures else 0


@click.command("import")
@_source
@click.argument("out", metavar="OUT.h5", help="The HDF5 file to write.")
@_group
@_seed
@_validation
@_test
@_json
def import_source(source: str, out: str, group: str, seed: int, validation: str, test: float, as_json: bool) -> int:
    """Write SOURCE into one HDF5 file with labels and split, which training reads without loading it whole."""
    from glyphsmith.data.importing import import_to_hdf5

    opened = _open(source, group)
    done = import_to_hdf5(opened, out, validation=_share(validation), test=test, group=group, seed=seed)
    _say_failures(done.audit)
    said = f"{done.path}: {done.n:,} pictures ({done.how}); {done.split.reason}"
    _print_split(str(done.path), done.split, said, as_json=as_json)
    return 1 if done.audit.failures else 0


def _open(source: str, group: str, *, say: bool = True) -> LabelledPictures:
    from glyphsmith.data.source import open_source

    opened = open_source(source, group=group)
    if say:
        print(shown(f"{opened.where}: {opened.form}, because {opened.reason}"), file=sys.stderr)
        for note in opened.notes:
            print(shown(f"note: {note}"), file=sys.stderr)
    return opened


def _print_split(out: str, made: Split, said: str, *, as_json: bool) -> None:
    parts = {"train": made.train, "validation": made.validation, "test": made.test}
    counts = {name: len(indices) for name, indices in parts.items()}
    print(json.dumps({"out": out, **counts, "reason": made.reason}, ensure_ascii=False) if as_json else said)


def _share(text: str) -> float | str:
    from glyphsmith.errors import DataError

    if text.startswith("first:"):
        return text
    try:
        return float(text)
    except ValueError:
        raise DataError(f"--validation {text}: expected a share in 0..1, or first:N") from None


def _say_failures(checked: Audit) -> None:
    for _, reason in checked.failures[:20]:
        print(f"error: {shown(reason)}", file=sys.stderr)
    if len(checked.failures) > 20:
        print(f"error: {len(checked.failures) - 20:,} more pictures could not be read", file=sys.stderr)
