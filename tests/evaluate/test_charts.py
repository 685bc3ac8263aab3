"""The figures of the report are well-formed, and their axes hold what is drawn."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from glyphsmith import metrics
from glyphsmith.evaluate import charts
from glyphsmith.evaluate.heatmap import heat_map, most_confused


def _inside(figure: str) -> ET.Element:
    """Parse a figure and check that every number of it is finite and every point inside the box."""
    root = ET.fromstring(figure)
    assert "nan" not in figure
    assert "inf" not in re.findall(r'="([^"]*)"', figure)
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    for element in root.iter():
        for x in ("x", "x1", "x2", "cx"):
            assert -0.5 <= float(element.attrib.get(x, 0)) <= width + 0.5
        for y in ("y", "y1", "y2", "cy"):
            assert -0.5 <= float(element.attrib.get(y, 0)) <= height + 0.5
        for point in element.attrib.get("points", "").split():
            assert 0 <= float(point.split(",")[0]) <= width
            assert 0 <= float(point.split(",")[1]) <= height
    return root


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0.9, 1), (0.985, 1), (0, 3.2), (1, 19), (0, 4e-5), (-2, 7)])
def test_ticks_are_round_and_lie_within_the_limits(low: float, high: float) -> None:
    found = charts.ticks(low, high)
    assert 2 <= len(found) <= 11
    assert all(low - 1e-9 <= value <= high + 1e-9 for value in found)
    steps = np.diff(found)
    assert steps == pytest.approx(np.full(len(steps), steps[0]))


def test_an_empty_range_has_no_ticks() -> None:
    with pytest.raises(ValueError, match="no ticks"):
        charts.ticks(1.0, 1.0)


def test_no_answers_give_no_reliability_curve() -> None:
    assert charts.reliability_chart([]) == ""


@pytest.mark.parametrize("n", [1, 2, 40, 3000])
@pytest.mark.parametrize("share", [0.0, 0.4, 0.999, 1.0])
def test_charts_of_confidence_hold_for_any_reader(n: int, share: float) -> None:
    rng = np.random.default_rng(n)
    confidence = rng.uniform(0.3, 1.0, n).astype(np.float32)
    right = rng.random(n) < share
    points = metrics.reliability(confidence, right)
    assert len(_inside(charts.reliability_chart(points)).findall("g")) == len(points)
    _inside(charts.coverage_chart(confidence, right))


def test_a_reader_that_is_always_sure_and_right_has_charts_too() -> None:
    confidence, right = np.ones(50, np.float32), np.ones(50, bool)
    _inside(charts.reliability_chart(metrics.reliability(confidence, right)))
    _inside(charts.coverage_chart(confidence, right))


def test_times_are_drawn_from_twenty_on() -> None:
    assert charts.timing_chart(np.ones(19), 1.0, 1.0) == ""
    _inside(charts.timing_chart(np.ones(20), 1.0, 1.0))
    _inside(charts.timing_chart(np.random.default_rng(0).lognormal(0, 2, 500), 1.0, 40.0))


def test_the_course_of_learning_has_a_chart_for_losses_and_one_for_accuracies() -> None:
    history = [{"epoch": k, "train_loss": 2 / k, "val_loss": 2.2 / k, "val_accuracy": 1 - 0.5 / k} for k in range(1, 9)]
    found = charts.history_charts(history)
    assert [title for title, _ in found] == ["Loss", "Accuracy"]
    assert len(_inside(found[0][1]).findall("polyline")) == 2
    assert "validation accuracy 93.75 %" in found[1][1]


def test_one_epoch_is_no_course_and_a_diverged_loss_no_point_of_it() -> None:
    assert charts.history_charts([]) == []
    assert charts.history_charts([{"epoch": 1, "train_loss": 1.0}]) == []
    found = charts.history_charts([{"epoch": k, "train_loss": v} for k, v in enumerate([1.0, float("nan"), 2.0, 0.0])])
    assert len(_inside(found[0][1]).find("polyline").attrib["points"].split()) == 3  # type: ignore[union-attr]


def test_an_accuracy_that_never_moves_is_drawn() -> None:
    for value in (0.0, 0.1, 1.0):
        found = charts.history_charts([{"epoch": k, "val_accuracy": value} for k in (1, 2, 3)])
        _inside(found[0][1])


def test_all_labels_are_shown_up_to_the_limit() -> None:
    assert most_confused(np.zeros((40, 40), np.int32)).tolist() == list(range(40))


def test_beyond_the_limit_the_most_confused_labels_are_shown_in_their_order() -> None:
    matrix = np.diag(np.full(60, 9)).astype(np.int32)
    matrix[50, 3], matrix[7, 59], matrix[59, 7] = 5, 2, 2
    matrix[20, 21] = 1
    assert most_confused(matrix, 4).tolist() == [3, 7, 50, 59]
    assert most_confused(matrix, 5).tolist() == [3, 7, 50, 59]
    assert most_confused(matrix, 6).tolist() == [3, 7, 20, 21, 50, 59]


@pytest.mark.parametrize("k", [1, 2, 10, 24, 40])
def test_the_heat_map_has_a_cell_for_every_count_and_both_axes(k: int) -> None:
    matrix = (np.eye(k) * 12).astype(np.int32)
    matrix[0, k - 1] += 3
    labels = [chr(0x16A0 + i) for i in range(k)]
    root = _inside(heat_map(matrix, labels, np.arange(k)))
    assert len(root.findall("g")) == int((matrix > 0).sum())
    assert [t.text for t in root.findall("text") if t.attrib["class"] == "axis-label"] == [
        s for s in labels for _ in "ab"
    ]


def test_a_hostile_or_long_label_stays_text_in_the_heat_map() -> None:
    labels = ['<b onload="x">&', "a" * 90]
    figure = heat_map(np.array([[1, 2], [3, 4]], np.int32), labels, np.arange(2))
    _inside(figure)
    assert "<b" not in figure


def test_a_label_without_a_font_has_its_code_points_on_the_axes() -> None:
    figure = heat_map(np.eye(2, dtype=np.int32), ["流", "a"], np.arange(2), frozenset(["流"]))
    assert "流 U+6D41" in figure
