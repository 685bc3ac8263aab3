"""What real sites do to a text, setting by setting: each does what its name says, and off takes no draw."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from glyphsmith.errors import DataError
from glyphsmith.synth.captcha import CaptchaPainter
from glyphsmith.synth.settings import preset

CLEAN = {
    "fonts": ("bundled",),
    "edges": "soft",
    "fit": True,
    "pale": False,
    "ink": (60, 60),
    "ground": (255, 255),
    "smooth": 0.0,
    "blank": 0.0,
    "dots": (0, 0),
    "curves": (0, 0),
    "rotate_deg": (0.0, 0.0),
    "warp_x": (0.0, 0.0),
    "warp_y": (0.0, 0.0),
    "stretch": 0.0,
}


def painted(n: int = 20, **changes: Any) -> np.ndarray:
    painter = CaptchaPainter(preset("library-0.7.0", **CLEAN | changes))
    return np.stack([painter.paint(5, index)[0] for index in range(n)])


def painted_ink(**changes: Any) -> float:
    return float((255.0 - painted(**changes)).mean())


def test_folded_texts_are_painted_in_both_cases_and_labelled_in_capitals() -> None:
    settings = preset("library-0.7.0", **CLEAN | {"alphabet": "aA3ß"})
    plain, folded = (
        CaptchaPainter(settings),
        CaptchaPainter(preset("library-0.7.0", **CLEAN | {"alphabet": "aA3ß", "fold": True})),
    )
    assert folded.settings.labels == ("A", "3", "ß")
    for index in range(20):
        (one, text), (other, said) = plain.paint(5, index), folded.paint(5, index)
        assert np.array_equal(one, other)
        assert said == text.replace("a", "A") == folded.text(5, index)


def test_outlines_have_less_ink_and_no_outline_is_lost_where_strokes_are_thin() -> None:
    # A setting of almost nothing takes the same draws as one of all.
    filled, hollow = painted_ink(hollow=1e-9, scale=(2.0, 2.0)), painted_ink(hollow=1.0, scale=(2.0, 2.0))
    assert 0.3 * filled < hollow < 0.9 * filled
    assert painted_ink(hollow=1.0, scale=(0.3, 0.3)) > 0.95 * painted_ink(hollow=1e-9, scale=(0.3, 0.3))


def test_symbols_of_own_sizes_differ_in_height() -> None:
    def heights(sizes: tuple[float, float]) -> set[int]:
        pictures = painted(40, own_sizes=sizes, length=(1, 1), alphabet="H", font_sizes_px=(40,))
        return {int((picture.min(axis=(1, 2)) < 200).sum()) for picture in pictures}

    assert len(heights((1.0, 1.0))) == 1
    assert len(heights((0.6, 1.2))) > 5


def test_spread_symbols_reach_from_end_to_end() -> None:
    def width(spread: float) -> float:
        inked = painted(spread=(spread, spread + 1e-9), width_px=300).min(axis=(1, 3)) < 200
        return float(np.mean([np.ptp(np.flatnonzero(row)) for row in inked]))

    assert width(0.999) > 270 > 200 > width(0.0)


def test_shaken_symbols_come_to_lie_on_each_other_and_stay_in_the_picture() -> None:
    def gaps(**changes: Any) -> np.ndarray:
        painter = CaptchaPainter(preset("library-0.7.0", **CLEAN | changes))
        spans = [painter.paint_placed(5, index).spans for index in range(40)]
        assert min(span.min() for span in spans) >= 0
        return np.concatenate([span[1:, 0] - span[:-1, 1] for span in spans])

    still, shaken = gaps(overlap=(0.0, 0.0)), gaps(overlap=(0.0, 0.0), shaken=(0.45, 0.45))
    assert still.min() >= -1
    assert shaken.min() < -5 < 5 < shaken.max()


def test_obstacles_are_there_as_often_as_said() -> None:
    never = painted(60, obstructed=0.0, lines=(3, 3), dots=(50, 50), scratches=(50, 50), curves=(1, 1), length=(1, 1))
    assert (never[:, :, 120:] == 255).all()
    often = painted(200, obstructed=0.5, lines=(3, 3), length=(1, 1))
    crossed = (often[:, :, 120:] < 255).any(axis=(1, 2, 3)).mean()
    assert 0.35 < crossed < 0.65


def test_confetti_has_all_colours_and_else_dots_have_that_of_the_text() -> None:
    dots = {"dots": (60, 60), "length": (1, 1)}

    def colours(confetti: float) -> int:
        right = painted(5, confetti=confetti, **dots)[:, :, 120:].reshape(-1, 3)
        return len({tuple(pixel) for pixel in right})

    assert colours(0.0) == 2
    assert colours(1.0) > 50


def test_scratches_lie_behind_the_text_and_are_paler_than_it() -> None:
    pictures = painted(20, scratches=(40, 40), length=(1, 1))
    assert (pictures[:, :, 120:] < 250).any(axis=(1, 2, 3)).all()
    assert pictures[:, :, 120:].min() > 60
    assert (pictures == 60).any(axis=(1, 2, 3)).all()


def test_a_snake_reaches_from_edge_to_edge_in_the_colour_of_the_text() -> None:
    pictures = painted(20, snakes=(1, 1), alphabet=".", length=(1, 1))
    touched = (pictures == 60).any(axis=(1, 3))
    # One that leaves the picture at the top or at the bottom may come back.
    assert touched.mean() > 0.95
    assert touched[:, [0, -1]].mean() > 0.8
    assert pictures.min() == 60


def test_a_mesh_covers_the_whole_picture_and_is_paler_than_the_text() -> None:
    pictures = painted(30, mesh=1.0, alphabet=".", length=(1, 1))
    for picture in pictures:
        thirds = np.array_split(picture.min(axis=2), 3, axis=1)
        assert all((third < 255).mean() > 0.02 for third in thirds)
    assert (pictures[:, :, 120:].min(axis=(1, 2, 3)) > 60).all()


def test_specks_cover_the_share_of_the_pixels_that_was_asked_for() -> None:
    inked = (painted(30, speckle=(0.1, 0.1), alphabet=".", length=(1, 1)) < 255).any(axis=3).mean()
    # A tenth of the pixels is drawn, some of them twice.
    assert 0.085 < inked < 0.105


def test_each_symbol_may_stand_on_a_ground_of_its_own() -> None:
    grounds = {"ground": (200, 255), "alphabet": ".", "length": (4, 4), "spread": (0.999, 1.0)}
    for picture in painted(10, patches=1.0, **grounds):
        assert len({tuple(pixel) for pixel in picture[0]}) == 4
        assert len({tuple(pixel) for pixel in picture[0, 1:40]}) == 1
    for picture in painted(10, **grounds):
        assert len({tuple(pixel) for pixel in picture[0]}) == 1


def test_a_wave_moves_a_level_stroke_up_and_down() -> None:
    def rows(reach: float) -> float:
        pictures = painted(wave=(reach, reach), alphabet="-", length=(4, 4), scale=(1.5, 1.5))
        return float(np.mean((pictures.min(axis=(2, 3)) < 200).sum(axis=1)))

    assert rows(0.15) > rows(1e-6) + 5


def test_a_frame_is_of_one_colour_all_around() -> None:
    pictures = painted(10, frame=1.0)
    edges = [np.concatenate([p[0], p[-1], p[:, 0], p[:, -1]]) for p in pictures]
    assert all((edge == edge[0]).all() for edge in edges)
    assert any((edge[0] != 255).any() for edge in edges)


def test_coarse_pictures_keep_their_size_and_lose_their_edges() -> None:
    fine, coarse = painted(coarse=(1.0, 1.0 + 1e-9)), painted(coarse=(4.0, 4.0))
    assert fine.shape == coarse.shape

    def steepest(pictures: np.ndarray) -> float:
        return float(np.abs(np.diff(pictures.astype(int), axis=2)).max(axis=(1, 2, 3)).mean())

    assert steepest(coarse) < 0.6 * steepest(fine)


def test_coloured_grain_differs_between_the_channels_and_grey_grain_does_not() -> None:
    def between(coloured: float) -> float:
        pictures = painted(5, grain=(10.0, 10.0), ground=(200, 200), coloured_grain=coloured, length=(1, 1))
        return float(np.abs(np.diff(pictures[:, :, 120:].astype(int), axis=3)).mean())

    assert between(0.0) < 1.0
    assert between(1.0) > 5.0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"wave": (0.0, 0.9)}, "wave = 0-0.9"),
        ({"coarse": (0.5, 2.0)}, "coarse = 0.5-2"),
        ({"shaken": (0.0, 0.8)}, "shaken"),
        ({"hollow": 2.0}, "hollow"),
        ({"scratches": (5, 1)}, "scratches"),
        ({"own_sizes": (0.0, 1.0)}, "own_sizes"),
        ({"snakes": (-1, 1)}, "snakes"),
        ({"mesh": 2.0}, "mesh"),
        ({"speckle": (0.0, 1.5)}, "speckle"),
        ({"patches": -1.0}, "patches"),
    ],
)
def test_looks_outside_their_range_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        preset("wide", **changes)
