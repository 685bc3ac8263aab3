import json

import pytest

from glyphsmith.cli import main
from glyphsmith.errors import ModelError
from glyphsmith.runtime import bench
from tiny_reader import tiny_reader


def test_the_bench_times_every_size_alone_and_in_a_batch(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(bench, "SIZES", ((28, 28), (60, 80)))
    path = tiny_reader(tmp_path / "tiny.onnx")
    assert main(["bench", str(path), "--json", "--seconds", "0.02"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert set(record) == {"model", "file_mb", "load_ms", "cold_ms", "peak_mb", "sizes", "machine"}
    assert [(row["height_px"], row["width_px"]) for row in record["sizes"]] == [(28, 28), (60, 80)]
    assert all(0 < row["ms_p50"] <= row["ms_p95"] and row["n"] >= 5 and row["batch_ms"] > 0 for row in record["sizes"])


def test_the_table_has_a_line_for_each_size(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(bench, "SIZES", ((28, 28),))
    monkeypatch.setattr(bench, "cold_start", lambda model: (200.0, None))
    assert main(["bench", str(tiny_reader(tmp_path / "tiny.onnx")), "--seconds", "0.02"]) == 0
    out = capsys.readouterr().out
    assert "28x28" in out
    assert "0.20 s" in out
    assert "one thread" in out


def test_a_file_that_is_no_reader_is_refused_before_anything_is_timed(tmp_path, capsys):
    (tmp_path / "no.onnx").write_bytes(b"no")
    assert main(["bench", str(tmp_path / "no.onnx")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")


def test_the_test_picture_is_the_same_at_every_call():
    first, second = bench.test_picture(28, 40), bench.test_picture(28, 40)
    assert first.shape == (28, 40, 3)
    assert (first == second).all()
    assert first.min() < 60 < 200 < first.max()


def test_a_module_in_this_folder_is_none_of_ours(tmp_path, monkeypatch):
    tiny_reader(tmp_path / "-tiny.onnx")
    (tmp_path / "json.py").write_text("raise SystemExit('mine')")
    monkeypatch.chdir(tmp_path)
    median_ms, _ = bench.cold_start("-tiny.onnx", rounds=1)
    assert median_ms > 0


def test_a_process_that_fails_is_an_error_in_one_sentence(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match=r"nowhere\.onnx: `glyphsmith read` fails in a process of its own: error: "):
        bench.cold_start("nowhere.onnx", rounds=1)
