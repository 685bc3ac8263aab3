"""What a practice site is: frozen records that the command line, the site and its tests share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from glyphsmith.errors import DataError
from glyphsmith.synth.sprite_cells import SpriteSettings

__all__ = ["LEVEL_PATHS", "NUMBERS_A_PAGE", "TROUBLES", "Level", "PracticeSettings", "Trouble", "TroubleSettings"]

Level = Literal[1, 2]

#: Level 1 is a strip with the digits 0-9 once, level 2 a sheet of 10 rows of 10.
LEVEL_PATHS: dict[Level, str] = {1: "/level/web/crawler-sprite-image", 2: "/level/web/crawler-sprite-image-2"}

NUMBERS_A_PAGE = 12

#: ``slow``: the page comes late. ``busy``: 429 with Retry-After. ``error``: 500. ``cut``: the connection closes in the
#: middle of the body. ``torn``: a whole answer whose HTML ends in the middle. ``expired``: the session is gone, a
#: redirect to /login. ``type``: 200 with a line of text instead of HTML.
Trouble = Literal["slow", "busy", "error", "cut", "torn", "expired", "type"]
TROUBLES: tuple[Trouble, ...] = get_args(Trouble)


@dataclass(frozen=True, slots=True)
class TroubleSettings:
    """How often a page is in trouble (``share``, 0..1), and in which kinds of it, all alike."""

    share: float = 0.0
    kinds: tuple[Trouble, ...] = TROUBLES
    slow_s: float = 2.0
    retry_after_s: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise DataError(f"trouble is {self.share:g}, expected a share from 0 to 1")
        if not self.kinds:
            raise DataError("no kind of trouble is left", hint=f"there are: {', '.join(TROUBLES)}")
        if not 0 <= self.slow_s <= 3600 or not 0 <= self.retry_after_s <= 3600:
            raise DataError("a page may be 0 to 3600 seconds late")


@dataclass(frozen=True, slots=True)
class PracticeSettings:
    """A site: its numbers follow from ``seed`` and the account, its pictures also from how often a page was asked for.

    Any e-mail address with ``password`` is an account; ``email`` is the one whose numbers ``/practice/numbers`` gives
    where none is named. ``latency_s`` delays every page of a level; ``disallow`` are paths for robots.txt.
    """

    seed: int = 0
    pages: int = 1000
    levels: tuple[Level, ...] = (1, 2)
    email: str = "crawler@example.org"
    password: str = "practice"  # noqa: S105 - no secret: it is printed when the site starts
    sprites: SpriteSettings = field(default_factory=SpriteSettings)
    trouble: TroubleSettings = field(default_factory=TroubleSettings)
    latency_s: float = 0.0
    disallow: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= self.pages <= 1_000_000:
            raise DataError(f"{self.pages} pages: expected 1 to 1000000")
        if not self.levels:
            raise DataError("no level is left", hint="there are: 1, 2")
        if not 0 <= self.latency_s <= 3600:
            raise DataError(f"a latency of {self.latency_s:g} s: expected 0 to 3600")
        if not 0 <= self.seed < 2**64:
            raise DataError(f"the seed {self.seed} is not between 0 and 2**64 - 1")
