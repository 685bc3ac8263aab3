"""Say that a package for learning is missing before anything is opened or written."""

from __future__ import annotations

from importlib.util import find_spec

from glyphsmith.errors import MissingExtraError

__all__ = ["need_the_train_extra"]


def need_the_train_extra() -> None:
    """Raise MissingExtraError for the first package that learning needs and this machine has not."""
    for name in ("torch", "lightning_fabric", "onnx", "onnxscript", "sklearn", "matplotlib"):
        if find_spec(name) is None:
            raise MissingExtraError(
                f"learning needs {name}, which is not installed", hint='pip install "glyphsmith[train]"'
            )
