"""The training of the test with two processes: started by torchrun, prints the validation accuracy of the first."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.train.small_run import pictures, recipe

from glyphsmith.train.loop import fit

if __name__ == "__main__":
    found = fit(
        recipe(epochs=4, rate=2e-2),
        train=pictures(480, 1),
        validation=pictures(300, 2),
        classes=3,
        run_dir=Path(sys.argv[1]),
        events=False,
        say=lambda line: print(line, file=sys.stderr, flush=True),
    )
    if os.environ.get("RANK", "0") == "0":
        print(f"{found.val_accuracy:.6f}")
