"""Why a run does not learn, in sentences: asked before learning, where nothing could come of it, and after it.

A run that learned nothing still writes its file, but never silently: ``run`` prints each problem and keeps it in
metrics.json and the report.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from glyphsmith.errors import TrainingError
from glyphsmith.metrics import wilson_interval
from glyphsmith.train.learned import Fit
from glyphsmith.train.recipe import Recipe
from glyphsmith.train.tasks.label import on_bound

__all__ = [
    "Problem",
    "after",
    "before",
    "cut_short",
    "diverged",
    "look_alike",
    "neighbour_accuracy",
    "uncalibrated",
]

Kind = Literal[
    "few", "constant", "one-answer", "shuffled", "rate", "diverged", "overfit", "blank", "columns",
    "alphabet", "forgets", "short", "confidence",
]  # fmt: skip


#: A run that took fewer than this share of its steps was cut short: what it has not learned says nothing of the data.
_SHORT = 0.5


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong and what to do about it; ``kind`` is for programs, the texts are for people."""

    kind: Kind
    text: str
    hint: str

    def as_dict(self) -> dict[str, Any]:
        """Give the entry of metrics.json."""
        return asdict(self)


def before(pictures: NDArray[np.uint8], labels: NDArray[np.int64], alphabet: Sequence[str]) -> list[Problem]:
    """Look at the prepared training pictures (N, C, H, W) and labels (N,) before learning.

    Raises TrainingError where nothing can be learned: a single label, or pictures that all look the same.
    """
    labels = labels[labels >= 0]
    counts = np.bincount(labels, minlength=len(alphabet))
    if len(np.unique(labels)) < 2:
        only = f": {alphabet[int(labels[0])]}" if len(labels) else ""
        raise TrainingError(
            f"all {len(labels)} training pictures carry the same label{only}; there is nothing to tell apart",
            hint="a reader needs pictures of at least two labels; `glyphsmith data check` shows which were found",
        )
    problems = look_alike(pictures)
    few = int(np.median(counts))
    if few < 5:
        problems.append(
            Problem(
                "few",
                f"only about {few} training pictures a label: nothing about unseen pictures can be promised",
                "collect at least 15 to 20 a label",
            )
        )
    missing = [alphabet[k] for k in np.flatnonzero(counts == 0).tolist()]
    if missing:
        problems.append(
            Problem(
                "few",
                f"no training picture of {', '.join(missing[:12])}{' ...' if len(missing) > 12 else ''}: "
                "these labels will be forgotten, or never learned",
                "add pictures of them",
            )
        )
    return problems


def look_alike(pictures: NDArray[np.uint8]) -> list[Problem]:
    """Look for prepared pictures (N, C, H, W) that show nothing; raises TrainingError where all look the same."""
    problems: list[Problem] = []
    sample = np.asarray(pictures[_spread(len(pictures), 512)]).astype(np.float32)
    even = float((sample.std(axis=(1, 2, 3)) < 1.0).mean())
    same = float(np.abs(sample - sample.mean(axis=0)).max())
    if even > 0.9 or same < 1.0:
        raise TrainingError(
            "after preparation the training pictures all look the same"
            + (f": {even:.0%} are one even tone" if even > 0.9 else ""),
            hint="look at them with `glyphsmith data check`; try --set prepare.crop=false --set prepare.flatten=false",
        )
    if even > 0.05:
        problems.append(
            Problem(
                "constant", f"{even:.0%} of the prepared training pictures are one even tone", "glyphsmith data check"
            )
        )
    return problems


def diverged(fit: Fit, recipe: Recipe) -> tuple[list[Problem], str]:
    """Give what is said where the loss stopped being a number, and the setting that learns slower."""
    slower = f"--set learn.rate={recipe.learn.rate / 10:.2g}"
    return ([Problem("diverged", fit.stopped, slower)] if fit.broken else []), slower


def cut_short(fit: Fit, recipe: Recipe, pictures: int, seen: str) -> Problem | None:
    """Look whether most steps over ``pictures`` training pictures were not taken; ``seen`` is what came of the others.

    None where learning ended by itself, or where no plan of its steps is known.
    """
    if not fit.plan or fit.broken or fit.stopped.startswith("no gain"):
        return None
    steps, copies = int(fit.history[-1]["step"]), 1 + len(recipe.augment.copies_deg)
    share = steps * int(fit.plan["batch"]) / max(1, recipe.learn.epochs * pictures * copies)
    if share >= _SHORT:
        return None
    return Problem(
        "short",
        f"{seen}; learning was cut short at step {steps}, {100 * share:.2g} % of the way that the recipe asks "
        f"(loss {fit.history[-1]['train_loss']:.2f}): nothing can be said of the data yet",
        "learn longer: more --minutes, or none; after Ctrl-C, --resume",
    )


def uncalibrated(fit: Fit) -> list[Problem]:
    """Say so where the temperature of the scores ended on its bound: no confidence is right then."""
    if not on_bound(fit.temperature):
        return []
    return [
        Problem(
            "confidence",
            f"the confidences are not to be trusted: the temperature that would make them right lies beyond "
            f"{fit.temperature:.3g}, where the search for it ends",
            "learn longer, or from more pictures",
        )
    ]


