"""Small sets of pictures for the tests of data: drawn from a seed, each different, each label its own figure."""

from __future__ import annotations

import gzip
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image


def glyph(label: int, number: int, *, side: int = 20, dark: bool = True) -> np.ndarray:
    """Draw picture ``number`` of a label: light bars on dark, placed by the label, roughened by the number."""
    rng = np.random.default_rng([label, number])
    picture = np.zeros((side, side), np.uint8)
    x = 2 + (label * 3) % (side - 8)
    y = 2 + (label * 5) % (side - 8)
    picture[3 : side - 3, x : x + 3] = 220
    picture[y : y + 3, 3 : side - 3] = 220
    rough = rng.integers(0, 2, (side - 4, side - 4)).astype(np.uint8) * rng.integers(60, 160)
    picture[2:-2, 2:-2] = np.maximum(picture[2:-2, 2:-2], rough)
    return picture if dark else 255 - picture


def png(picture: np.ndarray, form: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, form, **options)
    return file.getvalue()


def write(path: Path, picture: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png(picture))
    return path


def folder_a_class(root: Path, labels: Sequence[str] = ("a", "b", "c"), each: int = 10) -> Path:
    for k, label in enumerate(labels):
        for number in range(each):
            write(root / label / f"{number:03d}.png", glyph(k, number))
    return root


def idx(array: np.ndarray, *, packed: bool = False) -> bytes:
    head = bytes([0, 0, 8, array.ndim]) + b"".join(int(n).to_bytes(4, "big") for n in array.shape)
    data = head + array.astype(np.uint8).tobytes()
    return gzip.compress(data) if packed else data
