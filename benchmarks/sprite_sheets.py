"""How a reader of sprite digits does on sheets in fonts it has not learned: glyph by glyph, and with rows assigned.

    python benchmarks/sprite_sheets.py [MODEL ...] [--sheets 500] [--seed 1001] [--fonts SOURCE ...] [--part held-out]

MODEL defaults to the shipped reader; ``sprites-conv3`` trained the published way stands beside it when its run folder
is named too. Glyphs are counted over the legible ones, cells with each row as an assignment over all. The time of a
sheet is that of ``crawl solve`` on one thread: its hundred cells to the probability of each digit of each cell, given
that rows are permutations. Prints one row a reader and a JSON line.
"""

from __future__ import annotations

import argparse
import os
import time
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import peer

import glyphsmith
from glyphsmith.crawl.glyphs import DOUBT, SheetReader
from glyphsmith.decode.assignment import assign, with_doubt
from glyphsmith.metrics import wilson_interval
from glyphsmith.synth.sprites import SpritePainter, SpriteSettings


def judged(model: str, painter: SpritePainter, sheets: int, seed: int) -> dict[str, Any]:
    """Read ``sheets`` sheets and count what is right."""
    reader = SheetReader(glyphsmith.load(model))
    single = legible = assigned = rows = 0
    seconds: list[float] = []
    for index in range(sheets):
        sheet = painter.sheet(seed, index)
        cells = [sheet.cut(row, column) for row in range(10) for column in range(10)]
        # Of the process, so that what else runs on the core does not count.
        begun = time.process_time()
        reader.rows(cells)
        seconds.append(time.process_time() - begun)
        probabilities = reader.probabilities(cells)
        read = [assign(row) for row in with_doubt(probabilities, DOUBT).reshape(10, 10, 10)]
        right = probabilities.argmax(axis=1).reshape(10, 10) == sheet.digits
        single += int(right[sheet.legible].sum())
        legible += int(sheet.legible.sum())
        agree = np.array([found.labels if found else [-1] * 10 for found in read]) == sheet.digits
        assigned += int(agree.sum())
        rows += int(agree.all(axis=1).sum())
    return {
        "model": model,
        "single": single / legible,
        "legible": legible,
        "single_ci95": wilson_interval(single, legible),
        "assigned": assigned / (100 * sheets),
        "cells": 100 * sheets,
        "assigned_ci95": wilson_interval(assigned, 100 * sheets),
        "rows_right": rows / (10 * sheets),
        "sheet_ms_p50": 1000 * float(np.median(seconds)),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=["sprites"], metavar="MODEL")
    parser.add_argument("--sheets", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1001)
    parser.add_argument("--fonts", nargs="+", default=["bundled", "matplotlib", "system"])
    parser.add_argument("--part", default="held-out", choices=["all", "training", "held-out"])
    words = parser.parse_args()
    painter = SpritePainter(SpriteSettings(fonts=tuple(words.fonts), part=words.part))
    peer.say("; ".join(painter.describe()))
    rows = [["reader", "legible glyphs alone", "all cells, rows assigned", "rows right", "a sheet"]]
    records = [judged(model, painter, words.sheets, words.seed) for model in words.models]
    for record in records:
        (low, high), (least, most) = record["single_ci95"], record["assigned_ci95"]
        rows.append(
            [
                record["model"],
                f"{100 * record['single']:.3f} % of {record['legible']} ({100 * low:.2f} to {100 * high:.2f})",
                f"{100 * record['assigned']:.3f} % of {record['cells']} ({100 * least:.2f} to {100 * most:.2f})",
                f"{100 * record['rows_right']:.2f} %",
                f"{record['sheet_ms_p50']:.1f} ms",
            ]
        )
    peer.report("sprite sheets", rows, {"readers": records, "part": words.part, "seed": words.seed})


if __name__ == "__main__":
    main()
