"""What a trained reader learned from, so that a run that goes on from it can rehearse it and forgets nothing.

A run folder says where its pictures lay and, in ``parts.npz``, which of them it learned from: those may be learned
again, its validation pictures judge before and after, its test pictures stay unread. A reader without its folder is
known by its card: what its recipe paints can be painted anew, what it names as published may lie in the cache. Where
neither is, ``distil`` keeps the old answers instead. A run that was scored by folds learned from all it had: some of
that is not learned again, and judges.
"""

from __future__ import annotations

import io
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from glyphsmith.card import Card
from glyphsmith.data.audit import Audit, audit
from glyphsmith.data.download import cache_folder
from glyphsmith.data.joined import joined
from glyphsmith.data.measure import digest_of
from glyphsmith.data.one_sign import open_one_sign
from glyphsmith.data.pictures import LabelledPictures
from glyphsmith.data.split import Split, split_samples
from glyphsmith.errors import GlyphsmithError, PictureError
from glyphsmith.files import write_atomically
from glyphsmith.train.automatic import Decision
from glyphsmith.train.folders import Asked
from glyphsmith.train.recipe import Recipe, load_recipe, recipe_from_dict
from glyphsmith.train.sources import open_asked

__all__ = ["Rehearsal", "keep_parts", "learned_from", "rehearse"]

