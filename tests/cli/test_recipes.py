"""``glyphsmith recipes`` as a person sees it."""

from __future__ import annotations

import json
import re

import pytest

from glyphsmith.cli import main
from glyphsmith.runtime.reader import open_reader
from glyphsmith.runtime.store import shipped
from glyphsmith.train.recipe import recipe_names


def test_the_columns_stand_below_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipes"]) == 0
    lines = capsys.readouterr().out.splitlines()
    width = max(map(len, recipe_names()))
    rows = [line for line in lines if not line.startswith(" ")]
    assert [row[:width].rstrip() for row in rows] == list(recipe_names())
    assert all(re.fullmatch(r" +\d+x\d+  ", row[width : width + 10]) for row in rows)
    assert all(line[: width + 1].isspace() for line in lines if line not in rows)


def test_what_a_shipped_reader_reached_is_what_its_card_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipes", "--json"]) == 0
    measured = {row["name"]: row["measured"] for row in json.loads(capsys.readouterr().out)}
    for name, path in shipped().items():
        for figure in open_reader(path).card.figures.values():
            assert f"of {figure['n']:,} pictures" in measured[name]
    assert "shipped" not in measured["runes-conv"]
