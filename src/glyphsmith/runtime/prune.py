"""Cut an ONNX file down to the outputs that are asked for, without the onnx package.

ONNX Runtime computes the whole graph whatever is fetched (its ``only_execute_path_to_fetches`` acts in training builds
only: eight convolutions beside a ReduceMean cost 40 ms either way), and every further output keeps operators from being
fused. A reader's file has many outputs: preparation stages, class map. So for more than a few pictures reading opens a
copy with one output, and others when somebody asks. Only the outermost protobuf fields are read; weights are copied,
never decoded.

Field numbers are those of onnx.proto: ModelProto.graph 7; GraphProto.node 1, .initializer 5, .input 11, .output 12;
NodeProto.input 1, .output 2, .attribute 5; AttributeProto.g 6, .graphs 11; TensorProto.name 8; ValueInfoProto.name 1.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

__all__ = ["keep_outputs", "output_names"]

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def output_names(model: bytes) -> list[str]:
    """Name the outputs of a serialised model, in order. Raises ValueError where the bytes are no protobuf message."""
    return [_text(value, 1) for number, value, _ in _fields(_graph(model)) if number == 12]


def keep_outputs(model: bytes, wanted: Collection[str]) -> bytes:
    """Give the model with the outputs ``wanted`` alone, and the nodes and weights that lead to them.

    Raises ValueError where the bytes are no protobuf message or an output does not exist.
    """
    parts = list(_fields(_graph(model)))
    absent = set(wanted) - {_text(value, 1) for number, value, _ in parts if number == 12}
    if absent:
        raise ValueError(f"the graph has no output {', '.join(sorted(absent))}")
    needed = set(wanted)
    dropped: set[int] = set()
    # Nodes stand in topological order, so one pass backwards finds every ancestor.
    for i in range(len(parts) - 1, -1, -1):
        number, value, _ = parts[i]
        if number == 1:
            made, used = _made_and_used(value)
            if needed.isdisjoint(made):
                dropped.add(i)
            else:
                needed.update(used)
    for i, (number, value, _) in enumerate(parts):
        if (number == 5 and _text(value, 8) not in needed) or (number == 12 and _text(value, 1) not in wanted):
            dropped.add(i)
    smaller = b"".join([whole for i, (_, _, whole) in enumerate(parts) if i not in dropped])
    rest = [whole for number, _, whole in _fields(memoryview(model)) if number != 7]
    return b"".join([*rest, b"\x3a", _varint(len(smaller)), smaller])  # 0x3a: field 7, bytes


def _graph(model: bytes) -> memoryview:
    found = [value for number, value, _ in _fields(memoryview(model)) if number == 7]
    if len(found) != 1:
        raise ValueError(f"the model holds {len(found)} graphs, expected one")
    return found[0]


def _made_and_used(node: memoryview) -> tuple[list[str], list[str]]:
    """Name what a node gives and what it takes; a graph inside it (If, Loop) may take anything it names."""
    made: list[str] = []
    used: list[str] = []
    for number, value, _ in _fields(node):
        if number == 1:
            used.append(str(value, "utf-8"))
        elif number == 2:
            if value:  # an output nobody wants has no name
                made.append(str(value, "utf-8"))
        elif number == 5:
            for inner, graph, _ in _fields(value):
                if inner in (6, 11):
                    used += _named_inside(graph)
    return made, used


def _named_inside(graph: memoryview) -> list[str]:
    named: list[str] = []
    for number, value, _ in _fields(graph):
        if number == 1:
            named += _made_and_used(value)[1]
        elif number == 12:
            named.append(_text(value, 1))
    return named


def _text(message: memoryview, wanted: int) -> str:
    return next((str(value, "utf-8") for number, value, _ in _fields(message) if number == wanted), "")


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview, memoryview]]:
    """Give (number, value, whole field) of each field; the value of a number field is its bytes."""
    at, end = 0, len(message)
    while at < end:
        start = at
        tag, at = _read_varint(message, at)
        number, kind = tag >> 3, tag & 7
        if kind == _BYTES:
            length, at = _read_varint(message, at)
        elif kind == _VARINT:
            length = _read_varint(message, at)[1] - at
        elif kind in (_FIXED64, _FIXED32):
            length = 8 if kind == _FIXED64 else 4
        else:
            raise ValueError(f"no protobuf message: wire type {kind}")
        if at + length > end:
            raise ValueError("no protobuf message: a field goes past the end")
        yield number, message[at : at + length], message[start : at + length]
        at += length


def _read_varint(message: memoryview, at: int) -> tuple[int, int]:
    if at < len(message) and message[at] < 0x80:  # nearly all numbers of a graph are one byte
        return message[at], at + 1
    value = shift = 0
    while at < len(message) and shift < 64:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7
    raise ValueError("no protobuf message: a number goes past the end")


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
