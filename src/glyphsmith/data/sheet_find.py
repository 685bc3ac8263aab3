"""Finds a page of a sheet in a photo by its corner marks, and lays it flat.

A phone is held at an angle, in any turn, over a page in uneven light. The four marks give sixteen points, from which
the page's plane follows; what a bent page still lacks is found box by box in ``sheet_cut``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glyphsmith.data.sheet import MARK_MM, STRIP_BITS, STRIP_MM, Sheet
from glyphsmith.data.sheet_marks import CORNERS, corner_of
from glyphsmith.errors import MissingExtraError, PictureError
from glyphsmith.picture import Picture

__all__ = ["FlatPage", "flatten_page"]

#: Longer sides of the copies in which marks are looked for: small ones are quick and smooth away grain and blur.
_SIDES_PX = (1600, 2600, 1000)
#: Fewer pixels for a millimetre do not show a pencil's line; more than this are not kept, since no reader needs them.
_LEAST_PX_PER_MM, _MOST_PX_PER_MM = 2.2, 8.0
#: How far a mark's corner may lie from where the page's plane puts it.
_BENT_MM = 2.5
#: Bits of the sheet's code that may be misread, under a stain or a crease.
_MISREAD_BITS = 1
_WHOLE = "photograph the whole page with its four corner marks, flat, sharp and in even light"


@dataclass(frozen=True, slots=True)
class FlatPage:
    """A page as if it had been scanned: uint8 (H, W, 3) RGB, upright, ``px_per_mm`` to the millimetre."""

    picture: Picture
    px_per_mm: float
    page: int


def flatten_page(picture: Picture, sheet: Sheet, where: str) -> FlatPage:
    """Find the page that a photo shows, check that it belongs to the sheet, and lay it flat.

    ``picture`` is uint8 (H, W, 3), ``where`` names it in messages. Raises PictureError, which says what is wrong: a
    photo without a sheet, a corner that is not seen, another sheet, a page there is not.
    """
    cv2 = _opencv()
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    page, marks = _page_of(cv2, grey, where)
    if page >= sheet.pages:
        raise PictureError(
            f"{where}: shows page {page + 1}, and this sheet has {sheet.pages}",
            hint="name the description that was written with the printed PDF: --sheet",
        )
    on_paper = np.concatenate([np.array(corner) + MARK_MM * _SQUARE for corner in sheet.mark_corners()])
    in_photo = np.concatenate([marks[corner] for corner in range(len(CORNERS))])
    plane, _ = cv2.findHomography(on_paper, in_photo, 0)
    if plane is None:
        raise PictureError(f"{where}: the four corner marks do not lie as on a page", hint=_WHOLE)
    back = cv2.perspectiveTransform(in_photo[None].astype(np.float64), np.linalg.inv(plane))[0]
    off_mm = float(np.abs(back - on_paper).max())
    if not off_mm < _BENT_MM:
        raise PictureError(
            f"{where}: the corner marks lie {off_mm:.0f} mm off a flat page: it is folded, bent, or scaled in one "
            "direction",
            hint="lay the page flat, and print it at its true proportions",
        )
    px_per_mm = _resolution(in_photo)
    if px_per_mm < _LEAST_PX_PER_MM:
        raise PictureError(
            f"{where}: the page has only {px_per_mm:.1f} pixels a millimetre, expected {_LEAST_PX_PER_MM} or more",
            hint="go nearer, so that the page fills the picture, or keep the photo's full size",
        )
    px_per_mm = min(px_per_mm, _MOST_PX_PER_MM)
    width, height = (round(length * px_per_mm) for length in sheet.size_mm)
    # Pixel centres lie half a pixel in; without it everything moves by that.
    to_paper = np.array([[1 / px_per_mm, 0, 0.5 / px_per_mm], [0, 1 / px_per_mm, 0.5 / px_per_mm], [0, 0, 1]])
    half = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1]])
    flat: Picture = cv2.warpPerspective(
        picture, half @ plane @ to_paper, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    _check_code(cv2, flat, px_per_mm, sheet, where)
    return FlatPage(flat, px_per_mm, page)


_SQUARE = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])


def _opencv() -> Any:
    try:
        import cv2
    except ImportError:
        raise MissingExtraError(
            "cutting a photo of a sheet needs OpenCV, which is not installed", hint='pip install "glyphsmith[find]"'
        ) from None
    return cv2


def _page_of(cv2: Any, grey: NDArray[np.uint8], where: str) -> tuple[int, dict[int, NDArray[np.float64]]]:
    """Give the page whose four marks are seen, and the corners of each: (4, 2) pixels of the photo, by corner."""
    pages: dict[int, dict[int, NDArray[np.float64]]] = {}
    for number, corners in _marks(cv2, grey):
        page, corner = corner_of(number)
        known = pages.setdefault(page, {})
        if corner not in known:
            known[corner] = corners
        elif np.abs(known[corner] - corners).max() > 0.02 * max(grey.shape):
            raise PictureError(
                f"{where}: shows the {CORNERS[corner]} mark of page {page + 1} twice", hint="one page a photo"
            )
        if len(known) == len(CORNERS) and len(pages) == 1:
            return page, known
    whole = [page for page, known in pages.items() if len(known) == len(CORNERS)]
    if len(whole) > 1:
        shown = " and ".join(str(page + 1) for page in sorted(whole))
        raise PictureError(f"{where}: shows pages {shown}", hint="one page a photo")
    if whole:
        return whole[0], pages[whole[0]]
    if not pages or max(map(len, pages.values())) == 1:
        raise PictureError(f"{where}: no page of a sheet is seen: its corner marks are not there", hint=_WHOLE)
    page = max(pages, key=lambda page: len(pages[page]))
    lost = [name for corner, name in enumerate(CORNERS) if corner not in pages[page]]
    raise PictureError(
        f"{where}: page {page + 1} is seen, but not its {' and '.join(lost)} corner mark{'s' if len(lost) > 1 else ''}",
        hint=f"it may be covered, cut off, in glare or blurred; {_WHOLE}",
    )


def _marks(cv2: Any, grey: NDArray[np.uint8]) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Give numbers and corners (4, 2) of the marks found, in copies of several sizes, then with the light evened."""
    parameters = cv2.aruco.DetectorParameters()
    parameters.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    parameters.adaptiveThreshWinSizeMax = 43
    # The default of 3 % of the longer side misses the marks of a page that fills half of the photo.
    parameters.minMarkerPerimeterRate = 0.02
    detector = cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_100), parameters)
    longest = max(grey.shape)
    sides = list(dict.fromkeys(min(longest, side) for side in _SIDES_PX))
    for evened in (False, True):
        for side in sides:
            scale = side / longest
            copy = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else grey
            if evened:
                copy = cv2.createCLAHE(4.0, (8, 8)).apply(copy)
            corners, numbers, _ = detector.detectMarkers(copy)
            for place, number in zip(corners, () if numbers is None else numbers.ravel(), strict=True):
                yield int(number), (place.reshape(4, 2).astype(np.float64) + 0.5) / scale


