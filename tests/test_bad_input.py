"""Whatever is handed in, the command line answers with one clear sentence; nothing is half-written, nothing lost."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drawn_signs import folder_of
from glyphsmith.cli import main
from tests.conftest import Command, Ended, Trained, run_glyphsmith, train_words
from tests.tiny_reader import tiny_card, tiny_reader


@pytest.fixture
def glyphsmith(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """Run the command line in an empty folder, in this process: most of these commands end before they begin."""
    monkeypatch.chdir(tmp_path)

    def command(*words: str | Path) -> Ended:
        capfd.readouterr()
        status = main([str(word) for word in words])
        out, err = capfd.readouterr()
        return Ended(status, out, err)

    return command


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    tiny_reader(tmp_path / "tiny.onnx")
    return tmp_path / "tiny.onnx"


def grey(path: Path, level: int = 128, size: tuple[int, int] = (12, 9)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.new("L", size, level)
    picture.putpixel((0, 0), level ^ 1)  # a blank one is refused
    picture.save(path)
    return path


def labelled(folder: Path, labels: str = "01", each: int = 4) -> Path:
    """Write a folder per class with small pictures that differ."""
    rng = np.random.default_rng(0)
    for label in labels:
        for number in range(each):
            (folder / label).mkdir(parents=True, exist_ok=True)
            Image.fromarray(rng.integers(0, 256, (9, 9), dtype=np.uint8)).save(folder / label / f"{number}.png")
    return folder


def listed(folder: Path) -> dict[str, bytes]:
    """Give every file below a folder with what is in it."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refused(ended: Ended, *said: str) -> None:
    """The command was wrong: status 2, nothing on stdout, one error with the words ``said``, no traceback."""
    assert ended.status == 2, ended
    assert ended.out == ""
    assert "Traceback" not in ended.err
    errors = [line for line in ended.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, ended.err
    for word in said:
        assert word in ended.err


# One picture that is none


def png_that_claims(width: int, height: int) -> bytes:
    """Give a PNG whose header claims a size and whose pixels are a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")
    )


def cut_off(kind: str) -> bytes:
    import io

    whole = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (60, 60, 3), dtype=np.uint8)
    Image.fromarray(noise).save(whole, kind)
    return whole.getvalue()[: len(whole.getvalue()) // 2]


BROKEN: dict[str, tuple[Callable[[], bytes], str]] = {
    "no picture": (lambda: b"Dear Sir or Madam,\n" * 20, "not a picture"),
    "0 bytes": (lambda: b"", "empty (0 bytes)"),
    "a truncated PNG": (lambda: cut_off("PNG"), "damaged or cut off"),
    "a truncated JPEG": (lambda: cut_off("JPEG"), "damaged or cut off"),
    "a truncated GIF": (lambda: cut_off("GIF"), "damaged or cut off"),
    "50 000 x 50 000 pixels": (lambda: png_that_claims(50_000, 50_000), "the limit of 64,000,000 pixels"),
    "a PNG without pixels": (lambda: png_that_claims(0, 7), "not a picture"),
    "an archive": (lambda: b"PK\x03\x04" + b"\0" * 40, "not a picture"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_picture_is_reported_in_its_place_and_stops_no_other(
    case: str, glyphsmith: Command, tiny: Path, tmp_path: Path
) -> None:
    make, reason = BROKEN[case]
    (tmp_path / "broken.png").write_bytes(make())
    grey(tmp_path / "good.png", 250)
    ended = glyphsmith("read", tiny, "good.png", "broken.png", "good.png", "--json")
    first, second, third = ended.json_lines()
    assert ended.status == 1
    assert first["label"] == third["label"] == "9"
    assert second["path"] == "broken.png"
    assert second["label"] is None
    assert reason in second["error"]
    assert "Traceback" not in ended.err

    alone = glyphsmith("read", tiny, "broken.png")
    assert alone.status == 1
    assert alone.out == ""
    assert reason in alone.err
    assert "Traceback" not in alone.err


def test_a_missing_picture_and_a_folder_without_pictures_are_said(
    glyphsmith: Command, tiny: Path, tmp_path: Path
) -> None:
    ended = glyphsmith("read", tiny, "nowhere.png", "--json")
    assert ended.status == 1
    assert ended.json_lines()[0]["error"].endswith("no such file")
    (tmp_path / "empty").mkdir()
    refused(glyphsmith("read", tiny, "empty"), "empty: the folder holds no picture", "hint: ")
    refused(glyphsmith("read", tiny, "*.webp"), "no file matches")


def unusual(kind: str, path: Path) -> None:
    if kind == "1x1":
        Image.new("L", (1, 1), 250).save(path)
    elif kind == "16-bit grey":
        Image.fromarray(np.full((9, 9), 64_000, np.uint16)).save(path)
    elif kind == "CMYK":
        Image.new("CMYK", (9, 9), (0, 0, 0, 5)).save(path)
    elif kind == "palette with transparency":
        picture = Image.new("P", (9, 9), 1)
        picture.putpalette([0, 0, 0, 250, 250, 250])
        picture.save(path, transparency=0)
    elif kind == "animated":
        frames = [Image.new("L", (9, 9), level) for level in (250, 0, 0)]
        frames[0].save(path, save_all=True, append_images=frames[1:])
    elif kind == "grey with alpha":
        Image.new("LA", (9, 9), (250, 255)).save(path)
    elif kind == "one bit":
        Image.new("1", (9, 9), 1).save(path)
    elif kind == "one row":
        Image.new("L", (3000, 1), 250).save(path)


@pytest.mark.parametrize(
    ("kind", "suffix"),
    [
        ("1x1", "png"), ("16-bit grey", "png"), ("16-bit grey", "tif"), ("CMYK", "jpg"), ("CMYK", "tif"),
        ("palette with transparency", "png"), ("palette with transparency", "gif"), ("animated", "gif"),
        ("animated", "webp"), ("grey with alpha", "png"), ("one bit", "bmp"), ("one row", "png"),
    ],
)  # fmt: skip
def test_an_unusual_picture_is_read_like_any_other(
    kind: str, suffix: str, glyphsmith: Command, tiny: Path, tmp_path: Path
) -> None:
    path = tmp_path / f"picture.{suffix}"
    unusual(kind, path)
    ended = glyphsmith("read", tiny, path, "--json", "--reject", "0")
    assert (ended.status, ended.err) == (0, "")
    assert ended.json_lines()[0]["label"] == "9"


# A model that is none


def test_what_is_no_reader_is_refused(glyphsmith: Command, tiny: Path, tmp_path: Path) -> None:
    picture = grey(tmp_path / "a.png")
    (tmp_path / "empty.onnx").write_bytes(b"")
    (tmp_path / "text.onnx").write_text("not a model")
    (tmp_path / "folder").mkdir()
    refused(glyphsmith("read", "empty.onnx", picture), "empty.onnx", "0 bytes")
    refused(glyphsmith("read", "text.onnx", picture), "text.onnx: not a Glyphsmith reader", "hint: ")
    refused(glyphsmith("read", "nowhere.onnx", picture), "nowhere.onnx: no such file")
    refused(glyphsmith("read", "tniy.onnx", picture), "hint: did you mean tiny.onnx?")
    refused(glyphsmith("read", "folder", picture), "folder: the folder holds no model.onnx", "hint: ")
    refused(glyphsmith("read", "dijits", picture), "dijits")
    refused(glyphsmith("eval", "text.onnx", "folder"), "not a Glyphsmith reader")
    refused(glyphsmith("bench", "text.onnx"), "not a Glyphsmith reader")
    refused(glyphsmith("explain", "text.onnx", picture, "--out", "why.png"), "not a Glyphsmith reader")
    assert not (tmp_path / "why.png").exists()


def test_a_file_changed_in_graph_card_or_alphabet_is_refused(glyphsmith: Command, tiny: Path, tmp_path: Path) -> None:
    picture = grey(tmp_path / "a.png")
    whole = tiny.read_bytes()
    label, figure = whole.index(b'"alphabet": ["0", "1"') + 14, whole.index(b'"accuracy": 0.9') + 14
    places = {"alphabet": label, "card": figure, "graph": len(whole) // 3, "first byte": 0, "last byte": len(whole) - 1}
    for part, place in places.items():
        changed = bytearray(whole)
        changed[place] ^= 1
        (tmp_path / "changed.onnx").write_bytes(changed)
        ended = glyphsmith("read", "changed.onnx", picture)
        refused(ended, "changed.onnx")
        assert "changed after it was written" in ended.err or "not a Glyphsmith reader" in ended.err, part
    (tmp_path / "changed.onnx").write_bytes(whole[:-100])
    refused(glyphsmith("read", "changed.onnx", picture), "changed.onnx")


def test_a_card_of_a_newer_schema_asks_for_a_newer_version(glyphsmith: Command, tmp_path: Path) -> None:
    tiny_reader(tmp_path / "newer.onnx", card=replace(tiny_card(), schema=99))
    ended = glyphsmith("read", "newer.onnx", grey(tmp_path / "a.png"))
    refused(ended, "schema 99", "hint: pip install --upgrade glyphsmith")


# Data that does not fit


def test_an_empty_folder_a_missing_one_and_one_without_labels_are_refused(
    glyphsmith: Command, tiny: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    for words in (["eval", tiny], ["data", "check"], ["data", "info"], ["data", "split"]):
        more = ["--out", "table.csv"] if words[-1] == "split" else []
        refused(glyphsmith(*words, "empty", *more), "empty")
        refused(glyphsmith(*words, "nowhere", *more), "nowhere")
    refused(glyphsmith("train", "empty", "--out", "run"), "empty")
    refused(glyphsmith("train", "nowhere", "--out", "run"), "nowhere")
    refused(glyphsmith("data", "import", "empty", "out.h5"), "empty")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "tiny.onnx"]


def test_a_label_outside_the_alphabet_is_counted_as_wrong_and_said(
    glyphsmith: Command, tiny: Path, tmp_path: Path
) -> None:
    grey(tmp_path / "data" / "9" / "a.png", 250)
    grey(tmp_path / "data" / "0" / "b.png", 1)
    grey(tmp_path / "data" / "ᚠ" / "c.png", 130)
    ended = glyphsmith("eval", tiny, "data", "--json")
    document = ended.json()
    assert ended.status == 0
    assert (document["n"], document["accuracy"]) == (3, pytest.approx(2 / 3, abs=1e-6))
    assert "warning: " in ended.err
    assert "ᚠ" in ended.err


def test_unreadable_pictures_of_a_data_set_are_listed_and_left_out(
    glyphsmith: Command, tiny: Path, tmp_path: Path
) -> None:
    grey(tmp_path / "data" / "9" / "a.png", 250)
    grey(tmp_path / "data" / "0" / "b.png", 1)
    (tmp_path / "data" / "0" / "cut.png").write_bytes(cut_off("PNG"))
    (tmp_path / "data" / "0" / "empty.png").write_bytes(b"")
    ended = glyphsmith("eval", tiny, "data", "--json")
    document = ended.json()
    assert ended.status == 1
    assert document["n"] == 2
    assert len(document["failed"]) == 2
    assert "cut.png" in ended.err
    checked = glyphsmith("data", "check", "data")
    assert "cut.png" in checked.out
    assert "empty.png" in checked.out


def test_only_broken_pictures_are_no_data(glyphsmith: Command, tiny: Path, tmp_path: Path) -> None:
    for label in "01":
        (tmp_path / "data" / label).mkdir(parents=True)
        (tmp_path / "data" / label / "a.png").write_bytes(b"no picture")
    ended = glyphsmith("train", "data", "--out", "run")
    assert (ended.status, ended.out) == (2, "")
    assert "error: data: none of its 2 pictures can be read" in ended.err
    assert not (tmp_path / "run").exists()


def test_one_class_alone_cannot_be_learned(glyphsmith: Command, tmp_path: Path) -> None:
    labelled(tmp_path / "data", "7", each=12)
    refused(glyphsmith("train", "data", "--out", "run"), "hint: ")
    assert not (tmp_path / "run").exists()


# Wrong words


def test_recipes_with_wrong_keys_or_values_are_refused_with_a_suggestion(glyphsmith: Command, tmp_path: Path) -> None:
    labelled(tmp_path / "data")
    recipe = tmp_path / "mine.toml"
    recipe.write_text("[learn]\nepoch = 3\n")
    refused(
        glyphsmith("train", "data", "--out", "run", "--recipe", recipe), "unknown key epoch", "did you mean epochs?"
    )
    recipe.write_text("[learn]\nepochs = 'three'\n")
    refused(glyphsmith("train", "data", "--out", "run", "--recipe", recipe), "epochs")
    recipe.write_text("[learn\n")
    refused(glyphsmith("train", "data", "--out", "run", "--recipe", recipe), "mine.toml: not TOML")
    refused(glyphsmith("train", "data", "--out", "run", "--recipe", "digitz"), "did you mean digits?")
    refused(glyphsmith("train", "data", "--out", "run", "--set", "learn.rat=1"), "did you mean rate?")
    refused(glyphsmith("train", "data", "--out", "run", "--set", "learn.epochs"), "expected KEY=VALUE")
    refused(glyphsmith("train", "data", "--out", "run", "--set", "learn.epochs=0"), "epochs")
    refused(glyphsmith("recipes", "digitz"), "did you mean digits?")
    assert not (tmp_path / "run").exists()


def test_wrong_usage_is_one_sentence_and_where_to_look(glyphsmith: Command, tiny: Path, tmp_path: Path) -> None:
    picture = grey(tmp_path / "a.png")
    refused(glyphsmith("raed", tiny, picture), "there is no verb 'raed'", "hint: did you mean glyphsmith read?")
    refused(glyphsmith("read", tiny, picture, "--jsn"), "--jsn", "hint: did you mean --json?")
    refused(glyphsmith("read", tiny), "PICTURE", "hint: see glyphsmith read --help")
    refused(glyphsmith("read", tiny, picture, "--reject", "2"), "--reject")
    refused(glyphsmith("read", tiny, picture, "--top", "-1"), "--top")
    refused(glyphsmith("read", tiny, picture, "--steps", "steps.jpg"), "PNG")
    refused(glyphsmith("read", tiny, picture, "--steps", "nowhere/steps.png"), "no folder")
    refused(glyphsmith("train", "--out", "run"), "hint: ")
    refused(glyphsmith("data", "chekc", "x"), "chekc")
    refused(glyphsmith("data", "split", "x"), "--out", "hint: see glyphsmith data split --help")
    refused(glyphsmith("train", "data", "--out", "run", "--minutes", "-1"), "--minutes")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "tiny.onnx"]


def test_a_run_that_exists_is_not_written_over(glyphsmith: Command, trained: Trained) -> None:
    before = listed(trained.run)
    refused(glyphsmith(*train_words(trained.data, trained.run)), str(trained.run), "hint: ")
    assert listed(trained.run) == before


# A disk that does not take it


def mounted(folder: Path, options: str) -> bool:
    """Lay a small file system of its own over a folder; False where this process may not."""
    folder.mkdir()
    if sys.platform != "linux" or os.geteuid() != 0:
        return False
    return subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=False).returncode == 0


def fill(folder: Path) -> None:
    """Write until the disk of a folder takes no byte more."""
    with open(folder / "filler", "wb", buffering=0) as filler, contextlib.suppress(OSError):
        while filler.write(b"x" * 4096):
            pass


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a folder on a disk of 64 kB that is full but for a few bytes."""
    folder = tmp_path / "full"
    if not mounted(folder, "size=64k"):
        pytest.skip("a small disk needs root on Linux; test_files.py covers the same by a failing write")
    try:
        fill(folder)
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """Give a folder that cannot be written to, also not by root."""
    folder = tmp_path / "read-only"
    is_mounted = mounted(folder, "ro")
    if not is_mounted:
        folder.chmod(0o555)
        if os.access(folder, os.W_OK):
            pytest.skip("this process may write anywhere and may not mount")
    try:
        yield folder
    finally:
        if is_mounted:
            subprocess.run(["umount", "--lazy", folder], check=True)
        else:
            folder.chmod(0o755)


def writers(place: Path, tiny: Path, picture: Path, data: Path) -> list[list[str | Path]]:
    """Give every command that writes, writing below ``place``."""
    return [
        ["read", tiny, picture, "--steps", place / "steps.png"],
        ["explain", tiny, picture, "--out", place / "why.png"],
        ["eval", tiny, data, "--report", place / "report"],
        ["data", "import", data, place / "out.h5"],
        ["train", data, "--out", place / "run"],
    ]


@pytest.mark.parametrize("number", range(5), ids=["steps", "explain", "report", "import", "train"])
def test_a_full_disk_is_said_and_nothing_half_written_stays(
    number: int, tiny: Path, tmp_path: Path, full_disk: Path
) -> None:
    words = writers(full_disk, tiny, grey(tmp_path / "a.png"), labelled(tmp_path / "data", each=20))[number]
    ended = run_glyphsmith(*words, cwd=tmp_path)
    assert ended.status == 2, ended
    assert "Traceback" not in ended.err
    assert re.search("No space left on device|MB are free on this disk", ended.err)
    left = {name for name, content in listed(full_disk).items() if content} - {"filler"}
    assert left == set()


@pytest.mark.parametrize("number", range(5), ids=["steps", "explain", "report", "import", "train"])
def test_a_read_only_folder_is_said(number: int, tiny: Path, tmp_path: Path, read_only: Path) -> None:
    words = writers(read_only, tiny, grey(tmp_path / "a.png"), labelled(tmp_path / "data", each=20))[number]
    ended = run_glyphsmith(*words, cwd=tmp_path)
    assert ended.status == 2, ended
    assert "Traceback" not in ended.err
    assert "error: " in ended.err
    assert "read-only" in ended.err
    assert listed(read_only) == {}


def test_a_run_whose_disk_fills_up_keeps_the_file_it_had(glyphsmith: Command, trained: Trained, tmp_path: Path) -> None:
    place = tmp_path / "small"
    size = sum(len(content) for content in listed(trained.run).values())
    if not mounted(place, f"size={size * 2}"):
        pytest.skip("a small disk needs root on Linux")
    try:
        run = place / "run"
        shutil.copytree(trained.run, run)
        before = (run / "model.onnx").read_bytes()
        fill(place)
        ended = glyphsmith(*train_words(trained.data, place / "other", "--from", str(run)))
        assert ended.status == 2
        assert "MB are free on this disk" in ended.err
        assert "Traceback" not in ended.err
        assert (run / "model.onnx").read_bytes() == before
        picture = next(trained.test.rglob("*.png"))
        assert json.loads(glyphsmith("read", run, picture, "--json").out)["label"] is not None
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def test_a_closed_pipe_ends_quietly(tiny: Path, tmp_path: Path) -> None:
    picture = grey(tmp_path / "a.png")
    done = subprocess.run(
        f'"{sys.executable}" -m glyphsmith read "{tiny}" {" ".join([str(picture)] * 200)} | head -n 1',
        shell=True, capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.parametrize("out", [".", "", "/", ".."])
@pytest.mark.parametrize(
    "words",
    [
        ["data", "sheet", "--symbols", "ab", "--out"],
        ["read", "digits", "a.png", "--steps"],
        ["explain", "digits", "a.png", "--out"],
        ["export", "digits", "--to", "int8", "--out"],
    ],
    ids=lambda words: words[0],
)
def test_a_file_to_write_that_is_a_folder_is_one_sentence_with_a_name_that_would_do(glyphsmith, tmp_path, words, out):
    ended = glyphsmith(*words, out)
    assert ended.status == 2
    assert "Traceback" not in ended.err
    assert "hint: --" in ended.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["data", "split", "signs", "--out", "s.csv", "--test", "-1"], "test -1 is no share of the pictures"),
        (["data", "split", "signs", "--out", "s.csv", "--validation", "first:99"], "hint: name fewer, or a share"),
        (["train", "signs", "--set", "learn.strangers=-1"], "strangers is -1.0, expected 0 to 100"),
        (
            ["synth", "sprites", "-n", "3", "--out", "s", "--font-part", "held-out", "--hold-out", "0"],
            "one of the two parts has no font",
        ),
    ],
)
def test_a_number_that_makes_no_sense_is_refused_by_its_name(glyphsmith, tmp_path, words, said):
    folder_of(tmp_path / "signs", ("bar", "ring"), each=12)
    ended = glyphsmith(*words)
    assert ended.status == 2
    assert said in ended.err


def test_glyphs_say_of_how_many_symbols_there_are_pictures(glyphsmith):
    ended = glyphsmith("synth", "glyphs", "-n", "1", "--symbols", "abc", "--fonts", "bundled", "--out", "g")
    assert ended.status == 0
    assert ended.out.startswith("g: 1 picture of 1 symbol, ")
    assert "note: no picture of " in ended.err
