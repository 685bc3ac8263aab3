"""What a painted text looks like: one frozen record of figures, and the presets.

A pair is a range. Whole pictures draw from it (how many dots, how far symbols may turn); a range whose ends agree is a
fixed value. The presets named ``library-...`` are the versions of the ``captcha`` library, read from its source: each
is another task, so the version is said beside every figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, Literal

from glyphsmith.errors import DataError

__all__ = ["DIGITS_AND_CAPITALS", "LONGEST_TEXT", "PRESETS", "CaptchaSettings", "preset"]

DIGITS_AND_CAPITALS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#: Longer texts are for a page, not for one line of a picture.
LONGEST_TEXT = 64
#: Sides of a picture; the upper one keeps a batch of pictures in memory.
SIDES_PX = (8, 4096)
MAX_FONT_PX = 512

Whole = tuple[int, int]
Real = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptchaSettings:
    """How texts are painted. The defaults are the ``captcha`` library 0.7.0 at 170 x 80 with 4 of 0-9A-Z."""

    # The text.
    alphabet: str | tuple[str, ...] = DIGITS_AND_CAPITALS
    length: Whole = (4, 4)
    #: Texts are labelled in capitals, however they are painted: many sites do not tell the cases apart.
    fold: bool = False
    # The picture.
    width_px: int = 170
    height_px: int = 80
    # The symbols: fonts are "bundled", "matplotlib", "system", files or folders; see typefaces.py.
    fonts: tuple[str, ...] = ("bundled",)
    font_sizes_px: tuple[int, ...] = (42, 50, 56)
    #: Probability that one font and size serve all symbols of a picture; else each symbol draws its own.
    one_font: float = 0.0
    #: A further enlargement of all symbols of a picture; with ``made_for_px`` it grows along with the picture's height.
    scale: Real = (1.0, 1.0)
    made_for_px: int | None = None
    #: The box that each symbol is stretched to: "ink" reaches from the line's origin to the end of the ink, "line"
    #: from the origin to the pen's advance and the lower end of the ink, "tight" is the ink alone.
    box: Literal["ink", "line", "tight"] = "ink"
    box_scale: float = 1.0
    #: Probability that the symbols of a picture are stretched to their boxes; else they keep their own size.
    stretch: float = 1.0
    #: Symbols that are neither stretched nor warped: a minus sign stretched to the common box is a beam.
    plain: str = ""
    #: A further enlargement of each symbol.
    own_sizes: Real = (1.0, 1.0)
    #: Probability that the symbols of a picture are outlines.
    hollow: float = 0.0
    #: The largest angle, to either side.
    rotate_deg: Real = (30.0, 30.0)
    #: The largest displacement of the box's corners, as shares of its sides.
    warp_x: Real = (0.1, 0.3)
    warp_y: Real = (0.2, 0.3)
    #: Library 0.7.1 computes ``side * u * (high - low) + low`` where ``side * (u * (high - low) + low)`` was meant.
    warp_slip: bool = False
    #: "hard": a pixel is ink or not, as the library's nearest-pixel warp leaves it; "soft": antialiased.
    edges: Literal["hard", "soft"] = "hard"
    #: Keep every symbol whole: the library cuts off what is too high, and the last symbol where nothing overlaps.
    fit: bool = False
    # The line of text.
    blank: float = 0.5
    overlap: Real = (0.25, 0.25)
    #: Empty space on the left, as a share of a symbol's width, and the share of the free width that is added to it.
    margin: float = 0.1
    place: Real = (0.0, 0.0)
    #: The share of the free width that is laid between the symbols.
    spread: Real = (0.0, 0.0)
    #: How far each symbol may stand left or right of its place, as a share of its width.
    shaken: Real = (0.0, 0.0)
    #: How far a symbol may stand above or below the middle, as a share of the free height.
    unsteady: Real = (0.0, 0.0)
    # The colours.
    ground: Whole = (238, 255)
    ink: Whole = (10, 200)
    #: Least difference of brightness between ink and ground; 0 takes any.
    contrast: int = 0
    dark_ground: float = 0.0
    own_colours: float = 0.0
    #: The library pastes symbols through a mask of their own brightness times 1.97: dark inks come out pale.
    pale: bool = True
    #: Largest difference of brightness across the ground.
    shade: Whole = (0, 0)
    #: Probability that each symbol stands on a ground of its own colour.
    patches: float = 0.0
    #: Probability of a thin frame around the picture.
    frame: float = 0.0
    # What is in the way. Each kind is there with the probability ``obstructed``.
    obstructed: float = 1.0
    #: Probability that dots and strokes have any colours; else they have those of the text.
    confetti: float = 0.0
    #: Short thin strokes behind the text, in colours between those of the ground and of the text.
    scratches: Whole = (0, 0)
    dots: Whole = (30, 30)
    dot_sizes_px: Whole = (3, 3)
    curves: Whole = (1, 1)
    #: The right end of a curve lies between this share of the width and the right edge (library 0.7.1: another slip).
    curve_right: float = 0.8
    lines: Whole = (0, 0)
    #: Strokes that wave from the left edge to the right one.
    snakes: Whole = (0, 0)
    stroke_px: Whole = (1, 1)
    #: Probability of a grid, of slanted lines or of nested ellipses over the whole picture.
    mesh: float = 0.0
    #: Share of the pixels that a speck lies on.
    speckle: Real = (0.0, 0.0)
    #: Standard deviation of the grain, in grey levels.
    grain: Real = (0.0, 0.0)
    #: Probability that the grain is coloured.
    coloured_grain: float = 0.0
    #: The largest displacement of a wave through the whole picture, as a share of its height.
    wave: Real = (0.0, 0.0)
    #: How many times larger the pixels are, as of a small picture that is shown enlarged.
    coarse: Real = (1.0, 1.0)
    #: Probability of the softening 3 x 3 filter at the end.
    smooth: float = 1.0
    #: Probability of a JPEG file's traces.
    jpeg: float = 0.0

    @property
    def scales(self) -> Real:
        """The range of enlargement for this picture's height."""
        grown = 1.0 if self.made_for_px is None else self.height_px / self.made_for_px
        return self.scale[0] * grown, self.scale[1] * grown

    @property
    def symbols(self) -> tuple[str, ...]:
        """The alphabet as symbols."""
        return tuple(self.alphabet)

    def said(self, text: Sequence[str]) -> str:
        """Give the label of a text that is painted."""
        return "".join(_capital(sign) for sign in text) if self.fold else "".join(text)

    @property
    def labels(self) -> tuple[str, ...]:
        """The signs of labels: the symbols, where folded each as its capital."""
        return tuple(dict.fromkeys(self.said(symbol) for symbol in self.symbols))

    def __post_init__(self) -> None:
        symbols = self.symbols
        if not symbols:
            raise DataError("the alphabet is empty: there is nothing to paint", hint="--alphabet 0123456789")
        if len(set(symbols)) != len(symbols):
            twice = next(symbol for symbol in symbols if symbols.count(symbol) > 1)
            raise DataError(f"the alphabet holds {twice!r} twice", hint="name every symbol once")
        unseen = [symbol for symbol in symbols if not symbol.strip() or not symbol.isprintable()]
        if unseen:
            raise DataError(f"the alphabet holds {unseen[0]!r}, which leaves no ink", hint="name visible symbols only")
        low, high = self.length
        if not 1 <= low <= high <= LONGEST_TEXT:
            raise DataError(f"the length {_pair(self.length)} is not within 1-{LONGEST_TEXT}", hint="--length 4 or 4-6")
        for name in ("width_px", "height_px"):
            if not SIDES_PX[0] <= getattr(self, name) <= SIDES_PX[1]:
                raise DataError(
                    f"{name} = {getattr(self, name)} is not within {SIDES_PX[0]}-{SIDES_PX[1]}",
                    hint="170 x 80 is usual",
                )
        if not self.fonts:
            raise DataError("no font is named", hint='"bundled" is always there')
        if not self.font_sizes_px or not all(4 <= size <= MAX_FONT_PX for size in self.font_sizes_px):
            raise DataError(f"font_sizes_px = {self.font_sizes_px}: sizes are within 4-{MAX_FONT_PX}")
        for name, (least, most) in _LIMITS.items():
            value = getattr(self, name)
            low_end, high_end = value if isinstance(value, tuple) else (value, value)
            if not least <= low_end <= high_end <= most:
                shown = _pair(value) if isinstance(value, tuple) else value
                raise DataError(f"{name} = {shown} is not a range within {least:g} to {most:g}")


