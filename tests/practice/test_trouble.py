"""Trouble is what was asked for, no more, the same for the same seed, and every bit of it is counted."""

from __future__ import annotations

from collections import Counter

import httpx
import pytest
from tests.practice.conftest import BUNDLED, token_of

from glyphsmith.errors import DataError
from glyphsmith.practice.serving import running_site
from glyphsmith.practice.settings import TROUBLES, PracticeSettings, TroubleSettings

PAGE = "/level/web/crawler-sprite-image-2?page={}"


def kind_of(response: httpx.Response) -> str:
    """Say from outside which trouble an answer is; "" for a whole page."""
    if response.status_code == 302:
        return "expired"
    if response.status_code == 429:
        return "busy"
    if response.status_code == 500:
        return "error"
    if not response.headers["content-type"].startswith("text/html"):
        return "type"
    return "" if response.text.endswith("</html>\n") else "torn"


@pytest.mark.parametrize("kind", ["busy", "error", "torn", "type"])
def test_each_kind_is_what_its_name_says_and_asking_again_may_help(visitor, kind):
    site = visitor(trouble=TroubleSettings(1.0, (kind,), retry_after_s=7))
    response = site.get(PAGE.format(1))
    assert kind_of(response) == kind
    if kind == "busy":
        assert response.headers["retry-after"] == "7"
    stats = site.get("/practice/stats").json()["levels"]["2"]
    assert (stats["requests"], stats["served"], stats["trouble"]) == (1, 0, {kind: 1})


def test_an_expired_session_asks_for_a_new_log_in(visitor):
    site = visitor(trouble=TroubleSettings(1.0, ("expired",)))
    for _ in range(2):
        assert site.get(PAGE.format(1)).headers["location"] == "/login"
    assert site.get("/practice/stats").json()["without_session"] == 1
    site.log_in()
    assert site.get("/practice/stats").json()["logins"] == 2


def test_a_slow_page_is_whole(visitor):
    site = visitor(trouble=TroubleSettings(1.0, ("slow",), slow_s=0.01))
    assert kind_of(site.get(PAGE.format(1))) == ""
    assert site.get("/practice/stats").json()["levels"]["2"]["served"] == 1


def asked(site, pages, times):
    kinds = {}
    for page in pages:
        for k in range(times):
            kinds[page, k] = kind_of(site.get(PAGE.format(page)))
            if kinds[page, k] == "expired":
                site.log_in()
    return kinds


def test_about_the_share_of_requests_is_in_trouble_and_all_of_it_is_counted(visitor):
    kinds = ("busy", "error", "torn", "type", "expired")
    site = visitor(trouble=TroubleSettings(0.3, kinds), pages=100)
    seen = Counter(asked(site, range(1, 101), 2).values())
    stats = site.get("/practice/stats?pages=1").json()["levels"]["2"]
    assert stats["trouble"] == {kind: count for kind, count in sorted(seen.items()) if kind}
    assert stats["requests"] == 200 == stats["served"] + sum(stats["trouble"].values())
    assert 30 <= sum(stats["trouble"].values()) <= 90
    assert stats["pages"]["1"][0] == 2
    assert stats["most_requests_of_a_page"] == 2
    assert site.get("/practice/stats").json()["logins"] == 1 + seen["expired"]


def test_which_request_is_in_trouble_does_not_depend_on_the_order_of_asking(visitor):
    trouble = TroubleSettings(0.5, ("busy", "error"))
    forwards = asked(visitor(trouble=trouble), range(1, 11), 2)
    assert asked(visitor(trouble=trouble), range(10, 0, -1), 2) == forwards
    assert asked(visitor(trouble=trouble, seed=1), range(1, 11), 2) != forwards


def test_no_trouble_unless_it_is_asked_for(visitor):
    site = visitor()
    assert {kind_of(site.get(PAGE.format(page))) for page in range(1, 21)} == {""}
    assert set(TROUBLES) >= {"slow", "busy", "error", "cut", "expired", "type"}


def test_a_cut_off_body_ends_before_its_promised_length():
    settings = PracticeSettings(sprites=BUNDLED, trouble=TroubleSettings(1.0, ("cut",)))
    with running_site(settings) as (url, app), httpx.Client(base_url=url) as client:
        token = token_of(client.get("/login").text)
        client.post("/login", data={"_token": token, "email": "a@b", "password": "practice"})
        for _ in range(2):
            with pytest.raises(httpx.RemoteProtocolError):
                client.get(PAGE.format(1))
        assert app.state.site.tally.as_dict()["levels"]["2"]["trouble"] == {"cut": 2}
        assert client.get("/robots.txt").status_code == 200


@pytest.mark.parametrize(
    "wrong", [{"share": 1.5}, {"share": -0.1}, {"kinds": ()}, {"slow_s": -1}, {"retry_after_s": 1e9}]
)
def test_impossible_trouble_is_refused(wrong):
    with pytest.raises(DataError):
        TroubleSettings(**wrong)
