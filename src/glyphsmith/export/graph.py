"""The picture preparation as ONNX operators: raw pixels of any size in, what the network sees out.

Training runs this very graph over its pictures, and ``reader_file`` puts it in front of the network, so that no second
preparation exists anywhere (DESIGN decision 2). Every step works on a batch of pictures of one size and treats each
picture on its own; shapes are N pictures, H x W as given, h x w at working size.

The ink path, for pictures of one symbol drawn on a ground (``crop = true``)::

    grey -> working size -> polarity -> ground off -> Otsu -> contrast -> (edge cleared) -> ink box -> laid in place

Without ``crop`` the whole picture is resized, which is what photos and the published networks want.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper

from glyphsmith.export.edge import edge_cleared
from glyphsmith.export.operators import Operators
from glyphsmith.export.polarity import GROUND_PX, border_mean, light_ink
from glyphsmith.train.recipe import Prepare

__all__ = ["IR_VERSION", "OPSET", "preparation", "stage_captions"]

#: Carried by onnxruntime 1.17 and later, onnxruntime-web included.
OPSET = 20
IR_VERSION = 9

#: Rec. 601 luma, as Pillow's convert("L") has it.
_LUMA = (0.299, 0.587, 0.114)
#: The ground is estimated on a copy of at most GROUND_PX, by openings: what is narrower than the window vanishes.
#: The narrow window follows shadows best; where it eats half of what the wide one leaves, the strokes are that thick.
#: 23 alone left 4.1 % of 2 500 painted photographs with shadow in the ink box, 11 with 17 leaves 0.8 % (docs/log.md).
_NARROW_WINDOW = 11
_WIDE_WINDOW = 17
_WIDE_WHERE_LEFT = 0.5
_GROUND_SMOOTH = 9
#: The ground reaches this many pixels further at each step of brightness, or the step is left as a line of ink.
_GROUND_REACH = 3
#: Samples a side for each output pixel of the crop; averaged, so that a large digit does not alias.
_SUPERSAMPLE = 3
#: Candidate thresholds of Otsu's method, as shares of the strongest ink.
_OTSU_LEVELS = 24


def stage_captions(settings: Prepare) -> tuple[tuple[str, str], ...]:
    """Name the outputs of the graph that show its work, in order, as (output, caption)."""
    if settings.colour:
        return (("prepared", "what the network sees"),)
    stages = [("stage_grey", "grey")]
    if settings.crop:
        if settings.flatten:
            stages.append(("stage_ink", "ground taken off"))
        elif settings.polarity != "keep":
            stages.append(("stage_ink", "ink made light"))
        stages.append(("stage_clean", "contrast, ink box"))
    stages.append(("prepared", "what the network sees"))
    return tuple(stages)


def preparation(settings: Prepare) -> onnx.ModelProto:
    """Build the graph: ``image`` uint8 (N, H, W, 3) to ``prepared`` float32 (N, C, height_px, width_px) in 0..1.

    C is 3 with ``colour``, else 1. The outputs of ``stage_captions`` are float32 (N, 1, h, w) in 0..1.
    """
    graph = Operators()
    if settings.colour:
        pixels = graph.op("Div", graph.op("Cast", "image", to=TensorProto.FLOAT), graph.value(255.0))
        planes = graph.op("Transpose", pixels, perm=[0, 3, 1, 2])
        graph.name(_resized(graph, planes, settings), "prepared")
        channels = 3
    else:
        channels = 1
        grey = _grey(graph)
        if settings.crop:
            _ink_path(graph, grey, settings)
        else:
            _whole_path(graph, grey, settings)
    outputs = [
        helper.make_tensor_value_info(
            name,
            TensorProto.FLOAT,
            ["N", channels, settings.height_px, settings.width_px]
            if name == "prepared"
            else ["N", 1, f"{name}_h", f"{name}_w"],
        )
        for name, _ in stage_captions(settings)
    ]
    image = helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", "H", "W", 3])
    proto = helper.make_graph(graph.nodes, "preparation", [image], outputs, graph.initializers)
    model = helper.make_model(proto, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model)
    return model


def _grey(graph: Operators) -> str:
    """Give the brightness (N, 1, H, W) of ``image``, in 0..1.

    As one row of weights times the transposed pixels: one column behind them took three times as long (docs/log.md).
    """
    weights = graph.array((np.array(_LUMA, np.float64) / 255.0).astype(np.float32).reshape(1, 3))
    pixels = graph.op("Cast", graph.op("Reshape", "image", graph.ints([-1, 3])), to=TensorProto.FLOAT)
    luma = graph.op("Gemm", weights, pixels, transB=1)
    count, sides = graph.op("Shape", "image", start=0, end=1), graph.op("Shape", "image", start=1, end=3)
    return graph.op("Reshape", luma, graph.op("Concat", count, graph.ints([1]), sides, axis=0))


def _whole_path(graph: Operators, grey: str, settings: Prepare) -> None:
    """Resize the whole picture, then the ink steps that were asked for."""
    graph.name(graph.op("Identity", grey), "stage_grey")
    small = _resized(graph, grey, settings)
    ink = light_ink(graph, small, settings.polarity)
    if settings.flatten:
        ink = _ground_off(graph, ink)
    if settings.threshold > 0:
        ink = graph.cast(graph.op("GreaterOrEqual", ink, graph.value(settings.threshold)))
    graph.name(ink, "prepared")


def _ink_path(graph: Operators, grey: str, settings: Prepare) -> None:
    """Find the ink of one symbol and lay it where the training symbols lie."""
    work = graph.at_most(grey, settings.work_px)
    graph.name(work, "stage_grey")
    work = "stage_grey"
    ink = light_ink(graph, work, settings.polarity)
    if settings.flatten:
        ink = _ground_off(graph, ink)
    if settings.flatten or settings.polarity != "keep":
        graph.name(ink, "stage_ink")
        ink = "stage_ink"
    level, strong = _otsu(graph, ink)
    # Soft threshold: nothing below half of Otsu's level, full ink from the mean of the ink class up.
    floor = graph.op("Mul", level, graph.value(0.5))
    span = graph.op("Max", graph.op("Sub", strong, floor), graph.value(1e-3))
    clean = graph.clip(graph.op("Div", graph.op("Sub", ink, floor), span))
    if settings.threshold > 0:
        clean = graph.cast(graph.op("GreaterOrEqual", clean, graph.value(settings.threshold)))
    # Ink with fewer than three inked pixels in its 5x5 neighbourhood is a speck; the end of a hair line has three.
    inked = graph.cast(graph.op("Greater", ink, level))
    around = graph.slide_sum(inked, 5)
    kept = graph.op("Mul", inked, graph.cast(graph.op("Greater", around, graph.value(2.5))))
    if settings.clear_edge:
        kept, clean = edge_cleared(graph, inked, kept, clean)
    top, bottom = graph.extent(kept, axis=3)
    left, right = graph.extent(kept, axis=2)
    rows, columns = graph.coordinates(kept)
    inside = graph.op(
        "And",
        graph.op("And", graph.op("GreaterOrEqual", rows, graph.op("Sub", top, graph.value(1.0))),
                 graph.op("LessOrEqual", rows, graph.op("Add", bottom, graph.value(1.0)))),
        graph.op("And", graph.op("GreaterOrEqual", columns, graph.op("Sub", left, graph.value(1.0))),
                 graph.op("LessOrEqual", columns, graph.op("Add", right, graph.value(1.0)))),
    )  # fmt: skip
    graph.name(graph.op("Mul", clean, graph.cast(inside)), "stage_clean")
    one = graph.value(1.0)
    height = graph.op("Add", graph.op("Sub", bottom, top), one)
    width = graph.op("Add", graph.op("Sub", right, left), one)
    if settings.centre == "mass":
        mass = graph.op("Add", graph.total("stage_clean"), graph.value(1e-6))
        # A picture without ink keeps its own middle: the tiny mass in the denominator stands there.
        middle_y = graph.op("Mul", graph.op("Add", top, bottom), graph.value(0.5e-6))
        middle_x = graph.op("Mul", graph.op("Add", left, right), graph.value(0.5e-6))
        centre_y = graph.op("Div", graph.op("Add", graph.total(graph.op("Mul", "stage_clean", rows)), middle_y), mass)
        centre_x = graph.op(
            "Div", graph.op("Add", graph.total(graph.op("Mul", "stage_clean", columns)), middle_x), mass
        )
    else:
        centre_y = graph.op("Mul", graph.op("Add", top, bottom), graph.value(0.5))
        centre_x = graph.op("Mul", graph.op("Add", left, right), graph.value(0.5))
    if settings.fit != "stretch":
        side = graph.op("Max", height, width)
        step_y = step_x = graph.op("Div", side, graph.value(float(settings.box_px)))
    else:
        step_y = graph.op("Div", height, graph.value(float(settings.box_px)))
        step_x = graph.op("Div", width, graph.value(float(settings.box_px)))
    rows_of = _shares(graph, centre_y, step_y, settings.height_px, rows, axis=2)
    columns_of = _shares(graph, centre_x, step_x, settings.width_px, columns, axis=3)
    pooled = graph.op("MatMul", graph.op("MatMul", rows_of, "stage_clean"), columns_of)
    # A hair line averages to grey; the strongest ink of every picture is made full, as it is in the training pictures.
    peak = graph.op("Max", graph.op("ReduceMax", pooled, graph.ints([2, 3]), keepdims=1), graph.value(0.05))
    graph.name(graph.clip(graph.op("Div", pooled, peak)), "prepared")


def _shares(graph: Operators, centre: str, step: str, size: int, numbers: str, *, axis: int) -> str:
    """What each pixel of the working picture along ``axis`` gives to each of ``size`` output pixels.

    ``centre`` and ``step`` are (N, 1, 1, 1) in pixels of the working picture and in such pixels for one output pixel,
    ``numbers`` the ``_coordinates`` of that axis. The result is (N, 1, size, h) for rows and (N, 1, w, size) for
    columns. A crop along the axes is separable: two products of matrices lay it in place, linear between pixels and
    nothing outside, ``_SUPERSAMPLE`` samples a side averaged. One GridSample and an AveragePool of the same samples
    took a quarter of the time of 28x28 pictures (docs/log.md).
    """
    count = size * _SUPERSAMPLE
    offsets = (np.arange(count, dtype=np.float32) + 0.5) / _SUPERSAMPLE - size / 2
    shape, window = ((1, 1, count, 1), [_SUPERSAMPLE, 1]) if axis == 2 else ((1, 1, 1, count), [1, _SUPERSAMPLE])
    position = graph.op("Add", graph.op("Mul", graph.array(offsets.reshape(shape)), step), centre)
    apart = graph.op("Abs", graph.op("Sub", position, graph.op("Transpose", numbers, perm=[0, 1, 3, 2])))
    near = graph.op("Relu", graph.op("Sub", graph.value(1.0), apart))
    return graph.op("AveragePool", near, kernel_shape=window, strides=window)


def _resized(graph: Operators, planes: str, settings: Prepare) -> str:
    """Resize the whole of (N, C, H, W) to the network's size, stretched or letterboxed, or lay it there as it is."""
    target = (settings.height_px, settings.width_px)
    if settings.fit == "stretch":
        return graph.clip(graph.resize_to(planes, graph.ints(target)))
    shape = graph.op("Cast", graph.op("Shape", planes, start=2, end=4), to=TensorProto.FLOAT)
    factor = graph.op("ReduceMin", graph.op("Div", graph.array(np.array(target, np.float32)), shape), keepdims=1)
    if settings.fit == "place":
        factor = graph.op("Min", factor, graph.value(1.0))
    wanted = graph.op("Max", graph.op("Round", graph.op("Mul", shape, factor)), graph.value(1.0))
    small = graph.clip(graph.resize_to(planes, graph.op("Cast", wanted, to=TensorProto.INT64)))
    size = graph.op("Shape", small, start=2, end=4)
    missing = graph.op("Sub", graph.ints(target), size)
    before = graph.op("Div", missing, graph.ints([2]))
    pads = graph.op("Concat", before, graph.op("Sub", missing, before), axis=0)
    if settings.fit == "place" and not settings.colour and settings.polarity != "auto":
        # The ground is known: a frame at the edge of a picture is no ground.
        ground = graph.value(1.0 if settings.polarity == "invert" else 0.0)
        whole = graph.op("Pad", small, pads, ground, graph.ints([2, 3]), mode="constant")
    else:
        # Pad takes one value for all pictures, so the border's mean of each is taken off before and put back after.
        border = border_mean(graph, small)
        padded = graph.op("Pad", graph.op("Sub", small, border), pads, "", graph.ints([2, 3]), mode="constant")
        whole = graph.op("Add", padded, border)
    # The pads are computed, so shape inference cannot know the result; the network needs it to be known.
    return graph.op("Reshape", whole, graph.ints([0, 0, *target]))


