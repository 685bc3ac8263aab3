"""Divide labelled pictures into training, validation and test: by content, before anything is augmented.

Every unit (a picture with all its duplicates, the copies that names tell, and all of its group) gets a number in 0..1
from a hash of its pixels (or of its group's name) and the seed, and the lowest go to the test, the next to validation.
So the order of files, their names (but for those of turned copies) and the machine change nothing, and when pictures
are added the others stay where they were, except a few at the edges where a class's share would otherwise drift by more
than a tenth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glyphsmith.data.audit import Audit
from glyphsmith.data.findings import is_text
from glyphsmith.data.likeness import made_from
from glyphsmith.data.pictures import Part, Source, columns_of
from glyphsmith.data.units import Indices, Units, merged, units_of
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
    for name, one in (("validation", share), ("test", test)):
        if not 0.0 <= one <= 1.0:
            raise DataError(f"{name} {one:g} is no share of the pictures", hint="expected 0 to 1, 0.1 is usual")
    if test + share >= 1.0:
        raise DataError(f"validation {validation} and test {test} leave nothing to learn from", hint="take 0.1 and 0.1")
    seen = np.flatnonzero(audit.readable)
    if not seen.size:
        raise DataError(f"{audit.where}: none of its {audit.n:,} pictures can be read")
    given = columns_of(source)
    grouped = given.groups is not None and any(given.groups[i] for i in seen.tolist())
    if group and not grouped:
        raise DataError(f"{audit.where}: no picture has a {group!r}", hint="groups come from a column of labels.csv")
    state = np.full(audit.n, _LEFT_OUT, dtype=np.int64)
    state[seen] = _TRAIN
    said = _take_given(given.parts, seen, state)
    texts = is_text(audit.labels) if texts is None else texts
    kin = made_from(given.names, given.labels, texts=texts)
    made = sum(kin[i] is not None for i in seen.tolist()) if kin else 0
    if made:
        said.append(f"{made:,} pictures that by their names were made from one another stay together")
    alike = merged(audit.cluster, kin)
    units = units_of(audit.readable, alike, audit.digests, given.groups if grouped else None, seed)
    wanted = [
        (_TEST, "test", test if not (state == _TEST).any() else 0.0),
        (_VALIDATION, "validation", share if not (state == _VALIDATION).any() else 0.0),
    ]
    movable = audit.readable.astype(np.int64)
    before = {i: part for i, part in (settled or {}).items() if audit.readable[i]}
    for i, part in before.items():
        state[i] = {"train": _TRAIN, "validation": _VALIDATION, "test": _TEST}.get(part, _LEFT_OUT)
        movable[i] = False
    if before:
        said.append(f"{len(before):,} pictures stay where an earlier run had them")
    free = np.flatnonzero(units.lowest(movable * (state == _TRAIN)))
    order = {label: k for k, label in enumerate(sorted(set(given.labels)))}
    labels = np.fromiter(map(order.__getitem__, given.labels), dtype=np.int64, count=len(given.labels))
    strata = [free] if grouped or texts else _by_label(units, free, labels)
    _place(units, strata, state, wanted, exact=made > _DRIFT * seen.size)
    _fill_empty_parts(units, strata, state, wanted)
    moved = 0 if texts else _keep_labels_in_training(units, free, labels, state)
    how = f"whole groups of {group or 'the source'}" if grouped else "picture content"
    how += "" if grouped or texts else ", each label in its share"
    said += [f"{name}: {part:.0%} by {how}, seed {seed}" for _, name, part in wanted if part]
    if moved:
        said.append(f"{moved:,} pictures stay in training because their label has no other there")
    if first is not None:
        rest = np.flatnonzero(state == _TRAIN)
        if first >= rest.size:
            raise DataError(
                f"{audit.where}: first:{first} asks for all of its {rest.size:,} training pictures or more",
                hint="name fewer, or a share such as 0.1",
            )
        state[rest[:first]] = _VALIDATION
        said.append(f"validation: the first {first:,} training pictures")
    said += _leave_out_straddling(units, state, grouped)
    if seen.size < audit.n:
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


def _take_given(parts: Sequence[Part | None] | None, seen: Indices, state: Indices) -> list[str]:
    """Place the pictures ``seen`` as the source says, where what it says is a split."""
    if parts is None:
        return []
    kinds = {parts[i] for i in seen.tolist()}
    found = {part for part in kinds if part}
    # pictures of no part are learned from, so that a set which only names what it holds out has a split too
    if found - {"train"} and kinds & {"train", None}:
        for i in seen.tolist():
            state[i] = {"test": _TEST, "validation": _VALIDATION}.get(parts[i] or "", _TRAIN)
        return [f"{name}: given by the source" for name in ("test", "validation") if name in found]
    return [f"the source calls all its pictures {', '.join(sorted(found))}, which is no split"] if found else []


def _by_label(units: Units, free: Indices, labels: Indices) -> list[Indices]:
    """Sort units by the label most of their pictures carry; the order within stays."""
    lowest = units.lowest(labels)
    mixed = lowest != units.highest(labels)
    for k in free[mixed[free]].tolist():
        counted = Counter(labels[units.unit(k)].tolist())
        lowest[k] = min(counted, key=lambda label: (-counted[label], label))
    carried = lowest[free]
    order = np.argsort(carried, kind="stable")
    edges = np.flatnonzero(np.diff(carried[order])) + 1
    return np.split(free[order], edges) if free.size else []


def _place(
    units: Units, strata: list[Indices], state: Indices, wanted: list[tuple[int, str, float]], *, exact: bool
) -> None:
    """Give the first units of each stratum to the test, the next to validation; one always stays in training.

    ``exact`` makes up in the next strata for what large units took too much or too little, as those of pictures with
    all their turned copies do. Where most units are single pictures it would only move some that were placed before.
    """
    sizes = units.sizes
    start = [0] * len(strata)
    upto = 0.0
    for code, _, share in wanted:
        if not share:
            continue
        upto += share
        asked = 0.0
        given = 0
        taken = []
        for k, stratum in enumerate(strata):
            asked += upto * int(sizes[stratum].sum())
            # what rounding took from the labels before is given here, so that small labels add up to the share too
            cut = _cut(sizes[stratum], units.place[stratum], upto, round(asked) - given)
            stop = max(start[k], min(cut, len(stratum) - 1))
            given = given + int(sizes[stratum[:stop]].sum()) if exact else round(asked)
            taken.append(stratum[start[k] : stop])
            start[k] = stop
        if taken:
            state[units.of(np.concatenate(taken))] = code


def _cut(sizes: Indices, places: NDArray[np.float64], share: float, target: int) -> int:
    """Count the leading units that make up a share: by their place alone where that is near enough, else by count."""
    total = np.concatenate([[0], np.cumsum(sizes)])
    by_place = int((places < share).sum())
    near = np.flatnonzero(np.abs(total - target) <= _DRIFT * target)
    if near.size:
        return int(near[np.argmin(np.abs(near - by_place))])
    return int(np.argmin(np.abs(total - target)))


def _fill_empty_parts(
    units: Units, strata: list[Indices], state: Indices, wanted: list[tuple[int, str, float]]
) -> None:
    """A part that was asked for and got nothing takes the smallest unit that training can spare."""
    sizes, first = units.sizes, units.first
    for code, _, share in wanted:
        if not share or (state == code).any():
            continue
        spare = []
        for stratum in strata:
            rest = stratum[state[first[stratum]] == _TRAIN]
            if rest.size > 1:
                least = rest[np.argmin(sizes[rest])]  # of equally small ones the first, which has the lowest place
                spare.append((int(sizes[least]), -int(rest.size), float(units.place[least]), int(least)))
        if spare:
            state[units.unit(min(spare)[3])] = code


def _keep_labels_in_training(units: Units, free: Indices, labels: Indices, state: Indices) -> int:
    """Move units back until every label of validation and test can be learnt; give the number of pictures moved."""
    learnt = np.zeros(int(labels.max(initial=0)) + 1, dtype=np.bool_)
    members = units.of(free)
    learnt[labels[members[state[members] == _TRAIN]]] = True
    lacking = np.zeros(len(state), dtype=np.int64)
    lacking[members] = (state[members] != _TRAIN) & ~learnt[labels[members]]
    moved = 0
    for k in np.flatnonzero(units.highest(lacking))[::-1].tolist():
        unit = units.unit(k)
        if not learnt[labels[unit]].all():
            state[unit] = _TRAIN
            learnt[labels[unit]] = True
            moved += unit.size
    return moved


def _leave_out_straddling(units: Units, state: Indices, grouped: bool) -> list[str]:
    """Where given parts tear a unit, the test keeps its pictures, then validation; the others are left out."""
    lost: Counter[tuple[int, int]] = Counter()
    for k in np.flatnonzero(units.lowest(state) != units.highest(state)).tolist():
        unit = units.unit(k)
        highest = max((int(state[i]) for i in unit if state[i] != _LEFT_OUT), default=_LEFT_OUT)
        for i in unit.tolist():
            if state[i] not in (highest, _LEFT_OUT):
                lost[int(state[i]), highest] += 1
                state[i] = _LEFT_OUT
    names = {_TRAIN: "training", _VALIDATION: "validation", _TEST: "test"}
    what = "copies or of the same group as pictures" if grouped else "copies of pictures"
    return [
        f"{count:,} {names[one]} pictures are left out, being {what} of the {names[other]} part"
        for (one, other), count in sorted(lost.items())
    ]