#: What each setting may be; a pair must also be in order.
_LIMITS: dict[str, tuple[float, float]] = {
    **dict.fromkeys(
        (
            "one_font",
            "stretch",
            "blank",
            "dark_ground",
            "own_colours",
            "smooth",
            "jpeg",
            "curve_right",
            "unsteady",
            "place",
            "spread",
            "hollow",
            "frame",
            "obstructed",
            "confetti",
            "coloured_grain",
            "patches",
            "mesh",
            "speckle",
        ),
        (0, 1),
    ),
    **dict.fromkeys(("warp_x", "warp_y"), (0, 0.45)),
    **dict.fromkeys(("ground", "ink", "contrast", "shade"), (0, 255)),
    **dict.fromkeys(("scale", "box_scale", "own_sizes"), (0.1, 8)),
    **dict.fromkeys(("dots", "scratches"), (0, 5000)),
    **dict.fromkeys(("curves", "lines", "snakes"), (0, 100)),
    **dict.fromkeys(("dot_sizes_px", "stroke_px"), (1, 32)),
    "rotate_deg": (0, 180),
    "overlap": (-2, 0.9),
    "margin": (0, 2),
    "grain": (0, 128),
    "shaken": (0, 0.5),
    "wave": (0, 0.3),
    "coarse": (1, 8),
}


