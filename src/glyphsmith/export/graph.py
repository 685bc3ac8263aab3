"""The picture preparation as ONNX operators: raw pixels of any size in, what the network sees out.

Training runs this very graph over its pictures, and ``reader_file`` puts it in front of the network, so that no second
preparation exists anywhere (DESIGN decision 2). Every step works on a batch of pictures of one size and treats each
picture on its own; shapes are N pictures, H x W as given, h x w at working size.

The ink path, for pictures of one symbol drawn on a ground (``crop = true``)::

    grey -> working size -> polarity -> ground taken off -> Otsu -> contrast -> ink box -> cut out and laid in place

Without ``crop`` the whole picture is resized, which is what photos and the published networks want.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper

from glyphsmith.export.operators import Operators
from glyphsmith.train.recipe import Prepare

__all__ = ["IR_VERSION", "OPSET", "preparation", "stage_captions"]

#: Carried by onnxruntime 1.17 and later, onnxruntime-web included.
OPSET = 20
IR_VERSION = 9

#: Rec. 601 luma, as Pillow's convert("L") has it.
_LUMA = (0.299, 0.587, 0.114)
#: The ground is estimated on a copy of at most this side, by openings: what is narrower than the window vanishes.
#: The narrow window follows shadows best; where it eats half of what the wide one leaves, the strokes are that thick.
#: 23 alone left 4.1 % of 2 500 painted photographs with shadow in the ink box, 11 with 17 leaves 0.8 % (docs/log.md).
_GROUND_PX = 56
_NARROW_WINDOW = 11
_WIDE_WINDOW = 17
_WIDE_WHERE_LEFT = 0.5
_GROUND_SMOOTH = 9
_LOCAL_WINDOW = 31
#: Samples a side for each output pixel of the crop; averaged, so that a large digit does not alias.
_SUPERSAMPLE = 3
#: Candidate thresholds of Otsu's method, as shares of the strongest ink.
_OTSU_LEVELS = 24
#: Weights of the two signs of dark ink, skewness of the local contrast and border against mean (docs/log.md).
_POLARITY_SKEW = 1.0
_POLARITY_BORDER = 1.0


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
    pixels = graph.op("Div", graph.op("Cast", "image", to=TensorProto.FLOAT), graph.value(255.0))
    if settings.colour:
        planes = graph.op("Transpose", pixels, perm=[0, 3, 1, 2])
        graph.name(_resized(graph, planes, settings), "prepared")
        channels = 3
    else:
        channels = 1
        luma = graph.op("MatMul", pixels, graph.array(np.array(_LUMA, np.float32).reshape(3, 1)))
        grey = graph.op("Transpose", luma, perm=[0, 3, 1, 2])
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


def _whole_path(graph: Operators, grey: str, settings: Prepare) -> None:
    """Resize the whole picture, then the ink steps that were asked for."""
    graph.name(graph.op("Identity", grey), "stage_grey")
    small = _resized(graph, grey, settings)
    ink = _light_ink(graph, small, settings)
    if settings.flatten:
        ink = _ground_off(graph, ink)
    if settings.threshold > 0:
        ink = graph.cast(graph.op("GreaterOrEqual", ink, graph.value(settings.threshold)))
    graph.name(ink, "prepared")


def _ink_path(graph: Operators, grey: str, settings: Prepare) -> None:
    """Find the ink of one symbol and lay it where the training symbols lie."""
    work = _at_most(graph, grey, settings.work_px)
    graph.name(work, "stage_grey")
    work = "stage_grey"
    ink = _light_ink(graph, work, settings)
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
    top, bottom = _extent(graph, kept, axis=3)
    left, right = _extent(graph, kept, axis=2)
    rows, columns = _coordinates(graph, kept)
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


def _at_most(graph: Operators, planes: str, limit_px: int) -> str:
    """Shrink (N, C, H, W) with antialiasing until its longer side is at most ``limit_px``; smaller pictures stay."""
    shape = graph.op("Cast", graph.op("Shape", planes, start=2, end=4), to=TensorProto.FLOAT)
    longer = graph.op("ReduceMax", shape, keepdims=1)
    factor = graph.op("Min", graph.op("Div", graph.value(float(limit_px)), longer), graph.value(1.0))
    wanted = graph.op("Max", graph.op("Round", graph.op("Mul", shape, factor)), graph.value(1.0))
    return _resize_to(graph, planes, graph.op("Cast", wanted, to=TensorProto.INT64))


def _resize_to(graph: Operators, planes: str, size: str) -> str:
    """Resize the last two axes of (N, C, H, W) to the two int64 values of ``size``."""
    whole = graph.op("Concat", graph.op("Shape", planes, start=0, end=2), size, axis=0)
    return graph.op(
        "Resize", planes, "", "", whole, mode="linear", antialias=1, coordinate_transformation_mode="half_pixel"
    )


def _resized(graph: Operators, planes: str, settings: Prepare) -> str:
    """Resize the whole of (N, C, H, W) to the network's size, stretched or letterboxed, or lay it there as it is."""
    target = (settings.height_px, settings.width_px)
    if settings.fit == "stretch":
        return graph.clip(_resize_to(graph, planes, graph.ints(target)))
    shape = graph.op("Cast", graph.op("Shape", planes, start=2, end=4), to=TensorProto.FLOAT)
    factor = graph.op("ReduceMin", graph.op("Div", graph.array(np.array(target, np.float32)), shape), keepdims=1)
    if settings.fit == "place":
        factor = graph.op("Min", factor, graph.value(1.0))
    wanted = graph.op("Max", graph.op("Round", graph.op("Mul", shape, factor)), graph.value(1.0))
    small = graph.clip(_resize_to(graph, planes, graph.op("Cast", wanted, to=TensorProto.INT64)))
    # Pad takes one value for all pictures, so the border's mean of each is taken off before and put back after.
    if settings.fit == "place" and not settings.colour and settings.polarity != "auto":
        # The ground is known: a frame at the edge of a picture is no ground.
        border = graph.value(1.0 if settings.polarity == "invert" else 0.0)
    else:
        border = _border_mean(graph, small)
    size = graph.op("Shape", small, start=2, end=4)
    missing = graph.op("Sub", graph.ints(target), size)
    before = graph.op("Div", missing, graph.ints([2]))
    pads = graph.op("Concat", before, graph.op("Sub", missing, before), axis=0)
    padded = graph.op("Pad", graph.op("Sub", small, border), pads, "", graph.ints([2, 3]), mode="constant")
    whole = graph.op("Add", padded, border)
    # The pads are computed, so shape inference cannot know the result; the network needs it to be known.
    return graph.op("Reshape", whole, graph.ints([0, 0, *target]))


