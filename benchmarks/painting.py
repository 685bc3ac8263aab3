"""Pictures a second on one core: our captcha painter beside the `captcha` library 0.7.1, and how alike they are.

    taskset -c 1 python benchmarks/painting.py [--repeat 7] [--compare 5000]

Both paint 4 of 0-9A-Z at 170 x 80 in one process and one thread, in turns; the best turn of each counts, since whatever
else runs on the machine only slows a turn down. The library goes into a folder of its own below ~/.cache on the first
run. With --compare N, N pictures of each are compared: the figures of the two columns are means over pictures, and
`mean picture` is the mean difference of the two mean pictures of ink beside that of two halves of the library's own.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import PIL
from library_captchas import LENGTH, LIBRARY
from library_captchas import painter as library_painter
from numpy.typing import NDArray
from peer import report, say

from glyphsmith.synth.arithmetic import ArithmeticPainter
from glyphsmith.synth.captcha import CaptchaPainter
from glyphsmith.synth.seeded import SeededPainter
from glyphsmith.synth.settings import DIGITS_AND_CAPITALS, preset

PICTURES = {"library": 150, "ours": 600}


def library() -> Callable[[], NDArray[np.uint8]]:
    """Give the library's painter of one random text; it draws from `secrets` and cannot be seeded."""
    painter = library_painter()
    draws = random.Random(0)

    def paint() -> NDArray[np.uint8]:
        text = "".join(draws.choices(DIGITS_AND_CAPITALS, k=LENGTH))
        return np.asarray(painter.generate_image(text), np.uint8)

    return paint


def seconds(paint: Callable[[], Any], n: int) -> float:
    begun = time.perf_counter()
    for _ in range(n):
        paint()
    return (time.perf_counter() - begun) / n


def counted(painter: SeededPainter) -> Callable[[], Any]:
    """Paint one picture after the other; the first 4 000 are warming up: symbols of all fonts are drawn once."""
    index = iter(range(10**9))
    for _ in range(4000):
        painter.paint(0, next(index))
    return lambda: painter.paint(0, next(index))


def figures(pictures: NDArray[np.uint8]) -> dict[str, float]:
    """Say in figures what (N, H, W, 3) pictures look like."""
    values = pictures.astype(np.float32)
    ink = inks(values)
    return {
        "brightness": float(values.mean()),
        "contrast (standard deviation)": float(values.std(axis=(1, 2)).mean()),
        "share of ink": float(ink.mean()),
        "share of ink, spread over pictures": float(ink.mean(axis=(1, 2)).std()),
        "share of full ink": float((ink > 0.9).mean()),
        "edges (deviation of the Laplacian)": float(np.mean([cv2.Laplacian(one, cv2.CV_32F).std() for one in ink])),
    }


def inks(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give how far each pixel is from the ground (its picture's median) to the ink: (N, H, W) in 0..1."""
    ground = np.median(values.reshape(len(values), -1, 3), axis=1)[:, None, None]
    far = np.abs(values - ground).mean(axis=-1)
    most = np.percentile(far.reshape(len(values), -1), 99.5, axis=1) + 1e-3
    return np.asarray((far / most[:, None, None]).clip(0, 1), np.float32)


def compare(theirs: Callable[[], NDArray[np.uint8]], ours: SeededPainter, n: int) -> tuple[list[list[str]], Any]:
    """Give table rows and a record of what `n` pictures of each look like."""
    one = np.stack([theirs() for _ in range(n)])
    two = ours.paint_batch(1, range(n))[0]
    rows, record = [], {}
    for (name, a), b in zip(figures(one).items(), figures(two).values(), strict=True):
        rows.append([name, f"{a:.4f}", f"{b:.4f}", f"{100 * (b / a - 1):+.2f} %"])
        record[name] = [a, b]
    mean_one, mean_two = inks(one.astype(np.float32)), inks(two.astype(np.float32)).mean(axis=0)
    halves = float(np.abs(mean_one[: n // 2].mean(axis=0) - mean_one[n // 2 :].mean(axis=0)).mean())
    between = float(np.abs(mean_one.mean(axis=0) - mean_two).mean())
    rows.append(["mean picture", f"{halves:.4f}", f"{between:.4f}", ""])
    return rows, {**record, "mean picture": [halves, between]}


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--repeat", type=int, default=7)
    words.add_argument("--compare", type=int, default=0, metavar="N")
    given = words.parse_args()
    cv2.setNumThreads(1)
    paint_theirs = library()
    ours = {
        "ours, library-0.7.1": CaptchaPainter(preset("library-0.7.1")),
        "ours, library-0.7.0": CaptchaPainter(preset("library-0.7.0")),
        "ours, library-0.2": CaptchaPainter(preset("library-0.2")),
        "ours, wide": CaptchaPainter(preset("wide")),
        "ours, arithmetic": ArithmeticPainter(),
    }
    turns = {LIBRARY: paint_theirs, **{name: counted(painter) for name, painter in ours.items()}}
    best = dict.fromkeys(turns, float("inf"))
    for turn in range(given.repeat):
        say(f"turn {turn + 1} of {given.repeat}")
        for name, paint in turns.items():
            n = PICTURES["library" if name == LIBRARY else "ours"]
            best[name] = min(best[name], seconds(paint, n))
    rate = {name: 1 / took for name, took in best.items()}
    rows = [["painter", "pictures/s", "times the library"]]
    rows += [[name, f"{value:.0f}", f"{value / rate[LIBRARY]:.1f}"] for name, value in rate.items()]
    ratio = rate["ours, library-0.7.1"] / rate[LIBRARY]
    record: dict[str, Any] = {
        "pictures_per_s": rate,
        "ratio": ratio,
        "pillow": PIL.__version__,
        "opencv": cv2.__version__,
    }
    if given.compare:
        likeness, record["likeness"] = compare(paint_theirs, ours["ours, library-0.7.1"], given.compare)
        rows += [["", "", ""], *[[name, f"{a} / {b}", off] for name, a, b, off in likeness]]
    report("painting: captcha library 0.7.1 / ours, one core", rows, record)


if __name__ == "__main__":
    main()
