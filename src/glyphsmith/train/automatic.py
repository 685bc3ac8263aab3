"""What a run decides by itself, and why: each choice is (what, value, reason), printed, and overridden by ``--set``.

Looks at how many pictures and labels there are and at a sample of the pictures themselves. Never looks at anything of
the test part but its size: the sample comes from the training part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from glyphsmith.card import Card
from glyphsmith.data.pictures import Source
from glyphsmith.errors import DataError, PictureError
from glyphsmith.picture import Picture
from glyphsmith.train.recipe import Augment, Learn, Network, Prepare, Recipe, recipe_from_dict

__all__ = ["Decision", "Look", "check_labels", "choose", "look_at", "sample_of", "share_to_hold_out"]

#: Fewer pictures of the middle label than these are few.
FEW = 60
#: Signs lie in a box with a margin around: so many of the last layers go without padding, and see less of nothing.
#: Of digits a seventh fewer are wrong, in a fifth less time (docs/log.md).
UNPADDED = 2
#: Where few pictures are learned, each is read at these slants as well; pictures smaller than so many pixels are not.
SLANTS_DEG = (-8.5, 8.5)
_INSIDE_PX = 24
#: A reader of signs tells signs apart by more than this: an alphabet by hand 0.68, digits by hand 0.65, runes on wood
#: 0.9, sixty of them turned by any angle 0.33; cats and dogs 0.11, photographs of ten kinds 0.06 (docs/log.md).
SIGNS_APART = 0.22


class Decision(NamedTuple):
    """One choice: what was decided, its value and the reason, as they are printed."""

    what: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class Look:
    """What a sample of pictures looks like, each a median over the sample.

    ``side_px`` the longer side, ``aspect`` the longer over the shorter, ``colour`` how far the channels lie apart (0
    for grey), ``flat`` the share of pixels that differ by less than 6 % from their surroundings, ``light`` the share
    of pictures with light ink on dark.
    """

    side_px: int
    aspect: float
    colour: float
    flat: float
    light: float


def look_at(pictures: Sequence[NDArray[np.uint8]]) -> Look:
    """Measure a sample of pictures, each uint8 (H, W, 3)."""
    sides, aspects, colours, flats, lights = [], [], [], [], []
    for picture in pictures:
        height, width = picture.shape[:2]
        sides.append(max(height, width))
        aspects.append(max(height, width) / min(height, width))
        small = picture[:: max(1, height // 64), :: max(1, width // 64)].astype(np.float32) / 255.0
        colours.append(float((small.max(axis=2) - small.min(axis=2)).mean()))
        grey = small.mean(axis=2)
        flats.append(float((np.abs(grey - _surroundings(grey)) < 0.06).mean()))
        border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
        lights.append(float(np.median(border) < grey.mean()))
    return Look(
        side_px=int(np.median(sides)),
        aspect=float(np.median(aspects)),
        colour=float(np.median(colours)),
        flat=float(np.median(flats)),
        light=float(np.mean(lights)),
    )


def sample_of(source: Source, indices: NDArray[np.int64], most: int = 200) -> list[Picture]:
    """Open at most ``most`` pictures spread evenly over ``indices``."""
    chosen = np.unique(np.linspace(0, len(indices) - 1, num=min(most, len(indices))).astype(np.int64))
    sample = []
    for i in indices[chosen].tolist():
        with suppress(PictureError):
            sample.append(source.picture(i))
    return sample


def _surroundings(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give the median of each pixel's row-and-column neighbourhood of 5: what a flat ground equals."""
    padded = np.pad(grey, 2, mode="edge")
    height, width = grey.shape
    shifts = [padded[2 + dy : 2 + dy + height, 2 + dx : 2 + dx + width] for dy, dx in _NEIGHBOURS]
    return np.asarray(np.median(np.stack(shifts), axis=0), dtype=np.float32)


_NEIGHBOURS = ((0, 0), (-2, 0), (2, 0), (0, -2), (0, 2), (-2, -2), (-2, 2), (2, -2), (2, 2))


def check_labels(counts: Mapping[str, int]) -> None:
    """Raise DataError where the labels of ``counts`` pictures each are no labels: nearly every picture has its own."""
    n, k = sum(counts.values()), len(counts)
    if n < 1.5 * k and (k > 20 or n == k > 1):
        raise DataError(
            f"{k} different labels on {n} training pictures: nearly every picture has a label of its own",
            hint="put pictures of one kind into one folder; where labels are texts, say so with --set task=text",
        )


