"""Names, labels and sentences as they may be shown, on a terminal or in a drawing."""

from __future__ import annotations

__all__ = ["code_points", "several", "shown"]

#: The kinds of Unicode that a terminal obeys instead of showing, and that no font draws.
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp"})


def shown(text: str, *, keep: str = "") -> str:
    """Write what a file or a label is called so that no terminal obeys it: control signs and the like as escapes.

    Signs that turn the direction of writing are among them; joiners are not, which emoji and some scripts need.
    """
    if text.isprintable():
        return text
    from unicodedata import category

    free = keep + "\u200c\u200d"
    return "".join(
        sign.encode("unicode_escape").decode() if sign not in free and category(sign) in _UNSEEN else sign
        for sign in text
    )


def several(count: int, one: str, many: str = "") -> str:
    """Write a whole number with its noun: ``1 font``, ``1,200 fonts``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def code_points(text: str) -> str:
    """Name the characters of a label by their numbers: ``U+16D2``."""
    return " ".join(f"U+{ord(character):04X}" for character in text)
