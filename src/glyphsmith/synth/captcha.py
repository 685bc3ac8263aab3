"""Captchas: random texts over an alphabet, painted as a preset of settings.py says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

from glyphsmith.errors import DataError
from glyphsmith.synth.chance import Chance
from glyphsmith.synth.seeded import SeededPainter
from glyphsmith.synth.settings import CaptchaSettings

__all__ = ["CaptchaPainter"]


@final
class CaptchaPainter(SeededPainter):
    """Every length of the range is equally likely, and so is every symbol at every place.

    Each symbol is one of ``emphasis``, all alike, with the probability ``emphasis_share``: more practice in what is
    hard to tell apart. Raises DataError where the emphasis is outside the alphabet.
    """

    def __init__(
        self, settings: CaptchaSettings | None = None, *, emphasis: Sequence[str] = (), emphasis_share: float = 0.0
    ) -> None:
        super().__init__(CaptchaSettings() if settings is None else settings)
        self._emphasis, self._emphasis_share = tuple(emphasis), emphasis_share if emphasis else 0.0
        strange = "".join(sign for sign in self._emphasis if sign not in self.settings.symbols)
        if strange:
            raise DataError(f"the emphasis holds {strange!r}, which is not in the alphabet that is painted")

    def _draw_text(self, chance: Chance) -> list[str]:
        symbols, emphasis, share = self.settings.symbols, self._emphasis, self._emphasis_share
        draws = chance.units(chance.whole(*self.settings.length))
        # One draw decides both: below the share it chooses among the emphasis, above it in the alphabet.
        return [
            emphasis[int(draw / share * len(emphasis))]
            if draw < share
            else symbols[int((draw - share) / (1.0 - share) * len(symbols))]
            for draw in draws
        ]
