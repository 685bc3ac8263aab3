"""Sprite sheets read glyph by glyph, by rows, and over requests: mistakes, and requests a page, for several bounds.

    python benchmarks/sprite_rows.py MODEL --part held-out --sheets 500 --seed 1 [--fonts SOURCE ...]

Sheets are painted by ``synth.sprites`` and read by MODEL as ``glyphsmith crawl solve`` reads them. Puzzles of
``--pages`` pages are then drawn from them (12 numbers a page, each digit one of the cells that show it) and solved by
the code that solves a site: every page once, then the doubtful ones (``crawl.budget``). Beside it stands what other
solvers do: every glyph by itself, and a page asked again until its numbers have come twice. Prints how many of the
``--puzzles`` had the right sum, and one JSON line.
"""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter
from itertools import pairwise

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

import glyphsmith
from glyphsmith.crawl.answers import PageAnswer
from glyphsmith.crawl.budget import ask_again
from glyphsmith.crawl.glyphs import DOUBT, SheetReader
from glyphsmith.decode.assignment import marginals, with_doubt
from glyphsmith.metrics import wilson_interval
from glyphsmith.synth.digit_fonts import font_part_named
from glyphsmith.synth.sprites import SpritePainter, SpriteSettings

BOUNDS = (5e-2, 2e-2, 1e-2, 1e-3)
#: A page that is asked for more often than this counts as not solved.
MOST = 20

Floats = NDArray[np.float64]


def read_sheets(model: str, settings: SpriteSettings, sheets: int, seed: int) -> tuple[Floats, NDArray[np.int64]]:
    """Give the probabilities (S, 10, 10, 10) of every cell and the digits (S, 10, 10)."""
    painter = SpritePainter(settings)
    for line in painter.describe():
        print(line)
    reader = SheetReader(glyphsmith.load(model))
    found, digits = [], []
    for index in range(sheets):
        sheet = painter.sheet(seed, index)
        cells = [np.ascontiguousarray(sheet.cut(row, column)) for row in range(10) for column in range(10)]
        found.append(reader.probabilities(cells).reshape(10, 10, 10))
        digits.append(sheet.digits)
    return np.stack(found), np.stack(digits)


def numbers_of_a_page(draw: np.random.Generator) -> str:
    """Draw 12 numbers as the practice site does."""
    return " ".join(str(draw.integers(100, 1000) if draw.random() < 0.5 else draw.integers(10, 100)) for _ in range(12))


def draw_page(digits: NDArray[np.int64], text: str, draw: np.random.Generator) -> NDArray[np.int64]:
    """Give the sheet's cells (D, 2) that show the digits of a page."""
    places = [np.argwhere(digits == int(digit)) for digit in text.replace(" ", "")]
    return np.stack([found[draw.integers(len(found))] for found in places])


def ask(scores: Floats, digits: NDArray[np.int64], text: str, answer: PageAnswer, draw: np.random.Generator) -> None:
    """Ask for a page once: another sheet shows its digits."""
    sheet = int(draw.integers(len(scores)))
    cells = draw_page(digits[sheet], text, draw)
    lengths = tuple(len(number) for number in text.split())
    answer.add(lengths, str(answer.readings), scores[sheet][cells[:, 0], cells[:, 1]])


def solve(
    scores: Floats, digits: NDArray[np.int64], texts: list[str], bound: float, draw: np.random.Generator
) -> tuple[int, int]:
    """Solve a puzzle as ``crawl.solve`` does; give the requests and the pages that are wrong."""
    answers = {page: PageAnswer() for page in range(len(texts))}
    again = list(answers)
    requests = 0
    while again:
        for page in again:
            ask(scores, digits, texts[page], answers[page], draw)
        requests += len(again)
        doubts = {page: answer.error for page, answer in answers.items()}
        again = [page for page in ask_again(doubts, bound) if answers[page].readings < MOST]
    wrong = sum(answers[page].numbers != tuple(int(number) for number in text.split())
                for page, text in enumerate(texts))  # fmt: skip
    return requests, wrong


