"""Files are written beside and renamed into place, so that a reader of a file never sees half of it.

What one process works in for long is held, so that no second one works in it as well.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from glyphsmith.errors import DataError

__all__ = ["atomic_path", "hold", "hold_folder", "suggested", "write_atomically"]


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


def hold(handle: int) -> bool:
    """Keep other processes from holding an open file, until it is closed; False where another one holds it.

    A file system without locks holds nothing, which is no error.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            # A byte far behind the end: a lock there keeps nobody from reading what the file holds.
            os.lseek(handle, 2**30, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        pass
    return True


@contextmanager
def hold_folder(folder: Path) -> Iterator[bool]:
    """Hold a folder inside the block; gives False where another process holds it. On Windows no folder can be held."""
    handle = None
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
    try:
        yield handle is None or hold(handle)
    finally:
        if handle is not None:
            os.close(handle)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
