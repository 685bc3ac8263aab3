"""When folds are chosen, and what their figures are worth."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from scipy import stats

from glyphsmith.errors import RecipeError
from glyphsmith.train.folders import Asked
from glyphsmith.train.folding import are_asked_for, choose_folds, fold_figures, how_long, seconds_for_fold

ASKED = Asked("signs", "", (), None, None, "", "", "")


def chosen(asked: Asked = ASKED, each: int = 18, texts: bool = False, given_test: bool = False, recipe: int = 0) -> int:
    return choose_folds(
        asked, Counter(a=each, b=each, c=each), texts=texts, recipe_folds=recipe, given_test=given_test
    )[0]


def test_folds_are_chosen_where_pictures_are_few() -> None:
    assert chosen(each=18) == 5
    assert chosen(each=4) == 4
    assert chosen(each=99) == 5
    assert chosen(each=100) == 0
    assert chosen(each=333, texts=True) == 3
    assert chosen(each=334, texts=True) == 0


def test_folds_are_left_out_where_something_else_was_asked_for() -> None:
    assert chosen(given_test=True) == 0
    assert chosen(replace(ASKED, from_model="digits")) == 0
    assert chosen(replace(ASKED, settings=("data.test=0.2",))) == 0
    assert chosen(replace(ASKED, minutes=1.0)) == 0
    assert chosen(replace(ASKED, minutes=5.0)) == 5
    assert chosen(replace(ASKED, recipe="runes-conv")) == 0
    assert chosen(replace(ASKED, folds=0)) == 0


def test_folds_that_are_set_are_folds_that_are_asked_for() -> None:
    assert chosen(replace(ASKED, settings=("data.folds=2",)), recipe=2) == 2
    assert chosen(replace(ASKED, settings=("folds=0",)), recipe=0) == 0
    assert chosen(replace(ASKED, settings=("data.group=writer",))) == 5
    assert are_asked_for(replace(ASKED, settings=("data.folds=2",)))
    assert not are_asked_for(replace(ASKED, settings=("data.group=writer",)))
    with pytest.raises(RecipeError, match="expected 2 or more"):
        chosen(replace(ASKED, settings=("data.folds=1",)), recipe=1)


def test_several_processes_learn_no_folds() -> None:
    few = Counter(a=18, b=18)
    assert choose_folds(ASKED, few, texts=False, recipe_folds=0, given_test=False, processes=2) == (0, None)
    with pytest.raises(RecipeError, match="one process"):
        choose_folds(replace(ASKED, folds=5), few, texts=False, recipe_folds=0, given_test=False, processes=2)


def test_what_is_asked_for_goes_over_everything() -> None:
    assert chosen(replace(ASKED, folds=7, from_model="digits"), each=1000) == 7
    assert chosen(replace(ASKED, recipe="mine.toml"), recipe=4) == 4
    with pytest.raises(RecipeError, match="expected 2 or more"):
        chosen(replace(ASKED, folds=1))


def test_the_interval_over_folds_is_students() -> None:
    accuracies = [0.91, 0.97, 0.94, 0.88, 0.95]
    found = fold_figures(accuracies)
    low, high = stats.t.interval(0.95, 4, loc=found.mean, scale=stats.sem(accuracies))
    assert found.t95 == pytest.approx((low, high), abs=1e-3)
    assert fold_figures([0.99, 1.0, 1.0]).t95[1] == 1.0
    assert fold_figures([0.2, 1.0]).t95 == (0.0, 1.0)


def test_folds_that_agree_claim_no_certainty() -> None:
    assert fold_figures([1.0] * 5).t95 == (0.0, 1.0)
    assert fold_figures([0.9, 0.9, 0.9]).t95 == (0.0, 1.0)


def test_a_time_limit_is_shared_by_the_folds_that_are_left() -> None:
    assert seconds_for_fold(100.0, 5, 5, asked=True, final_s=9.0) == pytest.approx(17.0)
    assert seconds_for_fold(100.0, 1, 5, asked=True, final_s=9.0) == pytest.approx(85.0)
    assert seconds_for_fold(-3.0, 1, 5, asked=True, final_s=9.0) == 1.0


def test_folds_nobody_asked_for_are_limited_only_where_they_would_take_long() -> None:
    assert seconds_for_fold(None, 5, 5, asked=True, final_s=500.0) is None
    assert seconds_for_fold(None, 5, 5, asked=False, final_s=500.0) == 96.0
    # A step that is timed in a busy moment must not shorten a fold.
    assert seconds_for_fold(None, 5, 5, asked=False, final_s=90.0) is None


def test_folds_that_time_alone_leaves_out_are_named() -> None:
    def found(asked: Asked, each: int = 18):
        return choose_folds(asked, Counter(a=each, b=each), texts=False, recipe_folds=0, given_test=False)[1]

    hurried = found(replace(ASKED, minutes=1.0))
    assert hurried is not None
    assert (hurried.what, hurried.value) == ("folds", "none")
    assert "--minutes 1 is below 2; --folds 5" in hurried.reason
    assert "--minutes" not in found(replace(ASKED, minutes=2.0)).reason
    assert found(replace(ASKED, minutes=1.0, folds=0)) is None
    assert found(replace(ASKED, minutes=1.0, recipe="runes-conv")) is None
    assert found(replace(ASKED, minutes=1.0), each=500) is None


def test_how_long_folds_take_never_goes_beyond_their_limit() -> None:
    assert how_long(2, 15.0, 1.0) == "folds: 2 trainings more, at most 1 s each"
    assert how_long(2, 15.0, 20.0) == "folds: 2 trainings more, about 15 s each"
    assert how_long(2, 15.0, None) == "folds: 2 trainings more, about 15 s each"
