"""Few samples of a label: what `glyphsmith train FOLDER` chooses, beside `runes-mlp` and `runes-conv` on the same.

    python benchmarks/few_samples.py drawers ALPHABET_DIR ... [--drawers 15 5] [--test 16 20] [--folds K] [--recipe R]
    python benchmarks/few_samples.py digits MNIST_DIR [--each 18] [--draws 10]

`drawers`: each ALPHABET_DIR holds one folder a character, with pictures NAME_DD.png of drawer DD, as Omniglot's
archives unpack. The first so many drawers are learned from, those of `--test` are read; nobody is in both. The shipped
reader `glyphs` has learned from Omniglot's Greek, Japanese (katakana), Korean and Latin: name other alphabets. A reader
that knows "none of these" is also given the other alphabets' pictures: how many it refuses, and how many of its own.
The file learns from everything in the folder whatever K is; its threshold stands on readers of the folds, so with 2
(the default here, for time) on readers of half the pictures, with 5 on what `glyphsmith train` does by itself.

`digits`: so many pictures of each digit are drawn from MNIST's training part, and the whole test part is read.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from glyphsmith.data.source import open_source
from glyphsmith.evaluate.evaluation import evaluate
from glyphsmith.metrics import wilson_interval
from glyphsmith.run import run
from glyphsmith.runtime.reader import open_reader

OURS = "glyphsmith train FOLDER"


def learn_and_read(
    train: Path, test: Path, recipe: str, place: Path, asked: argparse.Namespace
) -> tuple[int, int, float]:
    """Learn from one folder, into ``place``, and read the other: right answers, pictures, seconds of the whole run."""
    began = time.monotonic()
    out = run(
        train,
        recipe=None if recipe == OURS else recipe,
        out=place,
        folds=asked.folds,
        seed=asked.seed,
        say=lambda _: None,
    )
    seconds = time.monotonic() - began
    found = evaluate(open_reader(out.model), open_source(str(test)), progress=False)
    return int(found.right.sum()), found.n, seconds


def refused(place: Path, test: Path) -> tuple[int, int]:
    """Count the pictures that the reader of a run calls none of its labels, and all of them."""
    reader, source = open_reader(place), open_source(str(test))
    answers = [reader.read(source.picture(i), top=0) for i in range(len(source))]
    return sum(answer.label is None for answer in answers), len(answers)


def strangers(places: dict[str, Path], tests: dict[str, Path]) -> None:
    """Report what each alphabet's reader refuses of its own pictures and of those of the other alphabets."""
    shares = []
    for name, place in places.items():
        own, n = refused(place, tests[name])
        others = {other: refused(place, test) for other, test in tests.items() if other != name}
        if not own and not any(count for count, _ in others.values()):
            return  # it knows no "none of these"
        shares.append(statistics.mean(count / m for count, m in others.values()))
        said = ", ".join(f"{other} {count / m:.1%} of {m}" for other, (count, m) in others.items())
        print(f"{name}: keeps {1 - own / n:.1%} of {n} own pictures, refuses {said}; mean {shares[-1]:.1%}", flush=True)
    print(f"refused of other alphabets, mean of {len(shares)}: {statistics.mean(shares):.1%}", flush=True)


def by_drawer(alphabet: Path, out: Path, drawers: range) -> Path:
    """Copy the pictures of some drawers, one folder a character."""
    for character in sorted(alphabet.iterdir()):
        for picture in sorted(character.glob("*.png")):
            if int(picture.stem[-2:]) in drawers:
                folder = out / character.name
                folder.mkdir(parents=True, exist_ok=True)
                shutil.copy(picture, folder)
    return out


