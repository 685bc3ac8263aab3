"""Write a reader: preparation, network, calibration and card as one sealed ONNX file."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from glyphsmith.card import CARD_KEY, SEAL_KEY, Card, seal, unsealed_value
from glyphsmith.errors import ExportError, ModelError
from glyphsmith.export.graph import IR_VERSION, OPSET, preparation, stage_captions
from glyphsmith.nets import PicturesToText, label_probabilities
from glyphsmith.train.recipe import Prepare

__all__ = ["WEIGHT_PREFIX", "network_weights", "reader_bytes", "round_weights", "sealed", "with_card"]

#: Initialisers are named by it and the network's own name for the weight, to be read back.
WEIGHT_PREFIX = "net."


_LABEL_OUTPUTS = ("probabilities", "logits", "map")
_TEXT_OUTPUTS = ("probabilities", "logits", "best")

#: Stands behind the name of a weight that is stored in 16 bits; a Cast gives it its own name.
_HALF = ".half"
_HALF_MAX = 65504.0


class _CalibratedText(nn.Module):
    """The network with its temperature: (N, C, h, w) to probabilities and logits (N, T, C), and ``best`` (N, T).

    ``best`` is the greedy reading for those who have no decoder: the label that stands in a column, -1 where none does.
    """

    def __init__(self, network: PicturesToText, temperature: float) -> None:
        super().__init__()
        self.network = network
        self.temperature = temperature

    def forward(self, prepared: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        logits = self.network.scores(prepared) / self.temperature
        best = logits.argmax(dim=2)
        if self.network.reading == "ctc":
            before = torch.cat([torch.zeros_like(best[:, :1]), best[:, :-1]], dim=1)
            best = torch.where(best == before, torch.zeros_like(best), best) - 1
        return torch.softmax(logits, dim=2), logits, best


class _Calibrated(nn.Module):
    """The network with its temperature: (N, C, h, w) to probabilities (N, K), logits (N, K), maps (N, K, y, x)."""

    def __init__(self, network: nn.Module, temperature: float) -> None:
        super().__init__()
        self.network = network
        self.temperature = temperature

    def forward(self, prepared: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        logits, maps = self.network(prepared)
        logits = logits / self.temperature
        return label_probabilities(logits, refuses=bool(self.network.refuses)), logits, maps


def round_weights(network: nn.Module) -> None:
    """Round the matrices and kernels of a trained network, in place, to what 16 bits hold; the file halves.

    Called before the file is written and compared, so that the gate still asks for equality with the very network that
    is written. Rounding moves a weight by at most 1/2048 of itself. A weight beyond half precision's range stays.
    """
    with torch.no_grad():
        for weight in network.parameters():
            if weight.dim() >= 2 and bool((weight.abs() < _HALF_MAX).all()):
                weight.copy_(weight.half().float())


def reader_bytes(network: nn.Module, settings: Prepare, card: Card, *, temperature: float) -> bytes:
    """Serialise a reader: ``image`` uint8 (N, H, W, 3) to ``probabilities``, ``logits``, ``map`` and the card's stages.

    ``network`` maps float (N, C, height_px, width_px) in 0..1 to (logits (N, K), maps (N, K, y, x)), K being the length
    of the card's alphabet. One of texts (nets.PicturesToText) gives ``probabilities`` and ``logits`` (N, T, 1+K), or
    (N, P, K) of fixed length, and in the place of ``map`` the greedy reading ``best`` int64 (N, T). The card's
    ``stages`` and ``temperature`` are set here. Raises ExportError where the network cannot be written as ONNX.
    """
    front = preparation(settings)
    channels = 3 if settings.colour else 1
    texts = isinstance(network, PicturesToText)
    made: nn.Module = _Calibrated(network, float(temperature))
    if isinstance(network, PicturesToText):
        made = _CalibratedText(network, float(temperature))
    wrapped = made.cpu().float().eval()
    example = torch.zeros(2, channels, settings.height_px, settings.width_px)
    back = _exported(wrapped, example, _TEXT_OUTPUTS if texts else _LABEL_OUTPUTS)
    classes = len(card.alphabet)
    with torch.no_grad():
        shapes = [tuple(output.shape) for output in wrapped(example)]
    wanted = classes + (isinstance(network, PicturesToText) and network.reading == "ctc")
    if shapes[0][-1] != wanted:
        raise ExportError(f"the network has {shapes[0][-1]} outputs, the alphabet {classes} labels")
    outputs = [
        helper.make_tensor_value_info(
            name, TensorProto.INT64 if name == "best" else TensorProto.FLOAT, ["N", *shape[1:]]
        )
        for name, shape in zip(_TEXT_OUTPUTS if texts else _LABEL_OUTPUTS, shapes, strict=True)
    ]
    outputs += front.graph.output
    unpacking = _halve(back)
    graph = helper.make_graph(
        [*front.graph.node, *unpacking, *back.graph.node],
        "reader",
        list(front.graph.input),
        outputs,
        [*front.graph.initializer, *back.graph.initializer],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="glyphsmith"
    )
    full = replace(card, stages=stage_captions(settings), temperature=float(temperature))
    return sealed(model, full)


def with_card(file: bytes, card: Card) -> bytes:
    """Give the same reader with another card (its figures, once they are measured), sealed anew."""
    return sealed(onnx.load_model_from_string(file), card)


def network_weights(file: bytes, *, where: str) -> dict[str, NDArray[np.float32]]:
    """Read the weights of a reader's network back, by the network's own names; ModelError where there are none."""
    model = onnx.load_model_from_string(file)
    weights = {
        item.name.removeprefix(WEIGHT_PREFIX).removesuffix(_HALF): numpy_helper.to_array(item).astype(np.float32)
        for item in model.graph.initializer
        if item.name.startswith(WEIGHT_PREFIX)
    }
    if not weights:
        raise ModelError(
            f"{where}: the file keeps no weights to go on from",
            hint="give the run folder it was trained in; a quantised or converted file cannot be trained further",
        )
    return weights


def sealed(model: onnx.ModelProto, card: Card) -> bytes:
    """Serialise a whole reader with its card inside and a seal over all bytes."""
    del model.metadata_props[:]
    helper.set_model_props(model, {CARD_KEY: card.to_json(), SEAL_KEY: unsealed_value()})
    onnx.checker.check_model(model)
    return seal(model.SerializeToString())


def _exported(wrapped: nn.Module, example: Tensor, outputs: Sequence[str]) -> onnx.ModelProto:
    """Export the network alone, its input named ``prepared``, without folding, so that weights keep their names."""
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                wrapped,
                (example,),
                input_names=["prepared"],
                output_names=list(outputs),
                dynamic_shapes=({0: torch.export.Dim("N", min=1)},),
                opset_version=OPSET,
                dynamo=True,
                optimize=False,
                verbose=False,
            )
    except Exception as error:  # the exporter raises classes of its own and of torch._dynamo without a shared one
        raise ExportError(f"the network cannot be written as ONNX: {str(error).splitlines()[0][:300]}") from error
    if program is None:
        raise ExportError("the network cannot be written as ONNX: the exporter gave nothing")
    model: onnx.ModelProto = program.model_proto
    if model.functions or any(node.domain not in ("", "ai.onnx") for node in model.graph.node):
        raise ExportError("the network uses operators outside the ONNX standard")
    # What only learning needs (the guide of a text network) is not written.
    used = {name for node in model.graph.node for name in node.input}
    kept = [item for item in model.graph.initializer if item.name in used]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    _drop_zero_biases(model.graph)
    _rename(model)
    return model


def _drop_zero_biases(graph: onnx.GraphProto) -> None:
    """Take the exporter's computed zeros away from convolutions that have no bias.

    Where the bias is not a constant, ONNX Runtime cannot fold batch norm into the convolution: a quarter to a third of
    the time of reading (docs/log.md). Nodes that then lead nowhere go too.
    """
    maker = {output: node for node in graph.node for output in node.output}
    for node in graph.node:
        if node.op_type == "Conv" and len(node.input) == 3 and _is_zero(node.input[2], maker):
            del node.input[2]
    public = {output.name for output in graph.output}
    while True:
        used = public.union(*(node.input for node in graph.node))
        dead = [node for node in graph.node if used.isdisjoint(node.output)]
        if not dead:
            return
        for node in dead:
            graph.node.remove(node)


def _is_zero(name: str, maker: Mapping[str, onnx.NodeProto]) -> bool:
    """Say whether a value is made of a constant 0 by casts and expansions alone."""
    node = maker.get(name)
    while node is not None and node.op_type in ("Expand", "CastLike", "Cast"):
        node = maker.get(node.input[0])
    if node is None or node.op_type != "Constant":
        return False
    values = [helper.get_attribute_value(item) for item in node.attribute]
    arrays = [
        numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else np.asarray(value) for value in values
    ]
    return bool(arrays) and not any(array.any() for array in arrays)


def _halve(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    """Store in 16 bits every weight that they hold exactly; gives the Cast nodes that unpack them.

    ONNX Runtime folds the casts when it opens the file, so reading is as fast as with 32 bits.
    """
    casts = []
    for item in model.graph.initializer:
        if item.data_type != TensorProto.FLOAT or len(item.dims) < 2 or not item.name.startswith(WEIGHT_PREFIX):
            continue
        values = numpy_helper.to_array(item)
        with np.errstate(over="ignore"):
            half = values.astype(np.float16)
        if np.array_equal(half.astype(np.float32), values):
            name = item.name
            item.CopyFrom(numpy_helper.from_array(half, name + _HALF))
            casts.append(helper.make_node("Cast", [name + _HALF], [name], name=f"{name}.cast", to=TensorProto.FLOAT))
    return casts


def _rename(model: onnx.ModelProto) -> None:
    """Prefix every inner name, so that nothing collides with the preparation, and drop the exporter's bookkeeping."""
    public = {"prepared", *_LABEL_OUTPUTS, *_TEXT_OUTPUTS, ""}
    weights = {item.name for item in model.graph.initializer}

    def renamed(name: str) -> str:
        if name in public:
            return name
        if name in weights and name.startswith("network."):
            return WEIGHT_PREFIX + name.removeprefix("network.")
        return f"network/{name}"

    for node in model.graph.node:
        node.input[:] = [renamed(name) for name in node.input]
        node.output[:] = [renamed(name) for name in node.output]
        node.name = f"network/{node.name}"
        node.doc_string = ""
        del node.metadata_props[:]
    for item in model.graph.initializer:
        item.name = renamed(item.name)
        item.doc_string = ""
        del item.metadata_props[:]
    del model.graph.value_info[:]
