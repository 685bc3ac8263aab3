"""Names of folders for labels, such as every file system bears: who writes one folder a class asks here.

A label may be ``/``, an emoji, ``.`` or ``con``; ``a`` and ``A`` are one folder on macOS and Windows. A table beside
the folders says which label each picture has, so a folder's name only needs to be safe and, where it can be, telling.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from glyphsmith.data.pictures import part_of

__all__ = ["folder_names"]

#: Devices of Windows, with any suffix.
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{k}" for port in ("com", "lpt") for k in range(10))})
#: Longer names than this, in bytes of UTF-8, are cut off by some archives.
_LONGEST = 60


def folder_names(labels: Iterable[str]) -> dict[str, str]:
    """Give each label a folder's name: the label itself where every file system bears it, else ``U+002F`` and so on.

    Letters that differ only in their case are told apart: of ``a`` and ``A`` the second becomes ``U+0041``.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    # Labels in lower case keep their own name, whoever comes first.
    for label in sorted(labels, key=lambda label: (label != label.casefold(), label)):
        folded = unicodedata.normalize("NFKD", label.casefold())
        plain = _is_safe(label) and folded not in taken
        taken.add(folded)
        names[label] = label if plain else "_".join(f"U+{ord(character):04X}" for character in label)
    return names


def _is_safe(label: str) -> bool:
    return (
        all(unicodedata.category(character)[0] in "LN" for character in label)
        and len(label.encode("utf-8", "surrogatepass")) <= _LONGEST
        and label.casefold() not in _DEVICES
        and part_of(label) is None  # a folder named test would be taken for the test part
    )
