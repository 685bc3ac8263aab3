"""One request made to succeed, told without a site: what a page does to its reader is the page's fault alone."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from glyphsmith.crawl.pace import Pace
from glyphsmith.crawl.visitor import GaveUp, Visitor
from glyphsmith.errors import DataError

URL = "http://site.example/level?page=1"


def visitor(attempts=3):
    async def download(request):
        return SimpleNamespace(
            status=200, headers={"Content-Type": b"text/html"}, body=b"<html></html>", url=request.url
        )

    return Visitor(download, Pace(fast=True, attempts=attempts))


def parsed(*faults, attempts=3):
    """Read a page whose parsing raises these one after the other, then says "read"; gives that and what was noted."""
    left, noted = list(faults), []

    def parse(body):
        if left:
            raise left.pop(0)
        return "read"

    return asyncio.run(visitor(attempts).read(URL, parse, noted.append)), noted


def test_a_page_that_breaks_its_reader_is_asked_for_again_and_kept():
    found, noted = parsed(ZeroDivisionError("division by zero"), RecursionError("too deep"))
    assert found == "read"
    assert [failed.kind for failed in noted] == ["page", "page"]
    assert noted[0].reason == "cannot be read (ZeroDivisionError: division by zero)"
    assert noted[0].body == b"<html></html>"


def test_a_page_that_always_breaks_its_reader_is_given_up():
    with pytest.raises(GaveUp) as caught:
        parsed(*[KeyError("x")] * 2, attempts=2)
    assert (caught.value.attempts, caught.value.last.reason) == (2, "cannot be read (KeyError: 'x')")


def test_what_is_no_fault_of_the_page_ends_the_crawl():
    with pytest.raises(DataError, match="which needs a reader"):
        parsed(DataError("this is level 2, which needs a reader"))
