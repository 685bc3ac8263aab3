"""The report: one HTML page that needs nothing else, and the confusion matrix beside it as a picture and as CSV.

``run`` writes it at the end of a training, with the story of the run; ``cli.eval`` writes it for any file and data.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from glyphsmith import metrics
from glyphsmith.display import code_points
from glyphsmith.errors import DataError
from glyphsmith.evaluate import charts, words
from glyphsmith.evaluate.confusion import confusion_csv, confusion_picture, png_bytes
from glyphsmith.evaluate.evaluation import Evaluation
from glyphsmith.evaluate.heatmap import heat_map, most_confused
from glyphsmith.evaluate.story import Story
from glyphsmith.evaluate.text import NOTHING, TextEvaluation
from glyphsmith.files import write_atomically
from glyphsmith.fonts import missing
from glyphsmith.version import __version__

__all__ = ["report_folder", "report_html", "write_report"]

#: Rows of the table of labels that stand open on the page; the others unfold.
ROWS = 40
#: Pictures of text this many times as wide as high are lines of writing, which need the width of the page.
LINE = 5.0
#: Thresholds below which answers are refused in the table of the report.
THRESHOLDS = (0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999)


def write_report(folder: str | Path, evaluation: Evaluation | TextEvaluation, *, story: Story | None = None) -> Path:
    """Write ``report.html``, ``confusion.png`` and ``confusion.csv`` into ``folder`` and give the path of the page.

    The folder is made where it is missing. Raises DataError where it cannot be written to.
    """
    place = report_folder(folder)
    matrix = evaluation.matrix
    share = words.percent(evaluation.accuracy, evaluation.n)
    title = f"{evaluation.reader}: {share} of {words.plural(evaluation.n, 'picture')}"
    write_atomically(place / "confusion.csv", _encoded(confusion_csv(matrix, evaluation.labels)))
    write_atomically(place / "confusion.png", png_bytes(confusion_picture(matrix, evaluation.labels, title=title)))
    write_atomically(place / "report.html", _encoded(report_html(evaluation, story=story)))
    return place / "report.html"


def report_folder(folder: str | Path) -> Path:
    """Make the folder of a report where it is missing. Raises DataError where it cannot be written to."""
    place = Path(folder)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{place}: the folder of the report cannot be made ({error.strerror or error})") from None
    if not os.access(place, os.W_OK | os.X_OK):
        raise DataError(f"{place}: the folder of the report cannot be written to")
    return place


def report_html(evaluation: Evaluation | TextEvaluation, *, story: Story | None = None) -> str:
    """Give the page as one string of HTML without any reference to the outside but the two files beside it."""
    environment = Environment(
        loader=FunctionLoader(_template),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    unknown = missing("".join(evaluation.labels))  # each font is opened once for all of them
    absent = frozenset(label for label in evaluation.labels if not unknown.isdisjoint(label))
    environment.filters.update(
        percent=_percent,
        count=words.count,
        size=words.size,
        milliseconds=words.milliseconds,
        duration=words.duration,
        points=words.points,
        glyph=lambda label: words.label_markup(label, absent),
    )
    environment.globals.update(plural=words.plural)
    page = environment.get_template("report.html")
    context = _context(evaluation, absent)
    if story and story.refusing and isinstance(evaluation, Evaluation):
        context["refusing"] = charts.refusing_chart(story.refusing, evaluation.none_below)
    return page.render(
        **context,
        story=story,
        curves=charts.history_charts(story.history) if story else [],
        style=Markup(_template("report.css")),  # noqa: S704 - a file of the package
        made=f"{datetime.now().astimezone():%d %B %Y, %H:%M}",
        made_with=f"Glyphsmith {__version__}, {platform.system()} {platform.machine()}",
    )


def _encoded(text: str) -> bytes:
    """Write UTF-8; a byte of a file name that never was UTF-8 is written as its escape."""
    return text.encode("utf-8", "backslashreplace")


def _percent(share: float | None, n: int = 10_000) -> str:
    return words.percent(share, n).replace(" ", "\u00a0")


def _template(name: str) -> str:
    return (resources.files("glyphsmith.evaluate") / "templates" / name).read_text(encoding="utf-8")


def _context(evaluation: Evaluation | TextEvaluation, absent: frozenset[str]) -> dict[str, Any]:
    matrix, right, n = evaluation.matrix, evaluation.right, evaluation.n
    wrong = n - int(right.sum())
    texts = evaluation if isinstance(evaluation, TextEvaluation) else None
    figures = [e for e in metrics.per_class(matrix, evaluation.labels) if e.n and not (texts and e.label == NOTHING)]
    shown = most_confused(matrix)
    mistakes = matrix - np.diag(np.diag(matrix))
    all_mistakes = int(mistakes.sum())
    within = int(mistakes[np.ix_(shown, shown)].sum())
    points = metrics.reliability(evaluation.confidence, right)
    p50, p95 = evaluation.ms
    seen = [evaluation.labels.index(entry.label) for entry in figures]
    return {
        "e": evaluation,
        "wrong": wrong,
        "one_in": words.one_in(wrong, n),
        "scale": _scale(evaluation),
        "texts": texts,
        "second": 0.0 if isinstance(evaluation, TextEvaluation) else int((evaluation.placed <= 1).sum()) / n,
        "third": 0.0 if isinstance(evaluation, TextEvaluation) else int((evaluation.placed <= 2).sum()) / n,
        "sizes": _sizes(evaluation),
        "lines": float(np.median(evaluation.sizes_px[:, 1] / evaluation.sizes_px[:, 0])) > LINE,
        "figures": figures if len(figures) <= ROWS else _weakest_first(figures),
        "rows": ROWS,
        "weakest": [entry for entry in _weakest_first(figures)[:3] if entry.recall is not None and entry.recall < 1.0],
        "unseen": [evaluation.labels[k] for k in range(evaluation.known) if k not in set(seen)],
        "counts": (min(entry.n for entry in figures), max(entry.n for entry in figures)),
        "outside": evaluation.outside,
        "pictures_outside": evaluation.pictures_outside,
        "absent": sorted(absent),
        "code_points": code_points,
        "confusions": evaluation.confusions,
        "heat": heat_map(matrix, evaluation.labels, shown, absent),
        "heat_labels": len(shown),
        "heat_share": within / all_mistakes if all_mistakes else 1.0,
        "reliability": charts.reliability_chart(points),
        "calibration": _calibration(evaluation, points),
        "coverage": charts.coverage_chart(evaluation.confidence, right),
        "thresholds": metrics.risk_coverage(evaluation.confidence, right, THRESHOLDS),
        "answered": int(evaluation.answered.sum()),
        "answered_right": int((evaluation.answered & right).sum()),
        "p50": p50,
        "p95": p95,
        "decode": metrics.percentiles(evaluation.decode_ms, (50.0,))[0],
        "timing": charts.timing_chart(evaluation.read_ms, p50, p95),
    }


def _scale(evaluation: Evaluation | TextEvaluation) -> dict[str, float]:
    """Place the interval on a scale that shows it: 0, 50 or 90 ... to 100 %, all in per cent of the bar's width."""
    low, high = evaluation.ci95
    start = next(edge for edge in (0.99, 0.95, 0.9, 0.8, 0.5, 0.0) if low >= edge)
    span = 1.0 - start
    return {
        "start": start,
        "low": (low - start) / span * 100,
        "width": max(0.6, (high - low) / span * 100),
        "at": (evaluation.accuracy - start) / span * 100,
    }


