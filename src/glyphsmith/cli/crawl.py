"""``glyphsmith crawl collect|solve|read``: a puzzle of sprite digits: glyphs collected, pages solved, files read."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from glyphsmith.cli import Verbs
from glyphsmith.display import shown
from glyphsmith.errors import DataError

if TYPE_CHECKING:
    from glyphsmith.crawl.collect import Collection
    from glyphsmith.crawl.pace import Account, Pace
    from glyphsmith.crawl.saved import SavedPage, SavedSheet
    from glyphsmith.crawl.solution import Solution
    from glyphsmith.runtime.reader import Reader

__all__ = ["register"]

#: Pages that failed, as listed for a person; the JSON document has all.
LISTED = 10

_model = click.option(
    "--model", default="sprites", metavar="MODEL", help="Reads the glyphs of level 2; level 1 needs none."
)
_url = click.argument("url", metavar="URL", help="A level of the puzzle; ?page=N is added.")
_VISIT = (
    click.option("--email", help="The account to log in with, where the site asks."),
    click.option("--password", envvar="GLYPHSMITH_PASSWORD", show_envvar=True, help="Better in GLYPHSMITH_PASSWORD."),
    click.option("--rate", type=float, metavar="R", help="Requests a second (default: AutoThrottle decides)."),
    click.option("--fast", is_flag=True, help="No throttling, 8 requests at once: for a site of your own."),
    click.option("--timeout", type=float, default=30.0, metavar="S", help="Seconds until a request counts as failed."),
    click.option("--attempts", type=int, default=12, metavar="N", help="How often one request is tried."),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON document."),
)


@dataclass(frozen=True, slots=True)
class _Visit:
    """Who asks, and how fast and how patiently."""

    account: Account | None
    pace: Pace


def _visiting(verb: Callable[..., int]) -> Callable[..., int]:
    """Give a verb the options of every visit; it gets them as ``visit``, and ``as_json`` for how it prints."""

    @wraps(verb)
    def with_visit(
        *,
        email: str | None,
        password: str | None,
        rate: float | None,
        fast: bool,
        timeout: float,
        attempts: int,
        **words: Any,
    ) -> int:
        return verb(visit=_Visit(_account(email, password), _pace(rate, fast, timeout, attempts)), **words)

    visiting: Callable[..., int] = with_visit
    for option in reversed(_VISIT):
        visiting = option(visiting)
    return visiting


def register(app: click.Group) -> None:
    """Add the verb ``crawl``."""
    verbs = [collect, solve, read]
    app.add_command(Verbs("crawl", verbs, help="Sprite puzzles on the web: collect, solve, read what was saved."))


@click.command()
@_url
@click.option("--out", required=True, metavar="DIR|FILE.h5", help="Gets the glyphs; it may exist.")
@click.option("--numbers", required=True, metavar="FILE", help="Known numbers: page,number as CSV, or JSON.")
@click.option("--pages", default="", show_default=False, metavar="P", help="Of the known ones: 1, 1-5 or 1,3.")
@click.option("--requests", type=int, default=100, metavar="N", help="How often to ask for each page.")
@_visiting
def collect(
    url: str,
    out: str,
    numbers: str,
    pages: str,
    requests: int,
    visit: _Visit,
    as_json: bool,
) -> int:
    """Ask for pages with known numbers again and again, and keep their glyphs, labelled; the same words go on."""
    from glyphsmith.crawl import collect as story
    from glyphsmith.crawl.known import read_numbers

    known = read_numbers(numbers)
    chosen = _pages(pages) if pages else list(known)
    missing = [page for page in chosen if page not in known]
    if missing:
        raise DataError(f"{numbers}: has no numbers of page {missing[0]}")
    done = story.collect(
        _checked(url),
        {page: known[page] for page in chosen},
        out,
        requests=requests,
        account=visit.account,
        pace=visit.pace,
        say=_say,
    )
    if as_json:
        print(json.dumps(done.as_dict(), ensure_ascii=False))
    else:
        _print_collection(done)
    return 1 if done.gave_up else 0


@click.command()
@_url
@_model
@click.option("--pages", default="1-1000", metavar="P", help="1-1000, 7 or 1-10,15.")
@click.option("--out", metavar="JOB", help="A folder; the same words go on after any end.")
@click.option("--submit", is_flag=True, help="Send the sum by the site's form.")
@click.option(
    "--bound",
    type=float,
    metavar="N",
    help="Ask again while more than N wrong pages are expected (5e-5 a page; with --submit 2e-4).",
)
@_visiting
def solve(
    url: str,
    model: str,
    pages: str,
    out: str | None,
    submit: bool,
    bound: float | None,
    visit: _Visit,
    as_json: bool,
) -> int:
    """Read all pages, ask again where a page is not sure, and print the sum."""
    from glyphsmith.crawl import solve as story

    wishes = story.Wishes(bound=bound, submit=submit)
    solution = story.solve(
        _checked(url),
        _opener(model),
        pages=_pages(pages),
        out=out,
        account=visit.account,
        pace=visit.pace,
        wishes=wishes,
        say=_say,
    )
    if as_json:
        print(json.dumps(solution.as_dict(), ensure_ascii=False))
    else:
        _print_solution(solution)
    return 1 if solution.failed or (submit and solution.accepted is not True) else 0


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...", help="Saved pages (HTML) and sheets (PNG).")
@_model
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line per file.")
def read(files: tuple[str, ...], model: str, as_json: bool) -> int:
    """Read saved pages, or sprites of ten rows of ten glyphs, without any site."""
    from glyphsmith.crawl.saved import SavedReader
    from glyphsmith.errors import PageError

    saved = SavedReader(_opener(model))
    failed = 0
    for path in files:
        try:
            answer = saved.read(path)
        except PageError as error:
            failed += 1
            _say(f"error: {shown(path)}: {error.message}")
            if as_json:
                print(json.dumps({"path": path, "error": error.message}, ensure_ascii=False), flush=True)
            continue
        if as_json:
            print(json.dumps(answer.as_dict(), ensure_ascii=False), flush=True)
        else:
            _print_saved(answer)
    return 1 if failed else 0


def _opener(model: str) -> Callable[[], Reader]:
    def reader() -> Reader:
        from glyphsmith.runtime.reader import open_reader

        return open_reader(model)

    return reader


def _print_saved(answer: SavedPage | SavedSheet) -> None:
    from glyphsmith.crawl.saved import SavedPage

    sure = f"{100 * answer.confidence:.1f} %"
    if isinstance(answer, SavedPage):
        print(f"{shown(answer.path)}  {sure}  sum {sum(answer.numbers)}: {' '.join(map(str, answer.numbers))}")
        return
    how = "rows are permutations" if answer.permuted else "rows are no permutations: read glyph by glyph"
    print(f"{shown(answer.path)}  {sure}  {how}", *answer.rows, sep="\n")


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def _checked(url: str) -> str:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        url.encode()
    except ValueError:
        good = False
    if not good or any(sign.isspace() for sign in url):
        raise DataError(f"{url}: is no address of a web page", hint="http://127.0.0.1:8321/level/web/...")
    return url


def _account(email: str | None, password: str | None) -> Account | None:
    from glyphsmith.crawl.pace import Account

    if email is None:
        return None
    if not password:
        raise DataError(f"no password for {email}", hint="set GLYPHSMITH_PASSWORD, or give --password")
    return Account(email, password)


def _pace(rate: float | None, fast: bool, timeout: float, attempts: int) -> Pace:
    from glyphsmith.crawl.pace import Pace

    if fast and rate is not None:
        raise DataError("--fast and --rate exclude each other")
    return Pace(rate=rate, fast=fast, timeout_s=timeout, attempts=attempts)


def _pages(words: str) -> list[int]:
    """Give the pages that ``1-10,15`` names."""
    found: list[int] = []
    for part in words.split(","):
        match = re.fullmatch(r"\s*(\d{1,7})\s*(?:-\s*(\d{1,7})\s*)?", part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if not 1 <= first <= last:
            raise DataError(f"--pages {words}: expected pages from 1", hint="1-1000, 7 or 1-10,15")
        found += range(first, last + 1)
    return list(dict.fromkeys(found))


def _retries(retries: dict[str, int]) -> str:
    return ", ".join(f"{kind} {count:,}" for kind, count in sorted(retries.items())) or "none"


def _print_collection(done: Collection) -> None:
    told = done.as_dict()
    for entry in told["failed"][:LISTED]:
        _say(f"error: page {entry['page']}: {entry['reason']}")
    print(f"{done.out}: {told['glyphs']:,} glyphs of {len(told['labels'])} digits")
    absent = [digit for digit in "0123456789" if digit not in told["labels"]]
    if absent and told["glyphs"]:
        _say(
            f"note: no glyph of {', '.join(absent)}: a reader of all ten needs known numbers of a page that shows them"
        )
    print(f"requests   {told['requests']:,}, kept {told['readings']:,}; failed: {_retries(told['retries'])}")


def _print_solution(solution: Solution) -> None:
    told = solution.as_dict()
    for entry in told["failed"][:LISTED]:
        _say(f"error: page {entry['page']}: {entry['reason']}")
    if len(told["failed"]) > LISTED:
        _say(f"error: {len(told['failed']) - LISTED:,} more pages are not solved")
    print(f"sum        {told['sum'] if told['sum'] is not None else 'not known: pages are missing'}")
    print(f"pages      {told['solved']:,} of {told['pages']:,} solved")
    a_page = told["readings_per_page"]
    again = f", {a_page:g} reading{'' if a_page == 1 else 's'} a page" if a_page else ""
    print(f"requests   {told['requests']:,}{again}; failed: {_retries(told['retries'])}")
    if told["level"] == 2:
        rows = told["sheets"]
        print(f"sheets     {rows['as_permutations']:,} read as permutations, {rows['glyph_by_glyph']:,} glyph by glyph")
        print(f"expected   {told['expected_wrong_pages']:g} wrong pages")
    if solution.submitted:
        words = {True: "accepted", False: "refused", None: "sent; the site's answer says neither yes nor no"}
        print(f"answer     {words[solution.accepted]}")
