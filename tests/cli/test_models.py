import json

import pytest

from glyphsmith.cli import main
from glyphsmith.runtime import store
from tiny_reader import tiny_reader


@pytest.fixture
def readers(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "_READERS", tmp_path)
    return tmp_path


def test_the_table_is_made_of_the_cards(readers, capsys):
    tiny_reader(readers / "tiny.onnx")
    assert main(["models"]) == 0
    out = capsys.readouterr().out
    for word in ("tiny", "10 labels", "tells how bright", "test: 90.00 % right", "100 pictures"):
        assert word in out


def test_the_json_document_lists_every_reader(readers, capsys):
    tiny_reader(readers / "b.onnx", "ᚠᚢ")
    tiny_reader(readers / "a.onnx")
    assert main(["models", "--json"]) == 0
    records = json.loads(capsys.readouterr().out)
    assert [record["name"] for record in records] == ["a", "b"]
    assert records[1]["labels"] == ["ᚠ", "ᚢ"]
    assert set(records[0]) == {"name", "task", "about", "labels", "file_mb", "reject_below", "figures", "path"}


def test_a_damaged_reader_is_said_and_hides_no_other(readers, capsys):
    tiny_reader(readers / "good.onnx")
    (readers / "bad.onnx").write_bytes(b"no")
    assert main(["models"]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("good")
    assert "bad.onnx" in err


def test_an_installation_without_readers_says_so(readers, capsys):
    assert main(["models"]) == 0
    assert "no reader" in capsys.readouterr().err
