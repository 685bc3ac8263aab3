"""Pictures small enough to live inside an HTML page, as data URIs."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["stage_uri", "thumbnail_uri"]

#: A thumbnail is shown 96 CSS pixels wide; twice that is sharp on a phone.
SIDE_PX = 192
#: Up to here the pixels themselves are kept: a reader sees 28x28 pixels, and so should the person.
PIXELS_KEPT_PX = 96


def thumbnail_uri(picture: NDArray[np.uint8]) -> str:
    """Give the data URI of a picture (H, W, 3), pixel for pixel where it is small, else at most SIDE_PX a side."""
    image = Image.fromarray(picture)
    if max(image.size) <= PIXELS_KEPT_PX:
        return _uri(image, "PNG")
    image.thumbnail((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS)
    return _uri(image, "JPEG", quality=82)


def stage_uri(values: NDArray[np.floating[Any]]) -> str:
    """Give the data URI of a stage (h, w) or (h, w, 3) with values in 0..1."""
    pixels = (np.clip(np.nan_to_num(values), 0.0, 1.0) * 255.0).round().astype(np.uint8)
    image = Image.fromarray(pixels)
    if max(image.size) > SIDE_PX:
        image.thumbnail((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS)
    return _uri(image, "PNG")


def _uri(image: Image.Image, form: str, **options: Any) -> str:
    file = io.BytesIO()
    image.save(file, form, optimize=True, **options)
    return f"data:image/{form.lower()};base64,{base64.b64encode(file.getvalue()).decode('ascii')}"
