"""Pictures through the preparation graph, once, into an array on disk: learning reads from there, memory stays flat.

``run`` calls it for the training and the validation part. The graph is the very one the file will hold; its output is
kept as uint8, which differs from what the file sees by at most 1/510.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from glyphsmith.alphabet import Alphabet
from glyphsmith.data.pictures import Source
from glyphsmith.data.stream import track
from glyphsmith.display import several
from glyphsmith.errors import PictureError, RecipeError
from glyphsmith.files import atomic_path, write_atomically
from glyphsmith.picture import Picture
from glyphsmith.train.plan import seed_of
from glyphsmith.train.recipe import Paint, Recipe

__all__ = ["NOT_TOLD", "Prepared", "PreparesPictures", "prepare_part", "prepare_parts", "prepared_before", "rows_of"]

#: In place of the label of a training picture that shows nothing of it: any label is as right as another.
NOT_TOLD = -1

#: Pictures that one thread takes at a time; those of one size go through the graph together.
_CHUNK = 128


class PreparesPictures(Protocol):
    """The preparation graph as ``runtime.session.Preparer`` runs it."""

    def __call__(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Give float32 (N, C, h, w) in 0..1 of uint8 (N, H, W, 3)."""
        ...

    def stages(self, images: NDArray[np.uint8], names: Sequence[str]) -> list[NDArray[np.float32]]:
        """Give the named stage outputs."""
        ...


@dataclass(frozen=True, slots=True)
class Prepared:
    """Pictures (N, C, h, w), uint8, mapped from disk, with labels (N,), of texts (N, L). ``failed``: not opened.

    Training pictures that show nothing of their label have NOT_TOLD in its place.
    """

    pictures: NDArray[np.uint8]
    labels: NDArray[np.int64]
    failed: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)


def prepare_parts(
    folder: Path,
    source: Source,
    prepare: PreparesPictures,
    recipe: Recipe,
    alphabet: Alphabet,
    labels: Sequence[str],
    digests: NDArray[np.uint8],
    *,
    train: NDArray[np.int64],
    validation: NDArray[np.int64],
    say: Callable[[str], None],
) -> tuple[Prepared, Prepared]:
    """Prepare the training and the validation part (indices of the source) into ``folder / "prepared"``.

    ``labels`` and ``digests`` (N, 16) are those of all pictures of the source. Raises RecipeError where the recipe
    paints what cannot be painted.
    """
    settings, paint = recipe.prepare, recipe.paint
    if settings.colour and (paint.photographed or paint.strokes):
        raise RecipeError(
            "[paint] paints ink, which a colour preparation does not see", hint="--set prepare.colour=false"
        )
    drawable = all(str(digit) in alphabet for digit in range(10))
    if paint.strokes and not drawable:
        raise RecipeError("[paint] strokes draws the digits 0 to 9, which are not all among the labels")
    texts = recipe.task == "text"
    fits = [set(label) <= set(alphabet) if texts else label in alphabet for label in labels]
    known = np.array([i for i in validation.tolist() if fits[i]], dtype=np.int64)
    if len(known) < len(validation):
        left_out = several(len(validation) - len(known), "validation picture")
        say(f"left out: {left_out} with labels that no training picture has")
    unclear = getattr(source, "unclear", frozenset[int]())
    longest = max((len(labels[i]) for i in [*train.tolist(), *known.tolist()]), default=0)
    place = folder / "prepared"
    place.mkdir(exist_ok=True)
    parts = []
    for name, indices in (("train", train), ("validation", known)):
        if texts:
            outputs = rows_of([labels[i] for i in indices.tolist()], alphabet, longest)
        else:
            outputs = np.array([alphabet.index(labels[i]) for i in indices.tolist()], dtype=np.int64)
            if name == "train" and unclear:
                outputs[[i in unclear for i in indices.tolist()]] = NOT_TOLD
        shape = (3 if settings.colour else 1, settings.height_px, settings.width_px)
        what = [asdict(settings), asdict(paint) if name == "train" else {}, recipe.seed]
        key = hashlib.sha256(json.dumps(what).encode())
        for array in (indices, outputs, digests[indices]):
            key.update(np.ascontiguousarray(array).tobytes())
        part = prepare_part(
            source,
            indices,
            outputs,
            prepare,
            shape=shape,
            path=place / f"{name}.npy",
            key=key.hexdigest(),
            paint=paint if name == "train" else None,
            digits=[alphabet.index(str(digit)) for digit in range(10)] if drawable else (),
            glyph_stage="stage_clean" if settings.crop and not settings.colour else "prepared",
            seed=recipe.seed,
        )
        for message in part.failed[:5]:
            say(f"warning: left out: {message}")
        parts.append(part)
    return parts[0], parts[1]


def rows_of(texts: Sequence[str], alphabet: Alphabet, longest: int) -> NDArray[np.int64]:
    """Give texts as rows (N, longest) of label indices, -1 behind the end; raises DataError for a strange label."""
    rows = np.full((len(texts), longest), -1, dtype=np.int64)
    for row, text in zip(rows, texts, strict=True):
        row[: len(text)] = [alphabet.index(sign) for sign in text]
    return rows


