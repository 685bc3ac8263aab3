"""Sessions as Laravel keeps them: a cookie names one, forms must carry its token, log-in makes a new one."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

__all__ = ["COOKIE", "Session", "Sessions"]

COOKIE = "laravel_session"
#: The oldest session goes when there are more: a client that keeps no cookies makes one with every request.
_MOST = 10_000


def _secret() -> str:
    return secrets.token_hex(20)


@dataclass(slots=True)
class Session:
    """One visitor; ``email`` is None before log-in."""

    email: str | None = None
    name: str = field(default_factory=_secret)
    token: str = field(default_factory=_secret)


class Sessions:
    """All sessions of a site, in memory."""

    def __init__(self) -> None:
        self._open: dict[str, Session] = {}

    def find(self, name: str | None) -> Session | None:
        """Give the session of a cookie's value, or None where it is unknown or over."""
        return self._open.get(name or "")

    def begin(self, email: str | None = None) -> Session:
        """Open a new session."""
        session = Session(email)
        self._open[session.name] = session
        if len(self._open) > _MOST:
            del self._open[next(iter(self._open))]
        return session

    def end(self, session: Session) -> None:
        """Forget a session."""
        self._open.pop(session.name, None)
