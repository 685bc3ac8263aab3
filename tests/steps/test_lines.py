import numpy as np

from glyphsmith.steps import reading_order


def test_nothing_has_no_lines():
    assert reading_order([]) == []


def test_lines_go_down_and_boxes_go_right_however_they_were_given():
    wanted = [[(x, y, 20, 30) for x in (0, 40, 80)] for y in (0, 60, 120)]
    mixed = [box for line in wanted for box in line]
    np.random.default_rng(0).shuffle(mixed)
    assert reading_order([tuple(int(v) for v in box) for box in mixed]) == wanted


def test_a_line_may_fall_by_more_than_its_own_height():
    falling = [(40 * i, 8 * i, 20, 30) for i in range(10)]
    below = [(40 * i, 70 + 8 * i, 20, 30) for i in range(10)]
    assert reading_order(below + falling) == [falling, below]


def test_a_dash_and_a_comma_stay_on_their_line():
    line = [(0, 10, 20, 30), (30, 24, 14, 4), (50, 12, 20, 30), (75, 34, 5, 10), (90, 8, 20, 30)]
    assert reading_order(line) == [line]


def test_digits_of_uneven_height_are_one_line():
    line = [(0, 0, 20, 40), (30, 12, 20, 26), (60, 5, 20, 44)]
    assert reading_order(line) == [line]
