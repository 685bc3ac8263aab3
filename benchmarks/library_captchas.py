"""Pictures painted by the real `captcha` library 0.7.1, once, and kept in the build folder; used by the scripts here.

The library draws from `secrets` and cannot be seeded, so two machines never have the same pictures; what is painted
is kept, so that all figures of one machine are on the same ones. 4 of 0-9A-Z at 170 x 80, as PNG files TEXT_NUMBER.png.
"""

from __future__ import annotations

import importlib
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import peer

from glyphsmith.progress import watched
from glyphsmith.synth.settings import DIGITS_AND_CAPITALS

LIBRARY = "captcha==0.7.1"
WIDTH_PX, HEIGHT_PX, LENGTH = 170, 80, 4


def painter() -> Any:
    """Give the library's `ImageCaptcha`; the first call installs it into a folder of its own below ~/.cache."""
    home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "glyphsmith" / "peers" / LIBRARY
    if not (home / "captcha").is_dir():
        peer.say(f"installing {LIBRARY} in {home}")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(home), LIBRARY]
        subprocess.run(command, check=True, stdout=sys.stderr)
    sys.path.insert(0, str(home))
    return importlib.import_module("captcha.image").ImageCaptcha(WIDTH_PX, HEIGHT_PX)


def painted(n: int) -> list[Path]:
    """Give N pictures in a fixed order, painting what is missing; the first of them are the same for every N."""
    folder = peer.BUILD / "captcha-0.7.1"
    folder.mkdir(parents=True, exist_ok=True)
    there = {path.stem.rpartition("_")[2]: path for path in folder.glob("*_*.png")}
    numbers = [f"{k:06d}" for k in range(n)]
    missing = [number for number in numbers if number not in there]
    if missing:
        peer.say(f"painting {len(missing):,} pictures with {LIBRARY} in {folder}")
        library = painter()
        draws = random.SystemRandom()
        for number in watched(missing, len(missing), "painting"):
            text = "".join(draws.choices(DIGITS_AND_CAPITALS, k=LENGTH))
            path = folder / f"{text}_{number}.png"
            beside = path.with_suffix(".part")
            library.generate_image(text).save(beside, "PNG")
            beside.replace(path)
            there[number] = path
    return [there[number] for number in numbers]


def text_of(path: Path) -> str:
    """Give the text on a picture."""
    return path.stem.partition("_")[0]
