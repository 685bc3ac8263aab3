"""``glyphsmith practice``: a web site to practise crawling on, with sprite puzzles, a log-in and switchable trouble."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, cast

import click

from glyphsmith.errors import DataError

if TYPE_CHECKING:
    from glyphsmith.practice.settings import Level, Trouble

__all__ = ["register"]


def register(app: click.Group) -> None:
    """Add the verb ``practice``."""
    app.add_command(practice)


@click.command()
@click.option("--port", type=click.IntRange(min=0, max=65535), default=8321, help="0 takes a free one.")
@click.option("--host", default="127.0.0.1", help="The address to listen at.")
@click.option("--pages", type=int, default=1000, metavar="N", help="Pages of a level, 12 numbers each.")
@click.option("--seed", type=int, default=0, help="Numbers follow from the seed and the account.")
@click.option("--level", default="both", metavar="1|2|both", help="Strips, sheets, or both.")
@click.option("--email", default="crawler@example.org", help="The account of /practice/numbers.")
@click.option("--password", default="practice", help="The password of every account.")
@click.option(
    "--fonts", multiple=True, metavar="FONTS", help="A folder or file, or bundled, matplotlib, system; repeatable."
)
@click.option(
    "--font-part", default="all", metavar="PART", help="all, training or held-out: whole designs are kept back."
)
@click.option("--illegible", type=float, default=0.01, metavar="SHARE", help="Of glyphs that say nothing.")
@click.option("--free-rows", is_flag=True, help="Rows of a sheet are no permutations of 0-9.")
@click.option("--latency", type=float, default=0.0, metavar="S", help="Seconds every page is late.")
@click.option("--trouble", type=float, default=0.0, metavar="SHARE", help="Of requests that go wrong.")
@click.option(
    "--trouble-kind",
    multiple=True,
    metavar="KIND",
    help="slow, busy (429), error (500), cut, torn, expired, type; repeatable.",
)
@click.option("--slow", type=float, default=2.0, metavar="S", help="Seconds a slow page is late.")
@click.option("--retry-after", type=int, default=1, metavar="S", help="What a busy answer asks for.")
@click.option("--disallow", multiple=True, metavar="PATH", help="A line of robots.txt; repeatable.")
def practice(
    port: int,
    host: str,
    pages: int,
    seed: int,
    level: str,
    email: str,
    password: str,
    fonts: tuple[str, ...],
    font_part: str,
    illegible: float,
    free_rows: bool,
    latency: float,
    trouble: float,
    trouble_kind: tuple[str, ...],
    slow: float,
    retry_after: int,
    disallow: tuple[str, ...],
) -> int:
    """Serve sprite puzzles on this machine until Ctrl-C; the first line of stdout is the address."""
    # First of all, so that what is missing is named by the extra that brings all of it.
    import uvicorn  # noqa: F401

    from glyphsmith.practice.serving import address, bind, serve
    from glyphsmith.practice.settings import LEVEL_PATHS, TROUBLES, PracticeSettings, TroubleSettings
    from glyphsmith.practice.site import create_app
    from glyphsmith.synth.digit_fonts import font_part_named
    from glyphsmith.synth.sprite_cells import SpriteSettings

    levels = {"1": (1,), "2": (2,), "both": (1, 2)}
    if level not in levels:
        raise DataError(f"--level {level}: there is no such level", hint="there are: 1, 2, both")
    for kind in trouble_kind:
        if kind not in TROUBLES:
            raise DataError(
                f"--trouble-kind {kind}: there is no such trouble", hint=f"there are: {', '.join(TROUBLES)}"
            )
    looks = SpriteSettings(
        fonts=fonts or SpriteSettings().fonts,
        illegible=illegible,
        permuted=not free_rows,
        part=font_part_named(font_part),
    )
    settings = PracticeSettings(
        seed=seed,
        pages=pages,
        levels=cast("tuple[Level, ...]", levels[level]),
        email=email,
        password=password,
        sprites=looks,
        trouble=TroubleSettings(trouble, cast("tuple[Trouble, ...]", trouble_kind or TROUBLES), slow, retry_after),
        latency_s=latency,
        disallow=disallow,
    )
    with bind(host, port) as bound:
        app = create_app(settings)
        url = address(bound)
        print(url, flush=True)
        for line in app.state.site.puzzle.painter.describe():
            print(line, file=sys.stderr)
        for known in settings.levels:
            print(f"level {known}: {url}{LEVEL_PATHS[known]}?page=1 ... {pages}", file=sys.stderr)
        print(f"log in as {email} with the password {password}; Ctrl-C ends it", file=sys.stderr, flush=True)
        serve(app, bound)
    return 0
