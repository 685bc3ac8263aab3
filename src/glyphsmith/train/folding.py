"""When figures come from folds, how many of them, and how long each may take; what their figures are worth.

Folds cost as many trainings as there are of them, so they are chosen where a test part would be too small to say much:
``choose_folds`` says so with its reason, and ``--folds`` overrules it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from glyphsmith.errors import RecipeError
from glyphsmith.train.automatic import Decision
from glyphsmith.train.folders import Asked

__all__ = [
    "FoldFigures",
    "are_asked_for",
    "check_folds",
    "choose_folds",
    "fold_figures",
    "how_long",
    "seconds_for_fold",
]

#: A set with fewer pictures of a label (of its middle label) than this has its figures from folds, texts with fewer.
FEW_OF_A_LABEL, FEW_TEXTS = 100, 1000
#: Folds that are chosen: a text reader learns ten times as long as one of single signs.
OF_LABELS, OF_TEXTS = 5, 3
#: With less time than this there are no folds unless they are asked for.
LEAST_MINUTES = 2.0
#: Folds that nobody asked for take no longer than this in all, or learn for fewer epochs.
MOST_S = 480.0

#: Two-sided 95 % points of Student's t with 1 to 19 degrees of freedom; from there on the normal one is near enough.
_T95 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FoldFigures:
    """The accuracies of k folds: their mean and its 95 % interval (Student's t over the folds, cut to 0..1)."""

    accuracies: tuple[float, ...]
    mean: float
    t95: tuple[float, float]


def check_folds(asked: int | None) -> None:
    """Raise RecipeError for a number of folds that makes no sense."""
    if asked is not None and (asked == 1 or asked < 0):
        raise RecipeError(f"--folds is {asked}, expected 2 or more, or 0 for none")


def choose_folds(
    asked: Asked, labels: Counter[str], *, texts: bool, recipe_folds: int, given_test: bool, processes: int = 1
) -> tuple[int, Decision | None]:
    """Choose the number of folds, 0 for none, and say why where few pictures ask for them.

    ``labels`` counts the readable pictures of each label. Raises RecipeError for a number that makes no sense, and
    where several processes learn.
    """
    if processes > 1 and (asked.folds or recipe_folds):
        raise RecipeError("folds are learned by one process, and torchrun started several", hint="--folds 0")
    if asked.folds is not None:
        check_folds(asked.folds)
        return asked.folds, Decision("folds", str(asked.folds), "--folds") if asked.folds else None
    if _are_set(asked):
        check_folds(recipe_folds)
        return recipe_folds, Decision("folds", str(recipe_folds), "--set") if recipe_folds else None
    if asked.recipe:
        return recipe_folds, Decision("folds", str(recipe_folds), "as the recipe says") if recipe_folds else None
    n = sum(labels.values())
    named = any(word.startswith(("data.validation=", "data.test=", "validation=", "test=")) for word in asked.settings)
    if given_test or asked.from_model or named or n < 10 or processes > 1:
        return 0, None
    middle = sorted(labels.values())[len(labels) // 2]
    if n >= FEW_TEXTS if texts else middle >= FEW_OF_A_LABEL:
        return 0, None
    count, few = OF_TEXTS, f"{n} texts"
    if not texts:
        count, few = min(OF_LABELS, max(2, middle)), f"about {middle} pictures a label"
    if asked.minutes is not None and asked.minutes < LEAST_MINUTES:
        hurried = f"--minutes {asked.minutes:g} is below {LEAST_MINUTES:g}"
        return 0, Decision("folds", "none", f"{hurried}; --folds {count} asks for them all the same")
    why = f"of {few} a test part would be too small to say much"
    return count, Decision("folds", str(count), f"{why}; --folds 0 leaves them out")


def are_asked_for(asked: Asked) -> bool:
    """Say whether folds were asked for: by ``--folds``, by a recipe or by ``--set``."""
    return asked.folds is not None or bool(asked.recipe) or _are_set(asked)


def _are_set(asked: Asked) -> bool:
    return any(word.startswith(("data.folds=", "folds=")) for word in asked.settings)


def how_long(count: int, final_s: float, seconds: float | None) -> str:
    """Say how long the folds take: as ``final_s``, which learning from everything took, or the limit of a fold."""
    each = f"about {final_s:.0f} s" if seconds is None or final_s <= seconds else f"at most {seconds:.0f} s"
    return f"folds: {count} trainings more, {each} each"


def seconds_for_fold(left_s: float | None, folds_left: int, count: int, *, asked: bool, final_s: float) -> float | None:
    """Give the seconds that one of ``folds_left`` folds may learn; None for as long as the recipe says.

    ``left_s`` is what is left of a time limit, None without one; ``asked`` says that somebody asked for folds;
    ``final_s`` is how long learning from everything took. Where that fits there is no limit: a fold that is timed in a
    busy moment would learn less than the same fold in a quiet one.
    """
    if left_s is not None:
        return max(1.0, 0.85 * left_s / folds_left)
    return None if asked or final_s <= MOST_S / count else MOST_S / count


def fold_figures(accuracies: Sequence[float]) -> FoldFigures:
    """Give the mean of the folds and its interval.

    Folds that are all alike say nothing of how much folds differ: the interval is then all there is, 0 to 1.
    """
    k = len(accuracies)
    mean = sum(accuracies) / k
    if len(set(accuracies)) < 2:
        return FoldFigures(tuple(accuracies), mean, (0.0, 1.0))
    spread = math.sqrt(sum((one - mean) ** 2 for one in accuracies) / (k - 1))
    reach = (_T95[k - 2] if k - 2 < len(_T95) else 1.96) * spread / math.sqrt(k)
    return FoldFigures(tuple(accuracies), mean, (max(0.0, mean - reach), min(1.0, mean + reach)))
