"""Write ONNX operators one after another: names are given, constants are kept once; ``graph`` writes with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

__all__ = ["Operators"]


class Operators:
    """Collects nodes and constants, and gives every value a name."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self._constants: dict[tuple[str, tuple[int, ...], bytes], str] = {}

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add one operator with one output and give the output's name."""
        output = f"prepare.{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], name=output, **attributes))
        return output

    def name(self, value: str, name: str) -> None:
        """Give a value a public name: the last node wrote it."""
        self.nodes.append(helper.make_node("Identity", [value], [name], name=f"prepare.{name}"))

    def array(self, values: np.ndarray[Any, Any]) -> str:
        """Add a constant, once for equal values."""
        key = (str(values.dtype), values.shape, values.tobytes())
        if key not in self._constants:
            name = f"prepare.const_{len(self._constants)}"
            self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(values).reshape(values.shape), name))
            self._constants[key] = name
        return self._constants[key]

    def value(self, number: float) -> str:
        """Add a float32 constant without axes."""
        return self.array(np.array(number, np.float32))

    def scalar(self, number: int) -> str:
        """Add an int64 constant without axes."""
        return self.array(np.array(number, np.int64))

    def ints(self, numbers: Sequence[int]) -> str:
        """Add an int64 constant with one axis."""
        return self.array(np.array(numbers, np.int64))

    def cast(self, mask: str) -> str:
        """Turn a mask into float32 zeros and ones."""
        return self.op("Cast", mask, to=TensorProto.FLOAT)

    def clip(self, value: str) -> str:
        """Keep values in 0..1."""
        return self.op("Clip", value, self.value(0.0), self.value(1.0))

    def mean(self, planes: str) -> str:
        """Mean of each plane: (N, C, h, w) to (N, C, 1, 1)."""
        return self.op("ReduceMean", planes, self.ints([2, 3]), keepdims=1)

    def total(self, planes: str) -> str:
        """Sum of each plane: (N, C, h, w) to (N, C, 1, 1)."""
        return self.op("ReduceSum", planes, self.ints([2, 3]), keepdims=1)

    def pixels(self, planes: str) -> str:
        """Count the pixels of a plane of (N, C, h, w), as a float32 without axes."""
        size = self.op("Shape", planes, start=2, end=4)
        return self.op("Cast", self.op("ReduceProd", size, keepdims=0), to=TensorProto.FLOAT)

    def slide_sum(self, planes: str, window: int) -> str:
        """Sum over a square window of (N, 1, h, w), zeros outside, as two convolutions of one line each.

        onnxruntime's AveragePool with count_include_pad=0 took 77 % of the whole preparation (docs/log.md).
        """
        half = window // 2
        rows = self.op("Conv", planes, self.array(np.ones((1, 1, window, 1), np.float32)), pads=[half, 0, half, 0])
        return self.op("Conv", rows, self.array(np.ones((1, 1, 1, window), np.float32)), pads=[0, half, 0, half])

    def slide_mean(self, planes: str, window: int) -> str:
        """Mean over the part of a square window that lies inside (N, 1, h, w), for small pictures.

        As two products with matrices of one line each; their size grows with the square of a side.
        """
        rows = self.op("MatMul", self._line(planes, window, 2), planes)
        return self.op("MatMul", rows, self._line(planes, window, 3))

    def _line(self, planes: str, window: int, axis: int) -> str:
        """Give the matrix that means a window along one axis: (h, h) to stand on the left, (w, w) on the right."""
        count = self.op("Squeeze", self.op("Shape", planes, start=axis, end=axis + 1), self.ints([0]))
        numbers = self.op("Cast", self.op("Range", self.scalar(0), count, self.scalar(1)), to=TensorProto.FLOAT)
        down, across = self.op("Unsqueeze", numbers, self.ints([1])), self.op("Unsqueeze", numbers, self.ints([0]))
        apart = self.op("Abs", self.op("Sub", down, across))
        inside = self.cast(self.op("Less", apart, self.value(window // 2 + 0.5)))
        weights = self.op("ReduceSum", inside, self.ints([1 if axis == 2 else 0]), keepdims=1)
        return self.op("Div", inside, weights)

    def slide_max(self, planes: str, window: int) -> str:
        """Maximum over a square window, as two passes of one line each."""
        half = window // 2
        rows = self.op("MaxPool", planes, kernel_shape=[window, 1], pads=[half, 0, half, 0], strides=[1, 1])
        return self.op("MaxPool", rows, kernel_shape=[1, window], pads=[0, half, 0, half], strides=[1, 1])

    def opened(self, planes: str, window: int) -> str:
        """Opening with a square window, which takes away what is light and narrower than it."""
        eroded = self.op("Neg", self.slide_max(self.op("Neg", planes), window))
        return self.slide_max(eroded, window)

    def neighbours_max(self, planes: str) -> str:
        """Maximum over each pixel and the eight around it, in one pass."""
        return self.op("MaxPool", planes, kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[1, 1])

    def resize_to(self, planes: str, size: str) -> str:
        """Resize the last two axes of (N, C, H, W) to the two int64 values of ``size``."""
        whole = self.op("Concat", self.op("Shape", planes, start=0, end=2), size, axis=0)
        return self.op(
            "Resize", planes, "", "", whole, mode="linear", antialias=1, coordinate_transformation_mode="half_pixel"
        )

    def at_most(self, planes: str, limit_px: int) -> str:
        """Shrink (N, C, H, W) with antialiasing to at most ``limit_px`` on its longer side; smaller pictures stay."""
        shape = self.op("Cast", self.op("Shape", planes, start=2, end=4), to=TensorProto.FLOAT)
        longer = self.op("ReduceMax", shape, keepdims=1)
        factor = self.op("Min", self.op("Div", self.value(float(limit_px)), longer), self.value(1.0))
        wanted = self.op("Max", self.op("Round", self.op("Mul", shape, factor)), self.value(1.0))
        return self.resize_to(planes, self.op("Cast", wanted, to=TensorProto.INT64))

    def extent(self, mask: str, *, axis: int) -> tuple[str, str]:
        """First and last index along the other spatial axis where (N, 1, h, w) has a 1; the whole axis if it has none.

        ``axis`` is the axis that is reduced away: 3 gives rows, 2 gives columns. Both are float (N, 1, 1, 1).
        """
        profile = self.op("ReduceMax", mask, self.ints([axis]), keepdims=1)
        other = 5 - axis
        first = self.op("ArgMax", profile, axis=other, keepdims=1)
        last = self.op("ArgMax", profile, axis=other, keepdims=1, select_last_index=1)
        return self.op("Cast", first, to=TensorProto.FLOAT), self.op("Cast", last, to=TensorProto.FLOAT)

    def coordinates(self, like: str) -> tuple[str, str]:
        """Row numbers (1, 1, h, 1) and column numbers (1, 1, 1, w) of a picture, as float."""
        result = []
        for axis, shape in ((2, (1, 1, -1, 1)), (3, (1, 1, 1, -1))):
            count = self.op("Squeeze", self.op("Shape", like, start=axis, end=axis + 1), self.ints([0]))
            numbers = self.op("Range", self.scalar(0), count, self.scalar(1))
            result.append(self.op("Reshape", self.op("Cast", numbers, to=TensorProto.FLOAT), self.ints(shape)))
        return result[0], result[1]
