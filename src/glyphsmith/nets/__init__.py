"""Networks: floats (N, C, H, W) in 0..1 in, ``(logits (N, K), maps (N, K, h, w))`` out; imports nothing else of ours.

``train`` teaches them and ``export`` writes them into the file. Every family is made of plain operators, so that the
class maps are an output of the file and need no gradients where it runs. All weights live in one ``state_dict``.
"""

from __future__ import annotations

from glyphsmith.nets.build import (
    DEFAULT_WIDTHS,
    FAMILIES,
    TEXT_FAMILIES,
    PictureNetwork,
    PicturesToLabels,
    PicturesToText,
    build,
    count_weights,
)
from glyphsmith.nets.face import label_probabilities, with_none

__all__ = [
    "DEFAULT_WIDTHS",
    "FAMILIES",
    "TEXT_FAMILIES",
    "PictureNetwork",
    "PicturesToLabels",
    "PicturesToText",
    "build",
    "count_weights",
    "label_probabilities",
    "with_none",
]
