"""Our recipe `captcha` beside the published networks `captcha-crnn` and `captcha-multihead`, for the same wall time.

    python benchmarks/captcha_references.py --minutes M [--recipes captcha captcha-crnn captcha-multihead] [--seed N]

Each is trained from nothing by `glyphsmith train --recipe NAME --minutes M`, one after the other on the same cores, on
pictures that are painted as it learns. The table shows the validation accuracy (whole strings) that each had reached by
parts of the time, and what its written file reads of the test part; times are seconds of learning.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from typing import Any

import peer

RECIPES = ("captcha", "captcha-crnn", "captcha-multihead")
PARTS = (0.1, 0.25, 0.5, 0.75, 1.0)


def trained(recipe: str, words: argparse.Namespace) -> dict[str, Any]:
    """Train one recipe; give its curve and its figures."""
    run = peer.BUILD / "captcha_references" / recipe
    shutil.rmtree(run, ignore_errors=True)
    run.parent.mkdir(parents=True, exist_ok=True)
    changes = [word for change in words.settings for word in ("--set", change)]
    begun = time.perf_counter()
    given = ("--recipe", recipe, "--minutes", str(words.minutes), "--seed", str(words.seed), "--out", run)
    peer.glyphsmith("train", *given, *changes)
    whole_s = time.perf_counter() - begun
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    curve = [json.loads(line) for line in (run / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    points = [(line["seconds"], line["val_accuracy"]) for line in curve if "val_accuracy" in line]
    size_mb = (run / "model.onnx").stat().st_size / 1e6
    kept = {key: metrics.get(key) for key in ("part", "n", "exact", "accuracy", "ci95", "learning_s")}
    return {**kept, "whole_s": round(whole_s, 1), "file_mb": round(size_mb, 3), "curve": points}


def best_by(curve: list[tuple[float, float]], seconds: float) -> str:
    """Give the best accuracy reached by a time, since the best weights are the ones kept."""
    reached = [accuracy for at, accuracy in curve if at <= seconds]
    return f"{100 * max(reached):.2f}" if reached else "-"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--recipes", nargs="+", default=list(RECIPES))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", dest="settings", action="append", default=[], metavar="KEY=VALUE")
    words = parser.parse_args()

    record: dict[str, Any] = {"minutes": words.minutes, "seed": words.seed, "usable_cores": peer.usable_cores()}
    seconds = [part * 60 * words.minutes for part in PARTS]
    rows = [["recipe", *(f"{at / 60:.1f} min" for at in seconds), "file on its test part", "file"]]
    for recipe in words.recipes:
        found = record[recipe] = trained(recipe, words)
        right = found["exact"] if found["exact"] is not None else found["accuracy"]
        low, high = (100 * bound for bound in found["ci95"])
        read = f"{100 * right:.2f} % ({low:.2f} to {high:.2f}, n = {found['n']:,})"
        curve = [best_by(found["curve"], at) for at in seconds]
        rows.append([recipe, *curve, read, f"{found['file_mb']:.2f} MB"])
    peer.report("captcha recipes, the same wall time", rows, record)


if __name__ == "__main__":
    main()
