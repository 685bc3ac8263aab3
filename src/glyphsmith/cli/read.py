"""``glyphsmith read MODEL PICTURE...``: the answers of a reader, a line a picture, as they come.

The way from the shell to one answer is kept short (0.35 s is the limit): onnxruntime is loaded inside the function,
OpenCV for ``--find`` alone, rich only when a long run goes into a file or a pipe.
"""

from __future__ import annotations

import gc
import json
import sys
import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from glyphsmith.cli import Bounded, refuse_to_replace
from glyphsmith.display import shown
from glyphsmith.errors import DataError, GlyphsmithError
from glyphsmith.results import Failure, LabelReading, SheetReading, TextReading

if TYPE_CHECKING:
    from glyphsmith.runtime.reader import Reader

__all__ = ["register"]

Answer = LabelReading | TextReading | SheetReading | Failure

#: The column of paths grows no wider than this; a longer path pushes its own line only.
PATH_COLUMNS = 48


def register(app: click.Group) -> None:
    """Add the verb ``read``."""
    app.add_command(read)


@click.command()
@click.argument("model", metavar="MODEL", help="A .onnx file, a run folder or a shipped reader.")
@click.argument(
    "pictures", nargs=-1, required=True, metavar="PICTURE...", help="Files, folders, patterns, or - for standard input."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line per picture.")
@click.option("--top", type=click.IntRange(min=0), metavar="K", help="Give the K best labels (with --json: 3).")
@click.option(
    "--reject",
    type=Bounded(min=0.0, max=1.0),
    metavar="P",
    help="Give no label below this confidence (default: the reader's).",
)
@click.option("--steps", metavar="OUT.png", help="Draw every stage of the preparation beside the answer.")
@click.option("--charset", metavar="S", help="Read texts of these characters alone.")
@click.option(
    "--pattern",
    metavar="REGEX|NAME",
    help="Read texts that match this alone: a pattern, or digits, arithmetic1, expression, formula.",
)
@click.option("--find", is_flag=True, help="Find the glyphs of a photographed sheet and read them in order.")
def read(
    model: str,
    pictures: tuple[str, ...],
    as_json: bool,
    top: int | None,
    reject: float | None,
    steps: str | None,
    charset: str | None,
    pattern: str | None,
    find: bool,
) -> int:
    """Read pictures: one answer each, in their order; a picture that cannot be read never stops the others."""
    from glyphsmith.runtime.pictures import expand, sources
    from glyphsmith.runtime.reader import open_reader

    if steps is not None:
        _check_figure(steps)
    words = expand(pictures)
    reader = open_reader(model)
    if steps is not None:
        refuse_to_replace("--steps", steps, [*words, reader.where])
    if not gc.isenabled():  # `main` let all modules load first
        gc.freeze()
        gc.enable()
    shown_top = (3 if as_json else 0) if top is None else top
    given = list(sources(words))
    if find:
        if reader.card.task == "text":
            raise DataError(
                f"--find looks for single signs, and {reader.name} reads whole texts", hint="leave --find out"
            )
        if charset is not None or pattern is not None:
            raise DataError("--charset and --pattern are for readers of texts, --find for readers of single signs")
        from glyphsmith.runtime.sheet import read_sheets

        answers: Iterable[Answer] = read_sheets(reader, given, names=words, top=shown_top, reject=reject)
    else:
        answers = reader.read_each(given, names=words, top=shown_top, reject=reject, charset=charset, pattern=pattern)
    failed, kept = 0, []
    line = _json_line if as_json else _Columns(words, reader).line
    for answer in _watched(answers, len(words)):
        failed += isinstance(answer, Failure)
        if isinstance(answer, Failure) and not as_json:
            print(f"error: {shown(answer.error)}", file=sys.stderr, flush=True)
        else:
            print(line(answer), flush=True)
        if steps is not None:
            kept.append(answer)
    if failed and len(words) > 1:
        print(f"{failed} of {len(words)} pictures could not be read", file=sys.stderr)
    if steps is not None:
        _draw(steps, reader, given, kept, find=find)
    return 1 if failed else 0


def _json_line(answer: Answer) -> str:
    return json.dumps(answer.as_dict(), ensure_ascii=False)


class _Columns:
    """Lays answers out as ``path  label  confidence  others``, the label starting in one column."""

    def __init__(self, paths: list[str], reader: Reader) -> None:
        self._path = min(PATH_COLUMNS, max((_width(shown(path)) for path in paths), default=0))
        self._label = min(16, max(_width(shown(label)) for label in reader.alphabet))
        if reader.card.text is not None:
            self._label = min(48, reader.card.text.longest * self._label)

    def line(self, answer: Answer) -> str:
        path = _padded(shown(answer.path or ""), self._path)
        if isinstance(answer, SheetReading):
            first, *rest = (shown(line) for line in answer.text.split("\n"))
            indented = [f"{' ' * _width(path)}  {line}" for line in rest]
            return "\n".join([f"{path}  {first}", *indented]) + f"  {answer.confidence:.1%}"
        if isinstance(answer, Failure):
            return f"{path}  {shown(answer.error)}"
        text = answer.text if isinstance(answer, TextReading) else answer.label
        label = _padded("-" if text is None else _visible(text), self._label)
        if isinstance(answer, TextReading) and answer.value is not None:
            label += f"  = {answer.value}"
        words = [path, label, f"{answer.confidence:6.1%}"]
        if len(answer.top) > 1 or answer.reason:
            words.append("  ".join(f"{_visible(name)} {p:.1%}" for name, p in answer.top))
        if answer.reason:
            words.append(f"({shown(answer.reason)})")
        return "  ".join(word for word in words if word)


def _visible(text: str) -> str:
    """Write an answer, of which a blank picture has none, so that it is seen."""
    return shown(text) or "(nothing)"


def _width(text: str) -> int:
    """Count the columns of a terminal that a text takes: Chinese signs take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text
    )


def _padded(text: str, columns: int) -> str:
    return text + " " * (columns - _width(text))


def _watched(answers: Iterable[Answer], total: int) -> Iterable[Answer]:
    """Show progress with time left where the answers themselves are not seen: stdout is a file or a pipe."""
    if total < 2 or sys.stdout.isatty():
        return answers
    from glyphsmith.progress import watched

    return watched(answers, total, "reading")


def _check_figure(steps: str) -> None:
    """Refuse a figure that could not be written before an hour of reading, not after."""
    from pathlib import Path

    from glyphsmith.files import suggested

    path = Path(steps)
    if path.suffix.lower() != ".png":
        raise DataError(f"--steps {steps}: the figure is a PNG file", hint=f"--steps {suggested(path, '.png')}")
    if path.is_dir():
        raise DataError(f"--steps {steps}: is a folder", hint=f"--steps {path / 'steps.png'}")
    if not path.absolute().parent.is_dir():
        raise DataError(f"--steps {steps}: there is no folder {path.parent}")


def _draw(steps: str, reader: Reader, sources: list[str | bytes], answers: list[Answer], *, find: bool) -> None:
    from glyphsmith.runtime.figure import draw_sheets, draw_steps, draw_texts

    draw = draw_sheets if find else draw_texts if reader.card.task == "text" else draw_steps
    try:
        drawn, notes = draw(reader, list(zip(sources, answers, strict=True)), steps)
    except DataError as error:
        raise GlyphsmithError(f"--steps: {error.message}", hint=error.hint) from None
    for note in notes:
        print(f"note: {shown(note)}", file=sys.stderr)
    pictures = "picture" if len(answers) == 1 else "pictures"
    print(f"{shown(steps)}: {drawn} of {len(answers)} {pictures} drawn", file=sys.stderr)
