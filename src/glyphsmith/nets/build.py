"""Choose a network by the name of its family; the one door into ``nets``."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from glyphsmith.nets.dense import MnistConv3, MnistConv5, RunesConv, RunesMlp
from glyphsmith.nets.face import PicturesToLabels
from glyphsmith.nets.pooled import GlyphNet, PhotoNet

__all__ = ["DEFAULT_WIDTHS", "FAMILIES", "PicturesToLabels", "build", "count_weights"]

#: The widths a family takes when the recipe names none; () where the published network fixes them.
DEFAULT_WIDTHS: dict[str, tuple[int, ...]] = {
    "glyph": (32, 64, 64, 128),
    "photo": (32, 64, 128),
    "mnist-conv3": (),
    "mnist-conv5": (),
    "runes-conv": (),
    "runes-mlp": (100,),
}
FAMILIES = tuple(DEFAULT_WIDTHS)


def build(
    family: str,
    widths: Sequence[int] = (),
    dropout: float = 0.0,
    *,
    channels: int,
    height_px: int,
    width_px: int,
    classes: int,
) -> PicturesToLabels:
    """Make a network with fresh weights for pictures (channels, height_px, width_px) and K = ``classes`` labels.

    ``dropout`` is the share dropped before the last dense layer; the reference networks keep their published one when
    it is 0. Raises ValueError for an unknown family, widths that do not fit it, or pictures too small for it.
    """
    if family not in DEFAULT_WIDTHS:
        raise ValueError(f"no network family is called {family!r}; there are {', '.join(FAMILIES)}")
    if classes < 1 or channels < 1:
        raise ValueError(f"a network needs at least one label and one channel, got {classes} and {channels}")
    if widths and not DEFAULT_WIDTHS[family]:
        raise ValueError(f"the published network {family} has fixed widths; got {tuple(widths)}")
    chosen = tuple(widths) or DEFAULT_WIDTHS[family]
    if any(width < 1 for width in chosen):
        raise ValueError(f"widths must be positive, got {chosen}")
    size = (channels, height_px, width_px)
    if family == "glyph":
        return GlyphNet(chosen, dropout, size, classes)
    if family == "photo":
        return PhotoNet(chosen, dropout, size, classes)
    if family == "mnist-conv3":
        return MnistConv3(dropout, size, classes)
    if family == "mnist-conv5":
        return MnistConv5(dropout or 0.5, size, classes)
    if family == "runes-conv":
        return RunesConv(dropout, size, classes)
    return RunesMlp(chosen, size, classes)


def count_weights(network: nn.Module) -> int:
    """Count the trained numbers of a network (without the statistics of batch norm)."""
    return sum(parameter.numel() for parameter in network.parameters())
