"""A reader whose every answer is known in closed form, read over pictures that are known."""

from __future__ import annotations

import json
import weakref
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from glyphsmith.errors import DataError
from glyphsmith.evaluate import evaluate, part_indices
from glyphsmith.evaluate.report import report_html
from glyphsmith.metrics import wilson_interval
from glyphsmith.runtime.reader import Reader, open_reader
from pictures_at_hand import AtHand, made_up, shade
from tiny_reader import DIGITS, expected_probabilities, tiny_card, tiny_model


@pytest.fixture(scope="module")
def reader() -> Reader:
    return open_reader(tiny_model())


def test_no_picture_is_refused(reader: Reader) -> None:
    with pytest.raises(DataError, match="no picture to evaluate on"):
        evaluate(reader, AtHand([]))


def test_pictures_none_of_which_can_be_read_are_refused_with_the_first_reason(reader: Reader) -> None:
    with pytest.raises(DataError, match="none of its 2 pictures") as caught:
        evaluate(reader, AtHand([("1", "is damaged"), ("2", "is empty")]))
    assert "0000.png: is damaged" in str(caught.value.hint)


def test_the_document_has_the_keys_of_the_contract_and_is_json(reader: Reader) -> None:
    found = evaluate(reader, AtHand([(label, shade(label)) for label in DIGITS])).as_dict()
    assert list(found) == [
        *("task", "n", "accuracy", "ci95", "confusions", "ms_p50", "ms_p95", "file_mb"),
        *("ece", "per_class", "failed"),
    ]
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert (found["task"], found["n"], found["accuracy"], found["confusions"]) == ("label", 10, 1.0, [])
    assert found["file_mb"] == round(reader.file_bytes / 1e6, 4)
    assert 0 < found["ms_p50"] <= found["ms_p95"]


def test_mistakes_are_counted_by_pair_and_by_label(reader: Reader) -> None:
    entries = [("3", shade("3"))] * 6 + [("3", shade("4"))] * 2 + [("5", shade("1"))]
    found = evaluate(reader, AtHand(entries))
    assert found.confusions == [("3", "4", 2), ("5", "1", 1)]
    assert found.accuracy == 6 / 9
    assert found.ci95 == wilson_interval(6, 9)
    three = found.as_dict()["per_class"][3]
    assert (three["label"], three["n"], three["right"], three["recall"], three["precision"]) == ("3", 8, 6, 0.75, 1.0)


def test_every_answer_in_batches_is_the_one_computed_by_hand(reader: Reader) -> None:
    rng = np.random.default_rng(0)

    def picture(i: int) -> NDArray[np.uint8]:
        height, width = int(rng.integers(1, 9)), int(rng.integers(1, 9))
        noise = rng.integers(0, 256, (height, width, 3)).astype(np.uint8)
        return noise if i % 3 else np.full((5, 7, 3), i % 256, np.uint8)

    def tied(array: NDArray[np.uint8]) -> bool:
        second, first = np.sort(expected_probabilities(array))[-2:]
        return bool(first - second < 1e-3)

    pictures = [array for array in map(picture, range(1300)) if not tied(array)][:1200]
    entries = [(DIGITS[i % 10], array) for i, array in enumerate(pictures)]
    found = evaluate(reader, AtHand(entries))
    expected = np.array([expected_probabilities(array) for _, array in entries])
    assert (found.read == expected.argmax(1)).all()
    assert found.confidence == pytest.approx(expected.max(1), abs=1e-4)
    assert (found.truth == np.arange(1200) % 10).all()
    assert (found.sizes_px == [array.shape[:2] for _, array in entries]).all()
    order = np.argsort(-expected, axis=1, kind="stable")[:, :3].tolist()
    placed = [row.index(t) if t in row else 3 for row, t in zip(order, found.truth.tolist(), strict=True)]
    assert found.placed.tolist() == placed
    assert len(found.read_ms) == len(found.decode_ms) == 500


def test_only_the_chosen_pictures_are_read(reader: Reader) -> None:
    source = AtHand([(label, shade(label)) for label in DIGITS])
    found = evaluate(reader, source, indices=[7, 2], part="two of them")
    assert found.n == 2
    assert sorted(set(source.opened)) == [2, 7]
    assert found.part == "two of them"


def test_an_unreadable_picture_is_listed_and_counts_in_no_figure(reader: Reader) -> None:
    found = evaluate(reader, AtHand([("1", shade("1")), ("2", "is cut off"), ("3", shade("3"))]))
    assert (found.n, found.accuracy) == (2, 1.0)
    assert found.as_dict()["failed"] == [{"path": "0001.png", "label": "2", "error": "0001.png: is cut off"}]


def test_many_unreadable_pictures_among_many_do_not_shift_the_others(reader: Reader) -> None:
    entries = [(DIGITS[i % 10], "is damaged" if i % 7 == 0 else shade(DIGITS[i % 10])) for i in range(1500)]
    found = evaluate(reader, AtHand(entries))
    assert found.n == 1500 - len(range(0, 1500, 7))
    assert found.accuracy == 1.0
    assert [name for name, _, _ in found.failed] == [f"{i:04d}.png" for i in range(0, 1500, 7)]


