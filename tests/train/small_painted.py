"""A small run on endlessly painted pictures, for the tests that kill it or its workers: argv[1] is the folder, argv[2]
the workers ("auto" to measure). Prints the digest of the weights at the end."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.painted_texts import EASY

from glyphsmith.alphabet import Alphabet
from glyphsmith.export.graph import preparation
from glyphsmith.synth.captcha import CaptchaPainter
from glyphsmith.train import loop
from glyphsmith.train.checkpoint import weights_digest
from glyphsmith.train.learned import Fit
from glyphsmith.train.painting import Brush, Endless
from glyphsmith.train.recipe import Learn, Network, Prepare, Recipe

RECIPE = Recipe(
    task="text",
    seed=5,
    prepare=Prepare(height_px=16, width_px=32, flatten=False, polarity="keep", crop=False, box_px=16),
    network=Network(family="text", widths=(4, 6, 8, 8), columns=6),
    learn=Learn(epochs=3, batch=16, average=0.9, rate=4e-3, precision="float32"),
)
#: Pictures for validation and batch norm; those to learn from come behind them.
FIRST = 96


def endless(workers: int | None = 0, *, emphasis: str = "", epoch: int = 160) -> Endless:
    """Describe the pictures."""
    return Endless(
        painter=CaptchaPainter(EASY, emphasis=emphasis, emphasis_share=0.5),
        seed=RECIPE.seed,
        first=FIRST,
        graph=preparation(RECIPE.prepare).SerializeToString(),
        shape=(1, 16, 32),
        alphabet=Alphabet.of(EASY.symbols).labels,
        longest=EASY.length[1],
        epoch=epoch,
        workers=workers,
    )


def learned(folder: Path, pictures: Endless, **more: object) -> Fit:
    """Learn from them."""
    brush = Brush(pictures)
    return loop.fit(
        RECIPE,
        train=brush.batch(-64, 64),
        validation=brush.batch(-FIRST, 32),
        classes=len(pictures.alphabet),
        run_dir=folder,
        endless=pictures,
        events=False,
        **more,
    )


if __name__ == "__main__":
    # Every step writes last.ckpt, so that a kill falls between any two.
    loop.CHECKPOINT_EVERY_S = 0.0
    count = None if sys.argv[2] == "auto" else int(sys.argv[2])
    found = learned(Path(sys.argv[1]), endless(count), resume=True)
    print(weights_digest(found.network), len(found.history))
