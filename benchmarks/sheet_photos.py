"""Filled sheets, photographed by a painted phone: how many boxes `glyphsmith data cut` gets right, photo by photo.

A box is right when it is kept with its label, or dropped, as it was filled, and when what was cut shows the writing in
its place: what was written fits it best within 1 mm of where it was written. One table and one JSON line.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
from peer import report, say

from glyphsmith.data.sheet import BOX_MM, Sheet
from glyphsmith.data.sheet_cut import CutBox, cut_boxes
from glyphsmith.data.sheet_find import flatten_page
from glyphsmith.errors import PictureError
from glyphsmith.metrics import wilson_interval
from glyphsmith.synth.filled_sheets import PAGE_PX_PER_MM, FilledPage, Phone, fill_page, photograph
from glyphsmith.synth.typefaces import find_typefaces

SYMBOLS = tuple("0123456789ᚠᚢᚦᚨᚱᚲᚷᚹᚺᚾ/&AQ")
_INSET_MM = 0.7


def is_right(cut: CutBox, page: FilledPage, writing_mm: float = 1.0) -> bool:
    """Say whether a box was kept or dropped as it was filled, and cut where it was written."""
    if cut.empty or cut.box.number in page.empty:
        return cut.empty == (cut.box.number in page.empty)
    best, off_mm = where(cut, page)
    return best > 0.2 and off_mm <= writing_mm


def where(cut: CutBox, page: FilledPage) -> tuple[float, float]:
    """Say how well the writing fits what was cut, and how many millimetres off its place it fits best."""
    left, top = round(cut.box.left_mm * PAGE_PX_PER_MM), round(cut.box.top_mm * PAGE_PX_PER_MM)
    side, inset = round(BOX_MM * PAGE_PX_PER_MM), round(_INSET_MM * PAGE_PX_PER_MM)
    written = page.ink[top + inset : top + side - inset, left + inset : left + side - inset]
    grey = cut.picture.astype(np.float32).mean(axis=2)
    paper = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, np.ones((grey.shape[0] // 2 | 1,) * 2, np.uint8))
    dark = cv2.GaussianBlur(1 - grey / np.maximum(paper, 1), (0, 0), 1.0)
    # Where the writing fits best: over all shifts of up to 3 mm.
    scale = grey.shape[0] / (BOX_MM - 2 * _INSET_MM)
    reach = round(3 * scale)
    around = cv2.copyMakeBorder(dark, reach, reach, reach, reach, cv2.BORDER_CONSTANT, value=float(np.median(dark)))
    sought = cv2.GaussianBlur(cv2.resize(written, grey.shape[::-1], interpolation=cv2.INTER_AREA), (0, 0), 1.0)
    fit = cv2.matchTemplate(around, sought, cv2.TM_CCOEFF_NORMED)
    _, best, _, (x, y) = cv2.minMaxLoc(fit)
    return best, max(abs(x - reach), abs(y - reach)) / scale


def phone_of(rng: np.random.Generator) -> Phone:
    """Draw a phone and how it is held."""
    longer = int(np.exp(rng.uniform(np.log(1000), np.log(4000))))
    return Phone(
        longer_px=longer,
        turn=int(rng.integers(4)),
        tilt=float(rng.uniform(0.01, 0.09)),
        fills=float(rng.uniform(0.86, 0.95) if longer < 1300 else rng.uniform(0.7, 0.95)),
        bend_mm=float(rng.uniform(0, 1.2)),
        shadow=float(rng.uniform(0, 0.6)),
        blur=float(rng.uniform(0.0, 0.0009)),
        noise=float(rng.uniform(1, 7)),
        jpeg=int(rng.integers(60, 95)),
    )


def main() -> None:
    """Cut photos and say how many boxes were right."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("-n", type=int, default=20)
    words.add_argument("--seed", type=int, default=0)
    words.add_argument("--first", type=int, default=0)
    words.add_argument("--keep", type=Path, help="a folder for photos and sheets of cuts")
    asked = words.parse_args()
    sheet = Sheet(SYMBOLS, 18, "a4")
    faces = find_typefaces(("bundled", "system"), SYMBOLS)
    fonts = {symbol: face.path for face in reversed(faces) for symbol in face.symbols}
    right = total = refused = 0
    seconds = []
    rows = []
    for number in range(asked.first, asked.first + asked.n):
        rng = np.random.default_rng((asked.seed, number))
        pencil = number % 2 == 1
        page = fill_page(sheet, number % sheet.pages, rng, fonts=fonts, pencil=pencil)
        phone = phone_of(rng)
        photo = photograph(page.picture, rng, phone)
        begun = time.perf_counter()
        try:
            cuts = cut_boxes(flatten_page(photo, sheet, f"photo {number}"), sheet)
        except PictureError as error:
            print(error)
            cuts, refused = [], refused + 1
        seconds.append(time.perf_counter() - begun)
        good = [is_right(cut, page) for cut in cuts]
        right, total = right + sum(good), total + len(page.boxes)
        shown = [number, phone.longer_px, 90 * phone.turn, "pencil" if pencil else "pen", f"{phone.shadow:.2f}"]
        shown += [f"{phone.blur * phone.longer_px:.1f}", len(page.boxes), sum(good), f"{seconds[-1]:.2f}"]
        rows.append([str(cell) for cell in shown])
        say(" ".join(rows[-1]))
        if asked.keep:
            keep(asked.keep, number, photo, cuts, good)
    low, high = wilson_interval(right, total)
    record = {
        "photos": asked.n, "refused": refused, "boxes": total, "right": right, "share": right / total,
        "ci95": [low, high], "seconds_median": float(np.median(seconds)),
    }  # fmt: skip
    head = ["photo", "px", "turned", "with", "shadow", "blur px", "boxes", "right", "s"]
    report("Boxes cut out of photos of filled sheets", [head, *rows], record)


def keep(folder: Path, number: int, photo: np.ndarray, cuts: list[CutBox], good: list[bool]) -> None:
    """Write the photo, and its cuts side by side: wrong ones framed in red, empty ones in grey."""
    folder.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(folder / f"{number}.jpg"), photo[..., ::-1])
    tiles = []
    for cut, fine in zip(cuts, good, strict=True):
        frame = (150, 150, 150) if cut.empty else (90, 160, 90)
        tile = cv2.resize(cut.picture, (60, 60), interpolation=cv2.INTER_AREA)
        tiles.append(cv2.copyMakeBorder(tile, 2, 2, 2, 2, cv2.BORDER_CONSTANT, value=frame if fine else (255, 0, 0)))
    while len(tiles) % 12:
        tiles.append(np.full((64, 64, 3), 255, np.uint8))
    rows = [np.concatenate(tiles[k : k + 12], axis=1) for k in range(0, len(tiles), 12)]
    if rows:
        cv2.imwrite(str(folder / f"{number}_cuts.png"), np.concatenate(rows)[..., ::-1])


if __name__ == "__main__":
    main()
