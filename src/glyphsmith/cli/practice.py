"""``glyphsmith practice``: a web site to practise crawling on, with sprite puzzles, a log-in and switchable trouble."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, cast

import typer

from glyphsmith.errors import DataError

if TYPE_CHECKING:
    from glyphsmith.practice.settings import Level, Trouble

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the verb ``practice``."""
    app.command("practice")(practice)


def practice(
    port: Annotated[int, typer.Option("--port", help="0 takes a free one.", min=0, max=65535)] = 8321,
    host: Annotated[str, typer.Option("--host", help="The address to listen at.")] = "127.0.0.1",
    pages: Annotated[int, typer.Option("--pages", metavar="N", help="Pages of a level, 12 numbers each.")] = 1000,
    seed: Annotated[int, typer.Option("--seed", help="Numbers follow from the seed and the account.")] = 0,
    level: Annotated[str, typer.Option("--level", metavar="1|2|both", help="Strips, sheets, or both.")] = "both",
    email: Annotated[str, typer.Option("--email", help="The account of /practice/numbers.")] = "crawler@example.org",
    password: Annotated[str, typer.Option("--password", help="The password of every account.")] = "practice",  # noqa: S107
    fonts: Annotated[
        list[str] | None,
        typer.Option("--fonts", metavar="FONTS", help="A folder or file, or bundled, matplotlib, system; repeatable."),
    ] = None,
    font_part: Annotated[
        str, typer.Option("--font-part", metavar="PART", help="all, training or held-out: whole designs are kept back.")
    ] = "all",
    illegible: Annotated[
        float, typer.Option("--illegible", metavar="SHARE", help="Of glyphs that say nothing.")
    ] = 0.01,
    free_rows: Annotated[bool, typer.Option("--free-rows", help="Rows of a sheet are no permutations of 0-9.")] = False,
    latency: Annotated[float, typer.Option("--latency", metavar="S", help="Seconds every page is late.")] = 0.0,
    trouble: Annotated[float, typer.Option("--trouble", metavar="SHARE", help="Of requests that go wrong.")] = 0.0,
    trouble_kind: Annotated[
        list[str] | None,
        typer.Option(
            "--trouble-kind",
            metavar="KIND",
            help="slow, busy (429), error (500), cut, torn, expired, type; repeatable.",
        ),
    ] = None,
    slow: Annotated[float, typer.Option("--slow", metavar="S", help="Seconds a slow page is late.")] = 2.0,
    retry_after: Annotated[int, typer.Option("--retry-after", metavar="S", help="What a busy answer asks for.")] = 1,
    disallow: Annotated[
        list[str] | None, typer.Option("--disallow", metavar="PATH", help="A line of robots.txt; repeatable.")
    ] = None,
) -> int:
    """Serve sprite puzzles on this machine until Ctrl-C; the first line of stdout is the address."""
    from glyphsmith.practice.serving import address, bind, serve
    from glyphsmith.practice.settings import LEVEL_PATHS, TROUBLES, PracticeSettings, TroubleSettings
    from glyphsmith.practice.site import create_app
    from glyphsmith.synth.digit_fonts import font_part_named
    from glyphsmith.synth.sprite_cells import SpriteSettings

    levels = {"1": (1,), "2": (2,), "both": (1, 2)}
    if level not in levels:
        raise DataError(f"--level {level}: there is no such level", hint="there are: 1, 2, both")
    for kind in trouble_kind or ():
        if kind not in TROUBLES:
            raise DataError(
                f"--trouble-kind {kind}: there is no such trouble", hint=f"there are: {', '.join(TROUBLES)}"
            )
    looks = SpriteSettings(
        fonts=tuple(fonts or SpriteSettings().fonts),
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
        trouble=TroubleSettings(
            trouble, cast("tuple[Trouble, ...]", tuple(trouble_kind or TROUBLES)), slow, retry_after
        ),
        latency_s=latency,
        disallow=tuple(disallow or ()),
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
