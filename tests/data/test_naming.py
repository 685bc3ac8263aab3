"""Folders are named so that every file system bears them, and no two labels share one."""

from __future__ import annotations

import pytest

from glyphsmith.alphabet import split_symbols
from glyphsmith.data.naming import folder_names
from glyphsmith.errors import DataError


def test_a_folder_is_its_label_where_that_is_safe():
    assert folder_names(["ᚠ", "7", "字", "é"]) == {label: label for label in ("ᚠ", "7", "字", "é")}


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("/", "U+002F"), (".", "U+002E"), ("..", "U+002E_U+002E"), ("😀", "U+1F600"), ("\\", "U+005C"),
        ("con", "U+0063_U+006F_U+006E"), ("test", "U+0074_U+0065_U+0073_U+0074"), ("a b", "U+0061_U+0020_U+0062"),
    ],
)  # fmt: skip
def test_what_a_file_system_or_a_split_would_misread_is_spelled_out(label, name):
    assert folder_names([label]) == {label: name}


def test_letters_that_differ_in_case_only_get_two_folders_whoever_comes_first():
    assert folder_names(["A", "a", "B"]) == folder_names(["a", "B", "A"]) == {"a": "a", "A": "U+0041", "B": "B"}


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("ᚠᚢᚦ", ("ᚠ", "ᚢ", "ᚦ")),
        ("sch ch s", ("sch", "ch", "s")),
        (" ab\n", ("a", "b")),
        ("e\u0301e", ("é", "e")),
        ("x\u0323y", ("x\u0323", "y")),
        ("👩\u200d🔬😀👍🏽", ("👩\u200d🔬", "😀", "👍🏽")),
        ("🇮🇸🇳🇴", ("🇮🇸", "🇳🇴")),
        ("❤\ufe0fa", ("❤\ufe0f", "a")),
    ],
)
def test_symbols_are_what_is_seen_as_one_sign(text, symbols):
    assert split_symbols(text) == symbols


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "no symbol"), ("  ", "no symbol"), ("aa", "twice"), ("a\u200b", "no ink"), ("x" * 30 + " a", "30 char")],
)
def test_what_is_no_symbol_is_refused(text, message):
    with pytest.raises(DataError, match=message):
        split_symbols(text)
