"""A page becomes windows into its sprite, however its style is written; what does not fit is refused with a reason."""

from __future__ import annotations

import base64
import zlib

import numpy as np
import pytest

from glyphsmith.crawl.page import MAX_PAGE_BYTES, Window, page_url, parse_page
from glyphsmith.crawl.strip import read_strip
from glyphsmith.errors import PageError
from tests.crawl.puzzle import NUMBERS, names_of, page, png, rule, strip, strip_page

SPRITE = png(strip()[0])
ADDRESS = "data:image/png;base64," + base64.b64encode(SPRITE).decode()


def rules(number_of_digits=2, change=None, **properties):
    made = [[{**rule(9 * k, None, 8, 14), **properties} for k in range(number_of_digits)] for _ in range(12)]
    if change:
        made[5][1].update(change)
        made[5][1] = {key: value for key, value in made[5][1].items() if value is not None}
    return made


def refused(body: bytes) -> str:
    with pytest.raises(PageError) as raised:
        parse_page(body)
    return raised.value.message


def test_a_page_is_its_numbers_as_windows_and_its_sprite():
    found = parse_page(strip_page())
    assert found.lengths == tuple(len(str(number)) for number in NUMBERS)
    assert found.sprite.shape == (14, 101, 3)
    assert found.numbers[0][0] == Window(strip()[1][5][0], 0, 8, 14)
    assert not found.tall
    assert found.cut(found.numbers[0][0]).shape == (14, 8, 3)


def test_a_sprite_is_known_by_its_bytes():
    assert parse_page(strip_page()).sprite_id == parse_page(strip_page(NUMBERS[::-1])).sprite_id
    other = strip(gaps=3)
    assert parse_page(strip_page(NUMBERS, *other)).sprite_id != parse_page(strip_page()).sprite_id


def test_vertical_offsets_make_it_a_sheet():
    sheet = np.full((60, 60, 3), 255)
    sheet[30:40, 20:28] = 0
    body = page([[rule(20, 30, 8, 10)] * 2] * 12, png(sheet))
    found = parse_page(body)
    assert found.tall
    assert found.numbers[11] == (Window(20, 30, 8, 10),) * 2
    flat = parse_page(page([[rule(9, 0, 8, 14)] * 2] * 12, SPRITE))
    assert not flat.tall


