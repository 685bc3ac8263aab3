"""The puzzle behind a page: its numbers, and which pieces of which sprite show them under which class names.

The numbers follow from seed, account, level and page. The rest is new at every request: it follows from how often the
account has asked for the page, not from the order in which requests of several pages arrive.
"""

from __future__ import annotations

import base64
import hashlib
import string
from dataclasses import dataclass

import numpy as np

from glyphsmith.practice.settings import NUMBERS_A_PAGE, Level, PracticeSettings
from glyphsmith.synth.chance import Chance, Seeded
from glyphsmith.synth.sprites import Sprite, SpritePainter, png_bytes

__all__ = ["Puzzle", "ShownPage"]

_LETTERS = string.ascii_letters
_SIGNS = _LETTERS + string.digits
#: Lengths of class names; "at least 7 letters or digits".
_NAME = (7, 10)


@dataclass(frozen=True, slots=True)
class ShownPage:
    """One view of a page: the class names of each number's digits, and the rules of its ``<style>``, in their order."""

    numbers: tuple[int, ...]
    names: tuple[tuple[str, ...], ...]
    rules: tuple[str, ...]


class Puzzle:
    """Numbers and views of all pages of one site."""

    def __init__(self, settings: PracticeSettings) -> None:
        self._settings = settings
        self.painter = SpritePainter(settings.sprites)
        self._sums: dict[tuple[str, Level], int] = {}

    def numbers(self, email: str, level: Level, page: int) -> tuple[int, ...]:
        """Give the 12 numbers of a page, each of two or three digits, for one account."""
        chance = Seeded(self._key("numbers", email, level)).of(page)
        return tuple(chance.whole(100, 999) if chance.yes(0.5) else chance.whole(10, 99) for _ in range(NUMBERS_A_PAGE))

    def sum(self, email: str, level: Level) -> int:
        """Give the sum of the numbers of all pages: the answer of a level for one account."""
        if (email, level) not in self._sums:
            pages = range(1, self._settings.pages + 1)
            self._sums[email, level] = sum(sum(self.numbers(email, level, page)) for page in pages)
        return self._sums[email, level]

    def trouble_chance(self, email: str, level: Level, page: int, request: int) -> Chance:
        """Give the draws that decide whether this request of a page is in trouble."""
        return Seeded(self._key("trouble", email, level)).of(_index(page, request))

    def show(self, email: str, level: Level, page: int, request: int) -> ShownPage:
        """Paint request ``request`` (0, 1, ...) of a page."""
        index = _index(page, request)
        sprite = self._sprite(email, level, index)
        chance = Seeded(self._key("layout", email, level)).of(index)
        numbers = self.numbers(email, level, page)
        taken: set[str] = set()
        rules = [f'.sprite {{ background-image:url("data:image/png;base64,{_base64(sprite)}") }}']
        names = []
        for number in numbers:
            own = []
            for digit in str(number):
                name = _name(chance, taken)
                own.append(name)
                left, top, width, height = _choose(sprite, int(digit), chance)
                rules.append(f".{name} {{ background-position-x:-{left}px }}")
                if level == 2:
                    rules.append(f".{name} {{ background-position-y:-{top}px }}")
                rules += [
                    f".{name} {{ width:{width}px }}",
                    f".{name} {{ height:{height}px }}",
                    f".{name} {{ float:left }}",
                ]
            names.append(tuple(own))
        order = chance.many(len(rules)).argsort()
        return ShownPage(numbers, tuple(names), tuple(rules[k] for k in order))

    def _sprite(self, email: str, level: Level, index: int) -> Sprite:
        seed = self._key("sprites", email, level)
        return self.painter.strip(seed, index) if level == 1 else self.painter.sheet(seed, index)

    def _key(self, purpose: str, email: str, level: Level) -> int:
        words = f"{self._settings.seed}\n{purpose}\n{level}\n{email}"
        return int.from_bytes(hashlib.sha256(words.encode()).digest()[:8], "big")


def _index(page: int, request: int) -> int:
    return (page << 32) + request


def _choose(sprite: Sprite, digit: int, chance: Chance) -> tuple[int, int, int, int]:
    """Choose one of the cells that stand for a digit, the illegible ones too."""
    rows, columns = np.nonzero(sprite.digits == digit)
    k = chance.whole(0, len(rows) - 1)
    left, top, width, height = (int(edge) for edge in sprite.boxes[rows[k], columns[k]])
    return left, top, width, height


def _name(chance: Chance, taken: set[str]) -> str:
    while True:
        length = chance.whole(*_NAME)
        # A class that begins with a digit would need an escape in the rule.
        name = chance.pick(_LETTERS) + "".join(_SIGNS[int(len(_SIGNS) * u)] for u in chance.units(length - 1))
        if name not in taken:
            taken.add(name)
            return name


def _base64(sprite: Sprite) -> str:
    return base64.b64encode(png_bytes(sprite.picture)).decode("ascii")
