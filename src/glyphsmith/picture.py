"""The one way to open a picture: bytes, path, array or PIL image in, upright uint8 (H, W, 3) RGB out.

Nothing else happens to a picture in Python: grey, polarity, crop, resize and scaling are operators of the file
(DESIGN decision 2). Training, reading, evaluation and the server all come through here, so they cannot differ.
"""

from __future__ import annotations

import io
import os
import stat
import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

from glyphsmith.errors import PictureError

__all__ = [
    "MAX_PICTURE_BYTES",
    "MAX_PIXELS",
    "PICTURE_SUFFIXES",
    "Picture",
    "describe_source",
    "is_junk",
    "is_ours",
    "load_picture",
    "read_bounded",
]

Picture = NDArray[np.uint8]

#: A larger picture is refused before its pixels are decoded: 64 Mpx are 192 MB of RGB, beyond any phone camera mode.
MAX_PIXELS = 64_000_000

#: No longer side: ONNX Runtime scales down 16 million pixels in a row, and fails on 33 million.
MAX_SIDE_PX = 1_000_000

#: A larger file is no picture: 64 Mpx of RGB without any compression are 192 MB, in 16 bits with alpha 512 MB.
MAX_PICTURE_BYTES = 512 * 1024**2

#: The kinds that Pillow itself decodes: it hands PostScript to Ghostscript, and a picture of a stranger starts no
#: program. The first five are known to Pillow without looking for more.
_FORMATS = (
    "PNG", "JPEG", "BMP", "GIF", "PPM", "WEBP", "TIFF", "AVIF", "JPEG2000", "ICO", "ICNS", "CUR", "DIB", "DDS", "PCX",
    "DCX", "PSD", "QOI", "SGI", "SUN", "TGA", "XBM", "XPM", "MSP", "IM", "FITS", "FLI",
)  # fmt: skip

#: File names that are looked at when a folder is searched; a file named by the user is opened whatever its name.
PICTURE_SUFFIXES = frozenset(
    (
        ".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".gif", ".webp", ".avif", ".tif", ".tiff",
        ".pnm", ".pgm", ".ppm", ".pbm",
    )
)  # fmt: skip


#: What operating systems and network drives leave between pictures.
_JUNK_NAMES = frozenset({"thumbs.db", "desktop.ini", "__macosx", "@eadir", "$recycle.bin"})
_OF_OURS = frozenset({"run.json", "report.html"})


def is_junk(part: str) -> bool:
    """Say whether a file or folder is litter of an operating system or hidden."""
    return part.startswith(".") or part.lower() in _JUNK_NAMES


def is_ours(names: Iterable[str]) -> bool:
    """Say whether a folder with files of these names is a run or a report of Glyphsmith, its pictures drawings."""
    return not _OF_OURS.isdisjoint(names)


def describe_source(source: object) -> str:
    """Name a picture for a message: its path, also of an opened file, or what kind of object it is."""
    name = getattr(source, "name", None) if hasattr(source, "read") else source
    if isinstance(name, str | os.PathLike):
        return os.fspath(name)
    return f"<{type(source).__name__}>"


def load_picture(source: Any, *, name: str | None = None, max_pixels: int = MAX_PIXELS) -> Picture:
    """Open a picture.

    ``source`` is a path, a file opened in binary, the bytes of a file, a PIL image, or an array (H, W), (H, W, 1),
    (H, W, 3) or (H, W, 4) of uint8, bool, uint16 (scaled by 1/257) or float in 0..1. Gives contiguous uint8 (H, W, 3),
    upright after EXIF. Transparency is laid on white, or on black where the visible pixels are light, so that no
    writing vanishes. An animated picture gives its first frame. Raises PictureError with one sentence for all else.
    """
    where = name or describe_source(source)
    try:
        return _loaded(source, where, max_pixels)
    except MemoryError:
        raise PictureError(f"{where}: there is not enough memory to open it") from None


