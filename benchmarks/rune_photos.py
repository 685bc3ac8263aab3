"""Photographs of runes burnt into wood: what `glyphsmith train FOLDER` makes of eighteen of each, beside `runes-conv`.

    python benchmarks/rune_photos.py [--each 18] [--test 20] [--turn 12] [--seed 0] [--folds 0] [--recipe NAME]

The photographs are painted: grain and knots, strokes scorched or carved by an unsteady hand, planks that end inside
the picture with a table behind, sharp and soft shadows, blur, noise, JPEG; 160 to 1100 px. They lie in folders named
by the runes, as people name theirs. `--keep DIR` keeps the pictures.
"""

from __future__ import annotations

import argparse
import math
import shutil
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from few_samples import OURS, learn_and_read, report
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Colours = NDArray[Any]

#: The elder futhark as strokes in a box, x to the right and y down.
RUNES: dict[str, list[list[tuple[float, float]]]] = {
    "ᚠ": [[(0, 0), (0, 1)], [(0, 0.45), (0.6, 0.1)], [(0, 0.7), (0.6, 0.35)]],
    "ᚢ": [[(0, 1), (0, 0), (0.6, 0.3), (0.6, 1)]],
    "ᚦ": [[(0, 0), (0, 1)], [(0, 0.25), (0.45, 0.5), (0, 0.75)]],
    "ᚫ": [[(0, 0), (0, 1)], [(0, 0), (0.5, 0.3)], [(0, 0.3), (0.5, 0.6)]],
    "ᚱ": [[(0, 0), (0, 1)], [(0, 0), (0.5, 0.25), (0, 0.5), (0.5, 1)]],
    "ᚲ": [[(0.5, 0.1), (0, 0.5), (0.5, 0.9)]],
    "ᚷ": [[(0, 0), (0.7, 1)], [(0.7, 0), (0, 1)]],
    "ᚹ": [[(0, 0), (0, 1)], [(0, 0), (0.45, 0.25), (0, 0.5)]],
    "ᚺ": [[(0, 0), (0, 1)], [(0.6, 0), (0.6, 1)], [(0, 0.35), (0.6, 0.65)]],
    "ᚾ": [[(0.3, 0), (0.3, 1)], [(0, 0.35), (0.6, 0.6)]],
    "ᛁ": [[(0.1, 0), (0.1, 1)]],
    "ᛃ": [[(0.35, 0), (0.05, 0.28), (0.35, 0.55)], [(0.3, 0.45), (0.6, 0.72), (0.3, 1)]],
    "ᛇ": [[(0.6, 0.22), (0.3, 0), (0.3, 1), (0, 0.78)]],
    "ᛈ": [[(0.6, 0.25), (0.3, 0.3), (0, 0), (0, 1), (0.3, 0.7), (0.6, 0.75)]],
    "ᛉ": [[(0.35, 0), (0.35, 1)], [(0, 0.05), (0.35, 0.4), (0.7, 0.05)]],
    "ᛋ": [[(0.5, 0), (0.1, 0.3), (0.5, 0.6), (0.1, 1)]],
    "ᛏ": [[(0.35, 0), (0.35, 1)], [(0, 0.3), (0.35, 0), (0.7, 0.3)]],
    "ᛒ": [[(0, 0), (0, 1)], [(0, 0), (0.45, 0.25), (0, 0.5), (0.45, 0.75), (0, 1)]],
    "ᛖ": [[(0, 1), (0, 0), (0.35, 0.35), (0.7, 0), (0.7, 1)]],
    "ᛗ": [[(0, 1), (0, 0), (0.7, 0.5)], [(0.7, 1), (0.7, 0), (0, 0.5)]],
    "ᛚ": [[(0, 1), (0, 0), (0.5, 0.35)]],
    "ᛜ": [[(0.35, 0), (0, 0.5), (0.35, 1), (0.7, 0.5), (0.35, 0)]],
    "ᛞ": [[(0, 0), (0, 1)], [(0.8, 0), (0.8, 1)], [(0, 0), (0.8, 1)], [(0.8, 0), (0, 1)]],
    "ᛟ": [[(0, 1), (0.6, 0.4), (0.3, 0), (0, 0.4), (0.6, 1)]],
}


