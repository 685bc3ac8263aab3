import numpy as np

from glyphsmith.steps import boxes, contours, regions


def mask_of(*rows):
    return np.array([[255 if sign == "#" else 0 for sign in row] for row in rows], np.uint8)


SHAPES = mask_of(
    "##...#.",
    "##..#..",
    "......#",
    "..#..##",
)


def test_pixels_that_touch_by_a_corner_are_one_region():
    found = regions(SHAPES)
    assert sorted(zip(found.boxes, found.areas, strict=True)) == [
        ((0, 0, 2, 2), 4),
        ((2, 3, 1, 1), 1),
        ((4, 0, 2, 2), 2),
        ((5, 2, 2, 2), 3),
    ]
    for r, (left, top, width, height) in enumerate(found.boxes):
        rows, columns = np.nonzero(found.labels == r + 1)
        assert (columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1) == (left, top, width, height)


def test_boxes_stand_from_left_to_right():
    assert boxes(SHAPES) == [(0, 0, 2, 2), (2, 3, 1, 1), (4, 0, 2, 2), (5, 2, 2, 2)]


def test_a_contour_runs_around_each_region_but_not_around_its_holes():
    ring = mask_of("#####", "#...#", "#...#", "#####")
    found = contours(ring)
    assert len(found) == 1
    assert (found[0].min(axis=0).tolist(), found[0].max(axis=0).tolist()) == ([0, 0], [4, 3])
    assert [points[:, 0].min() for points in contours(SHAPES)] == [0, 2, 4, 5]


def test_an_empty_mask_has_nothing():
    empty = np.zeros((5, 5), np.uint8)
    assert (boxes(empty), contours(empty), len(regions(empty))) == ([], [], 0)
