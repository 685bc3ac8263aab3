"""What was asked of a run is kept in its folder and holds for ``--resume``."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from glyphsmith.errors import DataError, RecipeError
from glyphsmith.train.folders import Asked, open_run, read_asked, write_asked

ASKED = Asked(
    "signs", "", ("learn.epochs=3",), 7, 5.0, "", "", "glyphsmith train signs", folds=None, source_at="/signs"
)


def test_a_resumed_run_keeps_what_was_asked_and_may_be_given_another_limit_of_time(tmp_path: Path) -> None:
    write_asked(tmp_path, ASKED)
    plain = replace(ASKED, source="", settings=(), seed=None, minutes=None)
    assert read_asked(tmp_path, plain) == ASKED
    assert read_asked(tmp_path, replace(plain, minutes=30.0)) == replace(ASKED, minutes=30.0)


def test_a_resumed_run_refuses_to_become_another(tmp_path: Path) -> None:
    write_asked(tmp_path, ASKED)
    with pytest.raises(RecipeError, match="seed was 7, not 8"):
        read_asked(tmp_path, replace(ASKED, seed=8))


def test_a_run_that_was_killed_before_anything_was_kept_takes_what_is_asked_now(tmp_path: Path) -> None:
    assert read_asked(tmp_path, ASKED) == ASKED


def test_a_source_may_be_spelled_otherwise_as_long_as_it_is_the_same_place(tmp_path: Path) -> None:
    write_asked(tmp_path, ASKED)
    assert read_asked(tmp_path, replace(ASKED, source="./signs/")) == ASKED
    with pytest.raises(RecipeError, match="source was 'signs', not 'others'"):
        read_asked(tmp_path, replace(ASKED, source="others", source_at="/others"))


def test_a_file_in_the_place_of_the_folder_is_called_a_file(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("mine")
    with pytest.raises(DataError, match="run: is a file") as refused, open_run(tmp_path / "run", resume=False):
        pass
    assert "--resume" not in str(refused.value)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot hold a folder")
def test_two_processes_never_work_in_one_run(tmp_path: Path) -> None:
    run = tmp_path / "run"
    code = "from pathlib import Path; from glyphsmith.train.folders import open_run; import sys\n"
    code += "with open_run(Path(sys.argv[1]), resume=False): print('at work', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code, run], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"at work\n"
        write_asked(run, ASKED)
        with pytest.raises(DataError, match="run: another process is at work in this run"), open_run(run, resume=True):
            pass
        other.kill()
    with open_run(run, resume=True) as made:
        assert made == []
    assert [path.name for path in run.iterdir()] == ["run.json"]


def test_a_run_is_gone_on_with_from_anywhere_with_the_pictures_it_began_with(tmp_path, monkeypatch):
    (tmp_path / "run").mkdir()
    for place in ("here", "there"):
        (tmp_path / place / "signs").mkdir(parents=True)
    begun = replace(ASKED, source="signs", source_at=str(tmp_path / "here" / "signs"))
    write_asked(tmp_path / "run", begun)
    monkeypatch.chdir(tmp_path / "there")
    plain = Asked("", "", (), None, None, "", "", "")
    assert read_asked(tmp_path / "run", plain).source == str(tmp_path / "here" / "signs")
    # Moved along with its run: where it was is gone, and the name as it was given is tried.
    (tmp_path / "here" / "signs").rmdir()
    assert read_asked(tmp_path / "run", plain).source == "signs"
