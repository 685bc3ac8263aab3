"""Archives: read in place, never unpacked by a name of theirs, refused when damaged."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from glyphsmith.data import archive as archives
from glyphsmith.data.source import open_source
from glyphsmith.errors import DataError, PictureError
from tests.data.small_sets import folder_a_class, glyph, idx, png


def packed(root: Path, out: Path) -> Path:
    files = sorted(path for path in root.rglob("*") if path.is_file())
    if out.suffix == ".zip":
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in files:
                archive.write(path, path.relative_to(root.parent))
    else:
        mode = {".tar": "w", ".gz": "w:gz", ".tgz": "w:gz", ".bz2": "w:bz2", ".xz": "w:xz"}[out.suffix]
        with tarfile.open(out, mode) as archive:
            for path in files:
                archive.add(path, path.relative_to(root.parent))
    return out


@pytest.mark.parametrize("name", ["set.zip", "set.tar", "set.tar.gz", "set.tgz", "set.tar.bz2", "set.tar.xz"])
def test_an_archive_gives_what_the_folder_gives(tmp_path: Path, name: str) -> None:
    root = folder_a_class(tmp_path / "set", ["ᚠ", "b"], each=3)
    plain, opened = open_source(root), open_source(packed(root, tmp_path / name))
    assert opened.labels == plain.labels
    assert opened.form == plain.form
    for i in range(len(plain)):
        assert (opened.picture(i) == plain.picture(i)).all()


def test_a_folder_with_one_archive_is_the_archive(tmp_path: Path) -> None:
    root = folder_a_class(tmp_path / "set", ["a", "b"], each=1)
    (tmp_path / "shelf").mkdir()
    packed(root, tmp_path / "shelf" / "set.zip")
    assert open_source(tmp_path / "shelf").labels == ["a", "b"]


def test_arrays_and_tables_inside_an_archive(tmp_path: Path) -> None:
    pictures = np.stack([glyph(k, 0) for k in range(4)])
    with zipfile.ZipFile(tmp_path / "arrays.zip", "w") as archive:
        archive.writestr("raw/train-images-idx3-ubyte.gz", idx(pictures, packed=True))
        archive.writestr("raw/train-labels-idx1-ubyte.gz", idx(np.arange(4), packed=True))
    assert open_source(tmp_path / "arrays.zip").labels == ["0", "1", "2", "3"]
    with zipfile.ZipFile(tmp_path / "table.zip", "w") as archive:
        archive.writestr("x/labels.csv", "file,text\na.png,AB\n")
        archive.writestr("x/images/a.png", png(glyph(1, 0)))
    opened = open_source(tmp_path / "table.zip")
    assert opened.labels == ["AB"]
    assert opened.picture(0).shape == (20, 20, 3)


def test_names_that_lead_out_are_left_out_and_nothing_is_written(tmp_path: Path) -> None:
    inside = tmp_path / "in"
    inside.mkdir()
    with zipfile.ZipFile(inside / "evil.zip", "w") as archive:
        archive.writestr("../../escaped.png", png(glyph(1, 0)))
        archive.writestr("/absolute/a.png", png(glyph(1, 1)))
        archive.writestr("other/b.png", png(glyph(2, 0)))
    opened = open_source(inside / "evil.zip")
    assert opened.labels == ["absolute", "other"]
    with tarfile.open(inside / "evil.tar.gz", "w:gz") as archive:
        for name in ("../../escaped.png", "a/1.png", "b/1.png"):
            data = png(glyph(1, len(name)))
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        link = tarfile.TarInfo("a/link.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    opened = open_source(inside / "evil.tar.gz")
    assert opened.labels == ["a", "b"]
    for i in range(2):
        opened.picture(i)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["evil.tar.gz", "evil.zip", "in"]


@pytest.mark.parametrize("name", ["set.zip", "set.tar.gz", "set.tar"])
def test_a_cut_off_archive_is_one_error(tmp_path: Path, name: str) -> None:
    whole = packed(folder_a_class(tmp_path / "set", ["a", "b"], each=5), tmp_path / name)
    whole.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * 0.6) // 512 * 512 - 200])
    with pytest.raises(DataError, match="cut off"):
        open_source(whole)


def test_a_tar_cut_between_two_members_is_noted(tmp_path: Path) -> None:
    whole = packed(folder_a_class(tmp_path / "set", ["a", "b"], each=5), tmp_path / "set.tar")
    assert not open_source(whole).notes
    with tarfile.open(whole) as archive:
        end = archive.getmembers()[6].offset
    whole.write_bytes(whole.read_bytes()[:end])
    opened = open_source(whole)
    assert len(opened) == 6
    assert any("cut off" in note for note in opened.notes)


def test_a_damaged_member_spoils_only_itself(tmp_path: Path) -> None:
    whole = packed(folder_a_class(tmp_path / "set", ["a", "b"], each=2), tmp_path / "set.zip")
    data = bytearray(whole.read_bytes())
    with zipfile.ZipFile(whole) as archive:
        offset = archive.infolist()[0].header_offset
    data[offset + 60 : offset + 80] = bytes(20)
    whole.write_bytes(data)
    opened = open_source(whole)
    with pytest.raises(PictureError):
        opened.picture(0)
    assert opened.picture(3).shape == (20, 20, 3)


def test_a_tar_that_unpacks_without_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_UNPACKED_BYTES", 5_000_000)
    with tarfile.open(tmp_path / "bomb.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("zeros.png")
        member.size = 20_000_000
        archive.addfile(member, io.BytesIO(bytes(member.size)))
    with pytest.raises(DataError, match="no set of pictures"):
        open_source(tmp_path / "bomb.tar.gz")


def test_a_zip_member_that_unpacks_too_large_is_no_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_PICTURE_BYTES", 100_000)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/1.png", bytes(1_000_000))
        archive.writestr("b/1.png", png(glyph(1, 0)))
    opened = open_source(tmp_path / "bomb.zip")
    with pytest.raises(PictureError, match="1,000,000 bytes"):
        opened.picture(0)


def test_a_locked_zip_says_so(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "locked.zip", "w") as archive:
        archive.writestr("a/1.png", png(glyph(1, 0)))
    data = bytearray((tmp_path / "locked.zip").read_bytes())
    for mark, at in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        data[data.index(mark) + at] |= 1
    (tmp_path / "locked.zip").write_bytes(data)
    with pytest.raises(DataError, match="password"):
        open_source(tmp_path / "locked.zip")


@pytest.mark.parametrize("make", [archives.Zip, archives.Tar])
def test_what_is_no_archive_is_refused(tmp_path: Path, make: Callable[[Path], object]) -> None:
    (tmp_path / "x").write_bytes(b"no archive at all" * 100)
    with pytest.raises(DataError, match="damaged"):
        make(tmp_path / "x")


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["twice.zip", "twice.tar"])
def test_files_of_one_name_are_said_to_be_left_out(tmp_path: Path, name: str) -> None:
    members = [("a/1.png", glyph(0, 0)), ("a/1.png", glyph(0, 1)), ("b/1.png", glyph(1, 0)), ("a/./1.png", glyph(0, 2))]
    if name.endswith("zip"):
        with zipfile.ZipFile(tmp_path / name, "w") as packed_zip:
            for member, picture in members:
                packed_zip.writestr(member, png(picture))
    else:
        with tarfile.open(tmp_path / name, "w") as packed_tar:
            for member, picture in members:
                info = tarfile.TarInfo(member)
                info.size = len(png(picture))
                packed_tar.addfile(info, io.BytesIO(png(picture)))
    opened = open_source(tmp_path / name)
    assert len(opened) == 2
    assert (opened.picture(0)[..., 0] == glyph(0, 2)).all()
    assert any("left out: 2 files of the same name" in note and "a/1.png" in note for note in opened.notes)


def test_a_drive_or_a_root_is_no_class(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for k, member in enumerate(["C:\\a\\1.png", "D:/b/1.png", "/c/1.png", "d/1.png", "a:b/1.png"]):
            archive.writestr(member, png(glyph(k, 0)))
    opened = open_source(tmp_path / "set.zip")
    assert opened.labels == ["a", "a:b", "b", "c", "d"]
    assert any("3 names begin at the root of a disk" in note and "C:" in note for note in opened.notes)
