"""Write the mean of the weights of two readers of one network, of which the second went on from the first.

    python benchmarks/mean_of_readers.py FIRST.onnx SECOND.onnx OUT.onnx [--share 0.5] [--card CARD.json]

What a network has learned last costs it some of what it knew; between the two often lies one that has both (Wortsman et
al., Robust fine-tuning of zero-shot models, 2022). ``--share`` is the second's. Preparation, labels and card are the
first's, the preparation as it is written today: of one file twice that is all that changes. ``--card`` names a JSON
file with ``command``, ``figures`` and ``notes`` to put in their place. A tool for making a shipped reader, not a
measurement.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import torch

from glyphsmith.export.reader_file import network_weights, reader_bytes, round_weights
from glyphsmith.files import write_atomically
from glyphsmith.runtime.reader import open_reader
from glyphsmith.train.learned import build_network
from glyphsmith.train.recipe import recipe_from_dict


def main() -> None:
    """Read both, write the mean."""
    parser = argparse.ArgumentParser(description="mean of the weights of two readers")
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--share", type=float, default=0.5)
    parser.add_argument("--card", type=Path)
    asked = parser.parse_args()
    card = open_reader(asked.first).card
    one, other = (network_weights(path.read_bytes(), where=str(path)) for path in (asked.first, asked.second))
    recipe = recipe_from_dict(card.recipe, where=str(asked.first))
    network = build_network(recipe, len(card.alphabet))
    mean = {
        name: one[name] + asked.share * (other[name] - one[name]) if one[name].dtype.kind == "f" else one[name]
        for name in one
    }
    network.load_state_dict({name: torch.as_tensor(value) for name, value in mean.items()})
    network.eval()
    round_weights(network)
    if asked.card is not None:
        said = json.loads(asked.card.read_text(encoding="utf-8"))
        card = replace(card, command=said["command"], figures=said["figures"], notes=tuple(said["notes"]))
    write_atomically(asked.out, reader_bytes(network, recipe.prepare, card, temperature=card.temperature))


if __name__ == "__main__":
    main()
