"""The command line: one file per verb, each loaded only when it is asked for.

``main`` turns what happens into the contract's exit statuses: 0 done, 1 some pictures failed, 2 wrong usage or input,
130 interrupted. Results go to stdout, all else to stderr. A cold ``glyphsmith read`` of one picture is to take 0.35 s
at most, so a verb's module is imported alone, and its heavy imports happen inside its functions.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import math
import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from types import FrameType
from typing import Any

import click

from glyphsmith.display import shown
from glyphsmith.errors import DataError, GlyphsmithError

__all__ = ["VERBS", "Bounded", "Verbs", "build_app", "main", "refuse_to_replace"]

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


def refuse_to_replace(option: str, out: str, inputs: Iterable[str | os.PathLike[str]]) -> None:
    """Raise DataError where the file to be written is one of those that are read."""
    for path in inputs:
        with contextlib.suppress(OSError, ValueError):  # one of the two is no file, so nothing is lost
            if os.path.samefile(path, out):  # noqa: PTH121 - pathlib is not needed on the way to a cold start
                raise DataError(f"{option} {out}: this file is read, and would be replaced", hint="name another file")


class Verbs(click.Group):
    """A group of verbs that the help lists in their own order; click would sort them by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the verbs in the order they were added."""
        del ctx
        return list(self.commands)


class Bounded(click.FloatRange):
    """A number within bounds; "nan" is in none and "inf" is no amount, and click lets both through."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Give the number, or fail as click does."""
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number", param, ctx)
        return number


def build_app(verbs: Sequence[str] = VERBS) -> click.Group:
    """Give the command line with these verbs."""
    app = Verbs(
        "glyphsmith",
        help="A folder of labelled pictures in, one file out; the file takes raw pixels and answers.",
        context_settings={"show_default": True},
        # `main` answers --version before click is asked; here it only stands in the help.
        params=[click.Option(["--version"], is_flag=True, expose_value=False, help="Print the version and end.")],
    )
    for verb in verbs:
        importlib.import_module(f"glyphsmith.cli.{verb}").register(app)
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and give its exit status; ``arguments`` default to those of the process."""
    if arguments is not None or sys.argv[1:2] != ["read"]:
        return _main(list(sys.argv[1:] if arguments is None else arguments))
    # Loading modules makes 40 000 objects and no garbage, and the end of the process frees all: looking for garbage
    # there took 35 of 250 ms of a cold start. While `read` reads, it is looked for.
    gc.disable()
    try:
        return _main(sys.argv[1:])
    finally:
        gc.freeze()


def _main(words: list[str]) -> int:
    _open_closed()
    _write_unicode()
    try:
        with _ended_like_interrupted():
            status = _run(words)
        sys.stdout.flush()
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
    except click.ClickException as error:
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
    """Let SIGTERM unwind as Ctrl-C does, so that no half-written file and no half-made folder stays behind.

    What fails because of either was interrupted, too: onnxruntime, caught while it loads, says "initialization failed".
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    asked = False

    def caught(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        asked = True
        raise KeyboardInterrupt

    before = {signal.SIGTERM: signal.signal(signal.SIGTERM, caught)}
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # a job in the background ignores it
        before[signal.SIGINT] = signal.signal(signal.SIGINT, caught)
    try:
        yield
    except Exception:
        if asked:
            raise KeyboardInterrupt from None
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _run(words: list[str]) -> int:
    if words[:1] == ["--version"]:
        from glyphsmith.version import __version__

        print(f"glyphsmith {__version__}")
        return DONE
    verb = next((word for word in words if not word.startswith("-")), None)
    if verb is not None and verb not in VERBS:
        import difflib

        close = difflib.get_close_matches(verb, VERBS, n=1)
        return _fail(
            f"there is no verb {verb!r}",
            f"did you mean glyphsmith {close[0]}?" if close else f"there are: {', '.join(VERBS)}",
        )
    app = build_app(VERBS if verb is None else (verb,))
    try:
        # Not `app.main`, which would answer a Ctrl-C, a closed pipe and a mistake in its own words.
        with app.make_context("glyphsmith", words) as context:
            result = app.invoke(context)
    except click.exceptions.NoArgsIsHelpError as error:
        _say(error.format_message())
        return WRONG_INPUT
    except click.exceptions.Exit as ended:  # --help has been answered
        return ended.exit_code
    return result if isinstance(result, int) else DONE


def _open_closed() -> None:
    """Let a stream that was closed (``>&-``) lead nowhere: else its number is given to the next file that is opened.

    A closed standard input stays what it is; who reads it says so.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115


def _write_unicode() -> None:
    """Let both streams carry runes and any file name, whatever the terminal's code page is."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A byte of a file name that is no UTF-8 becomes \udcXX, which inside JSON is a valid escape.
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _usage(error: click.ClickException) -> tuple[str, str]:
    """Say a mistake in the words of the command line as one sentence, and what to look at."""
    possibilities = getattr(error, "possibilities", None)
    if possibilities:
        return error.message.rstrip("."), f"did you mean {' or '.join(sorted(possibilities))}?"
    where = getattr(getattr(error, "ctx", None), "command_path", "glyphsmith")
    return error.format_message().rstrip("."), f"see {where} --help"


def _fail(message: str, hint: str | None) -> int:
    _say(shown(f"error: {message}" + (f"\nhint: {hint}" if hint else ""), keep="\n"))
    return WRONG_INPUT


def _bug() -> int:
    import traceback

    _say(traceback.format_exc() + "This is a mistake of Glyphsmith: please report it with the lines above.")
    return BUG


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