def wood(height: int, width: int, rng: np.random.Generator) -> Floats:
    """Paint a plank: (H, W, 3) in blue, green and red of 0..255, its grain lying across or upright, perhaps knots."""
    blue = rng.uniform(60, 140)
    green = max(blue + 15, rng.uniform(100, 180))
    colour = np.array([blue, green, max(green + 20, rng.uniform(150, 225))])
    side = int(1.5 * math.hypot(height, width))
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    wander, fine = (
        cv2.resize(rng.standard_normal(size).astype(np.float32), (side, side), interpolation=cv2.INTER_CUBIC)
        for size in ((max(2, side // 60), max(2, side // 200)), (side, max(2, side // 30)))
    )
    pitch = rng.uniform(0.06, 0.25) * 400 / max(height, width)
    level = (
        rng.uniform(4, 16) * np.sin(2 * np.pi * pitch * (y + wander * rng.uniform(3, 14))) + rng.uniform(2, 8) * fine
    )
    for _ in range(rng.integers(0, 3)):
        far = np.hypot((x - rng.uniform(0, side)) / 1.6, y - rng.uniform(0, side)) / (rng.uniform(0.02, 0.06) * side)
        level -= np.exp(-(far**2)) * rng.uniform(20, 60)
    turned = cv2.getRotationMatrix2D((side / 2, side / 2), rng.choice([0, 90]) + rng.uniform(-12, 12), 1)
    level = cv2.warpAffine(level.astype(np.float32), turned, (side, side), borderMode=cv2.BORDER_REFLECT)
    top, left = (side - height) // 2, (side - width) // 2
    level = level[top : top + height, left : left + width, None]
    painted: Floats = np.clip(colour + level * np.array([0.7, 0.9, 1.0]), 0, 255).astype(np.float32)
    return painted


def strokes(rune: str, side: float, rng: np.random.Generator) -> tuple[list[NDArray[np.float64]], NDArray[np.float64]]:
    """Give a rune's strokes as somebody's hand draws them, ``side`` pixels long, and their extent (x, y)."""
    wide, slant = rng.uniform(0.85, 1.2), rng.normal(0, 0.05)
    drawn = []
    for stroke in RUNES[rune]:
        points = np.array(stroke, float) + rng.normal(0, 0.025, (len(stroke), 2))
        if rng.random() < 0.3:
            points[-1] += (points[-1] - points[-2]) * rng.uniform(-0.06, 0.1)
        points[:, 0] = points[:, 0] * wide + points[:, 1] * slant
        drawn.append(points)
    everything = np.concatenate(drawn)
    low, high = everything.min(axis=0), everything.max(axis=0)
    scale = side / (high - low).max()
    return [(points - low) * scale for points in drawn], (high - low) * scale


def burnt(shape: tuple[int, int], rune: str, turn_deg: float, rng: np.random.Generator) -> tuple[Floats, float, float]:
    """Draw how deep a rune is burnt: (H, W) in 0..1, with the width and the longer side of its strokes in pixels."""
    side = min(shape) * rng.uniform(0.35, 0.8)
    lines, extent = strokes(rune, side, rng)
    thick = side * rng.uniform(0.05, 0.12)
    angle = math.radians(rng.uniform(-turn_deg, turn_deg))
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    middle = np.array([shape[1] / 2, shape[0] / 2]) + rng.uniform(-0.08, 0.08, 2) * [shape[1], shape[0]]
    depth = np.zeros(shape, np.float32)
    for points in lines:
        press = 0.0
        for a, b in pairwise(points):
            for share in np.linspace(0, 1, max(2, int(np.hypot(*(b - a)) / (0.3 * thick)))):
                press = 0.8 * press + rng.normal(0, 0.25)
                x, y = turn @ (a + (b - a) * share - extent / 2) + middle + rng.normal(0, 0.04, 2) * thick
                radius = max(1.0, thick / 2 * (1 + 0.15 * press))
                cv2.circle(depth, (int(16 * x), int(16 * y)), int(16 * radius), 1.0, -1, cv2.LINE_AA, shift=4)
    return depth, thick, float(extent.max())


def photograph(rune: str, turn_deg: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Paint one photograph: uint8 (H, W, 3), blue, green, red."""
    longer, aspect = float(np.exp(rng.uniform(np.log(160), np.log(1100)))), rng.uniform(0.7, 1.4)
    shape = (int(longer), int(longer / aspect)) if aspect > 1 else (int(longer * aspect), int(longer))
    depth, thick, extent = burnt(shape, rune, turn_deg, rng)
    soft = cv2.GaussianBlur(depth, (0, 0), max(0.5, thick * 0.12))
    scorch = cv2.GaussianBlur(depth, (0, 0), thick * rng.uniform(0.4, 1.2))
    patchy = cv2.resize(rng.uniform(0.75, 1, (8, 8)).astype(np.float32), shape[::-1], interpolation=cv2.INTER_CUBIC)
    black = (soft * rng.uniform(0.65, 0.97) * patchy)[..., None]
    picture: Colours = wood(*shape, rng) * (1 - 0.45 * rng.random() * scorch[..., None])
    picture = picture * (1 - black) + rng.uniform([10, 15, 25], [35, 45, 70]) * black
    if rng.random() < 0.4:  # carved: one flank of the groove catches the light
        flank = cv2.Sobel(soft, cv2.CV_32F, 1, 0, ksize=3) + cv2.Sobel(soft, cv2.CV_32F, 0, 1, ksize=3)
        picture += flank[..., None] * rng.uniform(10, 50)
    if rng.random() < 0.35:  # the plank ends inside the picture
        reach = 2 * max(0.62 * extent, 0.42 * min(shape))
        size = (
            min(1.2 * shape[1], reach * rng.uniform(0.9, 1.3)),
            1.2 * shape[0] if rng.random() < 0.5 else 1.1 * reach,
        )
        plank: Colours = np.zeros(shape, np.float32)
        corners = cv2.boxPoints(((shape[1] / 2, shape[0] / 2), size, rng.normal(0, 3)))
        cv2.fillPoly(plank, [corners.astype(np.int32)], 1.0)
        plank = cv2.GaussianBlur(plank, (0, 0), 1.2)[..., None]
        table = rng.uniform(20, 235, 3) + rng.normal(0, 6, (*shape, 1))
        picture = picture * plank + table * (1 - plank)
    return developed(picture, longer, rng)


def developed(picture: Colours, longer: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Add light that falls off, perhaps a shadow with a soft or sharp edge, noise and blur."""
    height, width = picture.shape[:2]
    y, x = np.mgrid[0:height, 0:width] / np.array([height, width]).reshape(2, 1, 1) - 0.5
    towards = rng.uniform(0, 2 * np.pi)
    light = 1 + rng.uniform(0, 0.45) * (x * math.cos(towards) + y * math.sin(towards))
    if rng.random() < 0.5:
        towards = rng.uniform(0, 2 * np.pi)
        inside = x * math.cos(towards) + y * math.sin(towards) - rng.uniform(-0.3, 0.3)
        light = light * (1 - rng.uniform(0.25, 0.6) / (1 + np.exp(-inside / rng.uniform(0.005, 0.06))))
    picture = picture * (light * rng.uniform(0.7, 1.15))[..., None]
    taken = np.clip(picture + rng.normal(0, rng.uniform(1, 7), picture.shape), 0, 255).astype(np.uint8)
    if rng.random() < 0.4:
        taken = np.asarray(cv2.GaussianBlur(taken, (0, 0), rng.uniform(0.4, 1.4) * longer / 500), np.uint8)
    return taken


def folder_of(place: Path, each: int, turn_deg: float, seed: int) -> Path:
    """Write ``each`` photographs of every rune, one folder a rune."""
    rng = np.random.default_rng(seed)
    for rune in RUNES:
        (place / rune).mkdir(parents=True)
        for i in range(each):
            quality = int(rng.integers(60, 95))
            encoded = cv2.imencode(".jpg", photograph(rune, turn_deg, rng), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
            (place / rune / f"{i:03d}.jpg").write_bytes(encoded.tobytes())
    return place


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=18)
    parser.add_argument("--test", type=int, default=20, help="photographs of each rune to read")
    parser.add_argument("--turn", type=float, default=12.0, help="runes are turned by up to so many degrees")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folds", type=int, default=0)
    parser.add_argument("--recipe", dest="recipes", action="append", default=None)
    parser.add_argument("--keep", type=Path, default=None)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        place = asked.keep or Path(made)
        began = time.monotonic()
        train, test = (
            place / part if (place / part).is_dir() else folder_of(place / part, each, asked.turn, 2 * asked.seed + k)
            for k, (part, each) in enumerate((("train", asked.each), ("test", asked.test)))
        )
        print(f"painted in {time.monotonic() - began:.0f} s", flush=True)
        for name in asked.recipes or [OURS, "runes-conv"]:
            run = Path(made) / "run"
            shutil.rmtree(run, ignore_errors=True)
            report(
                f"{name}, {asked.each} of each of {len(RUNES)} runes",
                [("wood", *learn_and_read(train, test, name, run, asked))],
            )


if __name__ == "__main__":
    main()
