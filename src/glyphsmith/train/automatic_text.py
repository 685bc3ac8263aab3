"""What a run of texts decides by itself, and why: alphabet, length, size, columns, head; and what it refuses.

``run`` asks here once the labels are known to be texts. As in ``automatic``, nothing of the test part counts but its
labels' lengths and its pictures' sizes, without which a file could not even be asked to read them.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from glyphsmith.alphabet import Alphabet
from glyphsmith.card import Card
from glyphsmith.decode.grammars import GRAMMARS
from glyphsmith.errors import DataError
from glyphsmith.expression import evaluate_expression
from glyphsmith.train.automatic import Decision, Look
from glyphsmith.train.recipe import Augment, Decode, Learn, Network, Prepare, Recipe, recipe_from_dict

__all__ = ["Texts", "are_texts", "choose_text", "look_at_texts"]

#: Pixels of a picture's width for each column a text needs: below, nobody could read it.
_LEAST_PX = 2.5
MOST_SYMBOLS = 1000
LEAST_PICTURES = 20
#: Below this many pictures to learn from, a run starts from the weights of a reader of many looks, in colour: more is
#: right where signs lie on each other, and it takes a third less time (docs/log.md).
FEW = 2000
LONGEST = 256
#: From so many texts of one length on, others are fewer than 3 in 100 (95 %), and readings are held to that length.
ONE_LENGTH = 100
#: Heights that the network is given; a larger one costs time and a smaller one strokes.
_HEIGHTS_PX = (24, 64)
_WIDEST_PX = 1024


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of a data set: symbols in order, lengths, the most columns one of them needs, whether all are sums.

    ``grammar`` is what readings are held to: ``expression`` where every text is one, else empty.
    """

    n: int
    symbols: tuple[str, ...]
    shortest: int
    longest: int
    columns: int
    rarest: tuple[str, int]
    arithmetic: bool
    grammar: str = ""


def are_texts(form: str, labels: Mapping[str, int]) -> tuple[bool, str]:
    """Say whether labels are texts to be read character by character, and why.

    ``form`` is how the source found its labels; folders are always classes. Texts are made of few symbols in many
    combinations; classes are few labels with many pictures each.
    """
    n, k = sum(labels.values()), len(labels)
    symbols = {sign for label in labels for sign in label}
    several = sum(count for label, count in labels.items() if len(label) > 1)
    if form == "one folder a class" or several < 0.5 * n:
        return False, "labels are single signs, or folders"
    if k > 0.5 * n and k > 1:
        return True, f"{k:,} different labels of {len(symbols)} symbols on {n:,} pictures"
    if k > max(30, 3 * len(symbols)) and n < 40 * k:
        return True, f"{k:,} different combinations of {len(symbols)} symbols"
    return False, f"{k:,} labels on {n:,} pictures"


def look_at_texts(
    texts: Sequence[str], names: Sequence[str], widths_px: NDArray[np.int32], readable: NDArray[np.bool_], where: str
) -> Texts:
    """Measure the texts (N) of a data set whose pictures are ``widths_px`` (N,) wide.

    Raises DataError for what no reader could come of: too few pictures, signs written from right to left or on top of
    others, too many symbols, a text that is too long for its picture.
    """
    usable = [i for i, text in enumerate(texts) if readable[i] and text]
    if len(usable) < LEAST_PICTURES:
        raise DataError(
            f"{where}: {len(usable)} picture{'' if len(usable) == 1 else 's'} with a text that can be read; "
            f"a reader of texts needs at least {LEAST_PICTURES}",
            hint="some 300 are a start; `glyphsmith synth captcha` paints as many as you like",
        )
    counts: Counter[str] = Counter()
    longest = columns = 0
    shortest = LONGEST
    for i in usable:
        text = texts[i]
        for sign in text:
            if sign not in counts:
                _check(sign, names[i], text)
        counts.update(text)
        needed = len(text) + sum(a == b for a, b in pairwise(text))
        if len(text) > LONGEST or widths_px[i] < _LEAST_PX * needed:
            raise DataError(
                f"{names[i]}: a text of {len(text)} characters on a picture {widths_px[i]} px wide: "
                f"a column needs {_LEAST_PX:g} px, this text {needed} columns",
                hint="is the label right? cut long lines into shorter pictures, or give larger ones",
            )
        shortest, longest, columns = min(shortest, len(text)), max(longest, len(text)), max(columns, needed)
    if len(counts) > MOST_SYMBOLS:
        raise DataError(
            f"{where}: {len(counts):,} different symbols, a reader of texts takes up to {MOST_SYMBOLS:,}",
            hint="are the labels right? `glyphsmith data info` shows them",
        )
    if len(counts) < 2:
        raise DataError(f"{where}: all texts are made of {next(iter(counts))!r} alone; there is nothing to tell apart")
    sums = all(_is_sum(texts[i]) for i in usable[:500])
    rarest = min(counts.items(), key=lambda item: (item[1], item[0]))
    symbols = tuple(sorted(counts))
    grammar = "expression" if sums and _are_expressions((texts[i] for i in usable), symbols) else ""
    return Texts(len(usable), symbols, shortest, longest, columns, rarest, sums, grammar)