def drawn_digits(mnist: Path, out: Path, each: int, seed: int) -> Path:
    """Write ``each`` pictures of every digit, drawn from the training part."""
    source = open_source(str(mnist))
    rng = np.random.default_rng(seed)
    parts = np.array([source.sample(i).part != "test" for i in range(len(source))])
    labels = np.array(source.labels)
    for label in sorted(set(source.labels)):
        (out / label).mkdir(parents=True)
        for i in rng.choice(np.flatnonzero(parts & (labels == label)), each, replace=False).tolist():
            Image.fromarray(source.picture(i)).save(out / label / f"x{i:05d}y.png")
    return out


def test_digits(mnist: Path, out: Path) -> Path:
    """Write the test part."""
    source = open_source(str(mnist))
    for i in range(len(source)):
        sample = source.sample(i)
        if sample.part == "test":
            (out / sample.label).mkdir(parents=True, exist_ok=True)
            Image.fromarray(source.picture(i)).save(out / sample.label / f"x{i:05d}y.png")
    return out


def report(what: str, rows: list[tuple[str, int, int, float]]) -> None:
    """Print the mean of the rows and the figure of all pictures together."""
    shares = [right / n for _, right, n, _ in rows]
    right, n = sum(row[1] for row in rows), sum(row[2] for row in rows)
    low, high = wilson_interval(right, n)
    spread = f", standard deviation {100 * statistics.stdev(shares):.2f}" if len(shares) > 1 else ""
    print(
        f"{what}: mean {100 * statistics.mean(shares):.2f} % of {len(rows)}{spread}; {right} of {n} together, "
        f"95 % interval {100 * low:.2f} to {100 * high:.2f}; {statistics.mean(row[3] for row in rows):.0f} s each",
        flush=True,
    )
    print(json.dumps({"what": what, "rows": rows, "mean": statistics.mean(shares), "ci95": [low, high]}), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parser.add_subparsers(dest="kind", required=True)
    drawers = kinds.add_parser("drawers")
    drawers.add_argument("alphabets", type=Path, nargs="+")
    drawers.add_argument("--drawers", type=int, nargs="+", default=[15, 5])
    drawers.add_argument("--test", type=int, nargs=2, default=[16, 20])
    digits = kinds.add_parser("digits")
    digits.add_argument("mnist", type=Path)
    digits.add_argument("--each", type=int, default=18)
    digits.add_argument("--draws", type=int, default=10)
    for one in (drawers, digits):
        one.add_argument("--recipe", dest="recipes", action="append", default=None)
        one.add_argument("--seed", type=int, default=0)
        one.add_argument("--folds", type=int, default=2)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        work = Path(made)
        for name in asked.recipes or [OURS, "runes-conv", "runes-mlp"]:
            if asked.kind == "digits":
                test = work / "test"
                if not test.exists():
                    test_digits(asked.mnist, test)
                rows = []
                for draw in range(asked.draws):
                    train = work / f"draw-{draw}"
                    if not train.exists():
                        drawn_digits(asked.mnist, train, asked.each, draw)
                    rows.append((f"draw {draw}", *learn_and_read(train, test, name, work / f"{name} {draw}", asked)))
                    print(name, *rows[-1], flush=True)
                report(f"{name}, {asked.each} of each digit", rows)
                continue
            for most in asked.drawers:
                rows, places, tests = [], {}, {}
                for alphabet in asked.alphabets:
                    train, test = work / f"{alphabet.name}-{most}", work / f"{alphabet.name}-test"
                    if not train.exists():
                        by_drawer(alphabet, train, range(1, most + 1))
                    if not test.exists():
                        by_drawer(alphabet, test, range(asked.test[0], asked.test[1] + 1))
                    place = work / f"{name} {alphabet.name} {most}"
                    places[alphabet.name], tests[alphabet.name] = place, test
                    rows.append((alphabet.name, *learn_and_read(train, test, name, place, asked)))
                    print(name, most, *rows[-1], flush=True)
                report(f"{name}, {most} drawers", rows)
                if len(places) > 1:
                    strangers(places, tests)


if __name__ == "__main__":
    main()
