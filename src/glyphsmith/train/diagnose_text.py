"""Why a run of texts does not learn, in sentences; as ``diagnose`` does for labels, and with its record of a problem.

The causes that people meet: every column says blank, fewer columns than characters, labels in another case or alphabet
than what is drawn, texts that do not belong to their pictures, too few pictures, symbols that are hardly ever shown.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from itertools import combinations

import numpy as np
import torch
from numpy.typing import NDArray

from glyphsmith.alphabet import Alphabet
from glyphsmith.decode.grammars import constrain
from glyphsmith.errors import TrainingError
from glyphsmith.nets import PicturesToText
from glyphsmith.train.diagnose import Problem, cut_short, diverged, look_alike
from glyphsmith.train.learned import Fit, build_network
from glyphsmith.train.recipe import Recipe
from glyphsmith.train.tasks.text import columns_needed, read_greedily

__all__ = ["after", "before", "check_pattern", "check_room"]

#: Fewer pictures than these promise little for texts of four characters.
FEW = 300
#: A symbol that is shown less often is not learned.
_RARE = 5
#: Two symbols are taken for each other when this share of both is read as the other one; chance at even odds is 0.5.
_EXCHANGED = 0.25
#: Letters of other alphabets that are drawn like Latin ones.
_DRAWN_ALIKE = str.maketrans("АВЕЅЗІЈКМНОРСТУХаеѕіјорсухΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABES3IJKMHOPCTYXaesijopcyxABEZHIKMNOPTYXo")


def before(pictures: NDArray[np.uint8], labels: NDArray[np.int64], alphabet: Sequence[str]) -> list[Problem]:
    """Look at the prepared training pictures (N, C, H, W) and texts (N, L) before learning.

    Raises TrainingError where nothing can be learned: one text on all pictures, or pictures that all look the same.
    """
    if len(np.unique(labels, axis=0)) < 2:
        raise TrainingError(
            f"all {len(labels)} training pictures carry the same text; there is nothing to tell apart",
            hint="`glyphsmith data check` shows which labels were found",
        )
    problems = look_alike(pictures)
    counts = np.bincount(labels[labels >= 0], minlength=len(alphabet))
    rare = [f"{alphabet[k]} ({counts[k]})" for k in np.flatnonzero(counts < _RARE).tolist()]
    if len(labels) < FEW:
        problems.append(
            Problem(
                "few",
                f"only {len(labels)} pictures to learn from: little can be promised about others",
                f"collect at least {FEW}, or start from a reader of similar pictures with --from",
            )
        )
    written: dict[str, list[str]] = {}
    for label in alphabet:
        written.setdefault(_to_the_eye(label), []).append(f"{label} (U+{ord(label[0]):04X})")
    alike = [" and ".join(labels) for labels in written.values() if len(labels) > 1]
    if alike:
        problems.append(
            Problem(
                "alphabet",
                f"the labels write one sign in two ways: {', '.join(alike[:6])}{' ...' if len(alike) > 6 else ''}",
                "write the labels with one of them; no picture can tell them apart",
            )
        )
    if rare:
        shown = ", ".join(rare[:12]) + (" ..." if len(rare) > 12 else "")
        problems.append(Problem("few", f"hardly ever shown: {shown}; these are hardly learned", "add pictures of them"))
    return problems


def check_room(recipe: Recipe, alphabet: Alphabet, *parts: NDArray[np.int64]) -> None:
    """Raise TrainingError where the recipe's network cannot answer the texts (N, L) of the parts."""
    network = build_network(recipe, len(alphabet))
    if not isinstance(network, PicturesToText):
        raise TrainingError(
            f"network {recipe.network.family} answers one label a picture, and these are texts",
            hint="--set network.family=text",
        )
    rows = np.concatenate(parts)
    lengths = (rows >= 0).sum(axis=1)
    if network.reading == "fixed":
        if len(rows) and (lengths.min() != network.columns or lengths.max() != network.columns):
            raise TrainingError(
                f"texts have {lengths.min()} to {lengths.max()} characters, a head of fixed length {network.columns}",
                hint="--set network.head=ctc reads any length",
            )
        return
    needed = int(columns_needed(rows).max(initial=0))
    if needed > network.columns:
        raise TrainingError(
            f"the longest text needs {needed} columns, the network has {network.columns}: "
            "there are fewer columns than characters",
            hint=f"--set network.columns={2 * needed}, or a larger prepare.width_px",
        )


