import numpy as np
import pytest

from glyphsmith.steps import closing, median, opening


def square(size=7, ground=0, ink=255):
    picture = np.full((21, 21), ground, np.uint8)
    picture[7 : 7 + size, 7 : 7 + size] = ink
    return picture


def brute_median(picture, size):
    half = size // 2
    padded = np.pad(picture, half, mode="edge")
    return np.array(
        [
            [np.median(padded[y : y + size, x : x + size]) for x in range(picture.shape[1])]
            for y in range(picture.shape[0])
        ]
    )


@pytest.mark.parametrize("size", [3, 5, 9])
def test_median_is_the_median_of_the_square_around(size):
    picture = np.random.default_rng(0).integers(0, 256, (17, 12)).astype(np.uint8)
    np.testing.assert_array_equal(median(picture, size), brute_median(picture, size))


def test_median_removes_salt_and_keeps_an_edge():
    picture = square(14)
    salted = picture.copy()
    salted[3, 3] = 255
    assert median(salted)[3, 3] == 0
    np.testing.assert_array_equal(median(salted)[9:20, 9:20], picture[9:20, 9:20])


@pytest.mark.parametrize("size", [0, 1, 2, 4])
def test_median_wants_an_odd_size(size):
    with pytest.raises(ValueError, match="odd"):
        median(square(), size)


def test_opening_removes_what_the_box_does_not_fit_into_and_keeps_the_rest():
    picture = square(7)
    picture[2, :] = 255
    found = opening(picture, 3, 3)
    np.testing.assert_array_equal(found, square(7))


def test_closing_fills_what_the_box_does_not_fit_into_and_keeps_the_rest():
    picture = square(7)
    picture[10, 7:14] = 0
    np.testing.assert_array_equal(closing(picture, 3, 3), square(7))


def test_a_wide_box_keeps_level_lines_only():
    picture = np.zeros((21, 21), np.uint8)
    picture[10, :] = 255
    picture[:, 10] = 255
    found = opening(picture, 1, 9)
    assert found[10].all()
    assert found[2, 10] == 0


def test_nothing_is_changed_in_place():
    picture = square()
    before = picture.copy()
    for step in (median, opening, closing):
        step(picture)
    np.testing.assert_array_equal(picture, before)
