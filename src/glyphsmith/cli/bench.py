"""``glyphsmith bench MODEL``: how fast a reader reads on this machine, on one thread."""

from __future__ import annotations

import json

import click

from glyphsmith.cli import Bounded

__all__ = ["register"]


def register(app: click.Group) -> None:
    """Add the verb ``bench``."""
    app.add_command(bench)


@click.command()
@click.argument("model", metavar="MODEL", help="A .onnx file, a run folder or a shipped reader.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--seconds", type=Bounded(min=0.01), default=1.0, help="Time given to each picture size.")
def bench(model: str, as_json: bool, seconds: float) -> int:
    """Time a reader on one thread: picture by picture, in batches, and from a cold start."""
    from glyphsmith.progress import watched
    from glyphsmith.runtime.bench import SIZES, Bench, measure
    from glyphsmith.runtime.reader import open_reader

    open_reader(model)  # what is wrong with the file is said before anything is timed
    steps = measure(model, seconds=seconds)
    found = list(watched(steps, len(SIZES) + 1, "timing"))[-1]
    assert isinstance(found, Bench)  # what measure ends with
    if as_json:
        print(json.dumps(found.as_dict(), ensure_ascii=False))
        return 0
    print(f"{found.model}: {found.file_mb:.2f} MB, opens in {found.load_ms:.1f} ms")
    peak = "" if found.peak_mb is None else f", {found.peak_mb:.0f} MB at the peak"
    print(f"a new process reads one 640x480 picture in {found.cold_ms / 1e3:.2f} s{peak}")
    print(f"{'picture':>11}  {'p50 ms':>9}  {'p95 ms':>9}  {'batch':>5}  {'ms each':>9}  {'a second':>9}")
    for row in found.sizes:
        size = f"{row.width_px}x{row.height_px}"
        rate = 1e3 / max(row.batch_ms, 1e-6)
        print(f"{size:>11}  {row.ms_p50:9.3f}  {row.ms_p95:9.3f}  {row.batch:5d}  {row.batch_ms:9.3f}  {rate:9,.0f}")
    print(f"one thread; {found.machine}")
    return 0
