"""The figures of texts against figures counted by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from glyphsmith import metrics
from glyphsmith.errors import DataError
from glyphsmith.evaluate.report import report_html
from glyphsmith.evaluate.text import TextEvaluation, foldings


def texts(truths: list[str], reads: list[str], **changes: Any) -> TextEvaluation:
    n = len(truths)
    values: dict[str, Any] = {
        "reader": "made-up",
        "about": "",
        "data": "at hand",
        "form": "pictures at hand",
        "part": "",
        "alphabet": tuple("0O1A+-"),
        "truths": tuple(truths),
        "reads": tuple(reads),
        "confidence": np.linspace(0.5, 1.0, n).astype(np.float32),
        "sizes_px": np.full((n, 2), 28, np.int32),
        "failed": (),
        "read_ms": np.full(n, 0.5),
        "decode_ms": np.full(n, 0.1),
        "cpu_share": 1.0,
        "file_bytes": 1_000_000,
        "reject_below": 0.0,
        "stages": (),
        "seconds": 1.0,
    }
    return TextEvaluation(**{**values, **changes})


def test_the_document_has_the_keys_of_the_contract() -> None:
    document = texts(["0A", "1A", "OO"], ["0A", "1", "O0"], folds=("0O",)).as_dict()
    assert document["task"] == "text"
    assert document["n"] == 3
    assert document["exact"] == pytest.approx(1 / 3, abs=1e-6)
    assert document["ci95"] == [round(end, 6) for end in metrics.wilson_interval(1, 3)]
    assert document["cer"] == pytest.approx(2 / 6, abs=1e-6)
    assert document["folded"] == {"0O": pytest.approx(2 / 3, abs=1e-6)}
    assert document["confusions"] == [["O", "0", 1], ["A", "", 1]]
    assert document["wrong_length"] == 1
    assert [place["right"] for place in document["per_position"]] == [2, 1]
    assert "value_accuracy" not in document


def test_sums_are_right_when_text_and_value_are() -> None:
    found = texts(["1+1", "1-1", "1+"], ["1+1", "1+1", "1+"], arithmetic=True)
    assert found.value_accuracy == pytest.approx(1 / 3)


@pytest.mark.parametrize("truth", ["", "a", "abca", "aab"])
@pytest.mark.parametrize("read", ["", "b", "bca", "aaab", "cba"])
def test_an_alignment_has_as_many_mistakes_as_the_edit_distance(truth: str, read: str) -> None:
    pairs = metrics.align(truth, read)
    assert "".join(a for a, _ in pairs) == truth
    assert "".join(b for _, b in pairs) == read
    assert sum(a != b for a, b in pairs) == metrics.edit_distance(truth, read)


def test_symbols_outside_the_alphabet_are_counted() -> None:
    found = texts(["0x", "xx"], ["00", ""])
    assert found.outside == {"x": 3}
    assert found.labels[-2:] == ("x", "∅")


def test_case_can_be_folded_and_a_folding_of_one_sign_is_an_error() -> None:
    assert texts(["Aa"], ["aA"], folds=("case",)).folded == {"case": 1.0}
    assert texts(["Aa"], ["aA"]).other_case == 1
    with pytest.raises(DataError, match="two or more"):
        foldings(["0"])


@pytest.mark.parametrize("reads", [["0A", "1A"], ["", ""], ["0A1", "x"]])
def test_the_page_can_be_made_of_any_answers(reads: list[str]) -> None:
    page = report_html(texts(["0A", "1A"], reads))
    assert "Character by character" in page
    assert "character error rate" in page
