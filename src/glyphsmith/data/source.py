"""Open labelled pictures, whatever they come as; the one way in for training, evaluation and ``glyphsmith data``.

What is looked at, in this order: a table (labels.csv, labels.txt), files of arrays (IDX, HDF5, NPZ, CIFAR-10), folders
and names. A table is what a person wrote on purpose, so it overrules every guess.
"""

from __future__ import annotations

import gzip
import posixpath
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from glyphsmith.data.archive import open_archive
from glyphsmith.data.cifar import cifar_files, open_cifar
from glyphsmith.data.folders import OVERRIDE, open_folders
from glyphsmith.data.hdf5 import open_hdf5
from glyphsmith.data.idx import idx_pairs, is_idx, open_idx, partner_of
from glyphsmith.data.lines import open_lines
from glyphsmith.data.npz import open_npz
from glyphsmith.data.pictures import LabelledPictures, Part, Sample, Source, labelled_only, part_of
from glyphsmith.data.table import has_table_header, is_picture_name, open_csv
from glyphsmith.data.tree import Folder, Tree
from glyphsmith.errors import DataError

__all__ = ["LabelledPictures", "Sample", "Source", "open_source", "refuse_overwriting"]

_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
_HDF5 = (".h5", ".hdf5", ".hdf", ".he5")
#: Pictures, or files that may hold them, which are not read; they are no reason to stop, but a person may miss them.
_OTHER_PICTURES = (
    ".heic", ".heif", ".avif", ".jxl", ".jp2", ".svg", ".pdf", ".eps", ".psd", ".xcf", ".dng", ".cr2", ".nef", ".arw",
)  # fmt: skip
_EXPORT = "export them as JPEG or PNG"
_FORMS = (
    "known are: one folder a class, LABEL_anything.png, labels.csv (file,label), labels.txt, IDX, NPZ, HDF5, "
    "and zip or tar.gz of these"
)


def open_source(path: str | Path, *, group: str = "") -> LabelledPictures:
    """Open the labelled pictures at ``path``: a folder, an archive, a table or a file of arrays.

    ``group`` names a column of the table whose values are to be kept together in the split. What was recognised, and
    why, is in ``.form`` and ``.reason``. Raises DataError that says what was seen where nothing fits.
    """
    place = Path(path).expanduser()
    try:
        opened = _open_folder(place, group) if place.is_dir() else _open_file(place, group)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from None
    inputs, opened = opened.inputs, labelled_only(opened)
    opened.inputs = inputs if place.is_dir() else (place, *inputs)
    if group and opened.groups is None:
        raise DataError(
            f"{path}: there is no column {group!r} to keep together, for this is {opened.form}",
            hint="groups come from a further column of labels.csv",
        )
    return opened


def refuse_overwriting(source: Source, target: Path) -> None:
    """Raise DataError where ``target`` is a file that ``source`` was opened from, under whatever name."""
    if not target.exists():
        return
    for path in getattr(source, "inputs", ()):
        if path.exists() and path.samefile(target):
            raise DataError(
                f"{target}: is part of {source.where} itself and would be overwritten",
                hint="name another file to write",
            )


def _open_folder(place: Path, group: str) -> LabelledPictures:
    return _open_tree(Folder(place), str(place), group)


def _open_file(place: Path, group: str) -> LabelledPictures:
    where = str(place)
    if not place.exists():
        raise DataError(f"{where}: no such file or folder", hint=_nearby(place))
    with place.open("rb") as file:
        head = file.read(512)
    suffix = place.suffix.lower()
    if not head:
        raise DataError(f"{where}: the file is empty (0 bytes)")
    if head.startswith(b"\x89HDF\r\n\x1a\n") or suffix in _HDF5:
        return open_hdf5(place, where)
    if head[:2] == b"PK":
        archive = open_archive(place)
        if suffix == ".npz" or (archive.files() and all(name.endswith(".npy") for name in archive.files())):
            with place.open("rb") as file:
                return open_npz(file, where)
        return _open_tree(archive, where, group)
    if suffix in (".csv", ".tsv"):
        return open_csv(Folder(place.parent, scan=False), [(place.name, None)], where, group=group)
    if suffix == ".txt":
        return open_lines(Folder(place.parent), place.name, where)
    if is_idx(_unpacked_head(place, head)):
        return _open_one_idx(place, where)
    if cifar_files([place.name]):
        return open_cifar(Folder(place.parent, scan=False), cifar_files([place.name]), where)
    if where.lower().endswith(_ARCHIVES) or head[257:262] == b"ustar" or head[:2] == b"\x1f\x8b":
        return _open_tree(open_archive(place), where, group)
    raise DataError(f"{where}: {_refused(place)}", hint=_instead(place))


