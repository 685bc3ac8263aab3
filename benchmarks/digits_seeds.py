"""Mean and spread of a recipe over seeds: the accuracy of each written file on the test part of its data.

    python benchmarks/digits_seeds.py MNIST [--recipe NAME] [--seeds 5] [--set KEY=VALUE]...

A seed that is done is not trained again (build/benchmarks/seeds), so a stopped benchmark goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import statistics
from pathlib import Path

import peer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="MNIST")
    parser.add_argument("--recipe", default="digits")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--set", dest="settings", action="append", default=[], metavar="KEY=VALUE")
    words = parser.parse_args()
    settings = [word for setting in words.settings for word in ("--set", setting)]

    rows = [["seed", "test accuracy", "n", "learning"]]
    accuracies: list[float] = []
    for seed in range(words.seeds):
        run = peer.BUILD / "seeds" / f"{words.recipe}-{seed}"
        run.parent.mkdir(parents=True, exist_ok=True)
        if not (run / "metrics.json").is_file():
            go_on = ["--resume"] if run.exists() else []
            peer.say(f"seed {seed}: {run}")
            peer.glyphsmith(
                "train", words.folder, "--recipe", words.recipe, "--seed", str(seed), "--out", run, *settings, *go_on
            )
        metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
        accuracies.append(metrics["accuracy"])
        said = f"{100 * metrics['accuracy']:.2f} %"
        rows.append([str(seed), said, f"{metrics['n']} ({metrics['part']})", f"{metrics['learning_s']:.0f} s"])
    mean = statistics.mean(accuracies)
    spread = statistics.stdev(accuracies) if len(accuracies) > 1 else 0.0
    rows.append(["mean", f"{100 * mean:.3f} %", f"standard deviation {100 * spread:.3f}", ""])
    record = {"recipe": words.recipe, "accuracies": accuracies, "mean": round(mean, 6), "stdev": round(spread, 6)}
    peer.report("digits over seeds", rows, record)


if __name__ == "__main__":
    main()
