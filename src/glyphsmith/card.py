"""The card of a reader: everything but the network that a reader is, kept as JSON inside the ONNX file.

``export`` writes it, ``runtime`` reads it, ``evaluate`` and the command line show it. Two entries of the file's
metadata belong to us: ``glyphsmith.card`` (this record) and ``glyphsmith.sha256`` (a seal over all bytes of the file,
so that a changed graph, card or alphabet is noticed without parsing protobuf).
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, get_args

from glyphsmith.errors import ModelError

__all__ = ["CARD_KEY", "SCHEMA", "SEAL_KEY", "Card", "Task", "TextFormat", "check_seal", "seal", "unsealed_value"]

#: Raised by one whenever a reader of this version would misread an older file's card, or the other way round.
SCHEMA = 1
CARD_KEY = "glyphsmith.card"
SEAL_KEY = "glyphsmith.sha256"

Task = Literal["label", "text"]
TASKS: tuple[str, ...] = get_args(Task)

_SEAL_PREFIX = b"seal-sha256:"
_UNSEALED = b"0" * 64
_SEAL_PATTERN = re.compile(re.escape(_SEAL_PREFIX) + rb"([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class TextFormat:
    """What decoding a text needs to know, and what texts were learned.

    ``head`` is ``ctc`` (``probabilities`` (N, T, 1+K), class 0 the blank) or ``fixed`` ((N, P, K)); ``columns`` is T or
    P. ``shortest`` and ``longest`` are the lengths seen. ``temperature`` calibrates the probability of whole texts
    (decode.confidence); that of single columns lies in the file. ``pattern`` is what every text has to match, if
    anything. ``arithmetic`` says that the texts are sums, so that readings get a value.
    """

    head: Literal["ctc", "fixed"]
    columns: int
    shortest: int
    longest: int
    temperature: float = 1.0
    pattern: str | None = None
    arithmetic: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """What a reader is and what it reached.

    ``alphabet`` is in the order of the outputs. ``prepare`` and ``recipe`` are the recipe's tables as plain values.
    ``stages`` names the outputs of the file that show the preparation, in order, as (output, caption). ``temperature``
    has already been applied inside the file and stands here for the record. A reading with less confidence than
    ``reject_below`` is refused, and a picture whose labels together have less of the probability than ``none_below`` is
    none of them, unless the caller says otherwise. ``figures`` maps a name
    (``test``, ``validation``, ``mnist-test`` ...) to {"n", "accuracy", "ci95", "data", ...}, all measured on the file
    (``exact`` in the place of ``accuracy`` for texts). ``text`` is there for the task ``text`` only.
    """

    name: str
    task: Task
    alphabet: tuple[str, ...]
    prepare: dict[str, Any]
    recipe: dict[str, Any]
    stages: tuple[tuple[str, str], ...] = ()
    temperature: float = 1.0
    reject_below: float = 0.0
    none_below: float = 0.0
    figures: dict[str, dict[str, Any]] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    about: str = ""
    command: str = ""
    notes: tuple[str, ...] = ()
    made_with: dict[str, str] = field(default_factory=dict)
    text: TextFormat | None = None
    schema: int = SCHEMA

    def to_json(self) -> str:
        """Write the card as JSON with its symbols readable."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str, *, where: str) -> Card:
        """Read a card; raises ModelError where it is no card, misses a key, holds a strange one or is newer."""
        try:
            record = json.loads(text)
        except (ValueError, RecursionError):
            raise ModelError(f"{where}: the card inside the file is not JSON") from None
        if not isinstance(record, dict) or not isinstance(record.get("schema"), int):
            raise ModelError(f"{where}: the card inside the file has no schema number")
        if record["schema"] > SCHEMA:
            raise ModelError(
                f"{where}: the card has schema {record['schema']}, this version reads up to {SCHEMA}",
                hint="pip install --upgrade glyphsmith",
            )
        known = {item.name for item in fields(cls)}
        strange, missing = set(record) - known, known - {"text", "none_below"} - set(record)
        if strange or missing:
            what = "unknown " + ", ".join(sorted(strange)) if strange else "no " + ", ".join(sorted(missing))
            raise ModelError(f"{where}: the card does not fit schema {record['schema']} ({what})")
        try:
            record["alphabet"] = tuple(str(label) for label in record["alphabet"])
            record["stages"] = tuple((str(name), str(caption)) for name, caption in record["stages"])
            record["notes"] = tuple(str(note) for note in record["notes"])
        except (TypeError, ValueError):
            raise ModelError(f"{where}: the card's alphabet or stages are damaged") from None
        if record["task"] not in TASKS:
            raise ModelError(f"{where}: the card names the task {record['task']!r}, which this version does not know")
        record["text"] = _text_format(record.get("text"), record["task"], where)
        if not record["alphabet"] or len(set(record["alphabet"])) != len(record["alphabet"]):
            raise ModelError(f"{where}: the card's alphabet is empty or holds a label twice")
        return cls(**record)


def _text_format(values: Any, task: str, where: str) -> TextFormat | None:
    """Read the card's ``text``; raises ModelError where it does not belong to the task or is damaged."""
    if task != "text":
        if values is not None:
            raise ModelError(f"{where}: the card of a reader of labels describes texts")
        return None
    try:
        found = TextFormat(**values)
        whole = all(type(value) is int for value in (found.columns, found.shortest, found.longest))
        if whole and found.head in ("ctc", "fixed") and found.columns >= 1 and found.temperature > 0.0:
            return found
    except TypeError:
        pass
    raise ModelError(f"{where}: what the card says of its texts is missing or damaged")


def unsealed_value() -> str:
    """Give the placeholder that ``seal`` fills: the metadata value to write under SEAL_KEY."""
    return (_SEAL_PREFIX + _UNSEALED).decode()


def seal(file: bytes) -> bytes:
    """Fill the seal of a serialised ONNX file whose metadata holds ``unsealed_value()`` under SEAL_KEY."""
    found = list(_SEAL_PATTERN.finditer(file))
    if len(found) != 1:
        raise ModelError(f"the file to seal holds {len(found)} seals, expected one")
    start, end = found[0].span(1)
    return file[:start] + _digest(file, start, end) + file[end:]


def check_seal(file: bytes, *, where: str) -> None:
    """Raise ModelError unless the file is exactly what ``seal`` wrote."""
    found = list(_SEAL_PATTERN.finditer(file))
    if len(found) != 1:
        raise ModelError(
            f"{where}: not a Glyphsmith reader (no seal in the file)",
            hint="a reader is a model.onnx of `glyphsmith train`, its run folder, or a name of `glyphsmith models`",
        )
    if _digest(file, *found[0].span(1)) != found[0].group(1):
        raise ModelError(
            f"{where}: the file was changed after it was written (its seal does not fit)",
            hint="copy it again from where it was trained",
        )


def _digest(file: bytes, start: int, end: int) -> bytes:
    """Give the seal of a file: the digest of its bytes with the place of the seal left blank."""
    found = hashlib.sha256(memoryview(file)[:start])
    found.update(_UNSEALED)
    found.update(memoryview(file)[end:])
    return found.hexdigest().encode()
