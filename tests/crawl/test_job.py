"""A job's file only grows, survives being cut anywhere, and tells the whole story when it is read again."""

from __future__ import annotations

import json

import numpy as np
import pytest

from glyphsmith.crawl.job import MOST_KEPT, open_job, tell_lines
from glyphsmith.crawl.known import read_numbers
from glyphsmith.crawl.solution import Solution
from glyphsmith.errors import DataError

HEAD = {"job": "solve", "url": "http://a.b/level"}


def lines_of(path):
    with open_job(path, HEAD) as job:
        return list(job.lines)


def test_lines_are_there_again_when_the_job_is_opened_again(tmp_path):
    path = tmp_path / "deep" / "job.jsonl"
    with open_job(path, HEAD) as job:
        job.write({"page": 1, "repeated": "ab"})
        assert json.loads(path.read_text().splitlines()[1]) == {"page": 1, "repeated": "ab"}
        job.write({"page": 2, "gave_up": "größer"})
    assert lines_of(path) == [{"page": 1, "repeated": "ab"}, {"page": 2, "gave_up": "größer"}]


def test_a_file_cut_anywhere_keeps_its_whole_lines_and_grows_on(tmp_path):
    path = tmp_path / "job.jsonl"
    with open_job(path, HEAD) as job:
        for page in range(5):
            job.write({"page": page, "gave_up": "x"})
    whole = path.read_bytes()
    ends = [i + 1 for i, byte in enumerate(whole) if byte == 10]
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        kept = max(sum(end <= cut for end in ends) - 1, 0)
        with open_job(path, HEAD) as job:
            assert len(job.lines) == kept
            job.write({"page": 9, "gave_up": "y"})
        assert len(lines_of(path)) == kept + 1


def test_the_job_of_another_crawl_is_refused(tmp_path):
    path = tmp_path / "job.jsonl"
    assert lines_of(path) == []
    with pytest.raises(DataError, match="another crawl: its url is"), open_job(path, {**HEAD, "url": "http://a.b/2"}):
        pass
    path.write_text("no job\n")
    with pytest.raises(DataError, match="1: is no line of a job"):
        lines_of(path)


def test_a_forgotten_account_may_be_given_later_and_another_one_may_not(tmp_path):
    path = tmp_path / "job.jsonl"
    with open_job(path, {**HEAD, "account": None}):
        pass
    with open_job(path, {**HEAD, "account": "a@b.c"}) as job:
        job.write({"log_in": 1})
    with pytest.raises(DataError, match=r"its account is 'a@b\.c'"), open_job(path, {**HEAD, "account": None}):
        pass


def test_two_crawls_in_one_job_are_refused(tmp_path):
    path = tmp_path / "job.jsonl"
    with open_job(path, HEAD), pytest.raises(DataError, match="another crawl is at work here"), open_job(path, HEAD):
        pass
    assert lines_of(path) == []


def test_a_reason_may_hold_half_of_a_character(tmp_path):
    path = tmp_path / "job.jsonl"
    with open_job(path, HEAD) as job:
        job.write({"page": 2, "gave_up": "\ud800"})
    assert lines_of(path) == [{"page": 2, "gave_up": "\ud800"}]


@pytest.mark.parametrize("line", [{"answer": 7}, {"level": 2, "page": 1}, {"failed": "x", "page": 1}, {"page": 1}])
def test_a_line_that_says_less_than_it_must_is_named(tmp_path, line):
    path = tmp_path / "job.jsonl"
    with open_job(path, HEAD) as job:
        job.write({"log_in": 1})
        job.write(line)
    solution = Solution(HEAD["url"], (1,))
    with open_job(path, HEAD) as job:
        if "failed" in line:
            tell_lines(job, solution.apply)
            assert solution.retries == {"x": 1}
            return
        with pytest.raises(DataError, match=r"job\.jsonl:3: is no line of this job"):
            tell_lines(job, solution.apply)


def test_an_answer_belongs_to_its_sum():
    solution = Solution(HEAD["url"], (1, 2))
    for page, number in ((1, 10), (2, 20)):
        solution.apply({"page": page, "level": 1, "solved": [number] * 12, "error": 0.0})
    assert (solution.submitted, solution.accepted) == (False, None)
    solution.apply({"answer": 120, "accepted": True})
    assert (solution.total, solution.submitted, solution.accepted) == (360, False, None)
    solution.apply({"answer": 360, "accepted": False})
    assert (solution.submitted, solution.accepted) == (True, False)
    shorter = Solution(HEAD["url"], (1,), numbers=solution.numbers, answers=solution.answers)
    assert (shorter.total, shorter.accepted) == (120, True)
    longer = Solution(HEAD["url"], (1, 2, 3), numbers=solution.numbers, answers=solution.answers)
    assert (longer.total, longer.submitted, longer.accepted) == (None, False, None)


