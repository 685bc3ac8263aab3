"""Captchas: random texts over an alphabet, painted as a preset of settings.py says."""

from __future__ import annotations

from typing import final

from glyphsmith.synth.chance import Chance
from glyphsmith.synth.seeded import SeededPainter
from glyphsmith.synth.settings import CaptchaSettings

__all__ = ["CaptchaPainter"]


@final
class CaptchaPainter(SeededPainter):
    """Every length of the range is equally likely, and so is every symbol at every place."""

    def __init__(self, settings: CaptchaSettings | None = None) -> None:
        super().__init__(CaptchaSettings() if settings is None else settings)

    def _draw_text(self, chance: Chance) -> list[str]:
        symbols = self.settings.symbols
        draws = chance.units(chance.whole(*self.settings.length))
        return [symbols[int(draw * len(symbols))] for draw in draws]
