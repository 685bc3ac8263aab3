"""A web site to practise crawling on: sprite puzzles behind a log-in, with seeded numbers and switchable trouble."""

from __future__ import annotations

from glyphsmith.practice.settings import PracticeSettings, TroubleSettings

__all__ = ["PracticeSettings", "TroubleSettings"]
