"""What file names say of pictures that belong together: copies made from one picture, pictures of one writer.

A picture rotated by ten degrees and saved beside itself is no duplicate by its pixels, yet whoever learned the one has
seen the other. Folds of few pictures go by all that names say (``likeness_of``); the split and the audit only by names
that leave no doubt (``made_from``), for a set that was split before must not be split anew for a chance likeness.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from glyphsmith.data.pictures import NumberedNames

__all__ = ["Likeness", "likeness_of", "made_from"]

#: What programs and people append to the name of a picture that they made from another one.
_WORDS = (
    "rot(?:ated|ation|ate)?|turn(?:ed)?|aug(?:mented|mentation)?|flip(?:ped)?|mirror(?:ed)?|copy|crop(?:ped)?|nois(?:e|y)|"
    "blur(?:red)?|scaled?|zoom(?:ed)?|shift(?:ed)?|shear(?:ed)?|invert(?:ed)?|inv"
)
_MADE_FROM = re.compile(
    rf"(?:[ _.\-]+(?:{_WORDS})[ _.\-]*[+-]?\d*(?:deg)?"
    r"|[ _.\-]+r[+-]?\d+|[ _.\-][+-]\d+(?:deg)?|[ _.\-]+\d+deg| ?\(\d+\))+$",
    re.IGNORECASE,
)
#: A tail that says itself that the picture was made from another, whether that lies beside it or not: `page3_crop7.png`
#: and `page3_crop8.png` are other letters of one page, unless page3.png is a picture of the set too.
_PLAIN = re.compile(r"[ _.\-](?:rot|aug|flip|mirror|nois|blur)|\ddeg", re.IGNORECASE)
#: `image (2).png` is as often the second download of that name, or one of many renamed together, as it is a copy.
_ANOTHER = re.compile(r" ?\(\d+\)$")
#: More names are not looked at: these take a second and 15 MB, and a set of half a million is to stay flat and fast.
_NAMES_UP_TO = 100_000
_NUMBER = re.compile(r"^(.+?)[ _\-]+\d+$")
_WRITER = re.compile(
    r"(?:^|[ _.\-/])(?:writer|user|person|drawer|author|subject|scribe|participant)[ _\-]?([0-9]+|[a-z])(?![a-z])",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_LAST_NUMBER = re.compile(r"(\d+)$")


@dataclass(frozen=True, slots=True)
class Likeness:
    """Keys (N): pictures with the same key belong together, None where the name says nothing; and why, in words.

    ``people``: those of one key may be of one hand; else they were made from one picture.
    """

    keys: list[str | None]
    why: str
    people: bool


def likeness_of(names: Sequence[str], labels: Sequence[str]) -> list[Likeness]:
    """Find what the names (N) of pictures with ``labels`` (N) say: copies first, then writers, then running numbers.

    A rule that would make one lump of all pictures of a label says nothing about that label. Running numbers that every
    label has once may be writers, one after the other; to keep them together costs nothing where they are not.
    """
    stems = [name.rpartition(".")[0] or name for name in names]
    copies = _copies(stems, labels)
    found = []
    counted = Counter(key for key in copies if key)
    twins = sum(count for count in counted.values() if count > 1)
    if twins:
        found.append(Likeness(copies, f"{twins:,} pictures that by their names were made from one another", False))
    writers = [match.group(1).lower() if (match := _WRITER.search(stem)) else None for stem in stems]
    kinds = len({writer for writer in writers if writer})
    if sum(writer is not None for writer in writers) > 0.9 * len(names) and 2 <= kinds <= len(names) / 2:
        found.append(
            Likeness([w and f"writer {w}" for w in writers], f"{kinds:,} writers named in the file names", True)
        )
        return found
    numbers = [_running_number(stem, key) for stem, key in zip(stems, copies, strict=True)]
    if _one_of_each(numbers, labels):
        kinds = len({number for number in numbers if number})
        why = f"pictures with the same number in their name ({kinds:,} numbers, each at most once a label)"
        found.append(Likeness([n and f"number {n}" for n in numbers], why, True))
    return found


def made_from(names: Sequence[str], labels: Sequence[str], *, texts: bool = False) -> list[str | None] | None:
    """Give each picture (N) a key that it shares with those made from the same one, else None; None if there are none.

    Doubt means no. Kin have one label, and a tail that is only a number counts where the picture of the name before it
    is there. As in ``likeness_of``, not all of a label are made from one, unless labels are ``texts``, which each few
    pictures carry.
    """
    if isinstance(names, NumberedNames) or len(names) > _NAMES_UP_TO:
        return None
    own = [(name.rpartition(".")[0] or name, label) for name, label in zip(names, labels, strict=True)]
    there = set(own)
    origins = [_origin(stem, label, there) for stem, label in own]
    derived = {(origin, label) for origin, (stem, label) in zip(origins, own, strict=True) if origin != stem}
    if not derived:
        return None
    keys = [(origin, label) for origin, (_, label) in zip(origins, own, strict=True)]
    counted = Counter(key for key in keys if key in derived)
    several = {label for _, label in derived} if texts else _of_several(keys)
    found = [f"{key[1]} {key[0]}" if counted[key] > 1 and key[1] in several else None for key in keys]
    return found if any(found) else None


def _of_several(keys: Sequence[tuple[str, str]]) -> set[str]:
    """Give the labels that are there with more than one origin."""
    counted = Counter(label for _, label in set(keys))
    return {label for label, count in counted.items() if count > 1}


def _origin(stem: str, label: str, there: set[tuple[str, str]]) -> str:
    """Give the name of what a picture was made from without doubt, else its own."""
    if _ANOTHER.search(stem):
        return stem
    original = _MADE_FROM.sub("", stem) or stem
    if original != stem and (original, label) not in there and not _PLAIN.search(stem, len(original)):
        original = stem
    number = _NUMBER.match(original)
    if number and (number.group(1), label) in there:
        # scan.png, scan_1.png, scan_2.png are a series, as are 7.png, 7_1.png; 7_03_1.png was made from 7_03.png
        before = number.group(1).rpartition("/")[2]
        if before != label and _DIGIT.search(before):
            original = number.group(1)
    return original


def _copies(stems: Sequence[str], labels: Sequence[str]) -> list[str | None]:
    """Give each picture the name of what it was made from, its own where it is an original."""
    there = set(stems)
    keys = []
    for stem in stems:
        original = _MADE_FROM.sub("", stem) or stem
        # Only a picture that exists was copied under its own name and a bare number: 7_03.png and 7_03_10.png.
        number = _NUMBER.match(original)
        if number and number.group(1) in there:
            original = number.group(1)
        keys.append(original)
    of_label: dict[str, set[str]] = defaultdict(set)
    many = Counter(labels)
    for key, label in zip(keys, labels, strict=True):
        of_label[label].add(key)
    return [
        key if len(of_label[label]) > 1 or many[label] == 1 else None for key, label in zip(keys, labels, strict=True)
    ]


def _running_number(stem: str, original: str | None) -> str | None:
    match = _LAST_NUMBER.search(original or stem)
    return str(int(match.group(1))) if match else None


def _one_of_each(numbers: Sequence[str | None], labels: Sequence[str]) -> bool:
    """Say whether numbers run anew in each label: each occurs once a label and in at least half of the labels."""
    known = [(number, label) for number, label in zip(numbers, labels, strict=True) if number is not None]
    kinds = len(set(labels))
    if len(known) < 0.95 * len(numbers) or kinds < 2:
        return False
    spread: dict[str, set[str]] = defaultdict(set)
    for number, label in known:
        spread[number].add(label)
    once = len(set(known)) / len(known)
    return len(spread) >= 6 and once > 0.95 and float(np.median([len(found) for found in spread.values()])) >= kinds / 2
