"""Write the 1 797 handwritten digits that scikit-learn carries as a folder of labelled pictures; nothing is downloaded.

    python examples/digits_folder.py FOLDER        then        glyphsmith train FOLDER

The digits are real: 8x8 pictures of 43 people's writing (E. Alpaydin and C. Kaynak, UCI, 1998). Each becomes
FOLDER/LABEL/NUMBER.png, one folder a class, which is one of the forms that `glyphsmith train` recognises.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits


def write_digits(folder: Path, *, count: int | None = None) -> int:
    """Write the first ``count`` digits (default: all) below ``folder`` and give how many were written."""
    digits = load_digits()
    pixels = np.rint(digits.images * (255 / 16)).astype(np.uint8)  # (N, 8, 8), 0..16 in the data set
    for number, (picture, label) in enumerate(zip(pixels[:count], digits.target[:count], strict=True)):
        place = folder / str(label)
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(place / f"{number:04}.png")
    return len(pixels[:count])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=None, help="only the first COUNT digits")
    arguments = parser.parse_args()
    written = write_digits(arguments.folder, count=arguments.count)
    print(f"{written} digits in {arguments.folder}")


if __name__ == "__main__":
    main()
