"""A reader small enough to be written in a test: it answers how bright a picture is, and nothing else.

The mean of all pixel values, m in 0..1, falls into one of K equal bins; bin k is label k of the alphabet. So a black
picture reads as the first label and a white one as the last, and every score is known in closed form
(``expected_probabilities``). The file is a whole one: card, seal, stages, class map, any H and W, any N.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from glyphsmith.card import CARD_KEY, SEAL_KEY, Card, seal, unsealed_value

DIGITS = tuple("0123456789")

#: Side of the picture that the "network" of the tiny reader sees.
SIDE_PX = 8


def tiny_card(alphabet: Sequence[str] = DIGITS, **changes: Any) -> Card:
    """Give the card of a tiny reader; ``changes`` replace its fields."""
    values: dict[str, Any] = {
        "name": "tiny",
        "task": "label",
        "alphabet": tuple(alphabet),
        "prepare": {"height_px": SIDE_PX, "width_px": SIDE_PX},
        "recipe": {"name": "tiny"},
        "stages": (("stage_grey", "grey"), ("prepared", "resized to 8x8")),
        "figures": {"test": {"n": 100, "accuracy": 0.9, "ci95": [0.825, 0.945], "data": "made up"}},
        "about": "tells how bright a picture is",
    }
    return Card(**{**values, **changes})


def tiny_model(
    alphabet: Sequence[str] = DIGITS,
    *,
    card: Card | None = None,
    sharpness: float = 4.0,
    outputs: int | None = None,
    sealed: bool = True,
) -> bytes:
    """Give the bytes of a tiny reader.

    ``outputs`` sets another K than the alphabet's, ``sealed=False`` leaves the seal blank.
    """
    card = card or tiny_card(alphabet)
    k = outputs or len(alphabet)
    constants = {
        "top": np.array(255.0, np.float32),
        "k": np.array(float(k), np.float32),
        "centres": (np.arange(k, dtype=np.float32) + 0.5)[None, :],
        "minus_sharpness": np.array(-sharpness, np.float32),
        "channel": np.array([3], np.int64),
        "all_axes": np.array([1, 2, 3], np.int64),
        "no_roi": np.array([], np.float32),
        "no_scales": np.array([], np.float32),
        "side": np.array([SIDE_PX, SIDE_PX], np.int64),
        "per_label": np.ones((1, k, 1, 1), np.float32),
        "one": np.array([1], np.int64),
    }
    nodes = [
        helper.make_node("Cast", ["image"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["pixels", "top"], ["scaled"]),
        helper.make_node("ReduceMean", ["scaled", "all_axes"], ["mean"], keepdims=0),
        helper.make_node("Unsqueeze", ["mean", "one"], ["mean_column"]),
        helper.make_node("Mul", ["mean_column", "k"], ["position"]),
        helper.make_node("Sub", ["position", "centres"], ["distance"]),
        helper.make_node("Mul", ["distance", "distance"], ["square"]),
        helper.make_node("Mul", ["square", "minus_sharpness"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
        helper.make_node("ReduceMean", ["scaled", "channel"], ["grey_nhwc"], keepdims=1),
        helper.make_node("Transpose", ["grey_nhwc"], ["stage_grey"], perm=[0, 3, 1, 2]),
        helper.make_node(
            "Resize",
            ["stage_grey", "no_roi", "no_scales", "side"],
            ["prepared"],
            mode="linear",
            antialias=1,
            axes=[2, 3],
        ),
        helper.make_node("Mul", ["prepared", "per_label"], ["map"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", "H", "W", 3])],
        [
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", k]),
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", k]),
            helper.make_tensor_value_info("map", TensorProto.FLOAT, ["N", k, SIDE_PX, SIDE_PX]),
            helper.make_tensor_value_info("stage_grey", TensorProto.FLOAT, ["N", 1, "H", "W"]),
            helper.make_tensor_value_info("prepared", TensorProto.FLOAT, ["N", 1, SIDE_PX, SIDE_PX]),
        ],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    helper.set_model_props(model, {CARD_KEY: card.to_json(), SEAL_KEY: unsealed_value()})
    file = model.SerializeToString()
    return seal(file) if sealed else file


def tiny_reader(path: Path, alphabet: Sequence[str] = DIGITS, **options: Any) -> Path:
    """Write a tiny reader to ``path`` (options as for ``tiny_model``) and give the path back."""
    path.write_bytes(tiny_model(alphabet, **options))
    return path


def reseal(file: bytes) -> bytes:
    """Seal a file anew after a test has edited it: what a skilled forger would do."""
    model = onnx.load_from_string(file)
    for entry in model.metadata_props:
        if entry.key == SEAL_KEY:
            entry.value = unsealed_value()
    return seal(model.SerializeToString())


def picture_of(label_index: int, alphabet_size: int = 10, *, height: int = 20, width: int = 30) -> NDArray[np.uint8]:
    """Give a picture (H, W, 3) that the tiny reader reads as the label of that index.

    It is plain but for its last pixel, which is darker by 1: a blank picture is refused.
    """
    value = round((label_index + 0.5) / alphabet_size * 255)
    picture = np.full((height, width, 3), value, np.uint8)
    picture[-1, -1] -= 1
    return picture


def expected_probabilities(
    picture: NDArray[np.uint8], alphabet_size: int = 10, *, sharpness: float = 4.0
) -> NDArray[np.float64]:
    """Give the scores (K,) of the tiny reader, computed without it."""
    position = picture.mean() / 255.0 * alphabet_size
    logits = -sharpness * (position - (np.arange(alphabet_size) + 0.5)) ** 2
    scores = np.exp(logits - logits.max())
    return np.asarray(scores / scores.sum(), dtype=np.float64)
