"""Where readers lie: what the word MODEL of the command line stands for.

``pathlib`` and ``difflib`` are imported where they are used: a cold start that finds its reader does without, which is
5 of its 210 ms.
"""
# ruff: noqa: PTH100, PTH113, PTH118, PTH120

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from glyphsmith.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["find", "resolve", "shipped"]

_READERS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "readers")


def shipped() -> dict[str, Path]:
    """Give the readers that come with the package, by name."""
    from pathlib import Path

    return {path.stem: path for path in sorted(Path(_READERS).glob("*.onnx"))}


def resolve(model: str | os.PathLike[str]) -> Path:
    """Give the file of a MODEL as a path, as ``find`` has it."""
    from pathlib import Path

    return Path(find(model))


def find(model: str | os.PathLike[str]) -> str:
    """Find the file of a MODEL: a ``.onnx`` file, a run folder (its ``model.onnx``) or the name of a shipped reader.

    A file or a run folder goes before a shipped reader of the same name. Raises ModelError with a near name.
    """
    word = os.fspath(model)
    if not word:
        raise ModelError("MODEL is empty", hint="glyphsmith models lists the shipped readers")
    if os.path.isfile(word):
        return word
    in_run = os.path.join(word, "model.onnx")
    if os.path.isfile(in_run):
        return in_run
    with_package = os.path.join(_READERS, f"{word}.onnx")
    if os.path.dirname(word) == "" and os.path.isfile(with_package):
        return with_package
    raise _nothing(word)


def _nothing(word: str) -> ModelError:
    """Say why a word is no MODEL, with the near name where there is one."""
    import difflib
    from pathlib import Path

    path, names = Path(word), shipped()
    if path.is_dir():
        return ModelError(
            f"{word}: the folder holds no model.onnx",
            hint="a run folder has one when its training has ended; continue it with `glyphsmith train ... --resume`",
        )
    if path.suffix == ".onnx" or len(path.parts) > 1:
        return ModelError(f"{word}: no such file", hint=_near_file(path))
    close = difflib.get_close_matches(word, names, n=1)
    there_are = f"the shipped readers are: {', '.join(names)}" if names else "no reader comes with this installation"
    return ModelError(
        f"{word}: no file, no run folder and no shipped reader has this name",
        hint=f"did you mean {close[0]}?" if close else there_are,
    )


def _near_file(path: Path) -> str | None:
    import difflib

    try:
        names = [item.name for item in path.parent.iterdir()]
    except OSError:
        return f"there is no folder {path.parent}"
    close = difflib.get_close_matches(path.name, names, n=1)
    return f"did you mean {path.parent / close[0]}?" if close else None
