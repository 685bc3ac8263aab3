"""HDF5 of our own: the same pixels, labels and split as the source; all or nothing."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from glyphsmith.data import importing
from glyphsmith.data.importing import import_to_hdf5
from glyphsmith.data.png import plain_png
from glyphsmith.data.source import open_source
from glyphsmith.errors import DataError
from glyphsmith.picture import load_picture
from tests.conftest import run_glyphsmith
from tests.data.small_sets import folder_a_class, glyph, png, write


def same(root: Path, out: Path) -> None:
    plain, stored = open_source(root), open_source(out)
    assert stored.form == "HDF5 of Glyphsmith"
    where = {plain.sample(i).name: i for i in range(len(plain))}
    for i in range(len(stored)):
        k = where[stored.sample(i).name]
        assert stored.sample(i).label == plain.sample(k).label
        assert (stored.picture(i) == plain.picture(k)).all()


def test_small_grey_pictures_are_stored_as_pixels(tmp_path: Path) -> None:
    root = folder_a_class(tmp_path / "set", ["ᚠ", "b"], each=20)
    done = import_to_hdf5(open_source(root), tmp_path / "out.h5", progress=False)
    assert (done.n, done.how) == (40, "grey")
    with h5py.File(tmp_path / "out.h5") as file:
        assert file["pictures"].shape == (40, 20, 20)
        assert file["pictures"].dtype == np.uint8
        assert file["pictures"].chunks is not None
    same(root, tmp_path / "out.h5")
    assert set(open_source(tmp_path / "out.h5").parts or []) == {"train", "validation", "test"}


def test_colour_that_turns_up_late_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "_PROBED", 2)
    root = folder_a_class(tmp_path / "set", ["a", "b"], each=20)
    Image.fromarray(np.dstack([glyph(0, 5), glyph(0, 6), glyph(0, 7)])).save(root / "a" / "007.png")
    assert import_to_hdf5(open_source(root), tmp_path / "out.h5", progress=False).how == "colour"
    same(root, tmp_path / "out.h5")


def test_mixed_sizes_are_stored_as_their_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = folder_a_class(tmp_path / "set", ["a", "b"], each=10)
    write(root / "a" / "wide.png", np.repeat(glyph(0, 50), 2, axis=1))
    (root / "b" / "photo.jpg").write_bytes(png(glyph(1, 50), "JPEG"))
    for probed in (64, 1):
        monkeypatch.setattr(importing, "_PROBED", probed)
        assert import_to_hdf5(open_source(root), tmp_path / "out.h5", progress=False).how == "encoded"
        same(root, tmp_path / "out.h5")


def test_large_pictures_of_one_size_stay_files(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (4, 300, 300, 3), dtype=np.uint8)
    for k, picture in enumerate(noise):
        write(tmp_path / "set" / "ab"[k % 2] / f"{k}.png", picture)
    assert import_to_hdf5(open_source(tmp_path / "set"), tmp_path / "out.h5", progress=False).how == "encoded"
    same(tmp_path / "set", tmp_path / "out.h5")


def test_unreadable_pictures_are_left_out_and_listed(tmp_path: Path) -> None:
    root = folder_a_class(tmp_path / "set", ["a", "b"], each=10)
    (root / "a" / "000.png").write_bytes(b"broken")
    done = import_to_hdf5(open_source(root), tmp_path / "out.h5", progress=False)
    assert done.n == 19
    assert done.audit.failures[0][0] == "a/000.png"
    same(root, tmp_path / "out.h5")


def test_groups_and_a_given_split_travel_along(tmp_path: Path) -> None:
    rows = ["file,label,writer,part"]
    for k in range(12):
        write(tmp_path / "set" / f"{k}.png", glyph(k % 2, k))
        rows.append(f"{k}.png,{'ab'[k % 2]},w{k // 4},{'test' if k >= 8 else 'train'}")
    (tmp_path / "set" / "labels.csv").write_text("\n".join(rows))
    import_to_hdf5(open_source(tmp_path / "set", group="writer"), tmp_path / "out.h5", group="writer", progress=False)
    stored = open_source(tmp_path / "out.h5", group="writer")
    assert Counter(stored.groups or []) == {"w0": 4, "w1": 4, "w2": 4}
    assert [stored.sample(i).part for i in range(8, 12)] == ["test"] * 4


def test_a_validation_part_taken_from_a_given_one_is_written_as_it_is_reported(tmp_path: Path) -> None:
    pictures = np.stack([glyph(k % 3, k) for k in range(30)])
    answers = np.arange(30) % 3
    arrays = {"x_train": pictures[:20], "y_train": answers[:20], "x_test": pictures[20:], "y_test": answers[20:]}
    np.savez(tmp_path / "a.npz", **arrays)
    source = open_source(tmp_path / "a.npz")
    done = import_to_hdf5(source, tmp_path / "out.h5", validation="first:5", progress=False)
    stored = open_source(tmp_path / "out.h5")
    assert [len(part) for part in (done.split.train, done.split.validation, done.split.test)] == [15, 5, 10]
    assert [stored.sample(i).part for i in range(30)] == ["validation"] * 5 + ["train"] * 15 + ["test"] * 10


def test_arrays_are_imported_too(tmp_path: Path) -> None:
    pictures = np.stack([glyph(k % 3, k) for k in range(30)])
    np.savez(tmp_path / "a.npz", images=pictures, labels=np.arange(30) % 3)
    assert import_to_hdf5(open_source(tmp_path / "a.npz"), tmp_path / "out.h5", progress=False).how == "grey"
    same(tmp_path / "a.npz", tmp_path / "out.h5")


def test_nothing_readable_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "set" / "a").mkdir(parents=True)
    (tmp_path / "set" / "a" / "1.png").write_bytes(b"broken")
    (tmp_path / "out.h5").write_bytes(b"what was there before")
    with pytest.raises(DataError, match="none of its 1 pictures"):
        import_to_hdf5(open_source(tmp_path / "set"), tmp_path / "out.h5", progress=False)
    assert (tmp_path / "out.h5").read_bytes() == b"what was there before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.h5", "set"]


@pytest.mark.parametrize("name", ["out.txt", "nowhere/out.h5"])
def test_places_that_cannot_be_written_are_refused(tmp_path: Path, name: str) -> None:
    source = open_source(folder_a_class(tmp_path / "set", ["a", "b"], each=5))
    with pytest.raises(DataError):
        import_to_hdf5(source, tmp_path / name, progress=False)


def test_a_newer_form_is_refused(tmp_path: Path) -> None:
    import_to_hdf5(open_source(folder_a_class(tmp_path / "set", each=5)), tmp_path / "out.h5", progress=False)
    with h5py.File(tmp_path / "out.h5", "a") as file:
        file.attrs["glyphsmith"] = 99
    with pytest.raises(DataError, match="newer Glyphsmith"):
        open_source(tmp_path / "out.h5")


def variants() -> dict[str, bytes]:
    grey = glyph(3, 3)
    colour = np.dstack([grey, grey[::-1], grey.T])
    clear = Image.fromarray(colour).convert("RGBA")
    clear.putalpha(Image.fromarray(grey))
    text = png(grey)
    found = {
        "grey": png(grey),
        "rgb": png(colour),
        "rgb that is grey": png(np.dstack([grey] * 3)),
        "one pixel": png(grey[:1, :1]),
        "rgba": png(np.asarray(clear)),
        "16 bit": png(grey.astype(np.uint16) * 200),
        "damaged data": text[:60] + bytes([text[60] ^ 255]) + text[61:],
        "no end": text[:-12],
        "tail": text + b"tail",
    }
    for name, image in (
        ("palette", Image.fromarray(colour).quantize(8)),
        ("two colours", Image.fromarray(grey).convert("1")),
    ):
        path_less = __import__("io").BytesIO()
        image.save(path_less, "PNG")
        found[name] = path_less.getvalue()
    return found


@pytest.mark.parametrize("name", sorted(variants()))
def test_the_fast_way_gives_the_same_pixels_or_leaves_it_to_pillow(name: str) -> None:
    encoded = variants()[name]
    fast = plain_png(encoded)
    if name in ("grey", "rgb", "one pixel", "tail"):
        assert fast is not None
    if name in ("rgba", "16 bit", "palette", "two colours", "damaged data", "no end"):
        assert fast is None
        return
    assert fast is not None
    expected = load_picture(encoded)
    assert (expected == (fast[:, :, None] if fast.ndim == 2 else fast)).all()


def test_every_cut_of_a_png_is_left_to_pillow() -> None:
    whole = png(glyph(1, 1))
    assert all(plain_png(whole[:size]) is None for size in range(len(whole)))


@pytest.mark.skipif(sys.platform == "win32", reason="a limit on the size of files is POSIX")
@pytest.mark.parametrize("most_kb", [1, 40, 90])
def test_a_disk_that_fills_up_costs_nothing_but_the_import(tmp_path: Path, most_kb: int) -> None:
    import resource

    root = folder_a_class(tmp_path / "set", ["a", "b"], each=150)
    import_to_hdf5(
        open_source(folder_a_class(tmp_path / "old", ["a", "b"], each=10)), tmp_path / "out.h5", progress=False
    )
    before = (tmp_path / "out.h5").read_bytes()

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_kb * 1000, most_kb * 1000))

    ended = run_glyphsmith("data", "import", root, tmp_path / "out.h5", "--json", preexec_fn=limited)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.count("error: ") == 1
    assert "cannot be written" in ended.err
    assert (tmp_path / "out.h5").read_bytes() == before
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["old", "out.h5", "set"]
