"""Where the cut boxes of photos go: a folder a symbol, and ``labels.csv``, which grows with every photo.

A picture is named by its page, its box and a digest of its photo, so photos never overwrite one another, and a photo
that is cut again is known. So is another photo of the same paper: each of its boxes would be there twice, and one of
the two be learned while the other tells how well.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from glyphsmith.data.naming import folder_names
from glyphsmith.data.sheet import Sheet
from glyphsmith.data.sheet_cut import CutBox, cut_boxes
from glyphsmith.data.sheet_find import flatten_page
from glyphsmith.errors import DataError, PictureError
from glyphsmith.files import atomic_path, write_atomically
from glyphsmith.picture import Picture, load_picture

__all__ = ["Album", "CutPhoto"]

_TABLE = "labels.csv"
_COLUMNS = ("file", "label", "photo", "sheet", "page")
_WRITER = "writer"
_CUT_NAME = re.compile(r"p\d+_b(\d+)_[0-9a-f]+\.png")
#: Two photos of one paper: the ink of their boxes agrees by 0.98 (correlation, median of 67 boxes), that of another
#: hand by 0.49, of the same hand in the next box by 0.52.
_SAME_PAPER, _LEAST_BOXES = 0.85, 3
_INK_PX, _PAPER_PX = 32, 15


@dataclass(frozen=True, slots=True)
class CutPhoto:
    """What became of a photo: its page (from 1), pictures cut by symbol, empty boxes by symbol.

    ``known``: it was cut before, or ``twin`` names another photo of the same paper that was.
    """

    path: str
    page: int
    cut: Counter[str]
    empty: Counter[str]
    known: bool = False
    twin: str = ""


@dataclass
class Album:
    """A folder of cut pictures; ``open`` reads what is there, ``add`` cuts a photo into it."""

    folder: Path
    rows: list[dict[str, str]] = field(default_factory=list)

    @classmethod
    def open(cls, folder: str | Path) -> Album:
        """Open a folder that photos were cut into before, or a new or empty one. Raises DataError for another."""
        place = Path(folder).expanduser()
        if place.exists() and not place.is_dir():
            raise DataError(f"{place}: this is a file", hint="name a folder with --out")
        table = place / _TABLE
        if not table.exists():
            if place.is_dir() and any(not name.name.startswith(".") for name in place.iterdir()):
                raise DataError(
                    f"{place}: holds something that no photo was cut into", hint="name a new folder with --out"
                )
            return cls(place)
        try:
            text = table.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"{table}: cannot be read ({error})") from None
        reader = csv.DictReader(io.StringIO(text, newline=""))
        rows = [{key: value or "" for key, value in row.items() if key} for row in reader]
        # A picture may be deleted by hand: its box was crossed out.
        rows = [row for row in rows if (place / row.get("file", "")).is_file()]
        if not set(_COLUMNS) <= set(reader.fieldnames or ()):
            raise DataError(
                f"{table}: is not the table of cut photos (its columns: {', '.join(reader.fieldnames or ())})",
                hint="name a new folder with --out",
            )
        return cls(place, rows)

    def add(self, path: str | Path, sheet: Sheet, *, writer: str = "") -> CutPhoto:
        """Cut a photo and keep its filled boxes; a photo that is here already, or its paper is, is left as it is.

        The lines of a photo are written last, so what an interruption leaves is written anew next time. Raises
        PictureError where the photo shows no page of the sheet.
        """
        picture = load_picture(path)
        digest = hashlib.blake2b(picture.tobytes(), digest_size=4).hexdigest()
        name = f"{Path(path).stem}-{digest}"
        code = f"{sheet.code:04X}"
        before = [row for row in self.rows if row["photo"].rpartition("-")[2] == digest and row["sheet"] == code]
        if before:
            counts = Counter(row["label"] for row in before)
            return CutPhoto(str(path), int(before[0]["page"] or 0), counts, Counter(), known=True)
        flat = flatten_page(picture, sheet, str(path))
        boxes = cut_boxes(flat, sheet)
        filled = [cut for cut in boxes if not cut.empty]
        if not filled:
            raise PictureError(
                f"{path}: page {flat.page + 1} is seen, but all its {len(boxes)} boxes are empty",
                hint="fill it in with a pen or a soft pencil; the photo may also be too pale or too blurred",
            )
        of_page = [row for row in self.rows if (row["sheet"], row["page"]) == (code, str(flat.page + 1))]
        twin = self._twin(of_page, filled)
        if twin:
            counts = Counter(row["label"] for row in self.rows if row["photo"] == twin)
            return CutPhoto(str(path), flat.page + 1, counts, Counter(), known=True, twin=twin)
        if not self.rows:
            # What says that the folder is ours, should the first photo be interrupted.
            self.folder.mkdir(parents=True, exist_ok=True)
            self._write_table()
        folders = folder_names(sheet.symbols)
        rows = []
        for cut in filled:
            file = f"{folders[cut.box.symbol]}/p{flat.page + 1}_b{cut.box.number + 1:03d}_{digest}.png"
            target = self.folder / file
            target.parent.mkdir(parents=True, exist_ok=True)
            with atomic_path(target) as beside:
                Image.fromarray(cut.picture).save(beside, "PNG")
            row = {
                "file": file,
                "label": cut.box.symbol,
                "photo": name,
                "sheet": code,
                "page": str(flat.page + 1),
            }
            rows.append({**row, _WRITER: writer} if writer else row)
        self.rows += rows
        self._write_table()
        return CutPhoto(
            str(path),
            flat.page + 1,
            Counter(cut.box.symbol for cut in filled),
            Counter(cut.box.symbol for cut in boxes if cut.empty),
        )

    def _twin(self, rows: Sequence[dict[str, str]], filled: Sequence[CutBox]) -> str:
        """Name the photo, among those whose ``rows`` are given, that shows the same paper; empty where none does."""
        fresh = {cut.box.number + 1: _ink(cut.picture) for cut in filled}
        agree: dict[str, list[float]] = defaultdict(list)
        for row in rows:
            named = _CUT_NAME.fullmatch(Path(row["file"]).name)
            if named is not None and int(named[1]) in fresh:
                try:
                    ink = _ink(load_picture(self.folder / row["file"]))
                except PictureError:
                    continue
                agree[row["photo"]].append(float(fresh[int(named[1])] @ ink))
        alike = {photo: float(np.median(found)) for photo, found in agree.items() if len(found) >= _LEAST_BOXES}
        best = max(alike, key=lambda photo: alike[photo], default="")
        return best if best and alike[best] >= _SAME_PAPER else ""

    def pages_of(self, sheet: Sheet) -> set[int]:
        """Give the pages (from 1) of a sheet that have pictures here."""
        code = f"{sheet.code:04X}"
        return {int(row["page"]) for row in self.rows if row["sheet"] == code and row["page"].isdecimal()}

    def counts(self) -> Counter[str]:
        """Give how many pictures each symbol has."""
        return Counter(row["label"] for row in self.rows)

    def _write_table(self) -> None:
        columns: Sequence[str] = list(dict.fromkeys([*_COLUMNS, *(key for row in self.rows for key in row)]))
        table = io.StringIO()
        writer = csv.DictWriter(table, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        write_atomically(self.folder / _TABLE, table.getvalue())


def _ink(picture: Picture) -> NDArray[np.float32]:
    """Give what is written in a box as a vector of length 1 whose mean is 0: (32 * 32,)."""
    import cv2

    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (_INK_PX, _INK_PX), interpolation=cv2.INTER_AREA).astype(np.float32)
    paper = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((_PAPER_PX, _PAPER_PX), np.uint8))
    dark = cv2.GaussianBlur(paper - small, (0, 0), 1.0)
    dark -= dark.mean()
    return np.asarray(dark / max(float(np.linalg.norm(dark)), 1e-6), np.float32).ravel()
