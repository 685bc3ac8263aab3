"""Every page once, the doubtful ones again until few enough wrong ones are to be expected; told without a site."""

from __future__ import annotations

import asyncio
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

from glyphsmith.crawl.job import open_job
from glyphsmith.crawl.pace import Account
from glyphsmith.crawl.solution import Solution
from glyphsmith.crawl.solve import MOST_READINGS, MOST_SUMS, Wishes, _Story, solve
from glyphsmith.crawl.visitor import Failed, GaveUp
from glyphsmith.errors import DataError

URL = "http://site.example/level"
LENGTHS = (2,) * 12
TEXT = "42" * 12


def scores(sure, text=TEXT):
    found = np.full((len(text), 10), np.log(1e-9 / 9))
    found[np.arange(len(text)), [int(digit) for digit in text]] = np.log(1 - 1e-9)
    # One digit is as sure as is asked for.
    found[5] = np.log((1 - sure) / 9)
    found[5, int(text[5])] = np.log(sure)
    return found


class KilledError(Exception):
    """The end of a process."""


class Told:
    """A visitor whose pages are as sure as ``sure(page, request)`` says; None is a page that never comes."""

    logins = 0

    def __init__(self, sure, dies_after=None):
        self.sure, self.dies_after = sure, dies_after
        self.asked = Counter()

    async def read(self, url, parse, note):
        page = int(url.rpartition("=")[2])
        self.asked[page] += 1
        if self.dies_after is not None and self.asked.total() > self.dies_after:
            raise KilledError
        await asyncio.sleep(0)
        sure = self.sure(page, self.asked[page])
        if sure is None:
            note(Failed("status 500", "status 500"))
            raise GaveUp(Failed("status 500", "status 500"), 3)
        sprite = "same" if sure == "same" else f"{page}-{self.asked[page]}"
        shown = SimpleNamespace(lengths=LENGTHS, sprite_id=sprite)
        line = {"level": 2, "permuted": True, "rule": 70.0}
        return shown, b"", line, scores(0.9 if sure == "same" else sure)


def solved(visitor, pages=100, bound=0.01, path=None):
    solution = Solution(URL, tuple(range(1, pages + 1)))
    with open_job(path, {"job": "solve", "url": URL}) as job:
        for line in job.lines:
            solution.apply(line)
        story = _Story(solution, job, None, Wishes(bound=bound), lambda _: None)
        asyncio.run(story.tell(visitor, 4))
    return solution


def doubtful(*pages, sure=0.9, otherwise=1 - 1e-8):
    return lambda page, request: sure if page in pages else otherwise


def test_only_what_is_doubtful_is_asked_for_again():
    visitor = Told(doubtful(7, 30))
    found = solved(visitor)
    assert {page for page, count in visitor.asked.items() if count > 1} == {7, 30}
    assert found.total == 100 * 12 * 42
    assert found.readings == visitor.asked.total()
    assert found.as_dict()["expected_wrong_pages"] <= 0.01
    assert found.waiting == {}


def test_pages_that_are_a_little_doubtful_count_together():
    # Each is as sure as a bound of its own would ask, all together are not.
    alone = solved(Told(doubtful(1, otherwise=1 - 5e-4)), pages=1, bound=0.01)
    assert alone.readings > 1
    together = solved(Told(doubtful(otherwise=1 - 5e-4)), pages=100, bound=0.01)
    assert 180 <= together.readings <= 185
    loose = solved(Told(doubtful(otherwise=1 - 5e-4)), pages=100, bound=0.1)
    assert loose.readings == 100
    assert loose.as_dict()["expected_wrong_pages"] == pytest.approx(0.05, rel=0.01)


def test_a_crawl_that_is_killed_while_it_asks_again_goes_on_without_reading_a_page_anew(tmp_path):
    job = tmp_path / "job.jsonl"
    first = Told(doubtful(*range(1, 21)), dies_after=104)
    with pytest.raises(KilledError):
        solved(first, path=job)
    second = Told(doubtful(*range(1, 21)))
    second.asked.update(first.asked)  # a sprite is new at every request
    before = second.asked.total()
    found = solved(second, path=job)
    assert found.total == 100 * 12 * 42
    assert all(second.asked[page] == 1 for page in range(21, 101))
    # Lost is at most what was under way when it was killed.
    assert found.readings >= second.asked.total() - 4 - 1
    assert second.asked.total() - before <= 40
    third = Told(doubtful())
    again = solved(third, path=job)
    assert (again.total, third.asked.total()) == (100 * 12 * 42, 0)


def test_a_page_that_stays_doubtful_is_given_up_and_the_others_are_settled():
    visitor = Told(lambda page, request: 0.1 if page == 3 else 1 - 1e-8)
    found = solved(visitor, pages=10)
    assert visitor.asked[3] == MOST_READINGS
    assert "not sure after 20 readings" in found.failed[3]
    assert found.total is None
    assert len(found.numbers) == 9


def test_a_site_that_shows_the_same_sprite_again_is_not_asked_for_ever():
    visitor = Told(lambda page, request: "same")
    found = solved(visitor, pages=1)
    assert visitor.asked[1] == MOST_READINGS
    assert found.repeated == MOST_READINGS - 1
    assert "not sure after 1 readings" in found.failed[1]


def test_a_page_that_never_comes_costs_no_other_its_answer():
    visitor = Told(lambda page, request: None if page == 2 else 0.9 if page == 1 and request == 1 else 1 - 1e-8)
    found = solved(visitor, pages=5)
    assert found.failed == {2: "status 500 (tried 3 times)"}
    assert sorted(found.numbers) == [1, 3, 4, 5]
    assert found.retries == {"status 500": 1}