def check_pattern(recipe: Recipe, alphabet: Alphabet, *parts: NDArray[np.int64]) -> None:
    """Raise TrainingError where the recipe's pattern forbids a text (N, L) of the parts, PatternError where all."""
    held = constrain(alphabet, pattern=recipe.decode.pattern or None)
    if held is None:
        return
    for row in (row for part in parts for row in part):
        text = row[row >= 0].tolist()
        if not held.matches(text):
            raise TrainingError(
                f"the text {''.join(alphabet[k] for k in text)} does not match {held.name}, which the reader would be "
                "held to: it could never read that picture",
                hint="is the label right? else leave [decode] pattern empty, or widen it",
            )


def after(
    fit: Fit,
    recipe: Recipe,
    *,
    train: tuple[NDArray[np.uint8], NDArray[np.int64]],
    validation: tuple[NDArray[np.uint8], NDArray[np.int64]],
    alphabet: Sequence[str],
) -> list[Problem]:
    """Judge what was learned; an empty list when it learned. Raises nothing."""
    problems, _ = diverged(fit, recipe)
    labels, network = validation[1], fit.network
    if not len(labels) or not fit.history or not isinstance(network, PicturesToText):
        return problems
    read = read_greedily(torch.from_numpy(fit.validation_logits), network.reading).numpy()
    right = fit.val_accuracy
    by_heart = float(fit.history[-1].get("train_accuracy", 0.0))
    if right >= 0.5:
        return problems
    seen = f"{right:.0%} of {len(labels)} validation texts are right"
    shown = (read >= 0).sum() / max(1, (labels >= 0).sum())
    first, last = fit.history[0]["train_loss"], fit.history[-1]["train_loss"]
    again = int(columns_needed(labels).max())
    # Painted labels are right and their pictures never too few.
    painted = bool(recipe.synth.kind)
    pictures = recipe.synth.epoch_pictures if painted and recipe.synth.endless else len(train[1])
    short = cut_short(fit, recipe, pictures, seen)
    mixed = _mixed_alphabet(seen, right, read, labels, alphabet)
    if short and not mixed and by_heart <= right + 0.25:
        problems.append(short)
    elif network.reading == "ctc" and shown < 0.1:
        problems.append(
            Problem(
                "blank",
                f"{seen}: nearly every column says blank (training loss {first:.2f} -> {last:.2f})",
                "learn longer (--set learn.epochs=...), let the guide help (--set learn.guide=1), or a lower rate",
            )
        )
    elif mixed:
        problems.append(mixed)
    elif by_heart > right + 0.25:
        problems.append(_by_heart(seen, by_heart, len(train[1])))
    elif network.reading == "ctc" and network.columns < 2 * again:
        problems.append(
            Problem(
                "columns",
                f"{seen}; the network has {network.columns} columns for texts that need {again}",
                f"--set network.columns={2 * again}",
            )
        )
    elif not painted and _no_better_than_frequencies(read, labels, train[1], len(alphabet)):
        problems.append(
            Problem(
                "shuffled",
                f"{seen}, and characters are read no better than by always naming the most frequent ones: "
                "texts and pictures seem to have nothing to do with each other",
                "are the labels shuffled against the pictures? compare a few with `glyphsmith data info`",
            )
        )
    elif not painted and len(train[1]) < FEW:
        problems.append(
            Problem(
                "few",
                f"{seen}; {len(train[1])} pictures are too few for texts of this kind",
                f"collect at least {FEW}, or start from a reader of similar pictures with --from",
            )
        )
    else:
        problems.append(
            Problem(
                "rate",
                f"{seen}; learning has not come to its end (training loss {first:.2f} -> {last:.2f})",
                "learn longer: --set learn.epochs=..., or more --minutes",
            )
        )
    return problems


