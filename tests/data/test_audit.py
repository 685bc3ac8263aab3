"""The audit finds what is wrong, and does not call different pictures duplicates."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from glyphsmith.data import stream
from glyphsmith.data.audit import Audit, audit
from glyphsmith.data.likely import candidate_pairs
from glyphsmith.data.measure import digest_of, kind_of
from glyphsmith.data.nearly import are_nearly_same
from glyphsmith.data.source import open_source
from tests.data.small_sets import folder_a_class, glyph, png, write


def audited(path: Path) -> Audit:
    return audit(open_source(path), progress=False)


def said(checked: Audit, word: str) -> list[str]:
    return [f"{finding.text} {' '.join(finding.names)}" for finding in checked.findings if word in finding.text]


def test_a_clean_set_has_no_findings(tmp_path: Path) -> None:
    checked = audited(folder_a_class(tmp_path, each=12))
    assert checked.findings == []
    assert checked.lines()[-1] == "nothing odd was found"
    assert checked.readable.all()
    assert dict(checked.sizes) == {(20, 20): 36}


def test_unreadable_pictures_are_skipped_and_listed(tmp_path: Path) -> None:
    folder_a_class(tmp_path, each=6)
    (tmp_path / "a" / "empty.png").write_bytes(b"")
    (tmp_path / "b" / "cut.png").write_bytes(png(glyph(1, 99))[:-30])
    (tmp_path / "c" / "text.png").write_text("not a picture")
    checked = audited(tmp_path)
    assert int(checked.readable.sum()) == 18
    assert [name for name, _ in checked.failures] == ["a/empty.png", "b/cut.png", "c/text.png"]
    assert "0 bytes" in checked.failures[0][1]
    assert said(checked, "cannot be read")
    assert checked.as_dict()["failed"][0]["path"] == "a/empty.png"


def test_a_set_of_nothing_readable_is_an_error_finding(tmp_path: Path) -> None:
    for label in "ab":
        (tmp_path / label).mkdir()
        (tmp_path / label / "x.png").write_bytes(b"x")
    checked = audited(tmp_path)
    assert checked.findings[0].level == "error"
    assert checked.lines()


def test_exact_copies_are_found_however_they_are_stored(tmp_path: Path) -> None:
    folder_a_class(tmp_path, each=6)
    Image.fromarray(glyph(0, 3)).convert("RGB").save(tmp_path / "a" / "copy.bmp")
    checked = audited(tmp_path)
    assert said(checked, "1 exact cop")
    source = open_source(tmp_path)
    where = {source.sample(i).name: i for i in range(len(source))}
    assert checked.exact[where["a/copy.bmp"]] == checked.exact[where["a/003.png"]]


def test_one_picture_under_two_labels_is_named_with_both(tmp_path: Path) -> None:
    folder_a_class(tmp_path, each=6)
    write(tmp_path / "b" / "stray.png", glyph(0, 2))
    told = said(audited(tmp_path), "two labels")
    assert "a/002.png = 'a'" in told[0]
    assert "b/stray.png = 'b'" in told[0]


def smooth(seed: int, side: int = 60) -> np.ndarray:
    small = np.random.default_rng(seed).integers(0, 256, (6, 6), dtype=np.uint8)
    return np.asarray(Image.fromarray(small).resize((side, side), Image.Resampling.BICUBIC))


def test_a_recompressed_a_resized_and_a_brightened_picture_are_near_duplicates(tmp_path: Path) -> None:
    for seed in range(20):
        write(tmp_path / "ab"[seed % 2] / f"{seed:02d}.png", smooth(seed))
    (tmp_path / "a" / "compressed.jpg").write_bytes(png(smooth(0), "JPEG", quality=80))
    write(tmp_path / "a" / "resized.png", np.asarray(Image.fromarray(smooth(2)).resize((90, 90))))
    write(tmp_path / "a" / "pale.png", (smooth(4) * 0.8 + 20).astype(np.uint8))
    checked = audited(tmp_path)
    source = open_source(tmp_path)
    where = {source.sample(i).name: i for i in range(len(source))}
    for name, original in (("compressed.jpg", "00"), ("resized.png", "02"), ("pale.png", "04")):
        assert checked.cluster[where[f"a/{name}"]] == checked.cluster[where[f"a/{original}.png"]]
    assert np.unique(checked.cluster).size == 20
    assert said(checked, "3 pictures are nearly the same")


def test_one_stroke_more_makes_another_picture_however_large_it_is() -> None:
    minus = np.full((120, 400, 3), 255, np.uint8)
    minus[20:100, 20:380:40] = 0
    minus[58:62, 200:216] = 0
    plus = minus.copy()
    plus[52:68, 206:210] = 0
    assert are_nearly_same(minus, np.clip(minus.astype(int) + 1, 0, 255).astype(np.uint8))
    assert not are_nearly_same(minus, plus)


def test_a_picture_and_its_negative_are_not_the_same() -> None:
    one = np.repeat(smooth(1)[:, :, None], 3, axis=2)
    assert not are_nearly_same(one, 255 - one)


def test_grids_find_the_pairs_that_all_pairs_find(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    thumbs = rng.integers(0, 256, (3000, 64), dtype=np.uint8)
    copies = np.clip(thumbs[:300].astype(int) + rng.integers(-3, 4, (300, 64)), 0, 255).astype(np.uint8)
    both = np.concatenate([thumbs, copies])
    every, more = candidate_pairs(both)
    assert more == 0
    assert {(k, 3000 + k) for k in range(300)} <= set(every)
    monkeypatch.setattr("glyphsmith.data.likely._ALL_PAIRS_UP_TO", 100)
    found, _ = candidate_pairs(both)
    assert set(found) <= set(every)
    assert len(found) >= 0.97 * len(every)


def test_flat_pictures_are_said_to_show_nothing_and_are_no_near_duplicates(tmp_path: Path) -> None:
    folder_a_class(tmp_path, each=6)
    for level in (10, 200, 203):
        write(tmp_path / "a" / f"flat{level}.png", np.full((20, 20), level, np.uint8))
    checked = audited(tmp_path)
    assert said(checked, "3 pictures of one flat colour")
    assert not said(checked, "nearly")


def test_copies_across_a_given_split_are_a_warning(tmp_path: Path) -> None:
    for part, start in (("train", 0), ("test", 100)):
        for k, label in enumerate("ab"):
            for number in range(6):
                write(tmp_path / part / label / f"{number}.png", glyph(k, start + number))
    write(tmp_path / "train" / "a" / "leak.png", glyph(0, 103))
    told = said(audited(tmp_path), "given test part")
    assert "train/a/leak.png" in told[0]
    assert "test/a/3.png" in told[0]


def test_copies_that_names_tell_are_named_within_a_set_and_across_its_parts(tmp_path: Path) -> None:
    for part, start in (("train", 0), ("test", 100)):
        for k, label in enumerate("ab"):
            for number in range(6):
                write(tmp_path / part / label / f"{start + number}.png", glyph(k, start + number))
    turned = np.asarray(Image.fromarray(glyph(0, 3)).rotate(10))
    write(tmp_path / "train" / "a" / "3_rot10.png", turned)
    checked = audited(tmp_path)
    assert "train/a/3.png = train/a/3_rot10.png" in said(checked, "2 pictures were by their names made")[0]
    assert not said(checked, "given test part")
    rows = ["file,label,part", "train/a/3_rot10.png,a,train"]
    rows += [f"train/{label}/{k}.png,{label},{'test' if k > 2 else 'train'}" for k in range(6) for label in "ab"]
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    assert said(audited(tmp_path), "1 pictures of the given test part are in the train part too")


def test_imbalance_and_tiny_classes_are_warnings(tmp_path: Path) -> None:
    folder_a_class(tmp_path, ["many", "few"], each=2)
    for number in range(10, 40):
        write(tmp_path / "many" / f"{number}.png", glyph(0, number))
    checked = audited(tmp_path)
    assert said(checked, "drowned")
    assert "few" in said(checked, "fewer than")[0]


def test_one_label_only_is_an_error_finding(tmp_path: Path) -> None:
    for number in range(4):
        write(tmp_path / f"7_{number}.png", glyph(7, number))
    assert audited(tmp_path).findings[0].level == "error"


def test_a_few_pictures_of_the_other_polarity_are_named(tmp_path: Path) -> None:
    folder_a_class(tmp_path, each=30)
    write(tmp_path / "a" / "negative1.png", glyph(0, 900, dark=False))
    write(tmp_path / "b" / "negative2.png", glyph(1, 901, dark=False))
    write(tmp_path / "c" / "negative3.png", glyph(2, 902, dark=False))
    told = said(audited(tmp_path), "the other way round")
    assert "negative1.png" in told[0]


def test_a_label_that_its_ground_gives_away_is_named(tmp_path: Path) -> None:
    folder_a_class(tmp_path, ["a", "b"], each=10)
    for number in range(8):
        write(tmp_path / "z" / f"{number}.png", glyph(2, number, dark=False))
    assert "z" in said(audited(tmp_path), "the ground tells the label")[0]


def test_odd_sizes_and_odd_kinds_are_listed(tmp_path: Path) -> None:
    folder_a_class(tmp_path, each=10)
    write(tmp_path / "a" / "dot.png", np.array([[7]], np.uint8))
    write(tmp_path / "a" / "huge.png", np.kron(glyph(0, 77), np.ones((10, 10), np.uint8)))
    Image.fromarray(glyph(0, 55).astype(np.uint16) * 257).save(tmp_path / "a" / "deep.png")
    (tmp_path / "a" / "print.jpg").write_bytes(png(np.asarray(Image.fromarray(glyph(0, 56)).convert("RGB")), "JPEG"))
    Image.fromarray(glyph(0, 57)).convert("CMYK").save(tmp_path / "a" / "cmyk.jpg")
    Image.fromarray(glyph(0, 58)).convert("RGBA").save(tmp_path / "a" / "clear.png")
    frames = [Image.fromarray(glyph(0, k)) for k in (59, 60)]
    frames[0].save(tmp_path / "a" / "moving.gif", save_all=True, append_images=frames[1:])
    checked = audited(tmp_path)
    assert not checked.failures
    odd = said(checked, "odd size")[0]
    assert "dot.png (1x1)" in odd
    assert "huge.png (200x200)" in odd
    for word in ("16 bits", "CMYK", "animated", "transparent"):
        assert said(checked, word)
    assert checked.kinds["JPEG RGB"] == 1
    assert checked.kinds["PNG grey"] == 32


def test_text_labels_are_summed_up_by_length_and_characters(tmp_path: Path) -> None:
    for k in range(30):
        write(tmp_path / f"A{k:02d}.png", glyph(k, k))
    checked = audited(tmp_path)
    assert "3 to 3 long" in checked.lines()[1]
    assert not said(checked, "fewer than")


def test_labels_with_hidden_characters_or_twins_in_case_are_named(tmp_path: Path) -> None:
    folder_a_class(tmp_path, ["cat", "Cat", "d\u200bog"], each=6)
    checked = audited(tmp_path)
    assert said(checked, "cannot be seen")
    assert "Cat / cat" in said(checked, "only in case")[0]


@pytest.mark.parametrize("threads", [1, 4])
def test_threads_change_nothing(tmp_path: Path, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    folder_a_class(tmp_path, each=50)
    (tmp_path / "b" / "007.png").write_bytes(b"broken")
    source = open_source(tmp_path)
    alone = audit(source, progress=False)
    monkeypatch.setattr(stream, "usable_cores", lambda: threads)
    monkeypatch.setattr(stream, "PICTURES_A_PIECE", 7)
    again = audit(source, progress=False)
    assert (alone.digests == again.digests).all()
    assert (alone.cluster == again.cluster).all()
    assert alone.as_dict() == again.as_dict()


def test_a_digest_names_pixels_and_shape() -> None:
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert digest_of(grey) == digest_of(np.repeat(grey[:, :, None], 3, axis=2))
    assert digest_of(grey) != digest_of(grey.reshape(4, 3))
    assert digest_of(grey) != digest_of(grey + 1)


def test_kinds_of_bytes_that_are_no_picture_are_unknown() -> None:
    for data in (b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"\xff\xd8" + b"\xff" * 50, b"GIF89a"):
        assert "unknown" in kind_of(data)
