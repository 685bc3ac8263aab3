"""What is written down of learning: in metrics.json and on the card."""

from __future__ import annotations

import platform
from contextlib import suppress
from importlib import metadata
from typing import Any

from glyphsmith.train.learned import Fit
from glyphsmith.train.recipe import Recipe

__all__ = ["learning", "versions"]


def learning(recipe: Recipe, fit: Fit) -> dict[str, Any]:
    """Give the entries of metrics.json that say how the weights came to be."""
    return {
        "recipe": recipe.name,
        "seed": recipe.seed,
        "temperature": fit.temperature,
        "stopped": fit.stopped,
        "interrupted": fit.interrupted,
        "epochs": len(fit.history),
        "best_epoch": fit.best_epoch,
        "learning_s": round(fit.seconds, 2),
        "plan": fit.plan,
    }


def versions() -> dict[str, str]:
    """Name the versions of what a reader is made with."""
    found = {"python": platform.python_version()}
    for name in ("glyphsmith", "torch", "lightning-fabric", "onnx", "onnxruntime", "numpy"):
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found
