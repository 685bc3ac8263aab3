"""The peer's environment, the clock around a process, and the one way a benchmark prints; used by all scripts here."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
BUILD = HERE.parent / "build" / "benchmarks"

#: What the peer is measured with; newer is fine, but then the figures in docs/log.md are another comparison's.
KERAS_PACKAGES = ("tensorflow-cpu", "pillow")


def keras_python() -> Path:
    """Give the interpreter of Keras; the first call makes its environment (about 1.5 GB below ~/.cache)."""
    return python_with("keras", KERAS_PACKAGES)


def python_with(name: str, packages: Sequence[str]) -> Path:
    """Give the interpreter of a peer's environment below ~/.cache; the first call makes it."""
    home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "glyphsmith" / "peers" / name
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done = home / "installed"
    if not done.exists():
        say(f"making an environment for {name} in {home}")
        venv.create(home, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
        done.touch()
    return python


def keras(*words: str | Path) -> Any:
    """Run ``keras_mnist.py`` in the peer's environment and give the JSON it prints last."""
    return json.loads(_lines_of([keras_python(), HERE / "keras_mnist.py", *words])[-1])


def run(*words: str | Path) -> str:
    """Run a process of the peer and give the last line that it prints."""
    return _lines_of(words)[-1]


def glyphsmith_command() -> list[str]:
    """Give the words that start our command line: the console script beside this interpreter, or the module."""
    script = shutil.which("glyphsmith", path=str(Path(sys.executable).parent))
    return [script] if script else [sys.executable, "-m", "glyphsmith"]


def glyphsmith(*words: str | Path) -> None:
    """Run our command line; what it says goes to stderr."""
    subprocess.run([*glyphsmith_command(), *map(str, words)], check=True, stdout=sys.stderr)


@dataclass(frozen=True)
class Measured:
    """A process that has ended: seconds from start to end, peak memory and processor time (0 where nothing says).

    Processor time includes that of processes it waited for; memory is that of the largest single one of them.
    """

    seconds: float
    memory_mb: float
    out: str
    cpu_s: float = 0.0


def measure(words: Sequence[str | Path]) -> Measured:
    """Run a process with one thread for each library and measure it from outside."""
    threads = {"OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    begun = time.perf_counter()
    process = subprocess.Popen(
        [str(word) for word in words],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        env={**os.environ, **threads},
    )
    assert process.stdout is not None
    out = process.stdout.read()
    memory_mb = cpu_s = 0.0
    if hasattr(os, "wait4"):
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        memory_mb = usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
        cpu_s = usage.ru_utime + usage.ru_stime
    seconds = time.perf_counter() - begun
    if process.wait() != 0:
        raise SystemExit(f"{words[0]} ended with status {process.returncode}")
    return Measured(seconds, memory_mb, out, cpu_s)


def report(title: str, rows: Sequence[Sequence[str]], record: Mapping[str, Any]) -> None:
    """Print one table (its first row is the head), then one JSON line with the machine beside the figures."""
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    print(title)
    for number, row in enumerate(rows):
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        if number == 0:
            print("  " + "  ".join("-" * width for width in widths))
    machine = {"cores": os.cpu_count(), "processor": _processor(), "python": platform.python_version()}
    print(json.dumps({"benchmark": title, **record, "machine": machine}, ensure_ascii=False))


def usable_cores() -> int:
    """Count the cores this process may use, which under taskset is not all."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def say(text: str) -> None:
    """Tell what is going on, on stderr."""
    print(text, file=sys.stderr, flush=True)


def _lines_of(words: Sequence[str | Path]) -> list[str]:
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run([str(word) for word in words], check=True, stdout=subprocess.PIPE, text=True, env=environment)
    return done.stdout.strip().splitlines()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()
