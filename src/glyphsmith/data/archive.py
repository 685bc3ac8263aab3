"""Archives as trees of files: a zip is read in place, a tar by offset; nothing is unpacked under a name of theirs.

A compressed tar becomes one nameless temporary file. So no path can escape, links are not followed, and the operating
system takes the temporary file away even when the process is killed.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import re
import shutil
import tarfile
import tempfile
import threading
import weakref
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from glyphsmith.data.tree import MAX_PICTURE_BYTES, is_text_name
from glyphsmith.errors import DataError
from glyphsmith.picture import is_junk

__all__ = ["MAX_MEMBER_BYTES", "Tar", "Zip", "open_archive"]

#: A larger array file inside an archive is to be unpacked by its owner.
MAX_MEMBER_BYTES = 32 * 1024**3
#: What a compressed tar may grow to, and by which factor it and a zip's member once over a gigabyte: pictures hardly
#: compress.
MAX_UNPACKED_BYTES = 256 * 1024**3
MAX_GROWTH = 200
MAX_FILES = 20_000_000

#: What names of a Windows disk begin with; on other systems a folder may be called so, but hardly one at the top.
_DRIVE = re.compile(r"^[A-Za-z]:(?=[\\/])")
_ROOT = re.compile(r"([A-Za-z]:)?[\\/]")

_DAMAGE = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError, NotImplementedError)


def _clean(name: str) -> str | None:
    """Give a member's name with forward slashes, or None where it is litter or would leave the archive.

    A name from the root of a disk, such as ``/a/1.png``, is taken from the top of the archive, as unzip does.
    """
    parts = [part for part in _DRIVE.sub("", name).replace("\\", "/").split("/") if part not in ("", ".")]
    if not parts or ".." in parts or any(is_junk(part) for part in parts):
        return None
    return "/".join(parts)


class Zip:
    """A zip archive, read in place."""

    def __init__(self, path: Path, file: BinaryIO | None = None) -> None:
        self.where = str(path)
        try:
            self._zip = zipfile.ZipFile(file or path)
        except _DAMAGE as error:
            raise _damaged(self.where, error) from None
        self._members: dict[str, zipfile.ZipInfo] = {}
        escaping = 0
        again: list[str] = []
        rooted: list[str] = []
        for info in self._zip.infolist():
            if info.is_dir():
                continue
            if info.flag_bits & 1:
                raise DataError(f"{self.where}: the archive is locked with a password", hint="unpack it first")
            if (info.external_attr >> 16) & 0o170000 == 0o120000:  # a symbolic link
                continue
            text = _zip_name(info)
            name = _clean(text)
            if name is not None and is_text_name(name):
                if name in self._members:
                    again.append(name)
                if _ROOT.match(text):
                    rooted.append(text)
                self._members[name] = info
            elif ".." in text.replace("\\", "/").split("/"):
                escaping += 1
        notes = [f"left out: {escaping:,} names that lead out of the archive"] if escaping else []
        self.notes = (*notes, *_odd_names(again, rooted))
        self._files = sorted(self._members)

    def files(self) -> list[str]:
        """List all files in the order of their names, system litter left out."""
        return self._files

    def has(self, name: str) -> bool:
        """Say whether there is such a file."""
        return name in self._members

    def size(self, name: str) -> int:
        """Give the size of a file in bytes."""
        return self._member(name).file_size

    def _member(self, name: str) -> zipfile.ZipInfo:
        try:
            return self._members[name]
        except KeyError:
            raise FileNotFoundError(2, "no such file", name) from None

    def read(self, name: str) -> bytes:
        """Read a whole small file; its checksum is compared."""
        info = self._member(name)
        if info.file_size > MAX_PICTURE_BYTES:
            raise DataError(f"{name}: {info.file_size:,} bytes, a picture file has at most {MAX_PICTURE_BYTES:,}")
        try:
            return self._zip.read(info)
        except _DAMAGE as error:
            raise _damaged(f"{self.where}: {name}", error) from None

    def open(self, name: str) -> BinaryIO:
        """Copy a member to a nameless temporary file and open that."""
        info = self._member(name)
        if info.file_size > MAX_MEMBER_BYTES:
            raise DataError(f"{self.where}: {name} has {info.file_size:,} bytes", hint="unpack the archive first")
        if info.file_size > 1 << 30 and info.file_size > MAX_GROWTH * info.compress_size:
            raise DataError(f"{self.where}: {name} unpacks to {info.file_size:,} bytes, which no set of pictures does")
        try:
            with self._zip.open(info) as member:
                return _spooled(member)
        except _DAMAGE as error:
            raise _damaged(f"{self.where}: {name}", error) from None


class Tar:
    """A tar archive, compressed or not, read by offset."""

    def __init__(self, path: Path) -> None:
        self.where = str(path)
        self._lock = threading.Lock()
        self._members: dict[str, tuple[int, int]] = {}
        left_out = 0
        again: list[str] = []
        rooted: list[str] = []
        self._file = _plain_tar(path)
        weakref.finalize(self, self._file.close)
        try:
            with tarfile.open(fileobj=self._file, mode="r:") as archive:
                for member in archive:
                    if not member.isreg() or member.issparse():
                        left_out += not member.isdir()
                        continue
                    name = _clean(member.name)
                    if name is not None and is_text_name(name):
                        if name in self._members:
                            again.append(name)
                        if _ROOT.match(member.name):
                            rooted.append(member.name)
                        self._members[name] = (member.offset_data, member.size)
                    elif ".." in member.name.split("/"):
                        left_out += 1
                    archive.members = []  # type: ignore[attr-defined]  # tarfile would keep every header; 450 000 of them are 400 MB
                    if len(self._members) > MAX_FILES:
                        raise DataError(f"{self.where}: more than {MAX_FILES:,} files")
                # tarfile takes the end of the file for the end of the archive, so a cut between two members goes unseen
                self._file.seek(archive.offset)
                ended = self._file.read(512) == bytes(512)
            end = self._file.seek(0, os.SEEK_END)
        except _DAMAGE as error:
            raise _damaged(self.where, error) from None
        if any(offset + size > end for offset, size in self._members.values()):
            raise DataError(f"{self.where}: the archive is cut off", hint="fetch or copy it again")
        notes = [f"left out: {left_out:,} links or names that lead out of the archive"] if left_out else []
        notes += [] if ended else ["left out, perhaps: the archive has no end mark and may have been cut off"]
        self.notes = (*notes, *_odd_names(again, rooted))
        self._files = sorted(self._members)

    def files(self) -> list[str]:
        """List all files in the order of their names, system litter left out."""
        return self._files

    def has(self, name: str) -> bool:
        """Say whether there is such a file."""
        return name in self._members

    def _member(self, name: str) -> tuple[int, int]:
        try:
            return self._members[name]
        except KeyError:
            raise FileNotFoundError(2, "no such file", name) from None

    def size(self, name: str) -> int:
        """Give the size of a file in bytes."""
        return self._member(name)[1]

    def read(self, name: str) -> bytes:
        """Read a whole small file."""
        offset, size = self._member(name)
        if size > MAX_PICTURE_BYTES:
            raise DataError(f"{name}: {size:,} bytes, a picture file has at most {MAX_PICTURE_BYTES:,}")
        with self._lock:
            self._file.seek(offset)
            return self._file.read(size)

    def open(self, name: str) -> BinaryIO:
        """Copy a member to a nameless temporary file and open that."""
        offset, size = self._member(name)
        if size > MAX_MEMBER_BYTES:
            raise DataError(f"{self.where}: {name} has {size:,} bytes", hint="unpack the archive first")
        with self._lock:
            self._file.seek(offset)
            return _spooled(self._file, size)


def open_archive(path: Path) -> Zip | Tar:
    """Open a zip or a tar, plain or compressed. Raises DataError."""
    with path.open("rb") as file:
        head = file.read(4)
    return Zip(path) if head[:2] == b"PK" else Tar(path)


def _odd_names(again: list[str], rooted: list[str]) -> list[str]:
    notes = []
    if again:
        notes.append(
            f"left out: {len(again):,} files of the same name as a later one in the archive (first: {again[0]})"
        )
    if rooted:
        notes.append(
            f"doubtful: {len(rooted):,} names begin at the root of a disk; they are taken from the top of the archive "
            f"(first: {rooted[0]})"
        )
    return notes


def _zip_name(info: zipfile.ZipInfo) -> str:
    """Some zip programs store UTF-8 without saying so, and Python then reads it as code page 437."""
    name = info.filename
    if not info.flag_bits & 0x800 and not name.isascii():
        try:
            return name.encode("cp437").decode("utf-8")
        except UnicodeError:
            return name
    return name


def _plain_tar(path: Path) -> BinaryIO:
    with path.open("rb") as file:
        head = file.read(6)
    if head[:2] == b"\x1f\x8b":
        packed: Any = gzip.open(path)  # noqa: SIM115 - closed below, as are the others
    elif head[:3] == b"BZh":
        packed = bz2.open(path)  # noqa: SIM115
    elif head == b"\xfd7zXZ\x00":
        packed = lzma.open(path)  # noqa: SIM115
    else:
        return path.open("rb")
    packed_bytes = path.stat().st_size
    plain: Any = tempfile.TemporaryFile(prefix="glyphsmith-")  # noqa: SIM115 - handed on open
    try:
        total = 0
        with packed:
            while piece := packed.read(1 << 20):
                total += len(piece)
                if total > MAX_UNPACKED_BYTES or (total > 1 << 30 and total > MAX_GROWTH * packed_bytes):
                    raise DataError(f"{path}: unpacks to more than {total:,} bytes, which no set of pictures does")
                plain.write(piece)
        plain.seek(0)
    except _DAMAGE as error:
        plain.close()
        raise _damaged(str(path), error) from None
    except BaseException:
        plain.close()
        raise
    return cast(BinaryIO, plain)


def _spooled(source: IO[bytes], size: int | None = None) -> BinaryIO:
    plain: Any = tempfile.TemporaryFile(prefix="glyphsmith-")  # noqa: SIM115 - handed on open
    try:
        if size is None:
            shutil.copyfileobj(source, plain, 1 << 20)
        else:
            left = size
            while left and (piece := source.read(min(left, 1 << 20))):
                plain.write(piece)
                left -= len(piece)
    except BaseException:
        plain.close()
        raise
    plain.seek(0, io.SEEK_SET)
    return cast(BinaryIO, plain)


def _damaged(where: str, error: Exception) -> DataError:
    if isinstance(error, OSError) and error.errno:
        return DataError(f"{where}: cannot be read ({error.strerror})")
    if isinstance(error, NotImplementedError):
        return DataError(f"{where}: packed in a way that is not known ({error})", hint="unpack it first")
    return DataError(f"{where}: the archive is damaged or cut off ({error})", hint="fetch or copy it again")
