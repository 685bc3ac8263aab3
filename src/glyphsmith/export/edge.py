"""Clear the edge of a picture in the graph: what leads into it from outside is no part of a sign."""

from __future__ import annotations

from onnx import TensorProto

from glyphsmith.export.operators import Operators
from glyphsmith.export.polarity import GROUND_PX

__all__ = ["edge_cleared"]

#: How far ink is followed from the edge, in pixels of a copy of GROUND_PX; what leads on further is left as it is.
_EDGE_STEPS = 24
#: What begins within this share of a side from the edge touches it: a frame fades out before it.
_EDGE_REACH = 0.035
#: A pixel of that copy is ink from this share on: a line one pixel wide at the largest working size has as much.
_EDGE_INK = 0.2
#: The edge is cleared where what stays is at least so long, as a share of the picture's shorter side.
_EDGE_LEAVES = 0.2


def edge_cleared(graph: Operators, inked: str, kept: str, clean: str) -> tuple[str, str]:
    """Take away what is linked to the edge of the picture: the end of the paper, a table, a finger, a form's ruling.

    ``inked`` and ``kept`` are masks (N, 1, h, w), ``clean`` the ink; given back are the latter two. A picture of which
    nothing of a sign's size would stay, one cut close around its sign, is left as it is.
    """
    linked, known = _linked_to_edge(graph, inked)
    free = graph.op("Sub", graph.value(1.0), linked)
    rest = graph.op("Mul", kept, free)
    top, bottom = graph.extent(rest, axis=3)
    left, right = graph.extent(rest, axis=2)
    longer = graph.op("Max", graph.op("Sub", bottom, top), graph.op("Sub", right, left))
    sides = graph.op("Cast", graph.op("Shape", inked, start=2, end=4), to=TensorProto.FLOAT)
    least = graph.op("Mul", graph.op("ReduceMin", sides, keepdims=0), graph.value(_EDGE_LEAVES))
    large = graph.op("GreaterOrEqual", graph.op("Add", longer, graph.value(1.0)), least)
    # Without any ink the extent is the whole picture.
    some = graph.op("Greater", graph.total(rest), graph.value(0.5))
    stays = graph.op("And", known, graph.op("And", large, some))
    return graph.op("Where", stays, rest, kept), graph.op("Where", stays, graph.op("Mul", clean, free), clean)


def _linked_to_edge(graph: Operators, inked: str) -> tuple[str, str]:
    """Mark the ink of a mask (N, 1, h, w) that is linked to the edge of the picture, and a pixel or two around it.

    The second value (N, 1, 1, 1) is false where a stroke led on and on, so that half of it would be marked: a sign that
    touches the edge is mostly such a stroke.
    """
    small = graph.cast(
        graph.op("GreaterOrEqual", graph.at_most(inked, GROUND_PX), graph.value(_EDGE_INK)),
    )
    rows, columns = graph.coordinates(small)
    ends = []
    for numbers, axis in ((rows, 2), (columns, 3)):
        last = graph.op("ReduceMax", numbers, graph.ints([axis]), keepdims=1)
        reach = graph.op("Mul", graph.op("Add", last, graph.value(1.0)), graph.value(_EDGE_REACH))
        ends += [graph.op("Less", numbers, reach), graph.op("Less", graph.op("Sub", last, numbers), reach)]
    edge = graph.op("Or", graph.op("Or", ends[0], ends[1]), graph.op("Or", ends[2], ends[3]))
    linked = graph.op("Mul", small, graph.cast(edge))
    before = linked
    for _ in range(_EDGE_STEPS):
        before, linked = linked, graph.op("Min", graph.neighbours_max(linked), small)
    ended = graph.op("Equal", graph.total(linked), graph.total(before))
    size = graph.op("Shape", inked)
    return graph.op("Resize", graph.neighbours_max(linked), "", "", size, mode="nearest"), ended
