"""``glyphsmith eval MODEL DATA``: how often a reader is right on labelled pictures, measured on the file."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from glyphsmith.display import shown
from glyphsmith.errors import DataError

if TYPE_CHECKING:
    from glyphsmith.evaluate.evaluation import Evaluation
    from glyphsmith.evaluate.text import TextEvaluation

__all__ = ["register"]

#: Lines of the listings for a person; the JSON document and the report hold everything.
LISTED = 8


def register(app: click.Group) -> None:
    """Add the verb ``eval``."""
    app.add_command(evaluate_reader)


@click.command("eval")
@click.argument("model", metavar="MODEL", help="A .onnx file, a run folder or a shipped reader.")
@click.argument("data", metavar="DATA", help="A folder, archive or file of labelled pictures.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--report", metavar="DIR", help="Write report.html, confusion.png and .csv into DIR.")
@click.option(
    "--part",
    type=click.Choice(["train", "validation", "test", "all"]),
    default=None,
    metavar="PART",
    help="train, validation, test or all (default: the test part, where DATA gives one).",
)
@click.option(
    "--fold",
    multiple=True,
    metavar="CHARACTERS",
    help="Count texts also with these as one; or `case` (default: 0O, where a reader knows both).",
)
@click.option("--charset", metavar="S", help="Read texts of these characters alone.")
@click.option("--pattern", metavar="REGEX|NAME", help="Read texts that match this alone, as `read`.")
def evaluate_reader(
    model: str,
    data: str,
    as_json: bool,
    report: str | None,
    part: str | None,
    fold: tuple[str, ...],
    charset: str | None,
    pattern: str | None,
) -> int:
    """Read labelled pictures and say how many were right, which labels were confused, and how fast it was."""
    from glyphsmith.data.source import open_source
    from glyphsmith.evaluate.evaluation import check_known, evaluate, part_indices
    from glyphsmith.runtime.reader import open_reader

    reader = open_reader(model)
    if fold and reader.card.task != "text":
        raise DataError(
            f"--fold counts characters of texts as one, and {reader.name} answers one label a picture",
            hint="leave --fold out",
        )
    source = open_source(data)
    print(shown(f"{source.where}: {source.form}, {source.reason}"), file=sys.stderr)
    for note in source.notes:
        print(f"note: {shown(note)}", file=sys.stderr)
    indices, name = part_indices(source, part or "")
    if indices is not None:
        print(f"reading {name}: {len(indices):,} of {_pictures(len(source))}", file=sys.stderr)
    check_known(reader, source, indices, folds=fold)
    if report is not None:
        _check_report(report, data)
    folds = fold or None
    evaluation = evaluate(reader, source, indices=indices, part=name, folds=folds, charset=charset, pattern=pattern)
    _warn(evaluation)
    if as_json:
        print(json.dumps(evaluation.as_dict(), ensure_ascii=False), flush=True)
    else:
        _print(evaluation)
    if report is not None:
        from glyphsmith.evaluate.report import write_report

        print(f"report: {shown(str(write_report(report, evaluation)))}", file=sys.stderr)
    return 1 if evaluation.failed else 0


def _check_report(report: str, data: str) -> None:
    """Refuse a place for the report before an hour of reading, not after."""
    from glyphsmith.evaluate.report import report_folder

    if report_folder(report).samefile(data):
        raise DataError(
            f"--report {report}: its pictures would be read as data next time",
            hint=f"--report {Path(report, 'report')}",
        )


def _warn(evaluation: Evaluation | TextEvaluation) -> None:
    """Say on stderr what a figure alone would hide."""
    for _, _, error in evaluation.failed[:LISTED]:
        print(f"error: {shown(error)}", file=sys.stderr)
    if len(evaluation.failed) > LISTED:
        more = len(evaluation.failed) - LISTED
        print(f"error: {more:,} more {'picture' if more == 1 else 'pictures'} could not be read", file=sys.stderr)
    outside = evaluation.outside
    if outside:
        named = ", ".join(f"{label} ({n:,})" for label, n in list(outside.items())[:LISTED])
        named += f" and {len(outside) - LISTED} more" if len(outside) > LISTED else ""
        pictures = _pictures(evaluation.pictures_outside)
        print(
            f"warning: {pictures} with a label the reader cannot answer, counted as mistakes: {shown(named)}",
            file=sys.stderr,
        )


def _pictures(number: int) -> str:
    return f"{number:,} picture{'' if number == 1 else 's'}"


def _speed_note(evaluation: Evaluation | TextEvaluation) -> str:
    return " (the machine was busy)" if evaluation.machine_was_busy else ""


def _print(evaluation: Evaluation | TextEvaluation) -> None:
    """Print the figures for a person."""
    from glyphsmith.evaluate.text import TextEvaluation
    from glyphsmith.evaluate.words import milliseconds, percent, points, size

    n, (low, high), (p50, p95) = evaluation.n, evaluation.ci95, evaluation.ms
    right = int(evaluation.right.sum())
    texts = evaluation if isinstance(evaluation, TextEvaluation) else None
    what, of = ("exact", f"{n:,} whole text{'' if n == 1 else 's'}") if texts else ("accuracy", _pictures(n))
    print(f"{what:11}{percent(evaluation.accuracy, n)}   {right:,} of {of} right")
    print(f"95 %       {percent(low, n)} to {percent(high, n)}")
    if texts is not None:
        _print_texts(texts, n)
    print(f"confidence {points(evaluation.ece)} off on average (expected calibration error)")
    print(
        f"speed      p50 {milliseconds(p50)}, p95 {milliseconds(p95)} a picture on one thread{_speed_note(evaluation)}"
    )
    print(f"file       {size(evaluation.file_bytes)}")
    confusions = evaluation.confusions
    if confusions:
        named = ((_sign(truth), _sign(read), count) for truth, read, count in confusions[:LISTED])
        print("confused   " + ", ".join(f"{truth} as {read} {count}x" for truth, read, count in named))
    if evaluation.failed:
        print(f"failed     {_pictures(len(evaluation.failed))}, in no figure above")


def _sign(label: str) -> str:
    """Write a label, or a character of a text, so that it is seen."""
    from glyphsmith.evaluate.text_specimens import NOTHING
    from glyphsmith.evaluate.words import BLANK

    if label in ("", NOTHING):
        return "(nothing)"
    return BLANK * len(label) if label.isspace() else shown(label)


def _print_texts(texts: TextEvaluation, n: int) -> None:
    """Print what is said of texts alone."""
    from glyphsmith.evaluate.words import percent

    print(f"characters {percent(texts.cer, 10_000)} wrong")
    for fold, share in texts.folded.items():
        print(f"folded     {percent(share, n)} with {shown(fold)} as one")
    if texts.value_accuracy is not None:
        print(f"value      {percent(texts.value_accuracy, n)} right, text and value")
