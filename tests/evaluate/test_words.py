"""Figures said in words: no digit that n does not carry, and no 100 % that is not."""

from __future__ import annotations

import pytest

from glyphsmith.evaluate import words


@pytest.mark.parametrize(
    ("share", "n", "expected"),
    [
        (None, 10, "–"),
        (1.0, 10_000, "100 %"),
        (0.0, 10_000, "0 %"),
        (9_999 / 10_000, 10_000, "99.99 %"),
        (99_999 / 100_000, 100_000, "99.99 %"),
        (0.9996, 100, "99.9 %"),
        (0.996, 10, "99 %"),
        (0.00001, 10_000, "0.01 %"),
        (0.004, 10, "1 %"),
        (58 / 61, 61, "95.1 %"),
        (0.9924, 10_000, "99.24 %"),
        (2 / 3, 3, "67 %"),
    ],
)
def test_a_share_is_said_with_the_digits_that_n_carries(share: float | None, n: int, expected: str) -> None:
    assert words.percent(share, n) == expected


def test_nouns_agree_with_their_number() -> None:
    assert [words.plural(n, "picture") for n in (0, 1, 2)] == ["0 pictures", "1 picture", "2 pictures"]
    assert words.plural(1234, "picture") == "1\u202f234 pictures"


@pytest.mark.parametrize(
    ("value", "expected"), [(0.042, "42 µs"), (0.3, "0.30 ms"), (12.4, "12 ms"), (2500.0, "2.5 s")]
)
def test_a_time_is_said_in_its_own_unit(value: float, expected: str) -> None:
    assert words.milliseconds(value) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.2, "less than a second"), (1.2, "1 second"), (75, "75 seconds"), (150, "2 minutes"), (7_260, "2 h 1 min")],
)
def test_a_duration_is_said_as_a_person_would(seconds: float, expected: str) -> None:
    assert words.duration(seconds) == expected


@pytest.mark.parametrize(("part", "whole", "expected"), [(0, 9, ""), (9, 10, ""), (3, 1000, "about one in 333")])
def test_a_small_share_is_said_as_one_in_so_many(part: int, whole: int, expected: str) -> None:
    assert words.one_in(part, whole) == expected


def test_a_label_beyond_ascii_is_named_in_its_tooltip_and_without_a_font_beside_it() -> None:
    assert words.label_markup("7") == '<span class="label">7</span>'
    assert words.label_markup("ᛒ") == (
        '<span class="label" title="U+16D2 RUNIC LETTER BERKANAN BEORC BJARKAN B">ᛒ</span>'
    )
    assert words.label_markup("流", frozenset("流")).endswith("<small>U+6D41</small>")


def test_a_label_that_is_markup_stays_text() -> None:
    assert "<script>" not in words.label_markup("<script>")
    assert "<script>" not in words.label_markup("<script>ᚠ", frozenset(["<script>ᚠ"]))


@pytest.mark.parametrize(("file_bytes", "expected"), [(1_700, "2 kB"), (558_708, "559 kB"), (16_000_000, "16.00 MB")])
def test_a_size_is_said_in_thousands(file_bytes: int, expected: str) -> None:
    assert words.size(file_bytes) == expected
