"""``glyphsmith crawl collect``: pages whose numbers are known, asked for again and again; labelled glyphs come out.

Each request shows the same numbers in a new sprite, so a single known page gives as many glyphs as one likes. What is
kept is the job (which request of which page was kept) and the glyphs; killed at any moment, it goes on.
"""

from __future__ import annotations

import io
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from glyphsmith.crawl.engine import run_story
from glyphsmith.crawl.job import Job, open_job, tell_lines
from glyphsmith.crawl.pace import Account, Pace
from glyphsmith.crawl.page import Page, Window, page_url, parse_page
from glyphsmith.crawl.shelf import FolderShelf, Glyph, Hdf5Shelf, Shelf
from glyphsmith.crawl.visitor import Failed, GaveUp, Visitor, all_of
from glyphsmith.errors import DataError, PageError
from glyphsmith.picture import Picture
from glyphsmith.progress import bar

__all__ = ["Collection", "collect", "label_glyphs"]


#: Requests for one page that may be asked for; the original data set took 90,000.
MOST_REQUESTS = 1_000_000


@dataclass(slots=True)
class Collection:
    """What was collected: glyphs by label, requests by page, and what it took."""

    url: str
    out: str
    pages: tuple[int, ...]
    labels: Counter[str] = field(default_factory=Counter)
    kept: Counter[int] = field(default_factory=Counter)
    retries: Counter[str] = field(default_factory=Counter)
    gave_up: dict[int, str] = field(default_factory=dict)
    repeated: int = 0
    logins: int = 0
    mark: int = 0
    seconds: float = 0.0
    glyphs_now: int = 0
    sprites: set[str] = field(default_factory=set)

    def apply(self, line: dict[str, Any]) -> None:
        """Take in one line of the job."""
        if "log_in" in line:
            self.logins += 1
        elif "finished" in line:
            self.mark = 0
        elif "failed" in line:
            self.retries[line["failed"]] += 1
        elif "gave_up" in line:
            self.gave_up[line["page"]] = line["gave_up"]
        elif "repeated" in line:
            self.repeated += 1
        else:
            self.kept[line["page"]] += 1
            self.labels.update(line["labels"])
            self.sprites.add(line["sprite"])
            self.mark = line["mark"]
            self.gave_up.pop(line["page"], None)

    def as_dict(self) -> dict[str, Any]:
        """Give the JSON document of this collection."""
        return {
            "url": self.url,
            "out": self.out,
            "pages": len(self.pages),
            "glyphs": self.labels.total(),
            "labels": dict(sorted(self.labels.items())),
            "requests": self.kept.total() + self.repeated + self.retries.total(),
            "readings": self.kept.total(),
            "retries": dict(sorted(self.retries.items())),
            "repeated_sprites": self.repeated,
            "log_ins": self.logins,
            "failed": [{"page": page, "reason": reason} for page, reason in sorted(self.gave_up.items())],
            "seconds": round(self.seconds, 2),
            "glyphs_per_s": round(self.glyphs_now / self.seconds, 1) if self.seconds else None,
        }


