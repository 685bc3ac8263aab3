"""Static int8: the network of a reader with 8-bit weights and activations, behind the same preparation and card.

Weights have one scale for each output channel; activations have the range that calibration pictures showed (QDQ, as
ONNX Runtime executes it). The preparation stays in float, and so do softmax and what has no 8-bit operator. The file is
a sealed reader like any other; it cannot be trained further.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from glyphsmith.errors import ExportError, ModelError
from glyphsmith.export.reader_file import WEIGHT_PREFIX, sealed
from glyphsmith.runtime.reader import open_reader

__all__ = ["CALIBRATION", "quantised", "refuse_quantised"]

#: Calibration pictures: ranges settle within a few hundred (docs/log.md).
CALIBRATION = 300
#: The tensor between preparation and network.
_BETWEEN = "prepared"
#: Weights of 7 bits: with 8, processors without VNNI add two products in 16 bits and saturate, so that a file would
#: read differently there.
_REDUCED = True
_QUANTISED = ("Conv", "Gemm", "MatMul", "Add", "MaxPool", "AveragePool", "GlobalAveragePool", "Relu", "Concat")


def quantised(file: bytes, prepared: Iterable[NDArray[np.float32]]) -> bytes:
    """Give the reader in int8, sealed, its card as it was; ``prepared`` are calibration pictures (N, C, h, w).

    Raises ExportError where the file has no network to quantise or one in 8 bits, or the result does not open.
    """
    model = onnx.load_model_from_string(file)
    _refuse_quantised(model)
    front, network = _parted(model)
    smaller = _quantised_network(network, prepared)
    for item in smaller.graph.initializer:
        if item.name.startswith(WEIGHT_PREFIX):
            _rename(smaller.graph, item.name, f"int8.{item.name.removeprefix(WEIGHT_PREFIX)}")
    graph = helper.make_graph(
        [*front, *smaller.graph.node],
        "reader",
        list(model.graph.input),
        list(model.graph.output),
        [*_used(model.graph.initializer, front), *smaller.graph.initializer],
    )
    opsets = {entry.domain: entry.version for entry in [*smaller.opset_import, *model.opset_import]}
    whole = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid(domain, version) for domain, version in opsets.items() if domain == ""],
        ir_version=model.ir_version,
        producer_name="glyphsmith",
    )
    try:
        written = sealed(whole, open_reader(file).card)
        open_reader(written)
    except (ModelError, onnx.checker.ValidationError) as error:
        raise ExportError(f"the quantised network does not open: {error}") from None
    return written


def refuse_quantised(file: bytes) -> None:
    """Raise ExportError where the network of a reader is in 8 bits already."""
    _refuse_quantised(onnx.load_model_from_string(file))


def _refuse_quantised(model: onnx.ModelProto) -> None:
    if any(node.op_type == "DequantizeLinear" for node in model.graph.node):
        raise ExportError("this reader is in 8 bits already", hint="export the file that it was made from")


def _parted(model: onnx.ModelProto) -> tuple[list[onnx.NodeProto], onnx.ModelProto]:
    """Part a reader's graph at ``prepared``: the nodes of the preparation, and the network as a model of its own."""
    front: list[onnx.NodeProto] = []
    needed = {_BETWEEN, *(output.name for output in model.graph.output if output.name.startswith("stage_"))}
    for node in reversed(model.graph.node):
        if needed & set(node.output):
            front.insert(0, node)
            needed |= set(node.input)
    names = {node.name for node in front}
    back = [node for node in model.graph.node if node.name not in names]
    given = next((output for output in model.graph.output if output.name == _BETWEEN), None)
    if given is None or not any(node.op_type in ("Conv", "Gemm", "MatMul") for node in back):
        raise ExportError("the file has no network behind its preparation that could be quantised")
    kept, back = _whole_weights(model.graph.initializer, back)
    made = {name for node in back for name in node.output}
    outputs = [output for output in model.graph.output if output.name in made]
    graph = helper.make_graph(back, "network", [given], outputs, kept)
    return front, helper.make_model(graph, opset_imports=list(model.opset_import), ir_version=model.ir_version)


