"""The published perceptron of ``runes-mlp``: scikit-learn learns it, its weights go into a network of ours."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from glyphsmith.errors import MissingExtraError, TrainingError
from glyphsmith.nets import PictureNetwork
from glyphsmith.nets.dense import RunesMlp
from glyphsmith.train.judge import logits_of
from glyphsmith.train.learned import Fit, Part
from glyphsmith.train.recipe import Recipe
from glyphsmith.train.tasks.label import fit_temperature

__all__ = ["copy_weights", "fit_perceptron"]

#: What a label that was never seen gets as its bias: an answer it will not win.
_NEVER = -30.0


def fit_perceptron(
    recipe: Recipe, network: PictureNetwork, train: Part, validation: Part, say: Callable[[str], None]
) -> Fit:
    """Learn with scikit-learn, put the weights into ``network`` and judge it on validation."""
    history, stopped, interrupted = _learn(recipe, network, *train, say)
    network.eval()
    logits = logits_of(network, validation[0], torch.device("cpu"))
    accuracy = float((logits.argmax(axis=1) == validation[1]).mean()) if len(logits) else 0.0
    history[-1]["val_accuracy"] = accuracy
    return Fit(
        network=network,
        temperature=fit_temperature(logits, validation[1]),
        history=history,
        stopped=stopped,
        seconds=float(history[-1]["seconds"]),
        best_epoch=len(history),
        val_accuracy=accuracy,
        interrupted=interrupted,
        validation_logits=logits,
    )


def _learn(
    recipe: Recipe,
    network: PictureNetwork,
    pictures: NDArray[np.uint8],
    labels: NDArray[np.int64],
    say: Callable[[str], None],
) -> tuple[list[dict[str, Any]], str, bool]:
    """Learn from pictures (N, C, H, W) with scikit-learn's MLPClassifier and put the weights into ``network``.

    Gives the history, why it stopped, and whether it was interrupted. ``learn.epochs`` is max_iter, ``learn.rate``
    learning_rate_init, ``learn.weight_decay`` alpha; all else is scikit-learn's default. Resuming starts anew: it takes
    seconds and gives the same weights.
    """
    try:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.neural_network import MLPClassifier
    except ImportError:
        raise MissingExtraError("runes-mlp needs scikit-learn", hint='pip install "glyphsmith[train]"') from None
    if not isinstance(network, RunesMlp):
        raise TrainingError(
            "learn.optimizer = sklearn learns only the network runes-mlp", hint="--set network.family=runes-mlp"
        )
    if len(np.unique(labels)) < 2:
        raise TrainingError(
            "all training pictures carry the same label", hint="add pictures of at least one other label"
        )
    say(f"learning with scikit-learn on {len(labels)} pictures")
    started = time.monotonic()
    model = MLPClassifier(
        hidden_layer_sizes=(network.hidden.out_features,),
        max_iter=recipe.learn.epochs,
        learning_rate_init=recipe.learn.rate,
        alpha=recipe.learn.weight_decay,
        random_state=recipe.seed % 2**32,  # scikit-learn knows no seeds beyond
    )
    flat = pictures.reshape(len(pictures), -1).astype(np.float32) / 255.0
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(flat, labels)
    interrupted = any("interrupted" in str(warning.message) for warning in caught)
    unfinished = any(issubclass(warning.category, ConvergenceWarning) for warning in caught)
    copy_weights(model, network)
    seconds = round(time.monotonic() - started, 2)
    history = [
        {"epoch": k + 1, "step": k + 1, "train_loss": float(loss), "rate": recipe.learn.rate, "seconds": seconds}
        for k, loss in enumerate(model.loss_curve_)
    ]
    if interrupted:
        return history, "interrupted by Ctrl-C", True
    if unfinished:
        return history, f"all {model.n_iter_} epochs done; the loss was still falling", False
    return history, f"the training loss no longer fell after {model.n_iter_} epochs", False


def copy_weights(model: Any, network: RunesMlp) -> None:
    """Copy the weights of a fitted MLPClassifier with one hidden layer; its labels are output indices."""
    first, second = (torch.from_numpy(np.asarray(matrix.T, dtype=np.float32)) for matrix in model.coefs_)
    bias, out = (torch.from_numpy(np.asarray(vector, dtype=np.float32)) for vector in model.intercepts_)
    if second.shape[0] == 1:
        # Two labels have one logistic output z; softmax over -z/2 and z/2 is the same probability.
        second, out = torch.cat([-second, second]) / 2.0, torch.cat([-out, out]) / 2.0
    with torch.no_grad():
        network.hidden.weight.copy_(first)
        network.hidden.bias.copy_(bias)
        network.head.weight.zero_()
        network.head.bias.fill_(_NEVER)
        rows = torch.from_numpy(np.asarray(model.classes_, dtype=np.int64))
        network.head.weight[rows] = second
        network.head.bias[rows] = out