def choose(
    counts: Mapping[str, int],
    look: Look,
    recipe: Recipe,
    *,
    apart: float | None = None,
    base: Card | None = None,
    old: Recipe | None = None,
) -> tuple[Recipe, list[Decision]]:
    """Fill an empty recipe for ``counts`` training pictures a label that look like ``look``.

    ``apart`` is how well a reader of signs tells them apart (train.signs), None where nobody tried; ``base`` a reader
    whose weights few pictures may start from; ``old`` the recipe of a reader that goes on, which sees pictures as it
    did and has its own network.
    """
    n, k = sum(counts.values()), len(counts)
    decisions = [Decision("task", "label", f"each picture carries one label; there are {k} of them")]
    ink, why_ink = _is_ink(look, apart)
    wanted = base is not None and recipe.learn.start == base.name
    if old is not None:
        ink = not old.prepare.colour
    elif wanted:
        ink, why_ink = True, "asked for with learn.start"
    few = int(np.median(list(counts.values())))
    augment, strength, why_augment = _augment(ink, few)
    learn, why_learn = _learn(n, few, ink)
    if old is not None:
        prepare, network = old.prepare, old.network
    elif ink and base is not None and (few < FEW or wanted):
        was = recipe_from_dict(base.recipe, where=base.name)
        prepare, network = was.prepare, _looking_inside(was.network, was.prepare)
        learn, why_learn = _learn_from(base.name, n)
        why = (
            f"{why_ink}; only about {few} of each, and its layers know the strokes of many scripts (docs/log.md). "
            "Labels are those of these pictures alone; --set learn.start= starts from nothing"
        )
        size = f"{prepare.width_px}x{prepare.height_px}"
        decisions += [Decision("start", base.name, why), Decision("size", size, f"as {base.name} has it")]
        if network.slants_deg:
            slants = " and ".join(f"{slant:g}" for slant in network.slants_deg)
            decisions.append(
                Decision("read slanted", f"{slants} degrees", "as well as upright; strangers are told better")
            )
    else:
        prepare, why_prepare = _prepare(look, k, ink, why_ink)
        network, why_network = _network(ink, n, k)
        decisions += [*why_prepare, Decision("network", network.family, why_network)]
    decisions += [Decision("augmentation", strength, why_augment), *why_learn]
    return replace(recipe, prepare=prepare, network=network, augment=augment, learn=learn), decisions


def _looking_inside(network: Network, prepare: Prepare) -> Network:
    """Let a network of signs that few pictures start from look at the sign alone, and at it slanted as well.

    Both need no weights of their own. Of small pictures, unpadded layers would leave too little.
    """
    if network.family != "glyph" or min(prepare.height_px, prepare.width_px) < _INSIDE_PX or prepare.colour:
        return network
    return replace(network, unpadded=UNPADDED, slants_deg=SLANTS_DEG)


def _is_ink(look: Look, apart: float | None) -> tuple[bool, str]:
    """Say whether the pictures show signs on a ground, and why."""
    why = f"colours lie {look.colour:.0%} apart and {look.flat:.0%} of the pixels are like their surroundings"
    if apart is None:
        return look.colour < 0.12 and look.flat >= 0.45, why
    why += f", and a reader of signs tells the labels {max(0.0, apart):.0%} apart (0 % is chance)"
    return apart >= SIGNS_APART or (look.colour < 0.12 and look.flat >= 0.9), why


def share_to_hold_out(n: int, k: int) -> tuple[float, Decision]:
    """Choose the share of ``n`` pictures with ``k`` labels for validation, and the same for test."""
    if n >= 20_000:
        share, reason = 0.05, f"of {n} pictures a twentieth is enough for a narrow interval"
    elif n >= 40 * k:
        share, reason = 0.1, "a tenth of each label"
    else:
        share, reason = 0.2, f"about {n // max(1, k)} pictures a label: a smaller share would be one or two of each"
    return share, Decision("validation and test", f"{share:.0%} each", f"{reason}; parts the data gives go before")


def _prepare(look: Look, k: int, ink: bool, why: str) -> tuple[Prepare, list[Decision]]:
    if not ink:
        side = 32 if look.side_px <= 40 else 64
        settings = Prepare(
            height_px=side, width_px=side, colour=True, flatten=False, polarity="keep", crop=False, box_px=side
        )
        return settings, [
            Decision(
                "preparation",
                "colour, letterbox",
                f"{why}: photographs, not signs drawn on a ground (--set learn.start=glyphs takes them for signs)",
            ),
            Decision("size", f"{side}x{side}", f"the pictures measure about {look.side_px} px"),
        ]
    side = 28 if k <= 40 else 40 if k <= 200 else 56
    box = round(side * 20 / 28)
    settings = Prepare(height_px=side, width_px=side, box_px=box, work_px=max(112, 2 * side))
    kind = "light on dark" if look.light > 0.9 else "dark on light" if look.light < 0.1 else "of both polarities"
    return settings, [
        Decision("preparation", "grey, ground off, polarity, crop", f"{why}: signs drawn on a ground, {kind}"),
        Decision("size", f"{side}x{side}", f"{k} signs, pictures of about {look.side_px} px"),
    ]


