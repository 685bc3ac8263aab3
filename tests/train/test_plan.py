"""Steps, rates, orders and seeds."""

from __future__ import annotations

import numpy as np
import pytest

from glyphsmith.errors import RecipeError
from glyphsmith.train.plan import Plan, batch_of, make_plan, over_limit, rate_at, seed_of, time_to_learn
from glyphsmith.train.recipe import Learn, load_recipe, recipe_from_dict, with_settings


def test_without_a_limit_the_recipe_decides() -> None:
    plan = make_plan(Learn(epochs=3, batch=100), 1050)
    assert (plan.steps, plan.steps_per_epoch, plan.batch, plan.epochs) == (30, 10, 100, 3)


def test_a_limit_shortens_to_whole_epochs_that_fit() -> None:
    plan = make_plan(Learn(epochs=100, batch=10, patience=9), 100, seconds=10.0, step_s=0.05, validation_s=0.5)
    assert plan.steps == 90
    assert "9 of 100 epochs" in plan.reason
    # Judged after every fifth epoch, it has time for fifteen.
    rarely = make_plan(Learn(epochs=100, batch=10), 100, seconds=10.0, step_s=0.05, validation_s=0.5)
    assert (rarely.steps, rarely.judged) == (150, 5)


@pytest.mark.parametrize(
    ("learn", "pictures", "after"),
    [
        (Learn(epochs=3, batch=100), 1000, [10, 20, 30]),  # few epochs: each is judged
        (Learn(epochs=40, batch=32), 32 * 16, list(range(32, 641, 32))),  # twenty judgements at least
        (Learn(epochs=171, batch=32), 32 * 16, [*range(64, 2736, 64), 2736]),  # 64 steps between two, and the end
        (Learn(epochs=400, batch=500), 50_000, list(range(100, 40_001, 100))),  # long epochs
        (Learn(epochs=100, batch=10, patience=2), 100, list(range(10, 1001, 10))),  # patience counts epochs
    ],
)
def test_short_epochs_are_judged_every_few_of_them(learn: Learn, pictures: int, after: list[int]) -> None:
    plan = make_plan(learn, pictures)
    assert [step for step in range(1, plan.steps + 1) if plan.judges_after(step)] == after
    assert plan.epoch_of(after[-1]) == plan.epochs == learn.epochs


def test_a_limit_shorter_than_an_epoch_leaves_a_part_of_one() -> None:
    plan = make_plan(Learn(epochs=5, batch=10), 10_000, seconds=10.0, step_s=0.1, validation_s=1.0)
    assert plan.steps == 80
    assert plan.epochs == 1
    assert "0.08 of 5" in plan.reason


def test_a_limit_never_makes_a_run_longer() -> None:
    assert make_plan(Learn(epochs=2, batch=10), 100, seconds=1e6, step_s=0.01).steps == 20


def test_even_no_time_at_all_leaves_one_step() -> None:
    assert make_plan(Learn(epochs=2, batch=10), 100, seconds=0.1, step_s=5.0, validation_s=9.0).steps == 1


@pytest.mark.parametrize("processes", [2, 3])
def test_every_process_gets_the_same_number_of_pictures(processes: int) -> None:
    assert make_plan(Learn(batch=128), 1000, processes=processes).batch % processes == 0


def test_one_cycle_rises_to_the_rate_and_falls_to_almost_nothing() -> None:
    plan, learn = Plan(100, 10, 8, ""), Learn(rate=1.0)
    rates = [rate_at(step, plan, learn) for step in range(100)]
    assert max(rates) == pytest.approx(1.0, abs=0.02)
    assert rates.index(max(rates)) in (19, 20)
    assert rates[0] < 0.15
    assert rates[-1] < 0.005
    assert rates[19:] == sorted(rates[19:], reverse=True) or rates[20:] == sorted(rates[20:], reverse=True)


def test_a_rate_in_steps_changes_at_its_milestones_also_where_a_limit_shortens_the_run() -> None:
    learn = Learn(epochs=40, rate=1e-3, schedule="steps", milestones=(20, 30), rates=(1e-4, 1e-5))
    for steps in (400, 40):  # ten steps an epoch, and a tenth of the time
        plan = Plan(steps, 10, 8, "")
        rates = [rate_at(step, plan, learn) for step in range(steps)]
        assert rates == [1e-3] * (steps // 2) + [1e-4] * (steps // 4) + [1e-5] * (steps // 4)


def test_the_published_schedule_of_captcha_crnn_is_its_recipe() -> None:
    """Adam at 1e-3 for 20 epochs of 51 200 pictures, then 20 at 1e-4."""
    recipe = load_recipe("captcha-crnn")
    plan = make_plan(recipe.learn, 51_200)
    assert plan.steps_per_epoch * plan.batch == 51_200
    rates = [rate_at(step, plan, recipe.learn) for step in range(plan.steps)]
    assert rates == [1e-3] * (20 * plan.steps_per_epoch) + [1e-4] * (20 * plan.steps_per_epoch)
    assert recipe.learn.optimizer == "adam"
    short = with_settings(recipe, ["learn.epochs=2"])  # a milestone that is never reached is none
    assert {rate_at(step, plan, short.learn) for step in range(plan.steps)} == {1e-3}


@pytest.mark.parametrize(
    ("learn", "said"),
    [
        ({"schedule": "steps"}, "0 milestones and 0 rates"),
        ({"schedule": "steps", "milestones": [3]}, "1 milestones and 0 rates"),
        ({"schedule": "steps", "milestones": [5, 3], "rates": [1e-3, 1e-4]}, "rising epochs"),
        ({"schedule": "steps", "milestones": [0], "rates": [1e-3]}, "above 0"),
        ({"schedule": "steps", "milestones": [3], "rates": [0]}, "rates has 0"),
    ],
)
def test_milestones_and_rates_that_do_not_fit_are_refused(learn: dict[str, object], said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        recipe_from_dict({"learn": learn}, where="here")


def test_every_pass_shows_each_picture_once_in_another_order() -> None:
    plan = make_plan(Learn(epochs=2, batch=5), 20)
    orders: dict[int, np.ndarray] = {}
    steps = [batch_of(step, plan, 20, 3, orders) for step in range(8)]
    first, second = np.concatenate(steps[:4]), np.concatenate(steps[4:])
    assert sorted(first) == sorted(second) == list(range(20))
    assert list(first) != list(second)
    # Asked out of order, as after a resume, a step is the same.
    np.testing.assert_array_equal(batch_of(6, plan, 20, 3, {}), steps[6])


def test_steps_and_processes_have_seeds_of_their_own() -> None:
    seeds = {seed_of(0, step, process) for step in range(-1, 200) for process in range(3)}
    assert len(seeds) == 603


def test_of_a_limit_a_tenth_or_eight_seconds_is_kept_for_what_follows_learning_and_less_of_a_short_one() -> None:
    assert time_to_learn(None, 5.0) is None
    assert time_to_learn(1.0, 5.0) == pytest.approx(47.0)
    assert time_to_learn(0.5, 5.0) == pytest.approx(20.5)
    assert time_to_learn(0.2, 5.0) == pytest.approx(4.0)
    assert time_to_learn(10.0, 5.0) == pytest.approx(535.0)
    assert time_to_learn(0.1, 5.0) == 1.0


def test_a_limit_that_was_not_kept_is_said() -> None:
    assert over_limit(None, 99.0, 5.0) == over_limit(0.5, 30.0, 5.0) == ""
    assert "--minutes 0.25 could not be kept: the run took 26 s, 9 s of them before" in over_limit(0.25, 26.2, 9.1)
