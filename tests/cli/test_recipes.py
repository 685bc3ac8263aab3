"""``glyphsmith recipes`` as a person sees it."""

from __future__ import annotations

import re

import pytest

from glyphsmith.cli import main
from glyphsmith.train.recipe import recipe_names


def test_the_columns_stand_below_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipes"]) == 0
    lines = capsys.readouterr().out.splitlines()
    width = max(map(len, recipe_names()))
    rows = [line for line in lines if not line.startswith(" ")]
    assert [row[:width].rstrip() for row in rows] == list(recipe_names())
    assert all(re.fullmatch(r" +\d+x\d+  ", row[width : width + 10]) for row in rows)
    assert all(line[: width + 1].isspace() for line in lines if line not in rows)
