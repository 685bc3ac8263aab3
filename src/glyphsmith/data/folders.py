"""Labels from folder names and file names: ``7/anything.png``, ``train/7/a.png``, ``7_anything.png``, ``A7Q2.png``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import islice

from glyphsmith.alphabet import normalise_label
from glyphsmith.data.pictures import LabelledPictures, Part, part_of
from glyphsmith.data.tree import FileStore, Tree
from glyphsmith.errors import DataError

__all__ = ["OVERRIDE", "label_in_name", "name_of_file", "open_folders", "why_no_labels"]

#: How a person overrules any guess; a table is looked at before everything else.
OVERRIDE = "a labels.csv with the columns file,label in the folder decides otherwise"

#: What cameras, scanners and programs call their files: such a word is no label.
_CAMERA_WORDS = frozenset(
    {
        "image",
        "images",
        "img",
        "imgs",
        "dsc",
        "dscn",
        "dscf",
        "pxl",
        "photo",
        "picture",
        "pic",
        "scan",
        "scanned",
        "frame",
    }
    | {
        "screenshot",
        "sample",
        "captcha",
        "digit",
        "char",
        "glyph",
        "file",
        "page",
        "crop",
        "untitled",
        "bild",
        "whatsapp",
    }
)
_COPY_NUMBER = re.compile(r"\s*\(\d+\)$")
_HASH = re.compile(r"[0-9a-f]{24,}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def name_of_file(path: str) -> str:
    """Give a file's name without folder and suffix."""
    name = path.rpartition("/")[2]
    stem = name.rpartition(".")[0]
    return stem or name


#: What a folder of pictures of all labels is called.
_NO_CLASS = frozenset(("data", "dataset", "image", "images", "img", "imgs", "photos", "pictures", "samples", "scans"))


def label_in_name(path: str) -> str:
    """Give the label a file name carries: all before the first ``_``, without the `` (2)`` of a copy; may be empty."""
    return labels_in_names([path])[0]


def labels_in_names(paths: Sequence[str]) -> list[str]:
    """Give the labels that file names carry, one after the other; a label that many of them share is found once."""
    known: dict[str, str] = {}
    found = []
    for path in paths:
        name = path.rpartition("/")[2]  # name_of_file, which would be half of the time here
        before = (name.rpartition(".")[0] or name).partition("_")[0]
        label = known.get(before)
        if label is None:
            label = known[before] = normalise_label(_COPY_NUMBER.sub("", before))
        found.append(label)
    return found


def why_no_labels(paths: Sequence[str], labels: Sequence[str] | None = None) -> str | None:
    """Say why file names are no labels (camera names, running numbers, hashes), or None where they may be.

    ``labels`` are those of ``labels_in_names``, where they are known already.
    """
    words: Counter[str] = Counter()
    for label, count in Counter(labels if labels is not None else labels_in_names(paths)).items():
        words[re.split(r"[\s\d\-.(]", label.lower(), maxsplit=1)[0]] += count
    word, often = words.most_common(1)[0]
    if word in _CAMERA_WORDS and often > 0.9 * len(paths):
        return f"they are named like files of a camera or program ({_example(paths)})"
    most = len(paths) - int(0.9 * len(paths))
    if sum(1 for _ in islice((path for path in paths if not _HASH.fullmatch(name_of_file(path))), most)) < most:
        return f"they are hashes or random names ({_example(paths)})"
    stems = map(name_of_file, paths)
    if len(paths) > 10 and all(stem.isascii() and stem.isdecimal() for stem in stems):
        numbers = sorted(int(name_of_file(path)) for path in paths)
        if numbers[0] <= 1 and numbers == list(range(numbers[0], numbers[0] + len(numbers))):
            return f"they count from {numbers[0]} to {numbers[-1]}"
    return None


def _example(paths: Sequence[str]) -> str:
    return paths[0].rpartition("/")[2]


def open_folders(tree: Tree, pictures: Sequence[str], where: str) -> LabelledPictures:
    """Find the labels of ``pictures`` (names in the tree) in their folders or names. Raises DataError."""
    notes: list[str] = []
    holder = [path.rpartition("/")[0] for path in pictures]
    held = Counter(holder)  # few folders hold many pictures, so it is folders that are looked at
    folders = _below_common([folder.split("/") if folder else [] for folder in held])
    part_of_each, folders, said_parts = _take_parts(folders, list(held.values()))
    parts: list[Part] | None = None
    if part_of_each:
        found = dict(zip(held, part_of_each, strict=True))
        parts = [found[folder] for folder in holder]
    label_of = {folder: "/".join(below) for folder, below in zip(held, folders, strict=True)}
    kinds = set(label_of.values())
    if {folder[0].lower() for folder in folders if folder} >= {"images", "masks"}:
        raise DataError(
            f"{where}: images/ beside masks/ is a set of pictures with masks, and this version learns labels and texts",
            hint=OVERRIDE,
        )
    if kinds == {""} and (only := _one_class(pictures, list(held))):
        label_of, kinds = dict.fromkeys(held, only), {only}
        notes.append(f"all pictures lie in {only}/, and their names are no labels: {only!r} is the one label")
    if kinds == {""}:
        return _by_name(tree, pictures, parts, where, said_parts)
    if "" in kinds:
        outside = [path for path, folder in zip(pictures, holder, strict=True) if not label_of[folder]]
        notes.append(f"left out: {len(outside):,} pictures outside the class folders (first: {outside[0]})")
        kinds.discard("")
    keep = [i for i, folder in enumerate(holder) if label_of[folder]]
    names = [pictures[i] for i in keep]
    labels = [label_of[holder[i]] for i in keep]
    if any("/" in kind for kind in kinds):
        nested = next(kind for kind in sorted(kinds) if "/" in kind)
        notes.append(f"folders lie in folders, so the label is the whole path below {where}, for example {nested!r}")
    if _names_tell_more(names, labels):
        notes.append(
            f"file names look like labels too ({_example(names)} in {labels[0]}/); the folders were taken, {OVERRIDE}"
        )
    shown = ", ".join(sorted(kinds)[:4]) + (" ..." if len(kinds) > 4 else "")
    return LabelledPictures(
        form="one folder a class",
        reason=f"the pictures lie in {len(kinds):,} folder{'' if len(kinds) == 1 else 's'} ({shown}){said_parts}",
        where=where,
        store=FileStore(tree, names),
        names=names,
        labels=labels,
        parts=[parts[i] for i in keep] if parts else None,
        notes=notes,
    )


