"""Training pictures a second of `mnist-conv5` (batch 64, Adam 1e-4): our loop against Keras, in the same run.

    python benchmarks/keras_throughput.py MNIST [--steps N] [--rounds R]

Both train the same network on the same first N batches for two epochs and the second epoch counts, so neither pays for
its start. Ours is the whole loop of `glyphsmith train` with the precision that it chooses, checkpoints included. They
take turns for R rounds, and each one's median counts: a shared machine gives the same step twice the time now and then.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

import numpy as np
import peer
from keras_mnist import BATCH, RATE, read_idx

from glyphsmith.train.loop import fit
from glyphsmith.train.recipe import Recipe, with_settings

SETTINGS = (
    'network.family="mnist-conv5"',
    "learn.epochs=2",
    f"learn.batch={BATCH}",
    f"learn.rate={RATE}",
    'learn.optimizer="adam"',
    'learn.schedule="constant"',
)


def ours(folder: Path, steps: int) -> float:
    """Give the seconds of our second epoch."""
    pictures, labels = read_idx(folder, "train")
    n = steps * BATCH
    x, y = pictures[:, None], labels.astype(np.int64)
    with tempfile.TemporaryDirectory() as run:
        # Keras validates nothing here, so ours looks at 64 pictures only; it cannot be told to look at none.
        done = fit(
            with_settings(Recipe(), SETTINGS),
            train=(np.ascontiguousarray(x[:n]), y[:n]),
            validation=(np.ascontiguousarray(x[-64:]), y[-64:]),
            classes=10,
            run_dir=Path(run),
            events=False,
            say=peer.say,
        )
    return float(done.history[1]["seconds"] - done.history[0]["seconds"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="MNIST")
    parser.add_argument("--steps", type=int, default=400, help="batches of an epoch (default 400)")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each (default 5)")
    words = parser.parse_args()
    peer.keras_python()
    our_turns: list[float] = []
    keras_turns: list[float] = []
    version = ""
    for _ in range(words.rounds):
        our_turns.append(ours(words.folder, words.steps))
        keras = peer.keras("train", words.folder, "--epochs", "2", "--steps", str(words.steps))
        keras_turns.append(float(keras["epoch_seconds"][1]))
        version = str(keras["keras"])
    our_s, keras_s = statistics.median(our_turns), statistics.median(keras_turns)
    n = words.steps * BATCH
    rows = [["mnist-conv5, batch 64", "pictures/s", "ms/step"]]
    for name, seconds in (("glyphsmith", our_s), (f"Keras {version}", keras_s)):
        rows.append([name, f"{n / seconds:.0f}", f"{1000 * seconds / words.steps:.1f}"])
    record = {"n": n, "ours_s": our_turns, "keras_s": keras_turns, "times_faster": round(keras_s / our_s, 2)}
    peer.report("training throughput", rows, {**record, "keras": version})


if __name__ == "__main__":
    main()
