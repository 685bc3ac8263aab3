"""Write the 1 797 handwritten digits that scikit-learn carries as folders of labelled pictures; nothing is downloaded.

    python examples/digits_folder.py FOLDER        then        glyphsmith train FOLDER/train

The digits are real: 8x8 pictures of 13 people's writing (E. Alpaydin and C. Kaynak, UCI, 1998). The last 297 go to
FOLDER/test, the others to FOLDER/train; each is LABEL/NUMBER.png, a form that `glyphsmith train` recognises.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits


def write_digits(folder: Path, *, train: int = 1500, test: int = 297) -> None:
    """Write the first ``train`` digits and the last ``test`` digits below ``folder``."""
    digits = load_digits()
    pixels = np.rint(digits.images * (255 / 16)).astype(np.uint8)  # (N, 8, 8), 0..16 in the data set
    parts = {"train": range(train), "test": range(len(pixels) - test, len(pixels))}
    for part, numbers in parts.items():
        for number in numbers:
            place = folder / part / str(digits.target[number])
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels[number]).save(place / f"{number:04}.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    write_digits(folder)
    print(f"1500 digits in {folder / 'train'}, 297 in {folder / 'test'}")


if __name__ == "__main__":
    main()
