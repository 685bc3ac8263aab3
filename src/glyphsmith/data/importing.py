"""Write any source into one HDF5 file: uint8, chunked, with labels, names, groups and the split; checked on the way.

One pass in flat memory: the same pictures are measured for the audit and written. Small pictures of one size are stored
as pixels, all else as the bytes of their files, so that mixed sizes and photographs lose nothing and do not grow.
"""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from glyphsmith.data.audit import Audit, Collector, Piece
from glyphsmith.data.blocks import open_blocks
from glyphsmith.data.hdf5 import FORMAT_KEY, FORMAT_VERSION, PART_CODES
from glyphsmith.data.pictures import Sample, Source, columns_of
from glyphsmith.data.source import refuse_overwriting
from glyphsmith.data.split import Split, split_samples
from glyphsmith.data.stream import track_source
from glyphsmith.errors import DataError, MissingExtraError, PictureError
from glyphsmith.files import atomic_path
from glyphsmith.picture import Picture, load_picture

if TYPE_CHECKING:
    import h5py

__all__ = ["Imported", "import_to_hdf5"]

#: Larger pictures are stored as the files they were.
_MAX_PIXEL_BYTES = 64 * 64 * 3 * 4
_CHUNK_BYTES = 64 * 1024
#: Pictures whose size is looked at before anything is written.
_PROBED = 64

_How = Literal["grey", "colour", "encoded"]


@dataclass(frozen=True, slots=True)
class Imported:
    """What was written: how many pictures, ``how`` (grey or colour pixels, or encoded), the audit and the split."""

    path: Path
    n: int
    how: str
    audit: Audit
    split: Split


@dataclass(slots=True)
class _Written:
    """What one thread or process prepared for the file."""

    piece: Piece
    indices: list[int] = field(default_factory=list)
    pixels: NDArray[np.uint8] | None = None
    files: list[bytes] = field(default_factory=list)


class _OtherForm(Exception):  # noqa: N818 - a signal to begin again, not an error
    """A picture does not fit the form that the first pictures suggested."""

    def __init__(self, how: _How) -> None:
        super().__init__(how)
        self.how = how


def import_to_hdf5(
    source: Source,
    out: str | Path,
    *,
    validation: float | str = 0.1,
    test: float = 0.1,
    group: str = "",
    seed: int = 0,
    progress: bool = True,
) -> Imported:
    """Write ``source`` to the HDF5 file ``out``, all or nothing. Unreadable pictures are left out and listed.

    The parts written are those of ``split_samples``, which keeps what the source gives; what it leaves out has none.
    Raises DataError, or MissingExtraError where h5py is not installed.
    """
    try:
        import h5py
    except ImportError:
        raise MissingExtraError("HDF5 files need h5py", hint='pip install "glyphsmith[train]"') from None
    path = Path(out)
    if path.suffix.lower() not in (".h5", ".hdf5"):
        raise DataError(f"{path}: the name of an HDF5 file ends in .h5")
    if path.is_dir():
        raise DataError(f"{path}: is a folder", hint=f"for example {path / 'pictures.h5'}")
    refuse_overwriting(source, path)
    how, shape = _probe(source)
    with atomic_path(path) as beside:
        while True:
            try:
                with _Disk(beside, "w+") as disk:
                    with h5py.File(disk, "w", libver="v110") as file:
                        imported = _write(file, path, source, how, shape, (validation, test, group, seed), progress)
                    disk.check()
                    return imported
            except _OtherForm as other:
                how = other.how


class _Disk(io.FileIO):
    """A file that HDF5 writes through, for HDF5 forgets errors: ``check`` raises the first that there was.

    Its own file swallows a full disk when it is closed, and of an error that a Python file raises it may crash.
    """

    failed: OSError | None = None

    def write(self, data: Any) -> int:
        left = memoryview(data).cast("B")
        size = len(left)
        try:
            while self.failed is None and len(left):
                left = left[super().write(left) or 0 :]
        except OSError as error:
            self.failed = error
        return size

    def truncate(self, size: int | None = None) -> int:
        try:
            return super().truncate(size)
        except OSError as error:
            self.failed = self.failed or error
            return size or 0

    def check(self) -> None:
        """Raise the OSError of a write that failed."""
        if self.failed is not None:
            raise self.failed


