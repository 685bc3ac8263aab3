"""The report's figures as inline SVG: no script, no library, and colours that follow the page's scheme.

Every chart is drawn for a column 440 units wide, so that its text keeps a readable size on a phone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from glyphsmith.evaluate import svg
from glyphsmith.evaluate.words import count, milliseconds, percent
from glyphsmith.metrics import ReliabilityPoint, risk_coverage

__all__ = ["coverage_chart", "history_charts", "refusing_chart", "reliability_chart", "ticks", "timing_chart"]

WIDTH, HEIGHT = 440, 300
LEFT, RIGHT, TOP, BOTTOM = 56, 26, 26, 44

Tick = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class _Frame:
    """A plotting area with linear axes; the limits in the units of the data."""

    x0: float
    x1: float
    y0: float
    y1: float

    def x(self, value: float) -> float:
        return LEFT + (value - self.x0) / (self.x1 - self.x0) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - (value - self.y0) / (self.y1 - self.y0) * (HEIGHT - TOP - BOTTOM)


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Give round numbers between two limits, ``about`` so many. Raises ValueError unless low < high."""
    if not low < high:
        raise ValueError(f"no ticks between {low} and {high}")
    raw = (high - low) / about
    unit = 10.0 ** floor(log10(raw))
    step = next(factor * unit for factor in (1.0, 2.0, 2.5, 5.0, 10.0) if factor * unit >= raw * 0.999)
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [round(k * step, 10) for k in range(first, last + 1)]


def reliability_chart(points: Sequence[ReliabilityPoint]) -> Markup:
    """Draw claimed confidence against reached accuracy with 95 % bars; on the diagonal a claim is kept."""
    if not points:
        return Markup("")
    lowest = min(min(point.confidence, point.accuracy) for point in points)
    low = max(0.0, floor(lowest * 10.0 - 1e-9) / 10.0)
    frame = _Frame(low, 1.0, low, 1.0)
    parts = _axes(frame, "confidence it claimed", "right", _share_tick(low), _share_tick(low))
    parts.append(svg.line("ideal", frame.x(low), frame.y(low), frame.x(1.0), frame.y(1.0)))
    parts.append(svg.polyline("line", [(frame.x(p.confidence), frame.y(p.accuracy)) for p in points]))
    for p in points:
        x, y = frame.x(p.confidence), frame.y(p.accuracy)
        title = f"<title>{count(p.n)} pictures: claimed {percent(p.confidence)}, {percent(p.accuracy)} right</title>"
        whisker = svg.line("whisker", x, frame.y(max(p.ci95[0], low)), x, frame.y(max(p.ci95[1], low)))
        parts.append(f"<g>{title}{whisker}{svg.element('circle', 'dot', cx=x, cy=y, r=4.5)}</g>")
    description = f"Reliability curve of {len(points)} groups of answers; on the diagonal a claim is kept."
    return svg.figure("chart", WIDTH, HEIGHT, parts, description)


def coverage_chart(confidence: NDArray[np.float32], right: NDArray[np.bool_]) -> Markup:
    """Draw the accuracy of what is answered against the share that is answered, as the threshold rises."""
    levels = np.unique(confidence)
    if len(levels) > 240:
        levels = levels[np.unique(np.linspace(0, len(levels) - 1, 240).round().astype(int))]
    curve = risk_coverage(confidence, right, levels.tolist())
    shares = [(entry.share, entry.accuracy) for entry in curve if entry.accuracy is not None]
    span = max(1.0 - min(accuracy for _, accuracy in shares), 0.002)
    unit = 10.0 ** floor(log10(span))
    low = max(0.0, 1.0 - ceil(span / unit - 1e-9) * unit)
    frame = _Frame(0.0, 1.0, low, 1.0)
    parts = _axes(frame, "share of the pictures it answers", "right of those", _share_tick(0.0), _share_tick(low))
    points = [(frame.x(share), frame.y(accuracy)) for share, accuracy in shares]
    parts.append(svg.polyline("line", points))
    x, y = points[0]
    parts.append(svg.element("circle", "dot", "<title>every picture answered</title>", cx=x, cy=y, r=4.5))
    return svg.figure("chart", WIDTH, HEIGHT, parts, "Accuracy of the answered pictures as unsure ones are refused.")


