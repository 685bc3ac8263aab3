"""A reader that knows "none of these": the score, the lesson, the painted strangers and the threshold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from drawn_signs import folder_of
from glyphsmith.alphabet import Alphabet
from glyphsmith.data.source import open_source
from glyphsmith.decode.label import decode_label
from glyphsmith.export.graph import preparation
from glyphsmith.nets import label_probabilities, with_none
from glyphsmith.runtime.reader import open_reader
from glyphsmith.runtime.session import Preparer
from glyphsmith.runtime.store import shipped
from glyphsmith.train import strangers
from glyphsmith.train.learned import build_network
from glyphsmith.train.recipe import Augment, Learn, Network, Prepare, Recipe
from glyphsmith.train.strangers import INVENTED, KnowsStrangers, knowing, paint_strangers, threshold_of
from glyphsmith.train.tasks.lesson import lesson_of

TINY = Recipe(
    prepare=Prepare(height_px=16, width_px=16, box_px=12),
    network=Network(family="glyph", widths=(4, 8)),
    learn=Learn(strangers=0.5),
)


def test_what_no_label_scores_is_none_of_these() -> None:
    logits = torch.tensor([[-5.0, -4.0], [6.0, 0.0]])
    found = label_probabilities(logits, refuses=True)
    assert float(found[0].sum()) < 0.05
    assert float(found[1, 0]) > 0.99
    torch.testing.assert_close(found, with_none(logits).softmax(dim=1)[:, :2])
    torch.testing.assert_close(label_probabilities(logits, refuses=False).sum(dim=1), torch.ones(2))


def test_the_network_of_such_a_recipe_refuses() -> None:
    assert build_network(TINY, 3).refuses
    assert not build_network(Recipe(), 3).refuses


def test_strangers_are_learned_as_no_label_and_own_pictures_as_before() -> None:
    torch.manual_seed(0)
    network = build_network(TINY, 2)
    pool = np.random.default_rng(0).integers(0, 256, (8, 1, 16, 16), dtype=np.uint8)
    lesson = KnowsStrangers(lesson_of(TINY), pool, 0.5, Augment())
    own = (torch.rand(8, 1, 16, 16) > 0.8).float()
    labels = torch.tensor([0, 1] * 4)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.02)
    for _ in range(60):
        loss, logits = lesson.loss(network, own, labels)
        assert logits.shape == (8, 2)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        strange = label_probabilities(network.scores(torch.from_numpy(pool).float() / 255), refuses=True)
        known = label_probabilities(network.scores(own), refuses=True)
    assert float(strange.max(dim=1).values.median()) < float(known.max(dim=1).values.median())


def test_without_strangers_there_is_no_further_lesson() -> None:
    assert knowing(None, TINY, None) is None


def test_what_is_painted_resembles_none_of_the_own_signs(tmp_path: Path) -> None:
    reader = open_reader(shipped()["glyphs"])
    source = open_source(str(folder_of(tmp_path, ("bar", "cross", "ring"), each=3)))
    prepare = Preparer(preparation(TINY.prepare).SerializeToString())
    found = paint_strangers(reader, source, np.arange(len(source)), prepare, seed=1)
    again = paint_strangers(reader, source, np.arange(len(source)), prepare, seed=1)
    assert found is not None
    assert again is not None
    assert found.learned.shape[1:] == (1, 16, 16)
    assert len(found.kept_back) > 30
    assert len(found.learned) > INVENTED > 0
    np.testing.assert_array_equal(found.learned, again.learned)


def test_the_threshold_keeps_what_it_says_and_stands_with_its_curve() -> None:
    own = np.linspace(0.2, 1.0, 200)
    found = threshold_of(own.tolist(), [0.05] * 45 + [0.9] * 5)
    assert 0.95 <= found.kept <= 0.98
    assert found.refused == pytest.approx(0.9)
    # What a further picture would find, so a little less than was counted.
    assert (own >= found.at).mean() * len(own) / (len(own) + 1) == pytest.approx(found.kept)
    kept = [point[1] for point in found.curve]
    assert kept == sorted(kept, reverse=True)
    assert "none of these" in found.line()


def test_a_reader_that_is_wholly_sure_of_its_own_does_not_refuse_them_by_their_last_bit() -> None:
    assert threshold_of([1.0] * 100, [0.1] * 10).at < 1.0 - 1e-6


def test_invented_signs_that_look_like_ones_own_are_left_out(monkeypatch) -> None:
    monkeypatch.setattr(strangers, "INVENTED", 5)
    reader = open_reader(shipped()["glyphs"])
    everything = frozenset(reader.alphabet)
    assert len(strangers._invented(reader, frozenset(), np.random.default_rng(0))) == 5
    assert strangers._invented(reader, everything, np.random.default_rng(0)) == []


def test_a_refusal_says_that_it_is_none_of_these() -> None:
    alphabet = Alphabet(("a", "b"))
    strange = decode_label(np.array([0.1, 0.05], np.float32), alphabet, none_below=0.3)
    torn = decode_label(np.array([0.2, 0.15], np.float32), alphabet, none_below=0.3)
    unsure = decode_label(np.array([0.5, 0.5], np.float32), alphabet, reject=0.6, none_below=0.3)
    assert strange.label is None
    assert strange.reason is not None
    assert strange.reason.startswith("none of these")
    assert strange.in_alphabet == pytest.approx(0.15)
    assert torn.label == "a"  # two own signs share what a stranger would not have
    assert unsure.label is None
    assert unsure.reason is not None
    assert not unsure.reason.startswith("none")
