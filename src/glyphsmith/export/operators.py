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
