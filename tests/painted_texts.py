"""Small and easy pictures of text, painted by our own painter: what the tests of texts learn from."""

from __future__ import annotations

import csv
from pathlib import Path

from PIL import Image

from glyphsmith.synth.captcha import CaptchaPainter
from glyphsmith.synth.settings import CaptchaSettings

EASY = CaptchaSettings(
    alphabet="1407",
    length=(2, 3),
    width_px=56,
    height_px=24,
    font_sizes_px=(18,),
    stretch=0.0,
    rotate_deg=(0.0, 0.0),
    warp_x=(0.0, 0.0),
    warp_y=(0.0, 0.0),
    blank=0.0,
    overlap=(-0.1, -0.1),
    fit=True,
    place=(0.0, 1.0),
    unsteady=(0.0, 1.0),
    ink=(0, 40),
    pale=False,
    dots=(0, 0),
    curves=(0, 0),
)


def paint_texts(folder: Path, n: int, seed: int = 0, settings: CaptchaSettings = EASY) -> Path:
    """Paint n pictures with their labels.csv into a folder."""
    painter = CaptchaPainter(settings)
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "labels.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["file", "text"])
        for i in range(n):
            picture, text = painter.paint(seed, i)
            Image.fromarray(picture).save(folder / f"{i:04d}.png")
            table.writerow([f"{i:04d}.png", text])
    return folder
