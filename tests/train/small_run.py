"""A small training run for the tests that kill it: writes its checkpoints in argv[1], prints the digest at the end."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from glyphsmith.train import loop
from glyphsmith.train.checkpoint import weights_digest
from glyphsmith.train.recipe import Augment, Learn, Network, Prepare, Recipe


def pictures(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Three labels, told apart by where a bright bar lies, under noise."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, n)
    x = rng.integers(0, 90, (n, 1, 16, 16)).astype(np.uint8)
    for i, label in enumerate(labels):
        x[i, 0, 3 + 4 * label : 6 + 4 * label, 3:13] += 140
    return x, labels.astype(np.int64)


def recipe(**learn: object) -> Recipe:
    values = {"epochs": 6, "batch": 32, "rate": 4e-3, "average": 0.9, "keep": "best", **learn}
    return Recipe(
        seed=5,
        prepare=Prepare(height_px=16, width_px=16),
        network=Network(family="glyph", widths=(8, 12), dropout=0.1),
        learn=Learn(**values),
        augment=Augment(rotate_deg=8, shift=0.05, elastic=0.01, stroke=0.2, erase=0.2, contrast=0.2, noise=0.02),
    )


if __name__ == "__main__":
    # Every step writes last.ckpt, so that a kill often falls into the middle of a write.
    loop.CHECKPOINT_EVERY_S = 0.0
    found = loop.fit(
        recipe(),
        train=pictures(480, 1),
        validation=pictures(90, 2),
        classes=3,
        run_dir=Path(sys.argv[1]),
        resume=True,
        events=False,
        say=lambda line: print(line, file=sys.stderr, flush=True),
    )
    print(weights_digest(found.network), len(found.history))
