"""``glyphsmith crawl solve``: all pages of a puzzle read once, the doubtful ones again until the sum is sure; the sum.

The state is what the lines of the job say: those of an earlier, killed run first, then those of this one. A page counts
when it is solved, once; a page that was given up is tried again by the next run.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glyphsmith.crawl.answers import PageAnswer
from glyphsmith.crawl.budget import ask_again
from glyphsmith.crawl.digits import DigitReader
from glyphsmith.crawl.engine import run_story
from glyphsmith.crawl.forms import answer_form, verdict
from glyphsmith.crawl.glyphs import DOUBT, GlyphReader
from glyphsmith.crawl.job import Job, open_job, tell_lines
from glyphsmith.crawl.pace import Account, Pace
from glyphsmith.crawl.page import Page, page_url, parse_page
from glyphsmith.crawl.solution import CONTRADICTION, Solution
from glyphsmith.crawl.visitor import Failed, GaveUp, Trouble, Visitor, all_of
from glyphsmith.errors import DataError, PageError
from glyphsmith.progress import bar

__all__ = ["BOUND", "Wishes", "solve"]

#: Pages are asked for again while more wrong ones than this, times the number of pages, are to be expected among all:
#: the sum of a thousand pages is then wrong once in twenty times at most. Doubts err on the safe side: of twenty such
#: puzzles none was wrong, at 1.05 requests a page; five times less doubt costs 1.10 (docs/log.md).
BOUND = 5e-5

#: The same where the site judges the sum: a refused one is mended (``_look_again``), so once in five may be too often
#: and still cost less. Forty sums of a thousand pages were accepted at 1.039 requests a page at most, two of them after
#: a refusal; with BOUND twenty at 1.062 (docs/log.md).
BOUND_IF_JUDGED = 2e-4

#: A page this much surer than its share of the bound is settled at once; its evidence need not be kept.
_SURE = 0.01

#: A page that is still too doubtful after so many requests is reported, not guessed.
MOST_READINGS = 20

#: A site is told no more sums than these: it is asked whether one is right, not for what is right.
MOST_SUMS = 3

#: The search for the page that made a sum wrong ends where it is among those left with this probability.
_MISSED = 0.001


@dataclass(frozen=True, slots=True)
class Wishes:
    """How sure the sum must be, how glyphs are read (``assignment``, ``doubt``), and whether to ``submit``.

    ``bound`` is the number of wrong pages that may be expected among all, None for BOUND times their number, or for
    BOUND_IF_JUDGED times it where the sum is sent.
    ``assignment`` False reads every glyph by itself, which is what other solvers do.
    """

    bound: float | None = None
    doubt: float = DOUBT
    assignment: bool = True
    submit: bool = False

    def __post_init__(self) -> None:
        if self.bound is not None and not 0 < self.bound < 1:
            raise DataError(f"a bound of {self.bound:g}", hint="--bound takes a number of wrong pages between 0 and 1")


def solve(
    url: str,
    reader: GlyphReader | Callable[[], GlyphReader] | None,
    *,
    pages: Sequence[int] = tuple(range(1, 1001)),
    out: str | Path | None = None,
    account: Account | None = None,
    pace: Pace | None = None,
    wishes: Wishes | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Solution:
    """Read the pages of a puzzle and add up their numbers.

    ``reader`` reads the glyphs of level 2; a function that gives one is called when the first such page comes. ``out``
    is the folder of a job that can be gone on with. ``say`` hears what a person should know while it lasts.
    Raises SiteError where the site cannot be crawled, DataError where the job cannot be written.
    """
    if not pages:
        raise DataError("no page is asked for")
    wishes, pace = wishes or Wishes(), pace or Pace()
    solution = Solution(url, tuple(dict.fromkeys(pages)))
    # The numbers are the account's: another one's job is not gone on with.
    header = {"job": "solve", "url": url, "account": account.email if account else None}
    with open_job(Path(out) / "job.jsonl" if out is not None else None, header) as job:
        tell_lines(job, solution.apply)
        if job.lines:
            say(f"going on: {len(solution.numbers):,} pages are solved already")
        story = _Story(solution, job, reader, wishes, say)
        if story.todo or (wishes.submit and not solution.accepted):
            run_story(lambda download: story.tell(Visitor(download, pace, account), pace.under_way), pace)
    return solution


class _Story:
    """One run over the pages that are left."""

    def __init__(
        self,
        solution: Solution,
        job: Job,
        reader: GlyphReader | Callable[[], GlyphReader] | None,
        wishes: Wishes,
        say: Callable[[str], None],
    ) -> None:
        self.solution, self.job, self.wishes, self.say = solution, job, wishes, say
        self._digits = DigitReader(reader, doubt=wishes.doubt, assignment=wishes.assignment)
        self._said_independent = False
        self._logins = 0
        self._asked: Counter[int] = Counter()
        by_page = BOUND_IF_JUDGED if wishes.submit else BOUND
        self._bound = by_page * len(solution.pages) if wishes.bound is None else wishes.bound
        self.todo = [page for page in solution.pages if page not in solution.numbers]
        # A page given up by an earlier run is tried again by this one.
        for page in self.todo:
            solution.gave_up.pop(page, None)

    async def tell(self, visitor: Visitor, under_way: int) -> None:
        """Ask for all pages that are left, several at once; the first one alone, so that one log-in serves all."""
        begun = time.monotonic()
        unread = [page for page in self.todo if page not in self.solution.waiting]
        total = len(self.solution.pages)
        done = total - len(unread)
        try:
            with bar("solving", total, done=done) as move:

                def one_more() -> None:
                    nonlocal done
                    done = min(done + 1, total)
                    move(done)

                await self._read_pages(visitor, unread[:1], 1, one_more)
                await self._read_pages(visitor, unread[1:], under_way, one_more)
                await self._make_sure(visitor, under_way, one_more)
            self._settle()
            if self.wishes.submit:
                await self._submit(visitor, under_way)
        finally:
            self._count_logins(visitor)
            self.solution.seconds = time.monotonic() - begun

    def _write(self, line: dict[str, Any]) -> None:
        self.job.write(line)
        self.solution.apply(line)

    def _count_logins(self, visitor: Visitor) -> None:
        while self._logins < visitor.logins:
            self._logins += 1
            self._write({"log_in": self._logins})

    async def _read_pages(
        self, visitor: Visitor, pages: Sequence[int], under_way: int, then: Callable[[], None] = lambda: None
    ) -> None:
        """Ask for pages, several at once."""
        left = iter(pages)

        async def work() -> None:
            for page in left:
                await self._read_page(visitor, page)
                then()

        await all_of([work() for _ in range(under_way)])

    async def _make_sure(self, visitor: Visitor, under_way: int, then: Callable[[], None] = lambda: None) -> None:
        """Ask for pages again while all together are too doubtful."""
        while again := self._doubtful():
            # Every one of them has to be asked for, whatever the others turn out to be.
            await self._read_pages(visitor, again, under_way, then)

    async def _read_page(self, visitor: Visitor, number: int) -> None:
        """Ask for a page once, with all attempts that takes, and add what it says; or give it up and say why."""
        url = page_url(self.solution.url, number)
        note = self._noter(number)
        self._asked[number] += 1
        try:
            page, body, line, scores = await visitor.read(url, self._read, note)
        except GaveUp as given_up:
            self._give_up(number, f"{given_up.last.reason} (tried {given_up.attempts} times)")
            return
        self._count_logins(visitor)
        answer = self.solution.evidence.get(number) or PageAnswer()
        try:
            fresh = answer.add(page.lengths, page.sprite_id, scores)
        except PageError as error:
            note(Failed(CONTRADICTION, error.message, body))
            self._give_up(number, error.message)
            return
        if not fresh:
            self._write({"page": number, "repeated": page.sprite_id})
            return
        line = {"page": number, **line}
        if answer.error <= _SURE * self._bound / len(self.solution.pages):
            self._write({**line, **_solved(answer)})
            self.solution.solved_now += 1
            return
        rounded = np.maximum(np.round(scores, 3), -999.0).tolist()
        self._write({**line, "lengths": list(page.lengths), "sprite": page.sprite_id, "scores": rounded})

    def _doubtful(self) -> list[int]:
        """Give the pages to ask for again; those that were asked for too often are given up."""
        while True:
            waiting = {page: answer for page, answer in self.solution.waiting.items() if page in self.todo}
            doubts = {page: answer.error for page, answer in waiting.items() if page not in self.solution.gave_up}
            settled = {page: self.solution.errors[page] for page in self.solution.pages if page in self.solution.errors}
            # What was settled by an earlier run stays so; it has spent its share.
            left = self._bound - sum(settled.values())
            again = ask_again(doubts, max(left, self._bound * _SURE))
            spent = [page for page in again if self._asked[page] >= MOST_READINGS]
            if not spent:
                return again
            for page in spent:
                sure = f"wrong with probability {doubts[page]:.2g}"
                self._give_up(page, f"not sure after {waiting[page].readings} readings of different sprites: {sure}")

    def _settle(self) -> None:
        """Take what the pages that wait say as their numbers, now that all together are sure enough."""
        for page, answer in self.solution.waiting.items():
            if page in self.todo and page not in self.solution.gave_up:
                self._write({"page": page, **_solved(answer)})
                self.solution.solved_now += 1

    def _give_up(self, number: int, reason: str) -> None:
        self._write({"page": number, "gave_up": reason})

    def _read(self, body: bytes) -> tuple[Page, bytes, dict[str, Any], NDArray[np.float64]]:
        """Parse a page and read its digits; PageError, also where a digit is not certain, asks for it again."""
        page = parse_page(body)
        scores, found = self._digits.read(page)
        if found is None:
            return page, body, {"level": 1}, scores
        if not found.permuted and self.wishes.assignment and not self._said_independent:
            self._said_independent = True
            why = "its cells were not found" if found.rule is None else f"log evidence {found.rule:.0f}"
            self.say(f"the rows of a sheet are no permutations ({why}): glyphs of such sheets are read one by one")
        rule = None if found.rule is None else round(max(found.rule, -1e6), 2)
        return page, body, {"level": 2, "permuted": found.permuted, "rule": rule}, scores

    def _noter(self, number: int) -> Callable[[Failed], None]:
        def note(failed: Failed) -> None:
            kept = self.job.keep(str(number), failed.body)
            self._write({"page": number, "failed": failed.kind, "reason": failed.reason, **kept})

        return note

    async def _submit(self, visitor: Visitor, under_way: int) -> None:
        """Send the sum; where the site refuses it, find the page that is wrong and send another."""
        if self.solution.total is None:
            self.say("the sum is not sent: pages are missing")
            return
        # An earlier run may have heard of this sum already.
        if self.solution.accepted is None:
            await self._answer(visitor, self.solution.total)
        while self.solution.accepted is False:
            if len(self.solution.answers) >= MOST_SUMS:
                self.say(f"the site refused {len(self.solution.answers)} sums; no other is sent")
                return
            total = await self._look_again(visitor, under_way, self.solution.total)
            if total is None:
                return
            await self._answer(visitor, total)

    async def _look_again(self, visitor: Visitor, under_way: int, refused: int) -> int | None:
        """Ask for pages again, the most doubtful first, until the sum is another; gives it, or None.

        That some page is wrong is now certain, and how doubtful a page was among all says how likely it is that one.
        """
        errors, before = self.solution.errors, self.solution.reopened
        doubtful = sorted(self.solution.evidence, key=lambda page: -errors.get(page, 0.0))
        doubtful = [page for page in doubtful if page in self.solution.pages]
        enough = _MISSED * sum(errors[page] for page in self.solution.pages)
        while doubtful and sum(errors[page] for page in self.solution.pages) > enough:
            again, doubtful = doubtful[:under_way], doubtful[under_way:]
            self.todo = [*self.todo, *(page for page in again if page not in self.todo)]
            for page in again:
                self._write({"reopened": page})
            await self._read_pages(visitor, again, under_way)
            await self._make_sure(visitor, under_way)
            self._settle()
            total = self.solution.total
            if total != refused:
                read = f"{self.solution.reopened - before:,} of the most doubtful pages were asked for again"
                self.say(
                    f"the site refused {refused}; {read}: the sum is {total if total is not None else 'not known'}"
                )
                return total
        read = f"{self.solution.reopened - before:,} doubtful pages were asked for again and stay as they are"
        self.say(f"the site refused {refused}; {read}")
        return None

    async def _answer(self, visitor: Visitor, total: int) -> None:
        """Send a sum by the form of the last page."""
        last = self.solution.pages[-1]
        url = page_url(self.solution.url, last)

        async def attempt() -> bool | None:
            # The form is fetched anew each time: its token belongs to the session.
            body = await visitor.html(url)
            try:
                form = answer_form(body, url, total)
            except PageError as error:
                raise Trouble(Failed("page", error.message, body)) from None
            self._write({"page": last, "form": True})
            return verdict(await visitor.html(form.url, form))

        try:
            accepted = await visitor.patiently(attempt, self._noter(last))
        except GaveUp as given_up:
            self.say(f"the sum could not be sent: {given_up.last.reason}")
            return
        self._write({"answer": total, "accepted": accepted})
        if accepted is None:
            wrong = sum(self.solution.errors[page] for page in self.solution.pages)
            self.say(f"the site says neither yes nor no to {total}; {wrong:.2g} wrong pages are expected among all")


def _solved(answer: PageAnswer) -> dict[str, Any]:
    return {"solved": list(answer.numbers), "error": float(f"{answer.error:.3g}")}
