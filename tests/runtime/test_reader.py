import io
import threading

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from PIL import Image

import glyphsmith
from glyphsmith.card import CARD_KEY, SCHEMA
from glyphsmith.errors import ModelError, PictureError
from glyphsmith.results import Failure
from glyphsmith.runtime import reader as reader_module
from glyphsmith.runtime.reader import open_reader
from tiny_reader import DIGITS, expected_probabilities, picture_of, reseal, tiny_card, tiny_model, tiny_reader
from tiny_text_reader import tiny_text_model


@pytest.fixture(scope="module")
def reader():
    return open_reader(tiny_model())


def png(tmp_path, name, picture):
    path = tmp_path / name
    Image.fromarray(picture).save(path)
    return path


# --- a graph is optimised when that pays -----------------------------------------------------------------------------


@pytest.fixture
def opened(monkeypatch):
    """What sessions are opened: the outputs, and whether the graph is run as it is written."""
    openings = []
    real = reader_module.open_session

    def noted(model, outputs=None, *, threads=1, plain=False):
        openings.append((*(outputs or ["all"]), "plain" if plain else "optimised"))
        return real(model, outputs, threads=threads, plain=plain)

    monkeypatch.setattr(reader_module, "open_session", noted)
    return openings


def test_the_graph_is_optimised_once_more_than_a_few_pictures_were_read(opened):
    reader = open_reader(tiny_model())
    first = [reader.read(picture_of(4)).confidence for _ in range(reader_module.FEW - 1)]
    assert reader.class_map(picture_of(4)).shape == (10, 8, 8)
    assert opened == [("all", "plain")]
    after = [reader.read(picture_of(4)).confidence for _ in range(3)]
    assert opened == [("all", "plain"), ("probabilities", "optimised")]
    assert [*first, *after] == pytest.approx([first[0]] * (reader_module.FEW + 2), abs=1e-5)


def test_a_reader_in_8_bits_reads_as_such_from_the_first_picture_on(opened):
    reader = open_reader("sprites")
    reader.probabilities(np.full((1, 20, 18, 3), 255, np.uint8))
    assert opened == [("probabilities", "optimised")]


# --- one picture, many pictures ---------------------------------------------------------------------------------------


def test_a_picture_is_read_from_a_path_bytes_an_array_and_pil_alike(reader, tmp_path):
    path = png(tmp_path, "four.png", picture_of(4))
    sources = [path, str(path), path.read_bytes(), picture_of(4), Image.open(path)]
    readings = [reader.read(source) for source in sources]
    assert [reading.label for reading in readings] == ["4"] * 5
    assert len({reading.confidence for reading in readings}) == 1
    assert [reading.path for reading in readings] == [str(path), str(path), None, None, None]


def test_a_file_opened_in_binary_is_one_picture_and_not_its_lines(reader, tmp_path):
    path = png(tmp_path, "four.png", picture_of(4))
    with open(path, "rb") as file:
        reading = reader.read(file)
    assert (reading.label, reading.path) == ("4", str(path))
    with open(path, "rb") as file:
        many = reader.read([file, io.BytesIO(path.read_bytes())])
    assert [(one.label, one.path) for one in many] == [("4", str(path)), ("4", None)]


def test_the_scores_are_the_known_function_of_the_pixels(reader):
    rng = np.random.default_rng(0)
    for height, width in ((1, 1), (1, 50), (33, 7), (200, 300)):
        picture = rng.integers(0, 256, (height, width, 3)).astype(np.uint8)
        found = reader.probabilities(picture[None])
        np.testing.assert_allclose(found[0], expected_probabilities(picture), atol=2e-5)
        assert reader.logits(picture[None]).shape == (1, 10)


def test_a_list_gives_answers_in_order_whatever_the_sizes(reader):
    rng = np.random.default_rng(1)
    wanted = rng.integers(0, 10, 150)
    pictures = [picture_of(int(k), height=int(rng.choice([9, 20])), width=int(rng.choice([9, 31]))) for k in wanted]
    assert [reading.label for reading in reader.read(pictures)] == [str(k) for k in wanted]
    assert [reading.label for reading in reader.read(iter(pictures))] == [str(k) for k in wanted]


def test_an_array_of_four_axes_is_a_batch_of_three_one_picture(reader):
    batch = np.stack([picture_of(k) for k in (1, 5, 9)])
    assert [reading.label for reading in reader.read(batch)] == ["1", "5", "9"]
    assert reader.read(batch[0]).label == "1"
    assert reader.read(np.empty((0, 8, 8, 3), np.uint8)) == []
    assert reader.read([]) == []


