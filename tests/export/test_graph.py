"""The preparation graph from outside: whatever a picture's light, size or polarity, the symbol lands alike."""

from __future__ import annotations

import cv2
import numpy as np
import onnxruntime
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from onnx import TensorProto, helper

from glyphsmith.export.graph import OPSET, preparation, stage_captions
from glyphsmith.export.operators import Operators
from glyphsmith.runtime.session import Preparer
from glyphsmith.train.recipe import Prepare

INK = Prepare()
WHOLE = Prepare(crop=False, flatten=False, polarity="keep", fit="stretch")


def prepared(settings: Prepare, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    return Preparer(preparation(settings).SerializeToString())(picture[None])[0]


def a_seven(side: int = 120, *, at: tuple[int, int] = (30, 25), size: int = 60, width: int = 7) -> NDArray[np.uint8]:
    """A barred 7, black on white: uint8 (side, side, 3)."""
    canvas = np.full((side, side), 255, np.uint8)
    x, y = at
    points = np.array([[x, y], [x + size * 2 // 3, y], [x + size // 4, y + size]])
    cv2.polylines(canvas, [points], False, 0, width, cv2.LINE_AA)
    cv2.line(canvas, (x + size // 6, y + size // 2), (x + size // 2, y + size // 2), 0, width, cv2.LINE_AA)
    return np.repeat(canvas[:, :, None], 3, axis=2)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (2, 3), (5, 300), (28, 28), (700, 500)])
@pytest.mark.parametrize(
    "settings",
    [
        INK,
        WHOLE,
        Prepare(colour=True),
        Prepare(crop=False),
        Prepare(crop=False, colour=True, fit="stretch"),
        Prepare(crop=False, colour=True, fit="place"),
        Prepare(fit="place"),
    ],
    ids=["ink", "whole", "colour-letterbox", "grey-letterbox", "colour-stretch", "colour-place", "ink-place"],
)
def test_every_size_gives_finite_values_of_the_same_shape(settings: Prepare, size: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (*size, 3)).astype(np.uint8)
    result = prepared(settings, picture)
    assert result.shape == (3 if settings.colour else 1, 28, 28)
    assert np.isfinite(result).all()
    assert result.min() >= 0
    assert result.max() <= 1


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_blank_picture_is_no_division_by_zero(value: int) -> None:
    result = prepared(INK, np.full((40, 30, 3), value, np.uint8))
    assert np.isfinite(result).all()


def test_black_on_white_and_white_on_black_are_the_same_to_the_network() -> None:
    picture = a_seven()
    difference = np.abs(prepared(INK, picture) - prepared(INK, 255 - picture))
    assert difference.max() < 0.02


def test_where_the_symbol_lies_does_not_matter() -> None:
    difference = np.abs(prepared(INK, a_seven(at=(20, 20))) - prepared(INK, a_seven(at=(53, 41))))
    assert difference.mean() < 0.01


def test_how_large_the_picture_is_does_not_matter() -> None:
    small = a_seven(120)
    large = cv2.resize(small, (960, 960), interpolation=cv2.INTER_CUBIC)
    assert np.abs(prepared(INK, small) - prepared(INK, np.asarray(large, np.uint8))).mean() < 0.02


def test_a_shadow_across_the_paper_is_taken_off() -> None:
    clean = a_seven()
    slope = np.linspace(0.45, 1.0, clean.shape[1])[None, :, None]
    shaded = (clean * slope).astype(np.uint8)
    assert np.abs(prepared(INK, clean) - prepared(INK, shaded)).mean() < 0.02
    unflattened = Prepare(flatten=False)
    assert np.abs(prepared(unflattened, clean) - prepared(unflattened, shaded)).mean() > 0.04


CLEARED = Prepare(clear_edge=True)


def on_a_table(paper: NDArray[np.uint8], level: int, sides: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """Lay paper on a table of one grey: ``sides`` are pixels of table above, below, left and right."""
    return cv2.copyMakeBorder(paper, *sides, cv2.BORDER_CONSTANT, value=(level, level, level))


@pytest.mark.parametrize("level", [20, 90, 150])
@pytest.mark.parametrize("sides", [(14, 0, 0, 0), (0, 0, 18, 12), (12, 12, 12, 12), (0, 9, 0, 30)])
def test_a_table_beside_the_paper_is_neither_ink_nor_ground(level: int, sides: tuple[int, int, int, int]) -> None:
    difference = np.abs(prepared(CLEARED, on_a_table(a_seven(), level, sides)) - prepared(CLEARED, a_seven()))
    assert difference.mean() < 0.015


def test_a_narrow_strip_of_table_is_ink_where_the_edge_is_not_cleared() -> None:
    strip = on_a_table(a_seven(), 60, (0, 0, 0, 5))
    assert np.abs(prepared(CLEARED, strip) - prepared(CLEARED, a_seven())).mean() < 0.015
    assert np.abs(prepared(INK, strip) - prepared(INK, a_seven())).mean() > 0.05


@pytest.mark.parametrize("dark", [0.4, 0.6, 0.8])
def test_the_sharp_edge_of_a_shadow_leaves_no_line(dark: float) -> None:
    shaded = a_seven()
    shaded[:70] = (shaded[:70] * dark).astype(np.uint8)
    assert np.abs(prepared(CLEARED, shaded) - prepared(CLEARED, a_seven())).mean() < 0.035
    empty = np.full((120, 120, 3), 220, np.uint8)
    empty[:, :50] = int(220 * dark)
    empty[60, 80] = 0
    assert prepared(INK, empty)[0][:, :8].max() < 0.2, "the line would lie left of the speck"


def test_a_sign_cut_close_is_left_as_it_is() -> None:
    close = a_seven()[26:95, 21:70]
    np.testing.assert_allclose(prepared(CLEARED, close), prepared(INK, close), atol=1e-6)


def test_a_long_stroke_from_the_edge_is_not_cut_in_half() -> None:
    picture = np.full((120, 120, 3), 255, np.uint8)
    turns = np.array([[0, 20], [100, 20], [100, 100], [20, 100], [20, 45], [75, 45], [75, 75], [45, 75]], np.int32)
    cv2.polylines(picture, [turns], False, (0, 0, 0), 6, cv2.LINE_AA)
    np.testing.assert_allclose(prepared(CLEARED, picture), prepared(INK, picture), atol=1e-6)


def test_a_lonely_speck_does_not_widen_the_ink_box() -> None:
    clean, specked = a_seven(), a_seven()
    specked[110, 115] = 0
    assert np.abs(prepared(INK, clean) - prepared(INK, specked)).mean() < 0.01


def test_the_ink_box_fills_the_wanted_size_and_the_mass_is_in_the_middle() -> None:
    result = prepared(INK, a_seven())[0]
    rows = np.flatnonzero(result.max(axis=1) > 0.3)
    assert 19 <= rows[-1] - rows[0] + 1 <= 22
    weights = result / result.sum()
    centre_y = float((weights.sum(axis=1) * (np.arange(28) + 0.5)).sum())
    centre_x = float((weights.sum(axis=0) * (np.arange(28) + 0.5)).sum())
    assert abs(centre_y - 14) < 0.3
    assert abs(centre_x - 14) < 0.3


def test_each_picture_of_a_batch_is_prepared_on_its_own() -> None:
    pictures = np.stack([a_seven(), 255 - a_seven(at=(50, 40)), np.full((120, 120, 3), 9, np.uint8)])
    together = Preparer(preparation(INK).SerializeToString())(pictures)
    for picture, expected in zip(pictures, together, strict=True):
        np.testing.assert_allclose(prepared(INK, picture), expected, atol=1e-5)


def test_without_crop_a_picture_of_the_right_size_passes_unchanged() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (28, 28), np.uint8)
    result = prepared(WHOLE, np.repeat(picture[:, :, None], 3, axis=2))[0]
    np.testing.assert_allclose(result, picture / 255, atol=1e-5)


def test_letterbox_keeps_the_aspect_and_pads_with_the_border() -> None:
    picture = np.full((10, 40, 3), 200, np.uint8)
    picture[4:6, 10:30] = 0
    result = prepared(Prepare(crop=False, flatten=False, polarity="keep"), picture)[0]
    np.testing.assert_allclose(result[0], 200 / 255, atol=1e-3)
    inked = np.argwhere(result < 0.5)
    height, width = inked.max(axis=0) - inked.min(axis=0) + 1
    assert width > 4 * height


def test_place_lays_a_picture_in_the_middle_as_it_is_and_its_ground_is_no_frame() -> None:
    framed = np.full((11, 8, 3), 255, np.uint8)
    framed[0] = framed[-1] = framed[:, 0] = framed[:, -1] = 0
    settings = Prepare(crop=False, flatten=False, polarity="invert", fit="place")
    result = prepared(settings, framed)[0]
    expected = np.zeros((28, 28), np.float32)
    expected[8:19, 10:18] = 1.0 - framed[:, :, 0] / 255.0
    np.testing.assert_allclose(result, expected, atol=1e-5)
    # Only what is larger is reduced; where the ground is not known, it is what the border says.
    assert prepared(settings, np.full((56, 20, 3), 0, np.uint8))[0].sum() == pytest.approx(28 * 10, rel=1e-3)
    grey = np.full((6, 6, 3), 200, np.uint8)
    unknown = prepared(Prepare(crop=False, flatten=False, polarity="auto", fit="place"), grey)[0]
    assert np.ptp(unknown) < 1e-3


def test_invert_and_threshold_are_switches() -> None:
    picture = np.full((28, 28, 3), 255, np.uint8)
    picture[10:20, 10:20] = 90
    settings = Prepare(crop=False, flatten=False, polarity="invert", fit="stretch", threshold=0.5)
    result = prepared(settings, picture)[0]
    assert set(np.unique(result)) == {0.0, 1.0}
    assert result[15, 15] == 1.0


def test_the_stages_are_outputs_in_the_order_of_their_captions() -> None:
    for settings in (INK, WHOLE, Prepare(colour=True), Prepare(flatten=False), Prepare(flatten=False, polarity="keep")):
        model = preparation(settings)
        assert [output.name for output in model.graph.output] == [name for name, _ in stage_captions(settings)]


@pytest.mark.parametrize("fit", ["letterbox", "stretch"])
def test_the_symbol_is_laid_in_place_as_sampling_on_a_grid_would(fit: str) -> None:
    settings = Prepare(fit=fit, centre="box", flatten=False, polarity="keep")
    ink = np.zeros((90, 70), np.float32)
    ink[11:80, 20:29] = ink[40:52, 20:57] = 1.0
    first, last = np.argwhere(ink).min(0), np.argwhere(ink).max(0)
    spans = last - first + 1.0
    steps = (np.full(2, spans.max()) if fit == "letterbox" else spans) / settings.box_px
    offsets = (np.arange(84) + 0.5) / 3 - 14
    y, x = (
        (offsets * step + (a + b) / 2 + 0.5) / size * 2 - 1
        for step, a, b, size in zip(steps, first, last, ink.shape, strict=True)
    )
    grid = torch.from_numpy(np.stack(np.meshgrid(x, y), axis=-1)[None]).float()
    sampled = F.grid_sample(torch.from_numpy(ink)[None, None], grid, align_corners=False)
    wanted = F.avg_pool2d(sampled, 3)[0, 0].numpy()
    picture = np.repeat((255 * ink).astype(np.uint8)[:, :, None], 3, axis=2)
    np.testing.assert_allclose(prepared(settings, picture)[0], wanted / wanted.max(), atol=1e-4)


@pytest.mark.parametrize("size", [(1, 1), (3, 20), (28, 28)])
def test_the_mean_of_a_window_counts_what_lies_inside(size: tuple[int, int]) -> None:
    graph = Operators()
    graph.name(graph.slide_mean("planes", 9), "means")
    planes, means = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 1, *size]) for name in ("planes", "means")
    )
    made = helper.make_graph(graph.nodes, "mean", [planes], [means], graph.initializers)
    session = onnxruntime.InferenceSession(
        helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9).SerializeToString()
    )
    given = np.random.default_rng(0).random((2, 1, *size), dtype=np.float32)
    (found,) = session.run(None, {"planes": given})
    wanted = F.avg_pool2d(torch.from_numpy(given), 9, stride=1, padding=4, count_include_pad=False)
    np.testing.assert_allclose(found, wanted.numpy(), atol=1e-6)