def prepare_part(
    source: Source,
    indices: NDArray[np.int64],
    labels: NDArray[np.int64],
    prepare: PreparesPictures,
    *,
    shape: tuple[int, int, int],
    path: Path,
    key: str,
    paint: Paint | None = None,
    digits: Sequence[int] = (),
    glyph_stage: str = "prepared",
    seed: int = 0,
    progress: bool = True,
) -> Prepared:
    """Prepare the pictures ``indices`` (N,) of a source, with ``labels`` (N,), to ``shape`` (C, h, w).

    ``path`` is the .npy file to keep them in; where it holds what ``key`` names, it is used as it is. ``paint`` adds
    copies painted anew (each picture's ``glyph_stage`` as ink) and drawn digits, ``digits`` being the output indices of
    the labels 0 to 9. Pictures that cannot be opened are left out and named.
    """
    note = path.with_suffix(".key")
    held = path.with_suffix(".labels.npy")
    if path.is_file() and held.is_file() and note.is_file() and note.read_text(encoding="utf-8") == key:
        return prepared_before(path)
    # Row r of the result shows picture places[r]; behind the pictures themselves stand their painted copies, a share
    # of them spread evenly over the part, and then the drawn digits.
    whole, rest = divmod(round(paint.photographed * len(indices)) if paint else 0, max(1, len(indices)))
    spread = np.linspace(0, len(indices), rest, endpoint=False).astype(np.int64)
    places = np.concatenate([np.tile(np.arange(len(indices)), 1 + whole), spread])
    drawn = paint.strokes if paint and digits else 0
    total = len(places) + drawn
    # The note goes last and first: no kill can leave arrays that a key wrongly vouches for.
    note.unlink(missing_ok=True)
    failed: list[str] = []
    kept = np.ones(total, dtype=bool)
    every = np.empty((total, *labels.shape[1:]), dtype=np.int64)

    def pictures_of(wanted: range) -> list[tuple[int, Picture]]:
        """Open, or paint, the pictures of some rows: (row, picture)."""
        rows: list[tuple[int, Picture]] = []
        for row in wanted:
            if row >= len(places):
                rows.append((row, _drawn(row, digits, every, seed)))
                continue
            place = int(places[row])
            every[row] = labels[place]
            try:
                picture = source.picture(int(indices[place]))
                if row >= len(indices):
                    ink = prepare.stages(picture[None], [glyph_stage])[0][0, 0]
                    picture = _painted(ink, seed_of(seed, row, 20_000))
                rows.append((row, picture))
            except PictureError as error:
                kept[row] = False
                if row < len(indices):
                    failed.append(error.message)
        return rows

    def chunk(wanted: range, store: NDArray[np.uint8]) -> None:
        by_size: dict[tuple[int, ...], list[tuple[int, Picture]]] = {}
        for row, picture in pictures_of(wanted):
            by_size.setdefault(picture.shape, []).append((row, picture))
        for group in by_size.values():
            # Large photos go one by one: the graph holds several float copies of what it is given.
            size = max(1, min(_CHUNK, 4_000_000 // (group[0][1].shape[0] * group[0][1].shape[1])))
            for begin in range(0, len(group), size):
                part = group[begin : begin + size]
                values = prepare(np.stack([picture for _, picture in part]))
                store[[row for row, _ in part]] = np.rint(values * 255.0).clip(0, 255).astype(np.uint8)

    with atomic_path(path) as beside:
        array = np.lib.format.open_memmap(beside, mode="w+", dtype=np.uint8, shape=(total, *shape))
        for _ in track(lambda wanted: chunk(wanted, array), total, "preparing", progress=progress, size=_CHUNK):
            pass
        if not kept.all():
            _close_gaps(array, kept)
        array.flush()
    with atomic_path(held) as beside, open(beside, "wb") as file:
        np.save(file, every[kept])
    write_atomically(note, key)
    return replace(prepared_before(path), failed=tuple(failed))


def prepared_before(path: Path) -> Prepared:
    """Open what ``prepare_part`` kept under this path."""
    labels = np.load(path.with_suffix(".labels.npy"))
    # An empty array cannot be mapped.
    pictures = np.load(path, mmap_mode="r" if len(labels) else None)
    return Prepared(pictures[: len(labels)], labels)


def _painted(ink: NDArray[np.float32], seed: int) -> Picture:
    from glyphsmith.synth.photographed import photographed

    return photographed(np.rint(ink * 255.0).astype(np.uint8), np.random.default_rng(seed))


def _drawn(row: int, digits: Sequence[int], every: NDArray[np.int64], seed: int) -> Picture:
    from glyphsmith.synth.photographed import photographed
    from glyphsmith.synth.strokes import draw_digit

    rng = np.random.default_rng(seed_of(seed, row, 30_000))
    digit = row % 10
    every[row] = digits[digit]
    return photographed(draw_digit(str(digit), rng), rng)


def _close_gaps(array: NDArray[np.uint8], kept: NDArray[np.bool_]) -> None:
    """Move the kept rows to the front, block by block, so that memory stays flat."""
    rows = np.flatnonzero(kept)
    for begin in range(0, len(rows), 4096):
        part = rows[begin : begin + 4096]
        array[begin : begin + len(part)] = array[part]
