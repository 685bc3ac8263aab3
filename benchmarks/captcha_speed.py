"""Reading one captcha: our reader beside ddddocr, on the same PNG files painted by the `captcha` library 0.7.1.

    taskset -c 1 python benchmarks/captcha_speed.py MODEL [--n 1000]

Both read from the bytes of a file to the text, one picture at a time, on one core (this process and the peer's are held
to one, so neither has threads to gain from); the median counts. ddddocr was not trained for these pictures and answers
in any case and script; its text counts as right in capitals, since the library paints nothing else.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import peer
from library_captchas import painted, text_of

import glyphsmith
from glyphsmith.metrics import percentiles, wilson_interval

DDDDOCR_PACKAGES = ("ddddocr",)
WARM_UP = 20


def ours(model: str, files: list[Path]) -> tuple[list[str], list[float], float]:
    """Give texts, milliseconds and the size of the file in MB."""
    reader = glyphsmith.load(model)
    for path in files[:WARM_UP]:
        reader.read(path.read_bytes(), top=1)
    texts, ms = [], []
    for path in files:
        begun = time.perf_counter()
        reading = reader.read(path.read_bytes(), top=1)
        ms.append(1000 * (time.perf_counter() - begun))
        texts.append(reading.text)
    return texts, ms, reader.file_bytes / 1e6


def share(right: int, n: int) -> str:
    low, high = wilson_interval(right, n)
    return f"{100 * right / n:.2f} % ({100 * low:.2f} to {100 * high:.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("--n", type=int, default=1000)
    words = parser.parse_args()

    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    files = painted(words.n)
    truth = [text_of(path) for path in files]
    texts, ms, size_mb = ours(words.model, files)
    names = peer.BUILD / "captcha_speed.txt"
    names.write_text("\n".join(map(str, files)), encoding="utf-8")
    theirs = json.loads(peer.run(peer.python_with("ddddocr", DDDDOCR_PACKAGES), peer.HERE / "ddddocr_reads.py", names))

    rows = [[f"captcha 0.7.1, n = {words.n:,}", "ms p50", "ms p95", "file", "whole string"]]
    record: dict[str, object] = {"n": words.n, "ddddocr_version": theirs["version"]}
    sides = {
        "glyphsmith": (texts, ms, size_mb),
        "ddddocr": ([text.upper() for text in theirs["texts"]], theirs["ms"], theirs["model_mb"]),
    }
    medians = []
    for name, (read, took, mb) in sides.items():
        right = sum(one == other for one, other in zip(truth, read, strict=True))
        p50, p95 = percentiles(took)
        medians.append(p50)
        rows.append([name, f"{p50:.2f}", f"{p95:.2f}", f"{mb:.2f} MB", share(right, words.n)])
        record[name] = {"ms_p50": p50, "ms_p95": p95, "file_mb": round(mb, 3), "exact": right / words.n}
    peer.report("captcha, one picture at a time", rows, {**record, "times_faster": round(medians[1] / medians[0], 2)})


if __name__ == "__main__":
    main()
