"""What the site counts, so that a test can account for every request, every trouble and every retry of a crawler."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from glyphsmith.practice.settings import Level, Trouble

__all__ = ["Tally"]


class Tally:
    """Counts since the site was started."""

    def __init__(self) -> None:
        self._requests: defaultdict[Level, Counter[int]] = defaultdict(Counter)
        self._served: defaultdict[Level, Counter[int]] = defaultdict(Counter)
        self._trouble: defaultdict[Level, Counter[str]] = defaultdict(Counter)
        self._asked: Counter[tuple[str, Level, int]] = Counter()
        self._others: Counter[str] = Counter()

    def request(self, email: str, level: Level, page: int) -> int:
        """Count a request of a logged-in account for a page; gives how many it had made for that page before."""
        self._requests[level][page] += 1
        self._asked[email, level, page] += 1
        return self._asked[email, level, page] - 1

    def served(self, level: Level, page: int) -> None:
        """Count a page that was sent whole, be it late."""
        self._served[level][page] += 1

    def trouble(self, level: Level, kind: Trouble) -> None:
        """Count a request that was in trouble."""
        self._trouble[level][kind] += 1

    def other(self, what: str) -> None:
        """Count anything else: a log-in, a request without a session, an answer."""
        self._others[what] += 1

    def as_dict(self, *, by_page: bool = False) -> dict[str, Any]:
        """Give the counts as plain values; ``by_page`` adds requests and whole answers of every page asked for."""
        levels = {}
        for level in sorted(self._requests):
            requests, served = self._requests[level], self._served[level]
            entry: dict[str, Any] = {
                "requests": requests.total(),
                "served": served.total(),
                "pages_asked": len(requests),
                "pages_served": len(served),
                "most_requests_of_a_page": max(requests.values()),
                "trouble": dict(sorted(self._trouble[level].items())),
            }
            if by_page:
                entry["pages"] = {str(page): [requests[page], served[page]] for page in sorted(requests)}
            levels[str(level)] = entry
        others = ("login_pages", "logins", "logins_refused", "without_session", "accepted", "refused", "token_refused")
        return {"levels": levels, **{name: self._others[name] for name in others}}
