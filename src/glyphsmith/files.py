"""Files are written beside and renamed into place, so that a reader of a file never sees half of it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from glyphsmith.errors import DataError

__all__ = ["atomic_path", "suggested", "write_atomically"]


def suggested(path: Path, suffix: str) -> Path:
    """Give a name with the right suffix in place of a wrong one; of a folder, a file in it."""
    return path / f"out{suffix}" if path.name in ("", "..") else path.with_suffix(suffix)


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a path beside ``path`` to write to; it is renamed into place at the end, or removed on any exception.

    Raises DataError with a plain sentence where the folder is missing or read-only, or the disk is full.
    """
    target = Path(path)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
        os.close(handle)
    except OSError as error:
        raise DataError(f"{target}: cannot be written ({error.strerror or error})") from None
    beside = Path(name)
    try:
        yield beside
        with open(beside, "rb+") as file:
            os.fsync(file.fileno())
        beside.replace(target)
        # mkstemp makes files for the owner alone; a written model is to be as readable as any other file.
        with suppress(OSError):
            target.chmod(0o666 & ~_umask())
    except OSError as error:
        raise DataError(f"{target}: cannot be written ({error.strerror or error})") from None
    finally:
        with suppress(FileNotFoundError):
            beside.unlink()


def write_atomically(path: str | os.PathLike[str], data: bytes | str) -> None:
    """Write a whole file beside ``path`` and rename it into place; text is UTF-8 with plain line feeds."""
    with atomic_path(path) as beside:
        beside.write_bytes(data.encode("utf-8") if isinstance(data, str) else data)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
