"""What is written down of learning: in metrics.json and on the card."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sized
from contextlib import suppress
from importlib import metadata
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glyphsmith.alphabet import Alphabet
from glyphsmith.card import TextFormat
from glyphsmith.expression import evaluate_expression
from glyphsmith.nets import PicturesToText
from glyphsmith.train.learned import Fit
from glyphsmith.train.painting import Endless
from glyphsmith.train.recipe import Recipe

__all__ = ["figures", "learned_from", "learning", "said", "text_format", "versions"]

#: Below so many test pictures a figure says little; the run says so.
_SMALL_TEST = 50


def learning(recipe: Recipe, fit: Fit) -> dict[str, Any]:
    """Give the entries of metrics.json that say how the weights came to be."""
    return {
        "recipe": recipe.name,
        "seed": recipe.seed,
        "temperature": fit.temperature,
        "stopped": fit.stopped,
        "interrupted": fit.interrupted,
        "epochs": int(fit.history[-1]["epoch"]) if fit.history else 0,
        "best_epoch": fit.best_epoch,
        "learning_s": round(fit.seconds, 2),
        "plan": fit.plan,
    }


def figures(document: Mapping[str, Any]) -> dict[str, Any]:
    """Keep of the document of an evaluation what belongs on a card."""
    return {
        key: document[key] for key in ("n", "accuracy", "exact", "ci95", "cer", "value_accuracy") if key in document
    }


def learned_from(train: Sized, endless: Endless | None, fit: Fit) -> int:
    """Count the training pictures: those that were painted for the steps, or those that were there before."""
    return len(train) if endless is None else int(fit.history[-1]["step"]) * int(fit.plan["batch"])


def versions() -> dict[str, str]:
    """Name the versions of what a reader is made with."""
    found = {"python": platform.python_version()}
    for name in ("glyphsmith", "torch", "lightning-fabric", "onnx", "onnxruntime", "numpy"):
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def said(part: str, n: int, accuracy: float, ci95: tuple[float, float]) -> list[str]:
    """Say the figure of the file in lines: with its interval, and with what makes it less than it seems."""
    low, high = ci95
    interval = f"95 % interval {100 * low:.2f} to {100 * high:.2f}"
    lines = [f"{part}: {100 * accuracy:.2f} % of {n} pictures are read rightly ({interval}), measured on the file"]
    if part != "test":
        lines.append(
            "warning: there is no test part; these pictures also steered learning, so the figure is a little too good"
        )
    elif n < _SMALL_TEST:
        lines.append(f"warning: {n} test pictures say little; the interval is the honest part of the figure")
    return lines


def text_format(fit: Fit, rows: NDArray[np.int64], alphabet: Alphabet, pattern: str) -> TextFormat | None:
    """Say for the card how the texts are decoded; ``rows`` (N, L) are the training texts. None for labels.

    That all texts seen are sums gives readings a value, and no more: sums of another form may come, and only the
    recipe's ``pattern`` forbids any.
    """
    network = fit.network
    if not isinstance(network, PicturesToText):
        return None
    lengths = (rows >= 0).sum(axis=1)
    return TextFormat(
        head=network.reading,
        columns=network.columns,
        shortest=int(lengths.min()),
        longest=int(lengths.max()),
        temperature=fit.text_temperature,
        pattern=pattern or None,
        arithmetic=_are_sums(rows, alphabet),
    )


def _are_sums(rows: NDArray[np.int64], alphabet: Alphabet) -> bool:
    """Say whether the texts (N, L) are arithmetic that has a value, going by the first 500."""
    texts = ["".join(alphabet[k] for k in row[row >= 0].tolist()) for row in rows[:500]]
    return all(not text.isalnum() and evaluate_expression(text).value is not None for text in texts)