def _ground_off(graph: Operators, ink: str) -> str:
    """Take the ground off light ink: (N, 1, h, w) to (N, 1, h, w) in 0..1, where 1 is as far from the ground as can be.

    The ground is the opening of a small copy, smoothed: paper, shadow and vignetting survive it, strokes do not. Where
    the brightness makes a step, at the edge of a shadow or of the paper, it is the darker side's for a pixel more.
    """
    small = graph.at_most(ink, GROUND_PX)
    narrow, wide = (graph.opened(small, window) for window in (_NARROW_WINDOW, _WIDE_WINDOW))
    left_narrow, left_wide = (
        graph.total(graph.op("Mul", graph.op("Sub", small, opened), graph.op("Sub", small, opened)))
        for opened in (narrow, wide)
    )
    thin = graph.op("Greater", left_narrow, graph.op("Mul", left_wide, graph.value(_WIDE_WHERE_LEFT)))
    opened = graph.op("Where", thin, narrow, wide)
    smooth = graph.op("Max", graph.slide_mean(opened, _GROUND_SMOOTH), graph.slide_max(opened, _GROUND_REACH))
    ground = graph.resize_to(smooth, graph.op("Shape", ink, start=2, end=4))
    room = graph.op("Max", graph.op("Sub", graph.value(1.0), ground), graph.value(0.05))
    return graph.clip(graph.op("Div", graph.op("Sub", ink, ground), room))


