"""Where readers lie: what the word MODEL of the command line stands for."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

from glyphsmith.errors import ModelError

__all__ = ["resolve", "shipped"]

_READERS = Path(__file__).resolve().parent.parent / "readers"


def shipped() -> dict[str, Path]:
    """Give the readers that come with the package, by name."""
    return {path.stem: path for path in sorted(_READERS.glob("*.onnx"))}


def resolve(model: str | os.PathLike[str]) -> Path:
    """Find the file of a MODEL: a ``.onnx`` file, a run folder (its ``model.onnx``) or the name of a shipped reader.

    A file or a run folder goes before a shipped reader of the same name. Raises ModelError with a near name.
    """
    word = os.fspath(model)
    path = Path(word)
    if path.is_file():
        return path
    if path.is_dir() and (path / "model.onnx").is_file():
        return path / "model.onnx"
    names = shipped()
    if word in names:
        return names[word]
    if path.is_dir():
        raise ModelError(
            f"{word}: the folder holds no model.onnx",
            hint="a run folder has one when its training has ended; continue it with `glyphsmith train ... --resume`",
        )
    if path.suffix == ".onnx" or len(path.parts) > 1:
        raise ModelError(f"{word}: no such file", hint=_near_file(path))
    close = difflib.get_close_matches(word, names, n=1)
    there_are = f"the shipped readers are: {', '.join(names)}" if names else "no reader comes with this installation"
    raise ModelError(
        f"{word}: no file, no run folder and no shipped reader has this name",
        hint=f"did you mean {close[0]}?" if close else there_are,
    )


def _near_file(path: Path) -> str | None:
    try:
        names = [item.name for item in path.parent.iterdir()]
    except OSError:
        return f"there is no folder {path.parent}"
    close = difflib.get_close_matches(path.name, names, n=1)
    return f"did you mean {path.parent / close[0]}?" if close else None
