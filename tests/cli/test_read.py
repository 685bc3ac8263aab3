import io
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from glyphsmith.cli import main
from painted_sheet import paint_sheet
from tiny_reader import picture_of, tiny_card, tiny_reader


@pytest.fixture
def album(tmp_path, monkeypatch):
    """A folder with a reader and three pictures that read as 1, 5 and 8."""
    monkeypatch.chdir(tmp_path)
    tiny_reader(tmp_path / "tiny.onnx")
    for k in (1, 5, 8):
        path = tmp_path / "pics" / f"a {k} ᚠ.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(picture_of(k)).save(path)
    return tmp_path


@pytest.fixture
def run(capfd):
    def command(*words):
        capfd.readouterr()
        status = main([str(word) for word in words])
        out, err = capfd.readouterr()
        return status, out, err

    return command


def test_a_line_a_picture_with_path_label_and_confidence(album, run):
    status, out, err = run("read", "tiny.onnx", "pics")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert [line.rsplit("  ", 2)[1].strip() for line in lines] == ["1", "5", "8"]
    assert all(line.endswith("%") for line in lines)
    assert lines[0].startswith(str(Path("pics", "a 1 ᚠ.png")))


def test_a_json_line_a_picture_with_the_keys_of_the_contract(album, run):
    status, out, _ = run("read", "tiny.onnx", "pics", "--json")
    records = [json.loads(line) for line in out.splitlines()]
    assert status == 0
    assert [record["label"] for record in records] == ["1", "5", "8"]
    assert [list(record) for record in records] == [["path", "label", "confidence", "top"]] * 3
    assert [len(record["top"]) for record in records] == [3] * 3


def test_top_and_reject_are_obeyed(album, run):
    _, out, _ = run("read", "tiny.onnx", "pics", "--json", "--top", "5", "--reject", "0.99")
    record = json.loads(out.splitlines()[0])
    assert record["label"] is None
    assert len(record["top"]) == 5
    assert "below 0.99" in record["reason"]
    status, out, _ = run("read", "tiny.onnx", "pics", "--reject", "0.99", "--top", "2")
    assert status == 0
    assert "  -  " in out
    assert "is below 0.99" in out


def test_one_corrupt_picture_gives_status_1_and_stands_in_its_place(album, run):
    (album / "pics" / "b.png").write_bytes(b"")
    (album / "pics" / "c.png").write_bytes(b"no picture")
    status, out, _ = run("read", "tiny.onnx", "pics", "--json")
    records = [json.loads(line) for line in out.splitlines()]
    assert status == 1
    assert [record["label"] for record in records] == ["1", "5", "8", None, None]
    assert ["error" in record for record in records] == [False, False, False, True, True]
    status, out, err = run("read", "tiny.onnx", "pics")
    assert status == 1
    assert len(out.splitlines()) == 3
    assert "2 of 5 pictures could not be read" in err


def test_a_picture_comes_through_standard_input(album, run, monkeypatch):
    data = (album / "pics" / "a 5 ᚠ.png").read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    status, out, _ = run("read", "tiny.onnx", "-", "--json")
    assert status == 0
    assert json.loads(out)["path"] == "-"
    assert json.loads(out)["label"] == "5"


def test_patterns_are_expanded_where_the_shell_does_not(album, run):
    status, out, _ = run("read", "tiny.onnx", "pics/a [15]*.png", "--json")
    assert status == 0
    assert [json.loads(line)["label"] for line in out.splitlines()] == ["1", "5"]


def test_chinese_labels_keep_the_columns(tmp_path, run):
    tiny_reader(tmp_path / "t.onnx", ("流", "a"), card=tiny_card(("流", "a")))
    for k in (0, 1):
        Image.fromarray(picture_of(k, 2)).save(tmp_path / f"{k}.png")
    _, out, _ = run("read", tmp_path / "t.onnx", tmp_path / "0.png", tmp_path / "1.png")
    first, second = out.splitlines()
    # In a terminal 流 takes two columns, so its line is shorter by one sign.
    assert len(second) - len(first) == 1


def test_steps_draws_a_figure(album, run):
    status, out, err = run("read", "tiny.onnx", "pics", "--steps", "out.png")
    assert status == 0
    assert len(out.splitlines()) == 3
    assert "3 of 3 pictures drawn" in err
    with Image.open(album / "out.png") as figure:
        assert figure.width > 500
        assert figure.height > 600


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["read", "tiny.onnx", "pics", "--steps", "out.jpg"], "PNG"),
        (["read", "tiny.onnx", "pics", "--steps", "no/where.png"], "no folder"),
        (["read", "tiny.onnx", "pics", "--reject", "2"], "reject"),
        (["read", "tiny.onnx", "pics", "--top", "-1"], "top"),
        (["read", "tiny.onnx"], "PICTURE"),
        (["read", "tiny.onnx", "nothing*.png"], "no file matches"),
        (["read", "tinny.onnx", "pics"], "did you mean"),
    ],
)
def test_wrong_usage_is_status_2_one_error_and_nothing_on_stdout(album, run, words, said):
    status, out, err = run(*words)
    assert status == 2
    assert out == ""
    assert said in err
    assert "Traceback" not in err
    assert not (album / "out.jpg").exists()


def test_find_reads_a_sheet_in_order(album, run):
    sheet = paint_sheet(("12", "345"), size=(500, 700))
    Image.fromarray(sheet.picture).save(album / "sheet.png")
    status, out, _ = run("read", "tiny.onnx", "sheet.png", "--find", "--json")
    record = json.loads(out)
    assert status == 0
    assert list(record) == ["path", "text", "confidence", "characters"]
    assert [len(line) for line in record["text"].split("\n")] == [2, 3]
    assert len(record["characters"]) == 5
    assert {tuple(character) for character in record["characters"]} == {("label", "confidence", "top", "box")}
    for character, (x, y) in zip(record["characters"], [p for line in sheet.centres for p in line], strict=True):
        left, top, width, height = character["box"]
        assert left < x < left + width
        assert top < y < top + height
    status, out, err = run("read", "tiny.onnx", "sheet.png", "--find", "--steps", "found.png")
    assert status == 0
    assert len(out.splitlines()) == 2
    assert "1 of 1 pictures drawn" in err


def test_a_sheet_without_glyphs_is_a_failed_picture(album, run):
    Image.fromarray(np.full((300, 300, 3), 200, np.uint8)).save(album / "blank.png")
    status, out, _ = run("read", "tiny.onnx", "blank.png", "--find", "--json")
    assert status == 1
    assert "no glyph was found" in json.loads(out)["error"]


def test_a_pipe_that_closes_ends_the_command_quietly(album):
    for k in range(300):
        Image.fromarray(picture_of(3)).save(album / "pics" / f"z{k}.png")
    command = [sys.executable, "-m", "glyphsmith", "read", "tiny.onnx", "pics", "--json"]
    with subprocess.Popen(command, cwd=album, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline().startswith(b"{")
        process.stdout.close()
        assert process.stderr.read() == b""
        process.wait(60)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_an_interrupt_is_status_130(album):
    # A pipe without a writer's end keeps the command waiting for its picture.
    command = [
        sys.executable,
        "-c",
        # A shell's background jobs ignore SIGINT, and so would this child of a test run started as one.
        (
            "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
            "import glyphsmith.cli, sys; print('up', flush=True); sys.exit(glyphsmith.cli.main())"
        ),
    ]
    words = ["read", "tiny.onnx", "-"]
    with subprocess.Popen(
        [*command, *words], cwd=album, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"up\n"
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert b"Traceback" not in process.stderr.read()
