import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from glyphsmith.runtime.prune import keep_outputs, output_names
from tiny_reader import picture_of, tiny_model


def outputs_of(model, names, images):
    return ort.InferenceSession(model, providers=["CPUExecutionProvider"]).run(names, {"image": images})


def test_the_outputs_are_named_in_order():
    assert output_names(tiny_model()) == ["probabilities", "logits", "map", "stage_grey", "prepared"]


@pytest.mark.parametrize("name", ["probabilities", "logits", "map", "stage_grey", "prepared"])
def test_each_output_alone_has_the_values_it_had_among_the_others(name):
    model = tiny_model()
    images = np.stack([picture_of(3), picture_of(8)])
    smaller = keep_outputs(model, [name])
    onnx.checker.check_model(onnx.load_model_from_string(smaller))
    np.testing.assert_array_equal(outputs_of(smaller, [name], images)[0], outputs_of(model, [name], images)[0])
    assert output_names(smaller) == [name]


def test_what_leads_nowhere_is_cut_off_with_its_weights():
    whole = onnx.load_model_from_string(tiny_model())
    cut = onnx.load_model_from_string(keep_outputs(tiny_model(), ["probabilities"]))
    assert "Resize" in {node.op_type for node in whole.graph.node}
    assert "Resize" not in {node.op_type for node in cut.graph.node}
    assert "per_label" in {item.name for item in whole.graph.initializer}
    assert "per_label" not in {item.name for item in cut.graph.initializer}


def test_metadata_and_inputs_stay():
    cut = onnx.load_model_from_string(keep_outputs(tiny_model(), ["stage_grey"]))
    whole = onnx.load_model_from_string(tiny_model())
    assert cut.metadata_props == whole.metadata_props
    assert cut.graph.input == whole.graph.input
    assert cut.opset_import == whole.opset_import


def test_keeping_every_output_keeps_every_node():
    model = tiny_model()
    assert onnx.load_model_from_string(keep_outputs(model, output_names(model))) == onnx.load_model_from_string(model)


def test_a_value_that_only_an_inner_graph_takes_is_kept():
    branch = helper.make_graph(
        [helper.make_node("Identity", ["outer"], ["inner"])],
        "branch",
        [],
        [helper.make_tensor_value_info("inner", TensorProto.FLOAT, None)],
    )
    nodes = [
        helper.make_node("Cast", ["image"], ["outer"], to=TensorProto.FLOAT),
        helper.make_node("If", ["yes"], ["chosen"], then_branch=branch, else_branch=branch),
        helper.make_node("Neg", ["outer"], ["unused"]),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, [2])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("chosen", "unused")],
        [numpy_helper.from_array(np.array(True), "yes")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10).SerializeToString()
    found = outputs_of(keep_outputs(model, ["chosen"]), ["chosen"], np.array([3, 4], np.uint8))
    assert found[0].tolist() == [3.0, 4.0]


def test_an_output_that_does_not_exist_is_named():
    with pytest.raises(ValueError, match="no output nothing"):
        keep_outputs(tiny_model(), ["nothing"])


@pytest.mark.parametrize("bad", [b"", b"hello", b"\xff" * 40, b"\x3a\xff\xff\xff\xff\x0f", tiny_model()[:-20]])
def test_bytes_that_are_no_model_raise_a_value_error(bad):
    with pytest.raises(ValueError, match=r"protobuf|graph"):
        keep_outputs(bad, ["probabilities"])


def test_random_bytes_never_raise_anything_else():
    rng = np.random.default_rng(0)
    model = bytearray(tiny_model())
    for _ in range(300):
        broken = model.copy()
        for at in rng.integers(0, len(broken), 8):
            broken[at] = int(rng.integers(0, 256))
        try:
            keep_outputs(bytes(broken), ["probabilities"])
        except ValueError:
            continue