def _border_mean(graph: Operators, planes: str) -> str:
    """Mean of the outermost rows and columns of (N, C, H, W), as (N, C, 1, 1)."""

    def edge(axis: int, start: int, end: int) -> str:
        cut = graph.op("Slice", planes, graph.ints([start]), graph.ints([end]), graph.ints([axis]))
        return graph.op("ReduceMean", cut, graph.ints([2, 3]), keepdims=1)

    last = 2**31 - 1
    edges = [edge(2, 0, 1), edge(2, -1, last), edge(3, 0, 1), edge(3, -1, last)]
    return graph.op("Mul", graph.op("Sum", *edges), graph.value(0.25))


def _light_ink(graph: Operators, grey: str, settings: Prepare) -> str:
    """Make ink light on dark: (N, 1, h, w) to the same shape."""
    if settings.polarity == "keep":
        return grey
    inverted = graph.op("Sub", graph.value(1.0), grey)
    if settings.polarity == "invert":
        return inverted
    # Two signs of dark ink: ink is rare, so the local contrast is skewed towards it; and the border is mostly ground.
    small = _at_most(graph, grey, _GROUND_PX)
    contrast = graph.op("Sub", small, graph.slide_mean(small, _LOCAL_WINDOW))
    square = graph.op("Mul", contrast, contrast)
    variance = graph.op("Add", graph.mean(square), graph.value(1e-6))
    spread = graph.op("Sqrt", variance)
    skew = graph.op("Div", graph.mean(graph.op("Mul", square, contrast)), graph.op("Mul", variance, spread))
    border = graph.op("Div", graph.op("Sub", graph.mean(small), _border_mean(graph, small)), spread)
    sign = graph.op(
        "Add",
        graph.op("Mul", graph.op("Tanh", skew), graph.value(_POLARITY_SKEW)),
        graph.op("Mul", graph.op("Tanh", border), graph.value(_POLARITY_BORDER)),
    )
    return graph.op("Where", graph.op("Less", sign, graph.value(0.0)), inverted, grey)


def _ground_off(graph: Operators, ink: str) -> str:
    """Take the ground off light ink: (N, 1, h, w) to (N, 1, h, w) in 0..1, where 1 is as far from the ground as can be.

    The ground is the opening of a small copy, smoothed: paper, shadow and vignetting survive it, strokes do not.
    """
    small = _at_most(graph, ink, _GROUND_PX)
    narrow, wide = (
        graph.slide_max(graph.op("Neg", graph.slide_max(graph.op("Neg", small), window)), window)
        for window in (_NARROW_WINDOW, _WIDE_WINDOW)
    )
    left_narrow, left_wide = (
        graph.total(graph.op("Mul", graph.op("Sub", small, opened), graph.op("Sub", small, opened)))
        for opened in (narrow, wide)
    )
    thin = graph.op("Greater", left_narrow, graph.op("Mul", left_wide, graph.value(_WIDE_WHERE_LEFT)))
    smooth = graph.slide_mean(graph.op("Where", thin, narrow, wide), _GROUND_SMOOTH)
    ground = _resize_to(graph, smooth, graph.op("Shape", ink, start=2, end=4))
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


def _extent(graph: Operators, mask: str, *, axis: int) -> tuple[str, str]:
    """First and last index along the other spatial axis where (N, 1, h, w) has a 1; the whole axis where it has none.

    ``axis`` is the axis that is reduced away: 3 gives rows, 2 gives columns. Both are float (N, 1, 1, 1).
    """
    profile = graph.op("ReduceMax", mask, graph.ints([axis]), keepdims=1)
    other = 5 - axis
    first = graph.op("ArgMax", profile, axis=other, keepdims=1)
    last = graph.op("ArgMax", profile, axis=other, keepdims=1, select_last_index=1)
    return graph.op("Cast", first, to=TensorProto.FLOAT), graph.op("Cast", last, to=TensorProto.FLOAT)


def _coordinates(graph: Operators, like: str) -> tuple[str, str]:
    """Row numbers (1, 1, h, 1) and column numbers (1, 1, 1, w) of a picture, as float."""
    result = []
    for axis, shape in ((2, (1, 1, -1, 1)), (3, (1, 1, 1, -1))):
        count = graph.op("Squeeze", graph.op("Shape", like, start=axis, end=axis + 1), graph.ints([0]))
        numbers = graph.op("Range", graph.scalar(0), count, graph.scalar(1))
        result.append(graph.op("Reshape", graph.op("Cast", numbers, to=TensorProto.FLOAT), graph.ints(shape)))
    return result[0], result[1]
