"""``glyphsmith explain MODEL PICTURE --out PNG``: what in a picture spoke for the answer."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from glyphsmith.cli import refuse_to_replace
from glyphsmith.display import shown
from glyphsmith.errors import DataError, PictureError

__all__ = ["register"]


def register(app: click.Group) -> None:
    """Add the verb ``explain``."""
    app.add_command(explain_picture)


@click.command("explain")
@click.argument("model", metavar="MODEL", help="A .onnx file, a run folder or a shipped reader.")
@click.argument("picture", metavar="PICTURE", help="The picture to explain, or - for standard input.")
@click.option("--out", required=True, metavar="PNG", help="The PNG file to write.")
@click.option("--label", metavar="LABEL", help="Ask for this label instead of the answer.")
def explain_picture(model: str, picture: str, out: str, label: str | None) -> int:
    """Draw which parts of a picture spoke for the answer, over the picture and over what the network saw."""
    from glyphsmith.files import suggested, write_atomically

    if Path(out).suffix.lower() != ".png":
        raise DataError(f"--out {out}: the figure is a PNG file", hint=f"--out {suggested(Path(out), '.png')}")
    from glyphsmith.explain.overlay import draw_explanation, explain, png_bytes
    from glyphsmith.runtime.pictures import STDIN, sources
    from glyphsmith.runtime.reader import open_reader

    reader = open_reader(model)
    refuse_to_replace("--out", out, [picture, reader.where])
    try:
        source = next(sources([picture]))
        found = explain(reader, source, label=label)
    except PictureError as error:  # as `read` has it: a picture that failed, not a command that was wrong
        print(shown(f"error: {error}", keep="\n"), file=sys.stderr)
        return 1
    write_atomically(out, png_bytes(draw_explanation(found, name="" if picture == STDIN else picture)))
    answer = "-" if found.refused else shown(found.answer)
    reason = f"\t({shown(found.refused)})" if found.refused else ""
    print(f"{answer}\t{found.top[0][1]:.4f}\t{shown(out)}{reason}")
    return 0
