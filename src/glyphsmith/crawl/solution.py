"""What is known of a whole puzzle, as the lines of its job tell it, one after the other."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from glyphsmith.crawl.answers import PageAnswer

__all__ = ["CONTRADICTION", "Solution"]

#: The kind of failure that throws away what was known of a page.
CONTRADICTION = "contradiction"


@dataclass(slots=True)
class Solution:
    """The numbers of the pages that are solved, and what it took.

    ``errors`` are the probabilities that a solved page is wrong, ``evidence`` what was read of pages that were not sure
    at once, ``gave_up`` the reasons for those that are not solved, ``answers`` what the site said of each sum that was
    sent. ``readings`` are pages that were read, ``repeated`` those whose sprite had been seen, ``forms`` pages fetched
    for their answer form, ``retries`` failed requests by kind, ``reopened`` how many pages were asked for again because
    the site refused a sum. ``permuted`` and ``independent`` count sheets by how they were read, ``rule`` is the log
    evidence of all sheets for permutations.
    """

    url: str
    pages: tuple[int, ...]
    numbers: dict[int, tuple[int, ...]] = field(default_factory=dict)
    errors: dict[int, float] = field(default_factory=dict)
    evidence: dict[int, PageAnswer] = field(default_factory=dict)
    gave_up: dict[int, str] = field(default_factory=dict)
    retries: Counter[str] = field(default_factory=Counter)
    readings: int = 0
    repeated: int = 0
    forms: int = 0
    reopened: int = 0
    logins: int = 0
    level: int | None = None
    permuted: int = 0
    independent: int = 0
    rule: float = 0.0
    answers: dict[int, bool | None] = field(default_factory=dict)
    seconds: float = 0.0
    solved_now: int = 0

    @property
    def total(self) -> int | None:
        """The sum of all numbers of all pages, or None where a page is missing."""
        if any(page not in self.numbers for page in self.pages):
            return None
        return sum(sum(self.numbers[page]) for page in self.pages)

    @property
    def waiting(self) -> dict[int, PageAnswer]:
        """The evidence of the pages that are read and not solved."""
        return {page: answer for page, answer in self.evidence.items() if page not in self.numbers}

    @property
    def submitted(self) -> bool:
        """True where this very sum was sent, by this run or by an earlier one."""
        return self.total is not None and self.total in self.answers

    @property
    def accepted(self) -> bool | None:
        """What the site said of this very sum; None where it was not sent, or the site said neither."""
        return None if self.total is None else self.answers.get(self.total)

    @property
    def failed(self) -> dict[int, str]:
        """The pages that are not solved, with the reason."""
        return {page: self.gave_up.get(page, "not asked for yet") for page in self.pages if page not in self.numbers}

    @property
    def requests(self) -> int:
        """Requests for pages, those that failed included; log-ins are counted apart."""
        return self.readings + self.repeated + self.forms + self.retries.total()

    def apply(self, line: dict[str, Any]) -> None:
        """Take in one line of the job."""
        if "log_in" in line:
            self.logins += 1
        elif "answer" in line:
            self.answers[line["answer"]] = line["accepted"]
        elif "form" in line:
            self.forms += 1
        elif "failed" in line:
            self.retries[line["failed"]] += 1
            if line["failed"] == CONTRADICTION:
                self.evidence.pop(line["page"], None)
        elif "reopened" in line:
            self.reopened += 1
            self.numbers.pop(line["reopened"])
            self.errors.pop(line["reopened"])
        elif "gave_up" in line:
            self.gave_up[line["page"]] = line["gave_up"]
        elif "repeated" in line:
            self.repeated += 1
        else:
            # A page may be settled without another reading: by what it and all others said before.
            if "level" in line:
                self._count_reading(line)
            self._apply_answer(line)

    def _count_reading(self, line: dict[str, Any]) -> None:
        self.readings += 1
        self.level = line["level"]
        if line.get("permuted") is not None:
            self.permuted += line["permuted"]
            self.independent += not line["permuted"]
            self.rule += line["rule"] or 0.0

    def _apply_answer(self, line: dict[str, Any]) -> None:
        page = line["page"]
        if page in self.numbers:
            return  # solved before: its numbers count once
        if "solved" in line:
            self.numbers[page] = tuple(line["solved"])
            self.errors[page] = line["error"]
            self.gave_up.pop(page, None)
        else:
            answer = self.evidence.setdefault(page, PageAnswer())
            answer.add(tuple(line["lengths"]), line["sprite"], np.array(line["scores"]))

    def as_dict(self) -> dict[str, Any]:
        """Give the JSON document of this solution."""
        solved = [page for page in self.pages if page in self.numbers]
        read = len(self.numbers.keys() | self.waiting.keys())
        return {
            "url": self.url,
            "level": self.level,
            "pages": len(self.pages),
            "solved": len(solved),
            "sum": self.total,
            "failed": [{"page": page, "reason": reason} for page, reason in self.failed.items()],
            "requests": self.requests,
            "readings": self.readings,
            "readings_per_page": round(self.readings / read, 4) if read else None,
            "retries": dict(sorted(self.retries.items())),
            "repeated_sprites": self.repeated,
            "reopened": self.reopened,
            "log_ins": self.logins,
            "expected_wrong_pages": float(f"{sum(self.errors[page] for page in solved):.3g}"),
            "sheets": {
                "as_permutations": self.permuted,
                "glyph_by_glyph": self.independent,
                "log_evidence": round(self.rule, 1),
            },
            "submitted": self.submitted,
            "accepted": self.accepted,
            "seconds": round(self.seconds, 2),
            "pages_per_s": round(self.solved_now / self.seconds, 2) if self.seconds else None,
        }
