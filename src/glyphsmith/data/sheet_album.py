"""Where the cut boxes of photos go: a folder a symbol, and ``labels.csv``, which grows with every photo.

A picture is named by its page, its box and a digest of its photo, so photos never overwrite one another, and a photo
that is cut again is known.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from glyphsmith.data.naming import folder_names
from glyphsmith.data.sheet import Sheet
from glyphsmith.data.sheet_cut import cut_boxes
from glyphsmith.data.sheet_find import flatten_page
from glyphsmith.errors import DataError, PictureError
from glyphsmith.files import atomic_path, write_atomically
from glyphsmith.picture import load_picture

__all__ = ["Album", "CutPhoto"]

_TABLE = "labels.csv"
_COLUMNS = ("file", "label", "photo", "sheet", "page")
_WRITER = "writer"


@dataclass(frozen=True, slots=True)
class CutPhoto:
    """What became of a photo: its page (from 1), pictures cut by symbol, empty boxes by symbol."""

    path: str
    page: int
    cut: Counter[str]
    empty: Counter[str]
    known: bool = False


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
            if place.is_dir() and next((name for name in place.iterdir() if not name.name.startswith(".")), None):
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
        if not set(_COLUMNS) <= set(reader.fieldnames or ()):
            raise DataError(
                f"{table}: is not the table of cut photos (its columns: {', '.join(reader.fieldnames or ())})",
                hint="name a new folder with --out",
            )
        return cls(place, rows)

    def add(self, path: str | Path, sheet: Sheet, *, writer: str = "") -> CutPhoto:
        """Cut a photo and keep its filled boxes; a photo that is here already is left as it is.

        The table is written last, so what an interruption leaves is written anew next time. Raises PictureError where
        the photo shows no page of the sheet.
        """
        picture = load_picture(path)
        digest = hashlib.blake2b(picture.tobytes(), digest_size=4).hexdigest()
        name = f"{Path(path).stem}-{digest}"
        before = [row for row in self.rows if row["photo"].rpartition("-")[2] == digest]
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
                "sheet": f"{sheet.code:04X}",
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
