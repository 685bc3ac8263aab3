"""Divide labelled pictures into k folds, each held out once: figures for sets too small to spare a test part.

Units are those of the split, pictures with all their duplicates and all of their group, and besides what the file names
say belongs together. They go to folds by content and seed alone, each label spread as evenly as its units allow; so the
same data and seed give the same folds whatever is learned on them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glyphsmith.data.audit import Audit
from glyphsmith.data.likeness import likeness_of
from glyphsmith.data.pictures import Source
from glyphsmith.data.units import Units, units_of
from glyphsmith.errors import DataError

__all__ = ["ALWAYS", "Folds", "divide", "divide_new"]

#: Instead of a fold: learned from in every fold, never held out.
ALWAYS = -1


@dataclass(frozen=True, slots=True)
class Folds:
    """``fold`` (n,) belongs to ``indices`` (n,) of the source: 0 to count - 1, or ALWAYS.

    ``grouped`` says that groups or writers are kept together, so that figures are of writers nobody learned from.
    ``unscored`` (n,) marks pictures whose label is in no other fold: whoever reads them cannot have learned it.
    """

    count: int
    indices: NDArray[np.int64]
    fold: NDArray[np.int64]
    unscored: NDArray[np.bool_]
    grouped: bool
    reason: str

    def part(self, k: int) -> NDArray[np.int64]:
        """Give the pictures of fold k."""
        return np.asarray(self.indices[self.fold == k], dtype=np.int64)

    def held(self, k: int) -> NDArray[np.int64]:
        """Give the pictures that fold k holds out and scores."""
        return np.asarray(self.indices[(self.fold == k) & ~self.unscored], dtype=np.int64)

    def learned(self, k: int, train: NDArray[np.int64]) -> NDArray[np.int64]:
        """Give those of ``train`` that are learned from while fold k is held out; indices may repeat."""
        return np.asarray(train[~np.isin(train, self.part(k))], dtype=np.int64)


def divide(
    audit: Audit,
    source: Source,
    indices: NDArray[np.int64],
    count: int,
    *,
    seed: int = 0,
    texts: bool = False,
) -> Folds:
    """Divide the pictures ``indices`` (n,), all readable, into ``count`` folds.

    Groups are those the source was opened with, else what the file names say. ``texts`` says that labels are read
    character by character, so that there is nothing to spread evenly. A label with a single unit is never held out:
    whoever reads it has to have learned it. Raises DataError where there are fewer units than folds.
    """
    if count < 2:
        raise DataError(f"{count} folds: at least two are needed", hint="--folds 5, or --folds 0 for none")
    chosen = [int(i) for i in indices]
    samples = {i: source.sample(i) for i in chosen}
    labels = {i: "" if texts else samples[i].label for i in chosen}
    groups: list[str | None] = [None] * audit.n
    for i in chosen:
        groups[i] = samples[i].group
    mine = np.zeros(audit.n, dtype=np.bool_)
    mine[indices] = True
    grouped = any(groups)
    said = ["whole groups of the source"] if grouped else []

    def joined(keys: list[str | None]) -> Units:
        return units_of(mine, audit.cluster, audit.digests, keys if any(keys) else None, seed)

    units = joined(groups)
    named = [] if texts else likeness_of([samples[i].name for i in chosen], [labels[i] for i in chosen])
    for found in named:
        keys = _merged(groups, dict(zip(chosen, found.keys, strict=True)), audit.digests)
        made = joined(keys)
        if found.people and (grouped or _lumped(made, len(chosen), count)):
            continue
        units, groups, grouped = made, keys, grouped or found.people
        said.append(found.why)
    total = len(units.place)
    if total < count:
        what = "groups" if grouped else "pictures" if total == len(chosen) else "pictures that are no copies"
        raise DataError(
            f"{audit.where}: {count} folds, but only {total} {what} to divide",
            hint=f"--folds {total}" if total > 1 else "--folds 0",
        )
    placed, alone = _place(units, labels, count)
    fold = np.array([placed[int(i)] for i in indices], dtype=np.int64)
    kept = f"kept together: {'; '.join(said)}" if said else "duplicates kept together"
    reason = f"{count} folds of about {round(float((fold >= 0).sum()) / count)} pictures, {kept}, seed {seed}"
    if alone:
        reason += f"; {_some(alone)}: a single picture or group, learned in every fold and never scored"
    unscored, lumped = _in_one_fold([labels[i] for i in chosen], fold)
    if lumped:
        reason += f"; {_some(lumped)}: all in one fold by their groups, so not scored there"
    return Folds(count, np.asarray(indices, dtype=np.int64), fold, unscored, grouped, reason)


def _some(labels: Sequence[str]) -> str:
    return ", ".join(labels[:8]) + (" ..." if len(labels) > 8 else "")


def _in_one_fold(labels: Sequence[str], fold: NDArray[np.int64]) -> tuple[NDArray[np.bool_], list[str]]:
    """Mark the pictures whose label no other fold teaches, (n,), and name their labels; no fold is left with none."""
    taught = defaultdict(set)
    for label, k in zip(labels, fold.tolist(), strict=True):
        taught[label].add(k)
    lumped = {label for label, found in taught.items() if len(found) == 1 and ALWAYS not in found}
    unscored = np.array([label in lumped for label in labels], dtype=np.bool_)
    for k in set(fold[unscored].tolist()):
        if unscored[fold == k].all():
            unscored[fold == k] = False
    return unscored, sorted({label for label, left in zip(labels, unscored.tolist(), strict=True) if left})


def divide_new(
    audit: Audit,
    source: Source,
    train: NDArray[np.int64],
    settled: Mapping[int, str],
    count: int,
    *,
    seed: int = 0,
    texts: bool = False,
) -> tuple[Folds, str]:
    """Divide those of ``train`` that are not settled: an earlier reader's pictures, which every fold learns, are.

    Copies of settled pictures and their groups are left out, as they would be held out and learned at once. Where too
    few others are left for ``count`` folds, all are divided, and the second value says what that means; else it is "".
    Raises DataError as ``divide`` does.
    """
    groups = {group for i in settled if (group := source.sample(i).group)}
    clusters = {int(audit.cluster[i]) for i in settled}
    new = np.array([i for i in train.tolist() if i not in settled], dtype=np.int64)
    known = [int(audit.cluster[i]) in clusters or source.sample(i).group in groups for i in new.tolist()]
    apart = new[~np.array(known, dtype=np.bool_)]
    try:
        return divide(audit, source, apart, count, seed=seed, texts=texts), ""
    except DataError:
        if len(apart) == len(new):
            raise
    doubt = f"{len(apart):,} of {len(new):,} new pictures are no copies of old ones, too few for {count} folds: "
    doubt += "the figures are of pictures that were learned, and too good"
    return divide(audit, source, new, count, seed=seed, texts=texts), doubt


def _both(one: str | None, other: str | None) -> str | None:
    return one or other


def _merged(groups: Sequence[str | None], keys: dict[int, str | None], digests: NDArray[np.uint8]) -> list[str | None]:
    """Join groups (N) with further keys by picture; a group is named by its own name, else by what it shows."""
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        while (above := parent.get(key, key)) != key:
            parent[key] = parent.get(above, above)
            key = above
        return key

    of = [f"group {name}" if name else None for name in groups]
    for i, key in keys.items():
        if key is None:
            continue
        other = of[i]
        if other is None:
            of[i] = f"key {key}"
        elif (a := root(f"key {key}")) != (b := root(other)):
            parent[a] = b
    members: dict[str, list[int]] = defaultdict(list)
    for i, name in enumerate(of):
        if name is not None:
            members[root(name)].append(i)
    made: list[str | None] = [None] * len(of)
    for found in members.values():
        names = [name for i in found if (name := groups[i])]
        if len(found) > 1 or names:
            named = min(names) if names else min(digests[i].tobytes() for i in found).hex()
            for i in found:
                made[i] = named
    return made


def _lumped(units: Units, n: int, count: int) -> bool:
    """Say whether joining made so large lumps that folds of about equal size are no longer there."""
    return len(units.place) < 2 * count or int(units.sizes.max()) > 1.5 * n / count


def _place(units: Units, labels: dict[int, str], count: int) -> tuple[dict[int, int], list[str]]:
    """Give each picture its fold: large units first, each to where its labels are scarcest; and the labels left out."""
    members = [units.unit(u).tolist() for u in range(len(units.place))]
    counted = [Counter(labels[i] for i in unit) for unit in members]
    has = Counter(label for found in counted for label in found)
    single = {label for label, often in has.items() if often == 1 and len(has) > 1}
    alone: set[str] = set()
    held = [Counter[str]() for _ in range(count)]
    sizes = [0] * count
    placed: dict[int, int] = {}
    for u in sorted(range(len(members)), key=lambda u: (-len(members[u]), u)):
        unit, found = members[u], counted[u]
        if single.issuperset(found):
            placed.update(dict.fromkeys(unit, ALWAYS))
            alone.update(found)
            continue

        def cost(k: int, found: Counter[str] = found) -> tuple[int, int, int]:
            return sum(2 * held[k][label] * n + n * n for label, n in found.items()), sizes[k], k

        best = min(range(count), key=cost)
        held[best] += found
        sizes[best] += len(unit)
        placed.update(dict.fromkeys(unit, best))
    return placed, sorted(alone)