def test_without_a_path_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with open_job(None, HEAD) as job:
        job.write({"page": 1, "repeated": "a"})
        assert job.keep("1", b"<html>") == {}
    assert list(tmp_path.iterdir()) == []


def test_bodies_are_kept_up_to_a_limit(tmp_path):
    with open_job(tmp_path / "job.jsonl", HEAD) as job:
        assert job.keep("7", None) == {}
        first = job.keep("7", b"<p>")
        assert (tmp_path / first["kept"]).read_bytes() == b"<p>"
        for _ in range(MOST_KEPT):
            job.keep("8", b"x")
        assert job.keep("9", b"x") == {}
    assert len(list((tmp_path / "kept").iterdir())) == MOST_KEPT


# What the lines mean


def reading(page, sprite, **more):
    scores = np.full((24, 10), -3.0)
    scores[:, 4] = 0
    return {"page": page, "level": 2, "permuted": True, "rule": 70.0, "lengths": [2] * 12, "sprite": sprite,
            "scores": scores.tolist(), **more}  # fmt: skip


def test_a_page_is_counted_once_however_often_it_was_solved():
    solution = Solution("u", (1, 2))
    for line in (
        reading(1, "a"),
        {"page": 1, "failed": "status 500", "reason": "r"},
        {"page": 1, "level": 2, "permuted": True, "rule": 60.0, "solved": [44] * 12, "error": 1e-9},
        {"page": 1, "level": 2, "permuted": True, "rule": 60.0, "solved": [55] * 12, "error": 1e-9},
        {"log_in": 1},
    ):
        solution.apply(line)
    assert solution.numbers == {1: (44,) * 12}
    assert solution.total is None
    assert solution.failed == {2: "not asked for yet"}
    assert (solution.readings, solution.requests, solution.logins, solution.permuted) == (3, 4, 1, 3)
    solution.apply({"page": 2, "level": 2, "permuted": False, "rule": -60.0, "solved": [10] * 12, "error": 0.0})
    assert solution.total == 12 * 54
    assert solution.as_dict()["sheets"] == {"as_permutations": 3, "glyph_by_glyph": 1, "log_evidence": 130.0}


def test_evidence_of_an_earlier_run_is_gone_on_with_and_a_contradiction_forgets_it():
    solution = Solution("u", (1,))
    solution.apply(reading(1, "a"))
    assert solution.waiting[1].readings == 1
    solution.apply(reading(1, "b"))
    assert solution.waiting[1].readings == 2
    solution.apply({"page": 1, "failed": "contradiction", "reason": "r"})
    assert solution.waiting == {}


# Known numbers


@pytest.mark.parametrize(
    "text",
    [
        "page,number\n" + "".join(f"3,{number}\n" for number in range(10, 22)),
        "page,n1,n2\n3," + ",".join(map(str, range(10, 22))) + "\n",
        "3," + ",".join(map(str, range(10, 16))) + "\n\n3, " + ", ".join(map(str, range(16, 22))),
        json.dumps({"page": 3, "level": 2, "numbers": list(range(10, 22))}),
        json.dumps([{"page": 3, "numbers": list(range(10, 22))}]),
    ],
    ids=["a row a number", "a row a page", "rows add up", "JSON", "JSON list"],
)
def test_known_numbers_are_read_as_a_table_or_as_json(text, tmp_path):
    (tmp_path / "n").write_text(text)
    assert read_numbers(tmp_path / "n") == {3: tuple(range(10, 22))}


@pytest.mark.parametrize(
    "text",
    ["", "page,number\n", "3,x\n", "3\n", "1,5\n", "0," + "10," * 12, '{"page": 1}', "[[]]", "3," + "1000," * 12,
     "3," + "10," * 13],
)  # fmt: skip
def test_known_numbers_that_do_not_fit_are_refused(text, tmp_path):
    (tmp_path / "n").write_text(text)
    with pytest.raises(DataError):
        read_numbers(tmp_path / "n")
    with pytest.raises(DataError, match="cannot be read"):
        read_numbers(tmp_path / "none")
