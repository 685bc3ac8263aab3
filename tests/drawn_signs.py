"""Four signs drawn by hand, as it were: what the tests of labels learn from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def draw(path: Path, label: str, seed: int) -> None:
    """One sign as dark ink on light paper: a bar, a cross, a ring or a corner, somewhere in 40x36 px."""
    rng = np.random.default_rng([seed, *label.encode()])
    ink = np.zeros((40, 36))
    y, x = int(rng.integers(6, 14)), int(rng.integers(6, 12))
    if label == "bar":
        ink[y : y + 20, x + 8 : x + 12] = 1
    elif label == "cross":
        ink[y : y + 20, x + 8 : x + 12] = ink[y + 8 : y + 12, x : x + 20] = 1
    elif label == "ring":
        ink[y : y + 20, x : x + 20] = 1
        ink[y + 4 : y + 16, x + 4 : x + 16] = 0
    else:
        ink[y : y + 20, x : x + 4] = ink[y + 16 : y + 20, x : x + 20] = 1
    grey = 235 - 190 * ink + rng.normal(0, 6, ink.shape)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(grey.clip(0, 255).astype(np.uint8)).save(path)


def folder_of(place: Path, labels: tuple[str, ...], each: int = 40) -> Path:
    for label in labels:
        for i in range(each):
            draw(place / label / f"{i:03d}.png", label, i)
    return place
