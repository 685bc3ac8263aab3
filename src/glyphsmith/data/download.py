"""Fetch published sets of labelled pictures: by their published addresses and checksums, once, into a cache.

A download that breaks off is gone on with where it stopped; a file stands under its name only when its checksum is
right; every mirror is tried before giving up. ``run`` calls this for recipes with a source of their own.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glyphsmith.errors import DownloadError
from glyphsmith.progress import bar

__all__ = ["PUBLISHED", "PublishedFile", "PublishedSet", "cache_folder", "fetch"]

TIMEOUT_S = 20.0
#: Times all mirrors are tried, with a growing pause in between. An attempt that brought something does not count.
ROUNDS = 3
PAUSE_S = 1.0
_PIECE = 1 << 16
_AGENT = "glyphsmith (fetches published data sets)"


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """One file: its name at every mirror, its MD5 as published, its size in bytes (for the bar, and as a bound)."""

    name: str
    md5: str
    size: int


@dataclass(frozen=True, slots=True)
class PublishedSet:
    """A published set: where it lies and what it consists of."""

    mirrors: tuple[str, ...]
    files: tuple[PublishedFile, ...]
    page: str


def _idx(images: str, labels: str, test_images: str, test_labels: str) -> tuple[PublishedFile, ...]:
    files = (
        ("train-images-idx3-ubyte.gz", images),
        ("train-labels-idx1-ubyte.gz", labels),
        ("t10k-images-idx3-ubyte.gz", test_images),
        ("t10k-labels-idx1-ubyte.gz", test_labels),
    )
    found = []
    for name, what in files:
        md5, size = what.split()
        found.append(PublishedFile(name, md5, int(size)))
    return tuple(found)


PUBLISHED: dict[str, PublishedSet] = {
    "mnist": PublishedSet(
        (
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            "http://yann.lecun.com/exdb/mnist/",
        ),
        _idx(
            "f68b3c2dcbeaaa9fbdd348bbdeb94873 9912422",
            "d53e105ee54ea40749a09fcbcd1e9432 28881",
            "9fb629c4189551a2d022fa330f9573f3 1648877",
            "ec29112dd5afa0611ce80d1b7f02629c 4542",
        ),
        "http://yann.lecun.com/exdb/mnist/",
    ),
    "fashion-mnist": PublishedSet(
        (
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        ),
        _idx(
            "8d4fb7e6c68d591d4c3dfef9ec88bf0d 26421880",
            "25c81989df183df01b3e8a0aad5dffbe 29515",
            "bef4ecab320f06d8554ea6380940ec79 4422102",
            "bb300cfdad3c16e7a12a480ee83cd310 5148",
        ),
        "https://github.com/zalandoresearch/fashion-mnist",
    ),
    "kmnist": PublishedSet(
        ("http://codh.rois.ac.jp/kmnist/dataset/kmnist/", "https://codh.rois.ac.jp/kmnist/dataset/kmnist/"),
        _idx(
            "bdb82020997e1d708af4cf47b453dcf7 18165135",
            "e144d726b3acfaa3e44228e80efcd344 29497",
            "5c965bf0a639b31b8f53240b1b52f4d7 3041136",
            "7320c461ea6c1c855c0b718fb2a4b134 5120",
        ),
        "http://codh.rois.ac.jp/kmnist/",
    ),
    "cifar10": PublishedSet(
        ("https://www.cs.toronto.edu/~kriz/",),
        (PublishedFile("cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530", 170052171),),
        "https://www.cs.toronto.edu/~kriz/cifar.html",
    ),
}


def cache_folder() -> Path:
    """Give the folder of fetched sets: ``GLYPHSMITH_DATA``, or the platform's place for caches."""
    named = os.environ.get("GLYPHSMITH_DATA")
    if named:
        return Path(named).expanduser()
    try:
        home = Path.home()
    except RuntimeError:
        raise DownloadError("there is no home folder for a cache", hint="set GLYPHSMITH_DATA to a folder") from None
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "glyphsmith" / "data"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "glyphsmith"
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "glyphsmith"