def read_bounded(file: BinaryIO) -> bytes:
    """Read a file to its end, or one byte beyond MAX_PICTURE_BYTES, with which ``load_picture`` refuses it."""
    parts, left = [], MAX_PICTURE_BYTES + 1
    while left > 0 and (part := file.read(min(left, 1 << 20))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _loaded(source: Any, where: str, max_pixels: int) -> Picture:
    if isinstance(source, np.ndarray):
        return _from_array(np.asarray(source), where, max_pixels)
    if isinstance(source, Image.Image):
        return _guarded(lambda: _from_image(source, where, max_pixels), where, max_pixels)
    if isinstance(source, bytes | bytearray | memoryview):
        return _from_bytes(bytes(source), where, max_pixels)
    if isinstance(source, str | os.PathLike):
        return _from_bytes(_bytes_of(source, where), where, max_pixels)
    if isinstance(source, io.TextIOBase):
        raise PictureError(f"{where}: is opened as text", hint='open a picture with open(path, "rb")')
    if hasattr(source, "read"):
        try:
            data = read_bounded(source)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - a caller's own object raises anything
            raise PictureError(f"{where}: cannot be read ({error})") from None
        return _from_bytes(data, where, max_pixels)
    raise PictureError(f"{where}: expected a path, bytes, an array or a PIL image, got {type(source).__name__}")


def _bytes_of(path: str | os.PathLike[str], where: str) -> bytes:
    """Read a regular file that is no larger than a picture can be: a pipe would be waited for, a device has no end."""
    try:
        found = os.stat(path)  # noqa: PTH116 - pathlib is not needed on the way to a cold start
        if stat.S_ISDIR(found.st_mode):
            raise PictureError(f"{where}: is a folder, not a picture")
        if not stat.S_ISREG(found.st_mode):
            what = "pipe" if stat.S_ISFIFO(found.st_mode) else "device or a socket"
            raise PictureError(f"{where}: is a {what}, not a file", hint="- reads a picture from standard input")
        if found.st_size > MAX_PICTURE_BYTES:
            raise _too_large(where, found.st_size)
        with open(path, "rb") as file:
            return read_bounded(file)
    except FileNotFoundError:
        raise PictureError(f"{where}: no such file") from None
    except ValueError as error:  # a zero byte in the name
        raise PictureError(f"{where!r}: cannot be read ({error})") from None
    except OSError as error:
        raise PictureError(f"{where}: cannot be read ({error.strerror or error})") from None


def _too_large(where: str, size: int | None = None) -> PictureError:
    found = f"more than {MAX_PICTURE_BYTES:,} bytes" if size is None else f"{size:,} bytes"
    return PictureError(f"{where}: {found}, a picture file has at most {MAX_PICTURE_BYTES:,}")


def _from_bytes(data: bytes, where: str, max_pixels: int) -> Picture:
    if not data:
        raise PictureError(f"{where}: the file is empty (0 bytes)")
    if len(data) > MAX_PICTURE_BYTES:
        raise _too_large(where)

    def opened() -> Picture:
        # Pillow only warns about a decompression bomb; our own guard below decides, before any pixel is decoded.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                image = _opened(data)
            except UnidentifiedImageError:
                raise PictureError(f"{where}: {_unknown(data[:64])}") from None
            with image:
                return _from_image(image, where, max_pixels)

    return _guarded(opened, where, max_pixels)


def _guarded(load: Callable[[], Picture], where: str, max_pixels: int) -> Picture:
    """Say in one sentence whatever Pillow raises."""
    try:
        return load()
    except PictureError:
        raise
    except MemoryError:
        raise
    except Image.DecompressionBombError:
        raise PictureError(f"{where}: larger than the limit of {max_pixels:,} pixels") from None
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, OverflowError) as error:
        raise PictureError(f"{where}: the picture is damaged or cut off ({error})") from None
    except Exception as error:  # noqa: BLE001 - Pillow's decoders raise anything on hostile bytes
        raise PictureError(f"{where}: the picture is damaged ({type(error).__name__}: {error})") from None


def _opened(data: bytes) -> Image.Image:
    """Open JPEG and PNG by their own plugins, and all else, also what those refuse or is too large, as Pillow does.

    Pillow loads five plugins before it looks at a byte; the one is 5 of 210 ms less for a cold start.
    """
    with suppress(Exception):
        image: Image.Image | None = None
        if data.startswith(b"\xff\xd8\xff"):
            from PIL.JpegImagePlugin import JpegImageFile

            image = JpegImageFile(io.BytesIO(data))
        elif data.startswith(b"\x89PNG\r\n\x1a\n"):
            from PIL.PngImagePlugin import PngImageFile

            image = PngImageFile(io.BytesIO(data))
        if image is not None and image.width * image.height <= MAX_PIXELS:
            return image
    Image.preinit()
    with suppress(UnidentifiedImageError):
        return Image.open(io.BytesIO(data), formats=_FORMATS[:5])
    Image.init()
    return Image.open(io.BytesIO(data), formats=[kind for kind in _FORMATS if kind in Image.OPEN])


