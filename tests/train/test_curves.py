"""The curves of a run are drawn whatever its history holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from glyphsmith.picture import load_picture
from glyphsmith.train.curves import draw_curves

SEEN = {"train_loss": 1.0, "train_accuracy": 0.5}
JUDGED = {"val_loss": 2.0, "val_accuracy": 0.4}


@pytest.mark.parametrize(
    "history",
    [
        [{"epoch": 1, **SEEN, **JUDGED}],
        [{"epoch": 1, **SEEN}, {"epoch": 2, **SEEN}],  # no validation pictures
        [{"epoch": k, **SEEN, **JUDGED, "train_loss": 10.0 ** (2 - k)} for k in range(1, 6)],  # over many decades
    ],
)
def test_one_epoch_no_validation_or_many_decades_are_drawn(tmp_path: Path, history: list) -> None:
    draw_curves(tmp_path / "curves.png", history, title="ᚠ 圳", best_epoch=1)
    assert load_picture(tmp_path / "curves.png").shape == (480, 1200, 3)


def test_no_history_draws_nothing(tmp_path: Path) -> None:
    draw_curves(tmp_path / "curves.png", [], title="empty")
    assert not (tmp_path / "curves.png").exists()
