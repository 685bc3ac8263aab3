"""Folds: every picture is held out once, by units that belong together, each label spread evenly."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from glyphsmith.data.audit import audit
from glyphsmith.data.folds import ALWAYS, Folds, divide, divide_new
from glyphsmith.data.likeness import likeness_of
from glyphsmith.data.pictures import LabelledPictures
from glyphsmith.data.source import open_source
from glyphsmith.errors import DataError


def scrawl(path: Path, seed: int) -> Image.Image:
    """Save a picture of a few random strokes, like no other."""
    rng = np.random.default_rng(seed)
    ink = np.full((40, 40), 235.0)
    for _ in range(4):
        (y, x), down = rng.integers(4, 30, 2), bool(rng.integers(2))
        ink[y : y + (12 if down else 3), x : x + (3 if down else 12)] = 30
    image = Image.fromarray((ink + rng.normal(0, 4, ink.shape)).clip(0, 255).astype(np.uint8))
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)
    return image


def folds_of(place: Path, count: int = 5, group: str = "", **how: object) -> tuple[LabelledPictures, Folds]:
    source = open_source(place, group=group)
    checked = audit(source, progress=False)
    return source, divide(checked, source, np.flatnonzero(checked.readable), count, **how)


def fold_of(source: LabelledPictures, folds: Folds) -> dict[str, int]:
    return {source.names[i]: int(k) for i, k in zip(folds.indices, folds.fold, strict=True)}


@pytest.fixture(scope="module")
def runes(tmp_path_factory) -> Path:
    """Three runes of 15 to 18 pictures, some of them with a twin that is rotated by ten degrees."""
    place = tmp_path_factory.mktemp("runes")
    for k, rune in enumerate("ᚠᚢᚦ"):
        for i in range(15 + k):
            image = scrawl(place / f"{rune}_{i:02d}.png", 100 * k + i)
            if i % 3 == 0:
                turned = image.rotate(10, fillcolor=235)
                turned.save(place / f"{rune}_{i:02d}_rot10.png")
            if i % 5 == 0:
                image.rotate(-10, fillcolor=235).save(place / f"{rune}_{i:02d}_-10.png")
                image.point(lambda level: level * 0.8).save(place / f"{rune}_{i + 50:02d}.png")
    return place


def test_a_rotated_twin_never_crosses_a_fold(runes: Path) -> None:
    source, folds = folds_of(runes)
    where = fold_of(source, folds)
    twins = [name for name in where if "_rot10" in name or "_-10" in name]
    assert len(twins) > 20
    for name in twins:
        assert where[name] == where[f"{'_'.join(name.split('_')[:2])}.png"]
    assert "made from one another" in folds.reason


def test_a_darker_copy_never_crosses_a_fold(runes: Path) -> None:
    source, folds = folds_of(runes)
    where = fold_of(source, folds)
    for rune in "ᚠᚢᚦ":
        for i in (0, 5, 10):
            assert where[f"{rune}_{i:02d}.png"] == where[f"{rune}_{i + 50:02d}.png"]


def test_every_picture_is_held_out_once_and_labels_are_spread_evenly(runes: Path) -> None:
    source, folds = folds_of(runes)
    assert sorted(i for k in range(5) for i in folds.held(k)) == list(range(len(source)))
    for rune in "ᚠᚢᚦ":
        counts = Counter(int(k) for i, k in zip(folds.indices, folds.fold, strict=True) if source.labels[i] == rune)
        assert len(counts) == 5
        assert max(counts.values()) - min(counts.values()) <= 4
    train = np.array([0, 0, 1, 2])
    assert set(folds.learned(int(folds.fold[0]), train).tolist()) <= {1, 2}


def test_the_same_data_and_seed_give_the_same_folds_and_another_seed_others(runes: Path) -> None:
    one, again, other = (folds_of(runes, seed=seed)[1] for seed in (0, 0, 1))
    assert np.array_equal(one.fold, again.fold)
    assert not np.array_equal(one.fold, other.fold)


def test_a_writer_never_crosses_a_fold(tmp_path: Path) -> None:
    lines = ["file,label,writer"]
    for writer in range(7):
        for k, label in enumerate("ab"):
            for i in range(3):
                name = f"{label}{writer}{i}.png"
                scrawl(tmp_path / name, 1000 * writer + 10 * k + i)
                lines.append(f"{name},{label},w{writer}")
    (tmp_path / "labels.csv").write_text("\n".join(lines))
    source, folds = folds_of(tmp_path, 3, group="writer")
    by_writer = {
        writer: {k for name, k in fold_of(source, folds).items() if name[1] == str(writer)} for writer in range(7)
    }
    assert all(len(found) == 1 for found in by_writer.values())
    assert folds.grouped
    with pytest.raises(DataError, match="8 folds, but only 7 groups"):
        folds_of(tmp_path, 8, group="writer")


def test_writers_are_found_in_file_names(tmp_path: Path) -> None:
    for label in "ab":
        for writer in range(6):
            scrawl(tmp_path / f"{label}_writer{writer}_x.png", 10 * ord(label) + writer)
    source, folds = folds_of(tmp_path, 3)
    where = fold_of(source, folds)
    assert all(where[f"a_writer{w}_x.png"] == where[f"b_writer{w}_x.png"] for w in range(6))


def test_the_same_number_in_every_label_stays_together(tmp_path: Path) -> None:
    for label in "abc":
        for i in range(12):
            scrawl(tmp_path / label / f"{i:02d}.png", 100 * ord(label) + i)
    source, folds = folds_of(tmp_path, 4)
    where = fold_of(source, folds)
    assert all(len({where[f"{label}/{i:02d}.png"] for label in "abc"}) == 1 for i in range(12))
    assert "same number" in folds.reason


def test_names_that_would_lump_a_label_say_nothing() -> None:
    """Windows numbers pictures as ``rune (1).png``, ``rune (2).png``: they are no copies of a rune.png."""
    names = [f"{label} ({i}).png" for label in "ab" for i in range(5)]
    assert all(found.people for found in likeness_of(names, [name[0] for name in names]))
    assert likeness_of(["7.png", "7_1.png", "7_2.png", "8.png", "8_1.png"], ["7", "7", "7", "8", "8"]) == []


def test_a_label_with_one_picture_is_learned_and_never_scored(runes: Path, tmp_path: Path) -> None:
    for i in range(6):
        scrawl(tmp_path / f"a_x{i}y.png", i)
        scrawl(tmp_path / f"b_x{i}z.png", 50 + i)
    scrawl(tmp_path / "c_only.png", 99)
    source, folds = folds_of(tmp_path, 3)
    assert fold_of(source, folds)["c_only.png"] == ALWAYS
    assert "c: a single picture" in folds.reason
    with pytest.raises(DataError, match="20 folds, but only 13 pictures"):
        folds_of(tmp_path, 20)


def test_a_label_that_groups_keep_in_one_fold_is_not_scored_there(tmp_path: Path) -> None:
    """Whoever reads that fold has not learned the label; the writer's other pictures count."""
    lines = ["file,label,writer"]
    for writer in range(6):
        for label in "ab" + ("c" if writer == 2 else ""):
            for i in range(2):
                name = f"{label}{writer}{i}.png"
                scrawl(tmp_path / name, 1000 * writer + 10 * ord(label) + i)
                lines.append(f"{name},{label},w{writer}")
    (tmp_path / "labels.csv").write_text("\n".join(lines))
    source, folds = folds_of(tmp_path, 3, group="writer")
    scored = {source.names[i] for k in range(3) for i in folds.held(k)}
    assert scored == {line.split(",")[0] for line in lines[1:] if not line.startswith("c")}
    k = fold_of(source, folds)["c20.png"]
    assert not {"c20.png", "c21.png"} & {source.names[i] for i in folds.learned(k, folds.indices)}
    assert folds.reason.endswith("c: all in one fold by their groups, so not scored there")


def test_a_copy_of_a_picture_that_every_fold_learns_is_not_held_out(runes: Path) -> None:
    """Where too few others are left, all are held out, and that the figures are too good is said."""
    source = open_source(runes)
    checked = audit(source, progress=False)
    everything = np.flatnonzero(checked.readable)
    twins = [i for i in everything if int((checked.cluster == checked.cluster[i]).sum()) > 1]
    settled = {int(twins[0]): "train"}
    copies = set(np.flatnonzero(checked.cluster == checked.cluster[twins[0]]).tolist()) - set(settled)
    folds, doubt = divide_new(checked, source, everything, settled, 5)
    assert copies
    assert not doubt
    assert set(folds.indices.tolist()) == set(everything.tolist()) - copies - set(settled)
    _, doubt = divide_new(checked, source, np.array(sorted(copies | set(settled) | {int(everything[-1])})), settled, 2)
    assert doubt.endswith("and too good")