def test_a_picture_reads_the_same_alone_and_in_a_batch(reader):
    rng = np.random.default_rng(2)
    pictures = [rng.integers(0, 256, (12, 12, 3)).astype(np.uint8) for _ in range(70)]
    alone = [reader.read(picture) for picture in pictures]
    for one, other in zip(alone, reader.read(pictures), strict=True):
        assert one.label == other.label
        assert one.confidence == pytest.approx(other.confidence, abs=1e-6)


def test_pictures_of_one_size_go_through_in_one_call_of_at_most_64(monkeypatch):
    reader = open_reader(tiny_model())
    calls = []
    whole = reader.probabilities
    monkeypatch.setattr(reader, "probabilities", lambda images: (calls.append(len(images)), whole(images))[1])
    reader.read([picture_of(3)] * 130)
    assert calls == [64, 64, 2]


def test_large_pictures_are_not_piled_up(monkeypatch):
    reader = open_reader(tiny_model())
    monkeypatch.setattr(reader_module, "BATCH_PIXELS", 1000)
    calls = []
    whole = reader.probabilities
    monkeypatch.setattr(reader, "probabilities", lambda images: (calls.append(len(images)), whole(images))[1])
    reader.read([picture_of(3, height=20, width=30)] * 5)
    assert calls == [2, 2, 1]


def test_one_corrupt_picture_never_stops_the_others(reader, tmp_path):
    good = png(tmp_path, "good.png", picture_of(7))
    bad = tmp_path / "bad.png"
    bad.write_bytes(good.read_bytes()[:40])
    answers = reader.read([good, bad, tmp_path / "none.png", 17, good])
    assert [answer.label for answer in answers] == ["7", None, None, None, "7"]
    assert [isinstance(answer, Failure) for answer in answers] == [False, True, True, True, False]
    assert answers[1].path == str(bad)
    assert "none.png: no such file" in answers[2].error


def test_one_corrupt_picture_alone_raises(reader, tmp_path):
    with pytest.raises(PictureError, match="no such file"):
        reader.read(tmp_path / "none.png")
    with pytest.raises(PictureError, match="empty"):
        reader.read(b"")


def test_too_little_memory_for_one_picture_never_stops_the_others(reader, tmp_path, monkeypatch):
    whole = reader.probabilities

    def small_machine(images):
        if images[0].size > 5000:
            raise MemoryError
        return whole(images)

    monkeypatch.setattr(reader, "probabilities", small_machine)
    large = png(tmp_path, "large.png", picture_of(7, height=90, width=90))
    answers = reader.read([picture_of(1), large, picture_of(2)])
    assert [answer.label for answer in answers] == ["1", None, "2"]
    assert answers[1].error == f"{large}: there is not enough memory to read it"


def test_a_failure_has_null_where_the_answer_of_its_reader_stands():
    for file, keys in (
        (tiny_model(), ["label"]),
        (tiny_text_model(), ["text"]),
        (tiny_text_model(arithmetic=True), ["text", "value"]),
    ):
        (failed,) = open_reader(file).read([b""])
        record = failed.as_dict()
        assert list(record) == ["path", *keys, "confidence", "error"]
        assert [record[key] for key in keys] == [None] * len(keys)
        assert (failed.label, failed.text, failed.value) == (None, None, None)


def test_reading_streams(reader):
    taken = []

    def endless():
        while True:
            taken.append(1)
            yield picture_of(2)

    answers = reader.read_each(endless())
    assert next(answers).label == "2"
    assert len(taken) <= reader_module.BATCH


def test_reading_from_several_threads_gives_each_its_own_answers(reader):
    wrong = []

    def work(k):
        answers = {reader.read(picture_of(k)).label for _ in range(20)}
        shapes = {reader.class_map(picture_of(k)).shape for _ in range(20)}
        if answers != {str(k)} or shapes != {(10, 8, 8)}:
            wrong.append(k)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# --- top, reject ------------------------------------------------------------------------------------------------------


def test_top_holds_as_many_labels_as_asked_for(reader):
    assert [label for label, _ in reader.read(picture_of(5), top=3).top][:1] == ["5"]
    assert len(reader.read(picture_of(5), top=4).top) == 4
    assert reader.read(picture_of(5), top=0).top == ()
    with pytest.raises(ValueError, match="top is -1"):
        reader.read(picture_of(5), top=-1)