def _check(sign: str, name: str, text: str) -> None:
    category = unicodedata.category(sign)
    if unicodedata.bidirectional(sign) in ("R", "AL", "AN"):
        raise DataError(
            f"{name}: {text!r} holds U+{ord(sign):04X}, which is written from right to left; this version reads from "
            "left to right only",
            hint="write the labels in the order of the picture, with left-to-right signs in their place",
        )
    if category.startswith("M") or category in ("Cc", "Cf", "Cs", "Co"):
        raise DataError(
            f"{name}: {text!r} holds U+{ord(sign):04X}, which is no sign of its own "
            f"({'it combines with its neighbour' if category.startswith('M') else 'it cannot be seen'})",
            hint="write one character for each sign of the picture",
        )


def _is_sum(text: str) -> bool:
    """Say whether a text is arithmetic and not just a number."""
    return not text.isalnum() and evaluate_expression(text).value is not None


def _are_expressions(texts: Iterable[str], symbols: tuple[str, ...]) -> bool:
    """Say whether the grammar of what can be worked out has every text.

    Nothing narrower is fitted to the texts: three one-digit operands everywhere do not forbid a fourth tomorrow.
    """
    grammar = GRAMMARS["expression"](Alphabet(symbols))
    index = {sign: k for k, sign in enumerate(symbols)}
    return all(grammar.matches([index[sign] for sign in text]) for text in texts)


def choose_text(
    texts: Texts,
    sizes: Mapping[tuple[int, int], int],
    look: Look,
    n: int,
    recipe: Recipe,
    why: str,
    *,
    base: Card | None = None,
    further: bool = False,
) -> tuple[Recipe, list[Decision]]:
    """Fill an empty recipe for texts on pictures of ``sizes`` ((width, height) -> count), ``n`` to learn from.

    ``base`` is a reader whose weights a small set may start from. With ``further`` a reader goes on that may know texts
    of other lengths, so that nothing is held to the length of these. Raises DataError where the pictures would have to
    be enlarged beyond reason.
    """
    decisions = [
        Decision("task", "text", why),
        Decision("alphabet", f"{len(texts.symbols)} symbols", _alphabet_in_words(texts)),
        Decision(
            "length",
            f"{texts.longest}" if texts.shortest == texts.longest else f"{texts.shortest} to {texts.longest}",
            "as labelled" + ("; the texts are sums, so readings have a value" if texts.arithmetic else ""),
        ),
    ]
    columns = 2 * texts.columns
    recipe, held = _held(recipe, texts, further)
    if base is not None and n < FEW and _suits(base, sizes, columns):
        made, why_started = _started(base, n, recipe)
        return made, decisions + why_started + held
    prepare, reason = _prepare(sizes, columns, look)
    decisions.append(Decision("size", f"{prepare.width_px}x{prepare.height_px}", reason))
    decisions.append(
        Decision(
            "columns", f"at least {columns}", f"twice the {texts.columns} that the longest text needs, repeats counted"
        )
    )
    small = prepare.width_px * prepare.height_px <= 4608
    widths = (24, 32, 64, 96, 128) if small else (32, 48, 96, 160, 256)
    network = Network(
        family="text",
        widths=widths,
        dropout=0.1 if n < 5000 else 0.0,
        head="ctc",
        columns=columns,
        places=texts.longest,
    )
    decisions.append(
        Decision(
            "network",
            f"text, ctc, {' '.join(map(str, widths))}",
            f"convolutions alone; {'small' if small else 'ordinary'} pictures",
        )
    )
    made, learned = _learned(replace(recipe, prepare=prepare, network=network), n, _learn(n))
    return made, decisions + learned + held


def _held(recipe: Recipe, texts: Texts, further: bool) -> tuple[Recipe, list[Decision]]:
    """Settle what readings are held to: the grammar of sums, or one length; sums have no length of their own."""
    if texts.grammar:
        why = "every text is one, and what is none has no value; --set decode.pattern= reads whatever is seen"
        return replace(recipe, decode=Decode(texts.grammar)), [Decision("held to", texts.grammar, why)]
    if texts.n < ONE_LENGTH or texts.shortest != texts.longest or texts.longest < 2 or further:
        return recipe, []
    pattern = f".{{{texts.longest}}}"
    why = f"all {texts.n:,} texts have {texts.longest} characters; --set decode.pattern= reads whatever is seen"
    return replace(recipe, decode=Decode(pattern)), [Decision("held to", pattern, why)]


