"""Picture steps that can be named and used alone, each a pure function on arrays; OpenCV is loaded when one is called.

A reader's own preparation is inside its file; these steps stand before it, where a picture holds more than one thing to
read (``read --find``), and are the words in which later recipes say how a formula is found.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from glyphsmith.steps.glyphs import Sheet, find_glyphs
from glyphsmith.steps.lines import reading_order
from glyphsmith.steps.regions import Box, Regions, boxes, contours, regions
from glyphsmith.steps.ruling import ruling_lines
from glyphsmith.steps.shape import closing, median, opening
from glyphsmith.steps.threshold import adaptive, otsu
from glyphsmith.steps.tone import equalise, flatten, grey

__all__ = [
    "STEPS",
    "Box",
    "Regions",
    "Sheet",
    "adaptive",
    "boxes",
    "closing",
    "contours",
    "equalise",
    "find_glyphs",
    "flatten",
    "grey",
    "median",
    "opening",
    "otsu",
    "reading_order",
    "regions",
    "ruling_lines",
]

#: Every step that takes a picture and gives a picture, by the name a recipe or a command line calls it.
STEPS: dict[str, Callable[..., Any]] = {
    step.__name__: step for step in (grey, equalise, flatten, median, opening, closing, otsu, adaptive)
}
