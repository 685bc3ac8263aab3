"""``glyphsmith export MODEL --to int8 --out PATH``: the same reader in another form."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Literal

import click

from glyphsmith.cli import refuse_to_replace
from glyphsmith.display import shown
from glyphsmith.errors import DataError, ExportError

__all__ = ["register"]


def register(app: click.Group) -> None:
    """Add the verb ``export``."""
    app.add_command(export)


@click.command()
@click.argument("model", metavar="MODEL", help="A .onnx file, a run folder or a shipped reader.")
@click.option("--to", type=click.Choice(["int8", "coreml", "web"]), required=True, help="The form to write.")
@click.option("--out", required=True, metavar="PATH", help="The file to write.")
@click.option(
    "--data",
    metavar="DATA",
    help="Labelled pictures to set ranges with and to compare on (default: what the reader learned from).",
)
@click.option("--anyway", is_flag=True, help="Write the file also where it loses more or is not faster.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def export(
    model: str, to: Literal["int8", "coreml", "web"], out: str, data: str | None, anyway: bool, as_json: bool
) -> int:
    """Write a reader in 8 bits, where it loses less than 0.05 points and is faster; else say so and end with 1."""
    if to != "int8":
        raise ExportError(
            f"--to {to}: not in this version", hint="--to int8 is; the .onnx file itself runs in onnxruntime-web"
        )
    from glyphsmith.files import suggested

    if Path(out).suffix.lower() != ".onnx":
        raise DataError(f"--out {out}: a reader is an .onnx file", hint=f"--out {suggested(Path(out), '.onnx')}")
    if not Path(out).absolute().parent.is_dir():
        raise DataError(f"--out {out}: there is no folder {Path(out).parent}")
    from glyphsmith.data.source import open_source
    from glyphsmith.evaluate.evaluation import check_known
    from glyphsmith.export.int8 import refuse_quantised
    from glyphsmith.export.shrink import divide, pictures_of, shrink
    from glyphsmith.files import write_atomically
    from glyphsmith.runtime.reader import open_reader
    from glyphsmith.runtime.store import resolve

    path = resolve(model)
    refuse_to_replace("--out", out, [path, *([data] if data is not None else [])])
    reader = open_reader(path)
    refuse_quantised(path.read_bytes())
    divided = divide(open_source(data)) if data is not None else pictures_of(path, reader.card, _say)
    check_known(reader, divided.source, divided.compared)
    _say(f"ranges from {len(divided.ranges):,} pictures of {divided.source.where}")
    found = shrink(reader, path.read_bytes(), divided)
    written = anyway or not found.why_not
    if written:
        write_atomically(out, found.file)
    if as_json:
        print(json.dumps({**found.as_dict(), "path": out if written else None}, ensure_ascii=False))
    else:
        low, high = found.loss_ci95
        print(f"right      {found.after:,} of {found.n:,}, before {found.before:,} ({divided.part} pictures)")
        print(
            f"loss       {100 * found.loss:.2f} points (95 % interval {100 * low:.2f} to {100 * high:.2f}): "
            f"{found.lost} lost, {found.won} won"
        )
        print(f"speed      p50 {found.ms_after:.3f} ms a picture on one thread, before {found.ms_before:.3f} ms")
        print(f"file       {len(found.file) / 1e6:.3f} MB, before {found.bytes_before / 1e6:.3f} MB")
    if found.coarse and not found.why_not:
        _say(f"note: {found.n:,} pictures do not show that the loss stays below 0.05 points; --data names more")
    if found.why_not:
        _say(f"{'kept all the same' if written else 'not kept'}: {found.why_not}")
    return 0 if written else 1


def _say(line: str) -> None:
    print(shown(line), file=sys.stderr)
