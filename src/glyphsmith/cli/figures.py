"""A figure of a card in words, as ``models`` and ``recipes`` print it."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["figure_said"]


def figure_said(figure: dict[str, Any]) -> str:
    """Say one figure with its n and interval; what is not there is left out."""
    words = []
    share = figure.get("accuracy", figure.get("exact"))
    if isinstance(share, int | float):
        words.append(f"{100 * share:.2f} % {'right' if 'accuracy' in figure else 'of whole texts right'}")
    interval = figure.get("ci95")
    if isinstance(interval, list) and len(interval) == 2:
        words.append(f"(95 % interval {100 * interval[0]:.2f} to {100 * interval[1]:.2f})")
    if "n" in figure:
        n = figure["n"]
        words.append(f"of {n:,} picture{'' if n == 1 else 's'}" if isinstance(n, int) else f"n {n}")
    return " ".join(words) or json.dumps(figure, ensure_ascii=False)
