"""The site is what crawlers know: log-in, pages, answer form; and it counts everything that was asked of it."""

from __future__ import annotations

import base64
import io
import itertools
import re

import numpy as np
import pytest
from PIL import Image
from tests.practice.conftest import token_of

LEVEL_1, LEVEL_2 = "/level/web/crawler-sprite-image", "/level/web/crawler-sprite-image-2"
RULE = re.compile(r"^\.(\S+) \{ ([a-z-]+):(.*) \}$", re.MULTILINE)


def parsed(html):
    """Give the class names of each number, the rules by class, and the sprite; the page as a crawler sees it."""
    parsel = pytest.importorskip("parsel")
    page = parsel.Selector(html)
    cells = page.css("main .card-body > .row > div.col-md-1")
    names = [
        [element.attrib["class"].split() for element in cell.css(":scope > div.sprite") or cell.xpath("./div")]
        for cell in cells
    ]
    rules = {}
    for name, key, value in RULE.findall(page.css("style::text").get()):
        assert key not in rules.setdefault(name, {})
        rules[name][key] = value
    found = re.fullmatch(r'url\("data:image/png;base64,([A-Za-z0-9+/=]+)"\)', rules["sprite"]["background-image"])
    assert found is not None
    with Image.open(io.BytesIO(base64.b64decode(found.group(1)))) as sprite:
        return names, rules, np.asarray(sprite), sprite.mode


def test_a_page_of_level_2_has_the_structure_of_the_real_one(visitor):
    site = visitor()
    names, rules, sprite, mode = parsed(site.get(f"{LEVEL_2}?page=7").text)
    assert mode == "RGB"
    assert len(names) == 12
    assert {len(digits) for digits in names} <= {2, 3}
    used = [name for digits in names for name, sprite_class in digits if sprite_class == "sprite"]
    assert len(used) == len(set(used)) == len(rules) - 1
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9]{6,}", name) for name in used)
    for name in used:
        rule = rules[name]
        assert set(rule) == {"background-position-x", "background-position-y", "width", "height", "float"}
        assert rule["float"] == "left"
        x, y = (-int(rule[f"background-position-{axis}"].removesuffix("px")) for axis in "xy")
        width, height = (int(rule[side].removesuffix("px")) for side in ("width", "height"))
        assert 0 <= x <= sprite.shape[1] - width
        assert 0 <= y <= sprite.shape[0] - height
        assert 8 <= width <= 17
        assert 10 <= height <= 20


def test_the_rules_come_in_no_order(visitor):
    names = [name for name, _, _ in RULE.findall(visitor().get(f"{LEVEL_2}?page=1").text)]
    assert sum(one == other for one, other in itertools.pairwise(names)) < len(names) / 4
    assert names[0] != "sprite"


def test_a_page_of_level_1_is_read_by_where_a_digit_stands_in_the_strip(visitor):
    site = visitor()
    for page in range(1, 6):
        names, rules, strip, mode = parsed(site.get(f"{LEVEL_1}?page={page}").text)
        assert mode == "RGBA"
        assert strip.shape[0] <= 15
        assert all("background-position-y" not in rule for rule in rules.values())
        boxes = site.app.state.site.puzzle._sprite("crawler@example.org", 1, page << 32).boxes[0]
        lefts = boxes[:, 0].tolist()
        read = [
            int("".join(str(lefts.index(-int(rules[name]["background-position-x"][:-2]))) for name, _ in digits))
            for digits in names
        ]
        told = site.get(f"/practice/numbers?level=1&page={page}").json()["numbers"]
        assert read == told


def test_asking_again_shows_the_same_numbers_in_another_sprite_under_other_names(visitor):
    site = visitor()
    first, second = (parsed(site.get(f"{LEVEL_2}?page=3").text) for _ in range(2))
    assert [len(digits) for digits in first[0]] == [len(digits) for digits in second[0]]
    assert not set(first[1]) & set(second[1]) - {"sprite"}
    assert first[2].shape != second[2].shape or (first[2] != second[2]).any()


def test_numbers_follow_from_seed_account_level_and_page(visitor):
    def numbers(site, email="a@b", level=2, page=1):
        return site.get(f"/practice/numbers?level={level}&page={page}&email={email}").json()["numbers"]

    site = visitor()
    others = [
        numbers(site), numbers(site, "c@d"), numbers(site, level=1), numbers(site, page=2), numbers(visitor(seed=1)),
    ]  # fmt: skip
    assert len({tuple(other) for other in others}) == 5
    assert others[0] == numbers(visitor())
    assert all(len(some) == 12 and all(10 <= number <= 999 for number in some) for some in others)


def test_without_a_log_in_a_level_leads_to_it(visitor):
    site = visitor(logged_in=False)
    for _ in range(2):
        response = site.get(f"{LEVEL_2}?page=1")
        assert (response.status_code, response.headers["location"]) == (302, "/login")
    assert site.log_in(password="wrong").status_code == 422
    assert site.get(f"{LEVEL_2}?page=1").status_code == 302
    assert site.log_in().status_code == 302
    assert site.get(f"{LEVEL_2}?page=1").status_code == 200


def test_a_form_without_its_token_is_refused(visitor):
    site = visitor(logged_in=False)
    response = site.ask("POST", "/login", data={"email": "a@b", "password": "practice"})
    assert response.status_code == 419
    site.log_in()
    assert site.ask("POST", LEVEL_2, data={"answer": "1"}).status_code == 419
    assert site.get("/practice/stats").json()["token_refused"] == 2


def test_the_sum_of_all_pages_is_accepted_and_any_other_refused(visitor):
    site = visitor(pages=3)
    token = token_of(site.get(f"{LEVEL_2}?page=1").text)
    total = sum(sum(site.get(f"/practice/numbers?page={page}").json()["numbers"]) for page in (1, 2, 3))
    for answer, word in ((total, "accepted"), (total + 1, "refused"), ("", "refused"), ("x" * 1000, "refused")):
        said = site.ask("POST", LEVEL_2, data={"_token": token, "answer": str(answer)})
        assert (said.status_code, f"The answer is {word}." in said.text) == (200, True)
    assert {key: site.get("/practice/stats").json()[key] for key in ("accepted", "refused")} == {
        "accepted": 1, "refused": 3,
    }  # fmt: skip


@pytest.mark.parametrize("page", ["0", "4", "-1", "one", "1e3", "9" * 400, "٣"])
def test_a_page_that_is_none_is_not_found(visitor, page):
    assert visitor(pages=3).get(f"{LEVEL_2}?page={page}").status_code == 404


def test_a_site_of_one_level_has_no_other(visitor):
    site = visitor(levels=(1,))
    assert site.get(f"{LEVEL_1}?page=1").status_code == 200
    assert site.get(f"{LEVEL_2}?page=1").status_code == 404
    assert LEVEL_2 not in site.get("/").text


def test_robots_are_told_what_to_leave_alone(visitor):
    assert visitor().get("/robots.txt").text == "User-agent: *\nDisallow:\n"
    assert "Disallow: /level/" in visitor(disallow=("/level/",)).get("/robots.txt").text
