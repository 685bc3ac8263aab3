"""A whole crawl of the practice site through the command line: collect, solve, killed and gone on with."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import pytest

pytest.importorskip("fastapi")

from glyphsmith.practice.serving import running_site
from glyphsmith.practice.settings import LEVEL_PATHS, PracticeSettings, TroubleSettings
from glyphsmith.synth.sprite_cells import SpriteSettings
from tests.conftest import run_glyphsmith

ACCOUNT = ("--email", "crawler@example.org", "--password", "practice", "--fast")
SOLVE = (sys.executable, "-m", "glyphsmith", "crawl", "solve")
BUNDLED = SpriteSettings(fonts=("bundled",))


@pytest.fixture
def practice():
    """Serve a practice site; gives the function that does."""
    from contextlib import ExitStack

    with ExitStack() as stack:

        def serve(**settings):
            url, app = stack.enter_context(running_site(PracticeSettings(sprites=BUNDLED, **settings)))
            return url, app.state.site

        yield serve


def solve(url, *words, cwd, level=1):
    ended = run_glyphsmith("crawl", "solve", url + LEVEL_PATHS[level], *words, *ACCOUNT, "--json", cwd=cwd)
    assert "Traceback" not in ended.err
    return ended, json.loads(ended.out) if ended.out else None


def test_a_level_is_solved_and_its_sum_accepted_with_every_kind_of_trouble(practice, tmp_path):
    url, site = practice(pages=60, trouble=TroubleSettings(share=0.3, slow_s=0.05, retry_after_s=0))
    ended, document = solve(url, "--pages", "1-60", "--submit", cwd=tmp_path)
    assert ended.status == 0, ended.err
    assert document["sum"] == site.puzzle.sum("crawler@example.org", 1)
    assert (document["submitted"], document["accepted"], document["level"]) == (True, True, 1)
    told = site.tally.as_dict()
    level = told["levels"]["1"]
    trouble = level["trouble"]
    # What the site says of its trouble is what the crawl says of its retries.
    assert document["retries"].get("status 500", 0) == trouble.get("error", 0)
    assert document["retries"].get("status 429", 0) == trouble.get("busy", 0)
    assert document["retries"].get("content type", 0) == trouble.get("type", 0)
    assert document["retries"].get("cut off", 0) == trouble.get("cut", 0)
    assert document["retries"].get("page", 0) == trouble.get("torn", 0)
    assert document["log_ins"] == told["logins"] == 1 + trouble.get("expired", 0)
    # The first request, which only led to the log-in, is the log-in's.
    assert document["requests"] == level["requests"] + told["without_session"] - 1
    assert document["readings"] == 60


def test_a_crawl_that_is_killed_goes_on_and_counts_nothing_twice(practice, tmp_path):
    url, site = practice(pages=60, latency_s=0.05)
    words = [
        sys.executable,
        "-m",
        "glyphsmith",
        "crawl",
        "solve",
        url + LEVEL_PATHS[1],
        "--pages",
        "1-60",
        "--out",
        "job",
    ]
    job = tmp_path / "job" / "job.jsonl"
    for lines in (10, 30):
        process = subprocess.Popen([*words, *ACCOUNT], cwd=tmp_path, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 240  # a crowded machine starts a process in a minute
        while time.monotonic() < deadline and process.poll() is None:
            if job.exists() and job.read_bytes().count(b"\n") > lines:
                break
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
        process.wait(120)
    known = job.read_bytes().count(b'"solved"')
    assert 0 < known < 60
    ended, document = solve(url, "--pages", "1-60", "--out", "job", cwd=tmp_path)
    assert ended.status == 0
    assert f"{known} pages are solved already" in ended.err
    assert document["sum"] == site.puzzle.sum("crawler@example.org", 1)
    assert document["readings"] == 60
    # Asked for twice is only what was under way when it was killed.
    assert site.tally.as_dict()["levels"]["1"]["requests"] <= 60 + 2 * 8


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_with_130_and_a_word(practice, tmp_path, number):
    url, _ = practice(pages=60, latency_s=0.2)
    words = [
        sys.executable,
        "-m",
        "glyphsmith",
        "crawl",
        "solve",
        url + LEVEL_PATHS[1],
        "--pages",
        "1-60",
        "--out",
        "job",
    ]
    process = subprocess.Popen([*words, *ACCOUNT], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    job = tmp_path / "job" / "job.jsonl"
    deadline = time.monotonic() + 240  # a crowded machine starts a process in a minute
    while time.monotonic() < deadline and not (job.exists() and job.read_bytes().count(b"\n") > 3):
        time.sleep(0.02)
    process.send_signal(number)
    _, err = process.communicate(timeout=120)
    assert (process.returncode, err.splitlines()[-1]) == (130, "interrupted")
    assert "Traceback" not in err


def test_a_wrong_password_and_a_missing_one_are_said(practice, tmp_path):
    url, site = practice(pages=3)
    level = url + LEVEL_PATHS[1]
    wrong = run_glyphsmith("crawl", "solve", level, "--email", "a@b.c", "--password", "no", "--fast", cwd=tmp_path)
    assert (wrong.status, wrong.out) == (2, "")
    assert "refuses the log-in of a@b.c" in wrong.err
    none = run_glyphsmith("crawl", "solve", level, "--fast", cwd=tmp_path)
    assert (none.status, none.out) == (2, "")
    assert "hint: give --email and --password" in none.err
    assert site.tally.as_dict()["logins"] == 0


def test_glyphs_are_collected_into_a_folder_and_into_hdf5_which_grows(practice, tmp_path):
    url, site = practice(pages=3, trouble=TroubleSettings(share=0.2, slow_s=0.02, retry_after_s=0))
    numbers = {page: site.puzzle.numbers("crawler@example.org", 2, page) for page in (1, 2)}
    (tmp_path / "known.csv").write_text("".join(f"{page},{','.join(map(str, row))}\n" for page, row in numbers.items()))

    def collect(out, requests, *words):
        level = url + LEVEL_PATHS[2]
        return run_glyphsmith("crawl", "collect", level, "--numbers", "known.csv", "--out", out, "--requests", requests,
                              *words, *ACCOUNT, cwd=tmp_path)  # fmt: skip

    first = collect("folder", "4", "--json")
    assert first.status == 0, first.err
    document = json.loads(first.out)
    files = sorted((tmp_path / "folder").glob("*.png"))
    assert document["glyphs"] == len(files) == sum(document["labels"].values())
    assert document["readings"] == 8
    again = json.loads(collect("folder", "4", "--json").out)
    assert (again["glyphs"], again["readings"]) == (document["glyphs"], 8)
    assert sorted((tmp_path / "folder").glob("*.png")) == files
    info = run_glyphsmith("data", "info", "folder", "--json", cwd=tmp_path).json()
    assert info["labels"] == document["labels"]

    for requests, kept in (("2", 4), ("5", 10)):
        ended = collect("glyphs.h5", requests, "--json")
        assert ended.status == 0, ended.err
        written = json.loads(ended.out)
        assert written["readings"] == kept
        checked = run_glyphsmith("data", "info", "glyphs.h5", "--json", cwd=tmp_path).json()
        assert (checked["n"], checked["labels"]) == (written["glyphs"], written["labels"])
    assert set(checked["parts"]) == {"train", "validation", "test"}


def test_known_numbers_that_are_not_those_shown_are_found_out(practice, tmp_path):
    url, _ = practice(pages=1)
    (tmp_path / "known.csv").write_text("1," + ",".join(["777"] * 12) + "\n")
    ended = run_glyphsmith("crawl", "collect", url + LEVEL_PATHS[2], "--numbers", "known.csv", "--out", "folder",
                           *ACCOUNT, "--json", cwd=tmp_path)  # fmt: skip
    assert ended.status == 1
    document = json.loads(ended.out)
    assert document["glyphs"] == 0
    assert "the page shows numbers of" in document["failed"][0]["reason"]
    assert document["retries"] == {"known numbers": 1}
