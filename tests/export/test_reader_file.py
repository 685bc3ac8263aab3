"""A written reader is sealed, carries its card and its weights, and reads like the network it was written from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from onnx import numpy_helper

from glyphsmith.card import CARD_KEY, Card, check_seal
from glyphsmith.errors import ExportError, ModelError
from glyphsmith.export.parity import check_parity
from glyphsmith.export.reader_file import network_weights, reader_bytes, round_weights, with_card
from glyphsmith.nets import build
from glyphsmith.train.recipe import Prepare

RUNES = ("ᚠ", "ᚢ", "ᚦ")
CARD = Card(name="tiny", task="label", alphabet=RUNES, prepare={}, recipe={})
SETTINGS = Prepare(height_px=16, width_px=16, box_px=12)


def a_network(seed: int = 0) -> torch.nn.Module:
    torch.manual_seed(seed)
    return build("glyph", (4, 6, 6, 8), channels=1, height_px=16, width_px=16, classes=3).eval()


def some_pictures(count: int = 5) -> list[tuple[str, np.ndarray]]:
    rng = np.random.default_rng(0)
    return [
        (f"p{k}.png", rng.integers(0, 256, (rng.integers(1, 40), rng.integers(1, 40), 3)).astype(np.uint8))
        for k in range(count)
    ]


@pytest.fixture(scope="module")
def written() -> bytes:
    return reader_bytes(a_network(), SETTINGS, CARD, temperature=1.5)


def test_the_file_reads_like_the_network_and_keeps_runes(written: bytes) -> None:
    check_seal(written, where="tiny")
    report = check_parity(written, a_network(), SETTINGS, some_pictures(), temperature=1.5)
    assert report.n == 5
    assert report.largest <= 1e-4
    properties = {entry.key: entry.value for entry in onnx.load_model_from_string(written).metadata_props}
    card = Card.from_json(properties[CARD_KEY], where="tiny")
    assert card.alphabet == RUNES
    assert card.temperature == 1.5
    assert [name for name, _ in card.stages][-1] == "prepared"


def test_one_changed_weight_stops_at_the_first_picture_that_differs(written: bytes) -> None:
    model = onnx.load_model_from_string(written)
    for item in model.graph.initializer:
        if item.name == "net.head.bias":
            item.CopyFrom(
                numpy_helper.from_array(numpy_helper.to_array(item) + np.array([0.5, 0, 0], np.float32), item.name)
            )
    with pytest.raises(ExportError, match=r"p0\.png: the file does not read this picture"):
        check_parity(model.SerializeToString(), a_network(), SETTINGS, some_pictures(), temperature=1.5)


def test_a_network_that_answers_nan_is_no_parity(written: bytes) -> None:
    network = a_network()
    with torch.no_grad():
        network.get_parameter("head.bias").fill_(float("nan"))
    with pytest.raises(ExportError):
        check_parity(written, network, SETTINGS, some_pictures(), temperature=1.5)


def test_the_weights_are_read_back_by_their_own_names(written: bytes) -> None:
    network = a_network(seed=9)
    weights = {
        name: torch.from_numpy(np.array(value)) for name, value in network_weights(written, where="tiny").items()
    }
    missing = network.load_state_dict(weights, strict=False).missing_keys
    assert all(name.endswith("num_batches_tracked") for name in missing)
    assert check_parity(written, network.eval(), SETTINGS, some_pictures(), temperature=1.5).largest <= 1e-4


def test_a_file_without_weights_says_where_to_go_on_from() -> None:
    from glyphsmith.export.graph import preparation

    with pytest.raises(ModelError, match="no weights"):
        network_weights(preparation(SETTINGS).SerializeToString(), where="strange.onnx")


def test_a_new_card_changes_no_answer_and_seals_anew(written: bytes) -> None:
    properties = {entry.key: entry.value for entry in onnx.load_model_from_string(written).metadata_props}
    card = Card.from_json(properties[CARD_KEY], where="tiny")
    from dataclasses import replace

    again = with_card(written, replace(card, figures={"test": {"n": 3, "accuracy": 1.0}}))
    check_seal(again, where="tiny")
    assert again != written
    assert check_parity(again, a_network(), SETTINGS, some_pictures(), temperature=1.5).largest <= 1e-4


def test_an_alphabet_of_another_length_than_the_network_is_refused() -> None:
    short = Card(name="tiny", task="label", alphabet=("a", "b"), prepare={}, recipe={})
    with pytest.raises(ExportError, match="3 outputs, the alphabet 2 labels"):
        reader_bytes(a_network(), SETTINGS, short, temperature=1.0)


def test_rounded_weights_take_half_the_room_and_are_read_back_exactly() -> None:
    torch.manual_seed(0)
    network = build("glyph", (32, 64, 64), channels=1, height_px=16, width_px=16, classes=3).eval()
    before = reader_bytes(network, SETTINGS, CARD, temperature=1.0)
    round_weights(network)
    after = reader_bytes(network, SETTINGS, CARD, temperature=1.0)
    assert len(after) < 0.65 * len(before)
    assert check_parity(after, network, SETTINGS, some_pictures(), temperature=1.0).largest <= 1e-6
    stored = network_weights(after, where="tiny")
    for name, value in network.named_parameters():
        np.testing.assert_array_equal(stored[name], value.detach().numpy())


def test_a_weight_beyond_half_precision_is_kept_as_it_is() -> None:
    network = build("glyph", (32, 64, 64), channels=1, height_px=16, width_px=16, classes=3).eval()
    with torch.no_grad():
        network.get_parameter("head.weight")[0, 0] = 1e6
    round_weights(network)
    assert float(network.get_parameter("head.weight").detach().max()) == 1e6


def test_the_runtime_folds_batch_norm_into_the_convolutions(written: bytes, tmp_path: Path) -> None:
    options = ort.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimized.onnx")
    options.log_severity_level = 3
    ort.InferenceSession(written, options, providers=["CPUExecutionProvider"])
    kinds = {node.op_type for node in onnx.load(tmp_path / "optimized.onnx").graph.node}
    assert "BatchNormalization" in {node.op_type for node in onnx.load_model_from_string(written).graph.node}
    assert "BatchNormalization" not in kinds
