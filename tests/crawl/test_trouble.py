"""Whatever a site does: one clear report, nothing lost, no wrong number, every request accounted for."""

from __future__ import annotations

import gzip
import json
import socket
import time
from itertools import pairwise

import pytest

from glyphsmith.crawl.pace import Pace
from glyphsmith.errors import SiteError
from tests.conftest import run_glyphsmith
from tests.crawl.hostile import right, site
from tests.crawl.puzzle import NUMBERS, strip_page

HTML = {"Content-Type": "text/html"}


def solve(url, *words, cwd, pages="1-3"):
    ended = run_glyphsmith("crawl", "solve", url, "--pages", pages, "--fast", "--json", *words, cwd=cwd)
    assert "Traceback" not in ended.err
    return ended, json.loads(ended.out) if ended.out else None


def first_then_right(*answers):
    """Answer the first requests of page 2 with these, all else as it should be."""

    def answer(page, request):
        return answers[request - 1] if page == 2 and request <= len(answers) else right(page, request)

    return answer


@pytest.fixture(scope="module")
def troubled(tmp_path_factory):
    """Solve three pages of which the second is in every trouble that passes, once each."""
    whole = strip_page()
    answers = first_then_right(
        (500, HTML, b"<p>no</p>"),
        (429, {**HTML, "Retry-After": "0"}, b""),
        (503, {**HTML, "Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, b""),
        (200, {"Content-Type": "text/plain"}, b"upstream is warming up"),
        (200, HTML, whole[: len(whole) // 2]),
        (200, {**HTML, "Content-Length": str(len(whole))}, whole[: len(whole) // 2]),
        (200, HTML, b""),
        (302, {"Location": "/level?page=2"}, b""),
        (302, {"Location": "http://["}, b""),
        (429, {**HTML, "Retry-After": "Fri, 31 Dec 2024 23:59:59 +9999999999999999999999"}, b""),
        (200, {**HTML, "Content-Encoding": "gzip"}, gzip.compress(bytes(9_000_000))),
        (200, HTML, whole.replace(b"</style>", b".sprite:\\D800 x{}</style>")),
        (200, HTML, whole.replace(b"data:image/png;base64,", b"data:image/png;base64,AAAA")),
    )
    # Twelve attempts are the default.
    place = tmp_path_factory.mktemp("troubled")
    with site(answers) as (url, asked):
        ended, document = solve(url, "--out", "job", "--attempts", "20", cwd=place)
    return ended, document, asked, place


def test_trouble_that_passes_costs_requests_and_no_number(troubled):
    ended, document, _, _ = troubled
    assert ended.status == 0, ended.err
    assert document["sum"] == 3 * sum(NUMBERS)
    assert (document["solved"], document["failed"]) == (3, [])


def test_every_request_is_accounted_for_by_its_kind(troubled):
    _, document, asked, _ = troubled
    assert document["retries"] == {
        "content type": 1, "cut off": 1, "page": 4, "redirect": 2, "status 429": 2, "status 500": 1, "status 503": 1,
        "too large": 1,
    }  # fmt: skip
    assert document["requests"] == 3 + 13 == asked["/level"]
    assert asked["/robots.txt"] == 1
    assert asked["agent"] == 3 + 13 + 1


def test_pages_that_do_not_fit_are_kept_with_the_reason(troubled):
    *_, place = troubled
    lines = [json.loads(line) for line in (place / "job" / "job.jsonl").read_text().splitlines()]
    kept = {line["kept"]: line["reason"] for line in lines if "kept" in line}
    assert sorted(reason.partition(":")[0] for reason in kept.values()) == [
        "a style rule of .sprite is of a kind that is not understood", "the page is cut off",
        "the site answered with text/plain, expected text/html", "the sprite is no PNG",
    ]  # fmt: skip
    assert all((place / "job" / name).stat().st_size > 0 for name in kept)


def test_a_job_that_is_done_asks_for_nothing_again(troubled):
    _, document, _, place = troubled
    with site() as (_, more):
        url = document["url"]
        ended, again = solve(url, "--out", "job", cwd=place)
    assert ended.status == 0
    assert "3 pages are solved already" in ended.err
    assert (again["sum"], again["requests"], again["retries"]) == (
        document["sum"], document["requests"], document["retries"],
    )  # fmt: skip
    assert sum(more.values()) == 0


def test_pages_that_stay_wrong_are_reported_and_there_is_no_sum(tmp_path):
    wrong = {
        2: ((404, HTML, b"<p>gone</p>"), "the site answered 404 (tried 1 times)"),
        3: ((302, {"Location": "http://elsewhere.invalid/"}, b""), "leads to another site, elsewhere.invalid (tried 1"),
        4: ((200, HTML, b"<html>maintenance</html>"), "the page shows 0 numbers, expected 12 (tried 2 times)"),
        5: ((200, {**HTML, "Content-Length": "200000000"}, b"<html>"), "the answer is larger than a page can be"),
        6: ((302, {"Location": "/level?page=6&more"}, b""), "a loop of redirects by way of /level (tried 2 times)"),
    }

    def answer(page, request):
        return wrong[page][0] if page in wrong else right(page, request)

    with site(answer) as (url, asked):
        ended, document = solve(url, "--attempts", "2", cwd=tmp_path, pages="1-7")
    assert ended.status == 1
    assert (document["sum"], document["solved"]) == (None, 2)
    assert [entry["page"] for entry in document["failed"]] == list(wrong)
    for entry in document["failed"]:
        assert entry["reason"].startswith(wrong[entry["page"]][1])
    assert asked["page 6"] == 4


def test_a_site_that_never_answers_ends_the_crawl(tmp_path):
    with site(lambda *_: None, robots="User-agent: *\nDisallow:\n") as (url, _):
        ended, _ = solve(url, "--timeout", "0.2", cwd=tmp_path)
    assert ended.status == 2
    assert "the site does not answer: no answer within the time limit, 8 times in a row" in ended.err


def test_a_site_that_is_not_there_ends_the_crawl(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ended, _ = solve(f"http://127.0.0.1:{port}/level", cwd=tmp_path)
    assert ended.status == 2
    assert "error: the site does not answer: the connection was refused, 8 times in a row" in ended.err


def test_a_wait_that_nobody_would_sit_through_ends_the_crawl_and_is_said(tmp_path):
    with site(lambda *_: (429, {**HTML, "Retry-After": "7200"}, b"")) as (url, asked):
        ended, _ = solve(url, "--out", "job", cwd=tmp_path)
    assert ended.status == 2
    assert "the site answered 429 and asks to come back in 7,200 s" in ended.err
    assert asked["/level"] == 1


@pytest.mark.parametrize("url", ["http://[", "http://127.0.0.1:99999/l", "http://127.0.0.1:abc/l", "http://a b/"])
def test_an_address_that_is_none_is_refused(tmp_path, url):
    ended, _ = solve(url, cwd=tmp_path)
    assert ended.status == 2
    assert "is no address of a web page" in ended.err


def test_robots_txt_is_obeyed(tmp_path):
    with site(robots="User-agent: *\nDisallow: /level\n") as (url, asked):
        ended, _ = solve(url, cwd=tmp_path)
    assert ended.status == 2
    assert "robots.txt" in ended.err
    assert asked["/level"] == 0


@pytest.mark.parametrize("pace", [(), ("--rate", "100")])
def test_the_crawl_delay_of_robots_txt_is_the_least_wait(tmp_path, pace):
    times = []

    def answer(page, request):
        times.append(time.monotonic())
        return right(page, request)

    with site(answer, robots="User-agent: *\nCrawl-delay: 1.6\n") as (url, _):
        ended = run_glyphsmith("crawl", "solve", url, "--pages", "1-3", *pace, cwd=tmp_path)
    assert ended.status == 0
    assert all(after - before > 1.5 for before, after in pairwise(times))


def test_the_wait_a_site_asks_for_is_kept_and_means_every_request(tmp_path):
    times = []

    def answer(page, request):
        times.append((time.monotonic(), page))
        if page == 2 and request == 1:
            return 429, {**HTML, "Retry-After": "1"}, b""
        return right(page, request)

    with site(answer) as (url, _):
        ended, document = solve(url, cwd=tmp_path, pages="1-20")
    assert ended.status == 0
    assert document["retries"] == {"status 429": 1}
    busy = next(at for at, page in times if page == 2)
    assert max(later - earlier for (earlier, _), (later, _) in pairwise(times)) > 0.7
    assert min(at for at, page in times if page == 2 and at > busy) - busy >= 0.95


def test_no_room_for_the_job_is_one_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with site() as (url, asked):
        for out in ("file", "file/job"):
            ended, _ = solve(url, "--out", out, cwd=tmp_path)
            assert (ended.status, len(ended.err.splitlines())) == (2, 1)
    assert sum(asked.values()) == 0


def test_a_pace_says_what_is_wrong_with_it():
    for words in ({"rate": 0.0}, {"timeout_s": 0.0}, {"attempts": 0}):
        with pytest.raises(SiteError):
            Pace(**words)