def _capital(sign: str) -> str:
    return sign.upper() if len(sign.upper()) == len(sign) else sign


def _pair(value: tuple[float, ...]) -> str:
    return "-".join(f"{end:g}" for end in value)


_LIBRARY = CaptchaSettings()

#: Name of a look -> its settings. The library's versions differ as stated.
PRESETS = MappingProxyType(
    {
        # Up to 0.2.4: no blanks; boxes as wide as the pen's advance; inks from 0.
        "library-0.2": replace(_LIBRARY, blank=0.0, box="line", ink=(0, 200)),
        # 0.3 and 0.4: a blank before a symbol with probability 0.5.
        "library-0.3": replace(_LIBRARY, box="line"),
        "library-0.4": replace(_LIBRARY, box="line"),
        # 0.5.0: boxes of 1.7 times the ink.
        "library-0.5": replace(_LIBRARY, box="tight", box_scale=1.7),
        # 0.6.0 and 0.7.0: boxes that end with the ink.
        "library-0.6": _LIBRARY,
        "library-0.7.0": _LIBRARY,
        # 0.7.1: drawn with `secrets`; warps less and may draw shorter curves, by slips in two formulas.
        "library-0.7.1": replace(_LIBRARY, warp_slip=True, curve_right=0.2),
        # All kinds of pages at once, to learn from before a small set of real pictures.
        "wide": CaptchaSettings(
            alphabet=DIGITS_AND_CAPITALS + "abcdefghijklmnopqrstuvwxyz",
            length=(3, 7),
            fonts=("bundled", "matplotlib", "system"),
            font_sizes_px=(36, 58),
            one_font=0.7,
            scale=(0.8, 1.4),
            made_for_px=80,
            own_sizes=(0.8, 1.15),
            stretch=0.2,
            hollow=0.12,
            rotate_deg=(0.0, 35.0),
            warp_x=(0.0, 0.22),
            warp_y=(0.0, 0.22),
            edges="soft",
            fit=True,
            blank=0.05,
            overlap=(-0.3, 0.45),
            place=(0.0, 1.0),
            spread=(0.0, 1.0),
            shaken=(0.0, 0.35),
            unsteady=(0.0, 0.8),
            ground=(180, 255),
            ink=(0, 200),
            contrast=70,
            dark_ground=0.15,
            own_colours=0.45,
            pale=False,
            shade=(0, 60),
            patches=0.05,
            frame=0.1,
            obstructed=0.3,
            confetti=0.5,
            scratches=(10, 120),
            dots=(5, 80),
            dot_sizes_px=(1, 3),
            curves=(1, 2),
            curve_right=0.5,
            lines=(1, 3),
            snakes=(1, 2),
            stroke_px=(1, 3),
            mesh=0.1,
            speckle=(0.0, 0.12),
            grain=(0.0, 14.0),
            coloured_grain=0.4,
            wave=(0.0, 0.08),
            coarse=(1.0, 3.2),
            smooth=0.3,
            jpeg=0.3,
        ),
    }
)


def preset(name: str, **changes: Any) -> CaptchaSettings:
    """Give a preset with some settings changed; raises DataError for an unknown name or setting."""
    if name not in PRESETS:
        close = get_close_matches(name, PRESETS, n=1)
        raise DataError(
            f"there is no preset {name!r}",
            hint=f"did you mean {close[0]}?" if close else f"there are: {', '.join(PRESETS)}",
        )
    known = [field.name for field in fields(CaptchaSettings)]
    for word in changes:
        if word not in known:
            close = get_close_matches(word, known, n=1)
            raise DataError(f"unknown setting {word}", hint=f"did you mean {close[0]}?" if close else None)
    return replace(PRESETS[name], **changes)