def test_a_label_outside_the_alphabet_is_a_mistake_of_the_reader_and_is_named(reader: Reader) -> None:
    found = evaluate(reader, AtHand([("1", shade("1")), ("ᚠ", shade("2")), ("ᚠ", shade("2")), ("x", shade("1"))]))
    assert found.outside == {"ᚠ": 2, "x": 1}
    assert found.accuracy == 0.25
    assert ("ᚠ", "2", 2) in found.confusions
    rune = next(entry for entry in found.as_dict()["per_class"] if entry["label"] == "ᚠ")
    assert (rune["n"], rune["recall"], rune["precision"]) == (2, 0.0, None)
    assert found.surest == ()


def test_the_figures_count_what_the_reader_would_have_refused() -> None:
    shy = open_reader(tiny_model(card=tiny_card(reject_below=0.999999)))
    found = evaluate(shy, AtHand([("1", shade("1")), ("2", shade("2"))]))
    assert found.accuracy == 1.0
    assert found.reject_below == 0.999999
    assert not found.answered.any()


def test_what_the_file_takes_for_none_of_its_labels_is_not_answered() -> None:
    found = made_up([0, 1, 1], [0, 1, 0], ["a", "b"], in_alphabet=np.array([0.9, 0.4, 0.8]), none_below=0.5)
    assert found.answered.tolist() == [True, False, True]


def test_the_surest_mistakes_come_first_and_carry_both_pictures(reader: Reader) -> None:
    unsure = np.full((4, 4, 3), round(2.0 / 10 * 255), np.uint8)  # between the labels 1 and 2
    found = evaluate(reader, AtHand([("7", unsure), ("7", shade("3")), ("4", shade("4"))]))
    assert [one.name for one in found.surest] == ["0001.png", "0000.png"]
    assert found.surest[0].read == "3"
    assert all(one.original.startswith("data:image/png;base64,") for one in found.surest)
    assert all(one.seen.startswith("data:image/png;base64,") for one in found.surest)


def test_a_frequent_confusion_is_shown_with_its_pictures_and_a_single_one_is_not(reader: Reader) -> None:
    found = evaluate(reader, AtHand([("7", shade("3"))] * 9 + [("1", shade("2"))]))
    assert [(pair[0].truth, pair[0].read, len(pair)) for pair in found.pairs] == [("7", "3", 6)]


def test_a_picture_that_vanishes_after_it_was_read_is_left_out_of_the_gallery(reader: Reader) -> None:
    class Vanishing(AtHand):
        def picture(self, i: int) -> NDArray[np.uint8]:
            if i in self.opened:
                return AtHand([("1", "is gone")]).picture(0)
            return super().picture(i)

    found = evaluate(reader, Vanishing([("7", shade("3")), ("4", shade("4"))]))
    assert (found.n, found.accuracy, found.surest) == (2, 0.5, ())


def test_pictures_stream_and_are_never_all_in_memory(reader: Reader) -> None:
    most = 0

    def fresh(i: int) -> Callable[[], NDArray[np.uint8]]:
        def open_it() -> NDArray[np.uint8]:
            nonlocal most
            picture = np.full((6, 6, 3), i % 256, np.uint8)
            most = max(most, len(refs))
            refs.add(id(picture))
            weakref.finalize(picture, refs.discard, id(picture))
            return picture

        return open_it

    refs: set[int] = set()
    evaluate(reader, AtHand([("1", fresh(i)) for i in range(3000)]))
    assert 0 < most <= 150


def test_the_test_part_is_taken_where_the_data_gives_one() -> None:
    source = AtHand([("1", "x")] * 4, parts=["train", "test", "validation", "test"])
    indices, name = part_indices(source)
    assert indices is not None
    assert (indices.tolist(), name) == ([1, 3], "the test part")


def test_everything_is_taken_where_the_data_gives_no_part_or_all_is_asked_for() -> None:
    assert part_indices(AtHand([("1", "x")])) == (None, "all pictures")
    assert part_indices(AtHand([("1", "x")], parts=["test"]), "all") == (None, "all pictures")


def test_a_part_that_the_data_does_not_give_is_refused_with_those_it_gives() -> None:
    with pytest.raises(DataError, match="no picture belongs to the part 'tset'") as caught:
        part_indices(AtHand([("1", "x")], parts=["train"]), "tset")
    assert "the data gives the parts train" in str(caught.value.hint)
    with pytest.raises(DataError) as caught:
        part_indices(AtHand([("1", "x")]), "test")
    assert "gives no parts" in str(caught.value.hint)


def test_where_nothing_was_timed_json_has_no_number_and_the_page_a_dash() -> None:
    found = made_up([0, 1, 1], [0, 1, 0], ["a", "b"], read_ms=np.zeros(0), decode_ms=np.zeros(0))
    document = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert (document["ms_p50"], document["ms_p95"]) == (None, None)
    page = report_html(found)
    assert ">nan" not in page
    assert "<b>–</b><span>to read one picture" in page