#: Ways to say the style of a class N; each says 8 x 14 at 9, 0.
STYLES = {
    "several properties in one rule": ".N { height:14px;float:left ; width: 8px;background-position-x:-9px;}",
    "extra white space": "\n\n .N\n\t{\r\n background-position-x :\n -9px ;\n\n width\t: 8px;; height:14px\n}",
    "a rule with other rules around": ".a > p { width:1px } .N{width:8px;height:14px;background-position-x:-9px} p{}",
    "comments and capitals": "/* a { } */ .N { WIDTH:8PX; /* ; */ Height:14px; background-position-x:-9px }",
    "compound selectors": "div.N.sprite { width:8px; height:14px; background-position-x:-9px } p.N { width:1px }",
    "later wins": ".N{width:5px;background-position-x:-3px} .N {width:8px; height:14px; background-position:-9px 0}",
    "important wins": ".N { width:8px!important; height:14px; background-position:-9px 0 } .N { width:5px }",
    "numbers said otherwise": ".N { background-position-x:-9.0px; width:+8px; height:14px; colour;; }",
    "a list of selectors": ".Other, .N , p { width:8px; height:14px } .N { background-position: -9px 0px }",
    "a class named twice": ".N.N { width:8px } .N { width:1px; height:14px; background-position: -9px 0px }",
    "rules of no class": "*{width:1px} div{height:14px} p{height:1px} .N { width:8px; background-position:-9px 0 }",
    "media that do not name it": "@media print { p {} } .N { width:8px; height:14px; background-position: -9px 0px }",
}


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
@pytest.mark.parametrize("sprite", ['"{}"', "{}", " \n '{}' "], ids=["quoted", "bare", "spaced"])
def test_a_style_means_the_same_however_it_is_written(style, sprite):
    names = names_of(page(rules(), SPRITE))
    lines = [style.replace(".N", f".{name}") for name in names]
    lines.insert(len(lines) // 2, ".sprite { background-image : url(" + sprite.format(ADDRESS) + ") }")
    found = parse_page(page(rules(), None, css="\n".join(lines)))
    assert found.numbers == ((Window(9, 0, 8, 14),) * 2,) * 12


def test_the_style_attribute_wins_over_the_rules():
    body = strip_page().replace(b'<div class="AbC0xY0z', b'<div style="width:7px" class="AbC0xY0z')
    assert parse_page(body).numbers[0][0].width == 7


@pytest.mark.parametrize(
    "block",
    [
        '<style media="print">{}</style>',
        '<style type="text/less">{}</style>',
        "<noscript><style>{}</style></noscript>",
        "<template><style>{}</style></template>",
    ],
)
def test_styles_that_no_screen_shows_are_left_out(block):
    body = strip_page()
    other = block.format(".sprite { background-position-x:-70px !important }").encode()
    assert parse_page(body.replace(b"</head>", other + b"</head>")).numbers == parse_page(body).numbers


@pytest.mark.parametrize("attributes", ['type="text/css"', 'media="screen"', 'media="all"', 'type="" media=""'])
def test_styles_that_a_screen_shows_are_read(attributes):
    body = strip_page()
    assert parse_page(body.replace(b"<style>", f"<style {attributes}>".encode())).numbers == parse_page(body).numbers


def test_rules_without_a_class_are_held_to_what_is_understood():
    body = strip_page().replace(b"</head>", b"<style>div{background-size:200% 200%}</style></head>")
    assert "background-size scales the sprite" in refused(body)


def test_a_hostile_end_takes_no_time():
    assert "cut off" in refused(strip_page() + b"<!---->" * 250 + b"x")
    assert parse_page(strip_page() + b" <!-- a -- b -->\n" * 50).lengths


@pytest.mark.parametrize("style", ["a{" * 4000, ".sprite{" * 4000, "@media print{" * 4000])
def test_rules_that_are_nested_without_end_are_refused(style):
    refused(strip_page().replace(b"</style>", style.encode() + b"</style>"))


def test_a_page_of_rules_without_end_is_refused_unread():
    much = b".a{width:1px}" * 50_000
    assert "the page's rules have" in refused(strip_page().replace(b"</style>", much + b"</style>"))


def test_base64_needs_no_padding():
    body = strip_page()
    bare = body.replace(ADDRESS.encode(), ADDRESS.rstrip("=").encode())
    assert parse_page(bare).sprite_id == parse_page(body).sprite_id


def test_class_names_may_begin_with_a_digit():
    body = strip_page()
    for name in names_of(body):
        body = body.replace(name.encode(), b"7e5" + name.encode())
    assert read_strip(parse_page(body)) == [str(number) for number in NUMBERS]


def test_the_sprite_rule_may_be_in_a_style_block_of_its_own():
    body = page(rules(), None).replace(
        b"<head>", b"<head><style>.sprite{background:#fff url(" + ADDRESS.encode() + b") no-repeat}</style>"
    )
    assert parse_page(body).sprite_id == parse_page(strip_page()).sprite_id


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"width": "-8px"}, "number 6: a digit has the width -8"),
        ({"float": "right"}, "number 6: float is 'right'"),
        ({"display": "none"}, "number 6: a digit is not displayed"),
        ({"visibility": "hidden"}, "number 6: visibility is 'hidden'"),
        ({"transform": "scaleX(-1)"}, "number 6: transform is 'scalex(-1)'"),
        ({"order": "2"}, "number 6: order is '2'"),
        ({"height": "0"}, "number 6: a digit has the height 0"),
        ({"width": None}, "number 6: a digit has no width"),
        ({"background-position": "left"}, "number 6: background-position has other than two lengths"),
        ({"background": "url() -24px top"}, "number 6: background-position has other than two lengths"),
        ({"background": "url() -24px"}, "number 6: background-position has other than two lengths"),
        ({"background": "url() calc(-24px) 0"}, "number 6: background-position has other than two lengths"),
        ({"background": "url(), url() -24px 0"}, "number 6: background-position has other than two lengths"),
        ({"background": "url() -24px 0 / auto 14px"}, "number 6: background-position has other than two lengths"),
        ({"background-size": "117px 14px"}, "number 6: background-size scales the sprite"),
        ({"background-position-x": None}, "number 6: a digit has no background-position-x"),
        ({"background-position-x": "7px"}, "number 6: a digit lies outside the sprite, at offset 7 0"),
        ({"background-position-x": "-300px"}, "a digit lies outside the sprite: 8 x 14 at 300, 0 of 101 x 14"),
        ({"background-position-x": "-96px"}, "a digit lies outside the sprite: 8 x 14 at 96, 0 of 101 x 14"),
        ({"width": "800000000px"}, "a digit lies outside the sprite: 800000000 x 14"),
        ({"width": "8.5px"}, "number 6: width is '8.5px', expected whole pixels"),
        ({"width": "8em"}, "number 6: width is '8em', expected whole pixels"),
        ({"width": "calc(4px + 4px)"}, "number 6: width is 'calc(4px + 4px)', expected whole pixels"),
        ({"background-position-y": "-3px"}, "some digits have a vertical offset and some have none"),
        (
            {"background-image": "url(data:image/png;base64,AAAA) !important"},
            "the digits are cut from 2 different sprites",
        ),
    ],
)
def test_a_digit_that_does_not_fit_is_refused(change, reason):
    assert refused(page(rules(change=change), SPRITE)).startswith(reason)


def test_a_window_that_is_a_little_too_wide_shows_what_there_is():
    found = parse_page(page(rules(change={"background-position-x": "-95px"}), SPRITE))
    assert found.numbers[5][1] == Window(95, 0, 6, 14)


