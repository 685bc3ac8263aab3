"""What holds for every verb, whichever is asked for."""

from __future__ import annotations

import os

import pytest

from glyphsmith.cli import main


def test_threads_that_wait_sleep_soon_unless_the_caller_said_how_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOMP_SPINCOUNT", "7")
    assert main(["recipes", "--json"]) == 0
    assert os.environ["GOMP_SPINCOUNT"] == "7"
    monkeypatch.delenv("GOMP_SPINCOUNT")
    assert main(["recipes", "--json"]) == 0
    assert os.environ.pop("GOMP_SPINCOUNT") == "3000"
