"""From the shell to one answer: seconds and peak memory of `glyphsmith read`, then ms a picture in a batch.

    python benchmarks/read_cold_start.py PICTURE [--model digits] [--mnist MNIST] [--repeat 10]

Processes are measured from outside, start to end, one thread; the first run of each side warms the disk's cache and
does not count. Beside the seconds stands the processor time, user and system, which other processes disturb less; of
both the median counts, and the smallest is printed too. With --mnist, Keras loads a saved `mnist-conv5` (trained here
for 20 batches if there is none: the time does not depend on what it learned) and predicts the same picture; the two
sides take turns, so that a machine that changes its clock is as kind to one as to the other. An installed package
carries its bytecode, so an environment that forbids writing it is not followed. The batch is 28x28 pictures of noise.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import peer

import glyphsmith


def cold_starts(sides: Mapping[str, Sequence[str | Path]], repeat: int) -> dict[str, list[peer.Measured]]:
    """Measure the processes of all sides in turn, ``repeat`` rounds after one that does not count."""
    rounds = [{side: peer.measure(words) for side, words in sides.items()} for _ in range(repeat + 1)]
    return {side: [one[side] for one in rounds[1:]] for side in sides}


def figures(side: str, runs: Sequence[peer.Measured]) -> dict[str, float]:
    """Give the median and the smallest seconds and processor seconds, and the largest memory, named for the record."""
    seconds, cpu = [run.seconds for run in runs], [run.cpu_s for run in runs]
    found = {
        "s": statistics.median(seconds),
        "s_min": min(seconds),
        "cpu_s": statistics.median(cpu),
        "cpu_s_min": min(cpu),
        "mb": max(run.memory_mb for run in runs),
    }
    return {f"{side}_{name}": round(value, 4) for name, value in found.items()}


def batch_ms(model: str, n: int = 1024, repeat: int = 5) -> float:
    """Give the ms a 28x28 picture takes in a list, from pixels to readings, on one thread (the reader's default)."""
    reader = glyphsmith.load(model)
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (n, 28, 28, 3), dtype=np.uint8)
    reader.read(noise[:64])
    times: list[float] = []
    for _ in range(repeat):
        begun = time.perf_counter()
        reader.read(noise)
        times.append(1000 * (time.perf_counter() - begun) / n)
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--model", default="digits")
    parser.add_argument("--mnist", type=Path)
    parser.add_argument("--repeat", type=int, default=10)
    words = parser.parse_args()

    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sides: dict[str, list[str | Path]] = {"ours": [*peer.glyphsmith_command(), "read", words.model, words.picture]}
    names = {"ours": f"glyphsmith read {words.model}", "keras": "Keras, load and predict"}
    if words.mnist is not None:
        saved = peer.BUILD / "mnist-conv5.keras"
        if not saved.exists():
            peer.keras("train", words.mnist, "--epochs", "1", "--steps", "20", "--save", saved)
        sides["keras"] = [peer.keras_python(), peer.HERE / "keras_mnist.py", "predict", saved, words.picture]

    measured = cold_starts(sides, words.repeat)  # first: what starts a process counts as its memory until it has begun
    rows = [["one picture, cold", "seconds", "least", "processor", "least", "memory", "ms/picture in a batch"]]
    record: dict[str, float] = {"repeat": words.repeat, "batch_ms": round(batch_ms(words.model), 4)}
    for side, runs in measured.items():
        found = figures(side, runs)
        record |= found
        times = [f"{found[f'{side}_{name}']:.3f}" for name in ("s", "s_min", "cpu_s", "cpu_s_min")]
        batch = f"{record['batch_ms']:.3f}" if side == "ours" else ""
        rows.append([names[side], *times, f"{found[f'{side}_mb']:.0f} MB", batch])
    if "keras" in sides:
        record["times_faster"] = round(record["keras_s"] / record["ours_s"], 1)
        record["times_faster_cpu"] = round(record["keras_cpu_s"] / record["ours_cpu_s"], 1)
    peer.report("cold start", rows, record)


if __name__ == "__main__":
    main()
