"""The temperature against a brute-force search, and the loss of pictures that show nothing of their label."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from glyphsmith.train.tasks.label import LabelLesson, fit_temperature, on_bound


def sharp_logits(factor: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (3000, 5))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = np.array([rng.choice(5, p=row) for row in p])
    return (logits * factor).astype(np.float32), labels


@pytest.mark.parametrize("factor", [0.5, 1.0, 4.0])
def test_it_finds_by_how_much_the_scores_were_exaggerated(factor: float) -> None:
    assert fit_temperature(*sharp_logits(factor)) == pytest.approx(factor, rel=0.06)


def test_it_is_the_best_of_a_fine_grid() -> None:
    logits, labels = sharp_logits(2.0)
    grid = np.exp(np.linspace(np.log(0.5), np.log(6.0), 400))
    scores = torch.from_numpy(logits).double()
    costs = [float(torch.nn.functional.cross_entropy(scores / t, torch.from_numpy(labels))) for t in grid]
    assert fit_temperature(logits, labels) == pytest.approx(float(grid[int(np.argmin(costs))]), rel=0.02)


def test_no_mistake_on_validation_does_not_become_certainty() -> None:
    logits = np.eye(4, dtype=np.float32)[np.arange(100) % 4] * 6
    temperature = fit_temperature(logits, np.arange(100) % 4)
    surest = 1 / (1 + 3 * np.exp(-6 / temperature))
    assert 0.97 < surest < 0.9999


def test_without_pictures_it_is_one() -> None:
    assert fit_temperature(np.zeros((0, 3), np.float32), np.zeros(0, np.int64)) == 1.0


def test_a_temperature_on_its_bound_is_known_as_such() -> None:
    logits, labels = sharp_logits(1.0)
    assert not on_bound(fit_temperature(logits, labels))
    assert on_bound(fit_temperature(logits, (logits.argmax(axis=1) + 1) % 5))  # sure of what is never right
    assert on_bound(fit_temperature(logits * 1e-3, labels))


class Answers:
    """A model that gives what it is given."""

    def scores(self, x: torch.Tensor) -> torch.Tensor:
        return x


def test_a_picture_that_shows_nothing_is_learned_as_any_label_alike() -> None:
    logits = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    labels = torch.tensor([2, -1, 0, 3, -1, 1])
    lesson = LabelLesson(unclear=True)
    loss, given = lesson.loss(Answers(), logits, labels)
    # On average over all labels it might have carried, that is what it would have taught.
    logs = torch.log_softmax(logits, dim=1)
    each = [float(-logs[i].mean() if label < 0 else -logs[i, label]) for i, label in enumerate(labels.tolist())]
    assert float(loss) == pytest.approx(np.mean(each), rel=1e-5)
    assert given is not None
    told = torch.tensor([2, 1, 0, 3, 0, 1])
    plain = LabelLesson().loss(Answers(), logits, told)[0]
    assert float(lesson.loss(Answers(), logits, told)[0]) == pytest.approx(float(plain), rel=1e-5)
