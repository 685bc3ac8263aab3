"""One page of the puzzle: twelve numbers, each a few windows into one sprite. Bytes in, windows and picture out.

Everything is checked, because a page that is half understood gives a wrong number: what does not fit raises PageError
with the reason, and the callers keep the page's bytes beside it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

import numpy as np
import tinycss2
from parsel import Selector
from PIL import Image

from glyphsmith.crawl.stylesheet import Stylesheet, Value, pixels, read_stylesheet, url
from glyphsmith.errors import PageError, PictureError
from glyphsmith.picture import Picture, load_picture

__all__ = ["MAX_PAGE_BYTES", "NUMBERS", "PNG", "Page", "Window", "page_url", "parse_page", "parse_sprite"]

#: The numbers of a page, and how many digits one may have.
NUMBERS = 12
DIGITS = (2, 3)

#: A page with its sprite has some 100 kB; a parser given 200 MB would take gigabytes.
MAX_PAGE_BYTES = 8_000_000

#: The rules of a page without its sprite have some 10 kB; parsing takes 9 s a megabyte.
MAX_STYLE_CHARACTERS = 500_000
#: The style blocks that a browser applies to a screen.
_STYLES = (
    "//style[not(ancestor::noscript or ancestor::template)"
    " and (not(@type) or @type='' or translate(@type,'CSTEX','cstex')='text/css')"
    " and (not(@media) or normalize-space(@media)='' or contains('|all|screen|', concat('|', @media, '|')))]/text()"
)
#: What an address in the rules looks like that holds the sprite itself.
_DATA_URL = re.compile(r"data:[^\s\"')]*", re.IGNORECASE)
#: Properties that change what of a sprite is seen, or where, and the values that leave it as it is.
_LEAVES = {
    "float": ("none", "left"),
    "visibility": ("visible",),
    "transform": ("none",),
    "rotate": ("none",),
    "scale": ("none",),
    "translate": ("none",),
    "zoom": ("1", "normal"),
    "order": ("0",),
}

#: A sheet has some 40 000 pixels; a small PNG can unfold to any size.
MAX_SPRITE_PIXELS = 4_000_000
#: A sheet's side has some 200 pixels; dividing it into ten takes memory by the square of it.
MAX_SPRITE_SIDE_PX = 1500

#: How a whole document ends; white space and comments may follow.
_END = re.compile(rb"</html\s*>(?:\s++|<!--(?:(?!-->).)*+-->)*+\Z", re.IGNORECASE | re.DOTALL)

#: How much of the end of a page is looked at for that.
_TAIL = 2000

#: How a PNG begins.
PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A place in the sprite, in pixels from its upper left corner."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Page:
    """What a page shows: ``numbers``, each a window for each digit, into the ``sprite`` (H, W, 3).

    ``sprite_id`` tells sprites apart: equal bytes have equal ids, and bring no new evidence. ``tall`` is true where the
    rules place digits up and down as well (level 2), false for a single strip (level 1). ``ground`` is the colour that
    is transparent in the sprite, None where nothing is.
    """

    numbers: tuple[tuple[Window, ...], ...]
    sprite: Picture
    sprite_id: str
    tall: bool
    ground: tuple[int, int, int] | None = None

    @property
    def lengths(self) -> tuple[int, ...]:
        """How many digits each number has."""
        return tuple(len(number) for number in self.numbers)

    @property
    def windows(self) -> list[Window]:
        """All windows of all numbers, in order, with repetitions."""
        return [window for number in self.numbers for window in number]

    def cut(self, window: Window) -> Picture:
        """Give the pixels of a window."""
        return self.sprite[window.y : window.y + window.height, window.x : window.x + window.width]


def parse_page(body: bytes) -> Page:
    """Read the bytes of a page. Raises PageError that says what does not fit."""
    try:
        return _parsed(body)
    except RecursionError:
        raise PageError("the page's rules are nested too deeply to be read") from None


def _parsed(body: bytes) -> Page:
    if len(body) > MAX_PAGE_BYTES:
        raise PageError(f"the page has {len(body):,} bytes, the limit is {MAX_PAGE_BYTES:,}")
    if not body.strip():
        raise PageError("the page is empty")
    if _END.search(body[-_TAIL:]) is None:
        raise PageError("the page is cut off: it does not end in </html>")
    document = Selector(body=body, encoding="utf-8", type="html")
    rules = "\n".join(document.xpath(_STYLES).getall())
    size = len(rules) - sum(len(found[0]) for found in _DATA_URL.finditer(rules))
    if size > MAX_STYLE_CHARACTERS:
        raise PageError(f"the page's rules have {size:,} characters, the limit is {MAX_STYLE_CHARACTERS:,}")
    styles = read_stylesheet(rules)
    found = document.css("main .card-body > .row > div.col-md-1")
    if len(found) != NUMBERS:
        raise PageError(f"the page shows {len(found)} numbers, expected {NUMBERS}")
    addresses: set[str] = set()
    vertical: set[bool] = set()
    numbers = []
    for place, number in enumerate(found, 1):
        digits = number.xpath("./*")
        if not DIGITS[0] <= len(digits) <= DIGITS[1]:
            raise PageError(f"number {place} has {len(digits)} digits, expected {DIGITS[0]} to {DIGITS[1]}")
        windows = []
        for digit in digits:
            window, address, has_y = _window(digit, styles, place)
            windows.append(window)
            addresses.add(address)
            vertical.add(has_y)
        numbers.append(tuple(windows))
    if len(addresses) != 1:
        raise PageError(f"the digits are cut from {len(addresses)} different sprites, expected one")
    if len(vertical) != 1:
        raise PageError("some digits have a vertical offset and some have none")
    encoded = _data_of(addresses.pop())
    sprite = _sprite(encoded)
    inside = tuple(tuple(_inside(window, sprite) for window in number) for number in numbers)
    # The first level has one line of digits and no vertical offsets; zeros all over mean the same.
    tall = vertical == {True} and (
        any(window.y for number in inside for window in number)
        or sprite.shape[0] >= 2 * max(window.height for number in inside for window in number)
    )
    return Page(inside, sprite, _id_of(encoded), tall, _ground(encoded, sprite))


def parse_sprite(encoded: bytes) -> Page:
    """Read the sprite of level 2 by itself: a page without numbers. Raises PageError that says what does not fit."""
    sprite = _sprite(encoded)
    return Page((), sprite, _id_of(encoded), True, _ground(encoded, sprite))


def _sprite(encoded: bytes) -> Picture:
    if not encoded.startswith(PNG):
        raise PageError(f"the sprite is no PNG: it begins with {encoded[:8]!r}")
    try:
        sprite = load_picture(encoded, name="the sprite", max_pixels=MAX_SPRITE_PIXELS)
    except PictureError as error:
        raise PageError(error.message) from None
    height, width = sprite.shape[:2]
    if max(height, width) > MAX_SPRITE_SIDE_PX:
        raise PageError(f"the sprite has {width} x {height} pixels, the limit is {MAX_SPRITE_SIDE_PX} a side")
    return sprite


def _id_of(encoded: bytes) -> str:
    return hashlib.sha256(encoded).hexdigest()[:16]


def _window(digit: Selector, styles: Stylesheet, place: int) -> tuple[Window, str, bool]:
    """Give the window of one digit, the address of its sprite, and whether it has a vertical offset."""
    where = f"number {place}"
    classes = (digit.attrib.get("class") or "").split()
    if digit.root.tag != "div" or "sprite" not in classes:
        raise PageError(f"{where} holds <{digit.root.tag} class={' '.join(classes)[:60]!r}>, expected a div.sprite")
    own = [name for name in classes if name != "sprite"]
    for name in own:
        if not styles.has(name):
            raise PageError(f"{where}: the class {name[:40]} has no rule")
    values = styles.values(classes, digit.attrib.get("style"))
    _refuse_moved(values, where)
    x = y = None
    if "background-position-x" in values:
        x = pixels(values["background-position-x"], f"{where}: background-position-x")
    if "background-position-y" in values:
        y = pixels(values["background-position-y"], f"{where}: background-position-y")
    if x is None:
        raise PageError(f"{where}: a digit has no background-position-x")
    if x > 0 or (y or 0) > 0:
        raise PageError(f"{where}: a digit lies outside the sprite, at offset {x} {y or 0}")
    sides = {}
    for side in ("width", "height"):
        if side not in values:
            raise PageError(f"{where}: a digit has no {side}")
        sides[side] = pixels(values[side], f"{where}: {side}")
        if sides[side] < 1:
            raise PageError(f"{where}: a digit has the {side} {sides[side]}")
    address = url(values.get("background-image", ()))
    if address is None:
        raise PageError(f"{where}: a digit has no sprite")
    return Window(-x, -(y or 0), sides["width"], sides["height"]), address, y is not None


def _refuse_moved(values: dict[str, Value], where: str) -> None:
    """Raise PageError where something moves, scales, turns or hides a digit in a way that is not worked out."""
    for name, kept in _LEAVES.items():
        said = tinycss2.serialize(values.get(name, ())).strip().lower()
        if said and said not in kept:
            raise PageError(f"{where}: {name} is {said[:40]!r}, and what a digit looks like with it is not understood")
    if tinycss2.serialize(values.get("display", ())).strip().lower() in ("none", "contents"):
        raise PageError(f"{where}: a digit is not displayed")
    if "background-position" in values:
        raise PageError(f"{where}: background-position has other than two lengths")
    if any(getattr(token, "lower_value", "") != "auto" for token in values.get("background-size", ())):
        raise PageError(f"{where}: background-size scales the sprite, and offsets are read as the sprite's own pixels")


def _data_of(address: str) -> bytes:
    """Give the bytes in a data URL (RFC 2397). Raises PageError."""
    scheme, colon, rest = address.partition(":")
    if not colon or scheme.lower() != "data":
        raise PageError(f"the sprite is not in the page but at {address[:60]!r}")
    head, comma, data = rest.partition(",")
    if not comma:
        raise PageError("the sprite's data URL holds no data")
    raw = unquote_to_bytes(data)
    if not head.lower().rstrip().endswith(";base64"):
        return raw
    try:
        packed = re.sub(rb"\s+", b"", raw)
        # Browsers take it without its padding.
        return base64.b64decode(packed + b"=" * (-len(packed) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise PageError(f"the sprite's base64 is damaged ({error})") from None


def _ground(encoded: bytes, sprite: Picture) -> tuple[int, int, int] | None:
    """Give the colour of what is most transparent, as ``load_picture`` laid it on a ground, or None where nothing is.

    Glyphs may cover most of a strip, so that its most frequent colour is theirs.
    """
    with Image.open(io.BytesIO(encoded)) as image:
        if "A" not in image.getbands() and "transparency" not in image.info:
            return None
        alpha = np.asarray(image.convert("RGBA"))[:, :, 3]
    clearest = np.unravel_index(alpha.argmin(), alpha.shape)
    if alpha[clearest] == 255:
        return None
    red, green, blue = sprite[clearest].tolist()
    return red, green, blue


def _inside(window: Window, sprite: Picture) -> Window:
    """Give the part of a window that lies in the sprite. Raises PageError where that is less than three quarters."""
    height, width = sprite.shape[:2]
    cut_width, cut_height = min(window.width, width - window.x), min(window.height, height - window.y)
    if cut_width * 4 < window.width * 3 or cut_height * 4 < window.height * 3:
        raise PageError(
            f"a digit lies outside the sprite: {window.width} x {window.height} at {window.x}, {window.y} "
            f"of {width} x {height}"
        )
    return Window(window.x, window.y, cut_width, cut_height)


def page_url(url: str, number: int) -> str:
    """Give the address of one page of a level: the same with ``page=number`` in its query."""
    from w3lib.url import add_or_replace_parameter

    return str(add_or_replace_parameter(url, "page", str(number)))