def _learned(recipe: Recipe, n: int, learn: Learn) -> tuple[Recipe, list[Decision]]:
    """Settle how a network learns ``n`` pictures of texts."""
    augment, strength = _augment(n)
    seen = learn.epochs * n
    decisions = [
        Decision("augmentation", strength, f"{n:,} pictures to learn from"),
        Decision("batch", str(learn.batch), f"{max(1, n // learn.batch)} steps an epoch"),
        Decision("epochs", str(learn.epochs), f"about {seen:,} pictures seen in all; the rate rises and falls once"),
        Decision("rate", f"{learn.rate:g}", "it rises over the first fifth of the steps and falls to almost nothing"),
    ]
    return replace(recipe, task="text", augment=augment, learn=learn), decisions


def _suits(base: Card, sizes: Mapping[tuple[int, int], int], columns: int) -> bool:
    """Say whether a reader's preparation keeps pictures of these sizes large enough and has columns for their texts."""
    was = recipe_from_dict(base.recipe, where=base.name)
    (width, height), _ = max(sizes.items(), key=lambda item: item[1])
    shown_px = height * min(was.prepare.width_px / width, was.prepare.height_px / height)
    own = was.task == "text" and was.network.family == "text" and was.network.head == "ctc"
    return own and columns <= was.network.columns and shown_px >= min(height, _HEIGHTS_PX[0])


def _started(base: Card, n: int, recipe: Recipe) -> tuple[Recipe, list[Decision]]:
    """Choose for a small set that starts from the weights of a reader: its preparation and network are kept."""
    was = recipe_from_dict(base.recipe, where=base.name)
    seen = 75_000
    learn = replace(_learn(n), epochs=max(12, seen // max(1, n)), guide=0.0, start=base.name)
    made, further = _learned(replace(recipe, prepare=was.prepare, network=was.network), n, learn)
    why = (
        f"{n:,} pictures are few, and its layers know signs of many fonts and looks under noise (docs/log.md). "
        "Labels are those of these pictures alone; --set learn.start= starts from nothing"
    )
    size = f"{was.prepare.width_px}x{was.prepare.height_px}"
    shown = f"as {base.name} has it, {'in colour' if was.prepare.colour else 'grey'}"
    return made, [Decision("start", base.name, why), Decision("size", size, shown), *further]


def _alphabet_in_words(texts: Texts) -> str:
    kinds = Counter(_kind(sign) for sign in texts.symbols)
    parts = [f"{count} {kind}" for kind, count in kinds.items()]
    both = kinds["small letters"] and kinds["capitals"]
    case = "; capitals and small letters count as different" if both else ""
    symbol, count = texts.rarest
    rare = f"; {symbol!r} occurs only {count} times" if count < 10 else ""
    return ", ".join(parts) + case + rare


def _kind(sign: str) -> str:
    if sign.isdecimal():
        return "digits"
    if sign.isalpha():
        return "capitals" if sign.isupper() else "small letters" if sign.islower() else "other letters"
    return "other signs"


def _prepare(sizes: Mapping[tuple[int, int], int], columns: int, look: Look) -> tuple[Prepare, str]:
    """Choose the size: the pictures' own height where it is reasonable, their widest usual aspect, room for columns."""
    widths = np.repeat([w for w, _ in sizes], list(sizes.values()))
    heights = np.repeat([h for _, h in sizes], list(sizes.values()))
    own = float(np.median(heights))
    aspect = float(np.percentile(widths / heights, 95))
    low, high = _HEIGHTS_PX
    height = int(np.clip(8 * round(own / 8), low, high))
    # A stem that halves the width must leave enough columns.
    while height * aspect < 2 * columns and height < 4 * high:
        height += 8
    width = 8 * int(np.ceil(max(height * aspect, 2 * columns) / 8))
    if width > _WIDEST_PX:
        raise DataError(
            f"pictures of about {round(own * aspect)}x{round(own)} px are too wide for one line of text",
            hint="cut the lines into shorter pictures",
        )
    prepare = Prepare(
        height_px=height, width_px=width, flatten=False, polarity="keep", crop=False, box_px=min(height, width)
    )
    one = "all" if len(sizes) == 1 else "typically"
    colour = f"; grey, colours lie only {look.colour:.0%} apart" if look.colour < 0.1 else "; grey"
    return prepare, f"pictures are {one} {int(np.median(widths))}x{round(own)} px; letterboxed{colour}"


def _augment(n: int) -> tuple[Augment, str]:
    if n < 2000:
        strong = Augment(
            rotate_deg=4.0, shear_deg=8.0, scale=0.08, stretch=0.12, shift=0.05, elastic=0.012, contrast=0.3, noise=0.03
        )
        return strong, "strong"
    if n < 20_000:
        return Augment(rotate_deg=2.0, shear_deg=4.0, scale=0.05, stretch=0.06, shift=0.03, contrast=0.15), "mild"
    return Augment(shift=0.02, scale=0.02), "hardly any"


def _learn(n: int) -> Learn:
    batch = 32 if n < 1500 else 64
    seen = max(120_000, 12 * n)
    epochs = int(np.clip(seen // max(1, n), 12, 600))
    return Learn(
        epochs=epochs,
        batch=batch,
        rate=3e-3 if batch == 64 else 2e-3,
        average=0.998,
        label_smoothing=0.0,
        keep="last",
        guide=0.5,
    )
