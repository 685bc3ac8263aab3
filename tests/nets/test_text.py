"""The networks of texts: their columns, their heads, and the published ones' sizes."""

from __future__ import annotations

import pytest
import torch

from glyphsmith.nets import build, count_weights

SMALL = (4, 6, 8, 10)


def text_network(height: int = 24, width: int = 64, **options):
    torch.manual_seed(0)
    options = {"columns": 10, "places": 0, **options}
    return build("text", SMALL, channels=1, height_px=height, width_px=width, classes=5, **options).eval()


@pytest.mark.parametrize(
    ("height", "width", "columns"), [(24, 64, 8), (24, 64, 17), (64, 136, 16), (18, 44, 44), (7, 9, 9)]
)
def test_there_are_as_many_columns_as_were_asked_for_and_less_than_twice_as_many_where_strides_allow(
    height: int, width: int, columns: int
) -> None:
    network = text_network(height, width, columns=columns)
    logits = network(torch.rand(2, 1, height, width))
    assert logits.shape == (2, network.columns, 6)
    assert network.columns >= columns
    assert network.columns == width or network.columns < 2 * columns or len(SMALL) < 6


def test_more_columns_than_pixels_are_refused() -> None:
    with pytest.raises(ValueError, match="65 columns are needed"):
        text_network(columns=65)


def test_a_head_of_fixed_length_answers_once_a_place_and_needs_the_length() -> None:
    network = text_network(head="fixed", places=4)
    assert network(torch.rand(3, 1, 24, 64)).shape == (3, 4, 5)
    with pytest.raises(ValueError, match=r"network\.places"):
        text_network(head="fixed")


def test_the_guide_sees_what_the_columns_see_and_changes_nothing_in_them() -> None:
    network = text_network(places=4)
    x = torch.rand(2, 1, 24, 64)
    logits, guide = network.guided(x)
    assert guide is not None
    assert guide.shape == (2, 4, 6)  # five labels and the end
    torch.testing.assert_close(logits, network.scores(x))
    assert text_network().guided(x)[1] is None


def test_the_published_networks_have_their_columns_places_and_weights() -> None:
    crnn = build("captcha-crnn", channels=3, height_px=80, width_px=170, classes=36)
    assert (crnn.columns, count_weights(crnn)) == (17, 890_437)
    heads = build("captcha-multihead", channels=3, height_px=80, width_px=170, classes=36, places=4)
    assert heads.eval()(torch.zeros(1, 3, 80, 170)).shape == (1, 4, 36)
    assert count_weights(heads) == 1_393_584


@pytest.mark.parametrize("family", ["captcha-crnn", "captcha-multihead"])
def test_a_picture_too_small_for_a_published_network_is_said_plainly(family: str) -> None:
    with pytest.raises(ValueError, match="too small"):
        build(family, channels=1, height_px=24, width_px=24, classes=5, places=4)