def _refused(place: Path) -> str:
    suffix = place.suffix.lower()
    if is_picture_name(place.name):
        return "is a single picture, not a set of labelled ones"
    if suffix in (".pkl", ".pickle", ".pt", ".pth", ".joblib"):
        return "is a pickle, and loading one can run code, so it is never opened"
    return "not a set of labelled pictures in a form that is known"


def _instead(place: Path) -> str:
    suffix = place.suffix.lower()
    if is_picture_name(place.name):
        return "name the folder it lies in; to read a picture use `glyphsmith read MODEL PICTURE`"
    if suffix in (".7z", ".rar", ".zst"):
        return "unpack it, or pack it as zip or tar.gz"
    return _FORMS


def _nearby(place: Path) -> str | None:
    import difflib

    try:
        there = sorted(entry.name for entry in place.parent.iterdir())
    except OSError:
        return f"there is no folder {place.parent} either"
    close = difflib.get_close_matches(place.name, there, n=1)
    return f"did you mean {place.parent / close[0]}?" if close else None


def _unpacked_head(place: Path, head: bytes) -> bytes:
    if head[:2] != b"\x1f\x8b":
        return head
    try:
        with gzip.open(place) as file:
            return file.read(4)
    except (OSError, EOFError, zlib.error):
        return head


def _open_one_idx(place: Path, where: str) -> LabelledPictures:
    tree = Folder(place.parent, scan=False)
    beside = sorted((entry.name for entry in place.parent.iterdir()), key=lambda name: (name.endswith(".gz"), name))
    labels = partner_of(place.name, beside)
    if labels is None or labels == place.name:
        is_labels = "labels" in place.name.lower()
        raise DataError(
            f"{where}: {'holds labels, not pictures' if is_labels else 'its file of labels is not beside it'}",
            hint=f"expected a pair of files like train-images-idx3-ubyte and train-labels-idx1-ubyte in {place.parent}",
        )
    return open_idx(tree, [(place.name, labels, None)], where)


def _open_tree(tree: Tree, where: str, group: str) -> LabelledPictures:
    opened, read = _recognised(tree, where, group)
    if isinstance(tree, Folder):
        opened.inputs = (*opened.inputs, *(tree.path / name for name in read))
    opened.notes = (*tree.notes, *opened.notes, *_other_pictures(tree.files(), opened.names))
    return opened


def _other_pictures(files: Sequence[str], opened: Sequence[str]) -> list[str]:
    """Say in one line which files are pictures of kinds that are not read; those ``opened`` fail one by one."""
    found = [name for name in files if name[-5:].lower().endswith(_OTHER_PICTURES)]
    known = set(opened) if found else set()
    left_out = [name for name in found if name not in known]
    if not left_out:
        return []
    kinds = Counter(posixpath.splitext(name)[1].lower() for name in left_out)
    seen = ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common(4))
    return [f"left out: pictures of kinds that are not read: {seen} (first: {left_out[0]}); {_EXPORT}"]


