"""Choose a network by the name of its family; the one door into ``nets``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from torch import nn

from glyphsmith.nets.dense import MnistConv3, MnistConv5, RunesConv, RunesMlp
from glyphsmith.nets.face import PictureNetwork, PicturesToLabels, PicturesToText
from glyphsmith.nets.pooled import GlyphNet, PhotoNet
from glyphsmith.nets.recurrent import CaptchaCrnn, CaptchaMultihead
from glyphsmith.nets.text import TextNet

__all__ = [
    "DEFAULT_WIDTHS",
    "FAMILIES",
    "TEXT_FAMILIES",
    "PictureNetwork",
    "PicturesToLabels",
    "PicturesToText",
    "build",
    "count_weights",
]

#: The widths a family takes when the recipe names none; () where the published network fixes them.
DEFAULT_WIDTHS: dict[str, tuple[int, ...]] = {
    "glyph": (32, 64, 64, 128),
    "photo": (32, 64, 128),
    "mnist-conv3": (),
    "mnist-conv5": (),
    "runes-conv": (),
    "runes-mlp": (100,),
    "text": (32, 48, 96, 160, 256),
    "captcha-multihead": (),
    "captcha-crnn": (32, 64, 128, 128),
}
FAMILIES = tuple(DEFAULT_WIDTHS)
#: Families that read texts; all others answer one label a picture.
TEXT_FAMILIES = ("text", "captcha-multihead", "captcha-crnn")


def build(
    family: str,
    widths: Sequence[int] = (),
    dropout: float = 0.0,
    *,
    channels: int,
    height_px: int,
    width_px: int,
    classes: int,
    strides: Sequence[int] = (),
    unpadded: int = 0,
    slants_deg: Sequence[float] = (),
    head: Literal["ctc", "fixed"] = "ctc",
    columns: int = 1,
    places: int = 0,
) -> PictureNetwork:
    """Make a network with fresh weights for pictures (channels, height_px, width_px) and K = ``classes`` labels.

    ``dropout`` is the share dropped before the last dense layer; the reference networks keep their published one when
    it is 0. ``strides`` (() for its own choice), ``unpadded`` and ``slants_deg`` are of the family ``glyph``. ``head``,
    the least number of ``columns`` and ``places`` are of the families of texts (TextNet). Raises ValueError for an
    unknown family, widths that do not fit it, or pictures too small for it.
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
    if (strides or unpadded or slants_deg) and family != "glyph":
        raise ValueError(f"strides, unpadded and slants are for the family glyph alone, not for {family}")
    size = (channels, height_px, width_px)
    if family == "glyph":
        return GlyphNet(chosen, dropout, size, classes, tuple(strides), unpadded, tuple(slants_deg))
    if family == "photo":
        return PhotoNet(chosen, dropout, size, classes)
    if family == "mnist-conv3":
        return MnistConv3(dropout, size, classes)
    if family == "mnist-conv5":
        return MnistConv5(dropout or 0.5, size, classes)
    if family == "runes-conv":
        return RunesConv(dropout, size, classes)
    if family == "runes-mlp":
        return RunesMlp(chosen, size, classes)
    if family == "captcha-multihead":
        return CaptchaMultihead(dropout or 0.25, size, classes, places)
    if family == "captcha-crnn":
        return CaptchaCrnn(chosen, dropout, size, classes)
    return TextNet(chosen, dropout, size, classes, reading=head, columns=columns, places=places)


def count_weights(network: nn.Module) -> int:
    """Count the trained numbers of a network (without the statistics of batch norm)."""
    return sum(parameter.numel() for parameter in network.parameters())
