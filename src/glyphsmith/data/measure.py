"""What the audit keeps of a picture: 16 bytes of digest, 64 of thumbnail, its size and its ground; never its pixels."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["BLANK", "BUSY", "DARK", "GROUNDS", "LIGHT", "THUMB_SIDE", "Measures", "digest_of", "kind_of", "measure"]

DIGEST_BYTES = 16
THUMB_SIDE = 8

#: What a picture's border says: no even ground (a photograph), ink on dark, ink on light, one flat colour.
BUSY, DARK, LIGHT, BLANK = range(4)
GROUNDS = ("busy", "light on dark", "dark on light", "blank")
#: Grey levels: a border that varies more is no even ground, a picture that varies less shows nothing.
_EVEN_GROUND = 24.0
_SHOWS_NOTHING = 8.0

_PNG_KINDS = {0: "grey", 2: "RGB", 3: "palette", 4: "grey with alpha", 6: "RGBA"}
_MODES = {"L": "grey", "1": "black and white", "P": "palette", "I;16": "16-bit grey", "LA": "grey with alpha"}


@dataclass(frozen=True, slots=True)
class Measures:
    """Of n pictures of one size: ``digests`` (n, 16), ``thumbs`` (n, 64) uint8, ``grounds`` (n,) int8."""

    digests: NDArray[np.uint8]
    thumbs: NDArray[np.uint8]
    grounds: NDArray[np.int8]


def digest_of(picture: NDArray[np.uint8]) -> bytes:
    """Give 16 bytes that name the pixels (H, W) or (H, W, 3); a grey picture is the same however it was stored."""
    return _digests(picture[None]).tobytes()


def _digests(block: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Name each of (n, H, W) or (n, H, W, 3): (n, 16)."""
    if block.ndim == 4:
        grey = (block == block[..., :1]).all(axis=(1, 2, 3))
        named = np.empty((len(block), DIGEST_BYTES), dtype=np.uint8)
        named[grey] = _digests_of_equal_form(block[grey][..., 0])
        named[~grey] = _digests_of_equal_form(block[~grey])
        return named
    return _digests_of_equal_form(block)


def _digests_of_equal_form(block: NDArray[np.uint8]) -> NDArray[np.uint8]:
    head = f"{block.shape[1]}x{block.shape[2]}x{block.ndim - 1};".encode()
    pixels = block.tobytes()
    size = int(np.prod(block.shape[1:]))
    begun = hashlib.blake2b(head, digest_size=DIGEST_BYTES)
    found = []
    for start in range(0, len(pixels), size):
        one = begun.copy()
        one.update(pixels[start : start + size])
        found.append(one.digest())
    return np.frombuffer(b"".join(found), dtype=np.uint8).reshape(-1, DIGEST_BYTES)


def measure(block: NDArray[np.uint8]) -> Measures:
    """Measure pictures (n, H, W) or (n, H, W, 3) of one size."""
    digests = _digests(block)
    weights = np.array([0.299, 0.587, 0.114], dtype=np.float32)
    grey: NDArray[np.float32] = block.astype(np.float32)
    if block.ndim == 4:
        grey = grey @ weights
    rows, columns = _area_weights(grey.shape[1]), _area_weights(grey.shape[2])
    thumbs = (rows @ (grey @ columns.T)).reshape(len(grey), -1)
    return Measures(digests, np.clip(thumbs + 0.5, 0, 255).astype(np.uint8), _grounds(grey))


@lru_cache(maxsize=256)
def _area_weights(side: int) -> NDArray[np.float32]:
    """Give (8, side): row k averages the k-th eighth of a line, counting pixels that are cut by their share."""
    edges = np.linspace(0.0, side, THUMB_SIDE + 1)
    pixels = np.arange(side)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    weights = np.clip(overlap, 0.0, None)
    averaging: NDArray[np.float32] = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return averaging


def _grounds(grey: NDArray[np.float32]) -> NDArray[np.int8]:
    """Find for each of (n, H, W) whether its border is an even ground, darker or lighter than what is on it."""
    n, height = grey.shape[:2]
    ring = np.concatenate(
        [grey[:, 0], grey[:, -1], grey[:, :, 0].reshape(n, height), grey[:, :, -1].reshape(n, height)], axis=1
    )
    ring.sort(axis=1)
    ground = ring[:, ring.shape[1] // 2]
    # the middle 80 % of the border: ink that touches it, or a frame's corner, is no unevenness
    tenth = ring.shape[1] // 10
    spread = ring[:, ring.shape[1] - 1 - tenth] - ring[:, tenth]
    flat = grey.reshape(n, -1)
    low, high = flat.min(axis=1), flat.max(axis=1)
    found = np.where(high - ground > ground - low, DARK, LIGHT).astype(np.int8)
    found[spread > _EVEN_GROUND] = BUSY
    found[high - low < _SHOWS_NOTHING] = BLANK
    return found


def kind_of(encoded: bytes) -> str:
    """Say what kind of file holds a picture that could be opened: ``PNG grey``, ``JPEG CMYK``, ``GIF animated`` ..."""
    if encoded[:8] == b"\x89PNG\r\n\x1a\n" and len(encoded) > 26:
        kind = _PNG_KINDS.get(encoded[25], "unknown")
        transparent = " with transparency" if encoded[25] == 3 and b"tRNS" in encoded[:4096] else ""
        animated = " animated" if b"acTL" in encoded[:200] else ""
        return f"PNG {'16-bit ' if encoded[24] == 16 else ''}{kind}{transparent}{animated}"
    if encoded[:2] == b"\xff\xd8":
        return _jpeg_kind(encoded)
    try:
        with Image.open(io.BytesIO(encoded)) as image:
            animated = " animated" if getattr(image, "n_frames", 1) > 1 else ""
            return f"{image.format} {_MODES.get(image.mode, image.mode)}{animated}"
    except Exception:  # noqa: BLE001 - only a word for a statistic: load_picture has already judged the file
        return "unknown"


def _jpeg_kind(encoded: bytes) -> str:
    """Find the frame's head, whose tenth byte counts the colours; four times as fast as asking Pillow."""
    at = 2
    while at + 10 <= len(encoded) and encoded[at] == 0xFF:
        mark = encoded[at + 1]
        if 0xC0 <= mark <= 0xCF and mark not in (0xC4, 0xC8, 0xCC):
            return f"JPEG { {1: 'grey', 3: 'RGB', 4: 'CMYK'}.get(encoded[at + 9], 'unknown') }"
        at += 2 + int.from_bytes(encoded[at + 2 : at + 4], "big") if mark != 0xFF else 1
    return "JPEG unknown"
