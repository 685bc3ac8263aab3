"""Glyphsmith: a folder of pictures in, one file out; the file takes raw pixels and answers.

Importing the package imports neither onnxruntime nor torch; ``load``, ``train``, ``evaluate`` and ``Reader`` do when
they are asked for. ``glyphsmith.train`` and ``glyphsmith.evaluate`` are packages that can also be called.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from glyphsmith.errors import (
    DataError,
    DownloadError,
    ExportError,
    GlyphsmithError,
    MissingExtraError,
    ModelError,
    PageError,
    PatternError,
    PictureError,
    RecipeError,
    SiteError,
    TrainingError,
)
from glyphsmith.results import Failure, LabelReading, SheetReading, TextReading
from glyphsmith.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from glyphsmith.evaluate.evaluation import Evaluation
    from glyphsmith.evaluate.text import TextEvaluation
    from glyphsmith.run import Outcome
    from glyphsmith.runtime.reader import Reader

__all__ = [
    "DataError",
    "DownloadError",
    "ExportError",
    "Failure",
    "GlyphsmithError",
    "LabelReading",
    "MissingExtraError",
    "ModelError",
    "PageError",
    "PatternError",
    "PictureError",
    "Reader",
    "RecipeError",
    "SheetReading",
    "SiteError",
    "TextReading",
    "TrainingError",
    "__version__",
    "evaluate",
    "load",
    "train",
]


def load(model: str | os.PathLike[str] | bytes | bytearray | memoryview) -> Reader:
    """Open a reader: a ``.onnx`` file or its bytes, a run folder or the name of a shipped reader. Raises ModelError."""
    from glyphsmith.runtime.reader import open_reader

    return open_reader(bytes(model) if isinstance(model, bytearray | memoryview) else model)


def _train(source: str | Path | None = None, *, out: str | Path, **options: Any) -> Outcome:
    """Make a reader of labelled pictures in the folder ``out``; ``glyphsmith.run.run`` says which options there are."""
    from glyphsmith.run import run

    return run(source, out=out, **options)


def _evaluate(
    model: Reader | str | os.PathLike[str] | bytes,
    data: str | os.PathLike[str],
    *,
    part: str = "",
    folds: Sequence[str] | None = None,
    charset: str | None = None,
    pattern: str | None = None,
) -> Evaluation | TextEvaluation:
    """Read labelled pictures and count what was right, as ``glyphsmith eval`` does with words of these names.

    ``model`` may also be an opened Reader. Raises ModelError, DataError and PatternError.
    """
    from glyphsmith.data.source import open_source
    from glyphsmith.evaluate.evaluation import check_known, evaluate, part_indices
    from glyphsmith.runtime.reader import Reader

    reader = model if isinstance(model, Reader) else load(model)
    source = open_source(os.fspath(data))
    indices, name = part_indices(source, part)
    check_known(reader, source, indices, folds=folds or ())
    return evaluate(
        reader, source, indices=indices, part=name, progress=False, folds=folds, charset=charset, pattern=pattern
    )


#: Verbs that are named like a package of ours.
_VERBS: dict[str, Callable[..., Any]] = {"train": _train, "evaluate": _evaluate}


class _Verb(ModuleType):
    """A package that can be called: what it is called with goes to the verb of its name."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return _VERBS[self.__name__.rpartition(".")[2]](*arguments, **options)


class _Face(ModuleType):
    """This package: whoever imports ``train`` or ``evaluate``, by whatever way, finds the same object, a verb."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _VERBS and type(value) is ModuleType:
            value.__class__ = _Verb
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Face

if TYPE_CHECKING:
    train, evaluate = _train, _evaluate
else:

    def __getattr__(name: str) -> Any:
        if name in _VERBS:
            return import_module(f"{__name__}.{name}")
        if name == "Reader":
            from glyphsmith.runtime.reader import Reader

            return Reader
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