def after(
    fit: Fit,
    recipe: Recipe,
    *,
    train: tuple[NDArray[np.uint8], NDArray[np.int64]],
    validation: tuple[NDArray[np.uint8], NDArray[np.int64]],
    alphabet: Sequence[str],
) -> list[Problem]:
    """Judge what was learned; an empty list when it learned. Raises nothing."""
    problems, slower = diverged(fit, recipe)
    labels = validation[1]
    n = len(labels)
    if n == 0 or not fit.history:
        return problems
    answers = fit.validation_logits.argmax(axis=1)
    right = int((answers == labels).sum())
    # Chance is what always answering the commonest label of the training part would score here.
    # Where one label alone judges, that answer would always be right, and says nothing of chance.
    commonest = np.bincount(train[1][train[1] >= 0]).argmax()
    chance = float((labels == commonest).mean()) if len(np.unique(labels)) > 1 else 1.0 / len(alphabet)
    if wilson_interval(right, n)[0] > chance:
        return problems + _overfit(fit, train[1], right / n, len(alphabet))
    few_to_judge = right / n > chance
    seen = f"{right} of {n} validation pictures are right, " + (
        f"too few to tell from chance ({chance:.0%})" if few_to_judge else f"no better than chance ({chance:.0%})"
    )
    one = len(np.unique(answers)) == 1 and n > 1
    if one:
        seen += f"; every answer is {alphabet[int(answers[0])]}"
    by_heart = float(fit.history[-1].get("train_accuracy", 1.0))
    near = neighbour_accuracy(train, validation)
    near_works = wilson_interval(round(near * n), n)[0] > chance
    first, last = fit.history[0]["train_loss"], fit.history[-1]["train_loss"]
    short = cut_short(fit, recipe, len(train[1]), seen)
    if short and by_heart <= chance + 0.25:
        problems.append(short)
    elif near_works:
        unrested = len(fit.history) > 1 and not last < 0.95 * first
        problems.append(
            Problem(
                "rate",
                f"{seen}, though the nearest training picture alone gives {near:.0%}: the pictures do tell the labels "
                f"apart, learning failed (training loss {first:.3f} -> {last:.3f})",
                f"the rate is too high: {slower}" if unrested else f"more time or epochs, or another rate: {slower}",
            )
        )
    elif by_heart > chance + 0.25:
        problems.append(
            Problem(
                "shuffled",
                f"{seen}, while {by_heart:.0%} of the training pictures are answered rightly: they were learned by "
                "heart, and say nothing about others",
                "are the labels shuffled against the pictures? compare a few with `glyphsmith data info`",
            )
        )
    elif len(train[1]) < 20 * len(alphabet):
        problems.append(
            Problem(
                "few",
                f"{seen}; there are only {len(train[1])} training pictures for {len(alphabet)} labels",
                "collect at least 15 to 20 a label; check that labels and pictures belong together",
            )
        )
    else:
        problems.append(
            Problem(
                "shuffled",
                f"{seen}, and the nearest training picture does not know it either ({near:.0%}): labels and pictures "
                "seem to have nothing to do with each other",
                "are the labels shuffled against the pictures, or does the preparation remove what tells them apart? "
                "look at a few with `glyphsmith read MODEL PICTURE --steps OUT.png`",
            )
        )
    if one and not any(problem.kind == "one-answer" for problem in problems):
        text = f"the reader answers {alphabet[int(answers[0])]} to everything"
        problems.append(Problem("one-answer", text, problems[-1].hint))
    return problems


def _overfit(fit: Fit, labels: NDArray[np.int64], accuracy: float, classes: int) -> list[Problem]:
    by_heart = float(fit.history[-1].get("train_accuracy", 0.0))
    few = len(labels) // max(1, classes)
    if by_heart - accuracy < 0.25 or few > 200:
        return []
    return [
        Problem(
            "overfit",
            f"training pictures are read at {by_heart:.0%}, validation pictures at {accuracy:.0%}: "
            f"about {few} pictures a label are too few for what they vary in",
            "add pictures, above all of other writers or sources; or stronger augmentation",
        )
    ]


def neighbour_accuracy(
    train: tuple[NDArray[np.uint8], NDArray[np.int64]], validation: tuple[NDArray[np.uint8], NDArray[np.int64]]
) -> float:
    """Give the accuracy of answering with the label of the nearest training picture, on at most 4000 and 1000 of them.

    The simplest reader there is: where it works, labels and pictures belong together.
    """
    rows, others = _spread(len(train[1]), 4000), _spread(len(validation[1]), 1000)
    known, labels = _unit(train[0][rows]), train[1][rows]
    asked = _unit(validation[0][others])
    nearest = (asked @ known.T).argmax(axis=1)
    return float((labels[nearest] == validation[1][others]).mean())


def _unit(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Flatten to at most about 1000 values, take the mean off, scale to length one: (N, D)."""
    step = max(1, int(np.sqrt(pictures[0].size / 1000)))
    flat = np.asarray(pictures[:, :, ::step, ::step]).reshape(len(pictures), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    return np.asarray(flat / (np.linalg.norm(flat, axis=1, keepdims=True) + 1e-6), dtype=np.float32)


def _spread(n: int, most: int) -> NDArray[np.int64]:
    return np.unique(np.linspace(0, max(0, n - 1), num=min(n, most)).astype(np.int64))
