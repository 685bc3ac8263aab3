"""Paint the pictures of this folder: ten digits as strangers would hand them in, and a sheet of nine.

    python examples/paint_pictures.py [FOLDER]

Every digit is a pen path of our own. Size, stroke, polarity, place and light differ from picture to picture, and the
file name starts with the label, so the folder `digits/` is itself labelled data for `glyphsmith eval`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

#: Pen paths as corner points "x,y" in hundredths of a box, y down; a digit is one or two strokes.
PATHS: dict[str, tuple[str, ...]] = {
    "0": ("55,2 22,15 14,50 24,88 52,98 80,82 86,46 74,12 50,3",),
    "1": ("36,22 56,2 52,98",),
    "2": ("18,26 34,6 62,4 78,24 66,50 36,76 14,97 50,93 86,96",),
    "3": ("20,14 46,2 74,16 68,40 42,48 72,58 80,82 50,98 18,88",),
    "4": ("56,4 34,36 12,64 88,62", "66,34 64,99"),
    "5": ("80,4 30,5 24,44 52,38 80,54 76,84 46,98 16,88",),
    "6": ("70,3 38,28 18,64 30,94 62,96 78,74 58,54 24,66",),
    "7": ("14,7 50,6 86,5 62,42 42,98", "34,50 74,48"),
    "8": ("74,14 44,2 26,22 52,46 80,76 52,98 22,78 48,48 76,20 70,10",),
    "9": ("78,24 56,3 26,18 32,44 62,44 78,22 74,60 58,98",),
}


def smooth(path: str, steps: int = 12) -> NDArray[np.float64]:
    """Give a Catmull-Rom curve through the points of a path: (M, 2), in 0..1."""
    points = [[int(number) / 100 for number in point.split(",")] for point in path.split()]
    ends = np.array([points[0], *points, points[-1]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    pieces = []
    for a, b, c, d in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        pieces.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.concatenate([*pieces, ends[-1:]])


def ink(digit: str, size: tuple[int, int], box: tuple[float, float, float, float], pen: float) -> NDArray[np.float64]:
    """Give the ink (H, W) in 0..1 of a digit drawn into ``box`` (left, top, width, height) by a pen; in pixels."""
    zoom = 4
    canvas = Image.new("L", (size[0] * zoom, size[1] * zoom))
    draw = ImageDraw.Draw(canvas)
    r = pen * zoom / 2
    for stroke in PATHS[digit]:
        path = (smooth(stroke) * (box[2], box[3]) + (box[0], box[1])) * zoom
        draw.line([(float(x), float(y)) for x, y in path], fill=255, width=round(2 * r))
        for x, y in path:
            draw.ellipse((x - r, y - r, x + r, y + r), fill=255)
    return np.asarray(canvas.resize(size, Image.Resampling.BOX), dtype=np.float64) / 255


def paper(size: tuple[int, int], seed: int, *, light: float = 225, shadow: float = 80) -> NDArray[np.float64]:
    """Give paper (H, W, 3) in 0..255 with a shadow across it and a little grain."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0 : size[1], 0 : size[0]]
    slope = (x / size[0] * rng.uniform(0.4, 1) + y / size[1] * rng.uniform(0.2, 0.8)) / 1.8
    ground = light - shadow / (1 + np.exp(-(slope - 0.5) * 9)) + rng.normal(0, 2.0, slope.shape)
    return np.stack([ground, 0.985 * ground, 0.94 * ground], axis=2)  # paper is a little yellow


def on_paper(mask: NDArray[np.float64], seed: int, colour: tuple[int, int, int], **light: float) -> Image.Image:
    """Lay ink (H, W) of a colour on shaded paper."""
    ground = paper((mask.shape[1], mask.shape[0]), seed, **light)
    laid = ground * (1 - 0.9 * mask[:, :, None]) + np.array(colour) * 0.9 * mask[:, :, None]
    return Image.fromarray(np.clip(laid, 0, 255).astype(np.uint8))


def paint(folder: Path) -> None:
    """Write the pictures below ``folder``."""
    digits = folder / "digits"
    digits.mkdir(parents=True, exist_ok=True)

    def grey(mask: NDArray[np.float64], dark: int, light: int) -> Image.Image:
        return Image.fromarray(np.rint(dark + (light - dark) * mask).astype(np.uint8))

    on_paper(ink("0", (240, 320), (70, 60, 110, 190), 12), 1, (35, 45, 120)).save(digits / "0_phone.jpg", quality=70)
    grey(ink("1", (28, 28), (9, 4, 10, 20), 2.4), 0, 255).save(digits / "1_light_on_dark.png")
    grey(ink("2", (64, 48), (30, 6, 28, 36), 4), 255, 0).save(digits / "2_off_centre.png")
    on_paper(ink("3", (300, 300), (40, 110, 90, 130), 5), 2, (60, 60, 62)).save(digits / "3_pencil.jpg", quality=70)
    grey(ink("4", (120, 120), (22, 18, 76, 84), 20), 250, 15).save(digits / "4_marker.png")
    clear = np.zeros((90, 70, 4), dtype=np.uint8)
    clear[:, :, 3] = np.rint(255 * ink("5", (70, 90), (12, 10, 46, 68), 7))
    Image.fromarray(clear).save(digits / "5_transparent.png")
    on_paper(ink("6", (200, 200), (50, 30, 90, 140), 14), 3, (190, 30, 30), shadow=120).save(
        digits / "6_shadow.jpg", quality=70
    )
    grey(ink("7", (400, 150), (270, 30, 60, 90), 8), 255, 60).save(digits / "7_wide.png")
    board = on_paper(ink("8", (180, 180), (46, 28, 86, 124), 10), 4, (235, 238, 230), light=70, shadow=30)
    board.save(digits / "8_blackboard.jpg", quality=70)
    grey(ink("9", (20, 20), (5, 2, 10, 16), 1.6), 255, 0).save(digits / "9_tiny.png")

    sheet = np.zeros((360, 420))
    rng = np.random.default_rng(5)
    for place, digit in enumerate("314159265"):
        left, top = 40 + 125 * (place % 3) + rng.uniform(0, 20), 30 + 110 * (place // 3) + rng.uniform(0, 12)
        sheet = np.maximum(sheet, ink(digit, (420, 360), (left, top, 48, 72), 6))
    on_paper(sheet, 6, (30, 40, 110)).save(folder / "sheet.jpg", quality=70)


if __name__ == "__main__":
    paint(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