def _one_class(pictures: Sequence[str], folders: Sequence[str]) -> str:
    """Give the name of the one folder that all pictures lie in where it is their label, else "".

    It is where their own names are none; what is named like a label may be one, in a folder of any name.
    """
    name = folders[0].rpartition("/")[2]
    if len(folders) > 1 or not name or part_of(name) or name.lower() in _NO_CLASS:
        return ""
    return normalise_label(name) if why_no_labels(pictures) else ""


def _by_name(
    tree: Tree, pictures: Sequence[str], parts: list[Part] | None, where: str, said_parts: str
) -> LabelledPictures:
    labels = labels_in_names(pictures)
    doubt = why_no_labels(pictures, labels)
    if doubt:
        raise DataError(
            f"{where}: {len(pictures):,} pictures, but nothing tells their labels: {doubt}",
            hint="put them into one folder a class, name them LABEL_anything.png, or add a labels.csv (file,label)",
        )
    keep = [i for i, label in enumerate(labels) if label]
    notes = []
    if len(keep) < len(labels):
        empty = next(path for path, label in zip(pictures, labels, strict=True) if not label)
        notes.append(f"left out: {len(labels) - len(keep):,} pictures whose name has no label (first: {empty})")
    if not keep:
        raise DataError(f"{where}: no file name carries a label (first: {pictures[0]})", hint=OVERRIDE)
    names = [pictures[i] for i in keep]
    cut = next((i for i in keep if "_" in name_of_file(pictures[i])), keep[0])
    rule = "before the first _" if "_" in name_of_file(pictures[cut]) else "without its suffix"
    return LabelledPictures(
        form="label in the file name",
        reason=f"the pictures lie in one folder, and the label is the name {rule}: "
        f"{_example([pictures[cut]])} is {labels[cut]!r}{said_parts}; {OVERRIDE}",
        where=where,
        store=FileStore(tree, names),
        names=names,
        labels=[labels[i] for i in keep],
        parts=[parts[i] for i in keep] if parts else None,
        notes=notes,
    )


def _below_common(folders: list[list[str]]) -> list[list[str]]:
    """Drop the folders that all others lie in: they are where the set lies and tell nothing about a label."""
    depth = 0
    first = min(folders)
    last = max(folders)  # what the least and the greatest share, all between share
    while depth < min(len(first), len(last)) and first[depth] == last[depth]:
        depth += 1
    return [folder[depth:] for folder in folders] if depth else folders


def _take_parts(folders: list[list[str]], held: list[int]) -> tuple[list[Part] | None, list[list[str]], str]:
    """Take ``train/CLASS`` or ``CLASS/train`` apart; only where every picture lies in a part and there are several.

    ``held`` counts the pictures of each folder.
    """
    for at in (0, -1):
        found = [part_of(folder[at]) if folder else None for folder in folders]
        parts = [part for part in found if part is not None]
        if len(parts) == len(folders) and len(set(parts)) > 1:
            rest = [folder[1:] if at == 0 else folder[:-1] for folder in folders]
            named: Counter[Part] = Counter()
            for part, count in zip(parts, held, strict=True):
                named[part] += count
            said = ", ".join(f"{name} {named[name]:,}" for name in ("train", "validation", "test") if name in named)
            return parts, _below_common(rest), f", with the split given by folders ({said})"
    return None, folders, ""


def _names_tell_more(names: Sequence[str], folders: Sequence[str]) -> bool:
    """Say whether each folder holds several labels that other folders hold too, as folders of writers would."""
    if not all("_" in name_of_file(name) for name in names[:50]):
        return False
    by_folder: dict[str, set[str]] = {}
    for label, folder in zip(labels_in_names(names), folders, strict=True):
        by_folder.setdefault(folder, set()).add(label)
    labels = set.union(*by_folder.values())
    repeated = sum(len(found) for found in by_folder.values()) > 1.5 * len(labels)
    return (
        len(by_folder) > 1
        and repeated
        and all(len(found) > 1 for found in by_folder.values())
        and len(labels) > 1
        and len(labels) < 0.5 * len(names)
    )
