"""Elements of inline SVG as text: numbers with one decimal, everything else escaped."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

__all__ = ["element", "figure", "line", "polyline", "text"]


def element(name: str, kind: str, content: str = "", **attributes: float | str) -> str:
    """Write one element of the class ``kind``; ``content`` is markup already, ``font_size`` becomes ``font-size``."""
    written = "".join(f' {key.replace("_", "-")}="{_value(value)}"' for key, value in attributes.items())
    return f'<{name} class="{kind}"{written}>{content}</{name}>' if content else f'<{name} class="{kind}"{written}/>'


def line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    """Write a line."""
    return element("line", kind, x1=x1, y1=y1, x2=x2, y2=y2)


def polyline(kind: str, points: Sequence[tuple[float, float]]) -> str:
    """Write a line through points."""
    return element("polyline", kind, points=" ".join(f"{x:.1f},{y:.1f}" for x, y in points))


def text(kind: str, x: float, y: float, words: str, anchor: str = "start", **attributes: float | str) -> str:
    """Write words at a place; ``anchor`` is start, middle or end."""
    return element("text", kind, str(escape(words)), x=x, y=y, text_anchor=anchor, **attributes)


def figure(kind: str, width: float, height: float, parts: Sequence[str], description: str, style: str = "") -> Markup:
    """Put parts into one figure that screen readers name by its description."""
    head = f'<svg class="{kind}" viewBox="0 0 {width:.0f} {height:.0f}" style="{style}" role="img"'
    described = f'{head} aria-label="{escape(description)}">'
    return Markup(described + "".join(parts) + "</svg>")  # noqa: S704 - written by the functions above, which escape


def _value(value: float | str) -> str:
    return str(escape(value)) if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")
