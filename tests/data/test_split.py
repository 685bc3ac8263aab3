"""The split: stratified, stable, by content, and never through a pair of duplicates or a group."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from glyphsmith.data.audit import audit
from glyphsmith.data.pictures import LabelledPictures
from glyphsmith.data.source import open_source
from glyphsmith.data.split import Split, split_samples
from glyphsmith.errors import DataError
from tests.data.small_sets import folder_a_class, glyph, png, write


def divided(source: LabelledPictures, **options: object) -> Split:
    return split_samples(audit(source, progress=False), source, **options)  # type: ignore[arg-type]


def parts_by_name(source: LabelledPictures, split: Split) -> dict[str, str]:
    return {source.sample(i).name: part for i, part in enumerate(split.part_of_each(len(source)))}


def test_every_picture_is_in_one_part_and_each_label_in_its_share(tmp_path: Path) -> None:
    source = open_source(folder_a_class(tmp_path, each=50))
    split = divided(source, validation=0.2, test=0.1)
    together = np.concatenate([split.train, split.validation, split.test])
    assert sorted(together.tolist()) == list(range(150))
    for indices, share in ((split.test, 5), (split.validation, 10)):
        counts = Counter(source.sample(i).label for i in indices.tolist())
        assert all(abs(counts[label] - share) <= 2 for label in "abc")
    assert "seed 0" in split.reason


def test_small_labels_add_up_to_the_share(tmp_path: Path) -> None:
    source = open_source(folder_a_class(tmp_path, [f"{k}" for k in range(10)], each=6))
    split = divided(source, validation=0.1, test=0.1)
    assert (len(split.test), len(split.validation)) == (6, 6)


def test_the_same_seed_gives_the_same_split_and_another_another(tmp_path: Path) -> None:
    source = open_source(folder_a_class(tmp_path, each=40))
    one, same, other = (divided(source, seed=seed) for seed in (3, 3, 4))
    assert (one.test == same.test).all()
    assert set(one.test.tolist()) != set(other.test.tolist())


def test_names_and_order_of_files_change_nothing(tmp_path: Path) -> None:
    folder_a_class(tmp_path / "one", each=30)
    for label in "abc":
        for number in range(30):
            target = tmp_path / "two" / label / f"{97 * number % 31:03d}_x.png"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(tmp_path / "one" / label / f"{number:03d}.png", target)
    found = []
    for name in ("one", "two"):
        source = open_source(tmp_path / name)
        checked = audit(source, progress=False)
        split = split_samples(checked, source)
        found.append({checked.digests[i].tobytes() for i in split.test.tolist()})
    assert found[0] == found[1]


def test_added_pictures_leave_nearly_all_others_where_they_were(tmp_path: Path) -> None:
    source = open_source(folder_a_class(tmp_path, each=100))
    before = parts_by_name(source, divided(source))
    for k, label in enumerate("abc"):
        for number in range(100, 110):
            write(tmp_path / label / f"{number}.png", glyph(k, number))
    source = open_source(tmp_path)
    after = parts_by_name(source, divided(source))
    moved = [name for name, part in before.items() if after[name] != part]
    assert len(moved) <= 0.03 * len(before)


def test_duplicates_never_straddle(tmp_path: Path) -> None:
    folder_a_class(tmp_path, each=20)
    for k, label in enumerate("abc"):
        for number in range(20):
            write(tmp_path / label / f"{number:03d}_copy.bmp.png", glyph(k, number))
    source = open_source(tmp_path)
    checked = audit(source, progress=False)
    parts = split_samples(checked, source, validation=0.3, test=0.3).part_of_each(len(source))
    for cluster in np.unique(checked.cluster):
        assert len({parts[i] for i in np.flatnonzero(checked.cluster == cluster)}) == 1


def turned(number: int, by: int, k: int) -> np.ndarray:
    return np.asarray(Image.fromarray(glyph(k, number)).rotate(by, Image.Resampling.BICUBIC))


def test_turned_copies_never_straddle_and_the_shares_stay(tmp_path: Path) -> None:
    for k in range(10):
        for number in range(4):
            write(tmp_path / f"{k}_{number:02d}.png", glyph(k, number))
            for by in (-20, -10, 10, 20):
                write(tmp_path / f"{k}_{number:02d}_rot{by}.png", turned(number, by, k))
    source = open_source(tmp_path)
    split = divided(source)
    parts: dict[str, set[str]] = {}
    for name, part in parts_by_name(source, split).items():
        parts.setdefault(name.removesuffix(".png").partition("_rot")[0], set()).add(part)
    assert len(parts) == 40
    assert all(len(found) == 1 for found in parts.values())
    assert 15 <= len(split.test) <= 25
    assert 15 <= len(split.validation) <= 25
    assert "200 pictures that by their names were made from one another" in split.reason


def test_names_that_only_look_like_copies_change_nothing(tmp_path: Path) -> None:
    found = []
    for form in ("{:03d}.png", "image ({}).png", "page1_crop{}.png"):
        root = tmp_path / form[:4]
        for k, label in enumerate("ab"):
            for number in range(30):
                write(root / label / form.format(number), glyph(k, number))
        source = open_source(root)
        checked = audit(source, progress=False)
        test = split_samples(checked, source).test
        found.append({checked.digests[i].tobytes() for i in test.tolist()})
    assert found[0] == found[1] == found[2]


def test_a_turned_copy_of_a_given_test_picture_is_not_learned_from(tmp_path: Path) -> None:
    rows = ["file,label,part"]
    for number in range(20):
        write(tmp_path / f"{number}.png", glyph(number % 2, number))
        rows.append(f"{number}.png,{'ab'[number % 2]},{'test' if number < 4 else 'train'}")
    write(tmp_path / "2_rot10.png", turned(2, 10, 0))
    (tmp_path / "labels.csv").write_text("\n".join([*rows, "2_rot10.png,a,train"]))
    source = open_source(tmp_path)
    assert parts_by_name(source, divided(source))["2_rot10.png"] == ""


def test_groups_never_straddle(tmp_path: Path) -> None:
    rows = ["file,label,writer"]
    for writer in range(12):
        for k, label in enumerate("ab"):
            name = f"w{writer}_{label}.png"
            write(tmp_path / name, glyph(k, writer))
            rows.append(f"{name},{label},writer{writer}")
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    source = open_source(tmp_path, group="writer")
    split = divided(source, validation=0.2, test=0.2, group="writer")
    seen = [{source.sample(i).group for i in part.tolist()} for part in (split.train, split.validation, split.test)]
    assert all(seen)
    assert sum(map(len, seen)) == len(set.union(*seen)) == 12
    assert "whole groups of writer" in split.reason


def test_three_groups_still_give_three_parts(tmp_path: Path) -> None:
    rows = ["file,label,writer"]
    for writer, count in enumerate((30, 6, 4)):
        for number in range(count):
            name = f"{writer}_{number}.png"
            write(tmp_path / name, glyph(number % 2, 100 * writer + number))
            rows.append(f"{name},{'ab'[number % 2]},{writer}")
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    for seed in range(4):
        split = divided(open_source(tmp_path, group="writer"), group="writer", seed=seed)
        assert min(len(split.train), len(split.validation), len(split.test)) > 0
        assert len(split.train) >= len(split.test)


def given(tmp_path: Path) -> Path:
    for part, start, each in (("train", 0, 30), ("test", 100, 8)):
        for k, label in enumerate("ab"):
            for number in range(each):
                write(tmp_path / part / label / f"{number:02d}.png", glyph(k, start + number))
    return tmp_path


def test_a_given_test_part_is_taken_as_it_is_and_its_copies_leave_training(tmp_path: Path) -> None:
    given(tmp_path)
    write(tmp_path / "train" / "a" / "leak.png", glyph(0, 103))
    source = open_source(tmp_path)
    split = divided(source, validation=0.2, test=0.5)
    parts = parts_by_name(source, split)
    assert {name for name, part in parts.items() if part == "test"} == {n for n in parts if n.startswith("test/")}
    assert parts["train/a/leak.png"] == ""
    assert 8 <= len(split.validation) <= 16
    assert "left out" in split.reason
    assert "given by the source" in split.reason


def test_what_a_table_names_as_held_out_is_held_out_though_it_names_nothing_else(tmp_path: Path) -> None:
    rows = ["file,label,split"]
    for k in range(30):
        write(tmp_path / f"{k}.png", glyph(k % 2, k))
        rows.append(f"{k}.png,{'ab'[k % 2]},{'holdout' if k < 6 else ''}")
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    source = open_source(tmp_path)
    split = divided(source, test=0.3)
    assert {source.sample(i).name for i in split.test.tolist()} == {f"{k}.png" for k in range(6)}


def test_the_first_pictures_may_be_the_validation(tmp_path: Path) -> None:
    source = open_source(given(tmp_path))
    split = divided(source, validation="first:10")
    names = [source.sample(i).name for i in range(len(source)) if source.sample(i).part == "train"]
    assert [source.sample(i).name for i in split.validation.tolist()] == names[:10]
    with pytest.raises(DataError, match="first:60"):
        divided(source, validation="first:60")
    for wrong in ("last:5", "first:x", "first:0"):
        with pytest.raises(DataError, match="expected a share or first:N"):
            divided(source, validation=wrong)


def test_a_label_with_one_picture_stays_in_training(tmp_path: Path) -> None:
    folder_a_class(tmp_path, ["a", "b"], each=30)
    write(tmp_path / "rare" / "1.png", glyph(9, 1))
    write(tmp_path / "two" / "1.png", glyph(8, 1))
    write(tmp_path / "two" / "2.png", glyph(8, 2))
    source = open_source(tmp_path)
    for seed in range(5):
        split = divided(source, validation=0.4, test=0.4, seed=seed)
        assert {source.sample(i).label for i in split.train.tolist()} == {"a", "b", "rare", "two"}


def test_four_pictures_still_give_a_validation(tmp_path: Path) -> None:
    source = open_source(folder_a_class(tmp_path, ["a", "b"], each=2))
    split = divided(source, validation=0.1, test=0.1)
    assert len(split.validation) == 1
    assert {source.sample(i).label for i in split.train.tolist()} == {"a", "b"}


def test_texts_are_split_though_each_occurs_once(tmp_path: Path) -> None:
    for k in range(60):
        write(tmp_path / f"T{k:03d}.png", glyph(k % 7, k))
    split = divided(open_source(tmp_path))
    assert 2 <= len(split.test) <= 10
    assert 2 <= len(split.validation) <= 10


def test_unreadable_pictures_are_in_no_part(tmp_path: Path) -> None:
    folder_a_class(tmp_path, each=10)
    (tmp_path / "a" / "broken.png").write_bytes(png(glyph(1, 1))[:50])
    source = open_source(tmp_path)
    split = divided(source)
    assert parts_by_name(source, split)["a/broken.png"] == ""
    assert "1 unreadable" in split.reason


@pytest.mark.parametrize(("validation", "test"), [(0.5, 0.5), (1.0, 0.0), (-0.1, 0.1), (0.1, 1.0), (0.1, 1.5)])
def test_impossible_shares_are_refused(tmp_path: Path, validation: float, test: float) -> None:
    with pytest.raises(
        DataError, match="nothing to learn from" if min(validation, test) >= 0 and test <= 1 else "is no share"
    ):
        divided(open_source(folder_a_class(tmp_path)), validation=validation, test=test)


def test_nothing_readable_is_refused(tmp_path: Path) -> None:
    for label in "ab":
        (tmp_path / label).mkdir()
        (tmp_path / label / "x.png").write_bytes(b"x")
    with pytest.raises(DataError, match="none of its 2 pictures"):
        divided(open_source(tmp_path))


def test_no_test_part_when_none_is_asked_for(tmp_path: Path) -> None:
    split = divided(open_source(folder_a_class(tmp_path)), test=0.0)
    assert len(split.test) == 0
    assert len(split.validation) == 3
