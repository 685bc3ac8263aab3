"""Figures in plain words: a share with as many digits as its n carries, a label a person can recognise."""

from __future__ import annotations

import unicodedata
from math import floor, isnan

from markupsafe import Markup, escape

from glyphsmith.display import code_points, shown

__all__ = [
    "BLANK",
    "count",
    "duration",
    "label_markup",
    "milliseconds",
    "milliseconds_or_none",
    "one_in",
    "percent",
    "plural",
    "points",
    "size",
]


#: How a blank is written where it is a character of texts.
BLANK = "␣"


def percent(share: float | None, n: int = 10_000) -> str:
    """Write a share in 0..1 with the digits that ``n`` pictures carry; 100 % and 0 % are said only where exact."""
    if share is None:
        return "–"
    digits = 2 if n >= 2_000 else 1 if n >= 50 else 0
    unit = 10.0**-digits
    value = share * 100.0
    rounded = round(value, digits)
    if share < 1.0 and rounded >= 100.0:
        rounded = floor(value / unit) * unit if floor(value / unit) * unit < 100.0 else 100.0 - unit
    elif share > 0.0 and rounded <= 0.0:
        rounded = unit
    return f"{rounded:.{0 if rounded in (0.0, 100.0) else digits}f} %"


def points(share: float) -> str:
    """Write a distance between two shares in percentage points."""
    value = share * 100.0
    return f"{value:.1f} points" if value >= 1.0 else f"{value:.2f} points"


def count(number: int) -> str:
    """Write a whole number with thin spaces between the thousands."""
    return f"{number:,}".replace(",", "\u202f")


def plural(number: int, one: str, many: str | None = None) -> str:
    """Write a number with its noun."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def one_in(part: int, whole: int) -> str:
    """Say a small share as one in so many; empty where there is none."""
    return f"about one in {count(round(whole / part))}" if 0 < part < whole / 1.5 else ""


def milliseconds(value: float) -> str:
    """Write a time with two significant digits, in µs, ms or s; a dash where nothing was timed."""
    if isnan(value):
        return "–"
    if value < 0.1:
        return f"{value * 1e3:.0f} µs"
    if value < 1000.0:
        return f"{value:.2f} ms" if value < 10.0 else f"{value:.0f} ms"
    return f"{value / 1e3:.1f} s"


def milliseconds_or_none(value: float) -> float | None:
    """Give a time for a JSON document, which knows no NaN: None where nothing was timed."""
    return None if isnan(value) else round(value, 4)


def duration(seconds: float) -> str:
    """Write how long something took, as a person would say it."""
    if seconds < 1.0:
        return "less than a second"
    if seconds < 90.0:
        return plural(round(seconds), "second")
    minutes = round(seconds / 60)
    if minutes < 90:
        return plural(minutes, "minute")
    return f"{minutes // 60} h {minutes % 60} min"


def size(file_bytes: int) -> str:
    """Write the size of a file in kB or MB of 1000."""
    return f"{file_bytes / 1e3:.0f} kB" if file_bytes < 999_500 else f"{file_bytes / 1e6:.2f} MB"


def label_markup(label: str, absent: frozenset[str] = frozenset()) -> Markup:
    """Give a label as HTML: beyond ASCII its code point and name stand in the tooltip, without a font beside it too."""
    if label.isspace():
        label = BLANK * len(label)
    label = shown(label)
    if label.isascii():
        return Markup('<span class="label">{}</span>').format(label)
    title = code_points(label)
    if len(label) == 1:
        title += f" {unicodedata.name(label, '')}".rstrip()
    beside = Markup(" <small>{}</small>").format(code_points(label)) if label in absent else ""
    return Markup('<span class="label" title="{}">{}</span>{}').format(title, label, escape(beside))
