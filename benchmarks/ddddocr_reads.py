"""The peer of `captcha_speed.py`: ddddocr reads PNG files; run by it in an environment of its own.

    python ddddocr_reads.py LIST   # a text file, one path a line

Prints one JSON line: texts, milliseconds of each reading (from the bytes of the file to the text), the model's size.
"""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

import ddddocr  # type: ignore[import-not-found]

WARM_UP = 20
#: The file that `DdddOcr()` opens; the larger one beside it needs `beta=True`.
MODEL = "common_old.onnx"


def main() -> None:
    paths = Path(sys.argv[1]).read_text(encoding="utf-8").split("\n")
    reader = ddddocr.DdddOcr(show_ad=False)
    for path in paths[:WARM_UP]:
        reader.classification(Path(path).read_bytes())
    texts, ms = [], []
    for path in paths:
        begun = time.perf_counter()
        texts.append(reader.classification(Path(path).read_bytes()))
        ms.append(1000 * (time.perf_counter() - begun))
    model_mb = next(Path(ddddocr.__file__).parent.rglob(MODEL)).stat().st_size / 1e6
    print(json.dumps({"version": version("ddddocr"), "texts": texts, "ms": ms, "model_mb": model_mb}))


if __name__ == "__main__":
    main()
