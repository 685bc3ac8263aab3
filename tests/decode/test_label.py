import numpy as np
import pytest

from glyphsmith.alphabet import Alphabet
from glyphsmith.decode.label import decode_label

ALPHABET = Alphabet("ᚠᚢᚦ")


def scores(*values):
    return np.array(values, np.float32)


def test_the_best_label_comes_with_the_others_behind_it():
    reading = decode_label(scores(0.2, 0.7, 0.1), ALPHABET, top=2, path="a.png")
    assert reading.label == "ᚢ"
    assert reading.confidence == pytest.approx(0.7)
    assert [label for label, _ in reading.top] == ["ᚢ", "ᚠ"]
    assert reading.path == "a.png"
    assert reading.reason is None


def test_more_labels_than_there_are_gives_all_of_them():
    assert len(decode_label(scores(0.2, 0.7, 0.1), ALPHABET, top=99).top) == 3


def test_no_top_was_asked_for():
    assert decode_label(scores(0.2, 0.7, 0.1), ALPHABET, top=0).top == ()


def test_equal_scores_keep_the_order_of_the_alphabet():
    assert [label for label, _ in decode_label(scores(0.2, 0.4, 0.4), ALPHABET).top] == ["ᚢ", "ᚦ", "ᚠ"]


def test_below_the_threshold_there_is_no_label_but_the_confidence_and_the_reason():
    reading = decode_label(scores(0.3, 0.4, 0.3), ALPHABET, reject=0.5)
    assert reading.label is None
    assert reading.confidence == pytest.approx(0.4)
    assert reading.top[0][0] == "ᚢ"
    assert reading.reason == "confidence 0.4 is below 0.5"


def test_a_confidence_is_never_rounded_up_to_the_limit_it_is_below():
    assert decode_label(scores(0.99996, 0.00004, 0), ALPHABET, reject=1.0).reason == "confidence 0.9999 is below 1"


def test_exactly_at_the_threshold_is_an_answer():
    assert decode_label(scores(0.25, 0.5, 0.25), ALPHABET, reject=0.5).label == "ᚢ"


def test_the_scores_are_left_as_they_were():
    given = scores(0.2, 0.7, 0.1)
    decode_label(given, ALPHABET)
    assert given.tolist() == scores(0.2, 0.7, 0.1).tolist()
