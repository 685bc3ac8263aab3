import numpy as np
import onnxruntime as ort
import pytest

from glyphsmith.errors import ModelError
from glyphsmith.runtime.prune import keep_outputs
from glyphsmith.runtime.session import Preparer, open_session, run
from glyphsmith.runtime.store import shipped
from tiny_reader import expected_probabilities, picture_of, tiny_model


def test_a_preparation_graph_is_a_function_from_pixels_to_what_the_network_sees():
    prepare = Preparer(tiny_model())
    found = prepare(np.stack([picture_of(2), picture_of(7)]))
    assert found.shape == (2, 1, 8, 8)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[0], picture_of(2)[0, 0, 0] / 255.0, atol=1e-3)
    assert [stage.shape for stage in prepare.stages(picture_of(2)[None], ["prepared", "stage_grey"])] == [
        (1, 1, 8, 8),
        (1, 1, 20, 30),
    ]


def test_outputs_come_in_the_order_they_are_asked_for():
    session = open_session(tiny_model())
    logits, probabilities = run(session, ["logits", "probabilities"], picture_of(3)[None])
    np.testing.assert_allclose(probabilities[0], expected_probabilities(picture_of(3)), atol=2e-5)
    assert logits[0].argmax() == 3


def test_bytes_that_are_no_graph_and_outputs_that_do_not_exist_are_model_errors(capfd):
    with pytest.raises(ModelError, match="no valid ONNX graph"):
        open_session(b"nothing")
    with pytest.raises(ModelError, match="no output x"):
        open_session(tiny_model(), ["x"])
    with pytest.raises(ModelError):
        Preparer(b"")
    assert capfd.readouterr() == ("", "")


def test_pictures_of_a_wrong_kind_are_a_model_error():
    with pytest.raises(ModelError, match="shape"):
        run(open_session(tiny_model()), ["probabilities"], np.zeros((1, 4, 4, 5), np.uint8))


@pytest.mark.parametrize("name", ["digits", "captcha"])
def test_what_makes_a_session_open_sooner_changes_no_answer(name):
    model = keep_outputs(shipped()[name].read_bytes(), ["probabilities"])
    ours = open_session(model)
    assert ours.get_session_options().enable_mem_reuse is False
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    plain = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    for shape in ((3, 28, 28, 3), (1, 120, 90, 3)):
        images = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
        np.testing.assert_array_equal(
            run(ours, ["probabilities"], images)[0], plain.run(["probabilities"], {"image": images})[0]
        )


@pytest.mark.parametrize(
    "words",
    [
        "Non-zero status code: /onnxruntime/core/framework/bfc_arena.cc:360 void* onnxruntime::BFCArena",
        "std::bad_alloc",
        "Failed to allocate memory for requested buffer of size 768000000",
    ],
)
def test_too_little_memory_is_said_in_our_words(words):
    class Session:
        def run(self, outputs, given):
            raise RuntimeError(words)

    with pytest.raises(ModelError, match=r"not enough memory for pictures of shape \(1, 20, 30, 3\)"):
        run(Session(), ["logits"], picture_of(3)[None])


@pytest.mark.parametrize("name", ["digits", "captcha", "arithmetic"])
def test_a_graph_that_is_run_as_it_is_written_gives_the_same_answers_but_for_rounding(name):
    model = keep_outputs(shipped()[name].read_bytes(), ["probabilities"])
    plain, ours = open_session(model, plain=True), open_session(model)
    images = np.random.default_rng(0).integers(0, 256, (3, 60, 160, 3), dtype=np.uint8)
    found, wanted = (run(session, ["probabilities"], images)[0] for session in (plain, ours))
    np.testing.assert_allclose(found, wanted, atol=2e-5)
