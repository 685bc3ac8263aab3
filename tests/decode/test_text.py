"""The decoder of texts: what it reads, how sure, and what it says when it may read nothing."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from every_path import written
from glyphsmith.alphabet import Alphabet
from glyphsmith.decode.confidence import text_confidence
from glyphsmith.decode.ctc import sequence_log_probability
from glyphsmith.decode.grammars import constrain
from glyphsmith.decode.text import Decoded, TextDecoder

SUMS = Alphabet("0123456789+-*()")


def symbols(text: str) -> tuple[int, ...]:
    return tuple(SUMS.index(sign) for sign in text)


def test_a_text_is_read_with_its_confidences() -> None:
    found = written(symbols("3+4"), 10, len(SUMS) + 1)
    for width in (1, 5):
        answer = TextDecoder(SUMS, width=width)(found)
        assert answer.text == "3+4"
        assert answer.reason is None
        assert answer.confidence == pytest.approx(np.exp(sequence_log_probability(found, symbols("3+4"))))
        assert "".join(label for label, _ in answer.characters) == "3+4"
        assert all(0.9 < sure <= 1.0 for _, sure in answer.characters)
        assert answer.top == (("3+4", answer.confidence),)


def test_the_best_texts_come_best_first() -> None:
    answer = TextDecoder(SUMS, top=3)(written(symbols("12"), 6, len(SUMS) + 1, sure=0.7))
    assert len(answer.top) == 3
    assert answer.top[0] == (answer.text, answer.confidence)
    assert [sure for _, sure in answer.top] == sorted((sure for _, sure in answer.top), reverse=True)


def test_a_temperature_changes_the_confidence_and_not_the_text() -> None:
    found = written(symbols("3+4"), 10, len(SUMS) + 1)
    plain, cooled = TextDecoder(SUMS)(found), TextDecoder(SUMS, temperature=2.0)(found)
    assert plain.text == cooled.text
    assert cooled.confidence == pytest.approx(text_confidence(plain.log_probability, 2.0))
    assert cooled.confidence < plain.confidence


def test_a_doubtful_text_is_searched_for_and_a_sure_one_needs_no_search() -> None:
    together = np.log([[0.6, 0.4], [0.6, 0.4]])  # no path of "a" is the best one, all of them together are
    letters = Alphabet("a")
    assert TextDecoder(letters)(together).text == ""
    assert TextDecoder(letters, width=2)(together).text == "a"
    sure = written(symbols("3+4"), 10, len(SUMS) + 1)
    searched, plain = TextDecoder(SUMS, width=5, top=2)(sure), TextDecoder(SUMS, width=5)(sure)
    assert (plain.text, plain.confidence) == (searched.text, pytest.approx(searched.confidence))


def test_nothing_outside_the_constraint_is_read() -> None:
    held = constrain(SUMS, pattern="arithmetic1")
    draw = np.random.default_rng(1)
    for columns in (5, 9, 30):
        answer = TextDecoder(SUMS, constraint=held)(np.log(draw.dirichlet(np.ones(len(SUMS) + 1), columns)))
        assert held is not None
        assert answer.text is not None
        assert held.matches(symbols(answer.text))  # type: ignore[attr-defined]


def test_a_text_that_does_not_fit_is_an_answer_with_a_reason() -> None:
    held = constrain(SUMS, pattern="arithmetic1")
    few = np.log(np.full((4, len(SUMS) + 1), 1 / 16))
    assert TextDecoder(SUMS, constraint=held)(few) == Decoded(
        None, 0.0, reason="arithmetic1 needs 5 columns, the picture has 4"
    )
    no_signs = np.log(np.full((9, len(SUMS) + 1), 0.1))
    no_signs[:, 11:] = -np.inf
    answer = TextDecoder(SUMS, constraint=held)(no_signs)
    assert (answer.text, answer.reason) == (None, "no text of arithmetic1 is possible in 9 columns")
    assert TextDecoder(SUMS, width=3)(np.full((2, 16), -np.inf)).reason == "every text has probability 0"


def test_a_fixed_head_is_read_by_places() -> None:
    found = np.log(np.full((4, len(SUMS)), 0.01))
    found[np.arange(4), symbols("1+23")] = np.log(0.9)
    answer = TextDecoder(SUMS, head="fixed")(found)
    assert answer.text == "1+23"
    assert answer.confidence == pytest.approx(0.9**4)
    assert [sure for _, sure in answer.characters] == pytest.approx([0.9] * 4)
    digits = TextDecoder(SUMS, head="fixed", constraint=constrain(SUMS, only="0123456789"))(found)
    assert digits.text is not None
    assert digits.text[0] + digits.text[2:] == "123"
    held = TextDecoder(SUMS, head="fixed", constraint=constrain(SUMS, pattern="arithmetic1"))(found)
    assert held.reason == "no text of arithmetic1 is possible in 4 characters"


def test_labels_of_several_characters_are_joined() -> None:
    letters = Alphabet(["a", "ch"])
    answer = TextDecoder(letters)(written((1, 0, 1), 6, 3))
    assert answer.text == "chach"
    assert [label for label, _ in answer.characters] == ["ch", "a", "ch"]


def test_no_columns_are_the_empty_text() -> None:
    assert TextDecoder(SUMS)(np.zeros((0, len(SUMS) + 1))).text == ""


@pytest.mark.parametrize("shape", [(3,), (3, 15), (3, 17), (1, 3, 16)])
def test_scores_of_another_alphabet_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="scores have shape"):
        TextDecoder(SUMS)(np.zeros(shape))


def test_the_document_s_example_runs() -> None:
    document = (Path(__file__).parents[2] / "docs" / "decoding.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", document, re.DOTALL)
    exec(example, {})
