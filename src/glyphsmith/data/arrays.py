"""Pictures that lie in arrays: which arrays of a file they are, how their values are scaled, and the store over them.

Called by the IDX, NPZ, HDF5 and CIFAR-10 forms. An array is anything that can be sliced: numpy's own, a memory map, or
a dataset of HDF5, so nothing is loaded before it is asked for.
"""

from __future__ import annotations

import bisect
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from glyphsmith.data.pictures import LabelledPictures, NumberedNames, Part, part_of
from glyphsmith.errors import DataError, PictureError
from glyphsmith.picture import MAX_PIXELS, Picture, load_picture

__all__ = [
    "ArrayStore",
    "Gathered",
    "Layout",
    "Pair",
    "SliceableArray",
    "check_extent",
    "find_pairs",
    "labels_of",
    "layout_of",
]

_PICTURE_WORDS = frozenset({"x", "image", "images", "img", "imgs", "data", "picture", "pictures", "features", "pixels"})
_LABEL_WORDS = frozenset({"y", "label", "labels", "target", "targets", "text", "texts", "class", "classes", "answers"})
_FILL_WORDS = frozenset({"set", "dataset", "arr", "array", "batch", "all", "orig", "list"})
#: Rows that are looked at together when values are searched or converted.
_ROWS = 4096
#: Values that are looked at together, where pictures are large.
_VALUES = 1 << 26
#: Larger sets would not fit their own list of labels, and no set of pictures is known to have as many.
MOST_PICTURES, MOST_LABEL_VALUES = 100_000_000, 1 << 30


class SliceableArray(Protocol):
    """What numpy arrays, memory maps and HDF5 datasets share."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths along each axis."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of an entry."""
        ...

    def __getitem__(self, item: Any) -> Any: ...


