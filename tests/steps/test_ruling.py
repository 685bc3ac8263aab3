import cv2
import numpy as np
import pytest

from glyphsmith.steps import regions, ruling_lines
from painted_sheet import paint_sheet


def writing(tilt_deg=0.0):
    sheet = paint_sheet(("17", "47"), shadow=0.0, noise=0.0, tilt_deg=tilt_deg)
    return np.where(sheet.picture[:, :, 0] < 150, np.uint8(255), np.uint8(0))


@pytest.mark.parametrize("tilt_deg", [-4.0, -1.0, 0.0, 2.0])
@pytest.mark.parametrize("upright", [False, True])
def test_a_line_across_the_page_is_ruling_and_the_strokes_that_cross_it_are_not(tilt_deg, upright):
    mask = writing()
    lines = np.zeros_like(mask)
    turn = cv2.getRotationMatrix2D((600, 450), tilt_deg + 90 * upright, 1.0)
    for at in range(60, 900, 90):
        cv2.line(lines, (0, at), (1200, at), 255, 3)
    lines = cv2.warpAffine(lines, turn, (1200, 900), flags=cv2.INTER_NEAREST)
    found = ruling_lines(mask | lines)
    assert (found[(lines > 0) & (mask == 0)] > 0).mean() > 0.9
    assert (found[mask > 0] > 0).mean() < 0.08
    left = regions((mask | lines) & ~found)
    assert sum(max(width, height) > 60 for _, _, width, height in left.boxes) == len(regions(mask))


def test_writing_alone_has_no_ruling():
    assert not ruling_lines(writing()).any()
    assert not ruling_lines(np.zeros((50, 60), np.uint8)).any()
    assert not ruling_lines(np.zeros((1, 1), np.uint8)).any()


def test_a_stroke_along_a_paler_line_is_kept_when_the_page_is_given():
    mask = np.zeros((200, 400), np.uint8)
    cv2.line(mask, (0, 100), (400, 100), 255, 3)
    stroke = np.zeros_like(mask)
    cv2.line(stroke, (150, 100), (190, 100), 255, 3)
    cv2.line(stroke, (170, 60), (170, 140), 255, 5)
    flat = np.where(stroke > 0, np.uint8(40), np.where(mask > 0, np.uint8(150), np.uint8(255)))
    assert ruling_lines(mask | stroke)[100, 155] > 0
    found = ruling_lines(mask | stroke, flat)
    assert not (found & stroke).any()
    assert found[100, 30] > 0
