"""Divide labelled pictures into training, validation and test: by content, before anything is augmented.

Every unit (a picture with all its duplicates and all of its group) gets a number in 0..1 from a hash of its pixels (or
of its group's name) and the seed, and the lowest go to the test, the next to validation. So the order of files, their
names and the machine change nothing, and when pictures are added the others stay where they were, except a few at the
edges where a class's share would otherwise drift by more than a tenth.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glyphsmith.data.audit import Audit
from glyphsmith.data.findings import is_text
from glyphsmith.data.pictures import Source
from glyphsmith.errors import DataError

__all__ = ["Split", "split_samples"]

_TRAIN, _VALIDATION, _TEST, _LEFT_OUT = range(4)
#: How far a class's share may be from the asked one before pictures move across the edge.
_DRIFT = 0.1


@dataclass(frozen=True, slots=True)
class Split:
    """Indices of the source, each ascending; ``left_out`` are unreadable pictures and copies of held-out ones."""

    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]
    left_out: NDArray[np.int64]
    reason: str

    def part_of_each(self, count: int) -> list[str]:
        """Name the part of each of the ``count`` pictures; "" for those left out."""
        parts = [""] * count
        for name, indices in (("train", self.train), ("validation", self.validation), ("test", self.test)):
            for i in indices.tolist():
                parts[i] = name
        return parts


@dataclass(slots=True)
class _Unit:
    """Pictures that must stay together, in ascending order; ``place`` in 0..1 is the hash that decides."""

    members: list[int]
    place: float


def split_samples(
    audit: Audit,
    source: Source,
    *,
    validation: float | str = 0.1,
    test: float = 0.1,
    group: str = "",
    seed: int = 0,
    texts: bool | None = None,
    settled: Mapping[int, str] | None = None,
) -> Split:
    """Divide the readable pictures.

    ``validation`` and ``test`` are shares of the pictures that the source has not placed itself; a part the source
    gives is taken as it is. ``validation`` may also be ``"first:N"``, the first N training pictures. ``group`` names
    the column the source was opened with. ``texts`` says that labels are read character by character, so that none has
    to be in every part (None: by the look of them). Raises DataError where nothing would be left to learn from.
    """
    first = _first_of(validation)
    share = 0.0 if isinstance(validation, str) else float(validation)
    if not 0.0 <= test < 1.0 or not 0.0 <= share < 1.0 or test + share >= 1.0:
        raise DataError(f"validation {validation} and test {test} leave nothing to learn from", hint="take 0.1 and 0.1")
    seen = np.flatnonzero(audit.readable).tolist()
    if not seen:
        raise DataError(f"{audit.where}: none of its {audit.n:,} pictures can be read")
    samples = {i: source.sample(i) for i in seen}
    if group and not any(sample.group for sample in samples.values()):
        raise DataError(f"{audit.where}: no picture has a {group!r}", hint="groups come from a column of labels.csv")
    state = np.full(audit.n, _LEFT_OUT, dtype=np.int8)
    state[seen] = _TRAIN
    said: list[str] = []
    given = {sample.part for sample in samples.values() if sample.part}
    if "train" in given and len(given) > 1:
        for i, sample in samples.items():
            state[i] = {"test": _TEST, "validation": _VALIDATION}.get(sample.part or "", _TRAIN)
        said += [f"{name}: given by the source" for name in ("test", "validation") if name in given]
    elif given:
        said.append(f"the source calls all its pictures {', '.join(sorted(given))}, which is no split")
    grouped = any(sample.group for sample in samples.values())
    units = _units(audit, {i: sample.group for i, sample in samples.items()}, seed)
    wanted = [
        (_TEST, "test", test if not (state == _TEST).any() else 0.0),
        (_VALIDATION, "validation", share if not (state == _VALIDATION).any() else 0.0),
    ]
    before = {i: part for i, part in (settled or {}).items() if i in samples}
    for i, part in before.items():
        state[i] = {"train": _TRAIN, "validation": _VALIDATION, "test": _TEST}.get(part, _LEFT_OUT)
    free = [unit for unit in units if all(state[i] == _TRAIN and i not in before for i in unit.members)]
    if before:
        said.append(f"{len(before):,} pictures stay where an earlier run had them")
    labels = {i: sample.label for i, sample in samples.items()}
    texts = is_text(audit.labels) if texts is None else texts
    strata = [free] if grouped or texts else _by_label(free, labels)
    _place(strata, state, wanted)
    _fill_empty_parts(strata, state, wanted)
    moved = 0 if texts else _keep_labels_in_training(free, labels, state)
    how = f"whole groups of {group or 'the source'}" if grouped else "picture content"
    how += "" if grouped or texts else ", each label in its share"
    said += [f"{name}: {part:.0%} by {how}, seed {seed}" for _, name, part in wanted if part]
    if moved:
        said.append(f"{moved:,} pictures stay in training because their label has no other there")
    if first is not None:
        rest = np.flatnonzero(state == _TRAIN)
        if first >= rest.size:
            raise DataError(f"{audit.where}: first:{first} asks for all of its {rest.size:,} training pictures or more")
        state[rest[:first]] = _VALIDATION
        said.append(f"validation: the first {first:,} training pictures")
    said += _leave_out_straddling(units, state, grouped)
    if len(seen) < audit.n:
        said.append(f"{audit.n - len(seen):,} unreadable pictures are left out")
    train, held, tested, left = (np.flatnonzero(state == code).astype(np.int64) for code in range(4))
    if not train.size:
        raise DataError(f"{audit.where}: nothing is left to learn from", hint="give more pictures or smaller shares")
    counts = f"{train.size:,} to learn from, {held.size:,} for validation, {tested.size:,} for the test"
    return Split(train, held, tested, left, "; ".join([counts, *said]))


def _first_of(validation: float | str) -> int | None:
    if not isinstance(validation, str):
        return None
    kind, _, count = validation.partition(":")
    if kind != "first" or not count.isdecimal() or int(count) < 1:
        raise DataError(f"validation is {validation!r}, expected a share or first:N")
    return int(count)


def _units(audit: Audit, groups: dict[int, str | None], seed: int) -> list[_Unit]:
    """Join the readable pictures that share a cluster or a group, and give each unit its place."""
    parent: dict[str | int, str | int] = {}

    def root(key: str | int) -> str | int:
        while (above := parent.get(key, key)) != key:
            parent[key] = parent.get(above, above)
            key = above
        return key

    clusters = audit.cluster.tolist()
    for i, name in groups.items():
        if name:
            a, b = root(clusters[i]), root(name)
            if a != b:
                parent[a] = b
    members: dict[str | int, list[int]] = defaultdict(list)
    names: dict[str | int, str] = {}
    for i, name in groups.items():
        key = root(clusters[i])
        members[key].append(i)
        if name:
            names[key] = min(name, names.get(key, name))
    digests = audit.digests
    units = []
    for key, found in members.items():
        # a group is placed by its name, so that its next picture joins it; all else by what it shows
        what = b"group " + names[key].encode() if key in names else min(digests[i].tobytes() for i in found)
        number = hashlib.blake2b(what, digest_size=8, key=f"seed {seed}".encode()).digest()
        units.append(_Unit(found, int.from_bytes(number, "big") / 2**64))
    return sorted(units, key=lambda unit: (unit.place, unit.members[0]))


def _by_label(units: list[_Unit], labels: dict[int, str]) -> list[list[_Unit]]:
    """Sort units by the label most of their pictures carry; the order within stays."""
    strata: dict[str, list[_Unit]] = defaultdict(list)
    for unit in units:
        counted = Counter(labels[i] for i in unit.members)
        strata[min(counted, key=lambda label: (-counted[label], label))].append(unit)
    return [strata[label] for label in sorted(strata)]


def _place(strata: list[list[_Unit]], state: NDArray[np.int8], wanted: list[tuple[int, str, float]]) -> None:
    """Give the first units of each stratum to the test, the next to validation; one always stays in training."""
    start = [0] * len(strata)
    upto = 0.0
    for code, _, share in wanted:
        if not share:
            continue
        upto += share
        asked = 0.0
        given = 0
        for k, stratum in enumerate(strata):
            asked += upto * sum(len(unit.members) for unit in stratum)
            # what rounding took from the labels before is given here, so that small labels add up to the share too
            stop = max(start[k], min(_cut(stratum, upto, round(asked) - given), len(stratum) - 1))
            given = round(asked)
            for unit in stratum[start[k] : stop]:
                state[unit.members] = code
            start[k] = stop


def _cut(stratum: list[_Unit], share: float, target: int) -> int:
    """Count the leading units that make up a share: by their place alone where that is near enough, else by count."""
    total = np.concatenate([[0], np.cumsum([len(unit.members) for unit in stratum])])
    by_place = sum(unit.place < share for unit in stratum)
    near = np.flatnonzero(np.abs(total - target) <= _DRIFT * target)
    if near.size:
        return int(near[np.argmin(np.abs(near - by_place))])
    return int(np.argmin(np.abs(total - target)))


def _fill_empty_parts(strata: list[list[_Unit]], state: NDArray[np.int8], wanted: list[tuple[int, str, float]]) -> None:
    """A part that was asked for and got nothing takes the smallest unit that training can spare."""
    for code, _, share in wanted:
        if not share or (state == code).any():
            continue
        spare = []
        for stratum in strata:
            rest = [unit for unit in stratum if state[unit.members[0]] == _TRAIN]
            if len(rest) > 1:
                spare += [(len(unit.members), -len(rest), unit.place, unit) for unit in rest]
        if spare:
            state[min(spare, key=lambda entry: entry[:3])[3].members] = code


def _keep_labels_in_training(units: list[_Unit], labels: dict[int, str], state: NDArray[np.int8]) -> int:
    """Move units back until every label of validation and test can be learnt; give the number of pictures moved."""
    learnt = {labels[i] for unit in units for i in unit.members if state[i] == _TRAIN}
    moved = 0
    for unit in sorted(units, key=lambda unit: -unit.place):
        if state[unit.members[0]] != _TRAIN and any(labels[i] not in learnt for i in unit.members):
            state[unit.members] = _TRAIN
            learnt.update(labels[i] for i in unit.members)
            moved += len(unit.members)
    return moved


def _leave_out_straddling(units: list[_Unit], state: NDArray[np.int8], grouped: bool) -> list[str]:
    """Where given parts tear a unit, the test keeps its pictures, then validation; the others are left out."""
    lost: Counter[tuple[int, int]] = Counter()
    for unit in units:
        highest = max((int(state[i]) for i in unit.members if state[i] != _LEFT_OUT), default=_LEFT_OUT)
        for i in unit.members:
            if state[i] not in (highest, _LEFT_OUT):
                lost[int(state[i]), highest] += 1
                state[i] = _LEFT_OUT
    names = {_TRAIN: "training", _VALIDATION: "validation", _TEST: "test"}
    what = "copies or of the same group as pictures" if grouped else "copies of pictures"
    return [
        f"{count:,} {names[one]} pictures are left out, being {what} of the {names[other]} part"
        for (one, other), count in sorted(lost.items())
    ]
