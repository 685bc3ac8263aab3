"""``glyphsmith synth`` writes labelled folders, and says in one line what it cannot paint."""

from __future__ import annotations

from pathlib import Path

import pytest

from glyphsmith.cli import main


def test_captchas_are_written_with_their_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "new"
    words = [
        "synth",
        "captcha",
        "-n",
        "7",
        "--out",
        str(out),
        "--seed",
        "3",
        "--length",
        "4-6",
        "--alphabet",
        "0123456789",
    ]
    assert main([*words, "--width", "120", "--height", "60", "--preset", "library-0.2"]) == 0
    said = capsys.readouterr()
    assert said.out == f"{out}: 7 pictures of 120 x 60, labels.csv, seed 3\n"
    assert "DroidSansMono" in said.err
    lines = (out / "labels.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "file,text"
    assert len(lines) == 8
    for line in lines[1:]:
        name, text = line.split(",")
        assert (out / name).is_file()
        assert text.isdecimal()
        assert 4 <= len(text) <= 6


def test_sums_are_written_with_their_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "sums"
    assert main(["synth", "arithmetic", "-n", "3", "--out", str(out), "--fonts", "bundled"]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["0.png", "1.png", "2.png", "labels.txt"]
    for line in (out / "labels.txt").read_text(encoding="utf-8").splitlines():
        expression, value = line.split(" ")
        assert eval(expression) == int(value)
    assert capsys.readouterr().out.endswith("3 pictures of 180 x 60, labels.txt, seed 0\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--length", "0"], "the length 0-0"),
        (["--length", "four"], "--length four: expected a number or a range"),
        (["--length", "6-4"], "the length 6-4"),
        (["--alphabet", ""], "the alphabet is empty"),
        (["--alphabet", "AA"], "'A' twice"),
        (["--alphabet", "ᚠ"], "no font has a glyph for ᚠ"),
        (["--preset", "libary-0.2"], "there is no preset"),
        (["--fonts", "no-such-folder"], "no such font file or folder"),
        (["--fonts", "."], "no font in this folder"),
        (["--height", "12"], "px high is too small"),
        (["--width", "12"], "px wide is too small"),
        (["--width", "0"], "width_px = 0"),
        (["--seed", "-1"], "the seed -1"),
        (["-n", "0"], "0 pictures"),
        (["--workers", "0"], "0 workers"),
    ],
)
def test_what_cannot_be_painted_is_one_error_and_leaves_no_folder(
    words: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["synth", "captcha", "-n", "5", "--out", "new", *words]) == 2
    said = capsys.readouterr()
    errors = [line for line in said.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert message in errors[0]
    assert said.out == ""
    assert not Path("new").exists()


def test_a_folder_in_use_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.png").write_bytes(b"mine")
    assert main(["synth", "captcha", "-n", "5", "--out", str(tmp_path)]) == 2
    assert "not empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.png"]


def test_sprites_are_written_with_their_digits_in_their_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "sprites"
    words = ["synth", "sprites", "-n", "12", "--out", str(out), "--seed", "4", "--fonts", "bundled"]
    assert main(words) == 0
    said = capsys.readouterr()
    assert said.out == f"{out}: 12 pictures, <digit>_<id>.png, seed 4\n"
    assert "1 font of 1 design: " in said.err
    names = sorted(path.stem.split("_") for path in out.iterdir())
    assert all(digit in "0123456789" for digit, _ in names)
    assert sorted(number for _, number in names) == [f"{k:02d}" for k in range(12)]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--font-part", "half"], "there is no font part 'half'"),
        (["--font-part", "training", "--fonts", "bundled"], "of one design"),
        (["--illegible", "3"], "illegible is 3"),
        (["--hold-out", "-1"], "hold_out is -1"),
        (["--fonts", "nowhere"], "no such font file or folder"),
    ],
)
def test_impossible_sprites_are_one_sentence(
    words: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["synth", "sprites", "-n", "3", "--out", str(tmp_path / "x"), *words]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "x").exists()
