"""How many steps a run takes and the rate of each; saved with the checkpoint, so that a resumed run keeps it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glyphsmith.train.recipe import Learn

__all__ = ["Plan", "batch_of", "make_plan", "over_limit", "rate_at", "seed_of", "time_to_learn"]

#: The share of one-cycle steps in which the rate rises, and the rates at its start and end as shares of the peak.
_RISE, _START, _END = 0.2, 0.1, 0.002
#: Between two judgements lie so many steps where epochs are short, as long as a run has so many judgements.
_JUDGED_STEPS, _LEAST_JUDGED = 64, 20

#: Export, gate, figures and report of 120 pictures took 7.6 s of two cores; three were kept before.
_REST_S = 8.0


@dataclass(frozen=True, slots=True)
class Plan:
    """``steps`` in all, ``batch`` pictures a step over all processes; judged on validation every ``judged`` epochs."""

    steps: int
    steps_per_epoch: int
    batch: int
    reason: str
    judged: int = 1

    @property
    def epochs(self) -> int:
        """The number of epochs: the last may be cut short by a time limit."""
        return self.epoch_of(self.steps)

    def epoch_of(self, steps: int) -> int:
        """Give the epoch, from 1 on, that the last of so many steps belongs to."""
        return -(-steps // self.steps_per_epoch)

    def judges_after(self, steps: int) -> bool:
        """Say whether the weights are judged after so many steps."""
        return steps == self.steps or steps % (self.judged * self.steps_per_epoch) == 0

    def as_dict(self) -> dict[str, Any]:
        """Give plain values for the checkpoint."""
        return asdict(self)


def make_plan(
    learn: Learn,
    pictures: int,
    *,
    seconds: float | None = None,
    step_s: float = 0.0,
    validation_s: float = 0.0,
    processes: int = 1,
) -> Plan:
    """Plan a run over ``pictures`` training pictures.

    With a limit of ``seconds`` the schedule is shortened so that it ends inside it, counting ``step_s`` a step and
    ``validation_s`` a validation, with a tenth in reserve; a limit never makes a run longer than its recipe.
    """
    batch = min(learn.batch, pictures)
    batch = max(processes, batch - batch % processes)
    per_epoch = max(1, pictures // batch)
    steps = learn.epochs * per_epoch
    reason = f"{learn.epochs} epochs of {per_epoch} steps, as the recipe says"
    # A judgement of a small set took as long as seven steps (docs/log.md). Patience counts epochs: then each is judged.
    judged = 1 if learn.patience else max(1, min(-(-_JUDGED_STEPS // per_epoch), learn.epochs // _LEAST_JUDGED))
    if seconds is not None and step_s > 0.0:
        usable = seconds * 0.9
        fits = usable / (per_epoch * step_s + validation_s / judged)
        affordable = int(fits) * per_epoch if fits >= 1.0 else max(1, int((usable - validation_s) / step_s))
        if affordable < steps:
            steps = affordable
            short = f"{steps / per_epoch:.3g}" if steps < per_epoch else str(steps // per_epoch)
            reason = (
                f"{short} of {learn.epochs} epochs fit into {seconds:.0f} s "
                f"({step_s * 1000:.0f} ms a step, {validation_s:.1f} s a validation); the schedule ends inside them"
            )
        else:
            reason += f"; the limit of {seconds:.0f} s leaves room for them"
    return Plan(steps, min(per_epoch, steps), batch, reason, judged)


def rate_at(step: int, plan: Plan, learn: Learn) -> float:
    """Give the learning rate of a step: constant, in steps, or risen linearly and fallen by a cosine (Smith, 2017)."""
    if learn.schedule == "constant":
        return learn.rate
    place = (step + 0.5) / plan.steps
    if learn.schedule == "steps":
        passed = sum(place * learn.epochs >= milestone for milestone in learn.milestones)
        return (learn.rate, *learn.rates)[passed]
    if place < _RISE:
        return learn.rate * (_START + (1.0 - _START) * place / _RISE)
    fall = 0.5 * (1.0 + math.cos(math.pi * (place - _RISE) / (1.0 - _RISE)))
    return learn.rate * (_END + (1.0 - _END) * fall)


def seed_of(seed: int, step: int, process: int = 0) -> int:
    """Give the seed of one step of one process: neighbouring steps share nothing, and no state is carried along."""
    return int(np.random.SeedSequence([abs(seed), step + 1, process]).generate_state(1)[0])


def batch_of(
    step: int, plan: Plan, pictures: int, seed: int, orders: dict[int, NDArray[np.int64]]
) -> NDArray[np.int64]:
    """Give the indices (B,) of a step: each pass over the pictures has its own order, the tail of a pass is left out.

    ``orders`` keeps the order of the current pass between calls; it can be lost at any time.
    """
    per_pass = max(1, pictures // plan.batch)
    number, place = divmod(step, per_pass)
    if number not in orders:
        orders.clear()
        orders[number] = np.random.default_rng([abs(seed), number, 7]).permutation(pictures)
    return orders[number][place * plan.batch : (place + 1) * plan.batch]


def time_to_learn(minutes: float | None, spent_s: float) -> float | None:
    """Give the seconds for learning: eight or a tenth is kept for the file and its figures, less of a short limit."""
    if minutes is None:
        return None
    whole = 60.0 * minutes
    return max(1.0, whole - max(3.0, min(_REST_S, 0.15 * whole), 0.1 * whole) - spent_s)


def over_limit(minutes: float | None, took_s: float, ready_s: float) -> str:
    """Say that a run of ``took_s`` seconds could not keep its limit, and what came before learning; "" where it did."""
    if minutes is None or took_s <= 60.0 * minutes:
        return ""
    return (
        f"--minutes {minutes:g} could not be kept: the run took {took_s:.0f} s, {ready_s:.0f} s of them before "
        "learning; the file, its gate and its figures are never left out"
    )
