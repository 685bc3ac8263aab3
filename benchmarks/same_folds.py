"""A small set of labelled pictures by k-fold: our choice beside `runes-mlp` and `runes-conv`, on the very same folds.

    python benchmarks/same_folds.py FOLDER [--folds 5] [--seed 0] [--group COLUMN] [--recipe NAME ...]

Without FOLDER: 18 of each of scikit-learn's ten digits. Data and seed alone decide the folds, and the script stops if
they differ. Errors are compared picture by picture (McNemar's exact test), since all read the same ones.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from math import comb
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

from glyphsmith.run import run


def write_few(folder: Path, each: int = 18) -> Path:
    """Write the first ``each`` of each of scikit-learn's digits."""
    digits = load_digits()
    pixels = np.rint(255 - digits.images * (255 / 16)).astype(np.uint8)
    for label in range(10):
        for i in np.flatnonzero(digits.target == label)[:each].tolist():
            place = folder / str(label)
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels[i]).resize((32, 32), Image.Resampling.BICUBIC).save(place / f"x{i:04d}y.png")
    return folder


def mcnemar(one: np.ndarray, other: np.ndarray) -> float:
    """Give the two-sided p of as uneven a split of the pictures that only one of both read rightly."""
    a, b = int((one & ~other).sum()), int((other & ~one).sum())
    tail = sum(comb(a + b, k) for k in range(min(a, b) + 1)) / 2 ** (a + b)
    return min(1.0, float(2 * tail))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--group", default="")
    parser.add_argument("--recipe", dest="recipes", action="append", default=None)
    asked = parser.parse_args()
    rows, right, how = [], {}, set()
    with tempfile.TemporaryDirectory() as made:
        folder = asked.folder or write_few(Path(made) / "digits")
        for name in ["", *(asked.recipes or ["runes-mlp", "runes-conv"])]:
            began = time.monotonic()
            outcome = run(
                folder,
                recipe=name or None,
                out=Path(made) / (name or "ours"),
                folds=asked.folds,
                seed=asked.seed,
                group=asked.group,
            )
            metrics = json.loads((outcome.folder / "metrics.json").read_text(encoding="utf-8"))
            how.add(metrics["folds"]["how"])
            assert outcome.evaluation is not None  # folds are always measured
            right[name] = outcome.evaluation.right
            rows.append(
                {
                    "recipe": name or "ours",
                    "n": metrics["n"],
                    "accuracy": metrics["accuracy"],
                    "ci95": metrics["ci95"],
                    "folds": metrics["folds"]["folds"],
                    "p": mcnemar(right[""], right[name]),
                    "seconds": round(time.monotonic() - began, 1),
                }
            )
    if len(how) > 1:
        raise SystemExit(f"the folds differ: {how}")
    print(f"{asked.folds} folds of {rows[0]['n']} pictures; {how.pop()}")
    print(f"{'recipe':12} {'right':>8} {'95 % interval':>18} {'errors':>7} {'of ours':>8} {'p':>8} {'s':>7}")
    ours = round((1 - rows[0]["accuracy"]) * rows[0]["n"])
    for row in rows:
        errors = round((1 - row["accuracy"]) * row["n"])
        low, high = (100 * end for end in row["ci95"])
        share = f"{ours / errors:.0%}" if errors else "-"
        print(
            f"{row['recipe']:12} {100 * row['accuracy']:7.1f}% {low:7.1f} to {high:5.1f} % {errors:7} {share:>8} "
            f"{row['p']:8.2g} {row['seconds']:7.0f}"
        )
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
