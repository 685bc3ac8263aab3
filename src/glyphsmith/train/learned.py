"""What learning starts from and what it gives: the network of a recipe, its optimizer, and the record of a fit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from glyphsmith.errors import TrainingError
from glyphsmith.nets import PictureNetwork, PicturesToLabels, build
from glyphsmith.train.plan import seed_of
from glyphsmith.train.recipe import Recipe

__all__ = ["Fit", "Part", "build_network", "make_optimizer"]

#: Prepared pictures (N, C, H, W), perhaps a memory map, and their labels (N,), of texts (N, L).
Part = tuple[NDArray[np.uint8], NDArray[np.int64]]


@dataclass(slots=True)
class Fit:
    """What was learned.

    ``network`` is on the CPU in evaluation mode with the weights for the file. ``history`` has one entry a judgement:
    epoch, step, train_loss, train_accuracy, val_loss, val_accuracy, rate, seconds. ``stopped`` says in one sentence
    why learning ended; ``seconds`` counts learning over all resumed parts. ``broken`` says that the loss stopped
    being a number on the way. ``text_temperature`` calibrates the probability of whole texts.
    """

    network: PictureNetwork
    temperature: float
    history: list[dict[str, Any]]
    stopped: str
    seconds: float
    best_epoch: int
    val_accuracy: float
    interrupted: bool = False
    broken: bool = False
    plan: dict[str, Any] = field(default_factory=dict)
    text_temperature: float = 1.0
    validation_logits: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))


def build_network(recipe: Recipe, classes: int) -> PictureNetwork:
    """Make the network of a recipe with the fresh weights of its seed; raises TrainingError where it cannot be."""
    prepare, network = recipe.prepare, recipe.network
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_of(recipe.seed, -1))
            made = build(
                network.family,
                network.widths,
                network.dropout,
                channels=3 if prepare.colour else 1,
                height_px=prepare.height_px,
                width_px=prepare.width_px,
                classes=classes,
                strides=network.strides,
                unpadded=network.unpadded,
                slants_deg=network.slants_deg,
                head=network.head,
                columns=network.columns,
                places=network.places,
            )
            if isinstance(made, PicturesToLabels):
                made.refuses = recipe.learn.strangers > 0.0
            return made
    except ValueError as error:
        raise TrainingError(
            f"network {network.family}: {error}", hint="change network.family or prepare.height_px"
        ) from None


def make_optimizer(network: PictureNetwork, recipe: Recipe) -> torch.optim.Optimizer:
    """Make the optimizer of a recipe; weight decay spares biases and the weights of batch norm."""
    learn = recipe.learn
    if learn.optimizer == "adam":
        return torch.optim.Adam(network.parameters(), lr=learn.rate, fused=True)
    if learn.optimizer == "rmsprop":
        # The constants of the library the published recipes were written in; torch's own are 0.99 and 1e-8.
        return torch.optim.RMSprop(network.parameters(), lr=learn.rate, alpha=0.9, eps=1e-7)
    matrices = [parameter for parameter in network.parameters() if parameter.ndim > 1]
    vectors = [parameter for parameter in network.parameters() if parameter.ndim <= 1]
    groups = [{"params": matrices, "weight_decay": learn.weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=learn.rate, betas=(0.9, 0.99), fused=True)
