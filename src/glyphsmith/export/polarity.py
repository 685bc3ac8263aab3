"""Find out in the graph whether a sign is darker or lighter than its ground, and make it light on dark."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto

from glyphsmith.export.operators import Operators

__all__ = ["GROUND_PX", "border_mean", "light_ink"]

#: Ground and polarity are told on a copy of at most this side.
GROUND_PX = 56
#: Windows of the local contrast whose skewness tells ink from ground, and of what is thin enough to be a stroke.
_LOCAL_WINDOWS = (31, 15)
_THIN_WINDOW = 5


def light_ink(graph: Operators, grey: str, polarity: str) -> str:
    """Make ink light on dark: (N, 1, h, w) to the same shape."""
    if polarity == "keep":
        return grey
    inverted = graph.op("Sub", graph.value(1.0), grey)
    if polarity == "invert":
        return inverted
    # Signs of dark ink: the local contrast of the middle is skewed towards what is rare, thin things are darker than
    # what surrounds them, and the border is mostly ground. Counted on 7 000 pictures of known polarity, each weighs the
    # same: the dark half of a photo with a table beside the paper is ink by its border alone (docs/log.md).
    small = graph.at_most(grey, GROUND_PX)
    rows, columns = (_hann(graph, small, axis) for axis in (2, 3))

    def middle(planes: str) -> str:
        return graph.op("MatMul", graph.op("MatMul", rows, planes), columns)

    signs = []
    for window in _LOCAL_WINDOWS:
        contrast = graph.op("Sub", small, graph.slide_mean(small, window))
        square = graph.op("Mul", contrast, contrast)
        variance = graph.op("Add", middle(square), graph.value(1e-6))
        spread = graph.op("Mul", variance, graph.op("Sqrt", variance))
        signs.append(graph.op("Div", middle(graph.op("Mul", square, contrast)), spread))
        if window == max(_LOCAL_WINDOWS):
            whole = graph.op("Sqrt", graph.op("Add", graph.mean(square), graph.value(1e-6)))
            border = graph.op("Sub", graph.mean(small), border_mean(graph, small))
            signs.append(graph.op("Div", border, whole))
    light = graph.total(graph.op("Sub", small, graph.opened(small, _THIN_WINDOW)))
    negative = graph.op("Neg", small)
    dark = graph.total(graph.op("Sub", negative, graph.opened(negative, _THIN_WINDOW)))
    thin = (graph.op("Log", graph.op("Add", total, graph.value(1e-3))) for total in (light, dark))
    signs.append(graph.op("Sub", *thin))
    sign = graph.op("Sum", *(graph.op("Tanh", value) for value in signs))
    return graph.op("Where", graph.op("Less", sign, graph.value(0.0)), inverted, grey)


def border_mean(graph: Operators, planes: str) -> str:
    """Mean of the outermost rows and columns of (N, C, H, W), as (N, C, 1, 1)."""

    def edge(axis: int, start: int, end: int) -> str:
        cut = graph.op("Slice", planes, graph.ints([start]), graph.ints([end]), graph.ints([axis]))
        return graph.op("ReduceMean", cut, graph.ints([2, 3]), keepdims=1)

    last = 2**31 - 1
    edges = [edge(2, 0, 1), edge(2, -1, last), edge(3, 0, 1), edge(3, -1, last)]
    return graph.op("Mul", graph.op("Sum", *edges), graph.value(0.25))


def _hann(graph: Operators, planes: str, axis: int) -> str:
    """Weights along one axis of (N, 1, h, w), half a sine wave that adds up to 1: (1, 1, 1, h) or (1, 1, w, 1)."""
    count = graph.op("Squeeze", graph.op("Shape", planes, start=axis, end=axis + 1), graph.ints([0]))
    numbers = graph.op("Cast", graph.op("Range", graph.scalar(0), count, graph.scalar(1)), to=TensorProto.FLOAT)
    length = graph.op("Cast", count, to=TensorProto.FLOAT)
    angle = graph.op("Div", graph.op("Add", numbers, graph.value(0.5)), length)
    wave = graph.op("Sin", graph.op("Mul", angle, graph.value(np.pi)))
    shares = graph.op("Div", wave, graph.op("ReduceSum", wave, graph.ints([0]), keepdims=1))
    return graph.op("Reshape", shares, graph.ints([1, 1, 1, -1] if axis == 2 else [1, 1, -1, 1]))
