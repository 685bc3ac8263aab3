"""Strangers' pictures: our reader against the reference preparation with a fully trained `mnist-conv5`.

    python benchmarks/own_pictures.py FOLDER MNIST [--model digits]

FOLDER holds labels.csv (`file,label`, more columns are counted apart, such as who wrote it). The reference squashes a
picture to 28x28, makes it grey and inverts it; its other variant thresholds at 150. Keras trains the published 10
epochs once (build/benchmarks/mnist-conv5-trained.keras). Nothing is chosen here: it only counts.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from pathlib import Path
from typing import Any

import peer

import glyphsmith
from glyphsmith.metrics import wilson_interval


def labelled(folder: Path) -> list[dict[str, str]]:
    """Read labels.csv; every row keeps its other columns."""
    with open(folder / "labels.csv", encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("mnist", type=Path, metavar="MNIST")
    parser.add_argument("--model", default="digits")
    parser.add_argument("--column", help="count the right answers for each value of this column too")
    words = parser.parse_args()
    table = labelled(words.folder)
    paths = [str(words.folder / row["file"]) for row in table]
    truth = [row["label"] for row in table]

    answers: dict[str, list[Any]] = {}
    answers[f"glyphsmith {words.model}"] = [reading.label for reading in glyphsmith.load(words.model).read(paths)]
    saved = peer.BUILD / "mnist-conv5-trained.keras"
    if not saved.exists():
        peer.say("Keras trains mnist-conv5 for its 10 epochs, once")
        trained = peer.keras("train", words.mnist, "--save", saved)
        peer.say(f"its test accuracy: {100 * trained['test_accuracy']:.2f} %")
    for preparation in ("invert", "threshold"):
        found = peer.keras("predict", saved, *paths, "--preparation", preparation)
        answers[f"Keras mnist-conv5, {preparation}"] = [str(label) for label in found["labels"]]

    n = len(table)
    groups = sorted({row[words.column] for row in table}) if words.column else []
    sizes = Counter(row[words.column] for row in table) if words.column else Counter[str]()
    rows = [[f"own pictures, n = {n}", "right", "95 % interval", *groups]]
    record: dict[str, Any] = {"n": n}
    for name, labels in answers.items():
        right = [label == expected for label, expected in zip(labels, truth, strict=True)]
        low, high = wilson_interval(sum(right), n)
        by_group = Counter(row[words.column] for row, fine in zip(table, right, strict=True) if fine and words.column)
        rows.append([name, str(sum(right)), f"{100 * low:.1f} to {100 * high:.1f} %"])
        rows[-1] += [f"{by_group[group]}/{sizes[group]}" for group in groups]
        record[name] = {"right": sum(right), "ci95": [round(low, 4), round(high, 4)]}
    peer.report("own pictures", rows, record)


if __name__ == "__main__":
    main()
