"""Random changes: shapes, ranges, seeds, and that each does what its name says."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from glyphsmith.train.augment import augment, changes_anything, rotated_copies
from glyphsmith.train.recipe import Augment

ALL = Augment(
    rotate_deg=10,
    shear_deg=8,
    scale=0.1,
    stretch=0.1,
    shift=0.1,
    elastic=0.02,
    stroke=0.5,
    erase=0.5,
    contrast=0.3,
    noise=0.05,
    flip=0.5,
)
NAMES = [field.name for field in fields(Augment) if field.name != "copies_deg"]


def pictures(n: int = 8, channels: int = 1, height: int = 28, width: int = 20) -> torch.Tensor:
    x = torch.zeros(n, channels, height, width)
    x[:, :, 8:20, 6:14] = 0.8
    x[:, :, 8:12, 6:9] = 0.3
    return x


def test_nothing_asked_changes_nothing() -> None:
    x = pictures()
    assert not changes_anything(Augment())
    assert torch.equal(augment(x, Augment(), ink=True), x)


@pytest.mark.parametrize("name", NAMES)
def test_every_change_changes_something_and_stays_in_range(name: str) -> None:
    torch.manual_seed(0)
    only = replace(Augment(), **{name: getattr(ALL, name)})
    assert changes_anything(only)
    x = pictures()
    before = x.clone()
    changed = augment(x, only, ink=True)
    assert changed.shape == x.shape
    assert float(changed.min()) >= 0.0
    assert float(changed.max()) <= 1.0
    assert not torch.allclose(changed, x, atol=0.01)
    assert torch.equal(x, before)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_same_seed_draws_the_same_changes(channels: int) -> None:
    x = pictures(channels=channels)
    drawn = []
    for seed in (4, 4, 5):
        torch.manual_seed(seed)
        drawn.append(augment(x, ALL, ink=channels == 1))
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


def test_a_rotation_keeps_lengths_in_a_picture_that_is_not_square() -> None:
    torch.manual_seed(1)
    x = torch.zeros(64, 1, 60, 30)
    x[:, :, 25:35, 10:20] = 1.0
    turned = augment(x, Augment(rotate_deg=45), ink=True)
    ink = turned.sum(dim=(1, 2, 3))
    assert float((ink - 100).abs().max()) < 6


def test_an_elastic_bend_moves_by_what_it_says() -> None:
    torch.manual_seed(2)
    ramp = (torch.arange(64).float() / 64).expand(256, 1, 64, 64)
    moved = augment(ramp, Augment(elastic=0.03), ink=False)[:, :, 16:48, 16:48]
    found = float((moved - ramp[:, :, 16:48, 16:48]).pow(2).mean().sqrt())
    assert found == pytest.approx(0.03, rel=0.25)


def test_thicker_and_thinner_strokes_both_occur() -> None:
    torch.manual_seed(3)
    x = pictures(200)
    ink = augment(x, Augment(stroke=1.0), ink=True).sum(dim=(1, 2, 3)) - x.sum(dim=(1, 2, 3))
    assert 60 < int((ink > 0).sum()) < 140
    assert int((ink < 0).sum()) > 60


def test_rotated_copies_come_after_the_originals_with_edges_drawn_out() -> None:
    x = np.full((3, 1, 20, 20), 200, np.uint8)
    x[:, :, 8:12, 2:18] = 10
    copies = rotated_copies(x, (-90.0, 0.0))
    assert copies.shape == (9, 1, 20, 20)
    np.testing.assert_array_equal(copies[:3], x)
    np.testing.assert_array_equal(copies[6:], x)
    np.testing.assert_array_equal(copies[3, 0], np.rot90(x[0, 0]))
    assert rotated_copies(x, (20.0,))[3, 0, 0, 0] == 200
