"""Folders, names and tables: what is recognised, what is left out, and what is said."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from glyphsmith.data.audit import audit
from glyphsmith.data.source import open_source
from glyphsmith.errors import DataError, PictureError
from tests.data.small_sets import folder_a_class, glyph, png, write


def labels(path: Path, **options: str) -> list[str]:
    opened = open_source(path, **options)
    return [opened.sample(i).label for i in range(len(opened))]


def test_an_empty_folder_is_said_to_be_empty(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the folder is empty"):
        open_source(tmp_path)


def test_a_folder_of_other_files_lists_what_was_seen(tmp_path: Path) -> None:
    (tmp_path / "notes.docx").write_bytes(b"x")
    (tmp_path / "model.pkl").write_bytes(b"x")
    with pytest.raises(DataError, match=r"2 files \(1 \.pkl, 1 \.docx\)"):
        open_source(tmp_path)


def test_a_wrong_path_gets_the_nearest_name(tmp_path: Path) -> None:
    folder_a_class(tmp_path / "digits")
    with pytest.raises(DataError) as told:
        open_source(tmp_path / "digist")
    assert "digits" in (told.value.hint or "")


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    (tmp_path / "data.pkl").write_bytes(b"\x80\x04.")
    with pytest.raises(DataError, match="can run code"):
        open_source(tmp_path / "data.pkl")


def test_a_single_picture_is_no_set(tmp_path: Path) -> None:
    with pytest.raises(DataError) as told:
        open_source(write(tmp_path / "7.png", glyph(7, 0)))
    assert "glyphsmith read" in (told.value.hint or "")


def test_one_folder_a_class(tmp_path: Path) -> None:
    opened = open_source(folder_a_class(tmp_path / "set", ["0", "ᚠ", "龙"], each=2))
    assert opened.form == "one folder a class"
    assert Counter(opened.labels) == {"0": 2, "ᚠ": 2, "龙": 2}
    assert opened.sample(0).name == "0/000.png"
    assert opened.picture(0).shape == (20, 20, 3)


def test_decomposed_folder_names_are_the_composed_label(tmp_path: Path) -> None:
    folder_a_class(tmp_path, ["e\u0301", "o"], each=1)
    assert set(labels(tmp_path)) == {"\u00e9", "o"}


def test_litter_of_operating_systems_is_not_seen(tmp_path: Path) -> None:
    folder_a_class(tmp_path, ["a", "b"], each=1)
    for name in ("a/._000.png", "__MACOSX/a/000.png", "a/Thumbs.db", ".git/x.png", ".DS_Store"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"litter")
    assert labels(tmp_path) == ["a", "b"]


def test_folders_named_train_and_test_give_the_split(tmp_path: Path) -> None:
    for part in ("train", "Test", "val"):
        folder_a_class(tmp_path / part, ["x", "y"], each=2)
    opened = open_source(tmp_path)
    assert Counter(opened.sample(i).part for i in range(len(opened))) == {"train": 4, "test": 4, "validation": 4}
    assert set(opened.labels) == {"x", "y"}


def test_parts_below_the_classes_give_the_split_too(tmp_path: Path) -> None:
    for label in "xy":
        folder_a_class(tmp_path / label, ["train", "test"], each=1)
    opened = open_source(tmp_path)
    assert set(opened.labels) == {"x", "y"}
    assert Counter(opened.parts or []) == {"train": 2, "test": 2}


def test_a_lone_train_folder_is_no_split(tmp_path: Path) -> None:
    folder_a_class(tmp_path / "train", ["x", "y"], each=1)
    opened = open_source(tmp_path)
    assert set(opened.labels) == {"x", "y"}
    assert opened.parts is None


def test_a_class_called_train_among_others_is_a_class(tmp_path: Path) -> None:
    folder_a_class(tmp_path, ["bus", "car", "train"], each=1)
    assert labels(tmp_path) == ["bus", "car", "train"]


def test_pictures_outside_the_class_folders_are_left_out_and_said(tmp_path: Path) -> None:
    folder_a_class(tmp_path, ["a", "b"], each=1)
    write(tmp_path / "cover.png", glyph(5, 0))
    opened = open_source(tmp_path)
    assert len(opened) == 2
    assert any("cover.png" in note for note in opened.notes)


def test_folders_in_folders_are_told_apart_by_their_path(tmp_path: Path) -> None:
    for alphabet in ("latin", "greek"):
        folder_a_class(tmp_path / alphabet, ["01", "02"], each=1)
    assert labels(tmp_path) == ["greek/01", "greek/02", "latin/01", "latin/02"]


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("7_anything.png", "7"),
        ("ᚠ_03.png", "ᚠ"),
        ("A7Q2.png", "A7Q2"),
        ("A7Q2_12.png", "A7Q2"),
        ("A7Q2 (2).png", "A7Q2"),
        ("1.5_a.PNG", "1.5"),
        ("e\u0301_1.png", "\u00e9"),
    ],
)
def test_labels_in_file_names(tmp_path: Path, name: str, label: str) -> None:
    write(tmp_path / name, glyph(1, 0))
    write(tmp_path / "other_1.png", glyph(2, 0))
    assert label in labels(tmp_path)
    assert open_source(tmp_path).form == "label in the file name"


def test_names_without_a_label_before_the_underline_are_left_out(tmp_path: Path) -> None:
    for name in ("_a.png", "7_a.png"):
        write(tmp_path / name, glyph(1, 0))
    opened = open_source(tmp_path)
    assert opened.labels == ["7"]
    assert any("_a.png" in note for note in opened.notes)


@pytest.mark.parametrize(
    "names",
    [
        [f"IMG_{k:04d}.jpg" for k in range(12)],
        [f"{k:05d}.png" for k in range(30)],
        [f"{k:032x}.png" for k in range(1 << 80, (1 << 80) + 5)],
        [f"scan{k}.png" for k in range(5)],
    ],
)
def test_names_that_are_no_labels_are_refused(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        write(tmp_path / name, glyph(1, 0))
    with pytest.raises(DataError, match="nothing tells their labels") as told:
        open_source(tmp_path)
    assert "labels.csv" in (told.value.hint or "")


def test_masks_beside_images_are_not_taken_for_classes(tmp_path: Path) -> None:
    folder_a_class(tmp_path, ["images", "masks"], each=2)
    with pytest.raises(DataError, match="masks"):
        open_source(tmp_path)


def test_a_table_overrules_folders_and_names(tmp_path: Path) -> None:
    folder_a_class(tmp_path, ["a", "b"], each=1)
    (tmp_path / "labels.csv").write_text("file,label\na/000.png,x\nb/000.png,y\n")
    opened = open_source(tmp_path)
    assert (opened.form, opened.labels) == ("a table of labels", ["x", "y"])


@pytest.mark.parametrize(
    "text",
    [
        "file,label\na.png,x\nb.png,y\n",
        "\ufefffile,label\r\na.png,x\r\nb.png,y\r\n",
        "text;filename\nx;a.png\ny;b.png\n",
        "file\tlabel\na.png\tx\nb.png\ty",
        "a.png,x\nb.png,y\n",
        'file,label\n"a.png","x"\n\n./b.png, y \n',
        "file,label\n.\\a.png,x\nb,y\n",
    ],
)
def test_tables_as_people_write_them(tmp_path: Path, text: str) -> None:
    for name in "ab":
        write(tmp_path / f"{name}.png", glyph(ord(name), 0))
    (tmp_path / "labels.csv").write_bytes(text.encode())
    assert labels(tmp_path) == ["x", "y"]
    assert labels(tmp_path / "labels.csv") == ["x", "y"]


def test_a_table_may_be_utf16_as_spreadsheets_write_it(tmp_path: Path) -> None:
    write(tmp_path / "a.png", glyph(1, 0))
    (tmp_path / "labels.csv").write_bytes("file,label\na.png,ᚠ\n".encode("utf-16"))
    assert labels(tmp_path) == ["ᚠ"]


def test_a_table_in_another_code_page_says_the_line(tmp_path: Path) -> None:
    write(tmp_path / "a.png", glyph(1, 0))
    (tmp_path / "labels.csv").write_bytes("file,label\na.png,é\n".encode("latin-1"))
    with pytest.raises(DataError, match="line 2 is not UTF-8"):
        open_source(tmp_path)


def test_further_columns_are_groups_and_a_part_column_is_the_split(tmp_path: Path) -> None:
    for name in "abc":
        write(tmp_path / "images" / f"{name}.png", glyph(ord(name), 0))
    table = "file,label,writer,split\nimages/a.png,x,ann,train\nb.png,y,ben,test\nc.png,y,,val\n"
    (tmp_path / "labels.csv").write_text(table)
    opened = open_source(tmp_path, group="writer")
    assert opened.columns == ("writer",)
    assert [opened.sample(i).group for i in range(3)] == ["ann", "ben", None]
    assert [opened.sample(i).part for i in range(3)] == ["train", "test", "validation"]
    with pytest.raises(DataError) as told:
        open_source(tmp_path, group="person")
    assert "writer" in (told.value.hint or "")


@pytest.mark.parametrize(
    ("word", "part"),
    [
        ("holdout", "test"),
        ("Held-Out", "test"),
        ("held_out", "test"),
        ("eval", "test"),
        ("testing", "test"),
        ("dev", "validation"),
        (" VAL ", "validation"),
    ],
)
def test_a_part_column_knows_what_people_call_held_out_pictures(tmp_path: Path, word: str, part: str) -> None:
    for name in "abc":
        write(tmp_path / f"{name}.png", glyph(ord(name), 0))
    (tmp_path / "labels.csv").write_text(f"file,label,split\na.png,x,training\nb.png,y,{word}\nc.png,y,\n")
    opened = open_source(tmp_path)
    assert [opened.sample(i).part for i in range(3)] == ["train", part, None]


def test_a_word_that_names_no_part_is_one_error_and_no_training_picture(tmp_path: Path) -> None:
    for name in "abc":
        write(tmp_path / f"{name}.png", glyph(ord(name), 0))
    table = "file,label,Split\na.png,x,train\nb.png,y,unseen\nc.png,y,foo\n"
    (tmp_path / "labels.csv").write_text(table)
    with pytest.raises(DataError, match="2 lines have 'foo', 'unseen' in the column Split") as told:
        open_source(tmp_path)
    assert "holdout" in (told.value.hint or "")
    assert open_source(tmp_path, group="Split").parts is None  # grouped by, it may hold anything


def test_a_table_may_name_only_what_is_held_out(tmp_path: Path) -> None:
    for name in "abc":
        write(tmp_path / f"{name}.png", glyph(ord(name), 0))
    (tmp_path / "labels.csv").write_text("file,label,split\na.png,x,\nb.png,y,test\nc.png,y,\n")
    assert open_source(tmp_path).parts == [None, "test", None]


def test_a_group_where_there_is_no_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no column 'writer'"):
        open_source(folder_a_class(tmp_path), group="writer")


def test_rows_that_fit_nothing_are_listed_not_dropped_silently(tmp_path: Path) -> None:
    for name in "ab":
        write(tmp_path / f"{name}.png", glyph(ord(name), 0))
    write(tmp_path / "unused.png", glyph(9, 9))
    (tmp_path / "labels.csv").write_text("file,label\na.png,x\na.png,x\nb.png,\ngone.png,y\n../secret.png,z\n")
    opened = open_source(tmp_path)
    assert opened.labels == ["x", "y", "z"]
    told = " ".join(opened.notes)
    assert "without a file or a label" in told
    assert "same again" in told
    assert "unused.png" in told or "b.png" in told
    assert "outside the folder" in told
    with pytest.raises(PictureError, match=r"gone\.png: no such file, though labels\.csv names it"):
        opened.picture(1)
    with pytest.raises(PictureError):
        opened.picture(2)


def test_a_table_that_names_only_missing_files_is_one_error(tmp_path: Path) -> None:
    write(tmp_path / "a.png", glyph(1, 0))
    (tmp_path / "labels.csv").write_text("file,label\nq.png,x\nr.png,y\n")
    with pytest.raises(DataError, match="none of the 2 files"):
        open_source(tmp_path)


def test_tables_in_folders_named_by_part_give_the_split(tmp_path: Path) -> None:
    for part in ("train", "test"):
        write(tmp_path / part / "a.png", glyph(len(part), 0))
        (tmp_path / part / "labels.csv").write_text("file,label\na.png,x\n")
    opened = open_source(tmp_path)
    assert [opened.sample(i).part for i in range(2)] == ["test", "train"]


def test_a_list_of_names_and_labels(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(tmp_path / "images" / f"{name}.png", glyph(ord(name), 0))
    (tmp_path / "labels.txt").write_text("a.png TOTAL 12\nimages/b.png\tTHANK YOU\n")
    assert labels(tmp_path) == ["TOTAL 12", "THANK YOU"]


@pytest.mark.parametrize("text", ["0.png,a\nb c.png, x y\n", "0.png;a\nb c.png;x y", "0.png,a\nb c.png\tx y\n"])
def test_a_list_may_part_names_and_labels_by_commas(tmp_path: Path, text: str) -> None:
    for name in ("0", "b c"):
        write(tmp_path / f"{name}.png", glyph(ord(name[0]), 0))
    (tmp_path / "labels.txt").write_text(text)
    opened = open_source(tmp_path)
    assert [(opened.sample(i).name, opened.sample(i).label) for i in range(2)] == [("0.png", "a"), ("b c.png", "x y")]


def test_labels_with_commas_are_labels_where_no_picture_has_such_a_name(tmp_path: Path) -> None:
    for k in range(2):
        write(tmp_path / f"{k}.png", glyph(k, 0))
    (tmp_path / "labels.txt").write_text("1,5\n2.png,7\n")
    assert labels(tmp_path) == ["1,5", "2.png,7"]


def test_a_value_that_its_expression_has_not_is_a_warning(tmp_path: Path) -> None:
    lines = ["(3-7)+5 99", "2*3+4 10", "1/3 0.33", "7/2 = 7/2", "流=42;流+1 43", "1/0 5", "2+2"]
    for k in range(len(lines)):
        write(tmp_path / f"{k}.png", glyph(k, 0))
    (tmp_path / "labels.txt").write_text("\n".join(lines), encoding="utf-8")
    opened = open_source(tmp_path)
    told = [note for note in opened.notes if note.startswith("doubtful")]
    assert "1 labels" in told[0]
    assert "0.png: '(3-7)+5 99'" in told[0]
    found = [finding for finding in audit(opened, progress=False).findings if finding.text == told[0]]
    assert found[0].level == "warning"


def test_a_list_in_the_order_of_the_numbers(tmp_path: Path) -> None:
    for k in range(12):
        write(tmp_path / f"{k}.png", glyph(k, 0))
    (tmp_path / "labels.txt").write_text("".join(f"(3-{k})+5 {8 - k}\n" for k in range(12)))
    opened = open_source(tmp_path)
    assert opened.labels[:2] == ["(3-0)+5", "(3-1)+5"]
    assert opened.sample(10).name == "10.png"  # by number, not by spelling
    assert any("values" in note for note in opened.notes)


def test_a_list_without_values_and_from_one_on(tmp_path: Path) -> None:
    for k in range(1, 4):
        write(tmp_path / f"{k}.jpg", glyph(k, 0))
    (tmp_path / "labels.txt").write_text("7\n8\n9\n\n")
    opened = open_source(tmp_path)
    assert [(opened.sample(i).name, opened.sample(i).label) for i in range(3)] == [
        ("1.jpg", "7"),
        ("2.jpg", "8"),
        ("3.jpg", "9"),
    ]


def test_a_list_shorter_than_the_pictures_is_an_error(tmp_path: Path) -> None:
    for k in range(4):
        write(tmp_path / f"{k}.png", glyph(k, 0))
    (tmp_path / "labels.txt").write_text("7\n8\n")
    with pytest.raises(DataError, match="has 2 lines"):
        open_source(tmp_path)


def test_a_damaged_picture_raises_only_when_it_is_opened(tmp_path: Path) -> None:
    folder_a_class(tmp_path, ["a", "b"], each=1)
    (tmp_path / "a" / "broken.png").write_bytes(png(glyph(1, 1))[:60])
    opened = open_source(tmp_path)
    assert len(opened) == 3
    with pytest.raises(PictureError, match=r"a/broken\.png"):
        opened.picture(1)
    assert isinstance(opened.picture(0), np.ndarray)


def test_a_link_that_leads_upwards_is_not_walked_for_ever(tmp_path: Path) -> None:
    folder_a_class(tmp_path, ["a", "b"], each=1)
    try:
        (tmp_path / "a" / "again").symlink_to(tmp_path, target_is_directory=True)
    except OSError:
        return  # a system without links has nothing to follow
    assert len(open_source(tmp_path)) == 2


def test_links_that_lead_nowhere_are_listed(tmp_path: Path) -> None:
    folder_a_class(tmp_path, ["a", "b"], each=2)
    try:
        (tmp_path / "a" / "gone.png").symlink_to(tmp_path / "nowhere.png")
    except OSError:
        return  # a system without links has none that lead nowhere
    (tmp_path / "b" / "round.PNG").symlink_to(tmp_path / "b" / "round.PNG")
    (tmp_path / "c").symlink_to(tmp_path / "no_folder", target_is_directory=True)
    (tmp_path / "b" / "good.png").symlink_to(tmp_path / "a" / "000.png")
    opened = open_source(tmp_path)
    assert any("1 links that lead nowhere (first: c)" in note for note in opened.notes)
    checked = audit(opened, progress=False)
    assert [name for name, _ in checked.failures] == ["a/gone.png", "b/round.PNG"]
    assert checked.failures[0][1] == "a/gone.png: is a link that leads nowhere"
    assert int(checked.readable.sum()) == 5


def test_pictures_of_kinds_that_are_not_read_are_counted_and_named(tmp_path: Path) -> None:
    folder_a_class(tmp_path, ["a", "b"], each=2)
    for name in ("a/x.heic", "a/y.HEIC", "b/z.svg", "b/notes.doc"):
        (tmp_path / name).write_bytes(b"x")
    told = [note for note in open_source(tmp_path).notes if "not read" in note]
    assert told == [
        "left out: pictures of kinds that are not read: 2 .heic, 1 .svg (first: a/x.heic); export them as JPEG or PNG"
    ]


def test_a_folder_of_nothing_but_such_pictures_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "7_a.heic").write_bytes(b"x")
    with pytest.raises(DataError, match=r"1 \.heic") as told:
        open_source(tmp_path)
    assert "export them as JPEG or PNG" in (told.value.hint or "")


@pytest.mark.parametrize("source", ["set", "./set", "set/labels.csv", "link", "set/../set"])
def test_absolute_names_are_there_however_the_folder_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    monkeypatch.chdir(tmp_path)
    picture = write(tmp_path / "set" / "a.png", glyph(1, 0))
    (tmp_path / "set" / "labels.csv").write_text(f"file,label\n{picture},x\n")
    if source == "link":
        try:
            (tmp_path / "link").symlink_to(tmp_path / "set", target_is_directory=True)
        except OSError:
            return  # a system without links
    opened = open_source(source)
    assert opened.sample(0).name == "a.png"
    assert opened.picture(0).shape == (20, 20, 3)


def test_a_table_in_a_folder_may_name_files_of_another_one_beside_it(tmp_path: Path) -> None:
    write(tmp_path / "imgs" / "a.png", glyph(1, 0))
    write(tmp_path / "imgs" / "b.png", glyph(2, 0))
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "labels.csv").write_text("file,label\n../imgs/a.png,x\n../imgs/b.png,y\n")
    source = open_source(tmp_path)
    assert [source.sample(i).name for i in range(2)] == ["imgs/a.png", "imgs/b.png"]
    assert source.picture(0).shape == source.picture(1).shape


@pytest.mark.parametrize("table", ["labels.csv", "labels.txt"])
def test_a_name_that_leads_out_is_never_opened_and_said_as_it_was_written(tmp_path: Path, table: str) -> None:
    write(tmp_path / "secret.png", glyph(1, 0))
    names = [f"{k}.png" for k in range(4)]
    for k, name in enumerate(names):
        write(tmp_path / "set" / name, glyph(k, 0))
    lines = [*names, "../secret.png"]
    between, head = (",", "file,label\n") if table == "labels.csv" else (" ", "")
    (tmp_path / "set" / table).write_text(head + "".join(f"{name}{between}x\n" for name in lines))
    source = open_source(tmp_path / "set")
    with pytest.raises(PictureError, match=r"\.\./secret\.png: lies outside the folder and is not read"):
        source.picture(4)


def test_a_quotation_mark_that_is_not_closed_is_one_error_with_its_line(tmp_path: Path) -> None:
    for k in range(12):
        write(tmp_path / f"{k}.png", glyph(k % 3, 0))
    rows = [f'{k}.png,"{k}' if k == 4 else f"{k}.png,{k}" for k in range(12)]
    (tmp_path / "labels.csv").write_text("file,label\n" + "\n".join(rows) + "\n")
    with pytest.raises(DataError, match=r"labels\.csv: line 6 opens a quotation mark that is not closed for 8 lines"):
        open_source(tmp_path)
    # What people do write: a mark inside a cell, and a cell of many lines.
    (tmp_path / "labels.csv").write_text('file,label,note\n0.png,say "7",\n1.png,x,"' + "a\n" * 9 + '"\n')
    assert len(open_source(tmp_path)) == 2


def test_files_that_all_lie_outside_are_said_to_lie_outside(tmp_path: Path) -> None:
    outside = write(tmp_path / "pictures" / "a.png", glyph(1, 0))
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "labels.csv").write_text(f"file,label\n{outside},x\n../pictures/a.png,y\n")
    for source in (tmp_path / "set", tmp_path / "set" / "labels.csv"):
        with pytest.raises(DataError, match=r"all 2 files that labels\.csv names lie outside the folder"):
            open_source(source)


def test_one_folder_is_a_class_where_its_pictures_names_say_nothing(tmp_path: Path) -> None:
    """A folder of data is none, nor is one of captchas that are named after their texts, whatever it is called."""
    for place in (
        "seven/7/scan_1.png",
        "seven/7/scan_2.png",
        "texts/t/A7Q2.png",
        "texts/t/B3KX.png",
        "cats/cats/IMG_0001.jpg",
        "cats/cats/IMG_0002.jpg",
    ):
        write(tmp_path / place, glyph(1, 0))
    assert set(open_source(tmp_path / "seven").labels) == {"7"}
    assert set(open_source(tmp_path / "texts").labels) == {"A7Q2", "B3KX"}
    assert set(open_source(tmp_path / "cats").labels) == {"cats"}
    (tmp_path / "cats" / "cats").rename(tmp_path / "cats" / "images")
    with pytest.raises(DataError, match="nothing tells their labels"):
        open_source(tmp_path / "cats")


def test_runs_and_reports_of_ours_below_a_folder_are_left_out(tmp_path: Path) -> None:
    for place in ("d/a/1.png", "d/b/1.png", "d/runs/first/confusion.png", "d/rep/confusion.png"):
        write(tmp_path / place, glyph(1, 0))
    (tmp_path / "d/runs/first/run.json").write_text("{}")
    np.savez(tmp_path / "d/runs/first/parts.npz", digests=np.zeros((2, 16)), parts=np.zeros(2))
    (tmp_path / "d/rep/report.html").write_text("<p>")
    found = open_source(tmp_path / "d")
    assert sorted(found.labels) == ["a", "b"]
    assert "left out: rep, runs/first, runs and reports of Glyphsmith" in found.notes


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_or_device_that_a_table_names_is_no_picture(tmp_path: Path) -> None:
    write(tmp_path / "a.png", glyph(1, 0))
    os.mkfifo(tmp_path / "b.png")
    (tmp_path / "c.png").symlink_to("/dev/zero")
    (tmp_path / "labels.csv").write_text("file,label\na.png,a\nb.png,b\nc.png,c\n")
    found = open_source(tmp_path)
    for i, said in ((1, "empty"), (2, "a pipe or a device")):
        with pytest.raises(PictureError, match=said):
            found.picture(i)
