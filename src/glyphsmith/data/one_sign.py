"""A folder with the pictures of one sign, for who adds it to a reader of several; alone it is no set to learn from."""

from __future__ import annotations

from pathlib import Path

from glyphsmith.alphabet import normalise_label
from glyphsmith.data.folders import label_in_name, why_no_labels
from glyphsmith.data.pictures import LabelledPictures
from glyphsmith.data.table import is_picture_name
from glyphsmith.data.tree import FileStore, Folder

__all__ = ["open_one_sign"]


def open_one_sign(path: str | Path) -> LabelledPictures | None:
    """Take the one folder below ``path`` that all pictures lie in for their label, where their names are none.

    None for everything else, which ``open_source`` knows. Raises DataError where the folder cannot be listed.
    """
    place = Path(path).expanduser()
    if not place.is_dir():
        return None
    tree = Folder(place)
    pictures = tree.files()
    if not pictures or not all(is_picture_name(name) for name in pictures):
        return None
    folders = {name.rpartition("/")[0] for name in pictures}
    folder = next(iter(folders))
    if len(folders) > 1 or not folder:
        return None
    alike = len({label_in_name(name) for name in pictures}) <= 0.5 * len(pictures)
    if alike and why_no_labels(pictures) is None:
        return None
    label = folder.rpartition("/")[2]
    return LabelledPictures(
        form="one folder a class",
        reason=f"the pictures lie in one folder ({label}), and their names tell them apart, not their labels",
        where=str(path),
        store=FileStore(tree, pictures),
        names=pictures,
        labels=[normalise_label(label)] * len(pictures),
    )
