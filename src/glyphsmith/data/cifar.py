"""CIFAR-10 in its binary form: records of one label byte and 3 x 32 x 32 bytes, red, green and blue one after another.

The other published form is a pickle, which can run code, so this is the one that is fetched and read.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from glyphsmith.data.arrays import Gathered, Layout
from glyphsmith.data.pictures import LabelledPictures, Part
from glyphsmith.data.tree import Tree
from glyphsmith.errors import DataError

__all__ = ["RECORD_BYTES", "cifar_files", "open_cifar"]

RECORD_BYTES = 1 + 3 * 32 * 32
_NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def cifar_files(files: Sequence[str]) -> list[tuple[str, Part]]:
    """Find the batches among files, in their order."""
    found: list[tuple[str, Part]] = []
    for name in files:
        base = name.rpartition("/")[2]
        if base.startswith("data_batch") and base.endswith(".bin"):
            found.append((name, "train"))
        elif base == "test_batch.bin":
            found.append((name, "test"))
    return found


def open_cifar(tree: Tree, files: Sequence[tuple[str, Part]], where: str) -> LabelledPictures:
    """Open the batches. Raises DataError."""
    found = Gathered()
    folder = files[0][0].rpartition("/")[0]
    names = _class_names(tree, f"{folder}/batches.meta.txt" if folder else "batches.meta.txt")
    layout = Layout((3, 32, 32), channel_first=True)
    for name, part in files:
        with tree.open(name) as file:
            data = np.frombuffer(file.read(), dtype=np.uint8)
        if data.size == 0 or data.size % RECORD_BYTES:
            raise DataError(
                f"{where}: {name} has {data.size:,} bytes, no whole number of records of {RECORD_BYTES:,}",
                hint="fetch or copy it again",
            )
        records = data.reshape(-1, RECORD_BYTES)
        if int(records[:, 0].max()) >= len(names):
            raise DataError(
                f"{where}: {name} has the label {int(records[:, 0].max())}, and there are {len(names)} classes"
            )
        labels = [names[k] for k in records[:, 0].tolist()]
        found.add(name.rpartition("/")[2], records[:, 1:], layout, labels, part)
    return found.source(
        form="CIFAR-10 batches",
        reason=f"{files[0][0]} and {len(files) - 1} more hold records of {RECORD_BYTES:,} bytes",
        where=where,
        split_by="their names",
    )


def _class_names(tree: Tree, name: str) -> Sequence[str]:
    if not tree.has(name):
        return _NAMES
    try:
        found = tree.read(name).decode("utf-8").split()
    except UnicodeDecodeError:
        return _NAMES
    return found or _NAMES