def vote(scores: Floats, digits: NDArray[np.int64], text: str, draw: np.random.Generator) -> tuple[int, bool]:
    """Ask for a page until the same reading has come twice; give how often, and whether it is wrong."""
    text = text.replace(" ", "")
    seen: Counter[str] = Counter()
    while seen.total() < MOST:
        sheet = int(draw.integers(len(scores)))
        cells = draw_page(digits[sheet], text, draw)
        seen["".join(map(str, scores[sheet][cells[:, 0], cells[:, 1]].argmax(axis=1)))] += 1
        if seen.most_common(1)[0][1] == 2:
            break
    return seen.total(), seen.most_common(1)[0][0] != text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--part", default="held-out")
    parser.add_argument("--sheets", type=int, default=500)
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--puzzles", type=int, default=20)
    parser.add_argument("--fonts", nargs="+", default=["bundled", "matplotlib", "system"])
    parser.add_argument("--illegible", type=float, default=SpriteSettings().illegible)
    parser.add_argument("--doubt", type=float, default=DOUBT)
    parser.add_argument("--seed", type=int, default=1)
    words = parser.parse_args()
    settings = SpriteSettings(fonts=tuple(words.fonts), part=font_part_named(words.part), illegible=words.illegible)
    found, digits = read_sheets(words.model, settings, words.sheets, words.seed)
    alone = with_doubt(found, words.doubt)
    shares = marginals(alone)
    with np.errstate(divide="ignore"):
        together = np.log(shares)
    n = digits.size
    record: dict[str, object] = {"model": words.model, "part": words.part, "sheets": words.sheets, "glyphs": n}
    for name, scores in (("glyph", alone), ("row", together)):
        right = int((scores.argmax(axis=3) == digits).sum())
        low, high = wilson_interval(right, n)
        record[name] = {"accuracy": right / n, "ci95": [low, high]}
        print(f"{'a glyph by itself' if name == 'glyph' else 'after assignment':18} {right / n:.4%} of {n:,} "
              f"({low:.4%} to {high:.4%})")  # fmt: skip
    doubtful = 1 - shares.max(axis=3)
    wrong = together.argmax(axis=3) != digits
    print(f"{'doubt of a cell':>18} {'share':>9} {'wrong':>6} {'expected':>9}")
    edges = (1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 0.0)
    for high, low in pairwise(edges):
        there = (doubtful >= low) & (doubtful < high)
        print(f"{low:>8.0e} to {high:.0e} {there.mean():>9.4%} {wrong[there].sum():>6} {doubtful[there].sum():>9.2g}")
    rows = []
    print(f"{'':>9} {'bound':>8} {'requests a page':>16} {'at most':>8} {'sums right':>11} {'wrong pages':>12}")
    for name, scores, bound in [
        *(("rows", together, bound) for bound in BOUNDS),
        ("glyphs", alone, 1e-2),
        ("vote", alone, 0.0),
    ]:
        outcomes = []
        for puzzle in range(words.puzzles):
            draw = np.random.default_rng((words.seed, puzzle))
            texts = [numbers_of_a_page(draw) for _ in range(words.pages)]
            if name == "vote":
                voted = [vote(scores, digits, text, draw) for text in texts]
                outcomes.append((sum(count for count, _ in voted), sum(bad for _, bad in voted)))
            else:
                outcomes.append(solve(scores, digits, texts, bound, draw))
        asked = [requests / words.pages for requests, _ in outcomes]
        mistaken = [wrong for _, wrong in outcomes]
        rows.append({
            "how": name, "bound": bound, "requests_per_page": sum(asked) / len(asked), "at_most": max(asked),
            "sums_right": mistaken.count(0), "wrong_pages": sum(mistaken),
        })  # fmt: skip
        print(f"{name:>9} {bound:>8.0e} {sum(asked) / len(asked):>16.4f} {max(asked):>8.3f} "
              f"{mistaken.count(0):>5} of {len(mistaken)} {sum(mistaken):>12}")  # fmt: skip
    print(json.dumps({**record, "solved": rows, "n_pages": words.pages, "puzzles": words.puzzles}))


if __name__ == "__main__":
    main()
