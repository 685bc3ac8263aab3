"""How long decoding takes, on scores like those of a reader that is sure of most columns.

    python benchmarks/decoding.py

Prints one row a task in milliseconds of processor time (median, one thread), then the rows as one JSON line.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from glyphsmith.alphabet import Alphabet
from glyphsmith.decode import ctc
from glyphsmith.decode.automaton import Automaton
from glyphsmith.decode.confidence import character_confidences
from glyphsmith.decode.grammars import constrain
from glyphsmith.decode.text import TextDecoder

RUNS = 40
LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SUMS = "0123456789+-*()"
FORMULAS = "0123456789+-*/()=;君不见黄河之水天上来奔流到海复回烟锁池塘柳深圳铁板烧"
#: (task, alphabet, what the reader sees, columns, constraint)
TASKS = (
    ("captcha, 4 of 36", LETTERS, "7K3Q", 22, r"\w{4}"),
    ("captcha, one lost", LETTERS, "7K3", 22, r"\w{4}"),
    ("arithmetic", SUMS, "(3-7)+5", 44, "arithmetic1"),
    ("arithmetic, a bracket lost", SUMS, "(3-7+5", 44, "arithmetic1"),
    ("formula", FORMULAS, "流=42072;圳=86;(圳-(97510*45921))*流/35864", 112, "formula"),
    ("formula, a variable misread", FORMULAS, "流=42072;圳=86;(圳-(97510*45921))*河/35864", 112, "formula"),
)


def seen(text: str, letters: str, columns: int, draw: np.random.Generator) -> NDArray[np.float64]:
    """Give scores (T, 1+K) of a reader that sees ``text``, with some noise in every column."""
    logits = draw.normal(size=(columns, len(letters) + 1))
    logits[:, 0] += 10.0
    for column, sign in zip(np.sort(draw.choice(columns // 2, len(text), replace=False)) * 2, text, strict=True):
        logits[column, 0] -= 10.0
        logits[column, 1 + letters.index(sign)] += 11.0
    found: NDArray[np.float64] = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    return found


def milliseconds(work: Callable[[], object]) -> float:
    """Give the median processor time of one call; the first one, which fills caches, does not count."""
    times = []
    work()
    for _ in range(RUNS):
        before = time.process_time_ns()
        work()
        times.append((time.process_time_ns() - before) / 1e6)
    return round(statistics.median(times), 3)


def measure(letters: str, text: str, columns: int, pattern: str) -> dict[str, float]:
    """Time every way to decode one picture."""
    alphabet = Alphabet(letters)
    scores = seen(text, letters, columns, np.random.default_rng(1))
    held = constrain(alphabet, pattern=pattern)
    assert held is not None
    constraint: Automaton = held
    best = ctc.beam(scores, 10, constraint)[0][0]
    return {
        "greedy": milliseconds(lambda: ctc.greedy(scores)),
        "its probability": milliseconds(lambda: ctc.sequence_log_probability(scores, best)),
        "beam 10": milliseconds(lambda: ctc.beam(scores, 10)),
        "beam 10, held": milliseconds(lambda: ctc.beam(scores, 10, constraint)),
        "reading, held": milliseconds(lambda: TextDecoder(alphabet, constraint=constraint, width=10)(scores)),
        "characters": milliseconds(lambda: character_confidences(scores, best)),
        "building": milliseconds(lambda: constrain(alphabet, pattern=pattern)),
    }


def main() -> None:
    """Measure and print."""
    rows: list[dict[str, object]] = []
    for task, letters, text, columns, pattern in TASKS:
        row: dict[str, object] = {"task": task, "columns": columns, "labels": len(letters)}
        row.update(measure(letters, text, columns, pattern))
        if not rows:
            print(" | ".join(row))
        rows.append(row)
        print(" | ".join(str(value) for value in row.values()), flush=True)
    print(json.dumps({"benchmark": "decoding", "unit": "ms", "runs": RUNS, "rows": rows}, ensure_ascii=False))


if __name__ == "__main__":
    main()
