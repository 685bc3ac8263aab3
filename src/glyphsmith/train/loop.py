"""The one training loop: arrays in, learned weights and their history out.

``run`` calls ``fit`` with prepared pictures. Every random draw comes from (seed, step), nothing is carried between
steps but the weights, the optimizer and the running mean: a run killed at any moment and resumed from
``last.ckpt`` ends with the same bits as one left alone. Lightning Fabric carries device, precision and processes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from glyphsmith.errors import TrainingError
from glyphsmith.files import write_atomically
from glyphsmith.nets import PictureNetwork
from glyphsmith.progress import bar
from glyphsmith.train import checkpoint, progress
from glyphsmith.train.augment import rotated_copies
from glyphsmith.train.batches import Batches
from glyphsmith.train.fabric import make_fabric
from glyphsmith.train.judge import Average, Judge, Judgement, logits_of
from glyphsmith.train.learned import Fit, Part, build_network, make_optimizer
from glyphsmith.train.pace import Trial, validation_seconds
from glyphsmith.train.painting import Endless
from glyphsmith.train.plan import Plan, make_plan, rate_at, seed_of
from glyphsmith.train.recipe import Recipe
from glyphsmith.train.signals import Stop, stop_on_signals
from glyphsmith.train.supply import supply_of
from glyphsmith.train.tasks.lesson import Lesson, lesson_of

__all__ = ["Fit", "fit"]

#: A long epoch writes last.ckpt this often, so that a kill costs less than half a minute.
CHECKPOINT_EVERY_S = 20.0
#: How often the loss is looked at for not being a number: looking makes an accelerator wait.
_LOOK_EVERY = 20


def fit(
    recipe: Recipe,
    *,
    train: Part,
    validation: Part,
    classes: int,
    run_dir: Path,
    start: dict[str, Tensor] | None = None,
    lesson: Lesson | None = None,
    seconds: float | None = None,
    resume: bool = False,
    stop: Stop | None = None,
    say: Callable[[str], None] = progress.to_stderr,
    events: bool = True,
    endless: Endless | None = None,
) -> Fit:
    """Learn from prepared pictures.

    ``train`` and ``validation`` are (pictures uint8 (N, C, H, W), perhaps a memory map; labels int64 (N,) in
    0..classes-1, of texts (N, L) with -1 behind the end). ``start`` lays given weights on the network first;
    ``lesson`` goes before that of the recipe.
    ``seconds`` is a limit for learning. ``stop`` ends it well when asked, as Ctrl-C and SIGTERM do. Writes checkpoints,
    log.jsonl and (``events``) TensorBoard events into ``run_dir``. With ``endless`` every step learns from pictures
    painted for it, and those of ``train`` serve the statistics of batch norm alone. Raises TrainingError where nothing
    usable can come of it.
    """
    if len(train[1]) < 1:
        raise TrainingError("there is no training picture", hint="lower data.test and data.validation, or add pictures")
    if recipe.augment.copies_deg:
        angles = recipe.augment.copies_deg
        copies = (1 + len(angles), *[1] * (train[1].ndim - 1))
        train = (rotated_copies(train[0], angles), np.tile(train[1], copies))
    network = build_network(recipe, classes)
    if start is not None:
        network.load_state_dict(start)
    if recipe.learn.optimizer == "sklearn":
        from glyphsmith.train.perceptron import fit_perceptron

        return fit_perceptron(recipe, network, train, validation, say)
    with torch.random.fork_rng(devices=[]), stop_on_signals(Stop() if stop is None else stop) as asked:
        run = _Run(recipe, network, train, validation, run_dir, seconds, asked, say, events, endless, lesson)
        try:
            return run.go(resume)
        finally:
            run.supply.close()


class _Run:
    """The state of one run of the loop."""

    plan: Plan

    def __init__(
        self,
        recipe: Recipe,
        network: PictureNetwork,
        train: Part,
        validation: Part,
        run_dir: Path,
        seconds: float | None,
        stop: Stop,
        say: Callable[[str], None],
        events: bool,
        endless: Endless | None,
        lesson: Lesson | None,
    ) -> None:
        self.recipe, self.learn, self.stop = recipe, recipe.learn, stop
        self.run_dir, self.limit_s = run_dir, seconds
        self.fabric, precision = make_fabric(recipe.learn.precision)
        self.say: Callable[[str], None] = say if self.fabric.is_global_zero else (lambda _: None)
        self.say(f"learning on {precision}")
        self.events = progress.Events(run_dir / "events") if events and self.fabric.is_global_zero else None
        device = self.fabric.device
        network = network.to(device).to(memory_format=torch.channels_last)
        optimizer = make_optimizer(network, recipe)
        self.model, self.optimizer = self.fabric.setup(network, optimizer)
        self.lesson = lesson or lesson_of(recipe)
        for method in ("scores", "guided"):
            if hasattr(network, method):
                self.model.mark_forward_method(method)
        self.network = network
        # Texts keep their own ground, so what comes into view beside them is ground too.
        ink = recipe.task == "label" and not recipe.prepare.colour
        self.batches = Batches(*train, recipe.augment, ink=ink, device=device)
        self.supply = supply_of(
            self.batches,
            endless,
            recipe.seed,
            rank=self.fabric.global_rank,
            processes=self.fabric.world_size,
            stopped=lambda: bool(stop),
        )
        self.judge = Judge(network, validation[0].view(np.ndarray), validation[1], self._settling, self.lesson)
        self.validation = validation
        self.average = Average(network, recipe.learn.average)
        self.identity = checkpoint.identity_of(recipe, train, validation, endless=endless is not None)
        self.step, self.history, self.best = 0, list[dict[str, Any]](), dict[str, Any]()
        self.loss_sum = torch.zeros((), dtype=torch.float64, device=device)
        self.right = torch.zeros((), dtype=torch.int64, device=device)
        self.before_s, self.broken, self.stopped = 0.0, False, ""
        self.started = self.saved = self.told = time.monotonic()
        self.told_epoch = 0
        (run_dir / "checkpoints").mkdir(parents=True, exist_ok=True)

    def go(self, resume: bool) -> Fit:
        """Learn to the end, from the start or from the last checkpoint."""
        fabric = self.fabric
        if fabric.is_global_zero:
            checkpoint.remove_leftovers(self.run_dir)
        if resume and checkpoint.last_path(self.run_dir).is_file():
            self._restore()
            self.supply.begin(self.plan, self._trial, self.say)
        else:
            if resume:
                self.say("no checkpoint yet: learning starts from the beginning")
            self.plan = fabric.broadcast(self._plan())
        self.say(f"plan: {self.plan.reason}")
        with bar("learning", self.plan.steps, done=self.step, show=fabric.is_global_zero) as move:
            while not self.stopped:
                if self.step >= self.plan.steps:
                    self.stopped = f"all {self.plan.epochs} epochs done"
                    break
                self._one_step()
                move(self.step)
                self._after_step()
        return self._finish()

    def _one_step(self) -> None:
        fabric = self.fabric
        torch.manual_seed(seed_of(self.recipe.seed, self.step, fabric.global_rank))
        x, labels = self.supply.step(self.step)
        rate = rate_at(self.step, self.plan, self.learn)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.network.train()
        # Said here: on one device Fabric passes calls of marked methods on without its precision (docs/log.md).
        with fabric.autocast():
            loss, logits = self.lesson.loss(self.model, x, labels)
        self.optimizer.zero_grad(set_to_none=True)
        fabric.backward(loss)
        self.optimizer.step()
        self.average.follow(self.network, self.step)
        self.loss_sum += loss.detach()
        self.right += self.lesson.right(logits.detach(), labels)
        self.step += 1

    def _after_step(self) -> None:
        judged = self.plan.judges_after(self.step)
        look = judged or self.step % _LOOK_EVERY == 0
        if look and not self._agree(bool(torch.isfinite(self.loss_sum))):
            return self._diverged()
        if judged:
            return self._end_epochs()
        # Processes must stop at the same step; asking each other costs, so they ask now and then.
        if self.fabric.world_size == 1 or self.step % _LOOK_EVERY == 0:
            if self.limit_s is not None and self._elapsed() > self.limit_s:
                self.stop.ask(f"the limit of {self.limit_s:.0f} s was reached")
            if not self._agree(not self.stop):
                self._end_early(self.stop.reason or "another process was stopped")
                return None
        if time.monotonic() - self.saved > CHECKPOINT_EVERY_S:
            self._save()
        return None

    def _agree(self, fine: bool) -> bool:
        """Say whether all processes are fine."""
        if self.fabric.world_size == 1:
            return fine
        votes = self.fabric.all_reduce(torch.tensor(float(fine)), reduce_op="sum")
        return int(votes.item()) == int(self.fabric.world_size)

    def _end_epochs(self) -> None:
        better = self._judge()
        patience = self.learn.patience
        if not self.stopped and patience and self.step < self.plan.steps:
            without = int(self.history[-1]["epoch"]) - int(self.best["epoch"])
            if not better and without >= patience:
                self.stopped = (
                    f"no gain on validation for {without} epochs (patience {patience}); "
                    f"the best was epoch {self.best['epoch']}"
                )
        # Saved before a wish to stop is looked at: a run that is resumed has not had it.
        self._save()
        if not self.stopped and not self._agree(not self.stop):
            self.stopped = self.stop.reason or "another process was stopped"

    def _end_early(self, reason: str) -> None:
        # First the exact state, from which --resume goes on as if nothing had happened; then the best of this moment.
        # Kept apart from best.ckpt, which must stay what a run left alone would have at this step.
        self._save()
        self._judge(checkpoint.early_path(self.run_dir))
        self.stopped = reason

    def _judge(self, path: Path | None = None) -> bool:
        """Judge this moment, write it down, keep it (best.ckpt, or ``path``) where it is the best: says whether so."""
        judgement: Judgement | None = None
        if self.fabric.is_global_zero:
            torch.manual_seed(seed_of(self.recipe.seed, self.step, 10_000))
            judgement = self.judge.judge(self.network, self.average)
        verdict = (judgement.loss, judgement.accuracy) if judgement else (0.0, 0.0)
        val_loss, val_accuracy = self.fabric.broadcast(verdict)
        steps = self.step - (int(self.history[-1]["step"]) if self.history else 0)
        seen = max(1, steps) * (self.plan.batch // self.fabric.world_size)
        # Without validation pictures there are no figures of them (JSON has no NaN); nothing is better than the last.
        blind = len(self.validation[1]) == 0
        entry = {
            "epoch": self.plan.epoch_of(self.step),
            "step": self.step,
            "train_loss": float(self.loss_sum) / max(1, steps),
            "train_accuracy": int(self.right) / seen,
            **({} if blind else {"val_loss": val_loss, "val_accuracy": val_accuracy}),
            "rate": rate_at(max(0, self.step - 1), self.plan, self.learn),
            "seconds": round(self._elapsed(), 2),
        }
        self.loss_sum.zero_()
        self.right.zero_()
        self.history.append(entry)
        better: bool = not self.best or blind or (val_accuracy, -val_loss) > (self.best["accuracy"], -self.best["loss"])
        if better or self.learn.keep == "last":
            self.best = {"epoch": entry["epoch"], "accuracy": val_accuracy, "loss": val_loss}
            if judgement is not None:
                state = {"network": judgement.weights, **self.best, "identity": self.identity}
                checkpoint.save(path or checkpoint.best_path(self.run_dir), state)
        if self.fabric.is_global_zero:
            self._write_log(entry)
        return better

    def _write_log(self, entry: dict[str, Any]) -> None:
        # Written whole from the history, so that after a kill no epoch stands in it twice.
        lines = [json.dumps(past, ensure_ascii=False) for past in self.history]
        write_atomically(self.run_dir / "log.jsonl", "\n".join(lines) + "\n")
        if self.events is not None:
            self.events.add(entry)
        now = time.monotonic()
        last = self.step >= self.plan.steps
        apart = entry["epoch"] - self.told_epoch >= max(1, self.plan.epochs // 12)
        if last or apart or not self.told_epoch or now - self.told > 10.0:
            self.told, self.told_epoch = now, entry["epoch"]
            left = self._elapsed() / max(1, self.step) * (self.plan.steps - self.step)
            judged = ""
            if "val_loss" in entry:
                judged = f"  validation {100 * entry['val_accuracy']:.2f} % (loss {entry['val_loss']:.4f})"
            self.say(
                f"epoch {entry['epoch']}/{self.plan.epochs}  loss {entry['train_loss']:.4f}"
                + judged
                + ("" if last else f"  about {progress.duration(left)} left")
            )

    def _diverged(self) -> None:
        """The loss is no number any more: go back to the best weights, or say that there are none."""
        self.broken = True
        rate = rate_at(self.step - 1, self.plan, self.learn)
        what = (
            f"the loss stopped being a number at step {self.step}: a rate of {rate:.2g} is too high for these pictures"
        )
        if not self.best:
            raise TrainingError(what, hint=f"--set learn.rate={self.learn.rate / 10:.2g}")
        self.stopped = f"{what}; went back to the weights of epoch {self.best['epoch']}"

    def _elapsed(self) -> float:
        return self.before_s + time.monotonic() - self.started

    def _settling(self) -> Iterator[Tensor]:
        """Give training batches, about a sixteenth of an epoch, for the statistics of batch norm."""
        n = len(self.batches)
        size = min(n, 256)
        count = min(max(512, self.supply.epoch // 16), 8192, n)
        order = np.random.default_rng([abs(self.recipe.seed), self.step, 11]).permutation(n)[: max(count, size)]
        for first in range(0, len(order) - size + 1, size):
            yield self.batches.take(order[first : first + size])[0]

    def _plan(self) -> Plan:
        processes, pictures = self.fabric.world_size, self.supply.epoch
        rough = make_plan(self.learn, pictures, processes=processes)
        step_s = self.supply.begin(rough, self._trial, self.say)
        if self.limit_s is None:
            return rough
        step_s = step_s or self._trial().seconds(self.supply.step, stopped=lambda: bool(self.stop))
        validation_s = validation_seconds(self.network, self.judge)
        left = max(1.0, self.limit_s - self._elapsed())
        return make_plan(
            self.learn, pictures, seconds=left, step_s=step_s, validation_s=validation_s, processes=processes
        )

    def _trial(self) -> Trial:
        return Trial(self.network, self.judge, self.fabric)

    def _save(self) -> None:
        self.saved = time.monotonic()
        if not self.fabric.is_global_zero:
            return
        state = {
            "identity": self.identity,
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average.weights,
            "step": self.step,
            "history": self.history,
            "best": self.best,
            "loss_sum": self.loss_sum,
            "right": self.right,
            "plan": self.plan.as_dict(),
            "seconds": self._elapsed(),
            "stopped": self.stopped,
        }
        checkpoint.save(checkpoint.last_path(self.run_dir), state)

    def _restore(self) -> None:
        path = checkpoint.last_path(self.run_dir)
        state = checkpoint.load(path)
        if state["identity"] != self.identity:
            raise TrainingError(
                f"{path}: belongs to another recipe or other pictures",
                hint="put the pictures back as they were, or train into a new folder",
            )
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        with torch.no_grad():
            for mean, saved in zip(self.average.weights, state["average"], strict=True):
                mean.copy_(saved)
        self.step, self.history, self.best = state["step"], state["history"], state["best"]
        self.loss_sum.copy_(state["loss_sum"])
        self.right.copy_(state["right"])
        self.plan, self.before_s = Plan(**state["plan"]), state["seconds"]
        self.stopped = state["stopped"]
        self.say(f"resumed at step {self.step} of {self.plan.steps}")

    def _finish(self) -> Fit:
        self.fabric.barrier()
        if self.events is not None:
            self.events.close()
        early = checkpoint.early_path(self.run_dir)
        best = checkpoint.load(early if early.is_file() else checkpoint.best_path(self.run_dir))
        network = build_network(self.recipe, self.network.classes)
        network.load_state_dict(best["network"])
        network.eval()
        logits = logits_of(network, self.validation[0].view(np.ndarray), torch.device("cpu"))
        temperature, text_temperature = self.lesson.calibrate(logits, self.validation[1])
        self.say(f"stopped: {self.stopped}")
        return Fit(
            network=network,
            temperature=temperature,
            text_temperature=text_temperature,
            history=self.history,
            stopped=self.stopped,
            seconds=self._elapsed(),
            best_epoch=int(best["epoch"]),
            val_accuracy=float(best["accuracy"]),
            interrupted=bool(self.stop) and "limit" not in (self.stop.reason or ""),
            broken=self.broken,
            plan=self.plan.as_dict(),
            validation_logits=logits,
        )
