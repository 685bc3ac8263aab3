"""Where pictures come from: a place, or the name of a recipe that has its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from glyphsmith.errors import DataError, RecipeError
from glyphsmith.train.sources import settle_names


@pytest.mark.parametrize("name", ["captcha", "sprites", "arithmetic", "digits"])
def test_the_name_of_a_recipe_with_its_own_pictures_stands_for_them(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert settle_names(name, "") == ("", name)
    with pytest.raises(RecipeError, match="--recipe names mine"):
        settle_names(name, "mine.toml")
    (tmp_path / name).mkdir()
    assert settle_names(name, "mine.toml") == (name, "mine.toml")


def test_a_recipe_without_pictures_is_named_with_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="FOLDER --recipe runes-conv"):
        settle_names("runes-conv", "")


def test_all_other_names_are_left_alone() -> None:
    assert settle_names("", "captcha") == ("", "captcha")
    assert settle_names("no-such-folder", "") == ("no-such-folder", "")
