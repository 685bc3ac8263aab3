"""What the words PICTURE... of the command line stand for: files, folders, patterns, and ``-`` for standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator

from glyphsmith.errors import DataError
from glyphsmith.picture import PICTURE_SUFFIXES, is_junk, is_ours, read_bounded

__all__ = ["STDIN", "expand", "sources"]

#: The word that means: one picture comes through standard input.
STDIN = "-"


def expand(words: Iterable[str]) -> list[str]:
    """Give the pictures that the words name, in their order.

    A folder gives every picture below it, sorted, without hidden ones, litter of
    operating systems, runs and reports of ours and what is no file. A word with ``*``, ``?`` or
    ``[`` that is no file is a pattern (``**`` goes into folders), as a shell of Windows does not expand them. Any other
    word stays as it is, so that a missing file fails in its place and the others are read. Raises DataError for a
    folder without pictures and a pattern without a match.
    """
    found: list[str] = []
    for word in words:
        if word == STDIN or os.path.isfile(word):  # noqa: PTH113 - pathlib is not needed on the way to a cold start
            found.append(word)
        elif os.path.isdir(word):  # noqa: PTH112
            inside = list(_inside(word))
            if not inside:
                raise DataError(
                    f"{word}: the folder holds no picture",
                    hint=f"looked for {' '.join(sorted(PICTURE_SUFFIXES))}, here and in the folders below",
                )
            found += inside
        elif any(sign in word for sign in "*?["):
            import glob

            matches: list[str] = []
            for match in sorted(glob.glob(word, recursive=True)):  # noqa: PTH207
                matches += [match] if os.path.isfile(match) else _inside(match)  # noqa: PTH113
            if not matches:
                raise DataError(f"{word}: no file matches this pattern")
            found += matches
        else:
            found.append(word)
    return found


def sources(words: Iterable[str]) -> Iterator[str | bytes]:
    """Give what ``load_picture`` opens for each word: the word itself, or the bytes of standard input.

    Raises DataError where that is closed.
    """
    for word in words:
        if word == STDIN and sys.stdin is None:
            raise DataError("-: standard input is closed")
        yield read_bounded(sys.stdin.buffer) if word == STDIN else word


def _inside(folder: str) -> Iterator[str]:
    seen: set[tuple[int, int]] = set()
    for place, folders, files in os.walk(folder, followlinks=True):
        state = os.stat(place)  # noqa: PTH116
        # A link to a folder above would be walked for ever.
        again = (state.st_dev, state.st_ino) in seen and state.st_ino
        if again or (place != folder and is_ours(files)):
            folders.clear()
            continue
        seen.add((state.st_dev, state.st_ino))
        folders[:] = sorted(name for name in folders if not is_junk(name))
        for name in sorted(files):
            path = os.path.join(place, name)  # noqa: PTH118
            wanted = not is_junk(name) and os.path.splitext(name)[1].lower() in PICTURE_SUFFIXES  # noqa: PTH122
            # No pipe, which would be waited for; a link that leads nowhere is named and fails in its place.
            if wanted and (os.path.isfile(path) or not os.path.exists(path)):  # noqa: PTH110, PTH113
                yield path
