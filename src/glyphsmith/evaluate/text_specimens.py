"""The pictures that a report of texts shows: the surest mistakes, the characters that were confused, cut out of their
pictures, and what every column said of a few of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from glyphsmith import metrics
from glyphsmith.decode.spans import shown_columns, territories
from glyphsmith.errors import PictureError
from glyphsmith.evaluate.columns import Shown, columns_figure
from glyphsmith.evaluate.specimens import PAIR_PICTURES, PAIRS, SUREST, Specimen
from glyphsmith.evaluate.thumbnails import stage_uri, thumbnail_uri
from glyphsmith.runtime.placement import place_frame

if TYPE_CHECKING:
    from glyphsmith.data.pictures import Source
    from glyphsmith.picture import Picture
    from glyphsmith.runtime.reader import Reader

__all__ = ["NOTHING", "ColumnExample", "TextSpecimens", "choose_text_specimens"]

#: Stands for a character that is not there, and for an empty text.
NOTHING = "∅"
#: Pictures of which every column is shown: mistakes, surest first, then readings that were right, least sure first.
WRONG_EXAMPLES, RIGHT_EXAMPLES = 4, 2
#: A cut reaches this much farther on each side than what is nearer to its character than to others.
AROUND = 0.35
#: Wrong texts in which confusions are looked for, surest first.
LOOKED_AT = 2000


@dataclass(frozen=True, slots=True)
class ColumnExample:
    """What every column said of one picture: ``figure`` is inline SVG."""

    name: str
    truth: str
    read: str
    confidence: float
    figure: Markup


@dataclass(frozen=True, slots=True)
class TextSpecimens:
    """``surest`` are mistakes, ``pairs`` confusions of characters as cuts, ``columns`` what columns said."""

    surest: tuple[Specimen, ...] = ()
    pairs: tuple[tuple[Specimen, ...], ...] = ()
    columns: tuple[ColumnExample, ...] = ()


def choose_text_specimens(
    reader: Reader,
    source: Source,
    indices: NDArray[np.int64],
    truths: Sequence[str],
    reads: Sequence[str],
    confidence: NDArray[np.float32],
) -> TextSpecimens:
    """Choose the pictures for the report; all sequences are (N,): where a picture lies, and what was made of it."""
    return _Chooser(reader, source, indices, truths, reads, confidence).chosen()


class _Opened(NamedTuple):
    """One picture again, with what the network saw of it and its probabilities (T, 1+K) or (P, K)."""

    position: int
    picture: Picture
    stages: list[tuple[str, NDArray[np.float32]]]
    probabilities: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Chooser:
    """The answers (N,) of an evaluation, from which a few are looked at again."""

    reader: Reader
    source: Source
    indices: NDArray[np.int64]
    truths: Sequence[str]
    reads: Sequence[str]
    confidence: NDArray[np.float32]

    def chosen(self) -> TextSpecimens:
        right = [truth == read for truth, read in zip(self.truths, self.reads, strict=True)]
        wrong = sorted((i for i, good in enumerate(right) if not good), key=lambda i: (-float(self.confidence[i]), i))
        modest = sorted((i for i, good in enumerate(right) if good), key=lambda i: (float(self.confidence[i]), i))
        return TextSpecimens(
            surest=tuple(self.whole(one) for one in self.opened(wrong[:SUREST])),
            pairs=tuple(self.pairs(wrong)),
            columns=tuple(
                self.example(one) for one in self.opened([*wrong[:WRONG_EXAMPLES], *modest[:RIGHT_EXAMPLES]])
            ),
        )

    def opened(self, positions: Iterable[int]) -> Iterator[_Opened]:
        """Open pictures once more; one that is gone by now is left out, and the figures stand without it."""
        for position in positions:
            with suppress(PictureError):
                picture = self.source.picture(int(self.indices[position]))
                found = self.reader.probabilities(picture[None])[0]
                yield _Opened(position, picture, self.reader.stages(picture), found)

    def specimen(self, one: _Opened, truth: str, read: str, original: str, seen: str = "") -> Specimen:
        name = self.source.sample(int(self.indices[one.position])).name
        sure = float(self.confidence[one.position])
        return Specimen(name, truth or NOTHING, read or NOTHING, sure, original, seen)

    def whole(self, one: _Opened) -> Specimen:
        """Show a picture beside what the network saw of it."""
        seen = stage_uri(one.stages[-1][1]) if one.stages else ""
        texts = self.truths[one.position], self.reads[one.position]
        return self.specimen(one, *texts, thumbnail_uri(one.picture), seen)

    def pairs(self, wrong: Sequence[int]) -> Iterator[tuple[Specimen, ...]]:
        """Give the most frequent confusions of characters, with cuts of a few pictures each, surest first."""
        found: dict[tuple[str, str], dict[int, int]] = {}  # the first place in each text
        for position in wrong[:LOOKED_AT] if self.single else ():
            for place, pair in enumerate(metrics.align(self.truths[position], self.reads[position])):
                if pair[0] != pair[1]:
                    found.setdefault(pair, {}).setdefault(position, place)
        for (truth, read), places in sorted(found.items(), key=lambda entry: -len(entry[1]))[:PAIRS]:
            cuts = [
                self.specimen(one, truth, read, thumbnail_uri(self.cut(one, *part)))
                for one in self.opened(list(places)[:PAIR_PICTURES])
                if (part := self.part(one, places[one.position])) is not None
            ]
            if cuts:
                yield tuple(cuts)

    def example(self, one: _Opened) -> ColumnExample:
        """Draw what every column said of a picture."""
        form, sample = self.reader.card.text, self.source.sample(int(self.indices[one.position]))
        assert form is not None
        truth, read = self.truths[one.position], self.reads[one.position]
        good = [a == b for a, b in metrics.align(truth, read) if b]
        places = (self.shown(one) or []) if self.single else []
        marked = [
            Shown(first, end, self.reader.alphabet.index(sign), fine)
            for (first, end), sign, fine in zip(places, read, good, strict=False)
        ]
        seen = one.stages[-1][1] if one.stages else one.picture / np.float32(255)
        drawn = columns_figure(one.probabilities, self.reader.alphabet.labels, form.head, seen, marked)
        return ColumnExample(
            sample.name, truth or NOTHING, read or NOTHING, float(self.confidence[one.position]), drawn
        )

    @property
    def single(self) -> bool:
        """Labels of several signs are no characters of the aligned texts, so they cannot be found in the columns."""
        return all(len(label) == 1 for label in self.reader.alphabet)

    def shown(self, one: _Opened) -> list[tuple[int, int]] | None:
        """Give the columns of each character that was read; each place is one column of a fixed head."""
        read, form = self.reads[one.position], self.reader.card.text
        assert form is not None
        if form.head == "fixed":
            return [(k, k + 1) for k in range(len(read))]
        with np.errstate(divide="ignore"):
            log_probs = np.log(one.probabilities.astype(np.float64))
        return shown_columns(log_probs, [self.reader.alphabet.index(sign) for sign in read])

    def part(self, one: _Opened, place: int) -> tuple[float, float] | None:
        """Give the shares (left, right) of the width where pair ``place`` of the aligned texts stands."""
        shown, columns = self.shown(one), len(one.probabilities)
        if shown is None:
            return None
        pairs = metrics.align(self.truths[one.position], self.reads[one.position])
        at = sum(bool(b) for _, b in pairs[:place])  # characters read before it
        if pairs[place][1]:
            left, right = territories(shown, columns)[at]
        else:  # nothing was read there: from the middle of the character before to that of the one after
            left = (shown[at - 1][0] + shown[at - 1][1]) / 2 if at else 0.0
            right = (shown[at][0] + shown[at][1]) / 2 if at < len(shown) else float(columns)
        wider = AROUND * (right - left)
        return max(0.0, left - wider) / columns, min(float(columns), right + wider) / columns

    def cut(self, one: _Opened, left: float, right: float) -> Picture:
        """Cut these shares of what the network saw out of the picture itself, in its full height."""
        if not one.stages:
            return one.picture
        height, width = one.picture.shape[:2]
        names = [output for output, _ in self.reader.card.stages]
        stages = dict(zip(names, (values for _, values in one.stages), strict=True))
        frame = place_frame(self.reader.card.prepare, height, width, one.stages[-1][1], stages.get("stage_clean"))
        first = int(np.clip(round(frame.left + left * frame.width), 0, width - 1))
        end = int(np.clip(round(frame.left + right * frame.width), first + 1, width))
        return one.picture[:, first:end]
