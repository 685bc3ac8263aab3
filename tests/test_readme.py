"""What README says is run: every block marked `run`, in its order, in a folder that has nothing but examples/."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

BLOCK = re.compile(r"^```(\w+) run\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_readme_commands_do_what_they_say(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    environment = {**os.environ, "PATH": str(Path(sys.executable).parent) + os.pathsep + os.environ["PATH"]}
    blocks = BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    assert [language for language, _ in blocks] == ["sh", "python"]
    for language, text in blocks:
        shell = shutil.which("bash")
        if language == "sh" and shell is None:
            pytest.skip("no bash on this machine to run README's commands")
        words = [shell, "-euc", text] if language == "sh" else [sys.executable, "-c", text]
        done = subprocess.run(
            words, cwd=tmp_path, env=environment, capture_output=True, text=True, encoding="utf-8", check=False
        )
        assert done.returncode == 0, done.stderr
        # Ten pictures, one line each with its label and how sure it is; from Python one label and one number.
        lines = [line for line in done.stdout.splitlines() if line.startswith("examples/digits/")]
        assert len(lines) == 10 if language == "sh" else re.fullmatch(r"\d 0\.\d+|\d 1\.0", done.stdout.strip())
    assert (tmp_path / "my-reader" / "report.html").is_file()


def test_the_puzzle_in_the_readme_ends_with_an_accepted_sum(tmp_path: Path) -> None:
    shell, curl = shutil.which("bash"), shutil.which("curl")
    if shell is None or curl is None:
        pytest.skip("no bash and curl on this machine to run README's commands")
    found = re.search(
        r"^```sh puzzle\n(.*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    assert found is not None
    text = found[1]
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    # The same words, with fewer pages and requests; and steps for minutes, in which a busy machine learns nothing.
    for word, smaller in (
        ("8321", str(port)), ("--pages 20", "--pages 4"), ("1-20", "1-4"), ("--requests 60", "--requests 40"),
        ("--minutes 0.7", "--set learn.epochs=8"),
    ):  # fmt: skip
        assert word in text
        text = text.replace(word, smaller)
    environment = {**os.environ, "PATH": str(Path(sys.executable).parent) + os.pathsep + os.environ["PATH"]}
    trap = "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n"
    done = subprocess.run(
        [shell, "-euc", trap + text],
        cwd=tmp_path, env=environment, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "accepted" in done.stdout


def test_every_verb_stands_in_the_readme() -> None:
    from glyphsmith.cli import VERBS

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [verb for verb in VERBS if f"`glyphsmith {verb}" not in text] == []


def test_links_between_documents_lead_somewhere() -> None:
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "benchmarks").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_examples_are_small_and_painted_by_their_script(tmp_path: Path) -> None:
    from tests.conftest import load_script

    pictures = [*(ROOT / "examples" / "digits").iterdir(), ROOT / "examples" / "sheet.jpg"]
    assert sum(path.stat().st_size for path in pictures) < 100_000
    load_script(ROOT / "examples" / "paint_pictures.py").paint(tmp_path)
    painted = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")}
    assert painted == {path.relative_to(ROOT / "examples").as_posix() for path in pictures}


def test_the_python_example_reads_and_survives_a_broken_picture(tmp_path: Path) -> None:
    from tests.tiny_reader import tiny_reader

    tiny_reader(tmp_path / "tiny.onnx")
    picture = ROOT / "examples" / "digits" / "4_marker.png"
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "read_pictures.py", tmp_path / "tiny.onnx", picture],
        capture_output=True, text=True, encoding="utf-8", check=True,
    )  # fmt: skip
    assert "not a picture" in done.stdout
    assert done.stderr == ""