def test_the_card_says_below_which_confidence_to_refuse_and_the_caller_may_differ():
    reader = open_reader(tiny_model(card=tiny_card(reject_below=0.99)))
    refused = reader.read(picture_of(4))
    assert refused.label is None
    assert "below 0.99" in refused.reason
    assert refused.confidence > 0.9
    assert reader.read(picture_of(4), reject=0.0).label == "4"
    knowing = open_reader(tiny_model(card=tiny_card(none_below=1.1)))
    assert knowing.read(picture_of(4)).label is None
    assert knowing.read(picture_of(4), reject=0.01).label is None
    assert knowing.read(picture_of(4), reject=0.0).label == "4"
    with pytest.raises(ValueError, match="reject is 2"):
        reader.read(picture_of(4), reject=2)


@pytest.mark.parametrize(
    "picture",
    [
        np.full((20, 30, 3), 255, np.uint8),
        np.zeros((20, 30, 4), np.uint8),
        np.full((1, 1), 128, np.uint8),
        np.broadcast_to(np.array([200, 30, 90], np.uint8), (9, 9, 3)),
    ],
    ids=["white", "transparent", "1x1", "one colour"],
)
def test_a_blank_picture_has_no_label_unless_nothing_may_be_refused(reader, picture):
    refused = reader.read(picture)
    assert (refused.label, refused.reason) == (None, "the picture is blank")
    assert refused.as_dict() == {**refused.as_dict(), "label": None, "reason": "the picture is blank"}
    assert refused.top[0][0] == reader.read(picture, reject=0.0).label
    assert refused.confidence == reader.read(picture, reject=0.0).confidence > 0


def test_one_pixel_that_differs_is_no_blank_picture(reader):
    for row, column in ((0, 0), (0, 29), (19, 0), (19, 29)):
        picture = np.full((20, 30, 3), 140, np.uint8)
        picture[row, column, 2] = 141
        assert reader.read(picture).label == "5"


def test_a_blank_picture_is_an_empty_text_to_a_reader_of_texts():
    assert open_reader(tiny_text_model()).read(np.full((20, 30, 3), 255, np.uint8)).reason is None


# --- stages, map ------------------------------------------------------------------------------------------------------


def test_the_stages_come_with_their_captions(reader):
    picture = picture_of(6, height=20, width=30)
    stages = reader.stages(picture)
    assert [(caption, values.shape) for caption, values in stages] == [("grey", (20, 30)), ("resized to 8x8", (8, 8))]
    np.testing.assert_allclose(stages[0][1], picture[:, :, 0] / 255.0, atol=1e-6)
    assert open_reader(tiny_model(card=tiny_card(stages=()))).stages(picture) == []


def test_a_class_map_has_a_plane_for_each_label(reader):
    assert reader.class_map(picture_of(6)).shape == (10, 8, 8)


def test_a_file_without_a_map_says_so():
    model = onnx.load_model_from_string(tiny_model())
    del model.graph.output[2]
    reader = open_reader(reseal(model.SerializeToString()))
    assert reader.read(picture_of(3)).label == "3"
    with pytest.raises(ModelError, match="no output map"):
        reader.class_map(picture_of(3))


def test_a_picture_that_breaks_the_file_fails_alone():
    model = onnx.load_model_from_string(tiny_model())
    # A reader that gives NaN for a black picture: 0 / 0.
    for node in model.graph.node:
        if node.output[0] == "mean_column":
            node.output[0] = "mean_before"
    at = next(i for i, node in enumerate(model.graph.node) if node.output[0] == "position")
    model.graph.node.insert(at, helper.make_node("Mul", ["ratio", "mean_before"], ["mean_column"]))
    model.graph.node.insert(at, helper.make_node("Div", ["mean_before", "mean_before"], ["ratio"]))
    reader = open_reader(reseal(model.SerializeToString()))
    black, grey = np.zeros((8, 8, 3), np.uint8), picture_of(5, height=8, width=8)
    answers = reader.read([grey, black, grey])
    assert [answer.label for answer in answers] == ["5", None, "5"]
    assert "no finite answer" in answers[1].error


# --- opening ----------------------------------------------------------------------------------------------------------


def test_load_opens_a_reader_by_path(tmp_path):
    path = tiny_reader(tmp_path / "a reader ᚠ.onnx", "ᚠᚢᚦ")
    reader = glyphsmith.load(path)
    assert reader.name == "tiny"
    assert reader.file_bytes == path.stat().st_size
    assert reader.card == tiny_card("ᚠᚢᚦ")
    assert reader.read(picture_of(1, 3)).label == "ᚢ"
    assert "3 labels" in repr(reader)


