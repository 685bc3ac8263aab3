"""The command line: one file per verb, each loaded only when it is asked for.

``main`` turns what happens into the contract's exit statuses: 0 done, 1 some pictures failed, 2 wrong usage or input,
130 interrupted. Results go to stdout, all else to stderr. A cold ``glyphsmith read`` of one picture is to take 0.35 s
at most, so a verb's module is imported alone, and its heavy imports happen inside its functions.
"""

from __future__ import annotations

import contextlib
import difflib
import importlib
import io
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Annotated

import typer

from glyphsmith.errors import GlyphsmithError

__all__ = ["VERBS", "build_app", "main"]

#: The verbs in the order of the help; verb V is ``register(app)`` of ``glyphsmith.cli.V``.
VERBS = (
    "train",
    "read",
    "eval",
    "data",
    "synth",
    "recipes",
    "models",
    "bench",
    "explain",
    "export",
    "crawl",
    "practice",
)

DONE, SOME_FAILED, WRONG_INPUT, BUG, INTERRUPTED = 0, 1, 2, 70, 130

#: The extra that brings a module a verb may miss. The base install reads; the rest is said by name.
_EXTRA_OF = (
    dict.fromkeys(
        ("torch", "lightning_fabric", "onnx", "onnxscript", "h5py", "sklearn", "scipy", "matplotlib", "tensorboard"),
        "train",
    )
    | {"cv2": "find"}
    | dict.fromkeys(
        ("fastapi", "starlette", "uvicorn", "python_multipart", "scrapy", "twisted", "parsel", "tinycss2", "w3lib"),
        "crawl",
    )
)


def build_app(verbs: Sequence[str] = VERBS) -> typer.Typer:
    """Give the Typer application with these verbs."""
    # Rich tracebacks and markup would load rich for every cold start, and eat [brackets] in messages.
    app = typer.Typer(
        name="glyphsmith",
        help="A folder of labelled pictures in, one file out; the file takes raw pixels and answers.",
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )

    @app.callback()
    def program(
        version: Annotated[bool, typer.Option("--version", is_eager=True, help="Print the version and end.")] = False,
    ) -> None:
        del version  # `main` answers --version before Typer is asked; here it only stands in the help

    for verb in verbs:
        importlib.import_module(f"glyphsmith.cli.{verb}").register(app)
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and give its exit status; ``arguments`` default to those of the process."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    _write_unicode()
    try:
        with _ended_like_interrupted():
            status = _run(words)
        sys.stdout.flush()
        if status == INTERRUPTED:  # Typer turns a Ctrl-C into this status without a word
            _say("interrupted")
        return status
    except BrokenPipeError:
        # Whoever read our output has seen enough (`| head`); Python would complain again when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except KeyboardInterrupt:
        _say("interrupted")
        return INTERRUPTED
    except GlyphsmithError as error:
        return _fail(error.message, error.hint)
    except typer.TyperException as error:
        message, hint = _usage(error)
        return _fail(message, hint)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in _EXTRA_OF:
            return _fail(f"this needs {missing}", f'pip install "glyphsmith[{_EXTRA_OF[missing]}]"')
        return _bug()
    except OSError as error:
        # What the verbs did not foresee of disks and folders is still the user's to mend: say which file and why.
        place = f"{error.filename}: " if error.filename else ""
        return _fail(f"{place}{error.strerror or error}", None)
    except MemoryError:
        return _fail("out of memory", None)
    except Exception:  # noqa: BLE001 - the last line: everything a user causes was caught above
        return _bug()


@contextlib.contextmanager
def _ended_like_interrupted() -> Iterator[None]:
    """Let SIGTERM unwind as Ctrl-C does, so that no half-written file and no half-made folder stays behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def caught(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, caught)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _run(words: list[str]) -> int:
    if words[:1] == ["--version"]:
        from glyphsmith import __version__

        print(f"glyphsmith {__version__}")
        return DONE
    verb = next((word for word in words if not word.startswith("-")), None)
    if verb is not None and verb not in VERBS:
        close = difflib.get_close_matches(verb, VERBS, n=1)
        return _fail(
            f"there is no verb {verb!r}",
            f"did you mean glyphsmith {close[0]}?" if close else f"there are: {', '.join(VERBS)}",
        )
    app = build_app(VERBS if verb is None else (verb,))
    if not words:
        with contextlib.redirect_stdout(sys.stderr):
            app(["--help"], prog_name="glyphsmith", standalone_mode=False)
        return WRONG_INPUT
    result = app(words, prog_name="glyphsmith", standalone_mode=False)
    return result if isinstance(result, int) else DONE


def _write_unicode() -> None:
    """Let both streams carry runes and any file name, whatever the terminal's code page is."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A byte of a file name that is no UTF-8 becomes \udcXX, which inside JSON is a valid escape.
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _usage(error: typer.TyperException) -> tuple[str, str]:
    """Say a mistake in the words of the command line as one sentence, and what to look at."""
    possibilities = getattr(error, "possibilities", None)
    message = str(getattr(error, "format_message", lambda: str(error))()) or type(error).__name__
    if possibilities:
        return str(error), f"did you mean {' or '.join(sorted(possibilities))}?"
    where = getattr(getattr(error, "ctx", None), "command_path", "glyphsmith")
    return message.rstrip("."), f"see {where} --help"


def _fail(message: str, hint: str | None) -> int:
    _say(f"error: {message}" + (f"\nhint: {hint}" if hint else ""))
    return WRONG_INPUT


def _bug() -> int:
    _say(traceback.format_exc() + "This is a mistake of Glyphsmith: please report it with the lines above.")
    return BUG


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