def _otsu(graph: Operators, ink: str) -> tuple[str, str]:
    """Otsu's threshold of (N, 1, h, w) and the mean of what lies above it, both (N, 1, 1, 1).

    Source: Otsu, IEEE Trans. SMC 9 (1979) 62; between-class variance over a fixed ladder of candidates.
    """
    # A single hot pixel must not set the scale of the ladder, so the strongest 2x2 mean does.
    soft = graph.op("AveragePool", ink, kernel_shape=[2, 2], pads=[0, 0, 1, 1], count_include_pad=0)
    strongest = graph.op("Max", graph.op("ReduceMax", soft, graph.ints([2, 3]), keepdims=1), graph.value(1e-3))
    shares = (np.arange(_OTSU_LEVELS, dtype=np.float32) + 1.0) / (_OTSU_LEVELS + 1)
    ladder = graph.op("Mul", strongest, graph.array(shares.reshape(1, _OTSU_LEVELS, 1, 1)))
    above = graph.cast(graph.op("Greater", ink, ladder))
    share = graph.mean(above)
    # The sum of the ink above each candidate, as one product of a matrix and a vector a picture.
    flat = graph.op("Reshape", above, graph.ints([0, 0, -1]))
    held = graph.op("MatMul", flat, graph.op("Reshape", ink, graph.ints([0, -1, 1])))
    moment = graph.op("Div", graph.op("Unsqueeze", held, graph.ints([3])), graph.pixels(ink))
    tiny = graph.value(1e-6)
    strong = graph.op("Div", moment, graph.op("Add", share, tiny))
    rest = graph.op("Sub", graph.value(1.0), share)
    weak = graph.op("Div", graph.op("Sub", graph.mean(ink), moment), graph.op("Add", rest, tiny))
    apart = graph.op("Sub", strong, weak)
    between = graph.op("Mul", graph.op("Mul", share, rest), graph.op("Mul", apart, apart))
    best = graph.op("ArgMax", between, axis=1, keepdims=1)
    chosen = graph.op("GatherElements", ladder, best, axis=1)
    return chosen, graph.op("Max", graph.op("GatherElements", strong, best, axis=1), chosen)
