"""Is our painter the same task? One reader on pictures of the `captcha` library 0.7.1 and on ours that look like them.

    python benchmarks/captcha_library.py MODEL [--n 20000] [--seed 7100071]

Both sets carry random texts of 4 of 0-9A-Z. Whole strings, also with 0 and O taken for one sign, with Wilson intervals;
the difference stands with its 95 % interval (Newcombe). The library's pictures are painted once and kept.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import peer
from library_captchas import painted, text_of

import glyphsmith
from glyphsmith.metrics import wilson_interval
from glyphsmith.progress import watched
from glyphsmith.synth.captcha import CaptchaPainter
from glyphsmith.synth.settings import preset

TOGETHER = 64


def right_of(reader: Any, n: int, some: Callable[[range], tuple[Iterable[Any], Sequence[str]]]) -> tuple[int, int]:
    """Count the whole strings that are read right, as they are and with O folded into 0."""
    exact = folded = 0
    for start in watched(range(0, n, TOGETHER), -(-n // TOGETHER), "reading"):
        pictures, texts = some(range(start, min(start + TOGETHER, n)))
        for text, reading in zip(texts, reader.read(list(pictures)), strict=True):
            exact += reading.text == text
            folded += reading.text.replace("O", "0") == text.replace("O", "0")
    return exact, folded


def row(name: str, right: int, n: int) -> list[str]:
    low, high = wilson_interval(right, n)
    return [name, f"{100 * right / n:.3f} %", f"{100 * low:.3f} to {100 * high:.3f} %"]


def apart(one: int, other: int, n: int) -> tuple[float, float]:
    """Give the 95 % interval of the difference of two independent shares of n (Newcombe 1998, method 10)."""
    a, b = one / n, other / n
    (low_a, high_a), (low_b, high_b) = wilson_interval(one, n), wilson_interval(other, n)
    return a - b - math.hypot(a - low_a, high_b - b), a - b + math.hypot(high_a - a, b - low_b)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("--n", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=7_100_071, help="of our pictures; no recipe trains with this one")
    words = parser.parse_args()

    files = painted(words.n)
    painter = CaptchaPainter(preset("library-0.7.1"))
    reader = glyphsmith.load(words.model)
    n = words.n
    theirs = right_of(reader, n, lambda some: ([files[i] for i in some], [text_of(files[i]) for i in some]))
    ours = right_of(reader, n, lambda some: painter.paint_batch(words.seed, some))

    rows = [[f"{words.model}, n = {n:,} of each", "whole string", "95 % interval"]]
    record: dict[str, Any] = {"model": words.model, "n": n, "seed": words.seed}
    for k, how in enumerate(("exact", "0 and O folded")):
        rows += [row(f"captcha 0.7.1, {how}", theirs[k], n), row(f"our library-0.7.1, {how}", ours[k], n)]
        low, high = apart(theirs[k], ours[k], n)
        between = (theirs[k] - ours[k]) / n
        rows.append(["  difference", f"{100 * between:+.3f} points", f"{100 * low:+.3f} to {100 * high:+.3f}"])
        record[how] = {"library": theirs[k] / n, "ours": ours[k] / n, "difference": between, "ci95": [low, high]}
    peer.report("one reader, two painters", rows, record)


if __name__ == "__main__":
    main()
