"""How fast sprites are painted and practice pages are served, on one core.

    python benchmarks/practising.py [--pages 300]

Prints one row a task: a second of processor time, of painting alone and of whole pages over HTTP on 127.0.0.1 (site and
visitor together, one after the other). The last line is the rows as JSON.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import time
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2

from glyphsmith.practice.serving import running_site
from glyphsmith.practice.settings import LEVEL_PATHS, Level, PracticeSettings
from glyphsmith.synth.sprites import SpritePainter, png_bytes

WARM_UP = 3000


def per_second(work: Callable[[int], object], n: int) -> float:
    """Do work 0 to n - 1 and give how many there are to a second of this process's time, all its threads together."""
    before = time.process_time()
    for index in range(n):
        work(index)
    return n / (time.process_time() - before)


def pages(n: int) -> dict[str, float]:
    """Log in to a site and fetch pages of both levels, one after the other on one connection."""
    found = {}
    with running_site(PracticeSettings(pages=n)) as (url, _):
        visitor = http.client.HTTPConnection(urlsplit(url).netloc)
        visitor.request("GET", "/login")
        answer = visitor.getresponse()
        cookie = (answer.getheader("Set-Cookie") or "").partition(";")[0]
        token = re.search(r'name="_token" value="(\w+)"', answer.read().decode())
        assert token is not None
        form = urlencode({"_token": token[1], "email": "a@b", "password": "practice"})
        kind = "application/x-www-form-urlencoded"
        visitor.request("POST", "/login", form, {"Cookie": cookie, "Content-Type": kind})
        answer = visitor.getresponse()
        answer.read()
        cookie = (answer.getheader("Set-Cookie") or "").partition(";")[0]

        def fetch(level: Level, page: int) -> None:
            visitor.request("GET", f"{LEVEL_PATHS[level]}?page={page + 1}", headers={"Cookie": cookie})
            answer = visitor.getresponse()
            assert len(answer.read()) > 1000
            assert answer.status == 200

        for level in LEVEL_PATHS:
            for page in range(n):  # draws the fonts
                fetch(level, page)
            found[f"pages of level {level} over HTTP"] = per_second(lambda page, level=level: fetch(level, page), n)  # type: ignore[misc]
    return found


def main() -> None:
    """Measure and print."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--pages", type=int, default=300)
    asked = words.parse_args()
    cv2.setNumThreads(1)
    painter = SpritePainter()
    for index in range(WARM_UP):
        painter.paint(0, index)
    rows = {
        "glyphs": per_second(lambda index: painter.paint(1, index), 5000),
        "sheets": per_second(lambda index: painter.sheet(1, index), asked.pages),
        "sheets as PNG": per_second(lambda index: png_bytes(painter.sheet(1, index).picture), asked.pages),
        "strips as PNG": per_second(lambda index: png_bytes(painter.strip(1, index).picture), asked.pages),
        **pages(asked.pages),
    }
    print(painter.describe()[0].partition(":")[0])
    for name, rate in rows.items():
        print(f"{name:32} {rate:10,.0f} a second of processor time")
    print(json.dumps({name: round(rate, 1) for name, rate in rows.items()}))


if __name__ == "__main__":
    main()
