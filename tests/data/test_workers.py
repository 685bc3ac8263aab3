"""Worker processes answer as the first process would, and a dead one loses nothing."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from glyphsmith.data import stream, workers
from glyphsmith.data.audit import audit, measure_piece
from glyphsmith.data.importing import _OtherForm, _prepare
from glyphsmith.data.source import open_source
from glyphsmith.data.workers import Crew, portion_of
from tests.data.small_sets import folder_a_class, write


def test_a_worker_measures_and_fails_as_the_first_process_does_and_a_dead_one_loses_nothing(tmp_path: Path) -> None:
    root = folder_a_class(tmp_path / "set", each=6)
    (root / "a" / "003.png").write_bytes(b"broken")
    source = open_source(root)
    piece = range(2, 16)
    here = measure_piece(source, piece)
    with Crew(1) as crew:
        for turn in range(3):
            there = crew.ask(measure_piece, portion_of(source, piece), piece)
            assert there.failures == here.failures
            assert there.failures[0][0] == 3
            assert [at.tolist() for at, *_ in there.measured] == [at.tolist() for at, *_ in here.measured]
            assert (there.measured[0][1].digests == here.measured[0][1].digests).all()
            if turn == 0:
                with pytest.raises(_OtherForm) as raised:
                    crew.ask(partial(_prepare, how="grey", shape=(3, 3)), portion_of(source, piece), piece)
                assert raised.value.how == "encoded"
            else:
                crew._workers[0].kill()


def test_a_large_folder_is_shared_out_and_the_audit_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = folder_a_class(tmp_path / "set", each=8)
    write(root / "a" / "wide.png", np.zeros((20, 30), np.uint8))
    alone = audit(open_source(root), progress=False)
    started: list[int] = []

    class Counted(Crew):
        def __init__(self, size: int) -> None:
            started.append(size)
            super().__init__(1)

    monkeypatch.setattr(stream, "Crew", Counted)
    monkeypatch.setattr(stream, "_CREW_FROM", 1)
    monkeypatch.setattr(stream, "SMALL_A_PIECE", 10)
    monkeypatch.setattr(stream, "usable_cores", lambda: 2)
    shared = audit(open_source(root), progress=False)
    assert started == [2]
    assert shared.as_dict() == alone.as_dict()
    assert (shared.digests == alone.digests).all()


def test_only_files_of_a_folder_travel(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", images=np.zeros((4, 8, 8), np.uint8), labels=np.arange(4))
    assert workers.portion_of(open_source(tmp_path / "a.npz"), range(2)) is None
