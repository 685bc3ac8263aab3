"""From the shell to one answer: seconds and peak memory of `glyphsmith read`, then ms a picture in a batch.

    python benchmarks/read_cold_start.py PICTURE [--model digits] [--mnist MNIST] [--repeat 10]

Processes are measured from outside, start to end, one thread, and the median counts; the first run warms the disk's
cache for both sides. With --mnist, Keras loads a saved `mnist-conv5` (trained here for 20 batches if there is none:
the time does not depend on what it learned) and predicts the same picture. The batch is 28x28 pictures of noise.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import numpy as np
import peer

import glyphsmith


def cold_start(words: list[str | Path], repeat: int) -> tuple[float, float]:
    """Give the median seconds and the largest memory in MB of several processes, after one that does not count."""
    peer.measure(words)
    runs = [peer.measure(words) for _ in range(repeat)]
    return statistics.median(run.seconds for run in runs), max(run.memory_mb for run in runs)


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

    ours_s, ours_mb = cold_start([*peer.glyphsmith_command(), "read", words.model, words.picture], words.repeat)
    per_picture = batch_ms(words.model)
    rows = [["one picture, cold", "seconds", "memory", "ms/picture in a batch"]]
    rows.append([f"glyphsmith read {words.model}", f"{ours_s:.3f}", f"{ours_mb:.0f} MB", f"{per_picture:.3f}"])
    record = {"ours_s": round(ours_s, 4), "ours_mb": round(ours_mb, 1), "batch_ms": round(per_picture, 4)}
    if words.mnist is not None:
        saved = peer.BUILD / "mnist-conv5.keras"
        if not saved.exists():
            peer.keras("train", words.mnist, "--epochs", "1", "--steps", "20", "--save", saved)
        command = [peer.keras_python(), peer.HERE / "keras_mnist.py", "predict", saved, words.picture]
        keras_s, keras_mb = cold_start(command, max(3, words.repeat // 3))
        rows.append(["Keras, load and predict", f"{keras_s:.3f}", f"{keras_mb:.0f} MB", ""])
        record |= {"keras_s": round(keras_s, 4), "keras_mb": round(keras_mb, 1)}
        record |= {"times_faster": round(keras_s / ours_s, 1)}
    peer.report("cold start", rows, record)


if __name__ == "__main__":
    main()
