"""Files below one place, be it a folder or an archive: listed once, read by name; and the store of pictures on top."""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Literal, Protocol

from glyphsmith.errors import DataError, PictureError
from glyphsmith.picture import MAX_PICTURE_BYTES, PICTURE_SUFFIXES, Picture, is_junk, is_ours, load_picture

__all__ = ["MAX_PICTURE_BYTES", "FileStore", "Folder", "Tree", "is_text_name", "leads_out"]

#: What one read gives of a file on disk; less is all of it.
_AT_ONCE = 1 << 16
#: A table may name a pipe; opened so, it is empty instead of waiting for a writer.
_TO_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)


class Tree(Protocol):
    """Files by name; names are relative, with forward slashes."""

    @property
    def where(self) -> str:
        """The path as shown to people."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out of the listing."""
        ...

    def files(self) -> list[str]:
        """List all files in the order of their names, system litter left out."""
        ...

    def has(self, name: str) -> bool:
        """Say whether there is such a file."""
        ...

    def size(self, name: str) -> int:
        """Give the size of a file in bytes."""
        ...

    def read(self, name: str) -> bytes:
        """Read a whole small file. Raises OSError or DataError."""
        ...

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading at any offset. Raises OSError or DataError."""
        ...


class Folder:
    """A folder on disk. With ``scan`` off nothing is listed: a table names the files."""

    def __init__(self, path: Path, *, scan: bool = True) -> None:
        self.path = path
        self.where = str(path)
        self.notes: tuple[str, ...] = ()
        self._files = sorted(self._walk()) if scan else []
        self._scanned = scan
        self._known: frozenset[str] = frozenset()

    def _walk(self) -> Iterator[str]:
        unreadable: list[str] = []
        broken: list[str] = []
        ours: list[str] = []
        odd = 0
        seen: set[tuple[int, int]] = set()
        stack = [""]
        while stack:
            below = stack.pop()
            folder = self.path / below
            try:
                state = folder.stat()
                # A link to a folder above would be walked for ever.
                if (state.st_dev, state.st_ino) in seen and state.st_ino:
                    continue
                seen.add((state.st_dev, state.st_ino))
                with os.scandir(folder) as listed:
                    entries = list(listed)
                if below and is_ours(entry.name for entry in entries):
                    ours.append(below.rstrip("/"))
                    continue
                for entry in entries:
                    name = entry.name
                    if is_junk(name):
                        continue
                    name = below + name
                    if not is_text_name(name):
                        odd += 1
                        continue
                    kind = _kind(entry)
                    # listed like a picture, so that it is among those that cannot be read
                    if kind == "file" or (kind == "broken" and _ends_like_a_picture(name)):
                        yield name
                    elif kind == "folder":
                        stack.append(name + "/")
                    elif kind == "broken":
                        broken.append(name)
            except OSError as error:
                if not below:
                    raise DataError(f"{self.where}: cannot be listed ({error.strerror or error})") from None
                unreadable.append(f"{below.rstrip('/')} ({error.strerror or error})")
        self.notes = _left_out(ours, unreadable, broken, odd)

    def files(self) -> list[str]:
        """List all files in the order of their names, system litter left out."""
        return self._files

    def has(self, name: str) -> bool:
        """Say whether there is such a file."""
        if not self._scanned:
            return (self.path / name).is_file()
        self._known = self._known or frozenset(self._files)
        return name in self._known

    def size(self, name: str) -> int:
        """Give the size of a file in bytes."""
        return (self.path / name).stat().st_size

    def read(self, name: str) -> bytes:
        """Read a whole small file."""
        # a Path, a file object or asking for the size would each cost as much as reading one glyph
        file = os.open(self.where + "/" + name, _TO_READ)
        try:
            data = os.read(file, _AT_ONCE)
            if len(data) < _AT_ONCE:
                return data
            state = os.fstat(file)
            if not stat.S_ISREG(state.st_mode):
                raise DataError(f"{name}: a pipe or a device, not a file")
            size = state.st_size
            if size > MAX_PICTURE_BYTES:
                raise DataError(f"{name}: {size:,} bytes, a picture file has at most {MAX_PICTURE_BYTES:,}")
            with open(file, "rb", buffering=0, closefd=False) as rest:
                return data + rest.readall()
        finally:
            os.close(file)

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading at any offset."""
        return open(self.path / name, "rb")


def _kind(entry: os.DirEntry[str]) -> Literal["file", "folder", "broken", "other"]:
    try:
        if entry.is_file():
            return "file"
        if entry.is_dir():
            return "folder"
    except OSError:  # links that lead to one another in a circle
        return "broken"
    return "broken" if entry.is_symlink() and not Path(entry.path).exists() else "other"


def _left_out(ours: list[str], unreadable: list[str], broken: list[str], odd: int) -> tuple[str, ...]:
    """Say what a listing passed over."""
    notes = []
    if ours:
        notes.append(
            f"left out: {_some(ours)}, {'a run or report' if len(ours) == 1 else 'runs and reports'} of Glyphsmith"
        )
    if unreadable:
        notes.append(f"left out, cannot be listed: {_some(unreadable)}")
    if broken:
        notes.append(f"left out: {len(broken):,} links that lead nowhere (first: {min(broken)})")
    if odd:
        notes.append(f"left out: {odd:,} files whose names are no valid text")
    return tuple(notes)


def _some(names: list[str]) -> str:
    return ", ".join(sorted(names)[:5]) + (" ..." if names[5:] else "")


def _ends_like_a_picture(name: str) -> bool:
    return posixpath.splitext(name)[1].lower() in PICTURE_SUFFIXES


def leads_out(name: str) -> bool:
    """Say whether a name, as a table gives it, is of no file of the tree: from the root, or up and out of it."""
    if not name.startswith(("/", ".")) and ".." not in name and ":" not in name[:3] and "\\" not in name:
        return False
    name = posixpath.normpath(name.replace("\\", "/"))
    return name.startswith(("/", "../")) or name == ".." or name[1:3] == ":/"


class FileStore:
    """Pictures that are files of a tree; a name that leads out of it, which a table may give, is never opened."""

    def __init__(self, tree: Tree, files: list[str], *, table: str = "") -> None:
        self.tree = tree
        self.files = files
        self.table = table

    def encoded(self, i: int, /) -> bytes:
        """Read the bytes of picture i. Raises PictureError."""
        name = self.files[i]
        if leads_out(name):
            raise PictureError(f"{name}: lies outside the folder and is not read")
        try:
            return self.tree.read(name)
        except FileNotFoundError:
            if isinstance(self.tree, Folder) and (self.tree.path / name).is_symlink():
                raise PictureError(f"{name}: is a link that leads nowhere") from None
            named = f", though {self.table} names it" if self.table else ""
            raise PictureError(f"{name}: no such file{named}") from None
        except IsADirectoryError:
            raise PictureError(f"{name}: is a folder, not a picture") from None
        except DataError as error:
            raise PictureError(error.message) from None
        except (OSError, ValueError) as error:
            raise PictureError(f"{name}: cannot be read ({getattr(error, 'strerror', None) or error})") from None

    def picture(self, i: int, name: str) -> Picture:
        """Open picture i: uint8 (H, W, 3). Raises PictureError."""
        return load_picture(self.encoded(i), name=name)

    def block(self, _start: int, _stop: int, /) -> None:
        """None: files are opened one by one."""


def is_text_name(name: str) -> bool:
    """Say whether a name is valid text; a disk may hold names that are not."""
    if name.isascii():
        return True
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
