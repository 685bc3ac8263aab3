"""What is chosen for which pictures, and that each choice has its reason."""

from __future__ import annotations

import numpy as np
import pytest

from glyphsmith.errors import DataError
from glyphsmith.train.automatic import check_labels, choose, look_at, share_to_hold_out
from glyphsmith.train.recipe import Recipe


def sign(seed: int, side: int = 60, *, dark: bool = True, shadow: bool = False) -> np.ndarray:
    rng = np.random.default_rng(seed)
    ink = np.zeros((side, side))
    row, column = rng.integers(side // 5, side // 2, 2)
    ink[row : row + side // 12, side // 5 : -side // 5] = 1
    ink[side // 5 : -side // 5, column : column + side // 12] = 1
    ground = np.linspace(0.6, 0.95, side)[None, :] if shadow else 0.95
    grey = ground * (1 - 0.8 * ink) if dark else 0.05 + 0.9 * ink
    grey = np.clip(grey + rng.normal(0, 0.01, grey.shape), 0, 1)
    return np.repeat((grey * 255).astype(np.uint8)[:, :, None], 3, axis=2)


def photo(seed: int, side: int = 32) -> np.ndarray:
    rng = np.random.default_rng(seed)
    small = rng.uniform(0, 1, (side // 2, side // 2, 3))
    return (np.kron(small, np.ones((2, 2, 1))) * 255).astype(np.uint8)


def chosen(pictures: list[np.ndarray], labels: int = 10, each: int = 100):
    return choose({str(k): each for k in range(labels)}, look_at(pictures), Recipe())


@pytest.mark.parametrize("more", [{}, {"dark": False}, {"shadow": True}, {"side": 300}])
def test_signs_on_a_ground_are_cropped_grey(more: dict) -> None:
    recipe, decisions = chosen([sign(seed, **more) for seed in range(9)])
    assert (recipe.prepare.colour, recipe.prepare.crop, recipe.network.family) == (False, True, "glyph")
    assert all(decision.value and decision.reason for decision in decisions)
    assert {"task", "preparation", "size", "network", "augmentation", "batch", "epochs", "rate", "stop"} <= {
        decision.what for decision in decisions
    }


def test_photographs_keep_their_colours_and_frame() -> None:
    recipe, _ = chosen([photo(seed) for seed in range(9)])
    assert (recipe.prepare.colour, recipe.prepare.crop, recipe.network.family) == (True, False, "photo")
    assert recipe.augment.flip == 0.5


def test_few_samples_are_changed_more_and_shown_more_often() -> None:
    pictures = [sign(seed) for seed in range(5)]
    few, many = chosen(pictures, each=15)[0], chosen(pictures, each=3000)[0]
    assert few.augment.rotate_deg > many.augment.rotate_deg
    assert few.augment.elastic > many.augment.elastic
    assert few.learn.epochs > many.learn.epochs
    assert few.learn.batch < many.learn.batch


def test_many_signs_get_more_pixels() -> None:
    pictures = [sign(seed) for seed in range(5)]
    assert chosen(pictures, labels=300)[0].prepare.height_px > chosen(pictures)[0].prepare.height_px


@pytest.mark.parametrize(("labels", "each"), [(100, 1), (3, 1)])
def test_a_label_for_every_picture_is_no_label(labels: int, each: int) -> None:
    with pytest.raises(DataError, match="nearly every picture has a label of its own"):
        check_labels(dict.fromkeys(map(str, range(labels)), each))


def test_few_pictures_a_label_are_labels_still() -> None:
    check_labels({"a": 2, "b": 1})
    check_labels(dict.fromkeys(map(str, range(5000)), 2))


def test_small_sets_hold_out_a_larger_share() -> None:
    assert share_to_hold_out(60_000, 10)[0] < share_to_hold_out(1800, 10)[0] < share_to_hold_out(360, 24)[0]


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (3, 2), (8, 8), (2000, 3)])
def test_any_size_of_picture_can_be_looked_at(shape: tuple[int, int]) -> None:
    look = look_at([np.zeros((*shape, 3), np.uint8)])
    assert look.side_px == max(shape)
