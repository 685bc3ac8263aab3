"""The networks against their published sizes, autograd and ONNX Runtime."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch

from glyphsmith.nets import FAMILIES, TEXT_FAMILIES, build, count_weights

SIZES = {
    "glyph": (1, 28, 28),
    "photo": (3, 32, 32),
    "mnist-conv3": (1, 28, 28),
    "mnist-conv5": (1, 28, 28),
    "runes-conv": (1, 50, 50),
    "runes-mlp": (1, 50, 50),
}


LABEL_FAMILIES = [family for family in FAMILIES if family not in TEXT_FAMILIES]


def made(family: str, classes: int = 10):
    torch.manual_seed(1)
    channels, height, width = SIZES[family]
    return build(family, channels=channels, height_px=height, width_px=width, classes=classes).eval()


@pytest.mark.parametrize(
    ("family", "classes", "weights"),
    [
        ("mnist-conv3", 10, 93_322),
        ("mnist-conv5", 10, 3_274_634),
        ("runes-conv", 24, 517_944),
        ("runes-mlp", 24, 252_524),
    ],
)
def test_the_reference_networks_have_exactly_the_published_weights(family: str, classes: int, weights: int) -> None:
    assert count_weights(made(family, classes)) == weights


def test_our_glyph_network_stays_near_130_thousand_weights() -> None:
    assert 125_000 < count_weights(made("glyph")) < 135_000


@pytest.mark.parametrize("side", [4, 8, 20, 28, 50, 64, 97])
def test_the_glyph_network_takes_any_size(side: int) -> None:
    network = build("glyph", (4, 8), channels=1, height_px=side, width_px=side + 3, classes=3).eval()
    logits, maps = network(torch.rand(2, 1, side, side + 3))
    assert logits.shape == (2, 3)
    assert maps.shape[:2] == (2, 3)


def test_strides_may_be_named_one_for_each_width() -> None:
    network = build("glyph", (4, 6, 8), strides=(2, 1, 2), channels=1, height_px=20, width_px=18, classes=3).eval()
    assert network(torch.rand(1, 1, 20, 18))[1].shape == (1, 3, 5, 5)
    with pytest.raises(ValueError, match="one of 1 or more for each of the 3 widths"):
        build("glyph", (4, 6, 8), strides=(2, 1), channels=1, height_px=20, width_px=18, classes=3)
    with pytest.raises(ValueError, match="for the family glyph alone"):
        build("photo", (4, 6, 8), strides=(2, 1, 1), channels=1, height_px=32, width_px=32, classes=3)


def test_layers_without_padding_see_no_edge_and_leave_something() -> None:
    words = {"strides": (2, 1, 2, 1), "channels": 1, "classes": 3}
    network = build("glyph", (4, 6, 8, 8), unpadded=2, height_px=20, width_px=18, **words).eval()
    x = torch.rand(2, 1, 20, 18)
    assert network.features(x).shape == (2, 8, 2, 2)
    logits, maps = network(x)
    # The map lies on the whole picture all the same, and its mean is the logit.
    assert maps.shape == (2, 3, 5, 5)
    torch.testing.assert_close(maps.mean(dim=(2, 3)) + network.head.bias, logits, atol=1e-5, rtol=1e-4)
    assert maps[:, :, 1:3, 1:3].abs().min() > 0
    assert not maps[:, :, 3:].any()
    # The first layer keeps its padding, and so does one that would leave nothing.
    for widths, side, left in (((4, 6), 28, 12), ((4, 6, 8, 8), 10, 4), ((4, 6, 8, 8), 4, 2)):
        small = build("glyph", widths, unpadded=9, height_px=side, width_px=side, channels=1, classes=3).eval()
        assert small.features(torch.rand(1, 1, side, side)).shape[2:] == (left, left), (widths, side)
    with pytest.raises(ValueError, match="expected 0 or more"):
        build("glyph", (4, 6, 8, 8), unpadded=-1, height_px=20, width_px=18, **words)


def test_a_slanted_view_leans_the_way_it_says() -> None:
    network = build("glyph", (4, 6), slants_deg=(20.0, -20.0), channels=1, height_px=21, width_px=21, classes=3).eval()
    x = torch.zeros(2, 1, 21, 21)
    x[0, 0, 3:18, 10] = 1.0
    upright, right, left, *_ = network._views(x)
    torch.testing.assert_close(upright, x[0])
    assert right[0, 4].argmax() > 11 > 9 > right[0, 16].argmax()
    torch.testing.assert_close(left.flip(2), right, atol=1e-5, rtol=0)


def test_views_are_read_together_once_the_network_is_trained() -> None:
    torch.manual_seed(2)
    one = build("glyph", (4, 6), channels=1, height_px=20, width_px=18, classes=3).eval()
    three = build("glyph", (4, 6), slants_deg=(-8.5, 8.5), channels=1, height_px=20, width_px=18, classes=3).eval()
    three.load_state_dict(one.state_dict())
    x = torch.rand(2, 1, 20, 18)
    logits, maps = three(x)
    views = one(three._views(x))[0].reshape(2, 3, 3)
    torch.testing.assert_close(logits, views.mean(dim=1))
    torch.testing.assert_close(maps.mean(dim=(2, 3)) + three.head.bias, logits, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(three.scores(x), logits)
    torch.testing.assert_close(three.train().scores(x), one.train().scores(x))


def test_a_slant_that_is_none_or_lies_down_is_refused() -> None:
    for slants in ((0.0,), (60.0,)):
        with pytest.raises(ValueError, match="up to 45 degrees and not 0"):
            build("glyph", slants_deg=slants, channels=1, height_px=20, width_px=18, classes=3)
    with pytest.raises(ValueError, match="for the family glyph alone"):
        build("photo", slants_deg=(8.0,), channels=1, height_px=32, width_px=32, classes=3)


@pytest.mark.parametrize("family", LABEL_FAMILIES)
def test_a_batch_gives_logits_and_maps_and_scores_agree(family: str) -> None:
    network = made(family)
    x = torch.rand(3, *SIZES[family])
    logits, maps = network(x)
    assert logits.shape == (3, 10)
    assert maps.shape[:2] == (3, 10)
    assert maps.ndim == 4
    torch.testing.assert_close(network.scores(x), logits)
    torch.testing.assert_close(network(x.to(memory_format=torch.channels_last))[0], logits, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("family", ["glyph", "photo"])
def test_the_mean_of_a_pooled_map_and_the_bias_are_the_logit(family: str) -> None:
    network = made(family)
    logits, maps = network(torch.rand(2, *SIZES[family]))
    torch.testing.assert_close(maps.mean(dim=(2, 3)) + network.head.bias, logits, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("family", ["mnist-conv3", "mnist-conv5", "runes-conv"])
def test_the_map_of_a_dense_head_is_grad_cam_by_autograd(family: str) -> None:
    network = made(family)
    x = torch.rand(2, *SIZES[family])
    features = network.features(x).detach().requires_grad_(True)
    logits = network.head(torch.relu(network.hidden(features.reshape(2, -1))))
    maps = network(x)[1]
    for k in (0, 7):
        (gradient,) = torch.autograd.grad(logits[:, k].sum(), features, retain_graph=True)
        expected = (gradient.mean(dim=(2, 3), keepdim=True) * features).sum(dim=1)
        torch.testing.assert_close(maps[:, k], expected, atol=1e-6, rtol=1e-4)


def test_the_map_of_the_perceptron_is_gradient_times_input() -> None:
    network = made("runes-mlp")
    x = torch.rand(2, 1, 50, 50, requires_grad=True)
    logits, maps = network(x)
    (gradient,) = torch.autograd.grad(logits[:, 3].sum(), x)
    torch.testing.assert_close(maps[:, 3], (gradient * x).sum(dim=1))


@pytest.mark.parametrize("family", LABEL_FAMILIES)
def test_every_network_exports_and_onnx_runtime_agrees_for_any_batch(family: str) -> None:
    import onnxruntime

    network = made(family)
    x = torch.rand(2, *SIZES[family])
    program = torch.onnx.export(
        network,
        (x,),
        dynamo=True,
        opset_version=20,
        dynamic_shapes=({0: torch.export.Dim("n", min=1)},),
        input_names=["x"],
        output_names=["logits", "map"],
        verbose=False,
    )
    file = io.BytesIO()
    program.save(file)
    session = onnxruntime.InferenceSession(file.getvalue(), providers=["CPUExecutionProvider"])
    for n in (1, 2, 5):
        x = torch.rand(n, *SIZES[family])
        with torch.no_grad():
            expected = network(x)
        for found, wanted in zip(session.run(None, {"x": x.numpy()}), expected, strict=True):
            np.testing.assert_allclose(found, wanted.numpy(), atol=2e-4, rtol=1e-3)


def test_dropout_is_off_when_reading() -> None:
    network = build("mnist-conv5", channels=1, height_px=28, width_px=28, classes=10)
    x = torch.rand(2, 1, 28, 28)
    assert not torch.equal(network.train().scores(x), network.scores(x))
    assert torch.equal(network.eval().scores(x), network.scores(x))


@pytest.mark.parametrize(
    ("family", "widths", "side", "message"),
    [
        ("resnet", (), 28, "no network family"),
        ("mnist-conv3", (8,), 28, "fixed widths"),
        ("mnist-conv3", (), 12, "too small"),
        ("runes-mlp", (5, 5), 12, "one hidden layer"),
        ("glyph", (0, 4), 12, "positive"),
    ],
)
def test_an_impossible_network_is_said_plainly(family: str, widths: tuple[int, ...], side: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build(family, widths, channels=1, height_px=side, width_px=side, classes=10)
