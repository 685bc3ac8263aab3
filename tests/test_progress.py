"""Progress is for a person who looks on, after two seconds, and never for a log."""

import io
import sys

import pytest

from glyphsmith import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def at_once(monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE_S", -1.0)
    monkeypatch.setenv("TERM", "xterm")


def test_items_pass_unchanged_and_a_log_gets_no_character(monkeypatch, at_once):
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    assert list(progress.watched(iter("abc"), 3, "reading")) == ["a", "b", "c"]
    assert log.getvalue() == ""


def test_short_work_shows_nothing_on_a_terminal_either(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert list(progress.watched(range(3), 3, "reading")) == [0, 1, 2]
    assert terminal.getvalue() == ""


def test_long_work_shows_what_how_many_and_the_time_left(monkeypatch, at_once):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress.bar("reading [b]", 40, done=10) as move:
        move(20)
    assert "reading [b]" in terminal.getvalue()
    assert "20/40" in terminal.getvalue()


def test_bytes_are_shown_in_megabytes(monkeypatch, at_once):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress.bar("train-images", 9_900_000, in_bytes=True) as move:
        move(1_000_000)
    assert "1.0/9.9 MB" in terminal.getvalue()


def test_a_bar_ends_when_the_work_breaks_off(monkeypatch, at_once):
    monkeypatch.setattr(sys, "stderr", Terminal())

    def broken():
        yield 1
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        list(progress.watched(broken(), 3, "reading"))
    with progress.bar("reading", 3) as move:  # rich allows one live bar at a time
        move(1)
