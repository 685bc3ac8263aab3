"""The network in 8 bits: the same reader but for its last digits, compared before it is kept."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from PIL import Image

from glyphsmith import cli
from glyphsmith.errors import DataError, ExportError, ModelError
from glyphsmith.export import shrink as shrinking
from glyphsmith.export.int8 import quantised
from glyphsmith.export.reader_file import network_weights
from glyphsmith.export.shrink import Shrunk, divide, shrink
from glyphsmith.runtime.prune import output_names
from glyphsmith.runtime.reader import open_reader
from pictures_at_hand import AtHand
from tiny_reader import tiny_model, tiny_reader
from tiny_text_reader import HEIGHT_PX, WIDTH_PX, tiny_text_model

DRAW = np.random.default_rng(4)
PICTURES = [DRAW.integers(0, 256, (20, 60, 3), dtype=np.uint8) for _ in range(80)]


@pytest.fixture(scope="module")
def small() -> bytes:
    prepared = [DRAW.random((1, 1, HEIGHT_PX, WIDTH_PX), np.float32) for _ in range(20)]
    return quantised(tiny_text_model(), prepared)


def test_the_quantised_file_is_a_sealed_reader_that_answers_nearly_the_same(small: bytes) -> None:
    before, after = open_reader(tiny_text_model()), open_reader(small)
    assert after.card == before.card
    assert output_names(small) == output_names(tiny_text_model())
    stack = np.stack(PICTURES[:20])
    np.testing.assert_allclose(after.probabilities(stack), before.probabilities(stack), atol=0.02)
    for (name, a), (_, b) in zip(before.stages(PICTURES[0]), after.stages(PICTURES[0]), strict=True):
        np.testing.assert_array_equal(a, b, err_msg=f"the preparation stays as it is: {name}")
    assert not np.array_equal(after.probabilities(stack), before.probabilities(stack))


def test_every_convolution_but_the_one_on_grey_has_eight_bits_and_a_scale_a_channel(small: bytes) -> None:
    graph = onnx.load_model_from_string(small).graph
    weights = {item.name: item for item in graph.initializer if item.data_type == onnx.TensorProto.INT8}
    kernels = [item for item in graph.initializer if len(item.dims) == 4]
    floats = {item.name: item.dims[1] for item in kernels if item.data_type == onnx.TensorProto.FLOAT}
    grey = [node for node in graph.node if node.op_type == "Conv" and node.input[1] in floats]
    assert [floats[node.input[1]] for node in grey] == [1]
    convolutions = [node for node in graph.node if node.op_type == "Conv" and node not in grey]
    assert len(convolutions) >= 4
    made = {node.output[0]: node for node in graph.node}
    for node in convolutions:
        unpacked = made[node.input[1]]
        assert unpacked.op_type == "DequantizeLinear"
        assert unpacked.input[0] in weights
        scale = next(item for item in graph.initializer if item.name == unpacked.input[1])
        assert list(scale.dims) == [weights[unpacked.input[0]].dims[0]]
    assert {entry.domain for entry in onnx.load_model_from_string(small).opset_import} == {""}


def test_a_quantised_file_is_nothing_to_go_on_from(small: bytes) -> None:
    with pytest.raises(ModelError, match="no weights to go on from"):
        network_weights(small, where="small.onnx")


def test_a_reader_without_a_network_is_refused() -> None:
    with pytest.raises(ExportError, match="could be quantised"):
        quantised(tiny_model(), [])


def labelled(n: int = 80, **options: Any) -> AtHand:
    """Pictures labelled as the float reader reads them, so that it is always right."""
    reader = open_reader(tiny_text_model())
    return AtHand([(reader.read(picture, top=0).text, picture) for picture in PICTURES[:n]], **options)


def test_the_two_are_compared_on_pictures_that_set_no_range() -> None:
    source = labelled()
    divided = divide(source)
    assert not set(divided.ranges.tolist()) & set(divided.compared.tolist())
    found = shrink(open_reader(tiny_text_model()), tiny_text_model(), divided, progress=False)
    assert (found.n, found.before, found.won) == (60, 60, 0)
    assert found.after == found.n - found.lost
    reader = open_reader(found.file)
    (name, figure), *others = reader.card.figures.items()
    assert (name, others) == ("int8, other pictures", [])
    assert (figure["n"], figure["exact"]) == (60, pytest.approx(found.after / 60, abs=1e-6))
    assert "60 of the same 60 right" in reader.card.notes[-1]


def test_a_test_part_is_never_looked_at() -> None:
    parts: list[Any] = ["train"] * 14 + ["test"] * 10 + ["validation"] * 56
    source = labelled(parts=parts, n=80)
    source.opened.clear()
    with pytest.raises(DataError, match="too few"):
        divide(labelled(parts=["test"] * 80))
    divided = divide(source)
    assert divided.part == "validation"
    seen = [*divided.ranges.tolist(), *divided.compared.tolist()]
    assert {parts[i] for i in seen} == {"train", "validation"}
    assert {parts[i] for i in divided.ranges.tolist()} == {"train"}


def test_it_is_kept_where_it_loses_little_and_is_faster() -> None:
    found = Shrunk(b"", open_reader(tiny_text_model()).card, 20_000, "validation", 19_900, 19_891, 11, 2, 1.0, 0.5, 9)
    assert found.loss == pytest.approx(0.00045)
    assert found.why_not == ""
    assert found.coarse  # 13 answers differ: the interval reaches beyond 0.05 points
    assert "loses 0.05 points" in replace(found, lost=12).why_not
    assert "right about none of these" in replace(found, before=0, after=0, lost=0, won=0).why_not
    assert "not faster" in replace(found, ms_after=1.0).why_not
    low, high = found.loss_ci95
    assert low < found.loss < high
    assert replace(found, lost=0, won=0).loss_ci95 == pytest.approx((-1.96 / 20_000, 1.96 / 20_000))


def written(folder: Path, n: int = 80) -> Path:
    """Write the labelled pictures as a folder, and the reader beside it."""
    (folder / "data").mkdir()
    lines = ["file,text"]
    source = labelled(n)
    for i in range(n):
        Image.fromarray(source.picture(i)).save(folder / "data" / f"{i}.png")
        lines.append(f"{i}.png,{source.sample(i).label}")
    (folder / "data" / "labels.csv").write_text("\n".join(lines), encoding="utf-8")
    (folder / "reader.onnx").write_bytes(tiny_text_model())
    return folder


def test_the_verb_writes_what_is_worth_keeping_and_says_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(written(tmp_path))
    words = ["export", "reader.onnx", "--to", "int8", "--out", "small.onnx", "--data", "data"]
    monkeypatch.setattr(shrinking, "LOSS", -1.0)
    assert cli.main(words) == 1
    streams = capsys.readouterr()
    assert "before 60" in streams.out
    assert "not kept: it loses" in streams.err
    assert not Path("small.onnx").exists()
    assert cli.main([*words, "--anyway", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["kept"], document["n"], document["path"]) == (False, 60, "small.onnx")
    assert {"loss", "loss_ci95", "ms_p50_before", "ms_p50_after", "file_mb_before", "file_mb_after"} <= set(document)
    assert cli.main(["read", "small.onnx", "data/0.png"]) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--to", "coreml", "--out", "a.mlpackage"], "--to coreml: not in this version"),
        (["--to", "web", "--out", "web"], "--to web: not in this version"),
        (["--to", "int8", "--out", "a.bin"], "an .onnx file"),
        (["--to", "int8", "--out", "nowhere/a.onnx"], "no folder nowhere"),
        (["--to", "int8", "--out", "a.onnx"], "not known here"),
        (["--to", "int8", "--out", "a.onnx", "--data", "few"], "too few"),
        (["--to", "int9", "--out", "a.onnx"], "int9"),
        (["--to", "int8"], "--out"),
    ],
)
def test_what_cannot_be_exported_is_one_error_and_writes_nothing(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    tiny_reader(tmp_path / "tiny.onnx")
    for label in "01":
        (tmp_path / "few" / label).mkdir(parents=True)
        Image.fromarray(PICTURES[0]).save(tmp_path / "few" / label / "a.png")
    before = sorted(tmp_path.rglob("*"))
    assert cli.main(["export", "tiny.onnx", *words]) == 2
    streams = capsys.readouterr()
    assert streams.out == ""
    assert said in streams.err
    assert "Traceback" not in streams.err
    assert sorted(tmp_path.rglob("*")) == before


def test_a_reader_in_eight_bits_is_said_to_be(
    small: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ExportError, match="this reader is in 8 bits already"):
        quantised(small, [])
    monkeypatch.chdir(tmp_path)
    Path("small.onnx").write_bytes(small)
    assert cli.main(["export", "small.onnx", "--to", "int8", "--out", "again.onnx"]) == 2
    assert "this reader is in 8 bits already" in capsys.readouterr().err
    assert not Path("again.onnx").exists()


def test_a_reader_is_never_replaced_by_its_export(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(written(tmp_path))
    for word in ("reader.onnx", "./data/../reader.onnx"):
        assert cli.main(["export", "reader.onnx", "--to", "int8", "--out", word, "--data", "data", "--anyway"]) == 2
        assert f"{word}: this file is read, and would be replaced" in capsys.readouterr().err
    assert Path("reader.onnx").read_bytes() == tiny_text_model()


def test_too_few_known_pictures_are_counted_and_not_called_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = ["train"] * 49 + ["validation"] * 5
    monkeypatch.setattr(shrinking, "learned_from", lambda *_, **__: (None, list(range(54)), parts))
    with pytest.raises(DataError, match=r"49 and 5 are there: .* to set ranges and 50 to compare"):
        shrinking.pictures_of(Path("run/model.onnx"), None, print)
