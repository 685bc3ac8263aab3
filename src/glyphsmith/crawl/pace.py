"""How a crawl behaves towards a site: how fast, how patient, under which name, with which account."""

from __future__ import annotations

from dataclasses import dataclass, field

from glyphsmith.errors import SiteError

__all__ = ["MOST_ASKED_S", "Account", "Pace"]

#: A site that names a time is given it, up to this.
MOST_ASKED_S = 600.0


@dataclass(frozen=True, slots=True)
class Account:
    """Who logs in."""

    email: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Pace:
    """The manners of a crawl.

    By default AutoThrottle holds one request under way on average and waits as long between two as the site takes to
    answer, beginning with ``delay_s``. ``rate`` sets requests a second instead; ``fast`` waits for nothing and is meant
    for one's own site. ``attempts`` is how often one request is tried before it is reported; ``unanswered`` how many
    attempts in a row may find no site at all, ``troubled`` how many may fail in any way, before the crawl ends.
    """

    rate: float | None = None
    fast: bool = False
    delay_s: float = 1.0
    timeout_s: float = 30.0
    attempts: int = 12
    unanswered: int = 8
    troubled: int = 60

    def __post_init__(self) -> None:
        if self.rate is not None and not 0.01 <= self.rate <= 1000:
            raise SiteError(f"a rate of {self.rate:g} requests a second", hint="--rate takes 0.01 to 1000")
        if not 0 < self.timeout_s <= 3600:
            raise SiteError(f"a timeout of {self.timeout_s:g} s", hint="--timeout takes up to 3600")
        if self.attempts < 1:
            raise SiteError(f"{self.attempts} attempts", hint="--attempts takes 1 or more")

    @property
    def under_way(self) -> int:
        """How many requests may be under way at once."""
        return 8 if self.fast else 2

    @property
    def first_wait_s(self) -> float:
        """What is waited after a first failure; it doubles with every further one."""
        return 0.05 if self.fast else 1.0