def fetch(name: str, *, folder: Path | None = None, progress: bool = True, recipe: str = "NAME") -> Path:
    """Fetch a published set by its name in ``PUBLISHED`` and give a path for ``open_source``.

    What is already in the cache with the right checksum is not fetched again. ``recipe`` is what the set is fetched
    for, which a hint names. Raises DownloadError.
    """
    if name not in PUBLISHED:
        raise DownloadError(f"no published set is called {name!r}", hint=f"there are: {', '.join(sorted(PUBLISHED))}")
    wanted = PUBLISHED[name]
    place = (folder or cache_folder()) / name
    try:
        place.mkdir(parents=True, exist_ok=True)
        for file in wanted.files:
            _fetch_file(wanted, file, place / file.name, name, progress, recipe)
    except OSError as error:
        raise DownloadError(
            f"{place}: cannot be written ({error.strerror or error})", hint="set GLYPHSMITH_DATA to a folder with room"
        ) from None
    return place / wanted.files[0].name if len(wanted.files) == 1 else place


def _fetch_file(
    wanted: PublishedSet, file: PublishedFile, target: Path, name: str, progress: bool, recipe: str
) -> None:
    if target.is_file() and _md5(target) == file.md5:
        return
    part = target.with_name(target.name + ".part")
    reasons: dict[str, str] = {}
    # Breaking off is no failure as long as more came than ever before; a file that was whole and wrong counts, too.
    round_number = 0
    furthest = part.stat().st_size if part.exists() else 0
    while round_number < ROUNDS:
        reached = furthest
        for mirror in wanted.mirrors:
            try:
                _download(mirror + file.name, part, file, progress)
            except (OSError, http.client.HTTPException, ValueError) as error:
                if isinstance(error, OSError) and error.filename == str(part):
                    raise  # our disk, not their server
                reasons[mirror] = _reason(error)
                furthest = max(furthest, part.stat().st_size if part.exists() else 0)
                continue
            if _md5(part) == file.md5:
                part.replace(target)
                return
            furthest = max(furthest, part.stat().st_size)
            part.unlink()
            reasons[mirror] = "the bytes that came are not those that were published (checksum differs)"
        gained = furthest > reached
        round_number += not gained
        if round_number < ROUNDS and not gained:
            time.sleep(PAUSE_S * 2**round_number)
    told = "; ".join(f"{mirror} ({why})" for mirror, why in reasons.items())
    names = ", ".join(entry.name for entry in wanted.files)
    raise DownloadError(
        f"{name}: {file.name} could not be fetched from {told}",
        hint=f"with a local copy ({names} in one folder, see {wanted.page}): "
        f"`glyphsmith train FOLDER --recipe {recipe}`; what has come is kept and gone on with",
    )


def _download(url: str, part: Path, file: PublishedFile, progress: bool) -> None:
    """Bring ``part`` to its full size, going on where it stops. Raises OSError or HTTPException when cut off."""
    have = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": _AGENT, "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - the addresses are ours, http or https
    try:
        answer: Any = urllib.request.urlopen(request, timeout=TIMEOUT_S)  # noqa: S310
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 416 and have:
                # nothing beyond what we have: either it is whole, which the checksum will say, or it is wrong
                if have != file.size:
                    part.unlink()
                    raise OSError("the kept beginning did not fit") from None
                return
            raise
    with answer:
        goes_on = answer.status == 206 and str(answer.headers.get("Content-Range", "")).startswith(f"bytes {have}-")
        if have and not goes_on:
            if answer.status == 206:
                part.unlink()
                raise OSError("answered with another range than was asked for")
            have = 0
        expected = answer.headers.get("Content-Length")
        whole = have + int(expected) if expected is not None and expected.isdecimal() else None
        if (whole or 0) > 2 * file.size + _PIECE:
            raise OSError(f"offers {whole:,} bytes, the published file has {file.size:,}")
        with part.open("ab" if have else "wb") as out:
            _copy(answer, out, have, file, progress)
        if whole is not None and part.stat().st_size != whole:
            raise OSError(f"cut off after {part.stat().st_size:,} of {whole:,} bytes")
        if whole is None and part.stat().st_size < file.size:
            raise OSError(f"cut off after {part.stat().st_size:,} of {file.size:,} bytes")


def _copy(answer: Any, out: Any, have: int, file: PublishedFile, progress: bool) -> None:
    with bar(file.name, file.size, done=have, show=progress, in_bytes=True) as move:
        while piece := answer.read(_PIECE):
            out.write(piece)
            have += len(piece)
            if have > 2 * file.size + _PIECE:
                raise OSError("sends more than the published file has")
            move(have)


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"answers {error.code} {error.reason}"
    inner = getattr(error, "reason", error)
    text = getattr(inner, "strerror", None) or str(inner) or type(inner).__name__
    with suppress(AttributeError):
        text = text.strip()
    return "no answer in time" if isinstance(inner, TimeoutError) else str(text)


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
