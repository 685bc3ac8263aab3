"""The forms of a site are filled in as a browser fills them, and its answer is taken for a yes only where it is one."""

from __future__ import annotations

import pytest

from glyphsmith.crawl.forms import answer_form, login_form, verdict
from glyphsmith.errors import PageError


def said(words: str, kind: str = "", after: str = "") -> bool | None:
    page = f'<html><main><p class="{kind}">{words}</p>{after}</main><footer>accepted</footer></html>'
    return verdict(page.encode())


@pytest.mark.parametrize(
    ("words", "accepted"),
    [
        ("Correct!", True),
        ("The answer is accepted.", True),
        ("Well done; your answer was accepted", True),
        ("The sum 3608351 is correct", True),
        ("Answer 42 accepted", True),
        ("Correct, you can go on to the next level", True),
        ("Your answer was not accepted.", False),
        ("It could not be accepted", False),
        ("This is not the correct answer", False),
        ("That isn't correct.", False),
        ("That isn\u2019t quite correct.", False),
        ("Incorrect. Only a correct sum is accepted.", False),
        ("Answer rejected.", False),
        ("Answer is false", False),
        ("unaccepted", False),
        ("You have 0 correct answers", None),
        ("3 correct answers so far", None),
        ("0 correct", None),
        ("An answer must be correct to be accepted", None),
        ("Is it correct? No.", None),
        ("Enter the correct sum", None),
        ("Thank you", None),
        ("", None),
    ],
)
def test_a_sentence_is_a_yes_only_where_nothing_in_it_says_otherwise(words, accepted):
    assert said(words) is accepted


def test_the_class_of_what_is_shown_comes_before_its_words():
    assert said("The correct sum was another one", "alert-danger") is False
    assert said("Not bad", "accepted") is True


def test_a_form_that_is_shown_again_says_nothing():
    again = '<form><label>the correct sum</label><input name="answer"></form>'
    assert said("Page 3", after=again) is None
    assert said("Page 3", after="<label>accepted are whole numbers</label>") is None


FORM = """<html><form action="{to}">
<input type="hidden" name="_token" value="t"><input name="answer"><input name="old" value="5" disabled>
<input type="checkbox" name="give_up" value="1"><input type="checkbox" name="sure" checked>
<input type="radio" name="kind" value="a"><input type="radio" name="kind" value="b" checked>
<input type="submit" name="action" value="Skip"><input type="file" name="proof"></form></html>"""


def test_what_is_not_pressed_marked_or_enabled_is_not_sent():
    form = answer_form(FORM.format(to="/sent").encode(), "http://a.b/level?page=3", 42)
    assert form.url == "http://a.b/sent"
    assert form.fields == {"_token": "t", "answer": "42", "sure": "on", "kind": "b"}


def test_an_answer_may_be_a_text_area():
    body = b'<form><input type="hidden" name="_token" value="t"><textarea name="answer"></textarea></form>'
    assert answer_form(body, "http://a.b/level", 7).fields == {"_token": "t", "answer": "7"}


def test_a_form_that_leads_nowhere_is_no_form():
    with pytest.raises(PageError, match="sent to no address"):
        answer_form(FORM.format(to="http://[").encode(), "http://a.b/level", 42)
    with pytest.raises(PageError, match="no form with a token and a password"):
        login_form(FORM.format(to="/").encode(), "http://a.b/login", "e", "p")
