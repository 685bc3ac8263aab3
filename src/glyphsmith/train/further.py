"""Going on from a trained reader, also with further labels: its weights, its preparation, its order of labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from glyphsmith.alphabet import Alphabet
from glyphsmith.card import Card
from glyphsmith.errors import ModelError
from glyphsmith.train.automatic import Decision
from glyphsmith.train.learned import build_network
from glyphsmith.train.recipe import Recipe, recipe_from_dict, with_settings

__all__ = ["go_on"]

#: A trained network needs smaller steps than a fresh one, or it forgets what it knows before it learns.
_RATE_SHARE = 0.3
#: And fewer of them: it has only to make room for what is new (docs/log.md).
_EPOCH_SHARE = 0.3
#: Names of the weights that only learning needs (nets.text).
_GUIDE = ("queries.", "places_prior", "guide.")


def go_on(
    card: Card,
    weights: Mapping[str, NDArray[Any]],
    recipe: Recipe,
    found: Alphabet,
    *,
    settings: Sequence[str] = (),
    shorter: bool = False,
    where: str,
) -> tuple[Recipe, Alphabet, dict[str, Tensor], list[Decision]]:
    """Give recipe, labels and first weights of a run that goes on from a reader.

    ``weights`` are those in the file by the network's own names, ``found`` the labels of all pictures, old and new.
    Known labels keep their outputs; new ones come after them with fresh rows in the last dense layer. ``shorter`` cuts
    the epochs that were chosen for a fresh network. Raises ModelError where the weights do not fit the network that the
    card names.
    """
    was = recipe_from_dict(card.recipe, where=where)
    learn = replace(recipe.learn, rate=float(f"{recipe.learn.rate * _RATE_SHARE:.1g}"), strangers=was.learn.strangers)
    if shorter:
        learn = replace(learn, epochs=max(3, round(learn.epochs * _EPOCH_SHARE)))
    recipe = replace(recipe, prepare=was.prepare, network=was.network, learn=learn)
    # What was set by hand goes over all of it; what would not fit the weights is found below.
    recipe = with_settings(recipe, settings)
    new = tuple(label for label in found if label not in card.alphabet)
    absent = tuple(label for label in card.alphabet if label not in found)
    alphabet = Alphabet((*card.alphabet, *new))
    fresh = build_network(recipe, len(alphabet)).state_dict()
    state: dict[str, Tensor] = {}
    # The layers whose rows belong to the labels; a blank stands before them all.
    rows = ("guide.",) if recipe.network.family == "text" and recipe.network.head == "fixed" else ("head.",)
    if new and recipe.network.family == "captcha-multihead":
        raise ModelError(
            f"{where}: captcha-multihead cannot take further labels: {' '.join(new)}",
            hint="train from the beginning, or with network.family=text",
        )
    for name, tensor in fresh.items():
        if name.endswith("num_batches_tracked"):
            state[name] = tensor
            continue
        if name not in weights and name.startswith(_GUIDE) and recipe.network.head == "ctc":
            state[name] = tensor  # the guide of a text network is not in the file: it begins anew
            continue
        if name not in weights:
            raise ModelError(f"{where}: the file has no weights {name} to go on from", hint="train from the beginning")
        known = torch.from_numpy(np.array(weights[name], dtype=np.float32))
        if name.startswith(rows) and known.shape[1:] == tensor.shape[1:] and len(known) <= len(tensor):
            tensor = tensor.clone()
            if recipe.task == "label":
                # A new row begins as likely as the known ones are on average: at 0 it was the answer to everything.
                tensor[len(known) :] = known.mean(dim=0) + tensor[len(known) :] * (tensor.dim() > 1)
            tensor[: len(known)] = known
        elif known.shape != tensor.shape:
            raise ModelError(
                f"{where}: weights {name} have shape {tuple(known.shape)}, those of the recipe {tuple(tensor.shape)}",
                hint="leave network and prepare out of --set when going on from a reader",
            )
        else:
            tensor = known
        state[name] = tensor
    decisions = [
        Decision("from", card.name, f"weights, preparation and the order of its {len(card.alphabet)} labels are kept"),
        Decision("rate", f"{recipe.learn.rate:g}", "a trained network takes smaller steps"),
    ]
    if shorter:
        decisions.append(Decision("epochs", str(recipe.learn.epochs), "a trained network takes fewer of them"))
    if new:
        decisions.append(Decision("new labels", " ".join(new), "fresh rows in the last layer, after the known ones"))
    if absent:
        shown = " ".join(absent[:20]) + (" ..." if len(absent) > 20 else "")
        why = "they stay in the alphabet; with nothing to rehearse them by they may be forgotten"
        decisions.append(Decision("labels without pictures", shown, why))
    return recipe, alphabet, state, decisions
