"""The few pictures a report shows: the surest mistakes, and some of each frequent confusion, opened once more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from glyphsmith.errors import PictureError
from glyphsmith.evaluate.thumbnails import stage_uri, thumbnail_uri

if TYPE_CHECKING:
    from glyphsmith.data.pictures import Source
    from glyphsmith.runtime.reader import Reader

__all__ = ["PAIRS", "PAIR_PICTURES", "SUREST", "Specimen", "choose_specimens"]

#: Mistakes shown, and pairs of labels shown with a few pictures each.
SUREST = 36
PAIRS, PAIR_PICTURES = 6, 6


@dataclass(frozen=True, slots=True)
class Specimen:
    """One picture of the report: ``original`` and ``seen`` (the last stage of the preparation) are data URIs."""

    name: str
    truth: str
    read: str
    confidence: float
    original: str
    seen: str


def choose_specimens(
    reader: Reader,
    source: Source,
    indices: NDArray[np.int64],
    truth: NDArray[np.int32],
    read: NDArray[np.int32],
    confidence: NDArray[np.float32],
    labels: tuple[str, ...],
) -> tuple[tuple[Specimen, ...], tuple[tuple[Specimen, ...], ...]]:
    """Give the surest mistakes, and the most frequent confusions with a few pictures each, surest first.

    All arrays are (N,): where the picture lies in ``source``, and what ``evaluate`` found. A picture whose label the
    reader does not have is no mistake one can learn from; it is counted elsewhere.
    """
    wrong = np.flatnonzero((truth != read) & (truth < len(reader.card.alphabet)))
    wrong = wrong[np.argsort(-confidence[wrong], kind="stable")]

    def drawn(positions: list[int]) -> tuple[Specimen, ...]:
        found = []
        for position in positions:
            i = int(indices[position])
            try:
                picture = source.picture(i)
            except PictureError:  # it was there a moment ago; the figures stand without its picture
                continue
            stages = reader.stages(picture)
            found.append(
                Specimen(
                    name=source.sample(i).name,
                    truth=labels[truth[position]],
                    read=labels[read[position]],
                    confidence=float(confidence[position]),
                    original=thumbnail_uri(picture),
                    seen=stage_uri(stages[-1][1]) if stages else "",
                )
            )
        return tuple(found)

    by_pair: dict[tuple[int, int], list[int]] = {}
    for position in wrong.tolist():
        by_pair.setdefault((int(truth[position]), int(read[position])), []).append(position)
    most = sorted(by_pair.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    frequent = [positions for _, positions in most[:PAIRS] if len(positions) > 1]
    pairs = tuple(drawn(positions[:PAIR_PICTURES]) for positions in frequent)
    return drawn(wrong[:SUREST].tolist()), tuple(pair for pair in pairs if pair)
