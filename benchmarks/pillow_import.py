"""The peer of `import_glyphs.py`: a plain loop with Pillow over a folder of glyphs of one size, into one HDF5 file.

    python benchmarks/pillow_import.py FOLDER OUT.h5 [--row-by-row]

Open, convert to grey, put into an array; the label is the first letter of the name. The array is written at the end,
or with --row-by-row each picture as it comes, which needs no memory for all of them.
"""

from __future__ import annotations

import os
import sys

import h5py
import numpy as np
from PIL import Image


def main() -> None:
    folder, out = sys.argv[1:3]
    names = sorted(os.listdir(folder))  # noqa: PTH208 - paths as objects would slow the peer down
    with Image.open(f"{folder}/{names[0]}") as first:
        shape = (len(names), first.height, first.width)
    with h5py.File(out, "w") as file:
        stored = file.create_dataset("pictures", shape, "u1", chunks=(min(128, len(names)), *shape[1:]))
        pictures = stored if "--row-by-row" in sys.argv else np.empty(shape, np.uint8)
        for i, name in enumerate(names):
            with Image.open(f"{folder}/{name}") as image:
                pictures[i] = np.asarray(image.convert("L"))
        if pictures is not stored:
            stored[:] = pictures
        file["labels"] = np.array([name[0] for name in names], "S1")


if __name__ == "__main__":
    main()
