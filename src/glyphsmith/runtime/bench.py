"""Measure a reader on this machine: one picture at a time, in batches, and from a cold start. ``glyphsmith bench``."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from glyphsmith.errors import ModelError
from glyphsmith.metrics import percentiles
from glyphsmith.picture import Picture
from glyphsmith.runtime.reader import BATCH, FEW, Reader, open_reader

__all__ = ["SIZES", "Bench", "SizeFigures", "cold_start", "measure", "measure_size", "test_picture"]

#: Heights and widths a reader meets: a data set's, a captcha's, a crop of a photo, a screen, a phone's photo.
SIZES = ((28, 28), (64, 64), (80, 170), (480, 640), (1080, 1920), (3000, 4000))


@dataclass(frozen=True, slots=True)
class SizeFigures:
    """Times at one picture size, in milliseconds a picture: one at a time (p50, p95 of ``n``), and in a batch."""

    height_px: int
    width_px: int
    n: int
    ms_p50: float
    ms_p95: float
    batch: int
    batch_ms: float


@dataclass(frozen=True, slots=True)
class Bench:
    """What was measured. ``cold_ms`` and ``peak_mb`` belong to a new process that reads one picture."""

    model: str
    file_mb: float
    load_ms: float
    cold_ms: float
    peak_mb: float | None
    sizes: tuple[SizeFigures, ...]
    machine: str

    def as_dict(self) -> dict[str, Any]:
        """Give the JSON document of ``glyphsmith bench``."""
        return asdict(self)


def test_picture(height_px: int, width_px: int) -> Picture:
    """Paint a dark ring on grey paper (H, W, 3): something with ink to find, the same at every call."""
    y, x = np.mgrid[0:height_px, 0:width_px].astype(np.float32)
    away = np.hypot((y + 0.5) / height_px - 0.5, (x + 0.5) / width_px - 0.5)
    level = np.where(np.abs(away - 0.25) < 0.05, 40, 205).astype(np.uint8)
    return np.repeat(level[:, :, None], 3, axis=2)


def measure_size(reader: Reader, height_px: int, width_px: int, *, seconds: float = 1.0) -> SizeFigures:
    """Time one picture size for about ``seconds``: at least 5 single readings, and one or more full batches."""
    picture = test_picture(height_px, width_px)
    reader.read([picture] * (FEW + 1))  # so that its graph is optimised
    times_ms: list[float] = []
    end = time.perf_counter() + seconds / 2
    while len(times_ms) < 5 or (time.perf_counter() < end and len(times_ms) < 1000):
        begun = time.perf_counter()
        reader.read(picture)
        times_ms.append((time.perf_counter() - begun) * 1e3)
    p50, p95 = percentiles(times_ms)
    batch = max(1, min(BATCH, 8_000_000 // (height_px * width_px)))
    stack = np.repeat(picture[None], batch, axis=0)
    rounds, begun = 0, time.perf_counter()
    while rounds < 1 or time.perf_counter() - begun < seconds / 2:
        reader.read(stack)
        rounds += 1
    batch_ms = (time.perf_counter() - begun) * 1e3 / (rounds * batch)
    return SizeFigures(height_px, width_px, len(times_ms), round(p50, 4), round(p95, 4), batch, round(batch_ms, 4))


def cold_start(model: str, *, rounds: int = 5) -> tuple[float, float | None]:
    """Time ``python -m glyphsmith read`` of one picture in new processes; give the median in ms and the peak in MB.

    The peak is None where the system does not tell it (Windows).
    """
    from PIL import Image

    times_ms = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "one.png"
        Image.fromarray(test_picture(480, 640)).save(path)
        # -P: a json.py in this folder is none of ours.
        command = [sys.executable, "-P", "-m", "glyphsmith", "read", "--", model, str(path)]
        for _ in range(rounds):
            begun = time.perf_counter()
            ended = subprocess.run(command, capture_output=True, check=False)
            if ended.returncode:
                said = ended.stderr.decode("utf-8", "replace").strip().splitlines() or [f"status {ended.returncode}"]
                raise ModelError(f"{model}: `glyphsmith read` fails in a process of its own: {said[0][:200]}")
            times_ms.append((time.perf_counter() - begun) * 1e3)
    return round(statistics.median(times_ms), 1), _children_peak_mb()


def measure(model: str, *, seconds: float = 1.0) -> Iterator[SizeFigures | Bench]:
    """Measure a reader; gives the figures of each size as they come, and the whole ``Bench`` at the end."""
    cold_ms, peak_mb = cold_start(model)
    loads_ms = []
    for _ in range(3):
        begun = time.perf_counter()
        reader = open_reader(model)
        loads_ms.append((time.perf_counter() - begun) * 1e3)
    reader = open_reader(model)
    sizes = []
    for height_px, width_px in SIZES:
        sizes.append(measure_size(reader, height_px, width_px, seconds=seconds))
        yield sizes[-1]
    yield Bench(
        model=reader.name,
        file_mb=round(reader.file_bytes / 1e6, 6),
        load_ms=round(statistics.median(loads_ms), 2),
        cold_ms=cold_ms,
        peak_mb=peak_mb,
        sizes=tuple(sizes),
        machine=", ".join(
            (platform.machine(), f"{os.cpu_count()} cores", platform.system(), f"Python {platform.python_version()}")
        ),
    )


def _children_peak_mb() -> float | None:
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return round(peak / (1e6 if sys.platform == "darwin" else 1e3 / 1.024), 1)
