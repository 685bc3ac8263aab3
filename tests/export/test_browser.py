"""A shipped file gives a browser what it gives Python, from the same raw pixels.

What runs under node is onnxruntime-web's WASM build, the one a page loads. Without node and that package (found by
``NODE_PATH``) there is nothing to test with; ``.ci/run`` installs both.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from glyphsmith.runtime.reader import open_reader
from glyphsmith.runtime.store import shipped

NODE = shutil.which("node")
READ = Path(__file__).with_name("browser_read.cjs")
#: Height and width: a single pixel, a data set's, a captcha's, a strip, a crop of a photograph.
SIZES = ((1, 1), (28, 28), (20, 18), (80, 170), (9, 120), (200, 300))


def has_web() -> bool:
    words = [NODE or "", "-e", "require('onnxruntime-web')"]
    return NODE is not None and subprocess.run(words, capture_output=True, check=False, timeout=60).returncode == 0


def picture(height: int, width: int, kind: int) -> NDArray[np.uint8]:
    """Noise, a blank, or dark strokes on an uneven ground."""
    rng = np.random.default_rng(height * 1000 + width + kind)
    if kind == 0:
        return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    ground = np.full((height, width, 3), 230, np.uint8) - np.linspace(0, 40, width).astype(np.uint8)[None, :, None]
    if kind == 2:
        for _ in range(4):
            top, left = int(rng.integers(0, height)), int(rng.integers(0, width))
            ground[top : top + max(1, height // 3), left : left + max(1, width // 20)] = 40
    return ground


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[NDArray[np.uint8], NDArray[np.float32]]]]:
    """Give, for each shipped reader, pictures and the probabilities that the web runtime gives for them."""
    if not has_web():
        pytest.skip("no node with onnxruntime-web")
    place = tmp_path_factory.mktemp("web")
    shown = {name: [picture(*size, kind) for size in SIZES for kind in range(3)] for name in shipped()}
    work = []
    for name, pictures in shown.items():
        listed = []
        for k, pixels in enumerate(pictures):
            (place / f"{name}-{k}.bin").write_bytes(pixels.tobytes())
            listed.append({"file": f"{name}-{k}.bin", "height": pixels.shape[0], "width": pixels.shape[1]})
        work.append({"model": str(shipped()[name]), "pictures": listed})
    (place / "work.json").write_text(json.dumps(work))
    done = subprocess.run(
        [NODE or "", str(READ), str(place / "work.json")], capture_output=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    answers = iter(json.loads(done.stdout))
    found: dict[str, list[tuple[NDArray[np.uint8], NDArray[np.float32]]]] = {}
    for name, pictures in shown.items():
        found[name] = [
            (pixels, np.array(answer["values"], np.float32).reshape(answer["shape"]))
            for pixels, answer in zip(pictures, answers, strict=False)
        ]
    return found


@pytest.mark.parametrize("name", sorted(shipped()))
def test_a_shipped_reader_says_the_same_in_a_browser(web, name: str) -> None:
    reader = open_reader(name)
    assert len(web[name]) == 3 * len(SIZES)
    for pixels, there in web[name]:
        here = reader.probabilities(pixels[None])
        assert there.shape == here.shape
        # One pixel has no ink: what little rounding leaves of it is all there is to see.
        assert np.abs(there - here).max() <= (1e-4 if pixels.size > 3 else 1e-3)
