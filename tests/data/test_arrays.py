"""IDX, NPZ, HDF5 of others and CIFAR-10 batches: recognised by what they are, refused when they lie."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from glyphsmith.data.audit import audit
from glyphsmith.data.cifar import RECORD_BYTES
from glyphsmith.data.source import open_source
from glyphsmith.data.split import split_samples
from glyphsmith.errors import DataError
from tests.data.small_sets import glyph, idx

PICTURES = np.stack([glyph(k % 3, k) for k in range(12)])
LABELS = np.arange(12) % 3


def mnist_like(root: Path, *, packed: bool = True) -> Path:
    root.mkdir(exist_ok=True)
    end = ".gz" if packed else ""
    for part, rows in (("train", slice(0, 8)), ("t10k", slice(8, 12))):
        (root / f"{part}-images-idx3-ubyte{end}").write_bytes(idx(PICTURES[rows], packed=packed))
        (root / f"{part}-labels-idx1-ubyte{end}").write_bytes(idx(LABELS[rows], packed=packed))
    return root


@pytest.mark.parametrize("packed", [True, False])
def test_idx_files_in_a_folder_give_pictures_and_split(tmp_path: Path, packed: bool) -> None:
    opened = open_source(mnist_like(tmp_path, packed=packed))
    assert opened.labels == [str(k) for k in LABELS]
    assert [opened.sample(i).part for i in (0, 7, 8, 11)] == ["train", "train", "test", "test"]
    assert opened.sample(9).name == "t10k-images-idx3-ubyte#1"
    for i in range(12):
        assert (opened.picture(i)[:, :, 0] == PICTURES[i]).all()


def test_packed_and_unpacked_side_by_side_count_once(tmp_path: Path) -> None:
    mnist_like(tmp_path, packed=True)
    mnist_like(tmp_path, packed=False)
    assert len(open_source(tmp_path)) == 12


def test_one_images_file_finds_its_labels(tmp_path: Path) -> None:
    mnist_like(tmp_path)
    assert len(open_source(tmp_path / "t10k-images-idx3-ubyte.gz")) == 4
    with pytest.raises(DataError, match="holds labels, not pictures"):
        open_source(tmp_path / "t10k-labels-idx1-ubyte.gz")
    (tmp_path / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataError, match="is not beside it"):
        open_source(tmp_path / "t10k-images-idx3-ubyte.gz")


@pytest.mark.parametrize(
    ("name", "change", "told"),
    [
        ("train-images-idx3-ubyte", lambda data: data[:-5], "cut off"),
        ("train-images-idx3-ubyte", lambda data: data + b"more", "holds more than"),
        ("train-images-idx3-ubyte", lambda data: b"\0\0\x07\x03" + data[4:], "not an IDX file"),
        ("train-images-idx3-ubyte", lambda data: b"\0\0\x08\x03" + b"\xff" * 12, "no set of pictures"),
        ("train-images-idx3-ubyte", lambda data: data[:9], "cut off"),
        ("train-labels-idx1-ubyte", lambda data: idx(np.arange(3)), "8 pictures, but"),
        ("train-images-idx3-ubyte", lambda data: gzip.compress(data)[:-20], "damaged or cut off"),
    ],
)
def test_damaged_idx_files_are_refused(tmp_path: Path, name: str, change, told: str) -> None:
    path = mnist_like(tmp_path, packed=False) / name
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(DataError, match=told):
        open_source(tmp_path)


@pytest.mark.parametrize(
    "arrays",
    [
        {"x_train": PICTURES[:8], "y_train": LABELS[:8], "x_test": PICTURES[8:], "y_test": LABELS[8:]},
        {"images": PICTURES, "labels": LABELS.astype(str)},
        {"data": PICTURES.reshape(12, -1), "target": LABELS},
        {"X": PICTURES / 255.0, "y": np.eye(3)[LABELS]},
        {"images": PICTURES[..., None].astype(np.float32), "labels": LABELS[:, None].astype(np.float32)},
        {"images": np.repeat(PICTURES[:, None], 3, axis=1), "labels": LABELS},
        {"images": PICTURES.astype(np.uint16) * 257, "labels": LABELS},
    ],
)
def test_arrays_by_name_in_npz_and_hdf5(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    np.savez_compressed(tmp_path / "a.npz", **arrays)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for key, array in arrays.items():
            data = array.astype(object) if array.dtype.kind == "U" else array
            file.create_dataset(f"set/{key}", data=data, dtype=h5py.string_dtype() if array.dtype.kind == "U" else None)
    for name in ("a.npz", "a.h5"):
        opened = open_source(tmp_path / name)
        assert opened.labels == [str(k) for k in LABELS]
        assert opened.parts is None or [opened.sample(i).part for i in (0, 11)] == ["train", "test"]
        for i in (0, 5, 11):
            assert np.abs(opened.picture(i)[:, :, 0].astype(int) - PICTURES[i]).max() <= 1


def test_class_names_replace_numbers(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", images=PICTURES, labels=LABELS, class_names=np.array(["cat", "dog", "ᚠ"]))
    assert open_source(tmp_path / "a.npz").labels[:3] == ["cat", "dog", "ᚠ"]


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        ({"images": PICTURES}, "no pair of pictures and labels"),
        ({"images": PICTURES, "labels": LABELS[:5]}, "12 entries, but labels has 5"),
        ({"images": PICTURES, "labels": np.array([{}] * 12, dtype=object)}, "can run code"),
        ({"images": PICTURES * 1.0 - 500.0, "labels": LABELS}, "no pixels"),
        ({"images": np.full((12, 4, 4), np.nan), "labels": LABELS}, "not finite"),
        ({"images": PICTURES, "labels": LABELS + 0.5}, "broken numbers"),
        ({"images": np.zeros((12, 7)), "labels": LABELS}, "no square pictures"),
        ({"images": np.zeros((0, 4, 4), np.uint8), "labels": np.zeros(0, int)}, "holds no picture"),
        ({"images": PICTURES, "labels": LABELS, "images2": PICTURES, "labels2": LABELS}, "several pairs"),
    ],
)
def test_arrays_that_cannot_be_labelled_pictures_are_refused(
    tmp_path: Path, arrays: dict[str, np.ndarray], told: str
) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError, match=told):
        open_source(tmp_path / "a.npz")


@pytest.mark.parametrize("name", ["a.npz", "a.h5"])
def test_cut_off_array_files_are_refused(tmp_path: Path, name: str) -> None:
    if name == "a.npz":
        np.savez(tmp_path / name, images=PICTURES, labels=LABELS)
    else:
        with h5py.File(tmp_path / name, "w") as file:
            file["images"], file["labels"] = PICTURES, LABELS
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="damaged"):
        open_source(tmp_path / name)


def test_cifar_batches_with_their_split(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
    record = np.concatenate([[6], picture.transpose(2, 0, 1).ravel()]).astype(np.uint8).tobytes()
    for name in ("data_batch_1.bin", "data_batch_2.bin", "test_batch.bin"):
        (tmp_path / name).write_bytes(record * 2)
    opened = open_source(tmp_path)
    assert opened.labels == ["frog"] * 6
    assert opened.sample(5).part == "test"
    assert (opened.picture(3) == picture).all()
    (tmp_path / "data_batch_1.bin").write_bytes(record[:-1])
    with pytest.raises(DataError, match=f"records of {RECORD_BYTES:,}"):
        open_source(tmp_path)


@pytest.mark.parametrize("damage", [b"((((((((", b"[[[[[[[[", bytes([255] * 8)])
def test_a_damaged_head_of_an_array_is_refused(tmp_path: Path, damage: bytes) -> None:
    np.savez(tmp_path / "a.npz", images=PICTURES, labels=LABELS)
    with zipfile.ZipFile(tmp_path / "b.npz", "w") as archive, zipfile.ZipFile(tmp_path / "a.npz") as sound:
        for name in sound.namelist():
            archive.writestr(name, sound.read(name).replace(b"{'descr'", damage, 1))
    with pytest.raises(DataError, match="damaged"):
        open_source(tmp_path / "b.npz")


@pytest.mark.parametrize("suffix", ["npz", "h5", "zip"])
def test_pictures_with_an_empty_label_are_left_out_and_said(tmp_path: Path, suffix: str) -> None:
    pictures = np.stack([glyph(k % 3, k) for k in range(30)])
    answers = ["", "a", " ", "b", "a", "b"] * 5
    path = tmp_path / f"a.{suffix}"
    if suffix == "npz":
        np.savez(path, images=pictures, labels=np.array(answers))
    else:
        with h5py.File(path, "w") as file:
            file["images"] = pictures
            file.create_dataset("labels", data=answers, dtype=h5py.string_dtype())
    if suffix == "zip":
        path.rename(tmp_path / "a.h5")
        with zipfile.ZipFile(path, "w") as archive:
            archive.write(tmp_path / "a.h5", "a.h5")
    opened = open_source(path)
    kept = [i for i in range(30) if answers[i].strip()]
    assert opened.labels == [answers[i] for i in kept]
    assert opened.sample(0).name.endswith("#1")
    assert all((opened.picture(k)[..., 0] == pictures[i]).all() for k, i in enumerate(kept))
    block = opened.block(3, 9)
    assert block is not None
    assert (block == pictures[kept[3:9]]).all()
    checked = audit(opened, progress=False)
    found = [finding for finding in checked.findings if "10 pictures without a label" in finding.text]
    assert found[0].level == "warning"
    assert "" not in checked.labels


def test_labels_that_are_all_empty_are_one_error(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", images=np.stack([glyph(0, k) for k in range(3)]), labels=np.array([""] * 3))
    with pytest.raises(DataError, match="none of its 3 pictures has a label"):
        open_source(tmp_path / "a.npz")


def test_a_block_with_wide_gaps_is_not_read_whole(tmp_path: Path) -> None:
    pictures = np.stack([glyph(0, k) for k in range(30)])
    np.savez(tmp_path / "a.npz", images=pictures, labels=np.array(["a", *[""] * 28, "b"]))
    opened = open_source(tmp_path / "a.npz")
    assert opened.block(0, 2) is None
    assert audit(opened, progress=False).readable.all()


def test_arrays_named_test_beside_others_of_no_part_are_held_out(tmp_path: Path) -> None:
    arrays = {"images": PICTURES[:8], "labels": LABELS[:8], "images_test": PICTURES[8:], "labels_test": LABELS[8:]}
    np.savez(tmp_path / "a.npz", **arrays)
    opened = open_source(tmp_path / "a.npz")
    assert opened.parts == [None] * 8 + ["test"] * 4
    split = split_samples(audit(opened, progress=False), opened, validation=0.0)
    assert split.test.tolist() == [8, 9, 10, 11]


def test_what_an_hdf5_file_claims_or_borrows_is_looked_at_before_it_is_read(tmp_path: Path) -> None:
    """A file of a kilobyte can claim any shape, and take its bytes from any other file."""
    with h5py.File(tmp_path / "many.h5", "w") as file:
        file.create_dataset("images", (10**11, 4, 4), "u1", chunks=(4096, 4, 4))
        file.create_dataset("labels", (10**11,), "u1", chunks=(4096,))
    with h5py.File(tmp_path / "large.h5", "w") as file:
        file.create_dataset("images", (4, 60_000, 60_000), "u1", chunks=(1, 1000, 1000))
        file["labels"] = np.array([0, 1, 0, 1])
    (tmp_path / "secret.txt").write_bytes(b"S" * 256)
    with h5py.File(tmp_path / "borrowed.h5", "w") as file:
        file.create_dataset("images", (4, 8, 8), "u1", external=[(str(tmp_path / "secret.txt"), 0, 256)])
        file["labels"] = np.array([0, 1, 0, 1])
    for name, said in (
        ("many", "100,000,000,000 pictures, the limit"),
        ("large", "pictures of 60000 x 60000 pixels, the limit"),
        ("borrowed", "images lies in another file"),
    ):
        with pytest.raises(DataError, match=said):
            open_source(tmp_path / f"{name}.h5")


def test_a_label_with_a_zero_byte_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", images=PICTURES, labels=np.array(["a\0b", "c", "d"] * 4))
    with pytest.raises(DataError, match="a label holds a zero byte"):
        open_source(tmp_path / "a.npz")
