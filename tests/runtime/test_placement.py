"""Where the prepared picture lies in the original, against pictures whose ink lies where a test put it."""

from __future__ import annotations

import numpy as np
import pytest

from glyphsmith.export.graph import preparation, stage_captions
from glyphsmith.runtime.placement import Frame, place_frame
from glyphsmith.runtime.session import Preparer
from glyphsmith.train.recipe import Prepare


def test_a_stretched_picture_is_seen_whole() -> None:
    assert place_frame({"fit": "stretch"}, 40, 90, np.zeros((20, 20))) == Frame(0, 0, 90, 40)


def test_a_card_that_says_nothing_means_the_whole_picture() -> None:
    assert place_frame({}, 40, 90, np.zeros((20, 20))) == Frame(0, 0, 90, 40)


@pytest.mark.parametrize(("height", "width"), [(10, 40), (40, 10), (37, 37), (1, 1), (300, 7)])
def test_a_letterboxed_picture_is_framed_with_its_pads(height: int, width: int) -> None:
    frame = place_frame({"fit": "letterbox"}, height, width, np.zeros((20, 20)))
    assert frame.width / frame.height == pytest.approx(1.0, rel=0.6 if min(height, width) < 10 else 0.05)
    assert frame.left <= 0 <= frame.top + frame.height
    assert frame.left + frame.width >= width - 1e-6
    assert frame.top + frame.height >= height - 1e-6


def test_a_placed_picture_is_framed_with_the_field_around_it() -> None:
    assert place_frame({"fit": "place"}, 10, 8, np.zeros((20, 18))) == Frame(-5, -5, 18, 20)
    assert place_frame({"fit": "place"}, 40, 36, np.zeros((20, 18))) == Frame(0, 0, 36, 40)


def test_a_crop_without_ink_or_without_its_stage_is_framed_as_the_whole() -> None:
    prepare = {"crop": True, "fit": "letterbox"}
    empty, whole = np.zeros((28, 28)), Frame(0, 0, 60, 50)
    assert place_frame(prepare, 50, 60, empty) == whole
    assert place_frame(prepare, 50, 60, empty, empty) == whole
    point = empty.copy()
    point[3, 3] = 1.0
    assert place_frame(prepare, 50, 60, point, point) == whole


@pytest.mark.parametrize("centre", ["mass", "box"])
@pytest.mark.parametrize(
    ("size", "box"),
    [
        ((60, 80), (20, 15, 34, 26)),
        ((400, 300), (40, 100, 200, 90)),
        ((28, 28), (6, 6, 12, 16)),
        ((90, 500), (300, 10, 60, 70)),
    ],
)
def test_the_crop_of_a_drawn_box_is_found_again(
    centre: str, size: tuple[int, int], box: tuple[int, int, int, int]
) -> None:
    """A filled ring: its ink box is scaled to 20 of 28 px, so the frame's side is 28/20 of the box's longer side."""
    settings = Prepare(centre=centre, flatten=False)  # type: ignore[arg-type]
    left, top, width, height = box
    picture = np.full((*size, 3), 235, np.uint8)
    picture[top : top + height, left : left + width] = 20
    inner = max(2, min(width, height) // 4)
    picture[top + inner : top + height - inner, left + inner : left + width - inner] = 235
    names = [name for name, _ in stage_captions(settings)]
    values = Preparer(preparation(settings).SerializeToString()).stages(picture[None], names)
    stages = {name: value[0, 0] for name, value in zip(names, values, strict=True)}
    frame = place_frame({"crop": True, "fit": "letterbox"}, *size, stages["prepared"], stages["stage_clean"])
    expected = max(width, height) * 28 / 20
    assert frame.width == pytest.approx(expected, rel=0.12)
    assert frame.height == pytest.approx(expected, rel=0.12)
    assert frame.left + frame.width / 2 == pytest.approx(left + width / 2, abs=0.06 * expected)
    assert frame.top + frame.height / 2 == pytest.approx(top + height / 2, abs=0.06 * expected)