def test_a_bound_is_a_number_of_wrong_pages_between_0_and_1():
    for bound in (0.0, 1.0, -1.0, float("nan")):
        with pytest.raises(DataError, match="a bound of"):
            Wishes(bound=bound)


def test_a_job_is_not_gone_on_with_for_another_account(tmp_path):
    """The numbers are the account's, so another one's sum would be wrong; nothing is asked of the site."""
    with open_job(tmp_path / "job.jsonl", {"job": "solve", "url": URL, "account": "a@example.org"}):
        pass
    with pytest.raises(DataError, match=r"its account is 'a@example\.org', not 'b@example\.org'"):
        solve(URL, None, pages=[1], out=tmp_path, account=Account("b@example.org", "word"))


RIGHT = 40 * 12 * 42


class Judged(Told):
    """A site that judges sums: pages in ``wrong`` are misread at their first request, as surely as ``doubt`` leaves."""

    def __init__(self, *wrong, doubt=5e-4, right=RIGHT, others=1e-4, dies_after=None):
        super().__init__(lambda page, request: 1 - others, dies_after)
        self.wrong, self.doubt, self.right, self.sent = wrong, doubt, right, []

    async def read(self, url, parse, note):
        shown, body, line, found = await super().read(url, parse, note)
        page = int(url.rpartition("=")[2])
        if page in self.wrong and self.asked[page] == 1:
            found[5] = np.log(self.doubt / 9)
            found[5, int(TEXT[5])] = np.log(self.doubt)
            found[5, 7] = np.log(1 - self.doubt)
        return shown, body, line, found

    async def patiently(self, attempt, note):
        return await attempt()

    async def html(self, url, form=None):
        if form is None:
            return b"<html><main><form action='/answer'><input name='answer'></form></main></html>"
        self.sent.append(int(form.fields["answer"]))
        word = "accepted" if self.sent[-1] == self.right else "refused"
        return f"<html><main><p class='{word}'>That is {word}.</p></main></html>".encode()


def judged(visitor, path=None, bound=0.05):
    solution, said = Solution(URL, tuple(range(1, 41))), []
    with open_job(path, {"job": "solve", "url": URL}) as job:
        for line in job.lines:
            solution.apply(line)
        story = _Story(solution, job, None, Wishes(bound=bound, submit=True), said.append)
        asyncio.run(story.tell(visitor, 4))
    return solution, " ".join(said)


def test_a_refused_sum_has_the_most_doubtful_pages_asked_for_again_until_another_is_found():
    visitor = Judged(17)
    found, said = judged(visitor)
    # A digit 2 read as a 7.
    assert visitor.sent == [RIGHT + 5, RIGHT]
    assert (found.total, found.accepted) == (RIGHT, True)
    # The page was the most doubtful one: no more were asked for than go on at once.
    assert found.reopened == found.as_dict()["reopened"] == 4
    assert found.readings == visitor.asked.total() == 44
    assert (
        f"the site refused {RIGHT + 5}; 4 of the most doubtful pages were asked for again: the sum is {RIGHT}" in said
    )


def test_a_sum_that_is_judged_may_be_four_times_as_doubtful():
    unsent = solved(Told(doubtful(otherwise=1 - 1.5e-4)), pages=40, bound=None)
    # 40 pages at 5e-5 each: a third of them may stay as they are.
    assert 66 <= unsent.readings <= 68
    sent, _ = judged(Judged(others=1.5e-4), bound=None)
    assert (sent.readings, sent.accepted) == (40, True)


def test_a_site_that_says_neither_yes_nor_no_leaves_a_doubt_that_is_said(monkeypatch):
    monkeypatch.setattr("glyphsmith.crawl.solve.verdict", lambda _: None)
    found, said = judged(Judged(others=1.5e-4), bound=None)
    assert (found.total, found.accepted) == (RIGHT, None)
    assert f"neither yes nor no to {RIGHT}; 0.006 wrong pages are expected among all" in said


def test_a_refused_sum_that_stays_is_sent_once():
    visitor = Judged(right=1)
    found, said = judged(visitor)
    assert visitor.sent == [RIGHT]
    assert (found.total, found.accepted) == (RIGHT, False)
    # Every page was as doubtful as the others: all but the bound's share of them.
    assert 36 <= found.reopened <= 40
    assert "doubtful pages were asked for again and stay as they are" in said


def test_pages_that_are_sure_at_once_are_not_asked_for_again():
    visitor = Judged(right=1, others=1e-9)
    found, said = judged(visitor)
    assert (visitor.asked.total(), found.reopened, found.accepted) == (40, 0, False)
    assert "0 doubtful pages" in said


def test_no_more_than_a_few_sums_are_sent(monkeypatch):
    visitor = Judged(3, 9, 17, 29, 31, right=1)
    found, said = judged(visitor)
    assert len(visitor.sent) == len(set(visitor.sent)) == MOST_SUMS
    assert found.accepted is False
    assert "the site refused 3 sums; no other is sent" in said


def test_a_crawl_that_is_killed_while_it_looks_again_goes_on(tmp_path):
    job = tmp_path / "job.jsonl"
    first = Judged(17, 20, dies_after=42)
    with pytest.raises(KilledError):
        judged(first, path=job)
    assert first.sent == [RIGHT + 10]
    second = Judged(17, 20)
    second.asked.update(first.asked)
    found, _ = judged(second, path=job)
    # The refused sum is not sent again.
    assert second.sent[-1] == RIGHT
    assert RIGHT + 10 not in second.sent
    assert (found.total, found.accepted) == (RIGHT, True)
    third = Judged()
    again, _ = judged(third, path=job)
    assert (again.accepted, third.sent, third.asked.total()) == (True, [], 0)
