"""How long learning MNIST to 99.24 % of its test takes, beside `mnist-conv5` in Keras, published with that figure.

    python benchmarks/digits_speed.py MNIST [--recipe NAME] [--seed N] [--set KEY=VALUE]...

Ours: `glyphsmith train MNIST`, the seconds of learning (the whole command stands beside them), the accuracy of the
written file on the 10 000 test pictures. Keras: one epoch is timed and multiplied by the 10 of the publication; its
accuracy is the published one, not measured here.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from pathlib import Path

import peer
from keras_mnist import EPOCHS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="MNIST")
    parser.add_argument("--recipe", default="digits-fast")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", dest="settings", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--no-keras", action="store_true", help="measure ours alone")
    words = parser.parse_args()

    run = peer.BUILD / "digits_speed"
    shutil.rmtree(run, ignore_errors=True)
    run.parent.mkdir(parents=True, exist_ok=True)
    settings = [word for setting in words.settings for word in ("--set", setting)]
    begun = time.perf_counter()
    peer.glyphsmith("train", words.folder, "--recipe", words.recipe, "--seed", str(words.seed), "--out", run, *settings)
    whole_s = time.perf_counter() - begun
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    learning_s = float(metrics["learning_s"])

    low, high = (100 * bound for bound in metrics["ci95"])
    rows = [[f"MNIST {metrics['part']}", "accuracy", "learning", "whole command"]]
    rows.append(
        [
            f"glyphsmith {words.recipe}",
            f"{100 * metrics['accuracy']:.2f} % ({low:.2f} to {high:.2f}, n = {metrics['n']})",
            f"{learning_s:.1f} s",
            f"{whole_s:.1f} s",
        ]
    )
    record = {"recipe": words.recipe, "seed": words.seed, "learning_s": learning_s, "whole_s": round(whole_s, 2)}
    record |= {"n": metrics["n"], "accuracy": metrics["accuracy"], "ci95": metrics["ci95"]}
    if not words.no_keras:
        keras = peer.keras("train", words.folder, "--epochs", "1")
        keras_s = EPOCHS * keras["epoch_seconds"][0]
        rows.append([f"Keras {keras['keras']} mnist-conv5", "99.24 % (published)", f"{keras_s:.0f} s", ""])
        record |= {"keras": keras["keras"], "keras_epoch_s": keras["epoch_seconds"][0], "keras_s": round(keras_s, 1)}
        record |= {"times_faster": round(keras_s / learning_s, 1)}
    peer.report("digits speed", rows, record)


if __name__ == "__main__":
    main()
