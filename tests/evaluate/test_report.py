"""The page: whole, self-contained, and saying what a figure alone would hide."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from glyphsmith.errors import DataError
from glyphsmith.evaluate import Story, evaluate
from glyphsmith.evaluate.report import report_html, write_report
from glyphsmith.runtime.reader import open_reader
from pictures_at_hand import AtHand, made_up, shade
from tiny_reader import tiny_model

VOID = {"meta", "img", "br", "hr", "link", "input"}


class _Balance(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        for key, value in attributes:
            if key == "id":
                self.ids.append(value or "")
            if key in ("href", "src"):
                self.links.append(value or "")

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.words.append(data)


def _parsed(page: str) -> _Balance:
    found = _Balance()
    found.feed(page)
    found.close()
    assert found.open == []
    return found


def _said(page: str) -> str:
    return re.sub(r"\s+", " ", "".join(_parsed(page).words).replace("\u202f", " "))


def _mixed_up(k: int = 10, n: int = 400) -> tuple[list[int], list[int]]:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, k, n)
    return truth.tolist(), np.where(rng.random(n) < 0.8, truth, rng.integers(0, k, n)).tolist()


def test_the_page_needs_nothing_from_outside(tmp_path: Path) -> None:
    reader = open_reader(tiny_model())
    found = evaluate(reader, AtHand([("7", shade("3"))] * 4 + [("4", shade("4"))] * 30))
    page = write_report(tmp_path, found, story=Story(title="x", history=({"epoch": 1}, {"epoch": 2})))
    text = page.read_text("utf-8")
    links = _parsed(text).links
    outside = [link for link in links if not link.startswith(("data:image/", "#"))]
    assert sorted(outside) == ["confusion.csv", "confusion.png"]
    assert all((tmp_path / link).is_file() for link in outside)
    for word in ("http:", "https:", "@import", "url(", "<script", "<link"):
        assert word not in text


def test_every_link_within_the_page_leads_somewhere() -> None:
    for evaluation in (made_up([0], [0], ["a"]), made_up(*_mixed_up(), labels=list("0123456789"))):
        for story in (None, Story(title="How it learned")):
            found = _parsed(report_html(evaluation, story=story))
            assert {link[1:] for link in found.links if link.startswith("#")} <= set(found.ids)


def test_the_headline_says_accuracy_n_and_interval() -> None:
    evaluation = made_up([0] * 200, [0] * 198 + [1] * 2, ["a", "b"])
    said = _said(report_html(evaluation))
    assert "It read 198 of 200 pictures correctly." in said
    assert "99.0%" in said
    assert "lies between 96.4 % and 99.7 %, with 95 % confidence" in said
    assert "2mistakes, about one in 100 pictures" in said


def test_a_perfect_reader_has_no_sections_of_mistakes() -> None:
    found = report_html(made_up([0, 1, 1], [0, 1, 1], ["a", "b"]))
    assert "It read all 3 pictures correctly." in found
    assert 'id="mistakes"' not in found
    assert 'id="confusions"' not in found


def test_a_single_picture_makes_a_page() -> None:
    assert "It read the one picture correctly." in _said(report_html(made_up([0], [0], ["a"])))
    assert "It read 0 of 1 picture correctly." in _said(report_html(made_up([0], [1], ["a", "b"])))


def test_labels_and_names_that_are_markup_stay_text() -> None:
    evil = '"><script>alert(1)</script>'
    evaluation = made_up(
        [0, 0, 1], [0, 1, 1], [evil, "ᚠ"], reader=evil, about=evil, data=evil, failed=((evil, evil, evil),)
    )
    story = Story(
        evil, evil, ((evil, evil, evil),), (evil,), ({evil + "loss": 1.0}, {evil + "loss": 2.0}), evil, 1, evil
    )
    page = report_html(evaluation, story=story)
    _parsed(page)
    assert "<script" not in page


def test_failed_pictures_and_labels_outside_the_alphabet_are_said_at_the_top() -> None:
    failed = tuple((f"{i}.png", "a", f"{i}.png: is damaged") for i in range(7))
    said = _said(report_html(made_up([0, 1, 2], [0, 0, 0], ["a", "b", "ᚠ"], known=2, failed=failed)))
    assert "7 pictures could not be read and count in no figure of this page" in said
    assert "6.png: is damaged" in said
    assert "1 picture carries a label that this reader cannot answer and counts as a mistake: ᚠ (1 ×)" in said


def test_a_label_no_font_has_is_said_with_its_code_point() -> None:
    said = _said(report_html(made_up([0, 1], [0, 1], ["a", "\ufdd0"])))
    assert "No font on the machine that made this report has a sign for" in said
    assert "U+FDD0" in said


def test_of_many_labels_the_most_confused_are_shown_and_the_csv_has_all(tmp_path: Path) -> None:
    labels = [f"L{i}" for i in range(100)]
    page = write_report(tmp_path, made_up(*_mixed_up(100, 4000), labels=labels)).read_text("utf-8")
    said = _said(page)
    assert re.search(r"Of 100 labels the (39|40) most confused are shown", said)
    assert "the other 60 labels, which were read better" in said
    assert (tmp_path / "confusion.csv").read_text("utf-8").count("\n") == 101


def test_the_story_of_the_run_is_told() -> None:
    story = Story(
        title="How it learned",
        recipe_toml='name = "runes"\n',
        decisions=(("network", "glyph 24-48-64", "few samples"),),
        audit_lines=("2 exact duplicates",),
        history=tuple({"epoch": k, "train_loss": 1 / k, "val_accuracy": 0.9} for k in (1, 2, 3)),
        stopped="It stopped by itself: no gain for 6 epochs.",
        seconds=143.0,
        command="glyphsmith train runes/ --seed 0",
    )
    said = _said(report_html(made_up([0, 1], [0, 0], ["a", "b"]), story=story))
    for words in (
        'name = "runes"',
        "glyph 24-48-64few samples",
        "2 exact duplicates",
        "It learned for 2 minutes. It stopped by itself: no gain for 6 epochs.",
        "glyphsmith train runes/ --seed 0",
        "Loss by epoch",
        "Accuracy by epoch",
    ):
        assert words in said


def test_a_busy_machine_is_said_beside_the_times() -> None:
    assert "The machine was busy" not in report_html(made_up([0], [0], ["a"]))
    assert "The machine was busy" in report_html(made_up([0], [0], ["a"], cpu_share=0.4))


def test_a_file_name_that_is_no_unicode_does_not_lose_the_report(tmp_path: Path) -> None:
    evaluation = made_up([0], [0], ["a"], failed=(("\udcff.png", "a", "\udcff.png: is damaged"),))
    assert "\\udcff.png: is damaged" in write_report(tmp_path, evaluation).read_text("utf-8")


def test_the_folder_is_made_and_one_that_cannot_be_is_an_error(tmp_path: Path) -> None:
    evaluation = made_up([0], [0], ["a"])
    assert write_report(tmp_path / "a" / "b", evaluation) == tmp_path / "a" / "b" / "report.html"
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="the folder of the report cannot be made"):
        write_report(tmp_path / "file" / "b", evaluation)