def _to_the_eye(label: str) -> str:
    """Give one form to labels that are one sign to the eye: a letter of another alphabet, or of another width."""
    return unicodedata.normalize("NFKC", label).translate(_DRAWN_ALIKE)


def _mixed_alphabet(
    seen: str, right: float, read: NDArray[np.int64], labels: NDArray[np.int64], alphabet: Sequence[str]
) -> Problem | None:
    """Look for pairs of symbols that are read for each other, without which most texts were right."""
    width = max(read.shape[1], labels.shape[1])
    read, labels = (np.pad(rows, ((0, 0), (0, width - rows.shape[1])), constant_values=-1) for rows in (read, labels))
    counts = np.zeros((len(alphabet), len(alphabet)), np.int64)
    there = (labels >= 0) & (read >= 0)
    np.add.at(counts, (labels[there], read[there]), 1)
    totals = counts.sum(axis=1)
    exchanged = (counts + counts.T) / np.maximum(1, totals[:, None] + totals[None, :])
    np.fill_diagonal(exchanged, 0.0)
    folded, pairs = np.arange(-1, len(alphabet)), []
    taken: set[int] = set()
    for a, b in sorted(combinations(range(len(alphabet)), 2), key=lambda pair: -exchanged[pair]):
        if exchanged[a, b] < _EXCHANGED:
            break
        if not taken & {a, b}:
            folded[b + 1] = a
            taken |= {a, b}
            pairs.append((alphabet[a], alphabet[b]))
    as_one = float((folded[read + 1] == folded[labels + 1]).all(axis=1).mean())
    if not pairs or as_one < max(0.5, right + 0.25):
        return None
    shown = ", ".join(f"{a} and {b}" for a, b in pairs[:8]) + (" ..." if len(pairs) > 8 else "")
    only_case = all(a.casefold() == b.casefold() for a, b in pairs)
    return Problem(
        "alphabet",
        f"{seen}, but {as_one:.0%} where {shown} count as one: the labels tell apart what the pictures do not",
        "write all labels in one case, if the pictures show one"
        if only_case
        else f"is one of each pair never drawn? write the labels with one sign for what looks alike, or fold them: "
        f"glyphsmith eval ... --fold {''.join(pairs[0])}",
    )


def _by_heart(seen: str, by_heart: float, n: int) -> Problem:
    if by_heart > 0.8 and n >= FEW:
        return Problem(
            "shuffled",
            f"{seen}, while {by_heart:.0%} of the training texts are: they were learned by heart",
            "are the labels shuffled against the pictures, or the pictures of one part unlike those of the other?",
        )
    return Problem(
        "overfit",
        f"{seen}, but {by_heart:.0%} of the training texts: {n} pictures are too few for what they vary in",
        "add pictures, or stronger augmentation",
    )


def _no_better_than_frequencies(
    read: NDArray[np.int64], labels: NDArray[np.int64], known: NDArray[np.int64], classes: int
) -> bool:
    """Compare characters place by place with the most frequent one of each place among the training texts."""
    width = min(read.shape[1], labels.shape[1], known.shape[1])
    there = labels[:, :width] >= 0
    usual = np.array([np.bincount(known[known[:, p] >= 0, p], minlength=classes).argmax() for p in range(width)])
    by_chance = float((labels[:, :width] == usual)[there].mean())
    found = float((read[:, :width] == labels[:, :width])[there].mean())
    spread = (by_chance * (1 - by_chance) / max(1, int(there.sum()))) ** 0.5
    return bool(found <= by_chance + max(0.03, 3 * spread))
