"""Labels swapped on purpose: how many of them stand at the top of ``doubtful.csv``.

    python benchmarks/doubtful_labels.py [--share 0.03] [--set KEY=VALUE ...] [--seed N]

scikit-learn's 1 797 handwritten digits, a share of which gets another label at random; ``glyphsmith train --folds 5``
learns from them, and its ranking is compared with what was swapped. Asked for: 90 % within the first 5 %.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

from glyphsmith.run import run


def write_swapped(folder: Path, share: float, seed: int) -> set[str]:
    """Write the digits as LABEL/NUMBER.png with a share of labels swapped; gives the names of those."""
    digits = load_digits()
    rng = np.random.default_rng(seed)
    labels = digits.target.copy()
    chosen = rng.permutation(len(labels))[: round(share * len(labels))]
    labels[chosen] = (labels[chosen] + rng.integers(1, 10, len(chosen))) % 10
    pixels = np.rint(255 - digits.images * (255 / 16)).astype(np.uint8)
    for i, label in enumerate(labels.tolist()):
        place = folder / str(label)
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels[i]).resize((32, 32), Image.Resampling.BICUBIC).save(place / f"{i:04d}.png")
    return {f"{labels[i]}/{i:04d}.png" for i in chosen.tolist()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=0.03)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", dest="settings", action="append", default=[])
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        swapped = write_swapped(Path(made) / "digits", asked.share, asked.seed)
        outcome = run(Path(made) / "digits", out=Path(made) / "run", folds=5, settings=asked.settings)
        with open(outcome.folder / "doubtful.csv", newline="", encoding="utf-8") as file:
            ranked = [row["file"] for row in csv.DictReader(file)]
        total = len(load_digits().target)
        for share in (0.03, 0.05, 0.1):
            found = len(swapped & set(ranked[: round(share * total)]))
            print(f"{found} of {len(swapped)} swapped labels ({found / len(swapped):.1%}) in the first {share:.0%}")
        first = len(swapped & set(ranked[: round(0.05 * total)]))
        assert outcome.evaluation is not None  # folds are always measured
        line = {
            "swapped": len(swapped),
            "n": total,
            "in_first_5_percent": first,
            "accuracy": outcome.evaluation.accuracy,
        }
        print(json.dumps(line))


if __name__ == "__main__":
    main()