def _whole_weights(
    initializers: Iterable[onnx.TensorProto], nodes: list[onnx.NodeProto]
) -> tuple[list[onnx.TensorProto], list[onnx.NodeProto]]:
    """Give the network's weights in 32 bits, without the casts that unpacked them from 16."""
    casts = {node.input[0]: node.output[0] for node in nodes if node.op_type == "Cast"}
    kept, unpacked = [], set()
    used = {name for node in nodes for name in node.input}
    for item in initializers:
        if item.name not in used:
            continue
        values = numpy_helper.to_array(item)
        if values.dtype == np.float16 and item.name in casts:
            unpacked.add(item.name)
            item = numpy_helper.from_array(values.astype(np.float32), casts[item.name])
        kept.append(item)
    return kept, [node for node in nodes if not (node.op_type == "Cast" and node.input[0] in unpacked)]


def _quantised_network(network: onnx.ModelProto, prepared: Iterable[NDArray[np.float32]]) -> onnx.ModelProto:
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    quiet = logging.getLogger()
    level = quiet.level
    quiet.setLevel(logging.ERROR)  # the quantiser tells the root logger what to do before it
    try:
        with tempfile.TemporaryDirectory(prefix="glyphsmith-int8-") as folder:
            plain, fused, smaller = (Path(folder) / name for name in ("plain.onnx", "fused.onnx", "int8.onnx"))
            plain.write_bytes(network.SerializeToString())
            quant_pre_process(plain, fused, skip_symbolic_shape=True)
            quantize_static(
                fused,
                smaller,
                _Pictures(prepared),
                quant_format=QuantFormat.QDQ,
                per_channel=True,
                reduce_range=_REDUCED,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                op_types_to_quantize=list(_QUANTISED),
                nodes_to_exclude=_of_one_channel(onnx.load(fused)),
            )
            return onnx.load_model_from_string(smaller.read_bytes())
    except (ValueError, RuntimeError, KeyError, NotImplementedError) as error:
        raise ExportError(f"the network cannot be quantised: {error}") from None
    finally:
        quiet.setLevel(level)


def _of_one_channel(network: onnx.ModelProto) -> list[str]:
    """Name the convolution that looks at grey pictures, which stays in float.

    Products of 8 bits are added up four channels at a time, so one channel gains nothing, and what it sees would be
    rounded first: `captcha` in int8 is a twelfth faster without (docs/log.md).
    """
    grey = {item.name for item in network.graph.initializer if len(item.dims) == 4 and item.dims[1] == 1}

    def grouped(node: onnx.NodeProto) -> bool:  # one channel to a group: such kernels look alike
        return any(word.name == "group" and word.i > 1 for word in node.attribute)

    convolutions = (node for node in network.graph.node if node.op_type == "Conv" and node.input[1] in grey)
    return [node.name for node in convolutions if not grouped(node)]


class _Pictures:
    """Calibration pictures as the quantiser asks for them."""

    def __init__(self, prepared: Iterable[NDArray[np.float32]]) -> None:
        self._each: Iterator[NDArray[np.float32]] = iter(prepared)

    def get_next(self) -> dict[str, Any] | None:
        """Give the next picture, None at the end."""
        found = next(self._each, None)
        return None if found is None else {_BETWEEN: found}

    def set_range(self, start_index: int, end_index: int) -> None:
        """Part of the face that the quantiser asks for; it is not called for pictures that stream."""
        raise NotImplementedError


def _used(initializers: Iterable[onnx.TensorProto], nodes: list[onnx.NodeProto]) -> list[onnx.TensorProto]:
    used = {name for node in nodes for name in node.input}
    for node in nodes:
        for attribute in node.attribute:
            used |= {name for inner in attribute.g.node for name in inner.input}
    return [item for item in initializers if item.name in used]


def _rename(graph: onnx.GraphProto, old: str, new: str) -> None:
    for item in graph.initializer:
        if item.name == old:
            item.name = new
    for node in graph.node:
        node.input[:] = [new if name == old else name for name in node.input]
