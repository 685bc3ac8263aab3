"""IDX files, the form MNIST is published in: ``train-images-idx3-ubyte`` beside ``train-labels-idx1-ubyte``, also .gz.

The form is a magic number (two zero bytes, a type, the number of axes), the lengths as big-endian 32 bits, the values.
"""

from __future__ import annotations

import gzip
import math
import re
import tempfile
import zlib
from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from glyphsmith.data.archive import MAX_MEMBER_BYTES
from glyphsmith.data.arrays import Gathered, labels_of, layout_of
from glyphsmith.data.pictures import LabelledPictures, Part, part_of
from glyphsmith.data.tree import Tree
from glyphsmith.errors import DataError

__all__ = ["idx_pairs", "is_idx", "open_idx", "partner_of", "read_idx"]

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_NAME = re.compile(r"(?P<before>.*?)(?P<what>images|labels)(?P<after>[-._]idx\d[-._](ubyte|int))(\.gz)?", re.IGNORECASE)
#: A larger array is laid in a temporary file and mapped, not held in memory.
_IN_MEMORY_BYTES = 512 * 1024**2


def is_idx(head: bytes) -> bool:
    """Say whether a file begins like an IDX file."""
    return len(head) >= 4 and head[:2] == b"\0\0" and head[2] in _TYPES and 1 <= head[3] <= 4


def partner_of(name: str, files: Sequence[str]) -> str | None:
    """Find the labels of a file of images among ``files``, packed or not."""
    match = _NAME.fullmatch(name)
    if not match:
        return None
    for other in files:
        found = _NAME.fullmatch(other)
        if found and found["before"] == match["before"] and found["what"].lower() == "labels":
            return other
    return None


def idx_pairs(files: Sequence[str]) -> list[tuple[str, str, Part | None]]:
    """Find files of images with their labels and part; where a file is there packed and unpacked, the unpacked one."""
    images: dict[str, str] = {}
    for name in sorted(files, key=lambda name: (not name.lower().endswith(".gz"), name)):
        match = _NAME.fullmatch(name)
        if match and match["what"].lower() == "images":
            images[match["before"]] = name
    plain_first = sorted(files, key=lambda name: (name.lower().endswith(".gz"), name))
    pairs: list[tuple[str, str, Part | None]] = []
    for before, name in images.items():
        labels = partner_of(name, plain_first)
        if labels:
            words = re.split(r"[^a-z0-9]+", before.rpartition("/")[2].lower())
            pairs.append((name, labels, next((part for word in words if (part := part_of(word))), None)))
    order = {"train": 0, None: 0, "validation": 1, "test": 2}
    return sorted(pairs, key=lambda pair: (order[pair[2]], pair[0]))


def read_idx(file: BinaryIO, name: str) -> NDArray[Any]:
    """Read an IDX file, packed or not. Raises DataError for damage and for lengths that the file does not have."""
    packed = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    stream: Any = gzip.GzipFile(fileobj=file) if packed else file
    try:
        head = stream.read(4)
        if not is_idx(head):
            raise DataError(f"{name}: not an IDX file (it begins with {head.hex(' ') or 'nothing'})")
        lengths = np.frombuffer(stream.read(4 * head[3]), dtype=">u4").astype(int).tolist()
        if len(lengths) != head[3]:
            raise DataError(f"{name}: the IDX file is cut off in its head")
        dtype = np.dtype(_TYPES[head[2]])
        size = math.prod(lengths) * dtype.itemsize
        if size > MAX_MEMBER_BYTES:
            raise DataError(f"{name}: claims {size:,} bytes of values, which is no set of pictures")
        values = _values(stream, size, name)
        if stream.read(1):
            raise DataError(f"{name}: holds more than the {size:,} bytes its head announces")
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise DataError(
            f"{name}: the IDX file is damaged or cut off ({error})", hint="fetch or copy it again"
        ) from None
    array = values.view(dtype).reshape(lengths)
    return array if dtype.itemsize == 1 else array.astype(dtype.newbyteorder("="))


def _values(stream: Any, size: int, name: str) -> NDArray[np.uint8]:
    """Read exactly ``size`` bytes, piece by piece: a head that lies must not make us reserve what is not there."""
    pieces: list[bytes] = []
    spill: Any = None
    done = 0
    while done < size:
        piece = stream.read(min(size - done, 1 << 22))
        if not piece:
            raise DataError(
                f"{name}: the IDX file is cut off: {done:,} of {size:,} bytes of values", hint="fetch or copy it again"
            )
        done += len(piece)
        if spill is None and done > _IN_MEMORY_BYTES:
            spill = tempfile.TemporaryFile(prefix="glyphsmith-")  # noqa: SIM115 - closed below
            spill.writelines(pieces)
            pieces.clear()
        if spill is None:
            pieces.append(piece)
        else:
            spill.write(piece)
    if spill is not None:
        with spill:  # the map has a handle of its own, so the file lasts as long as the array
            spill.flush()
            return np.memmap(spill, dtype=np.uint8, mode="r", shape=(size,))
    return np.frombuffer(b"".join(pieces), dtype=np.uint8)


def open_idx(tree: Tree, pairs: Sequence[tuple[str, str, Part | None]], where: str) -> LabelledPictures:
    """Open pairs of image and label files. Raises DataError."""
    given = [part for _, _, part in pairs]
    if len(pairs) > 1 and len(set(given)) < len(given):
        raise DataError(
            f"{where}: several sets of IDX files: {', '.join(images for images, _, _ in pairs[:8])}",
            hint="name one images file; its labels are found beside it",
        )
    found = Gathered()
    for images, of_images, part in pairs:
        with tree.open(images) as file:
            pictures = read_idx(file, images)
        with tree.open(of_images) as file:
            answers = read_idx(file, of_images)
        if answers.ndim == 2 and answers.shape[1] > 1:
            answers = answers[:, :1]  # QMNIST lists the digit first, then who wrote it
        if pictures.shape[0] != answers.shape[0]:
            raise DataError(
                f"{images}: {pictures.shape[0]:,} pictures, but {of_images} has {answers.shape[0]:,} labels",
                hint="the two files belong to different sets",
            )
        layout, guessed = layout_of(pictures, images)
        found.add(images.rpartition("/")[2].removesuffix(".gz"), pictures, layout, labels_of(answers, of_images), part)
        found.note(guessed)
    return found.source(
        form="IDX files",
        reason=f"{' and '.join(images for images, _, _ in pairs)} with the labels beside",
        where=where,
        split_by="the files",
    )