def _network(ink: bool, n: int, k: int) -> tuple[Network, str]:
    if not ink:
        if n < 2000:
            return Network(
                family="photo", widths=(24, 48, 96), dropout=0.2
            ), f"photographs, only {n} of them: a small one"
        return Network(family="photo"), f"photographs, {n} of them"
    if k > 200:
        wide = Network(family="glyph", widths=(32, 64, 128, 256), unpadded=UNPADDED)
        return wide, f"single signs, {k} labels: a wide one"
    return Network(
        family="glyph", unpadded=UNPADDED
    ), "single signs: 132 k weights read them in a fraction of a millisecond"


def _augment(ink: bool, few: int) -> tuple[Augment, str, str]:
    if not ink:
        strong = few < 200
        settings = Augment(
            flip=0.5, shift=0.1, scale=0.15, rotate_deg=10.0 if strong else 0.0, erase=0.3, contrast=0.2, noise=0.01
        )
        return (
            settings,
            "photographs",
            "mirrored, moved, scaled, a box blanked" + (", turned: few pictures" if strong else ""),
        )
    if few < FEW:
        settings = Augment(
            rotate_deg=14.0,
            shear_deg=12.0,
            scale=0.14,
            stretch=0.2,
            shift=0.06,
            elastic=0.03,
            stroke=0.35,
            erase=0.1,
            contrast=0.3,
            noise=0.03,
        )
        return settings, "strong", f"only about {few} pictures a label: each is seen in thousands of ways"
    if few < 1000:
        settings = Augment(
            rotate_deg=10.0,
            shear_deg=8.0,
            scale=0.1,
            stretch=0.12,
            shift=0.05,
            elastic=0.02,
            stroke=0.2,
            contrast=0.2,
            noise=0.02,
        )
        return settings, "medium", f"about {few} pictures a label"
    settings = Augment(
        rotate_deg=8.0, shear_deg=6.0, scale=0.08, stretch=0.1, shift=0.05, elastic=0.015, stroke=0.1, contrast=0.1
    )
    return settings, "mild", f"about {few} pictures a label show most of what there is"


def _learn_from(base: str, n: int) -> tuple[Learn, list[Decision]]:
    """Choose how a few pictures are learned by a network that knows signs already."""
    batch, seen = 32, 20_000
    epochs = int(np.clip(seen // max(1, n), 12, 400))
    learn = Learn(
        epochs=epochs,
        batch=batch,
        rate=2e-3,
        average=0.99,
        label_smoothing=0.03,
        keep="last",
        start=base,
        strangers=0.5,
    )
    return learn, [
        Decision("batch", str(batch), f"{n} training pictures, {max(1, n // batch)} steps an epoch"),
        Decision("epochs", str(epochs), f"about {epochs * n:,} pictures seen in all; the rate rises and falls once"),
        Decision("rate", f"{learn.rate:g}", "measured on handwritten alphabets (docs/log.md)"),
    ]


def _learn(n: int, few: int, ink: bool) -> tuple[Learn, list[Decision]]:
    batch = 32 if n < 600 else 64 if n < 4000 else 128
    # At least so many pictures are shown in all, and twelve passes over a large set; few pictures, changed strongly,
    # take longer to say all they have to say.
    seen = max((80_000 if few < FEW else 40_000) if ink else 100_000, 12 * n)
    epochs = int(np.clip(seen // max(1, n), 12, 400))
    rate = 4e-3 * (batch / 128) ** 0.5 * (1.0 if ink else 0.5)
    rate = float(f"{rate:.1g}")
    learn = Learn(
        epochs=epochs,
        batch=batch,
        rate=rate,
        average=0.99 if few < 1000 else 0.998,
        label_smoothing=0.03,
        keep="last",
    )
    return learn, [
        Decision("batch", str(batch), f"{n} training pictures, {max(1, n // batch)} steps an epoch"),
        Decision("epochs", str(epochs), f"about {epochs * n:,} pictures seen in all; the rate rises and falls once"),
        Decision(
            "rate",
            f"{rate:g}",
            "4e-3 at a batch of 128, by the root of the batch" + ("" if ink else ", half for photographs"),
        ),
        Decision(
            "stop",
            "end of schedule",
            "the last epochs, at the low rate, gain most; picking one by few pictures would be chance",
        ),
    ]
