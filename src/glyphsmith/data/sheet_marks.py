"""The marks in the corners of a sheet's pages: which is which, and what they look like.

They are ArUco marks of the dictionary 4x4_100 (S. Garrido-Jurado et al., Pattern Recognition 47 (2014), 2280-2292),
which OpenCV finds in a photo at any turn. A mark's number says page and corner. The patterns stand here too, since
printing a sheet is to need no OpenCV; a test compares them with OpenCV's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["CORNERS", "corner_of", "mark_number", "mark_pattern"]

#: In the order of a page's marks.
CORNERS = ("upper left", "upper right", "lower right", "lower left")

#: The inner 4 x 4 squares of marks 0 to 99, row by row from the highest bit; 1 is white.
_PATTERNS = bytes.fromhex("""
b532 0f9a 332d 9946 549e 79cd 9e2e c4f2 feda cf56 f991 11a7 0eb7 2a0f 24b1 263e 4665 6600 6c5e 76af
868b b02b ccd5 dd82 fe47 9471 ace4 a554 2123 346f 4415 57b2 9ecf f0cb 08ae 0929 1875 04ff 0df6 1c5a
1718 2a28 328c 38b2 24e8 2eeb 2d3f 4b64 502e 5013 5194 5568 5d41 5f97 6801 6867 6124 61e9 6b12 6fe5
67df 7e1b 80a0 8344 8ba2 937a 846c 852a 859c 9c89 9fa1 bb7c bc04 b65b bfc8 b7ab ca1f c962 d958 d3d5
cc98 c7a0 c537 e95d f925 fbbb ee2a f74d 3575 8aad 7617 0acf 064b 2dc1 49d8 43f4 4f36 4fd3 69e4 70c7
""")


def mark_number(page: int, corner: int) -> int:
    """Give the number of the mark in a corner of a page."""
    return page * len(CORNERS) + corner


def corner_of(number: int) -> tuple[int, int]:
    """Give page and corner of a mark's number."""
    return divmod(number, len(CORNERS))


def mark_pattern(number: int) -> NDArray[np.bool_]:
    """Give the squares of a mark with its black rim, bool (6, 6), where true is white."""
    bits = int.from_bytes(_PATTERNS[2 * number : 2 * number + 2])
    inner = np.array([(bits >> (15 - k)) & 1 for k in range(16)], np.bool_).reshape(4, 4)
    return np.pad(inner, 1)
