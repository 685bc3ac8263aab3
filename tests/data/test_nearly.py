"""Pictures that are nearly the same: many small ones at once are judged as two are, and grey is Pillow's grey."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from glyphsmith.data import nearly
from glyphsmith.data.nearly import are_nearly_same, clusters
from tests.data.small_sets import glyph
from tests.pictures_at_hand import AtHand


def test_grey_is_that_of_pillow() -> None:
    colours = np.random.default_rng(0).integers(0, 256, (3, 40, 50, 3), dtype=np.uint8)
    for picture, grey in zip(colours, nearly._grey_of(colours), strict=True):
        assert (np.asarray(Image.fromarray(picture).convert("L")) == grey).all()


def test_the_quantile_is_that_of_numpy() -> None:
    values = np.random.default_rng(1).normal(size=(5, 401)).astype(np.float32)
    for share in (0.01, 0.99):
        assert np.allclose(nearly._quantile(np.sort(values), share), np.quantile(values, share, axis=1), atol=1e-6)


@pytest.mark.parametrize("side", [8, 20])
def test_many_pairs_at_once_are_judged_as_one_by_one(side: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(side)
    pictures = []
    for k in range(24):
        drawn = np.repeat(glyph(k % 4, k // 8, side=max(side, 12))[:side, :side, None], 3, axis=2)
        changed = drawn * rng.uniform(0.8, 1.0) + rng.integers(0, 2 if k % 3 else 60, drawn.shape)
        pictures.append(np.clip(changed, 0, 255).astype(np.uint8))
    pairs = np.array([(i, k) for k in range(24) for i in range(k)])
    expected = {(i, k) for i, k in pairs.tolist() if are_nearly_same(pictures[i], pictures[k])}
    assert 3 < len(expected) < len(pairs)
    monkeypatch.setattr(nearly, "_TOGETHER_PX", 37 * side * side)
    source = AtHand([(str(k), picture) for k, picture in enumerate(pictures)])
    sizes = np.full((24, 2), side, dtype=np.int32)
    assert {tuple(pair) for pair in nearly._same_of_one_size(source, pairs, sizes)} == expected


def test_nothing_readable_is_alone() -> None:
    exact, near, more = clusters(
        np.zeros((3, 16), np.uint8), np.zeros((3, 64), np.uint8), np.zeros((3, 2), np.int32), AtHand([])
    )
    assert exact.tolist() == near.tolist() == [0, 1, 2]
    assert more == 0