def _sizes(evaluation: Evaluation | TextEvaluation) -> str:
    """Say how large the pictures were."""
    height, width = evaluation.sizes_px[:, 0], evaluation.sizes_px[:, 1]
    smallest = (int(width.min()), int(height.min()))
    largest = (int(width.max()), int(height.max()))
    if smallest == largest:
        return f"all {smallest[0]} × {smallest[1]} px"
    middle = f"{int(np.median(width))} × {int(np.median(height))}"
    return f"{smallest[0]} × {smallest[1]} to {largest[0]} × {largest[1]} px, typically {middle}"


def _weakest_first(figures: Sequence[metrics.ClassFigures]) -> list[metrics.ClassFigures]:
    return sorted(figures, key=lambda entry: (entry.recall if entry.recall is not None else 1.0, -entry.n))


def _calibration(evaluation: Evaluation | TextEvaluation, points: Sequence[metrics.ReliabilityPoint]) -> dict[str, Any]:
    """Say in words what the calibration error is worth."""
    claimed, reached = float(evaluation.confidence.mean(dtype=np.float64)), evaluation.accuracy
    error = evaluation.ece
    chance = metrics.calibration_error_by_chance(points)
    gap = claimed - reached
    low, high = evaluation.ci95
    if low <= claimed <= high:
        verdict = "on the whole neither too sure nor too modest"
    elif gap > 0:
        verdict = "surer than it should be"
    else:
        verdict = "more modest than it need be"
    return {"error": error, "chance": chance, "claimed": claimed, "verdict": verdict, "groups": len(points)}
