"""What several tests share: one small run, trained once, and the command line as a script sees it."""

from __future__ import annotations

import os

# Before anything imports torch: two test processes with two threads each would fight over two cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import importlib.util
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

# A job in the background ignores Ctrl-C and hands that down: to this process, and from here to every process of a test.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Ended:
    """A command that has ended: its exit status and its two streams."""

    status: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)

    def json_lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


def run_glyphsmith(*words: str | Path, cwd: Path | None = None, **options: Any) -> Ended:
    """Run the command line in a process of its own, with no terminal."""
    done = subprocess.run(
        [sys.executable, "-m", "glyphsmith", *map(str, words)],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=300,
        env={**os.environ, "PYTHONWARNINGS": "default", **options.pop("env", {})},
        **options,
    )
    return Ended(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8", "backslashreplace"))


Command = Callable[..., Ended]


@pytest.fixture
def glyphsmith(tmp_path: Path) -> Command:
    """Run the command line in an empty folder."""

    def command(*words: str | Path, **options: Any) -> Ended:
        return run_glyphsmith(*words, cwd=options.pop("cwd", tmp_path), **options)

    return command


def load_script(path: Path) -> Any:
    """Import a script of the repository that is in no package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True)
class Trained:
    """A small run of real digits, what the command said, and the pictures it has not seen."""

    run: Path
    data: Path
    test: Path
    ended: Ended


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Train once on 400 of scikit-learn's digits; with several test processes the first one does it for all."""
    base = tmp_path_factory.getbasetemp()
    place = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "trained"
    said = place / "said.json"
    try:
        place.mkdir()
    except FileExistsError:
        deadline = time.monotonic() + 300
        while not said.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
    else:
        load_script(ROOT / "examples" / "digits_folder.py").write_digits(place / "digits", train=400, test=100)
        words = train_words(place / "digits" / "train", place / "run")
        ended = run_glyphsmith(*words, cwd=place)
        beside = place / "said.part"
        beside.write_text(json.dumps([ended.status, ended.out, ended.err]))
        beside.rename(said)
    ended = Ended(*json.loads(said.read_text()))
    assert ended.status == 0, ended.err
    return Trained(place / "run", place / "digits" / "train", place / "digits" / "test", ended)


def train_words(source: Path, out: Path, *more: str) -> Sequence[str]:
    """Give the words of a training that ends within seconds."""
    return ["train", str(source), "--out", str(out), "--seed", "1", "--folds", "0", "--set", "learn.epochs=2", *more]
