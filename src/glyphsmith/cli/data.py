"""``glyphsmith data check|info|split|import|sheet|cut``: what a set of labelled pictures is, and how to make one."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from glyphsmith.cli.sheets import cut, sheet

if TYPE_CHECKING:
    from glyphsmith.data.audit import Audit
    from glyphsmith.data.pictures import LabelledPictures
    from glyphsmith.data.split import Split

__all__ = ["register"]

_Source = Annotated[str, typer.Argument(metavar="SOURCE", help="A folder, archive or file of labelled pictures.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_Group = Annotated[str, typer.Option("--group", metavar="COLUMN", help="Keep equal values of this column together.")]
_Seed = Annotated[int, typer.Option("--seed", help="Another seed, another split.")]
_Validation = Annotated[str, typer.Option("--validation", metavar="SHARE", help="A share in 0..1, or first:N.")]
_Test = Annotated[
    float, typer.Option("--test", metavar="SHARE", help="A share in 0..1, where SOURCE has no test part.")
]


def register(app: typer.Typer) -> None:
    """Add the verb ``data``."""
    verbs = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    verbs.command("check")(check)
    verbs.command("info")(info)
    verbs.command("split")(split)
    verbs.command("import")(import_source)
    verbs.command("sheet")(sheet)
    verbs.command("cut")(cut)
    app.add_typer(verbs, name="data", help="Labelled pictures: check, info, split, import; made by hand: sheet, cut.")


def check(source: _Source, as_json: _Json = False, group: _Group = "") -> int:
    """Open every picture and say what is odd: duplicates, leaks, damage, imbalance, polarity, sizes."""
    from glyphsmith.data.audit import audit

    opened = _open(source, group, say=as_json)
    checked = audit(opened)
    if as_json:
        print(json.dumps(checked.as_dict(), ensure_ascii=False))
        _say_failures(checked)
    else:
        for line in checked.lines():
            print(line)
    return 1 if checked.failures else 0


def info(source: _Source, as_json: _Json = False) -> int:
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
    print(f"{opened.where}: {opened.form}, because {opened.reason}")
    given = ", ".join(f"{name} {count:,}" for name, count in parts.items())
    print(f"pictures   {len(opened):,}{f' ({given})' if given else ''}, the first is {first.name} = {first.label!r}")
    shown = ", ".join(f"{label} ({labels[label]:,})" for label in sorted(labels)[:40])
    print(f"labels     {len(labels):,}: {shown}{' ...' if len(labels) > 40 else ''}")
    if opened.columns:
        print(f"columns    {', '.join(opened.columns)} (for --group)")
    for note in opened.notes:
        print(f"note       {note}")
    return 0


def split(
    source: _Source,
    out: Annotated[str, typer.Option("--out", metavar="DIR|FILE.csv", help="Where to write split.csv.")],
    group: _Group = "",
    seed: _Seed = 0,
    validation: _Validation = "0.1",
    test: _Test = 0.1,
    as_json: _Json = False,
) -> int:
    """Divide SOURCE as training would, and write the table file,label,part."""
    import csv
    import io

    from glyphsmith.data.audit import audit
    from glyphsmith.data.split import split_samples
    from glyphsmith.errors import DataError
    from glyphsmith.files import write_atomically

    target = Path(out)
    if target.suffix.lower() != ".csv":
        if target.exists() and not target.is_dir():
            raise DataError(f"{target}: is a file, expected a folder or a name that ends in .csv")
        target = target / "split.csv"
    opened = _open(source, group)
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


def import_source(
    source: _Source,
    out: Annotated[str, typer.Argument(metavar="OUT.h5", help="The HDF5 file to write.")],
    group: _Group = "",
    seed: _Seed = 0,
    validation: _Validation = "0.1",
    test: _Test = 0.1,
    as_json: _Json = False,
) -> int:
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
        print(f"{opened.where}: {opened.form}, because {opened.reason}", file=sys.stderr)
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
        print(f"error: {reason}", file=sys.stderr)
    if len(checked.failures) > 20:
        print(f"error: {len(checked.failures) - 20:,} more pictures could not be read", file=sys.stderr)