def edited_card(file, **changes):
    """Change the card of a file and seal it anew."""
    model = onnx.load_model_from_string(file)
    entry = next(entry for entry in model.metadata_props if entry.key == CARD_KEY)
    import json

    entry.value = json.dumps({**json.loads(entry.value), **changes}, ensure_ascii=False)
    return reseal(model.SerializeToString())


GOOD = tiny_model()
HOSTILE = {
    "empty": (b"", "empty"),
    "text": (b"I am no model at all", "not a Glyphsmith reader"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(200), "not a Glyphsmith reader"),
    "truncated": (GOOD[: len(GOOD) // 2], "not a Glyphsmith reader"),
    "last byte cut": (GOOD[:-1], "not a Glyphsmith reader|changed after"),
    "byte added": (GOOD + b"\x00", "changed after it was written"),
    "weight changed": (GOOD.replace(np.float32(-4.0).tobytes(), np.float32(-3.0).tobytes(), 1), "changed after"),
    "label changed": (GOOD.replace(b'"0", "1"', b'"O", "1"', 1), "changed after"),
    "never sealed": (tiny_model(sealed=False), "changed after"),
    "label taken off": (edited_card(GOOD, alphabet=list(DIGITS[:9])), "alphabet has 9 labels"),
    "label put on": (edited_card(GOOD, alphabet=[*DIGITS, "x"]), "alphabet has 11 labels"),
    "label doubled": (edited_card(GOOD, alphabet=["1", *DIGITS[1:]]), "holds a label twice"),
    "other network": (tiny_model(outputs=12), "alphabet has 10 labels"),
    "newer schema": (edited_card(GOOD, schema=SCHEMA + 1), "schema"),
    "strange key": (edited_card(GOOD, colour="red"), "unknown colour"),
    "strange task": (edited_card(GOOD, task="song"), "task 'song'"),
    "stage that is not there": (edited_card(GOOD, stages=[["stage_x", "x"]]), "stage_x, which the graph does not have"),
}


@pytest.mark.parametrize(("file", "message"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_file_that_is_no_whole_reader_is_refused_in_one_sentence(file, message, tmp_path, capfd):
    path = tmp_path / "model.onnx"
    path.write_bytes(file)
    with pytest.raises(ModelError, match=message) as caught:
        open_reader(path)
    assert str(path) in caught.value.message
    assert "\n" not in caught.value.message
    assert capfd.readouterr() == ("", "")  # ONNX Runtime does not speak in between


def test_a_newer_card_says_to_upgrade():
    with pytest.raises(ModelError) as caught:
        open_reader(edited_card(GOOD, schema=SCHEMA + 1))
    assert "upgrade" in caught.value.hint


def forged(change):
    model = onnx.load_model_from_string(GOOD)
    change(model)
    return reseal(model.SerializeToString())


def rename_input(model):
    model.graph.input[0].name = "picture"
    model.graph.node[0].input[0] = "picture"


def unknown_operator(model):
    model.graph.node[0].op_type = "Telepathy"


def no_card(model):
    del model.metadata_props[0]


def four_channels(model):
    model.graph.input[0].CopyFrom(helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", "H", "W", 4]))


def float_input(model):
    model.graph.input[0].CopyFrom(helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", "H", "W", 3]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (rename_input, "the graph takes"),
        (unknown_operator, "no valid ONNX graph"),
        (no_card, "carries no card"),
        (four_channels, "the graph takes"),
        (float_input, "the graph takes"),
    ],
)
def test_a_forged_graph_with_a_fresh_seal_is_refused(change, message, capfd):
    with pytest.raises(ModelError, match=message):
        open_reader(forged(change))
    assert capfd.readouterr() == ("", "")


def test_a_sealed_file_that_is_no_graph_is_refused():
    from glyphsmith.card import seal, unsealed_value

    with pytest.raises(ModelError, match="no valid ONNX graph"):
        open_reader(seal(b"not a graph " + unsealed_value().encode()))


def test_a_file_larger_than_any_model_is_refused_before_it_is_read(tmp_path, monkeypatch):
    path = tiny_reader(tmp_path / "model.onnx")
    monkeypatch.setattr(reader_module, "MAX_FILE_BYTES", 100)
    with pytest.raises(ModelError, match="more than an ONNX file can hold"):
        open_reader(path)
