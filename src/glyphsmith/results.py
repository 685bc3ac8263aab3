"""What a reader answers: frozen records, one per task, said in the same words as the JSON of the command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Failure", "LabelReading", "SheetReading", "TextReading"]


@dataclass(frozen=True, slots=True)
class LabelReading:
    """The answer to one picture that carries one label.

    ``label`` is None when the reader refused; ``reason`` then says why. ``confidence`` is the calibrated probability
    of the best label, in 0..1, also when refused. ``top`` holds the best labels with their probabilities, best first.
    ``in_alphabet`` is the probability that it is any label at all: 1 unless "none of these" is an answer.
    ``box`` is (left, top, width, height) in pixels where the picture was found inside a larger one.
    """

    label: str | None
    confidence: float
    top: tuple[tuple[str, float], ...] = ()
    path: str | None = None
    reason: str | None = None
    box: tuple[int, int, int, int] | None = None
    in_alphabet: float = 1.0

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
class TextReading:
    """The answer to one picture that carries a text.

    ``text`` is None when the reader refused, or when nothing it may answer fits; ``reason`` then says why.
    ``confidence`` is the calibrated probability in 0..1 that the whole text is right, ``characters`` holds each label
    with the probability that it is right, ``top`` the best texts with theirs, best first. ``value`` is what an
    arithmetic text comes to (``13``, ``-5/3``), None where it comes to nothing or is no arithmetic.
    """

    text: str | None
    confidence: float
    characters: tuple[tuple[str, float], ...] = ()
    top: tuple[tuple[str, float], ...] = ()
    value: str | None = None
    path: str | None = None
    reason: str | None = None

    @property
    def error(self) -> None:
        """None: this picture was read."""
        return None

    def as_dict(self) -> dict[str, Any]:
        """Give the JSON record of this reading; a whole ``value`` is a number, a fraction is text."""
        record: dict[str, Any] = {"path": self.path, "text": self.text}
        if self.value is not None:
            record["value"] = self.value if "/" in self.value else int(self.value)
        record["confidence"] = round(self.confidence, 6)
        if self.top:
            record["top"] = [[text, round(p, 6)] for text, p in self.top]
        record["characters"] = [[label, round(p, 6)] for label, p in self.characters]
        if self.reason is not None:
            record["reason"] = self.reason
        return record


@dataclass(frozen=True, slots=True)
class SheetReading:
    """The answer to a photographed sheet: the characters found on it, line by line, each with its box.

    ``confidence`` is that of the least sure character. In ``text`` a refused character stands as U+FFFD.
    """

    lines: tuple[tuple[LabelReading, ...], ...]
    path: str | None = None

    @property
    def characters(self) -> tuple[LabelReading, ...]:
        """All characters in reading order."""
        return tuple(reading for line in self.lines for reading in line)

    @property
    def text(self) -> str:
        """The labels joined; a line feed between lines, and a blank between labels where one has several signs."""
        joint = " " if any(len(reading.label or "") > 1 for reading in self.characters) else ""
        return "\n".join(joint.join(reading.label or "\ufffd" for reading in line) for line in self.lines)

    @property
    def confidence(self) -> float:
        """The calibrated probability of the least sure character, in 0..1."""
        return min((reading.confidence for reading in self.characters), default=0.0)

    @property
    def error(self) -> None:
        """None: this picture was read."""
        return None

    def as_dict(self) -> dict[str, Any]:
        """Give the JSON record of this sheet."""
        characters = [{k: v for k, v in reading.as_dict().items() if k != "path"} for reading in self.characters]
        return {
            "path": self.path,
            "text": self.text,
            "confidence": round(self.confidence, 6),
            "characters": characters,
        }


@dataclass(frozen=True, slots=True)
class Failure:
    """A picture that could not be read, and why; it stands in its place among the answers of a list.

    ``wanted`` names what was to be read, and ``with_value`` says that its value was, too: the keys of the JSON record.
    """

    path: str | None
    error: str
    wanted: Literal["label", "text"] = "label"
    with_value: bool = False

    @property
    def label(self) -> None:
        """None: there is no answer."""
        return None

    @property
    def text(self) -> None:
        """None: there is no answer."""
        return None

    @property
    def value(self) -> None:
        """None: there is no answer."""
        return None

    @property
    def confidence(self) -> float:
        """0.0: there is no answer."""
        return 0.0

    def as_dict(self) -> dict[str, Any]:
        """Give the JSON record of this failure: null in the place of what was to be read."""
        record: dict[str, Any] = {"path": self.path, self.wanted: None}
        if self.with_value:
            record["value"] = None
        return {**record, "confidence": 0.0, "error": self.error}