_CODES = ("", "train", "validation", "test")
#: Old pictures that are learned again: so many in all, so many for each new one, so many a label; and those that judge.
LEAST, FOR_EACH_NEW, A_LABEL = 2000, 3, 20
JUDGED = 3000
#: A new picture is shown up to so many times a pass, so that few new ones have a voice among many old ones.
_MOST_TIMES = 20
#: Where the old run had no validation part, one in so many of its pictures of a label is not learned again but judges.
_HELD_BACK = 6
#: Painted anew with another seed than any run would take, so that none of them was ever learned.
_ANOTHER_SEED = 1_000_003


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """New pictures, and behind the ``new`` first ones the old ones that are learned again or judged by.

    ``parts`` gives old pictures their part by index; ``before`` the part by digest of every picture that a run before
    this one had, wherever it lies now. ``why`` says in one sentence where old pictures come from, or why none do.
    ``learned_before``: those that judge were learned by the old reader, which had learned from all there was.
    ``in_place``: old pictures are among the new ones; ``hold_back``: the seed by which one in so many of those judges,
    None where some did before.
    """

    source: LabelledPictures
    new: int
    parts: dict[int, str] = field(default_factory=dict)
    before: dict[bytes, str] = field(default_factory=dict)
    why: str = ""
    learned_before: bool = False
    in_place: bool = False
    hold_back: int | None = None
    texts: bool = False

    @property
    def known(self) -> bool:
        """True where there are old pictures to rehearse."""
        return bool(self.parts or self.in_place)

    def settled(self, checked: Audit) -> dict[int, str]:
        """Give the parts that pictures keep: old ones that are no longer what they were are left out."""
        found = dict(self.parts)
        before = self.before
        if self.hold_back is not None:
            digests = [checked.digests[i].tobytes() for i in range(self.new)]
            old = [i for i, digest in enumerate(digests) if before.get(digest) == "train"]
            labels = ["" if self.texts else self.source.labels[i] for i in old]
            before = before | {digests[old[k]]: "validation" for k in _one_in_so_many(labels, self.hold_back)}
        for i in range(len(self.source)):
            digest = checked.digests[i].tobytes()
            if i < self.new:
                if digest in before:
                    found[i] = before[digest]
            elif before and before.get(digest, found[i]) != found[i]:
                found[i] = ""
        return found

    def new_of(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        """Give those of the indices that are pictures of the source that was named."""
        return indices[indices < self.new]

    def judging(self, split: Split, settled: dict[int, str]) -> NDArray[np.int64]:
        """Give the validation pictures that the old run had for validation, too."""
        return np.array([i for i in split.validation.tolist() if i in settled], dtype=np.int64)

    def mixed(self, split: Split, settled: dict[int, str]) -> Split:
        """Show new training pictures several times a pass where old ones outnumber them: their indices repeat."""
        fresh = np.array([i < self.new and i not in settled for i in split.train.tolist()], dtype=bool)
        if not fresh.any() or fresh.all():
            return split
        labels = [self.source.labels[i] for i in split.train.tolist()]
        old = Counter(label for label, new in zip(labels, fresh.tolist(), strict=True) if not new)
        new = Counter(label for label, is_new in zip(labels, fresh.tolist(), strict=True) if is_new)
        # As many of a label as there are old ones of one; texts share their signs, there new ones make up a third.
        many = len(old) > 0.5 * (~fresh).sum()
        share = (~fresh).sum() / 2 / fresh.sum() if many else _mean(old) / _mean(new)
        times = int(np.clip(round(share), 1, _MOST_TIMES))
        again = np.repeat(split.train[fresh], times - 1)
        return replace(split, train=np.sort(np.concatenate([split.train, again])))


def keep_parts(folder: Path, checked: Audit, split: Split) -> None:
    """Write down which pictures a run learns from, by digest, for the runs that go on from it."""
    parts = np.array([_CODES.index(part) for part in split.part_of_each(checked.n)], dtype=np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, digests=checked.digests, parts=parts)
    write_atomically(folder / "parts.npz", buffer.getvalue())


def rehearse(
    model: Path, card: Card, source: LabelledPictures, *, seed: int, say: Callable[[str], None]
) -> tuple[Rehearsal, Decision]:
    """Find what the reader at ``model`` learned from and put what is to be rehearsed behind the new pictures."""
    most = max(LEAST, FOR_EACH_NEW * len(source), A_LABEL * len(card.alphabet))
    before: dict[bytes, str] = {}
    chosen: list[tuple[LabelledPictures, list[int], list[str]]] = []
    missing: list[str] = []
    learned_before = False
    among: dict[bytes, str] = {}
    there: set[bytes] = set()
    runs = _runs_before(model)
    for run in runs or (None,):
        try:
            if run is None:
                found = _known_by_card(card, seed, most, say)
            else:
                known = _record(run.folder)
                # What a later run settled stands.
                before = (known[2] if known else {}) | before
                found = _known_by_folder(run, known, source, seed, most // len(runs), say)
                if found is None and known is not None and run.asked.source:
                    # The new pictures lie where the old ones did: which of them are there is seen by what they show.
                    there = there or {digest.tobytes() for digest in audit(source, progress=False).digests}
                    still = {digest: part for digest, part in known[2].items() if digest in there}
                    if not still:
                        missing.append(f"{source.where} holds other pictures now")
                        continue
                    among = still | among
                if found is not None and known is not None and "validation" not in found[2]:
                    _hold_back(found, before, seed, texts=run.recipe.task == "text")
                    learned_before = learned_before or "validation" in found[2]
        except (GlyphsmithError, OSError) as error:
            missing.append(str(error))
            continue
        if found is not None:
            chosen.append(found)
    if not chosen and not among:
        why = f"the pictures it learned from are not known here{': ' + missing[0] if missing else ''}"
        return Rehearsal(source, len(source), before=before, why=why), Decision(
            "old pictures", "none", f"{why}; its old answers on the new pictures are kept instead"
        )
    whole = joined(source, *[(pictures, indices) for pictures, indices, _ in chosen])
    parts = dict(enumerate((part for _, _, given in chosen for part in given), start=len(source)))
    counts = Counter(parts.values())
    places = ", ".join(dict.fromkeys(pictures.where for pictures, _, _ in chosen)) or "among the new ones"
    counts.update(among.values())
    hold_back = seed if among and "validation" not in among.values() else None
    learned_before = learned_before or hold_back is not None
    value = f"{counts['train']:,} learned again, {counts['validation']:,} to judge by"
    if hold_back is not None:
        value = f"{counts['train']:,}, of which one in {_HELD_BACK} is not learned again and judges"
    why = f"{places}; what the old run tested with stays unread"
    texts = any(run.recipe.task == "text" for run in runs)
    made = Rehearsal(whole, len(source), parts, before, why, learned_before, bool(among), hold_back, texts)
    return made, Decision("old pictures", value, why)


def learned_from(
    model: Path, card: Card, *, most: int, say: Callable[[str], None]
) -> tuple[LabelledPictures, list[int], list[str]] | None:
    """Give up to ``most`` pictures that the reader at ``model`` learned from or was judged by: source, indices, parts.

    None where they are not known here; its test pictures are never among them.
    """
    for run in _runs_before(model)[:1]:
        return _known_by_folder(run, _record(run.folder), None, 0, most, say)
    return _known_by_card(card, 0, most, say)


@dataclass(frozen=True, slots=True)
class _Run:
    folder: Path
    asked: Asked
    recipe: Recipe


def _runs_before(model: Path) -> list[_Run]:
    """List the run that wrote a file, and those it went on from in turn."""
    runs: list[_Run] = []
    while model.name == "model.onnx" and (model.parent / "run.json").is_file():
        folder = model.parent.resolve()
        if any(run.folder == folder for run in runs):
            break
        try:
            values = json.loads((folder / "run.json").read_text(encoding="utf-8"))
            asked = Asked(**{**values, "settings": tuple(values["settings"])})
            runs.append(_Run(folder, asked, load_recipe(str(folder / "recipe.toml"))))
        except (GlyphsmithError, OSError, ValueError, TypeError, KeyError):
            break
        if not asked.from_at:
            break
        model = Path(asked.from_at)
    return runs


def _record(folder: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8], dict[bytes, str]] | None:
    try:
        with np.load(folder / "parts.npz", allow_pickle=False) as kept:
            digests, parts = kept["digests"], kept["parts"]
    except (OSError, ValueError, KeyError):
        return None
    named = {digest.tobytes(): _CODES[part] for digest, part in zip(digests, parts.tolist(), strict=True) if part}
    return digests, parts, named


def _known_by_folder(
    run: _Run,
    known: tuple[NDArray[np.uint8], NDArray[np.uint8], dict[bytes, str]] | None,
    new: LabelledPictures | None,
    seed: int,
    most: int,
    say: Callable[[str], None],
) -> tuple[LabelledPictures, list[int], list[str]] | None:
    """Choose from the pictures of a run; None where they are the new ones themselves."""
    if not run.asked.source:
        return _known_by_recipe(run.recipe, seed, most, say)
    if new is not None and run.asked.source_at and Path(run.asked.source_at) == Path(new.where).resolve():
        return None
    place = run.asked.source_at or run.asked.source
    one = open_one_sign(place) if run.asked.from_at and run.recipe.task == "label" else None
    source = one or open_asked(place, run.recipe, say)
    if known is None:
        return _chosen_by_split(source, run.recipe, seed, most, say)
    # The record is of the run's own source first; behind it stand those that it rehearsed itself.
    parts = known[1][: len(source)]
    found = _chosen(source, [np.flatnonzero(parts == code) for code in (1, 2)], seed, most)
    if all(_digest(source, i) == known[0][i].tobytes() for i in found[1]):
        return found
    # Files were added, renamed or changed since: each picture is known by what it shows, not by its place.
    say(f"old pictures: {source.where} is not as the old run had it; its pictures are looked up one by one")
    named = [known[2].get(digest.tobytes(), "") for digest in audit(source, progress=False).digests]
    places = [np.array([i for i, part in enumerate(named) if part == code], np.int64) for code in _CODES[1:3]]
    return _chosen(source, places, seed, most)


def _digest(source: LabelledPictures, i: int) -> bytes:
    """Name a picture as the record does; empty for one that cannot be opened."""
    try:
        return digest_of(source.picture(i))
    except PictureError:
        return b""


def _known_by_card(
    card: Card, seed: int, most: int, say: Callable[[str], None]
) -> tuple[LabelledPictures, list[int], list[str]] | None:
    """Choose from what a reader without its folder is known to have learned from; None where that is not known."""
    recipe = recipe_from_dict(card.recipe, where=card.name)
    if card.data.get("form") == "painted pictures" or recipe.data.source:
        return _known_by_recipe(recipe, seed, most, say, like=card)
    return None


def _known_by_recipe(
    recipe: Recipe, seed: int, most: int, say: Callable[[str], None], like: Card | None = None
) -> tuple[LabelledPictures, list[int], list[str]] | None:
    if recipe.synth.kind:
        judged = min(JUDGED, most)
        painted = replace(
            recipe,
            seed=recipe.seed + _ANOTHER_SEED + seed,
            synth=replace(recipe.synth, pictures=most + judged),
        )
        source = open_asked("", painted, say)
        return source, list(range(len(source))), ["train"] * most + ["validation"] * (len(source) - most)
    if not recipe.data.source or not (cache_folder() / recipe.data.source).is_dir():
        return None  # published, but not on this machine: nothing is fetched that nobody asked for
    source = open_asked("", recipe, say)
    if like is not None and not set(like.alphabet) <= set(source.labels):
        return None  # the recipe's own pictures, but the reader learned other ones
    return _chosen_by_split(source, recipe, seed, most, say)


def _chosen_by_split(
    source: LabelledPictures, recipe: Recipe, seed: int, most: int, say: Callable[[str], None]
) -> tuple[LabelledPictures, list[int], list[str]]:
    """Divide the pictures again as the old run did; the same pictures, shares and seed give the same parts."""
    say(f"old pictures: {len(source):,} of {source.where}, divided again as the old run did")
    data = recipe.data
    split = split_samples(
        audit(source),
        source,
        validation=data.validation,
        test=data.test,
        group=data.group,
        seed=recipe.seed,
        texts=recipe.task == "text",
    )
    return _chosen(source, [split.train, split.validation], seed, most)


def _chosen(
    source: LabelledPictures, parts: Sequence[NDArray[np.int64]], seed: int, most: int
) -> tuple[LabelledPictures, list[int], list[str]]:
    learned = _spread(source, parts[0], most, seed)
    judged = _spread(source, parts[1], JUDGED, seed)
    return source, learned + judged, ["train"] * len(learned) + ["validation"] * len(judged)


def _spread(source: LabelledPictures, indices: NDArray[np.int64], most: int, seed: int) -> list[int]:
    """Choose up to ``most``, in turns over the labels, so that rare ones are rehearsed too."""
    if len(indices) <= most:
        return [int(i) for i in indices]
    shuffled = np.random.default_rng([abs(seed), 13]).permutation(indices).tolist()
    turns: dict[str, int] = defaultdict(int)
    ranked = []
    for i in shuffled:
        label = source.labels[i]
        ranked.append((turns[label], i))
        turns[label] += 1
    ranked.sort(key=lambda entry: entry[0])
    return sorted(i for _, i in ranked[:most])


def _hold_back(
    found: tuple[LabelledPictures, list[int], list[str]],
    before: dict[bytes, str],
    seed: int,
    *,
    texts: bool,
) -> None:
    """Let one in so many pictures of each label judge instead of being learned again; of texts, one in so many of all.

    They are settled so by their digest too: a second copy is not learned either.
    """
    source, indices, parts = found
    for place in _one_in_so_many(["" if texts else source.labels[i] for i in indices], seed):
        parts[place] = "validation"
        before[_digest(source, indices[place])] = "validation"


def _one_in_so_many(labels: Sequence[str], seed: int) -> list[int]:
    """Choose the places of those that judge, the same share of every label."""
    by_label: dict[str, list[int]] = defaultdict(list)
    for place in np.random.default_rng([abs(seed), 17]).permutation(len(labels)).tolist():
        by_label[labels[place]].append(place)
    return [place for places in by_label.values() for place in places[: len(places) // _HELD_BACK]]


def _mean(counts: Counter[str]) -> float:
    return sum(counts.values()) / max(1, len(counts))