def refusing_chart(curve: Sequence[tuple[float, float, float]], at: float) -> Markup:
    """Draw what a threshold keeps of one's own pictures and refuses of strange ones: (threshold, kept, refused)."""
    frame = _Frame(0.0, 1.0, 0.0, 1.0)
    parts = _axes(frame, "refused where all labels together have less", "share", _share_tick(0.0), _share_tick(0.0))
    parts.append(svg.line("ideal", frame.x(at), frame.y(0.0), frame.x(at), frame.y(1.0)))
    for k, (name, shown) in enumerate((("own pictures kept", "line"), ("strange symbols refused", "line second"))):
        points = [(frame.x(point[0]), frame.y(point[1 + k])) for point in curve]
        parts.append(svg.polyline(shown, points))
        x, y = points[len(points) // 2]
        parts.append(svg.element("circle", "dot", f"<title>{name}</title>", cx=x, cy=y, r=3))
    return svg.figure("chart", WIDTH, HEIGHT, parts, "Own pictures kept and strange ones refused, by threshold.")


def timing_chart(read_ms: NDArray[np.float64], p50: float, p95: float) -> Markup:
    """Draw how long single pictures took; the slowest two per cent lie to the right of the chart."""
    if len(read_ms) < 20:
        return Markup("")
    high = float(np.percentile(read_ms, 98)) * 1.05 or 1.0
    counts, _ = np.histogram(read_ms, bins=32, range=(0.0, high))
    frame = _Frame(0.0, high, 0.0, float(counts.max()))
    parts = _axes(frame, "time for one picture", "", milliseconds, None)
    width = (WIDTH - LEFT - RIGHT) / len(counts)
    for k, number in enumerate(counts.tolist()):
        if number:
            x, y = LEFT + k * width + 0.5, frame.y(number)
            parts.append(svg.element("rect", "column", x=x, y=y, width=width - 1, height=frame.y(0) - y))
    for value, name in ((p50, "p50"), (p95, "p95")):
        if value <= high:
            parts.append(svg.line("mark", frame.x(value), TOP - 4, frame.x(value), frame.y(0)))
            parts.append(svg.text("note", frame.x(value) - 4, TOP - 8, name))
    return svg.figure("chart", WIDTH, HEIGHT, parts, f"How long each of {len(read_ms)} single readings took.")


def history_charts(history: Sequence[Mapping[str, Any]]) -> list[tuple[str, Markup]]:
    """Draw the course of learning, losses and accuracies by epoch; a curve needs two epochs."""
    charts = []
    for title, ending in (("Loss", "loss"), ("Accuracy", "accuracy")):
        names = sorted({key for record in history for key in record if key.endswith(ending)})
        curves = {name: _curve(history, name) for name in names}
        curves = {name: curve for name, curve in curves.items() if len(curve) > 1}
        if curves:
            charts.append((title, _curves_chart(title, curves)))
    return charts


def _curve(history: Sequence[Mapping[str, Any]], name: str) -> list[tuple[float, float]]:
    found = []
    for k, record in enumerate(history, start=1):
        value, epoch = record.get(name), record.get("epoch", k)
        if isinstance(value, int | float) and isfinite(value):
            found.append((float(epoch), float(value)))
    return found


def _curves_chart(title: str, curves: Mapping[str, list[tuple[float, float]]]) -> Markup:
    values = sorted(value for curve in curves.values() for _, value in curve)
    epochs = [epoch for curve in curves.values() for epoch, _ in curve]
    shares = title == "Accuracy"
    if shares:
        # The first epochs may lie far below; what matters happens near the top.
        low, high = max(0.0, values[len(values) // 10] - 0.1 * (1.0 - values[len(values) // 10]) - 0.002), 1.0
    else:
        low, high = 0.0, values[-1] or 1.0
    frame = _Frame(min(epochs), max(*epochs, min(epochs) + 1.0), low, high)
    y_tick = _share_tick(low) if shares else "{:g}".format
    parts = _axes(frame, "epoch", title.lower(), _whole, y_tick)
    for k, (name, curve) in enumerate(curves.items()):
        points = [(frame.x(epoch), frame.y(max(low, value))) for epoch, value in curve]
        parts.append(svg.polyline(f"line c{k % 4}", points))
        parts.append(svg.element("circle", f"dot c{k % 4}", cx=points[-1][0], cy=points[-1][1], r=3.5))
        shown = percent(curve[-1][1]) if shares else f"{curve[-1][1]:.4g}"
        y = (HEIGHT - BOTTOM - 16 * (len(curves) - k) + 4) if shares else TOP + 14 + 16 * k
        parts.append(svg.line(f"line c{k % 4}", WIDTH - 200, y - 4, WIDTH - 182, y - 4))
        words = name.replace("_", " ").replace("val ", "validation ").replace("train ", "training ")
        parts.append(svg.text("note", WIDTH - 176, y, f"{words} {shown}"))
    return svg.figure("chart", WIDTH, HEIGHT, parts, f"{title} by epoch.")


def _whole(value: float) -> str:
    return f"{value:g}" if value == round(value) else ""


def _share_tick(low: float) -> Tick:
    digits = 0 if low <= 0.95 else 1 if low < 0.99 else 2
    return lambda value: f"{value * 100:.{digits}f} %"


def _axes(frame: _Frame, x_title: str, y_title: str, x_tick: Tick, y_tick: Tick | None) -> list[str]:
    parts = []
    bottom, right = frame.y(frame.y0), frame.x(frame.x1)
    for value in ticks(frame.y0, frame.y1) if y_tick else ():
        y = frame.y(value)
        parts.append(svg.line("grid", LEFT, y, right, y))
        parts.append(svg.text("tick", LEFT - 7, y + 4, y_tick(value) if y_tick else "", "end"))
    parts += [svg.text("tick", frame.x(v), bottom + 17, x_tick(v), "middle") for v in ticks(frame.x0, frame.x1)]
    parts.append(svg.line("axis", LEFT, bottom, right, bottom))
    parts.append(svg.text("title", (LEFT + right) / 2, HEIGHT - 6, x_title, "middle"))
    parts.append(svg.text("title", 2, 12, y_title))
    return parts
