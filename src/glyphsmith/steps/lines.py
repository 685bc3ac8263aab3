"""Reading order: boxes into lines of writing from top to bottom, and each line from left to right."""

from __future__ import annotations

from collections.abc import Sequence

from glyphsmith.steps.regions import Box

__all__ = ["reading_order"]

#: Two boxes stand on one line where they share this part of the smaller one's height.
_SHARED = 0.4


def reading_order(boxes: Sequence[Box]) -> list[list[Box]]:
    """Sort boxes into lines. A line may rise or fall: each box is held against the last of the line, not the first."""
    if not boxes:
        return []
    tall = sorted(height for _, _, _, height in boxes)[len(boxes) // 2] * 0.6
    lines: list[list[Box]] = []
    lasts: list[
        Box
    ] = []  # a minus sign or a dot says little about where its line runs, so the last tall box stands for it
    for box in sorted(boxes):
        shares = [_shared_height(box, last) for last in lasts]
        best = max(range(len(lines)), key=shares.__getitem__, default=-1)
        if best < 0 or shares[best] < _SHARED:
            lines.append([box])
            lasts.append(box)
            continue
        lines[best].append(box)
        if box[3] >= tall or lasts[best][3] < tall:
            lasts[best] = box
    return sorted(lines, key=_middle)


def _shared_height(one: Box, other: Box) -> float:
    shared = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return shared / min(one[3], other[3])


def _middle(line: list[Box]) -> float:
    return sum(top + height / 2 for _, top, _, height in line) / len(line)
