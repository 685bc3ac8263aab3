import os

import pytest

from glyphsmith.errors import DataError
from glyphsmith.runtime.pictures import expand


@pytest.fixture
def album(tmp_path):
    for name in ("b.png", "a.JPG", "notes.txt", ".hidden.png", "sub/ᚠ one.webp", "sub/[1].png", ".git/c.png"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    return tmp_path


def names(found, album):
    return [path.removeprefix(str(album)).replace("\\", "/").lstrip("/") for path in found]


def test_a_folder_gives_its_pictures_sorted_and_those_below(album):
    assert names(expand([str(album)]), album) == ["a.JPG", "b.png", "sub/[1].png", "sub/ᚠ one.webp"]


@pytest.mark.parametrize("name", ["saved.jfif", "phone.AVIF"])
def test_names_that_browsers_and_phones_give_are_looked_at(tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    assert names(expand([str(tmp_path)]), tmp_path) == [name]


def test_a_pattern_is_expanded_here_too(album):
    assert names(expand([str(album / "*.png")]), album) == ["b.png"]
    assert names(expand([str(album / "**" / "*.webp")]), album) == ["sub/ᚠ one.webp"]


def test_a_file_whose_name_looks_like_a_pattern_is_a_file(album):
    assert names(expand([str(album / "sub" / "[1].png")]), album) == ["sub/[1].png"]


def test_a_file_named_outright_needs_no_picture_suffix(album):
    assert names(expand([str(album / "notes.txt")]), album) == ["notes.txt"]


def test_a_missing_file_stays_in_its_place(album):
    assert names(expand([str(album / "none.png"), str(album / "b.png")]), album) == ["none.png", "b.png"]


def test_the_dash_is_standard_input(album):
    assert expand(["-"]) == ["-"]


def test_a_folder_without_pictures_and_a_pattern_without_matches_are_errors(tmp_path):
    with pytest.raises(DataError, match="holds no picture"):
        expand([str(tmp_path)])
    with pytest.raises(DataError, match="no file matches"):
        expand([str(tmp_path / "*.png")])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes")
def test_a_pipe_in_a_folder_is_no_picture(album):
    os.mkfifo(album / "pipe.png")
    assert names(expand([str(album)]), album) == ["a.JPG", "b.png", "sub/[1].png", "sub/ᚠ one.webp"]
    assert names(expand([str(album / "*.png")]), album) == ["b.png"]
    with pytest.raises(DataError, match="no file matches"):
        expand([str(album / "p*.png")])


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_links_are_followed_once_and_one_that_leads_nowhere_fails_in_its_place(album):
    (album / "gone.png").symlink_to(album / "nothing.png")
    (album / "sub" / "up").symlink_to(album, target_is_directory=True)
    (album / "there").symlink_to(album / "sub", target_is_directory=True)
    found = names(expand([str(album)]), album)
    assert found[:3] == ["a.JPG", "b.png", "gone.png"]
    assert sorted(name.rpartition("/")[2] for name in found[3:]) == ["[1].png", "ᚠ one.webp"]


def test_runs_and_reports_below_a_folder_are_passed_over_and_read_where_they_are_named(album):
    for name in ("run/run.json", "run/curves.png", "run/deep/x.png"):
        (album / name).parent.mkdir(exist_ok=True)
        (album / name).write_bytes(b"x")
    assert names(expand([str(album)]), album) == ["a.JPG", "b.png", "sub/[1].png", "sub/ᚠ one.webp"]
    assert names(expand([str(album / "run")]), album) == ["run/curves.png", "run/deep/x.png"]


def test_litter_of_operating_systems_is_passed_over(album):
    for name in ("@eaDir/a.png/thumb.jpg", "__MACOSX/._a.png"):
        (album / name).parent.mkdir(parents=True)
        (album / name).write_bytes(b"x")
    assert names(expand([str(album)]), album) == ["a.JPG", "b.png", "sub/[1].png", "sub/ᚠ one.webp"]