def _unknown(start: bytes) -> str:
    """Say what a file is that cannot be opened, from its first bytes."""
    if start[4:8] == b"ftyp" and any(brand in start[8:] for brand in (b"hei", b"hev", b"mif1", b"msf1")):
        return "a HEIC photo, which cannot be read here: export it as JPEG"
    if start.startswith((b"%!PS", b"\xc5\xd0\xd3\xc6")):
        return "a PostScript drawing (EPS), which has no pixels: export it as PNG"
    return "not a picture, or a kind of picture that is not known"


def _upright(image: Image.Image) -> Image.Image:
    """Load the pixels, and turn a picture that its camera says was taken on its side."""
    image.load()
    if image.getexif().get(ExifTags.Base.Orientation, 1) == 1:
        return image
    from PIL import ImageOps

    return ImageOps.exif_transpose(image)


def _guard(width: int, height: int, where: str, max_pixels: int) -> None:
    if width < 1 or height < 1:
        raise PictureError(f"{where}: the picture is empty ({width}x{height} pixels)")
    if width * height > max_pixels:
        raise PictureError(
            f"{where}: {width}x{height} pixels, the limit is {max_pixels:,}",
            hint="scale the picture down first; a reader needs no more than a few thousand pixels a side",
        )
    if max(width, height) > MAX_SIDE_PX:
        raise PictureError(f"{where}: {width}x{height} pixels, no side may be longer than {MAX_SIDE_PX:,}")


def _from_image(image: Image.Image, where: str, max_pixels: int) -> Picture:
    _guard(image.width, image.height, where, max_pixels)
    image = _upright(image)
    if image.mode in ("I;16", "I;16L", "I;16B", "I;16N"):
        return _from_array(np.asarray(image).astype(np.uint16), where, max_pixels)
    if image.mode in ("I", "F"):
        values = np.asarray(image, dtype=np.float64)
        top = float(values.max(initial=0.0))
        scale = 255.0 / 65535.0 if top > 255.0 else (255.0 if top <= 1.0 and image.mode == "F" else 1.0)
        grey = np.clip(np.nan_to_num(values) * scale, 0, 255).round().astype(np.uint8)
        return _from_array(grey, where, max_pixels)
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        return _on_ground(np.asarray(image.convert("RGBA")))
    return np.ascontiguousarray(np.asarray(image.convert("RGB"), dtype=np.uint8))


def _from_array(array: NDArray[Any], where: str, max_pixels: int) -> Picture:
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4):
        raise PictureError(f"{where}: expected an array (H, W), (H, W, 3) or (H, W, 4), got shape {array.shape}")
    _guard(array.shape[1], array.shape[0], where, max_pixels)
    if array.dtype == np.bool_:
        array = array.astype(np.uint8) * 255
    elif array.dtype.kind == "u" and array.dtype.itemsize == 2:  # of either byte order
        array = (array / 257.0).round().astype(np.uint8)
    elif np.issubdtype(array.dtype, np.floating):
        if not np.isfinite(array).all() or array.min() < 0.0 or array.max() > 1.0:
            raise PictureError(f"{where}: an array of floats must lie in 0..1", hint="pass uint8 for values in 0..255")
        array = (array * 255.0).round().astype(np.uint8)
    elif array.dtype != np.uint8:
        raise PictureError(f"{where}: expected uint8, uint16, bool or float, got {array.dtype}")
    if array.shape[2] == 1:
        array = np.repeat(array, 3, axis=2)
    if array.shape[2] == 4:
        return _on_ground(array)
    return np.ascontiguousarray(array)


def _on_ground(rgba: NDArray[np.uint8]) -> Picture:
    """Lay (H, W, 4) on white, or on black where what is visible is light: white ink on nothing must stay visible."""
    alpha = rgba[:, :, 3]
    if bool((alpha == 255).all()):
        return np.ascontiguousarray(rgba[:, :, :3])
    colour = rgba[:, :, :3].astype(np.uint32)
    weight = alpha.astype(np.uint32)[:, :, None]
    total = int(weight.sum())
    light = total > 0 and int((colour * weight).sum(dtype=np.uint64)) / (3.0 * total) > 127.5
    # A picture with a few soft edges is no cut-out: its ground is the usual white.
    cut_out = total < 0.9 * 255 * alpha.size
    ground = 0 if light and cut_out else 255
    laid = (colour * weight + ground * (255 - weight) + 127) // 255
    return np.ascontiguousarray(laid.astype(np.uint8))