@dataclass(frozen=True, slots=True)
class Layout:
    """How rows of an array become uint8 pictures: ``value * factor + offset`` after reshaping to (n, *shape)."""

    shape: tuple[int, ...]
    channel_first: bool
    factor: float = 1.0
    offset: float = 0.0

    def pictures(self, rows: NDArray[Any]) -> NDArray[np.uint8]:
        """Turn rows (n, ...) into uint8 (n, H, W) or (n, H, W, C)."""
        rows = rows.reshape(rows.shape[0], *self.shape)
        if self.channel_first:
            rows = rows.transpose(0, 2, 3, 1)
        if rows.shape[-1] == 1 and rows.ndim == 4:
            rows = rows[..., 0]
        if rows.dtype == np.uint8 and self.factor == 1.0 and self.offset == 0.0:
            return np.ascontiguousarray(rows)
        values = rows.astype(np.float64) * self.factor + self.offset
        return np.clip(np.nan_to_num(values).round(), 0, 255).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two arrays that belong together, and the part of the split their names say."""

    pictures: str
    labels: str
    part: Part | None


def find_pairs(shapes: Mapping[str, tuple[int, ...]], where: str) -> list[Pair]:
    """Find which arrays are pictures and which their labels, by name and length. Raises DataError that lists them."""
    pictures: dict[tuple[str, ...], str] = {}
    labels: dict[tuple[str, ...], str] = {}
    for key, shape in shapes.items():
        words = [word for word in re.split(r"[^a-z0-9]+|(?<=[a-z])(?=\d)", key.lower()) if word]
        # xtrain and trainx are written too
        words = [piece for word in words for piece in _unglued(word)]
        rest = tuple(sorted(w for w in words if w not in _PICTURE_WORDS | _LABEL_WORDS | _FILL_WORDS))
        if not shape:
            continue
        if any(word in _LABEL_WORDS for word in words) and len(shape) <= 2:
            labels.setdefault(rest, key)
        elif any(word in _PICTURE_WORDS for word in words) and len(shape) >= 2:
            pictures.setdefault(rest, key)
    pairs = []
    for rest, key in pictures.items():
        partner = labels.get(rest)
        if partner is not None and shapes[partner][0] == shapes[key][0]:
            part = next((found for word in rest if (found := part_of(word))), None)
            pairs.append(Pair(key, partner, part))
        elif partner is not None:
            raise DataError(f"{where}: {key} has {shapes[key][0]:,} entries, but {partner} has {shapes[partner][0]:,}")
    if not pairs:
        seen = ", ".join(f"{key} {shape}" for key, shape in list(shapes.items())[:12]) or "nothing"
        raise DataError(
            f"{where}: no pair of pictures and labels (it holds {seen})",
            hint="expected x_train,y_train,x_test,y_test or images,labels: pictures (N, H, W) or (N, H, W, 3)",
        )
    several = len({pair.part for pair in pairs}) < len(pairs)
    if several:
        raise DataError(
            f"{where}: several pairs of pictures and labels: {', '.join(pair.pictures for pair in pairs)}",
            hint="keep one pair, or name them x_train, x_validation and x_test",
        )
    order = {"train": 0, None: 0, "validation": 1, "test": 2}
    return sorted(pairs, key=lambda pair: order[pair.part])


def _unglued(word: str) -> list[str]:
    for letter in ("x", "y"):
        if word.startswith(letter) and part_of(word[1:]):
            return [letter, word[1:]]
        if word.endswith(letter) and part_of(word[:-1]):
            return [word[:-1], letter]
    return [word]


def layout_of(array: SliceableArray, where: str) -> tuple[Layout, list[str]]:
    """Find how an array holds pictures, with notes on what was guessed. Raises DataError for what is none."""
    shape = tuple(int(n) for n in array.shape[1:])
    notes: list[str] = []
    channel_first = False
    if len(shape) == 1:
        side = math.isqrt(shape[0])
        colour_side = math.isqrt(shape[0] // 3)
        if side * side == shape[0]:
            shape = (side, side)
        elif 3 * colour_side * colour_side == shape[0]:
            shape = (colour_side, colour_side, 3)
        else:
            raise DataError(f"{where}: rows of {shape[0]:,} values are no square pictures", hint="store (N, H, W)")
        notes.append(f"{where}: each row of {math.prod(shape):,} values was taken as a picture {shape}")
    elif len(shape) == 3 and shape[2] not in (1, 3, 4) and shape[0] in (1, 3, 4):
        channel_first = True
    elif len(shape) != 2 and not (len(shape) == 3 and shape[2] in (1, 3, 4)):
        raise DataError(
            f"{where}: shape {tuple(array.shape)} is no set of pictures", hint="store (N, H, W) or (N, H, W, 3)"
        )
    if 0 in shape:
        raise DataError(f"{where}: the pictures are empty, shape {tuple(array.shape)}")
    check_extent(array, shape[1:] if channel_first else shape[:2], where)
    factor, offset = _scale(array, where, notes)
    return Layout(shape, channel_first, factor, offset), notes


def check_extent(array: SliceableArray, size: Sequence[int], where: str) -> None:
    """Refuse an array (N, ...) that is too large before a value of it is read; ``size`` is a picture's (H, W).

    A file of a kilobyte can claim any shape, and all that was never written is made when it is asked for.
    """
    if array.shape[0] > MOST_PICTURES:
        raise DataError(f"{where}: {array.shape[0]:,} pictures, the limit is {MOST_PICTURES:,}")
    if math.prod(size) > MAX_PIXELS:
        raise DataError(f"{where}: pictures of {' x '.join(map(str, size))} pixels, the limit is {MAX_PIXELS:,} in all")


def _scale(array: SliceableArray, where: str, notes: list[str]) -> tuple[float, float]:
    """Give factor and offset to 0..255. Values are looked at only where their type does not settle it."""
    kind = array.dtype.kind
    step = max(1, min(_ROWS, _VALUES // math.prod(array.shape[1:])))
    if array.dtype == np.uint8 and int(np.asarray(array[:step]).max(initial=255 * (array.shape[0] == 0))) > 1:
        return 1.0, 0.0
    if kind == "b":
        return 255.0, 0.0
    if kind not in "uif":
        raise DataError(f"{where}: values of type {array.dtype} are no pixels", hint="store uint8")
    low, high = math.inf, -math.inf
    for start in range(0, array.shape[0], step):
        rows = np.asarray(array[start : start + step])
        if not np.isfinite(rows).all():
            raise DataError(f"{where}: holds values that are not finite", hint="store uint8")
        low, high = min(low, float(rows.min())), max(high, float(rows.max()))
    if low >= 0.0 and high <= 1.0:
        return 255.0, 0.0
    if low >= 0.0 and high <= 32.0:
        notes.append(f"{where}: the values reach only {high:g}; that was taken as white")
        return 255.0 / high, 0.0
    if low >= 0.0 and high <= 255.0:
        return 1.0, 0.0
    if low >= 0.0 and high <= 65535.0 and kind in "ui":
        notes.append(f"{where}: 16-bit values were scaled to 8 bits")
        return 1.0 / 257.0, 0.0
    if low >= -1.0 and high <= 1.0 and kind == "f":
        notes.append(f"{where}: values in -1..1 were taken as black to white")
        return 127.5, 127.5
    raise DataError(f"{where}: values from {low:g} to {high:g} are no pixels", hint="store uint8, or floats in 0..1")


def labels_of(array: SliceableArray, where: str, names: Sequence[str] = ()) -> list[str]:
    """Read labels: numbers, one-hot rows, or text; ``names`` replaces numbers. Raises DataError."""
    if math.prod(array.shape) > MOST_LABEL_VALUES:
        raise DataError(f"{where}: {math.prod(array.shape):,} values are too many for labels")
    values = np.asarray(array[:])
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim == 2 and values.dtype.kind in "buif":
        sums = values.sum(axis=1)
        if not (np.allclose(sums, 1.0, atol=1e-4) and float(values.min(initial=0)) >= 0.0):
            raise DataError(f"{where}: rows of {values.shape[1]} values are neither one label nor one-hot")
        values = values.argmax(axis=1)
    if values.ndim != 1:
        raise DataError(f"{where}: shape {values.shape} is no list of labels")
    if values.dtype.kind in "SOU":
        return [_text(value, where) for value in values.tolist()]
    if values.dtype.kind == "f":
        if not np.isfinite(values).all() or (values != values.round()).any():
            raise DataError(f"{where}: labels are broken numbers", hint="labels are whole numbers or text")
        values = values.astype(np.int64)
    if values.dtype.kind not in "uib":
        raise DataError(f"{where}: type {values.dtype} is no label")
    numbers = values.astype(np.int64)
    if names and numbers.size and numbers.min() >= 0 and numbers.max() < len(names):
        texts = {k: str(name) for k, name in enumerate(names)}
    else:
        texts = {int(k): str(int(k)) for k in np.unique(numbers)}
    return [texts[k] for k in numbers.tolist()]


def _text(value: object, where: str) -> str:
    if isinstance(value, bytes):
        try:
            value = value.decode("utf-8")
        except UnicodeDecodeError:
            raise DataError(f"{where}: a label is not UTF-8: {value[:40]!r}") from None
    if isinstance(value, str | int):
        text = str(value)
        if "\0" in text:  # HDF5 cannot hold it, and nobody means it
            raise DataError(f"{where}: a label holds a zero byte: {text[:40]!r}")
        return text
    raise DataError(f"{where}: a label is of type {type(value).__name__}")


class ArrayStore:
    """Pictures in one or more arrays, one after the other."""

    def __init__(self, arrays: Sequence[tuple[SliceableArray, Layout]]) -> None:
        self._arrays = list(arrays)
        self._ends = np.cumsum([array.shape[0] for array, _ in self._arrays]).tolist()

    def _rows(self, start: int, stop: int) -> list[NDArray[np.uint8]]:
        found = []
        at = bisect.bisect_right(self._ends, start)
        while start < stop and at < len(self._arrays):
            array, layout = self._arrays[at]
            before = self._ends[at] - array.shape[0]
            upto = min(stop, self._ends[at])
            found.append(layout.pictures(np.asarray(array[start - before : upto - before])))
            start, at = upto, at + 1
        return found

    def picture(self, i: int, name: str) -> Picture:
        """Open picture i: uint8 (H, W, 3). Raises PictureError."""
        try:
            return load_picture(self._rows(i, i + 1)[0][0], name=name)
        except (OSError, ValueError, RuntimeError) as error:
            raise PictureError(f"{name}: cannot be read ({error})") from None

    def encoded(self, _i: int, /) -> None:
        """None: the pictures are no files."""

    def block(self, start: int, stop: int) -> NDArray[np.uint8] | None:
        """Give pictures start..stop-1 as uint8 (n, H, W[, 3]), or None where they differ in size or have alpha."""
        try:
            found = self._rows(start, stop)
        except (OSError, ValueError, RuntimeError):
            return None  # one by one, so that the damaged ones are named
        if len({rows.shape[1:] for rows in found}) != 1 or (found[0].ndim == 4 and found[0].shape[3] != 3):
            return None
        return found[0] if len(found) == 1 else np.concatenate(found)


class Gathered:
    """Arrays of pictures and their labels, added one after another, that become one source."""

    def __init__(self) -> None:
        self._arrays: list[tuple[Any, Layout]] = []
        self._counts: list[tuple[str, int]] = []
        self._labels: list[str] = []
        self._parts: list[Part | None] = []
        self._notes: list[str] = []

    def add(
        self, name: str, pictures: SliceableArray, layout: Layout, labels: Sequence[str], part: Part | None
    ) -> None:
        """Add the pictures (N, ...) of an array by its name, with their labels (N)."""
        self._arrays.append((pictures, layout))
        self._counts.append((name, pictures.shape[0]))
        self._labels += labels
        self._parts += [part] * pictures.shape[0]

    def note(self, notes: Sequence[str]) -> None:
        """Keep what was guessed on the way."""
        self._notes += notes

    def source(self, *, form: str, reason: str, where: str, split_by: str) -> LabelledPictures:
        """Give the source; ``split_by`` is what gave the parts, where there are several. DataError for no picture."""
        if not self._labels:
            raise DataError(f"{where}: holds no picture")
        kinds = set(self._parts)
        several = len(kinds) > 1 and kinds != {None, "train"}
        return LabelledPictures(
            form=form,
            reason=reason + (f", with the split given by {split_by}" if several else ""),
            where=where,
            store=ArrayStore(self._arrays),
            names=NumberedNames(self._counts),
            labels=self._labels,
            parts=self._parts if several else None,
            notes=self._notes,
        )
