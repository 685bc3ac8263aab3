"""Glyphsmith: a folder of pictures in, one file out; the file takes raw pixels and answers.

Importing the package imports neither onnxruntime nor torch; ``load`` does when it is called.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from glyphsmith.errors import GlyphsmithError, ModelError, PictureError
from glyphsmith.results import Failure, LabelReading, TextReading

if TYPE_CHECKING:
    from glyphsmith.runtime.reader import Reader

__all__ = [
    "Failure",
    "GlyphsmithError",
    "LabelReading",
    "ModelError",
    "PictureError",
    "TextReading",
    "__version__",
    "load",
]

__version__ = "0.1.0"


def load(model: str | os.PathLike[str] | bytes) -> Reader:
    """Open a reader: a ``.onnx`` file or its bytes, a run folder or the name of a shipped reader. Raises ModelError."""
    from glyphsmith.runtime.reader import open_reader

    return open_reader(model)
