import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from glyphsmith.cli import main, shown
from painted_sheet import paint_sheet
from tiny_reader import picture_of, tiny_card, tiny_reader
from tiny_text_reader import tiny_text_reader


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
        (["read", "tiny.onnx", "pics", "--steps", "pics.png"], "is a folder"),
        (["read", "tiny.onnx", "pics", "--reject", "2"], "reject"),
        (["read", "tiny.onnx", "pics", "--top", "-1"], "top"),
        (["read", "tiny.onnx"], "PICTURE"),
        (["read", "tiny.onnx", "nothing*.png"], "no file matches"),
        (["read", "tinny.onnx", "pics"], "did you mean"),
    ],
)
def test_wrong_usage_is_status_2_one_error_and_nothing_on_stdout(album, run, words, said):
    (album / "pics.png").mkdir()
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
    assert "1 of 1 picture drawn" in err


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


def test_one_huge_file_fails_in_its_place(album, run):
    (album / "big.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    os.truncate(album / "big.png", 6 * 1024**3)
    status, out, err = run("read", "tiny.onnx", "pics/a 5 ᚠ.png", "big.png", "pics/a 8 ᚠ.png", "--json")
    records = [json.loads(line) for line in out.splitlines()]
    assert status == 1
    assert [record["label"] for record in records] == ["5", None, "8"]
    assert "a picture file has at most 536,870,912" in records[1]["error"]
    assert "out of memory" not in err


def test_a_failed_picture_has_null_where_the_answer_stands(album, run):
    tiny_text_reader(album / "text.onnx")
    tiny_text_reader(album / "sums.onnx", arithmetic=True)
    (album / "b.png").write_bytes(b"")
    keys = {}
    for words in (["tiny.onnx"], ["text.onnx"], ["sums.onnx"], ["tiny.onnx", "--find"]):
        _, out, _ = run("read", *words, "b.png", "--json")
        keys[" ".join(words)] = {key for key, value in json.loads(out).items() if value is None}
    assert keys == {
        "tiny.onnx": {"label"},
        "text.onnx": {"text"},
        "sums.onnx": {"text", "value"},
        "tiny.onnx --find": {"text"},
    }


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of POSIX closes streams")
@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ("pics/*1*.png >&-", 0, ""),
        ("pics/*1*.png nix.png >&- 2>&-", 1, ""),
        ("pics/*1*.png nix.png 2>&-", 1, ""),
        ("- <&-", 2, "error: -: standard input is closed\n"),
    ],
)
def test_a_closed_stream_is_no_traceback(album, words, status, said):
    command = f'"{sys.executable}" -m glyphsmith read tiny.onnx {words}'
    done = subprocess.run(command, shell=True, cwd=album, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (status, said)
    assert done.stdout.count("%") == (">&- " not in f"{words} ".replace("2>&-", "") and status < 2)


@pytest.mark.parametrize("target", ["pics/a 5 ᚠ.png", "./pics/../pics/a 5 ᚠ.png", "link.png", "hard.png", "reader.png"])
def test_steps_never_replace_what_is_read(album, run, target):
    picture = album / "pics" / "a 5 ᚠ.png"
    (album / "link.png").symlink_to(picture)
    (album / "hard.png").hardlink_to(picture)
    (album / "tiny.onnx").rename(album / "reader.png")
    before = {path: path.read_bytes() for path in album.rglob("*") if path.is_file()}
    status, out, err = run("read", "reader.png", "pics", "--steps", target)
    assert (status, out) == (2, "")
    assert "this file is read, and would be replaced" in err
    assert before == {path: path.read_bytes() for path in album.rglob("*") if path.is_file()}


def test_a_blank_picture_is_refused_and_said_so(album, run):
    Image.new("L", (20, 20), 255).save(album / "blank.png")
    status, out, _ = run("read", "tiny.onnx", "blank.png")
    assert status == 0
    assert out.startswith("blank.png  -  ")
    assert "(the picture is blank)" in out
    _, out, _ = run("read", "tiny.onnx", "blank.png", "--json")
    assert list(json.loads(out)) == ["path", "label", "confidence", "top", "reason"]
    _, out, _ = run("read", "tiny.onnx", "blank.png", "--json", "--reject", "0")
    assert json.loads(out)["label"] == "9"


def test_an_empty_text_is_seen(album, run):
    tiny_text_reader(album / "text.onnx")
    words = ["read", "text.onnx", "pics/a 1 ᚠ.png", "--pattern", "(1)?", "--top", "2"]
    texts = [text for text, _ in json.loads(run(*words, "--json")[1])["top"]]
    assert sorted(texts) == ["", "1"]
    assert "(nothing) " in run(*words)[1]


def test_control_signs_are_shown_and_not_obeyed(tmp_path, run):
    alphabet = ("a\x1b[31m", "b\u202e")
    tiny_reader(tmp_path / "t.onnx", alphabet, card=tiny_card(alphabet))
    for k, name in enumerate(("e\x1b[2J.png", "line\nbreak.png")):
        Image.fromarray(picture_of(k, 2)).save(tmp_path / name)
    (tmp_path / "z\x07.png").write_bytes(b"")
    _, out, err = run("read", tmp_path / "t.onnx", tmp_path, "--top", "2")
    assert len(out.splitlines()) == 2
    for escaped in (r"e\x1b[2J.png", r"line\nbreak.png", r"a\x1b[31m", r"b\u202e"):
        assert escaped in out
    assert r"z\x07.png: the file is empty" in err
    assert not {"\x1b", "\x07", "\u202e"} & set(out + err)
    status, _, err = run("read", tmp_path / "no\x1b.onnx", tmp_path)
    assert status == 2
    assert r"no\x1b.onnx: no such file" in err
    # JSON has escapes of its own and keeps every label as it is.
    records = [json.loads(line) for line in run("read", tmp_path / "t.onnx", tmp_path, "--json")[1].splitlines()]
    assert [record["label"] for record in records] == [*alphabet, None]


def test_what_people_write_is_shown_as_it_is():
    for text in ("ᚠ流é", "a b", "👩\u200d🔬", "", "שלום"):
        assert shown(text) == text


def test_what_fails_because_it_was_interrupted_is_interrupted(monkeypatch, capfd):
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def loading(words):
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise ImportError("initialization failed") from None  # as modules in C do

    monkeypatch.setattr("glyphsmith.cli._run", loading)
    try:
        assert main(["read", "digits", "-"]) == 130
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert capfd.readouterr().err == "interrupted\n"
