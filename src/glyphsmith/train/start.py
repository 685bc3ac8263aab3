"""Starting from the weights of a shipped reader where pictures are few: it has seen thousands of signs under noise.

Not ``--from``, which goes on with a reader, keeps its labels and rehearses its pictures (train.further). Here nothing
of the old reader is kept but what its layers have learned to see; labels are those of the new pictures alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from glyphsmith.alphabet import Alphabet
from glyphsmith.card import Card
from glyphsmith.errors import ModelError
from glyphsmith.train.judge import logits_of
from glyphsmith.train.learned import build_network
from glyphsmith.train.recipe import Recipe

__all__ = ["level_with_none", "start_from"]

#: How much red, green and blue count in grey, as the preparation has it.
_LUMA = (0.299, 0.587, 0.114)
#: How much all labels of a stranger have at first, as a logarithm; the logits of outputs that begin anew differ by less
#: than the other number.
_STRANGERS_AT, _TELLING = -3.0, 1.0


def start_from(
    card: Card, weights: Mapping[str, NDArray[Any]], recipe: Recipe, alphabet: Alphabet, *, where: str
) -> dict[str, Tensor]:
    """Give first weights for a network of ``recipe`` and ``alphabet``, as far as possible those of another reader.

    ``weights`` are those in its file by the network's own names. A sign the reader knows keeps its output, a small
    letter takes its capital's and the other way round, every other sign begins anew. Outputs of labels are taken less
    the mean of all of them. A network in colour may begin with a grey one's weights, and one for pictures of another
    height with its rows stretched. Raises ModelError where the networks are not the same otherwise.
    """
    state = build_network(recipe, len(alphabet)).state_dict()
    if card.task == "label":
        weights = {**weights, **_levelled(weights)}
    blank = len(weights.get("head.bias", ())) - len(card.alphabet)
    rows = {label: blank + i for i, label in enumerate(card.alphabet)}
    by_case = {label.casefold(): row for label, row in rows.items()}
    for name, fresh in state.items():
        if name.startswith("head.") and name in weights:
            known = torch.from_numpy(np.array(weights[name], dtype=np.float32))
            fresh[:blank] = known[:blank]
            for i, label in enumerate(alphabet):
                row = rows.get(label, by_case.get(label.casefold()))
                if row is not None:
                    fresh[blank + i] = known[row]
        elif name in weights:
            known = _fitted(torch.from_numpy(np.array(weights[name], dtype=np.float32)), fresh.shape)
            if known.shape != fresh.shape:
                raise ModelError(
                    f"{where}: weights {name} have shape {tuple(known.shape)}, those of the recipe "
                    f"{tuple(fresh.shape)}",
                    hint="leave network and prepare out of --set, or start from nothing with --set learn.start=",
                )
            fresh.copy_(known)
    return state


def level_with_none(state: dict[str, Tensor], recipe: Recipe, strangers: NDArray[np.uint8]) -> None:
    """Move all outputs of first weights, in place, so that pictures of no label begin as none of them.

    ``strangers`` uint8 (N, C, H, W), prepared. "None of these" stands at 0 beside the labels. Where known labels begin
    above it, strangers are beaten out of them, and with them what tells one's own apart: a reader of eighteen of each
    of MNIST's digits loses about a point (docs/log.md). Outputs that begin anew tell nothing yet and stay.
    """
    network = build_network(recipe, len(state["head.bias"])).eval()
    network.load_state_dict(state)
    logits = torch.from_numpy(logits_of(network, strangers, torch.device("cpu")))
    above = float(logits.logsumexp(dim=1).median()) - _STRANGERS_AT
    if float(logits.std()) > _TELLING:
        state["head.bias"] = state["head.bias"] - above


def _levelled(weights: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
    """Take the mean over all labels off the rows of the last layer.

    To a softmax it makes no difference, so it is whatever learning left: -26 in `glyphs`. But "none of these" and the
    rows that begin anew stand at 0: beside them every known sign was impossible, and learning began with a loss of 18.
    """
    names = [name for name in weights if name.startswith("head.")]
    return {name: np.asarray(weights[name] - weights[name].mean(axis=0), np.float32) for name in names}


def _fitted(known: Tensor, wanted: torch.Size) -> Tensor:
    """Fit the kernels (O, I, h, w) of a convolution to other pictures, where only these differ; else give them back.

    Grey kernels become three that see the same brightness. The rows of a kernel as high as the picture's last rows are
    interpolated, and what they add up to stays.
    """
    if known.dim() != 4 or len(wanted) != 4:
        return known
    if known.shape[1] == 1 and wanted[1] == len(_LUMA):
        known = known * torch.tensor(_LUMA).view(1, -1, 1, 1)
    rows, columns = known.shape[2:]
    if columns == wanted[3] == 1 and rows != wanted[2]:
        stretched = torch.nn.functional.interpolate(known, size=(wanted[2], 1), mode="bilinear", align_corners=True)
        known = stretched * (rows / wanted[2])
    return known