def test_a_class_with_no_rule_is_refused():
    body = page(rules(), SPRITE).replace(b'class="AbC3xY1z sprite"', b'class="Another sprite"')
    assert refused(body) == "number 4: the class Another has no rule"


@pytest.mark.parametrize(
    "strange",
    [".row .AbC3xY1z { width:3px }", "@media screen { .AbC3xY1z { width:3px } }",
     ".AbC3xY1z:first-child { width:3px }", "div { .AbC3xY1z { width:3px } }"],
)  # fmt: skip
def test_a_rule_that_may_change_a_digit_and_is_not_understood_is_refused(strange):
    body = page(rules(), SPRITE).replace(b"</style>", strange.encode() + b"</style>")
    assert "of a kind that is not understood" in refused(body)


@pytest.mark.parametrize(
    ("sprite", "reason"),
    [
        (None, "number 1: a digit has no sprite"),
        (b"GIF89a" + bytes(40), "the sprite is no PNG: it begins with b'GIF89a"),
        (b"", "the sprite is no PNG: it begins with b''"),
        (SPRITE[:60], "the sprite: the picture is damaged or cut off"),
        (SPRITE[:8], "the sprite: not a picture"),
    ],
    ids=["no rule", "a GIF", "nothing", "cut off", "a signature alone"],
)
def test_a_sprite_that_is_no_picture_is_refused(sprite, reason):
    assert refused(page(rules(), sprite)).startswith(reason)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("data:image/png;base64,AAAAA", "the sprite's base64 is damaged"),
        ("data:image/png;base64,A?!A", "the sprite's base64 is damaged"),
        ("data:image/png;base64", "the sprite's data URL holds no data"),
        ("data:image/png,%89PNG", "the sprite is no PNG"),
        ("/sprites/7.png", "the sprite is not in the page but at '/sprites/7.png'"),
        ("", "the sprite is not in the page but at ''"),
    ],
)
def test_an_address_that_holds_no_sprite_is_refused(address, reason):
    assert refused(page(rules(), SPRITE, address=address)).startswith(reason)


def test_a_sprite_that_unfolds_to_millions_of_pixels_is_refused_before_it_does():
    def chunk(kind, data):
        body = kind + data
        return len(data).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    head = (50_000).to_bytes(4, "big") * 2 + b"\x08\x00\x00\x00\x00"
    bomb = SPRITE[:8] + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    assert refused(page(rules(), bomb)) == "the sprite: larger than the limit of 4,000,000 pixels"


def test_a_sprite_that_is_long_and_thin_is_refused():
    """Dividing a side into ten takes memory by the square of it."""
    assert refused(page(rules(), png(np.full((4, 6000, 3), 255, np.uint8)))) == (
        "the sprite has 6000 x 4 pixels, the limit is 1500 a side"
    )


def test_a_data_url_of_200_megabytes_is_refused_unread():
    head, tail = page(rules(), None, css=".sprite{background-image:url(data:image/png;base64,|)}").split(b"|")
    body = head + b"A" * 200_000_000 + tail
    assert refused(body) == f"the page has {len(body):,} bytes, the limit is {MAX_PAGE_BYTES:,}"


def test_a_page_cut_anywhere_is_refused():
    body = strip_page()
    for stop in [*range(0, len(body) - 8, 97), len(body) - 3]:
        assert refused(body[:stop]) in ("the page is empty", "the page is cut off: it does not end in </html>")
    assert parse_page(body.rstrip())
    assert parse_page(body + b"<!-- served in 3 ms -->\n")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b'<div class="col-md-1">', b'<div class="col-md-2">', "the page shows 0 numbers, expected 12"),
        (b"<main>", b"<div>", "the page shows 0 numbers, expected 12"),
        (b'<div class="AbC0xY1z sprite"></div>', b"", "number 1 has 1 digits, expected 2 to 3"),
        (b'class="AbC0xY1z sprite"', b'class="AbC0xY1z"', "number 1 holds <div class='AbC0xY1z'>, expected"),
        (b'<div class="AbC0xY1z sprite"></div>', b"<b>7</b>", "number 1 holds <b class=''>, expected"),
    ],
)
def test_a_page_of_another_structure_is_refused(old, new, reason):
    assert refused(page(rules(), SPRITE).replace(old, new)).startswith(reason)


def test_a_page_of_noise_is_refused():
    noise = np.random.default_rng(0).integers(0, 256, 5000, np.uint8).tobytes()
    for body in (b"", b" \n", noise, noise + b"</html>", b"\0</html>", b"<" * 100_000 + b"</html>", b"{}</html>"):
        refused(body)


def test_the_address_of_a_page_replaces_the_page_that_is_named():
    assert page_url("http://a.b/level?page=3&x=1", 7) == "http://a.b/level?page=7&x=1"
    assert page_url("http://a.b/level", 7) == "http://a.b/level?page=7"
