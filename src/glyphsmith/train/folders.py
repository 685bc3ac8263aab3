"""The folder of a run: opened before anything is done, so that what cannot be written is said before it is learned."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from glyphsmith.errors import DataError, RecipeError, TrainingError
from glyphsmith.files import hold_folder, write_atomically

__all__ = ["Asked", "is_finished", "open_run", "read_asked", "undo", "write_asked"]

#: A run needs at least this much room: checkpoints, events, the file and its report.
_ROOM_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of a run, kept in run.json for ``--resume``.

    ``source_at`` and ``from_at`` say where source and reader lay, wherever a later run that goes on from this one is
    started.
    """

    source: str
    recipe: str
    settings: tuple[str, ...]
    seed: int | None
    minutes: float | None
    from_model: str
    group: str
    command: str
    folds: int | None = None
    source_at: str = ""
    from_at: str = ""


@contextmanager
def open_run(folder: Path, *, resume: bool) -> Iterator[list[Path]]:
    """Make the folder, or take up the one to resume, and hold it inside the block.

    Gives the folders that were made for it, the run's own first. Raises DataError where it is taken, read-only or full,
    or another process is at work in it.
    """
    made = [place for place in (folder, *folder.parents) if not place.exists()]
    if resume:
        if not folder.is_dir():
            raise DataError(f"{folder}: there is no such run to resume", hint="--out RUN names the folder of the run")
        if not (folder / "run.json").is_file() and any(folder.iterdir()):
            raise DataError(
                f"{folder}: holds no run to resume (no run.json)", hint="--out RUN names the folder of the run"
            )
    elif folder.exists() and not folder.is_dir():
        raise DataError(f"{folder}: is a file, and a run needs a folder", hint="name another one with --out")
    elif folder.exists() and any(folder.iterdir()):
        raise DataError(
            f"{folder}: is not empty", hint="go on with that run by --resume, or name another folder with --out"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{folder}: the run folder cannot be made ({error.strerror or error})") from None
    with hold_folder(folder) as held:
        if not held:
            raise DataError(f"{folder}: another process is at work in this run", hint="let it end")
        _try_to_write(folder)
        yield made


def _try_to_write(folder: Path) -> None:
    probe = folder / f".probe-{uuid.uuid4().hex[:8]}"
    write_atomically(probe, "")
    probe.unlink(missing_ok=True)
    free = shutil.disk_usage(folder).free
    if free < _ROOM_BYTES:
        raise DataError(
            f"{folder}: {free / 1e6:.0f} MB are free on this disk, a run needs more than {_ROOM_BYTES / 1e6:.0f} MB",
            hint="make room, or name a folder on another disk with --out",
        )


def undo(folder: Path, *, made: Sequence[Path]) -> None:
    """Take away what a run wrote that ended before it learned anything, so that the same words can be tried again."""
    if (folder / "checkpoints" / "last.ckpt").exists():
        return
    for name in ("run.json", "recipe.toml", "log.jsonl", "parts.npz"):
        (folder / name).unlink(missing_ok=True)
    for name in ("prepared", "checkpoints", "events", "folds"):
        shutil.rmtree(folder / name, ignore_errors=True)
    with suppress(OSError):
        for place in made:
            place.rmdir()


def is_finished(folder: Path) -> bool:
    """Say whether the run in a folder came to its end, so that nothing is left to resume."""
    try:
        document = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return (folder / "model.onnx").is_file() and not document.get("interrupted", False)


def write_asked(folder: Path, asked: Asked) -> None:
    """Keep what was asked."""
    write_atomically(folder / "run.json", json.dumps(asdict(asked), ensure_ascii=False, indent=1))


def read_asked(folder: Path, now: Asked) -> Asked:
    """Give what was asked when the run began; ``now`` where it was killed before that was kept.

    Only a limit of time may be another one: a run that was killed on a busy machine may be given more.

    Raises RecipeError where ``now`` asks for something else, TrainingError where run.json is damaged or the run ended.
    """
    path = folder / "run.json"
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        before = Asked(**{**values, "settings": tuple(values["settings"])})
    except FileNotFoundError:
        return now
    except (OSError, ValueError, TypeError, KeyError):
        raise TrainingError(f"{path}: damaged, the run cannot be resumed", hint="train into a new folder") from None
    for name in ("recipe", "settings", "seed", "from_model", "group", "folds", "source"):
        wanted, had = getattr(now, name), getattr(before, name)
        if name == "source" and before.source_at and now.source_at == before.source_at:
            continue  # the same place, however it is spelled
        if wanted not in (None, "", (), had):
            raise RecipeError(
                f"--resume goes on with what the run was started with: {name} was {had!r}, not {wanted!r}",
                hint=f"glyphsmith train --resume --out {folder}",
            )
    if is_finished(folder):
        raise TrainingError(f"{folder}: this run has ended; there is nothing to resume", hint="see its report.html")
    if before.source_at and Path(before.source_at).exists():
        # Wherever the run is gone on with from, it is the same pictures.
        before = replace(before, source=before.source_at)
    return before if now.minutes is None else replace(before, minutes=now.minutes)
