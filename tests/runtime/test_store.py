import pytest

from glyphsmith.errors import ModelError
from glyphsmith.runtime import store
from tiny_reader import tiny_reader


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    folder = tmp_path / "readers"
    folder.mkdir()
    tiny_reader(folder / "digits.onnx")
    monkeypatch.setattr(store, "_READERS", folder)
    return folder


def test_a_file_a_run_folder_and_a_shipped_name_are_all_models(tmp_path, shipped):
    file = tiny_reader(tmp_path / "mine.onnx")
    run = tmp_path / "run"
    run.mkdir()
    tiny_reader(run / "model.onnx")
    assert store.resolve(str(file)) == file
    assert store.resolve(run) == run / "model.onnx"
    assert store.resolve("digits") == shipped / "digits.onnx"


def test_a_run_folder_goes_before_a_shipped_reader_of_its_name(tmp_path, shipped, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "digits").mkdir()
    assert store.resolve("digits") == shipped / "digits.onnx"  # an unfinished or foreign folder does not hide it
    tiny_reader(tmp_path / "digits" / "model.onnx")
    assert store.resolve("digits").resolve() == tmp_path / "digits" / "model.onnx"


def test_a_misspelt_name_is_met_with_the_right_one(shipped):
    with pytest.raises(ModelError) as caught:
        store.resolve("digts")
    assert caught.value.hint == "did you mean digits?"


def test_a_strange_name_is_met_with_what_there_is(shipped):
    with pytest.raises(ModelError) as caught:
        store.resolve("zebra")
    assert "digits" in caught.value.hint


def test_a_missing_file_is_met_with_its_neighbour(tmp_path, shipped):
    tiny_reader(tmp_path / "mine.onnx")
    with pytest.raises(ModelError, match="no such file") as caught:
        store.resolve(tmp_path / "mune.onnx")
    assert "mine.onnx" in caught.value.hint


def test_a_file_in_a_folder_that_does_not_exist(tmp_path, shipped):
    with pytest.raises(ModelError, match="no such file") as caught:
        store.resolve(tmp_path / "nowhere" / "mine.onnx")
    assert "no folder" in caught.value.hint


def test_a_run_folder_without_a_model_says_how_to_go_on(tmp_path, shipped):
    with pytest.raises(ModelError, match=r"holds no model\.onnx") as caught:
        store.resolve(tmp_path)
    assert "--resume" in caught.value.hint
