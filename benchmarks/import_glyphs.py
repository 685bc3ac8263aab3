"""Small PNG glyphs into one HDF5 file: `glyphsmith data import` beside a plain Pillow loop over the same folder.

    [taskset -c 0,1] python benchmarks/import_glyphs.py [--n 40000] [--repeat 3]

Painted once, into the build folder: N digits of 20x20 in many fonts, sizes, places and slants, named as a crawler
names them. Both sides are whole processes in turns, after a turn that warms the disk's cache; the best turn of each
counts, since whatever else runs only slows a turn down. Ours also checks every file, looks for exact and near copies
and makes the split; the loop does none of it. The memory is that of a process and all its workers added up. Processor
seconds stand beside the seconds: they say what a busy machine hides.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import Self

import peer
from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont

SIDE_PX = 20
LIMIT_MB = 500


def glyphs(n: int) -> Path:
    """Give the folder of N glyphs, painted unless it is there."""
    folder = peer.BUILD / f"glyphs-{n}"
    done = folder.with_suffix(".done")
    if done.exists():
        return folder
    peer.say(f"painting {n:,} glyphs in {folder}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    draws = random.Random(0)
    faces = sorted(
        entry.fname
        for entry in font_manager.fontManager.ttflist
        if "matplotlib" in entry.fname and ("DejaVu" in entry.name or "STIXGeneral" in entry.name)
    )
    sizes = [half / 2 for half in range(20, 40)]
    fonts = [ImageFont.truetype(face, size) for face in faces for size in sizes if "Display" not in face]
    for _ in range(n):
        digit = draws.randrange(10)
        image = Image.new("L", (SIDE_PX, SIDE_PX), 255)
        place = SIDE_PX / 2 + draws.uniform(-2, 2), SIDE_PX / 2 + draws.uniform(-2, 2)
        ImageDraw.Draw(image).text(place, str(digit), fill=0, font=draws.choice(fonts), anchor="mm")
        slant = draws.uniform(-0.3, 0.3)
        grid = (1, slant, -slant * SIDE_PX / 2, draws.uniform(-0.1, 0.1), 1, 0)
        image = image.transform(image.size, Image.Transform.AFFINE, grid, Image.Resampling.BILINEAR, fillcolor=255)
        image.save(folder / f"{digit}_{uuid.UUID(int=draws.getrandbits(128))}.png")
    done.touch()
    return folder


class Memory:
    """The largest sum of the resident memory of this process's descendants, looked at ten times a second."""

    def __init__(self) -> None:
        self.peak_mb = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.1):
            self.peak_mb = max(self.peak_mb, sum(map(_resident_mb, _below("self"))))


def _below(process: str) -> list[str]:
    found = []
    for tasks in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            children = tasks.read_text().split()
        except OSError:
            continue
        found += [one for child in children for one in (child, *_below(child))]
    return found


def _resident_mb(process: str) -> float:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * 4096 / 1e6
    except OSError:
        return 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=40_000)
    parser.add_argument("--repeat", type=int, default=3)
    words = parser.parse_args()

    folder = glyphs(words.n)
    loop: list[str | Path] = [sys.executable, peer.HERE / "pillow_import.py", folder]
    out = peer.BUILD / "import_glyphs"
    out.mkdir(parents=True, exist_ok=True)
    sides: dict[str, list[str | Path]] = {
        "Pillow loop, array": [*loop, out / "loop.h5"],
        "Pillow loop, row by row": [*loop, out / "rows.h5", "--row-by-row"],
        "glyphsmith data import": [*peer.glyphsmith_command(), "data", "import", folder, out / "ours.h5"],
    }
    best: dict[str, dict[str, float]] = {}
    for turn in range(words.repeat + 1):
        for name, command in sides.items():
            begun = time.perf_counter()
            with Memory() as memory:
                run = peer.measure(command)
            peer.say(f"turn {turn}: {name} {run.seconds:.1f} s, {run.cpu_s:.1f} s of processor time")
            kept = best.setdefault(name, {"s": 1e9, "cpu_s": 1e9, "mb": 0.0})
            if turn:
                kept["s"] = min(kept["s"], time.perf_counter() - begun)
                kept["cpu_s"] = min(kept["cpu_s"], run.cpu_s)
            kept["mb"] = max(kept["mb"], run.memory_mb, memory.peak_mb)
    ours = best["glyphsmith data import"]
    rows = [
        [
            f"{words.n:,} glyphs of {SIDE_PX}x{SIDE_PX}",
            "seconds",
            "processor s",
            "memory",
            "times slower",
            "in processor s",
        ]
    ]
    for name, kept in best.items():
        times = (f"{kept[key] / ours[key]:.2f}" for key in ("s", "cpu_s"))
        rows.append([name, f"{kept['s']:.2f}", f"{kept['cpu_s']:.2f}", f"{kept['mb']:.0f} MB", *times])
    figures = {name: {key: round(value, 3) for key, value in kept.items()} for name, kept in best.items()}
    record = {"n": words.n, "usable_cores": peer.usable_cores(), "figures": figures}
    peer.report("import of glyphs", rows, {**record, "memory_below_limit": ours["mb"] < LIMIT_MB})


if __name__ == "__main__":
    main()
