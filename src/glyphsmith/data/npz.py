"""NPZ files: numpy arrays by name in a zip. Nothing in them is ever unpickled."""

from __future__ import annotations

import math
import tokenize
import zipfile
import zlib
from typing import BinaryIO

import numpy as np

from glyphsmith.data.arrays import Gathered, find_pairs, labels_of, layout_of
from glyphsmith.data.pictures import LabelledPictures
from glyphsmith.errors import DataError

__all__ = ["open_npz"]

#: An NPZ is read whole; a larger set belongs into HDF5.
_MAX_BYTES = 8 * 1024**3
#: What numpy and zipfile raise for damaged files; the head of an array is parsed as Python's tokens.
_DAMAGE = (
    *(OSError, ValueError, EOFError, KeyError, TypeError, SyntaxError, NotImplementedError, RuntimeError),
    *(tokenize.TokenError, zlib.error, zipfile.BadZipFile),
)


def open_npz(file: BinaryIO, where: str) -> LabelledPictures:
    """Open a file with x_train,y_train,x_test,y_test or images,labels. Raises DataError."""
    try:
        with zipfile.ZipFile(file) as archive:
            heads = {info.filename: _head(archive, info, where) for info in archive.infolist() if not info.is_dir()}
        shapes = {name.removesuffix(".npy"): shape for name, shape in heads.items() if shape is not None}
        pairs = find_pairs(shapes, where)
        file.seek(0)
        found = Gathered()
        with np.load(file, allow_pickle=False) as loaded:
            class_names = next(
                (
                    labels_of(loaded[key], key)
                    for key in ("class_names", "label_names", "names", "categories")
                    if key in shapes
                ),
                [],
            )
            for pair in pairs:
                array = loaded[pair.pictures]
                layout, guessed = layout_of(array, f"{where}: {pair.pictures}")
                labels = labels_of(loaded[pair.labels], f"{where}: {pair.labels}", class_names)
                found.add(pair.pictures, array, layout, labels, pair.part)
                found.note(guessed)
    except _DAMAGE as error:
        raise DataError(f"{where}: the NPZ file is damaged or not of numpy's making ({error})") from None
    return found.source(
        form="arrays in an NPZ file",
        reason=f"its arrays {', '.join(f'{pair.pictures} and {pair.labels}' for pair in pairs)} belong together",
        where=where,
        split_by="their names",
    )


def _head(archive: zipfile.ZipFile, info: zipfile.ZipInfo, where: str) -> tuple[int, ...] | None:
    """Read an array's shape without its values; None for a member that is no array."""
    if not info.filename.endswith(".npy"):
        return None
    with archive.open(info) as member:
        version = np.lib.format.read_magic(member)
        reader = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = reader(member)
    if dtype.hasobject:
        raise DataError(
            f"{where}: {info.filename} holds Python objects, and loading those can run code",
            hint="store the labels as text or numbers: np.array(labels, dtype=str)",
        )
    if math.prod(shape) * dtype.itemsize > _MAX_BYTES:
        raise DataError(
            f"{where}: {info.filename} has the shape {shape}, too large to read whole", hint="store it as HDF5"
        )
    return tuple(int(n) for n in shape)
