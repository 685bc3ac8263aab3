"""Draw training and validation curves into curves.png."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from glyphsmith.files import atomic_path
from glyphsmith.fonts import find_font

__all__ = ["draw_curves"]


def draw_curves(path: Path, history: Sequence[dict[str, Any]], *, title: str, best_epoch: int = 0) -> None:
    """Write loss and accuracy over the epochs as a PNG; does nothing for an empty history.

    ``title`` may hold any script: fonts that have its signs are looked for among those installed.
    """
    if not history:
        return
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    figure = Figure(figsize=(10, 4), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    # Latin titles keep matplotlib's own font; for others one of this machine that has the signs.
    font = None if title.isascii() else getattr(find_font(title, 12), "path", None)
    figure.suptitle(title, fontproperties=FontProperties(fname=font) if font else None)
    left, right = figure.subplots(1, 2)
    with warnings.catch_warnings():
        # A machine without any font for a sign draws a box for it; a warning would tell the user no more.
        warnings.simplefilter("ignore")
        for axes, what, scale in ((left, "loss", 1.0), (right, "accuracy", 100.0)):
            for part, name in (("train", "training"), ("val", "validation")):
                points = [(e["epoch"], e[f"{part}_{what}"] * scale) for e in history if f"{part}_{what}" in e]
                if points:
                    marker = "o" if len(points) < 25 else ""
                    axes.plot(*zip(*points, strict=True), label=name, marker=marker, markersize=3)
            if best_epoch:
                axes.axvline(best_epoch, color="0.7", linewidth=1, linestyle="--", label="kept")
            axes.set_xlabel("epoch")
            axes.set_ylabel(what if what == "loss" else "accuracy, %")
            axes.grid(alpha=0.3)
            axes.legend()
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))  # there is no epoch 1.5
        left.set_yscale("log")
        plain = FuncFormatter(lambda value, _: f"{value:.3g}")
        left.yaxis.set_major_formatter(plain)
        if max(*left.get_ylim()) < 10 * min(*left.get_ylim()):  # over many decades the ticks between would overlap
            left.yaxis.set_minor_formatter(plain)
        with atomic_path(path) as beside:
            figure.savefig(beside, format="png")