def collect(
    url: str,
    numbers: Mapping[int, tuple[int, ...]],
    out: str | Path,
    *,
    requests: int = 100,
    account: Account | None = None,
    pace: Pace | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Collection:
    """Ask for each page with known ``numbers`` until ``requests`` of its answers are kept; write glyphs to ``out``.

    ``out`` is a folder, or a file that ends in .h5, which is added to where it exists. Raises SiteError, DataError.
    """
    if not 1 <= requests <= MOST_REQUESTS:
        raise DataError(f"{requests:,} requests a page", hint=f"--requests takes 1 to {MOST_REQUESTS:,}")
    place = Path(out)
    to_hdf5 = place.suffix.lower() in (".h5", ".hdf5")
    if not to_hdf5 and place.is_file():
        raise DataError(f"{place}: is a file, expected a folder or a name that ends in .h5")
    if to_hdf5:
        import h5py  # noqa: F401 - missing, it is to be missed before anything is collected
    beside = place.with_name(place.name + ".crawl") if to_hdf5 else place / ".crawl"
    collection = Collection(url, str(out), tuple(numbers))
    with open_job(beside / "job.jsonl", {"job": "collect", "url": url}) as job:
        tell_lines(job, collection.apply)
        if job.lines:
            say(f"going on: {collection.labels.total():,} glyphs are kept already")
        shelf: Shelf = Hdf5Shelf(place, beside / "glyphs.tar", collection.mark) if to_hdf5 else FolderShelf(place)
        collection.gave_up.clear()
        story = _Story(collection, job, shelf, numbers, requests)
        pace = pace or Pace()
        try:
            if story.todo:
                run_story(lambda download: story.tell(Visitor(download, pace, account), pace.under_way), pace)
        finally:
            # Also after Ctrl-C: what was collected is to be there.
            if collection.mark:
                say(f"writing {out}")
                shelf.finish()
                story.write({"finished": True})
            shelf.close()
    return collection


def label_glyphs(page: Page, numbers: tuple[int, ...]) -> list[tuple[str, Window]]:
    """Give the digit of each window of a page, each window once. Raises PageError where the numbers do not fit."""
    known = [str(number) for number in numbers]
    if tuple(map(len, known)) != page.lengths:
        raise PageError(
            f"the page shows numbers of {page.lengths} digits, known are numbers of {tuple(map(len, known))} digits"
        )
    labels: dict[Window, str] = {}
    for window, digit in zip(page.windows, "".join(known), strict=True):
        if labels.setdefault(window, digit) != digit:
            raise PageError(f"one glyph is to be {labels[window]} and {digit}: the known numbers are not those shown")
    return [(digit, window) for window, digit in labels.items()]


class _Story:
    """One run over the requests that are left."""

    def __init__(
        self,
        collection: Collection,
        job: Job,
        shelf: Shelf,
        numbers: Mapping[int, tuple[int, ...]],
        requests: int,
    ) -> None:
        self._collection, self._job, self._shelf, self._numbers = collection, job, shelf, numbers
        self._requests = requests
        self.todo = sum(max(0, requests - collection.kept[page]) for page in collection.pages)
        self._logins = 0

    async def tell(self, visitor: Visitor, under_way: int) -> None:
        """Make all requests that are left, several at once; the first one alone, so that one log-in serves all."""
        begun = time.monotonic()
        todo, total, done = self._turns(), self.todo, 0
        try:
            with bar("collecting", total) as move:

                async def work(most: int = total) -> None:
                    nonlocal done
                    for _, page in zip(range(most), todo, strict=False):
                        await self._keep_page(visitor, page)
                        done += 1
                        move(done)

                await work(1)
                await all_of([work() for _ in range(under_way)])
        finally:
            self._count_logins(visitor)
            self._collection.seconds = time.monotonic() - begun

    def _turns(self) -> Iterator[int]:
        """Give the pages to ask for, round by round: every page has given alike when the crawl ends early."""
        kept = dict(self._collection.kept)
        for turn in range(self._requests):
            yield from (page for page in self._collection.pages if kept.get(page, 0) <= turn)

    def write(self, line: dict[str, Any]) -> None:
        """Add a line to the job and to what is known."""
        self._job.write(line)
        self._collection.apply(line)

    def _count_logins(self, visitor: Visitor) -> None:
        while self._logins < visitor.logins:
            self._logins += 1
            self.write({"log_in": self._logins})

    async def _keep_page(self, visitor: Visitor, number: int) -> None:
        """Make one request of a page count, or say why it cannot."""
        if number in self._collection.gave_up:
            return

        def note(failed: Failed) -> None:
            self.write({"page": number, "failed": failed.kind, "reason": failed.reason,
                        **self._job.keep(str(number), failed.body)})  # fmt: skip

        def parse(body: bytes) -> tuple[Page, bytes]:
            return parse_page(body), body

        try:
            page, body = await visitor.read(page_url(self._collection.url, number), parse, note)
        except GaveUp as given_up:
            self.write({"page": number, "gave_up": f"{given_up.last.reason} (tried {given_up.attempts} times)"})
            return
        self._count_logins(visitor)
        try:
            labelled = label_glyphs(page, self._numbers[number])
        except PageError as error:
            note(Failed("known numbers", error.message, body))
            self.write({"page": number, "gave_up": error.message})
            return
        if page.sprite_id in self._collection.sprites:
            self.write({"page": number, "repeated": page.sprite_id})
            return
        glyphs: list[Glyph] = [
            (f"{digit}_{page.sprite_id}-{place:02d}.png", png(page.cut(window)))
            for place, (digit, window) in enumerate(labelled)
        ]
        mark = self._shelf.put(glyphs)
        labels = Counter(digit for digit, _ in labelled)
        self.write({"page": number, "sprite": page.sprite_id, "labels": dict(sorted(labels.items())), "mark": mark})
        self._collection.glyphs_now += len(glyphs)


def png(picture: Picture) -> bytes:
    """Encode a glyph as PNG, in grey where it is grey."""
    first = picture[..., 0]
    grey = bool((first == picture[..., 1]).all() and (first == picture[..., 2]).all())
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(first if grey else picture)).save(file, "PNG", compress_level=1)
    return file.getvalue()
