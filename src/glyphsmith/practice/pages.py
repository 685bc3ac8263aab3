"""The HTML of the site: the page of a level, the log-in, and everything that is said in a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from glyphsmith.practice.puzzle import ShownPage

__all__ = ["home_page", "level_page", "login_page", "message_page"]


def level_page(shown: ShownPage, *, path: str, page: int, pages: int, token: str) -> str:
    """Give the page of a level: rules, 12 numbers made of pieces of the sprite, its neighbours, the answer form."""
    numbers = "\n".join(
        '<div class="col-md-1">\n' + "\n".join(f'<div class="{name} sprite"></div>' for name in names) + "\n</div>"
        for names in shown.names
    )
    rules = "\n".join(shown.rules)
    links = []
    if page > 1:
        links.append(
            f'<li class="page-item"><a class="page-link" rel="prev" href="{path}?page={page - 1}">&lsaquo;</a>'
        )
    links.append(f'<li class="page-item active"><span class="page-link">{page}</span>')
    if page < pages:
        links.append(
            f'<li class="page-item"><a class="page-link" rel="next" href="{path}?page={page + 1}">&rsaquo;</a>'
        )
    steps = "\n".join(f"{link}</li>" for link in links)
    body = f"""<div class="card">
<div class="card-body">
<style>
{rules}
</style>
<div class="row">
{numbers}
</div>
</div>
</div>
<ul class="pagination">
{steps}
</ul>
<form class="answer" method="POST" action="{path}">
<input type="hidden" name="_token" value="{token}">
<input type="text" name="answer" inputmode="numeric" required>
<button type="submit">Submit</button>
</form>"""
    return _document(f"Page {page} of {pages}", body, token)


def login_page(token: str, problem: str = "") -> str:
    """Give the log-in with its hidden token; ``problem`` says why the last attempt failed."""
    said = f'<div class="invalid-feedback">{escape(problem)}</div>\n' if problem else ""
    body = f"""<div class="card">
<div class="card-body">
{said}<form method="POST" action="/login">
<input type="hidden" name="_token" value="{token}">
<input id="email" type="email" name="email" required autocomplete="email">
<input id="password" type="password" name="password" required autocomplete="current-password">
<button type="submit">Login</button>
</form>
</div>
</div>"""
    return _document("Login", body, token)


def home_page(paths: Iterable[str], token: str) -> str:
    """Give the list of levels."""
    items = "\n".join(f'<li><a href="{path}">{path}</a></li>' for path in paths)
    return _document(
        "Levels", f'<div class="card">\n<div class="card-body">\n<ul>\n{items}\n</ul>\n</div>\n</div>', token
    )


def message_page(title: str, sentence: str, *, kind: str = "", token: str = "") -> str:
    """Give one sentence; ``kind`` is a class for it: accepted or refused."""
    said = f'<div class="alert {kind}">{escape(sentence)}</div>' if kind else f"<p>{escape(sentence)}</p>"
    return _document(title, f'<div class="card">\n<div class="card-body">\n{said}\n</div>\n</div>', token)


def _document(title: str, body: str, token: str) -> str:
    meta = f'\n<meta name="csrf-token" content="{token}">' if token else ""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">{meta}
<title>{escape(title)}</title>
</head>
<body>
<div id="app">
<main class="py-4">
<div class="container">
{body}
</div>
</main>
</div>
</body>
</html>
"""
