"""How many more: what half of a set says of the whole set, beside what the whole set then reaches.

    python benchmarks/more_samples.py FOLDER ... [--seeds 0 1] [--folds 4]

Each FOLDER holds one folder a label. Half of each label's pictures is drawn by the seed and learned from by k-fold, as
`glyphsmith train` does; its report says what twice as many pictures would bring. Then the whole folder is learned from
in the same way. A forecast is right where the accuracy of the whole lies within the interval it gave, widened by what
chance does to the whole's own figure (its 95 % interval), since neither is known exactly.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import peer

from glyphsmith.run import run


def half_of(folder: Path, out: Path, seed: int) -> Path:
    """Copy half of the pictures of each label, drawn by the seed."""
    draws = np.random.default_rng(seed)
    for label in sorted(path for path in folder.iterdir() if path.is_dir()):
        pictures = sorted(label.iterdir())
        (out / label.name).mkdir(parents=True)
        for i in draws.permutation(len(pictures))[: max(2, len(pictures) // 2)].tolist():
            shutil.copy(pictures[i], out / label.name)
    return out


def metrics_of(folder: Path, place: Path, folds: int, seed: int) -> dict[str, Any]:
    """Learn by k-fold and give metrics.json."""
    run(folder, out=place, folds=folds, seed=seed, say=lambda _: None)
    found: dict[str, Any] = json.loads((place / "metrics.json").read_text(encoding="utf-8"))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    asked = parser.parse_args()
    rows = [["set", "half reaches", "forecast for the whole", "the whole reaches", "held"]]
    records = []
    with tempfile.TemporaryDirectory() as made:
        for folder in asked.folders:
            for seed in asked.seeds:
                work = Path(made) / f"{folder.name} {seed}"
                half = metrics_of(half_of(folder, work / "half", seed), work / "half-run", asked.folds, seed)
                whole = metrics_of(folder, work / "whole-run", asked.folds, seed)
                more = half["folds"]["more"]
                (low, high), (least, most) = more["ci95"], whole["ci95"]
                held = low <= most and least <= high
                rows.append(
                    [
                        f"{folder.name}, seed {seed}",
                        f"{100 * half['accuracy']:.1f} % of {half['n']}",
                        f"{100 * more['then']:.1f} % ({100 * low:.1f} to {100 * high:.1f})",
                        f"{100 * whole['accuracy']:.1f} % of {whole['n']} ({100 * least:.1f} to {100 * most:.1f})",
                        "yes" if held else "no",
                    ]
                )
                peer.say("  ".join(rows[-1]))
                records.append({"set": folder.name, "seed": seed, "forecast": more, "whole": whole["accuracy"]})
                records[-1] |= {"n": whole["n"], "ci95": whole["ci95"], "held": held}
    peer.report("how many more", rows, {"sets": records, "folds": asked.folds})


if __name__ == "__main__":
    main()