def _probe(source: Source) -> tuple[_How, tuple[int, int]]:
    """Choose the form from a few pictures spread over the source."""
    count = len(source)
    found = []
    for i in sorted({k * (count - 1) // max(1, _PROBED - 1) for k in range(min(_PROBED, count))}):
        with contextlib.suppress(PictureError):
            picture = source.picture(i)
            found.append((picture.shape[:2], picture.nbytes, _as_grey(picture[None]) is not None))
    if not found:
        return "encoded", (0, 0)
    height, width = found[0][0]
    if len({shape for shape, _, _ in found}) > 1 or found[0][1] > _MAX_PIXEL_BYTES:
        return "encoded", (0, 0)
    return ("grey" if all(grey for _, _, grey in found) else "colour"), (height, width)


def _as_grey(block: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """Give (n, H, W) where every picture is grey, else None."""
    if block.ndim == 3:
        return block
    first = block[..., 0]
    if bool((first == block[..., 1]).all()) and bool((first == block[..., 2]).all()):
        return np.ascontiguousarray(first)
    return None


def _prepare(source: Source, indices: range, how: _How, shape: tuple[int, int]) -> _Written:
    """Open, measure and lay out one piece; runs in a thread or in another process. Raises _OtherForm."""
    made = _Written(Piece())
    failed: list[tuple[int, PictureError]] = []
    laid: dict[int, bytes] = {}
    pixels = np.empty((len(indices), *shape, *((3,) if how == "colour" else ())), dtype=np.uint8)
    kept = np.zeros(len(indices), dtype=np.bool_)
    for block in open_blocks(source, indices, failed):
        made.piece.add(block)
        rows = np.asarray(block.at) - indices.start
        kept[rows] = True
        if how == "encoded":
            laid.update(zip(block.at, block.files or map(_as_png, block.pictures), strict=True))
            continue
        if block.pictures.shape[1:3] != shape:
            raise _OtherForm("encoded")
        grey = _as_grey(block.pictures)
        if how == "grey":
            if grey is None:
                raise _OtherForm("colour")
            pixels[rows] = grey
        else:
            pixels[rows] = block.pictures if block.pictures.ndim == 4 else block.pictures[..., None]
    made.piece.failures = [(i, error.message) for i, error in failed]
    made.indices = (np.flatnonzero(kept) + indices.start).tolist()
    if how == "encoded":
        made.files = [laid[i] for i in made.indices]
    else:
        made.pixels = pixels if kept.all() else pixels[kept]
    return made


class _Stored:
    """The pictures of a source as they have just been written, all of them and in their order."""

    def __init__(self, source: Source, data: Any) -> None:
        self.form, self.reason, self.where = source.form, source.reason, source.where
        self._source = source
        self._data = data

    def __len__(self) -> int:
        return len(self._source)

    def sample(self, i: int) -> Sample:
        return self._source.sample(i)

    def picture(self, i: int) -> Picture:
        return load_picture(np.asarray(self._data[i]), name=self.sample(i).name)

    def block(self, start: int, stop: int) -> NDArray[np.uint8]:
        return np.asarray(self._data[start:stop])


def _as_png(picture: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()


def _write(
    file: h5py.File,
    path: Path,
    source: Source,
    how: _How,
    shape: tuple[int, int],
    wanted: tuple[float | str, float, str, int],
    progress: bool,
) -> Imported:
    import h5py

    collector = Collector(source)
    count = len(source)
    kept: list[int] = []
    sizes: list[int] = []
    data: Any
    if how == "encoded":
        data = file.create_dataset("encoded", (0,), "u1", maxshape=(None,), chunks=(1 << 20,))
    else:
        one = shape if how == "grey" else (*shape, 3)
        rows = max(1, min(count, _CHUNK_BYTES // max(1, int(np.prod(one)))))
        data = file.create_dataset("pictures", (count, *one), "u1", maxshape=(None, *one), chunks=(rows, *one))
    total = 0
    prepare = partial(_prepare, how=how, shape=shape)
    for _, made in track_source(prepare, source, "importing", progress=progress):
        collector.take(made.piece)
        if made.pixels is not None:
            data[len(kept) : len(kept) + len(made.pixels)] = made.pixels
        elif made.files:
            joined = np.frombuffer(b"".join(made.files), dtype=np.uint8)
            data.resize(total + joined.size, axis=0)
            data[total:] = joined
            total += joined.size
            sizes += [len(one_file) for one_file in made.files]
        kept += made.indices
    pixels = _Stored(source, data) if how != "encoded" and len(kept) == count else None
    audit = collector.audit(pixels)
    if not kept:
        raise DataError(
            f"{source.where}: none of its {count:,} pictures can be read", hint="see `glyphsmith data check`"
        )
    if how == "encoded":
        file["offsets"] = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    else:
        data.resize(len(kept), axis=0)
    validation, test, group, seed = wanted
    split = split_samples(audit, source, validation=validation, test=test, group=group, seed=seed)
    text = h5py.string_dtype("utf-8")
    given = columns_of(source)
    file.create_dataset("labels", data=[given.labels[i] for i in kept], dtype=text)
    file.create_dataset("names", data=[given.names[i] for i in kept], dtype=text)
    groups = [given.groups[i] or "" for i in kept] if given.groups is not None else []
    if any(groups):
        file.create_dataset("groups", data=groups, dtype=text)
    code = {part: k for k, part in enumerate(PART_CODES)}
    parts = np.zeros(count, dtype=np.uint8)
    for name in ("train", "validation", "test"):
        parts[getattr(split, name)] = code[name]
    file["parts"] = parts[kept]
    file.attrs[FORMAT_KEY] = FORMAT_VERSION
    file.attrs["source"] = source.where
    file.attrs["split"] = split.reason
    return Imported(path, len(kept), how, audit, split)
