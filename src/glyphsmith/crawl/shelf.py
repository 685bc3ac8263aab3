"""Where collected glyphs go: a folder of ``<digit>_<id>.png``, or one HDF5 file in the product's own form.

HDF5 cannot be appended to by a process that may be killed: half a write makes the whole file unreadable. So glyphs for
it are kept in a tar file beside, which can be cut where the job's last line says, and are written into the HDF5 file
at the end of a run, together with what it holds already, by the importer that everything else uses.
"""

from __future__ import annotations

import os
import tarfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from glyphsmith.data.pictures import LabelledPictures
from glyphsmith.errors import DataError
from glyphsmith.files import atomic_path

__all__ = ["FolderShelf", "Glyph", "Hdf5Shelf", "Shelf"]

#: Name and bytes of a PNG file.
Glyph = tuple[str, bytes]

_BLOCK = 512


class Shelf(Protocol):
    """What collecting asks of a place for glyphs."""

    def put(self, glyphs: Sequence[Glyph]) -> int:
        """Keep the glyphs of one request; gives a mark for the job's line."""
        ...

    def finish(self) -> None:
        """Make everything kept so far ready to be learned from."""
        ...

    def close(self) -> None:
        """Let go of what is open."""
        ...


class FolderShelf:
    """A folder of PNG files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(f"{folder}: cannot be written ({error.strerror or error})") from None

    def put(self, glyphs: Sequence[Glyph]) -> int:
        """Write a file for each glyph; none is ever half written under its name."""
        for name, data in glyphs:
            beside = self._folder / f".{name}.part"
            try:
                beside.write_bytes(data)
                beside.replace(self._folder / name)
            except OSError as error:
                raise DataError(f"{self._folder / name}: cannot be written ({error.strerror or error})") from None
        return 0

    def finish(self) -> None:
        """Nothing is left to do: the files are there."""

    def close(self) -> None:
        """Nothing is open."""


class Hdf5Shelf:
    """An HDF5 file, and the tar file beside it that holds what is not in it yet; ``mark`` is where that ends."""

    def __init__(self, path: Path, tar: Path, mark: int) -> None:
        self._path, self._tar = path, tar
        try:
            tar.parent.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(tar, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
            if os.fstat(self._handle).st_size < mark:
                raise DataError(f"{tar}: is shorter than its job says", hint="remove the folder and collect again")
            os.ftruncate(self._handle, mark)
        except OSError as error:
            raise DataError(f"{tar}: cannot be written ({error.strerror or error})") from None
        self._mark = mark

    def put(self, glyphs: Sequence[Glyph]) -> int:
        """Append a member for each glyph, all with one call."""
        pieces = []
        for name, data in glyphs:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            pieces += [info.tobuf(tarfile.USTAR_FORMAT), data, bytes(-len(data) % _BLOCK)]
        block = b"".join(pieces)
        try:
            os.lseek(self._handle, self._mark, os.SEEK_SET)
            if os.write(self._handle, block) != len(block):
                raise OSError(28, "the disk is full")
        except OSError as error:
            raise DataError(f"{self._tar}: cannot be written ({error.strerror or error})") from None
        self._mark += len(block)
        return self._mark

    def finish(self) -> None:
        """Write what the HDF5 file holds and what is new into a new one, and put it in its place."""
        from glyphsmith.data.importing import import_to_hdf5
        from glyphsmith.data.joined import joined
        from glyphsmith.data.source import open_source

        os.lseek(self._handle, self._mark, os.SEEK_SET)
        os.write(self._handle, bytes(2 * _BLOCK))
        new = open_source(self._tar)
        if self._path.exists():
            held = open_source(self._path)
            # Glyphs that an earlier run wrote just before it was killed are in both.
            names = set(held.names)
            source = joined(held, (new, [i for i in range(len(new)) if new.names[i] not in names]))
        else:
            source = new
        # One split over old and new; glyphs of one sprite stay together, for each is known by its sprite.
        whole = LabelledPictures(
            form=source.form, reason=source.reason, where=str(self._path), store=source.store, names=source.names,
            labels=source.labels, groups=[sprite_of(name) for name in source.names],
        )  # fmt: skip
        with atomic_path(self._path) as beside:
            written = beside.with_suffix(".h5")
            try:
                import_to_hdf5(whole, written)
                written.replace(beside)
            finally:
                written.unlink(missing_ok=True)
        # Emptied by ``close``, after the job's line that says it is done with: emptied here, a kill before that line
        # would leave a job that misses its glyphs.
        self._mark = 0

    def close(self) -> None:
        """Let go of the tar file, and of what in it is done with."""
        with suppress(OSError):
            os.ftruncate(self._handle, self._mark)
        os.close(self._handle)


def sprite_of(name: str) -> str:
    """Give the sprite that a glyph was cut from: ``7_1f2e3d-04.png`` is of 1f2e3d."""
    return name.rpartition("/")[2].partition("_")[2].rpartition("-")[0]
