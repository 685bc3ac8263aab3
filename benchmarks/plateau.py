"""How many steps CTC sits on its plateau of blanks: the text family from nothing, seed by seed, with and without cures.

    python benchmarks/plateau.py [--look library-0.7.1] [--length 4 4] [--size 88 40] [--steps 400] [--seeds 0 1 2 3 4]

Every run learns from the same painted pictures with another seed, as `glyphsmith train` does (AdamW, one cycle, bf16).
A run has left the plateau at the first look, every 25 steps, at which a fifth of the whole texts of the last batches
is read rightly. `guide` is the weight of the guide's loss (nets.text), `blank` the first bias of the blank's output.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace

import numpy as np
import peer
import torch

from glyphsmith.alphabet import Alphabet
from glyphsmith.export.graph import preparation
from glyphsmith.runtime.session import Preparer
from glyphsmith.synth.captcha import CaptchaPainter
from glyphsmith.synth.settings import DIGITS_AND_CAPITALS, preset
from glyphsmith.train.judge import logits_of
from glyphsmith.train.learned import Part, build_network, make_optimizer
from glyphsmith.train.plan import Plan, rate_at, seed_of
from glyphsmith.train.prepared import rows_of
from glyphsmith.train.recipe import Learn, Network, Prepare, Recipe
from glyphsmith.train.tasks.lesson import lesson_of

LOOK, LEFT, LAST = 25, 0.2, 1000


@dataclass(frozen=True)
class Ended:
    """``left`` is the step at which the plateau was left, None where it never was; ``right`` of LAST new pictures."""

    left: int | None
    right: float


def pictures_of(recipe: Recipe, painter: CaptchaPainter, n: int) -> Part:
    """Paint and prepare n pictures."""
    prepare = Preparer(preparation(recipe.prepare).SerializeToString())
    alphabet, longest = Alphabet(painter.settings.symbols), painter.settings.length[1]
    rows, labels = [], []
    for begin in range(0, n, 32):
        painted, texts = painter.paint_batch(0, range(begin, min(begin + 32, n)))
        rows.append(np.rint(prepare(painted) * 255.0).clip(0, 255).astype(np.uint8))
        labels.append(rows_of(texts, alphabet, longest))
    return np.concatenate(rows), np.concatenate(labels)


def learn(recipe: Recipe, part: Part, classes: int, steps: int, blank: float) -> Ended:
    """Learn from all but the last LAST pictures; those are read at the end with statistics of their own batch."""
    pictures, labels = part[0][:-LAST], part[1][:-LAST]
    network = build_network(recipe, classes).to(memory_format=torch.channels_last)
    with torch.no_grad():
        network.get_submodule("head").bias[0] = blank  # type: ignore[operator]
    lesson, optimizer = lesson_of(recipe), make_optimizer(network, recipe)
    batch = recipe.learn.batch
    plan = Plan(steps, steps, batch, "")
    order = np.random.default_rng(recipe.seed).permutation(len(pictures))
    left, right = None, 0
    for step in range(steps):
        torch.manual_seed(seed_of(recipe.seed, step))
        chosen = order[np.arange(step * batch, (step + 1) * batch) % len(order)]
        x = torch.from_numpy(pictures[chosen]).float().div_(255.0).contiguous(memory_format=torch.channels_last)
        y = torch.from_numpy(labels[chosen])
        for group in optimizer.param_groups:
            group["lr"] = rate_at(step, plan, recipe.learn)
        with torch.autocast("cpu", torch.bfloat16):
            loss, logits = lesson.loss(network, x, y)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        right += int(lesson.right(logits.detach(), y))
        if (step + 1) % LOOK == 0:
            if left is None and right > LEFT * LOOK * batch:
                left = step + 1
            right = 0
    read = logits_of(network.train(), part[0][-LAST:], torch.device("cpu"), batch=LAST)
    return Ended(left, lesson.verdict(read, part[1][-LAST:])[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--look", default="library-0.7.1")
    parser.add_argument("--alphabet", default=DIGITS_AND_CAPITALS)
    parser.add_argument("--length", type=int, nargs=2, default=[4, 4])
    parser.add_argument("--size", type=int, nargs=2, default=[88, 40], metavar=("WIDTH", "HEIGHT"))
    parser.add_argument("--widths", type=int, nargs="+", default=[24, 32, 64, 96, 128])
    parser.add_argument("--colour", action="store_true")
    parser.add_argument("--pictures", type=int, default=16_000)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--guides", type=float, nargs="+", default=[0.5, 0.0])
    parser.add_argument("--blanks", type=float, nargs="+", default=[-2.0, 0.0])
    asked = parser.parse_args()
    width, height = asked.size
    longest = asked.length[1]
    recipe = replace(
        Recipe(),
        task="text",
        prepare=Prepare(
            height_px=height, width_px=width, colour=asked.colour, flatten=False, polarity="keep", crop=False
        ),
        network=Network(
            family="text", widths=tuple(asked.widths), head="ctc", columns=2 * (2 * longest - 1), places=longest
        ),
        learn=Learn(batch=64, rate=asked.rate),
    )
    painter = CaptchaPainter(preset(asked.look, alphabet=asked.alphabet, length=tuple(asked.length)))
    part = pictures_of(recipe, painter, asked.pictures + LAST)
    rows = [["guide", "blank", "left the plateau at step, seed by seed", "whole texts at the end"]]
    records = []
    for guide in asked.guides:
        for blank in asked.blanks:
            runs = [
                learn(
                    replace(recipe, seed=seed, learn=replace(recipe.learn, guide=guide)),
                    part,
                    len(painter.settings.symbols),
                    asked.steps,
                    blank,
                )
                for seed in asked.seeds
            ]
            left = "  ".join("never" if run.left is None else str(run.left) for run in runs)
            rows.append([f"{guide:g}", f"{blank:g}", left, "  ".join(f"{100 * run.right:.1f} %" for run in runs)])
            peer.say("  ".join(rows[-1]))
            records.append({"guide": guide, "blank": blank, "left": [run.left for run in runs]})
            records[-1]["right"] = [run.right for run in runs]
    peer.report("the plateau of blanks", rows, {"look": asked.look, "steps": asked.steps, "runs": records})


if __name__ == "__main__":
    main()
