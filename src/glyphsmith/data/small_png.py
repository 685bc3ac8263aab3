"""Small PNG files decoded a thousand at a time: a tenth of Pillow's time for each, and the very same pixels.

Opening one 20x20 glyph costs Pillow 30 microseconds, of which unpacking is one. Here the files are unpacked one by one
and everything else happens to all pictures of one size together. Only files are taken of which every byte is accounted
for: 8-bit grey, RGB, or these with an alpha that hides nothing; not interlaced. All others, damaged ones among them,
are left to ``load_picture``: what a picture shows, and what is said of a bad one, never depends on their number.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from glyphsmith.data.png import HEAD_BYTES, packed_lines

__all__ = ["MAX_SMALL_BYTES", "TOGETHER", "small_pngs"]

#: Lines of a larger picture cost more in numpy, which goes pixel by pixel through some of them, than in a C library.
MAX_SMALL_BYTES = 64 * 64 * 4
#: Fewer pictures of one size are left to others: a step over all of them is to be worth the call.
TOGETHER = 128

_NONE, _LEFT, _ABOVE, _MEAN, _PAETH = range(5)
_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}
_OPAQUE = 255


class _Form(NamedTuple):
    height: int
    width: int
    channels: int


@lru_cache(maxsize=4096)
def _form_of(head: bytes) -> _Form | None:
    """Read the first 33 bytes of a file, which small pictures of one size share."""
    if len(head) < HEAD_BYTES or head[:16] != b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR":
        return None
    channels = _CHANNELS.get(head[25])
    if head[24] != 8 or channels is None or head[26:29] != b"\0\0\0":
        return None
    if zlib.crc32(head[12:29]) != int.from_bytes(head[29:33], "big"):
        return None
    width, height = int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")
    if not 0 < width * height * channels <= MAX_SMALL_BYTES:
        return None
    return _Form(height, width, channels)


def small_pngs(files: Sequence[bytes]) -> Iterator[tuple[list[int], NDArray[np.uint8]]]:
    """Decode what can be decoded together: indices of ``files`` and their pictures (n, H, W) or (n, H, W, 3), by size.

    A file that no pair names is for ``load_picture``.
    """
    by_form: dict[_Form, tuple[list[int], list[bytes]]] = {}
    for i, file in enumerate(files):
        form = _form_of(file[:HEAD_BYTES])
        if form is None:
            continue
        size = form.height * (1 + form.width * form.channels)
        packed = packed_lines(file)
        # a file that unpacks to far more than its picture holds is not to fill the memory before it is refused
        if packed is None or len(packed) > 2 * size + 4096:
            continue
        try:
            lines = zlib.decompress(packed, zlib.MAX_WBITS, size)
        except zlib.error:
            continue
        if len(lines) == size:
            at, found = by_form.setdefault(form, ([], []))
            at.append(i)
            found.append(lines)
    for form, (at, found) in by_form.items():
        if len(at) >= TOGETHER:
            raw = np.frombuffer(b"".join(found), dtype=np.uint8).reshape(len(at), form.height, -1)
            known = np.flatnonzero((raw[:, :, 0] <= _PAETH).all(axis=1))
            if known.size < len(at):
                at, raw = [at[k] for k in known.tolist()], raw[known]
            pixels = _unfiltered(raw, form.channels)
            yield from _shown(at, pixels.reshape(len(at), form.height, form.width, form.channels))


def _shown(at: list[int], pictures: NDArray[np.uint8]) -> Iterator[tuple[list[int], NDArray[np.uint8]]]:
    """Drop an alpha that hides nothing, and every picture in which it hides something."""
    if pictures.shape[3] in (2, 4):
        whole = np.flatnonzero((pictures[..., -1] == _OPAQUE).all(axis=(1, 2)))
        if whole.size < len(at):
            at, pictures = [at[k] for k in whole.tolist()], pictures[whole]
        pictures = np.ascontiguousarray(pictures[..., :-1])
    if at:
        yield at, pictures[..., 0] if pictures.shape[3] == 1 else pictures


def _unfiltered(raw: NDArray[np.uint8], step: int) -> NDArray[np.uint8]:
    """Undo the filters of lines (n, H, 1 + S) of ``step`` bytes a pixel: (n, H, S). PNG specification, section 9."""
    n, width = raw.shape[0], raw.shape[2] - 1
    # line by line through all pictures at once: the lines of one row lie side by side
    kinds = np.ascontiguousarray(raw[:, :, 0].T)
    lines = np.array(raw[:, :, 1:].transpose(1, 0, 2), order="C")
    above = np.zeros((n, width), dtype=np.uint8)
    for kind, line in zip(kinds, lines, strict=True):
        counts = np.bincount(kind, minlength=_PAETH + 1)
        if counts[_ABOVE]:
            line += above * (kind == _ABOVE)[:, None]
        if counts[_LEFT]:
            some = kind == _LEFT
            line[some] = np.cumsum(line[some].reshape(-1, width // step, step), axis=1, dtype=np.uint8).reshape(
                -1, width
            )
        for slow, predicted in ((_MEAN, _mean), (_PAETH, _paeth)):
            if counts[slow]:
                some = kind == slow
                line[some] = _pixel_by_pixel(line[some], above[some], step, predicted)
        above = line
    return np.ascontiguousarray(lines.transpose(1, 0, 2))


_Values = NDArray[np.int16]


def _pixel_by_pixel(
    line: NDArray[np.uint8],
    above: NDArray[np.uint8],
    step: int,
    predicted: Callable[[_Values, _Values, _Values], _Values],
) -> NDArray[np.uint8]:
    """Undo a filter of lines (n, S) that looks at the pixel to the left as it is shown: one pixel after the other."""
    # pixel by pixel is (S / step) rows of (step * n) values; nine bits are enough, of which the last eight count
    shape = (len(line), -1, step)
    values = np.ascontiguousarray(line.reshape(shape).transpose(1, 2, 0)).astype(np.int16)
    over = np.ascontiguousarray(above.reshape(shape).transpose(1, 2, 0)).astype(np.int16)
    left = corner = np.zeros_like(values[0])
    for value, up in zip(values, over, strict=True):
        value += predicted(left, up, corner)
        value &= 255
        left, corner = value, up
    return values.transpose(2, 0, 1).astype(np.uint8).reshape(line.shape)


def _mean(left: _Values, up: _Values, _corner: _Values) -> _Values:
    mean: _Values = (left + up) >> 1
    return mean


def _paeth(left: _Values, up: _Values, corner: _Values) -> _Values:
    """Of the three neighbours the one nearest to left + up - corner; of equally near ones the first."""
    down, across = up - corner, left - corner
    to_left, to_up, to_corner = np.abs(down), np.abs(across), np.abs(down + across)
    nearest: _Values = np.where(to_left <= np.minimum(to_up, to_corner), left, np.where(to_up <= to_corner, up, corner))
    return nearest