def _resolution(in_photo: NDArray[np.float64]) -> float:
    """Give how many pixels of the photo a millimetre has, at the mark that is farthest away."""
    areas = []
    for corners in in_photo.reshape(-1, 4, 2):
        x, y = corners.T
        areas.append(0.5 * abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))))
    return float(min(areas) ** 0.5) / MARK_MM


def _check_code(cv2: Any, flat: Picture, px_per_mm: float, sheet: Sheet, where: str) -> None:
    """Compare the printed code with the sheet's. Raises PictureError where they differ."""
    squares = sheet.strip_squares()
    rim = round(3 * px_per_mm)
    top = round(squares[0][1] * px_per_mm) - rim
    left = round(squares[0][0] * px_per_mm) - rim
    bottom, right = top + round(STRIP_MM * px_per_mm) + 2 * rim, round((squares[-1][0] + STRIP_MM) * px_per_mm) + rim
    grey = cv2.cvtColor(flat[top:bottom, left:right], cv2.COLOR_RGB2GRAY)
    # The paper above and below says how much light falls on each square.
    paper = np.percentile(grey, 90, axis=0).astype(np.float32)
    paper = cv2.blur(paper[None], (2 * rim + 1, 1))[0]
    share = grey.astype(np.float32) / np.maximum(paper, 1.0)
    levels = []
    for x, y in squares:
        inner = [round((edge + part * STRIP_MM) * px_per_mm) for edge in (x, y) for part in (0.25, 0.75)]
        cut = share[inner[2] - top : inner[3] - top, inner[0] - left : inner[1] - left]
        levels.append(float(cut.mean()))
    black, white = levels[0], levels[-1]
    if not white - black > 0.2:
        raise PictureError(
            f"{where}: the row of black and white squares at the top of the page cannot be read",
            hint=f"it is covered, in glare, or this is no page of a sheet; {_WHOLE}",
        )
    middle = (black + white) / 2
    read = sum(1 << (STRIP_BITS - 1 - k) for k, level in enumerate(levels[1:-1]) if level < middle)
    if (read ^ sheet.code).bit_count() > _MISREAD_BITS:
        raise PictureError(
            f"{where}: shows a page of sheet {read:04X}, and the description is that of sheet {sheet.code:04X}: their "
            "symbols, samples or paper differ",
            hint="name the description that was written with the printed PDF: --sheet",
        )
