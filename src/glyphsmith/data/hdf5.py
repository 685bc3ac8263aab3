"""HDF5 files: our own (written by ``data import``) and those of others, read without loading them whole.

Our own holds ``labels``, ``names``, ``parts``, ``groups`` and either ``pictures`` (N, H, W[, 3]) uint8 for pictures of
one size, or ``encoded`` (all picture files one after the other) with ``offsets`` (N + 1) for mixed sizes.
"""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from glyphsmith.data.arrays import ArrayStore, Gathered, Layout, check_extent, find_pairs, labels_of, layout_of
from glyphsmith.data.pictures import LabelledPictures, Part
from glyphsmith.errors import DataError, MissingExtraError, PictureError
from glyphsmith.picture import Picture, load_picture

if TYPE_CHECKING:
    import h5py

__all__ = ["FORMAT_KEY", "FORMAT_VERSION", "PART_CODES", "open_hdf5"]

FORMAT_KEY = "glyphsmith"
FORMAT_VERSION = 1
PART_CODES: tuple[Part | None, ...] = (None, "train", "validation", "test")


def open_hdf5(file: BinaryIO | Path, where: str) -> LabelledPictures:
    """Open an HDF5 file. Raises DataError, or MissingExtraError where h5py is not installed."""
    try:
        import h5py
    except ImportError:
        raise MissingExtraError(f"{where}: HDF5 files need h5py", hint='pip install "glyphsmith[train]"') from None
    try:
        opened = h5py.File(file, "r")
        source = _own(opened, where) if FORMAT_KEY in opened.attrs else _foreign(opened, where)
        if not isinstance(file, Path):
            weakref.finalize(source, file.close)
        return source
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise DataError(
            f"{where}: the HDF5 file is damaged or cut off ({error})", hint="write or copy it again"
        ) from None


def _own(file: h5py.File, where: str) -> LabelledPictures:
    version = int(file.attrs[FORMAT_KEY])
    if version > FORMAT_VERSION:
        raise DataError(
            f"{where}: written by a newer Glyphsmith (form {version}, this one reads {FORMAT_VERSION})",
            hint="upgrade glyphsmith",
        )
    for key in file:
        _check_own_bytes(file, key, where)
    labels = labels_of(file["labels"], where)
    names = labels_of(file["names"], where)
    codes = np.asarray(file["parts"][:]).tolist()
    groups = [text or None for text in labels_of(file["groups"], where)] if "groups" in file else None
    store: ArrayStore | EncodedStore
    if "pictures" in file:
        pictures = file["pictures"]
        if pictures.dtype != np.uint8 or pictures.ndim not in (3, 4):
            raise DataError(f"{where}: pictures of type {pictures.dtype} and shape {pictures.shape}")
        check_extent(pictures, pictures.shape[1:3], where)
        store = ArrayStore([(pictures, Layout(tuple(pictures.shape[1:]), channel_first=False))])
        count = pictures.shape[0]
        how = f"{count:,} pictures of one size, {' x '.join(map(str, pictures.shape[1:]))}"
    else:
        store = EncodedStore(file["encoded"], np.asarray(file["offsets"][:], dtype=np.int64))
        count = file["offsets"].shape[0] - 1
        how = f"{count:,} encoded pictures"
    if not len(labels) == len(names) == len(codes) == count or (groups is not None and len(groups) != count):
        raise DataError(f"{where}: its lists differ in length", hint="write it again with `glyphsmith data import`")
    if not count:
        raise DataError(f"{where}: holds no picture")
    parts = [PART_CODES[code] if 0 <= code < len(PART_CODES) else None for code in codes]
    return LabelledPictures(
        form="HDF5 of Glyphsmith",
        reason=f"its head says so; {how}",
        where=where,
        store=store,
        names=names,
        labels=labels,
        groups=groups,
        parts=parts if any(codes) else None,
        columns=["group"] if groups else [],
    )


def _foreign(file: h5py.File, where: str) -> LabelledPictures:
    import h5py

    shapes: dict[str, tuple[int, ...]] = {}

    def note(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and item.shape is not None:
            _check_own_bytes(file, name, where)
            shapes[name] = item.shape

    file.visititems(note)
    pairs = find_pairs(shapes, where)
    class_names = next(
        (labels_of(file[key], where) for key in ("class_names", "list_classes", "label_names") if key in shapes), []
    )
    found = Gathered()
    for pair in pairs:
        layout, guessed = layout_of(file[pair.pictures], f"{where}: {pair.pictures}")
        labels = labels_of(file[pair.labels], f"{where}: {pair.labels}", class_names)
        found.add(pair.pictures, file[pair.pictures], layout, labels, pair.part)
        found.note(guessed)
    return found.source(
        form="arrays in an HDF5 file",
        reason=f"its arrays {', '.join(f'{pair.pictures} and {pair.labels}' for pair in pairs)} belong together",
        where=where,
        split_by="their names",
    )


def _check_own_bytes(file: h5py.File, key: str, where: str) -> None:
    """Refuse what takes its bytes from another file: that would read any file of this machine as pixels."""
    import h5py

    link, item = file.get(key, getlink=True), file.get(key)
    elsewhere = isinstance(link, h5py.ExternalLink)
    if isinstance(item, h5py.Dataset):
        elsewhere = elsewhere or bool(item.external) or item.is_virtual
    if elsewhere:
        raise DataError(f"{where}: {key} lies in another file, which is not looked at", hint="copy it into one file")


class EncodedStore:
    """Picture files of mixed sizes, one after the other in one dataset."""

    def __init__(self, data: Any, offsets: NDArray[np.int64]) -> None:
        self._data = data
        self._offsets = offsets

    def encoded(self, i: int, /) -> bytes:
        """Read the bytes of picture i. Raises PictureError."""
        start, stop = int(self._offsets[i]), int(self._offsets[i + 1])
        try:
            return np.asarray(self._data[start:stop]).tobytes()
        except (OSError, ValueError, RuntimeError) as error:
            raise PictureError(f"picture {i}: cannot be read ({error})") from None

    def picture(self, i: int, name: str) -> Picture:
        """Open picture i: uint8 (H, W, 3). Raises PictureError."""
        return load_picture(self.encoded(i), name=name)

    def block(self, _start: int, _stop: int, /) -> None:
        """None: the pictures differ in size."""
