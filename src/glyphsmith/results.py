"""What a reader answers: frozen records, one per task, said in the same words as the JSON of the command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Failure", "LabelReading"]


@dataclass(frozen=True, slots=True)
class LabelReading:
    """The answer to one picture that carries one label.

    ``label`` is None when the reader refused; ``reason`` then says why. ``confidence`` is the calibrated probability
    of the best label, in 0..1, also when refused. ``top`` holds the best labels with their probabilities, best first.
    ``box`` is (left, top, width, height) in pixels where the picture was found inside a larger one.
    """

    label: str | None
    confidence: float
    top: tuple[tuple[str, float], ...] = ()
    path: str | None = None
    reason: str | None = None
    box: tuple[int, int, int, int] | None = None

    @property
    def error(self) -> None:
        """None: this picture was read."""
        return None

    def as_dict(self) -> dict[str, Any]:
        """Give the JSON record of this reading."""
        record: dict[str, Any] = {"path": self.path, "label": self.label, "confidence": round(self.confidence, 6)}
        if self.top:
            record["top"] = [[label, round(p, 6)] for label, p in self.top]
        if self.reason is not None:
            record["reason"] = self.reason
        if self.box is not None:
            record["box"] = list(self.box)
        return record


@dataclass(frozen=True, slots=True)
class Failure:
    """A picture that could not be read, and why; it stands in its place among the answers of a list."""

    path: str | None
    error: str

    @property
    def label(self) -> None:
        """None: there is no answer."""
        return None

    @property
    def confidence(self) -> float:
        """0.0: there is no answer."""
        return 0.0

    def as_dict(self) -> dict[str, Any]:
        """Give the JSON record of this failure."""
        return {"path": self.path, "label": None, "confidence": 0.0, "error": self.error}