def _recognised(tree: Tree, where: str, group: str) -> tuple[LabelledPictures, Sequence[str]]:
    """Find the form of a folder or an archive by the names of its files; and name those that are no pictures."""
    files = tree.files()
    if not files:
        raise DataError(f"{where}: the {'folder' if isinstance(tree, Folder) else 'archive'} is empty", hint=_FORMS)
    pictures = [name for name in files if is_picture_name(name)]
    others = [name for name in files if not is_picture_name(name)] if len(pictures) < len(files) else []
    arrays = _files_of_arrays(others)
    tables = _tables(tree, others, pictures)
    if tables:
        also = f"; {len(tables) - 1} more tables were read with it" if len(tables) > 1 else ""
        if any(name.lower().endswith("labels.txt") for name in others):
            also += "; labels.txt beside it was not looked at"
        return open_csv(tree, tables, where, group=group, why=also), [name for name, _ in tables]
    lines = [name for name in others if name.rpartition("/")[2].lower() == "labels.txt" and name.count("/") <= 1]
    if len(lines) > 1:
        raise DataError(
            f"{where}: several lists of labels: {', '.join(lines[:6])}", hint="name the folder of one of them"
        )
    if lines and pictures:
        return open_lines(tree, lines[0], where), lines
    opened = _open_arrays(tree, arrays, where) if arrays else None
    if opened is not None:
        if pictures:
            opened.notes += (f"left out: {len(pictures):,} picture files beside {arrays[0]} (first: {pictures[0]})",)
        return opened, arrays
    if pictures:
        return open_folders(tree, pictures, where), []
    packed = [name for name in others if name.lower().endswith(_ARCHIVES)]
    if isinstance(tree, Folder) and packed:
        if len(packed) > 1:
            raise DataError(f"{where}: holds {len(packed)} archives: {', '.join(packed[:6])}", hint="name one of them")
        return _open_file(tree.path / packed[0], group), packed
    kinds = Counter(("." + name.rpartition(".")[2].lower()) if "." in name else "no suffix" for name in files)
    seen = ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common(6))
    hint = f"pictures of these kinds are not read: {_EXPORT}" if set(kinds) & set(_OTHER_PICTURES) else _FORMS
    raise DataError(f"{where}: no labelled pictures among its {len(files):,} files ({seen})", hint=hint)


def _tables(tree: Tree, files: Sequence[str], pictures: Sequence[str]) -> list[tuple[str, Part | None]]:
    """Find the tables: labels.csv at the top, else one folder below, else any csv with a fitting head."""
    named = [name for name in files if name.rpartition("/")[2].lower() in ("labels.csv", "labels.tsv")]
    top = [name for name in named if "/" not in name]
    if top:
        return [(top[0], None)]
    shallow = min((name.count("/") for name in named), default=0)
    named = [name for name in named if name.count("/") == shallow]
    if named:
        parts = [part_of(name.split("/")[-2]) for name in named]
        return list(zip(named, parts if None not in parts else [None] * len(named), strict=True))
    if not pictures:
        return []
    others = [name for name in files if name.lower().endswith((".csv", ".tsv")) and name.count("/") <= 1]
    fitting = [name for name in others if has_table_header(tree, name)]
    if len(fitting) > 1:
        parts = [part_of(name.rpartition("/")[2].rpartition(".")[0]) for name in fitting]
        if None not in parts and len(set(parts)) == len(parts):
            return list(zip(fitting, parts, strict=True))
        raise DataError(
            f"{tree.where}: several tables of labels: {', '.join(fitting[:6])}", hint=f"name one; {OVERRIDE}"
        )
    return [(name, None) for name in fitting]


def _files_of_arrays(files: Sequence[str]) -> list[str]:
    found = [name for pair in idx_pairs(files) for name in pair[:2]]
    found += [name for name, _ in cifar_files(files)]
    found += [name for name in files if name.lower().endswith((*_HDF5, ".npz"))]
    return found


def _open_arrays(tree: Tree, arrays: Sequence[str], where: str) -> LabelledPictures:
    pairs = idx_pairs(arrays)
    if pairs:
        return open_idx(tree, pairs, where)
    batches = cifar_files(arrays)
    if batches:
        return open_cifar(tree, batches, where)
    if len(arrays) > 1:
        raise DataError(f"{where}: several files of arrays: {', '.join(arrays[:6])}", hint="name one of them")
    name = arrays[0]
    if name.lower().endswith(".npz"):
        with tree.open(name) as file:
            return open_npz(file, f"{where}/{name}")
    return open_hdf5(tree.path / name if isinstance(tree, Folder) else tree.open(name), f"{where}/{name}")
