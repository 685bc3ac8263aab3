r"""The text of a pattern to its syntax tree; ``pattern`` compiles the tree.

A subset of regular expressions over the labels of an alphabet: literals, ``.``, ``[ab0-9]``, ``[^ab]``, ``|``,
``( )``, ``?``, ``*``, ``+``, ``{m}``, ``{m,}``, ``{,n}``, ``{m,n}``, ``\d`` ``\w`` ``\D`` ``\W``, and ``\`` before
a sign. The pattern always has to match the whole text; ``^`` in front and ``$`` at the end may stand and say nothing
more. A label of several characters is one unit: where it stands in the pattern it is read as a whole, the longest
label first.

Every limit is checked on the size of what a node would expand to before it is expanded, so a hostile pattern ends at
the character where it becomes too large.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field

from glyphsmith.alphabet import Alphabet
from glyphsmith.errors import PatternError

__all__ = ["MAX_DEPTH", "MAX_PATTERN", "MAX_POSITIONS", "Node", "parse_pattern", "shown"]

#: Characters of a pattern; the longest of our own, the shape of a formula, has 3 000.
MAX_PATTERN = 4000
#: Groups open at once; each costs three frames of Python's stack.
MAX_DEPTH = 60
#: Symbol places of the pattern with its repetitions written out; compiling costs their square, 0.2 s at this limit.
MAX_POSITIONS = 1000


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a pattern.

    ``kind`` is ``symbols`` (one of ``symbols``), ``row`` (``parts`` one after the other), ``choice`` (one of ``parts``)
    or ``repeat`` (``parts[0]`` from ``least`` to ``most`` times, None without end). ``size`` counts the symbol places
    once repetitions are written out, at least 1.
    """

    kind: str
    size: int
    parts: tuple[Node, ...] = ()
    symbols: frozenset[int] = frozenset()
    least: int = 0
    most: int | None = None


def shown(pattern: str) -> str:
    """Give the pattern as messages quote it, at most 60 characters long."""
    return f"pattern {pattern[:57] + '...' if len(pattern) > 60 else pattern!r}"


def parse_pattern(pattern: str, alphabet: Alphabet) -> tuple[Node, list[str]]:
    """Give the tree of a pattern and the literals in it that are no labels; raises PatternError for a malformed one."""
    if len(pattern) > MAX_PATTERN:
        raise PatternError(
            f"{shown(pattern)} has {len(pattern)} characters, at most {MAX_PATTERN} are read",
            hint="write repetitions as {m,n}",
        )
    parser = _Parser(unicodedata.normalize("NFC", pattern), alphabet)
    return parser.whole(), parser.strangers


@dataclass(slots=True)
class _Parser:
    text: str
    alphabet: Alphabet
    at: int = 0
    depth: int = 0
    strangers: list[str] = field(default_factory=list)
    longest: int = 1

    def __post_init__(self) -> None:
        self.longest = max((len(label) for label in self.alphabet), default=1)

    def whole(self) -> Node:
        self.take("^")
        node = self.choice()
        self.take("$")
        if self.at < len(self.text):
            raise self.error(
                f"{self.text[self.at]!r} closes nothing", hint=f"write \\{self.text[self.at]} for the sign"
            )
        return node

    def choice(self) -> Node:
        parts = [self.row()]
        while self.take("|"):
            parts.append(self.row())
        return parts[0] if len(parts) == 1 else self.sized("choice", tuple(parts), sum(part.size for part in parts))

    def row(self) -> Node:
        parts: list[Node] = []
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            if self.text[self.at] == "$" and self.at == len(self.text) - 1:
                break
            parts.append(self.repeated(self.atom()))
        return parts[0] if len(parts) == 1 else self.sized("row", tuple(parts), sum(part.size for part in parts))

    def repeated(self, node: Node) -> Node:
        start = self.at
        bounds = self.quantifier()
        if bounds is None:
            return node
        least, most = bounds
        if most is not None and most < least:
            self.at = start
            raise self.error(f"{{{least},{most}}} asks for at least {least} and at most {most}")
        if self.text[self.at : self.at + 1] in {"?", "*", "+", "{"}:
            raise self.error("a repetition is repeated", hint="put what is repeated into brackets")
        size = node.size * max(least if most is None else most, 1)
        return self.sized("repeat", (node,), size, least=least, most=most)

    def quantifier(self) -> tuple[int, int | None] | None:
        if self.take("?"):
            return 0, 1
        if self.take("*"):
            return 0, None
        if self.take("+"):
            return 1, None
        if not self.take("{"):
            return None
        least = self.number()
        if self.take(","):
            most = self.number()
        else:
            most = least
            if least is None:
                raise self.error("{ starts a repetition {m,n}", hint="write \\{ for the sign")
        if not self.take("}"):
            raise self.error("{ starts a repetition {m,n}", hint="write \\{ for the sign")
        return least or 0, most

    def number(self) -> int | None:
        start = self.at
        while self.text[self.at : self.at + 1] in set("0123456789"):
            self.at += 1
        if self.at - start > 6:
            raise self.error(f"more than {MAX_POSITIONS} repetitions")
        return int(self.text[start : self.at]) if self.at > start else None

    def atom(self) -> Node:
        sign = self.text[self.at]
        if sign == "(":
            return self.group()
        if sign == "[":
            return self.symbols(self.bracket())
        if sign in "?*+{":
            raise self.error(f"{sign} repeats nothing", hint=f"write \\{sign} for the sign")
        if sign in "]}^$":
            raise self.error(f"{sign!r} has no meaning here", hint=f"write \\{sign} for the sign")
        self.at += 1
        if sign == ".":
            return self.symbols(frozenset(range(len(self.alphabet))))
        self.at -= 1
        return self.symbols(self.one()[0])

    def group(self) -> Node:
        self.at += 1
        if self.text.startswith("?:", self.at):
            self.at += 2
        elif self.text[self.at : self.at + 1] == "?":
            raise self.error("(? is not supported", hint="look-around, flags and named groups have no meaning here")
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.error(f"more than {MAX_DEPTH} groups are open")
        node = self.choice()
        if not self.take(")"):
            raise self.error("a bracket ( is not closed", hint="write \\( for the sign")
        self.depth -= 1
        return node

    def bracket(self) -> frozenset[int]:
        self.at += 1
        negated = self.take("^")
        found: set[int] = set()
        start = self.at
        while self.at == start or self.text[self.at : self.at + 1] != "]":
            if self.at >= len(self.text):
                raise self.error("a bracket [ is not closed", hint="write \\[ for the sign")
            symbols, low = self.one()
            if self.text[self.at : self.at + 1] == "-" and self.text[self.at + 1 : self.at + 2] not in {"]", ""}:
                self.at += 1
                high = self.one()[1]
                symbols = self.between(low, high)
            found |= symbols
        self.at += 1
        return frozenset(range(len(self.alphabet))) - found if negated else frozenset(found)

    def between(self, low: str, high: str) -> frozenset[int]:
        """Give the labels of one character from ``low`` to ``high`` by code point."""
        if len(low) != 1 or len(high) != 1 or high < low:
            raise self.error(f"{low or '?'}-{high or '?'} is no range of characters")
        return frozenset(k for k, label in enumerate(self.alphabet) if len(label) == 1 and low <= label <= high)

    def one(self) -> tuple[frozenset[int], str]:
        """Read one label, sign or escape: the symbols it stands for, and the literal ("" for a class)."""
        if self.take("\\"):
            sign = self.text[self.at : self.at + 1]
            self.at += 1
            if sign in _CLASSES:
                return frozenset(k for k, label in enumerate(self.alphabet) if _CLASSES[sign](label)), ""
            if not sign or sign.isalnum():
                raise self.error(f"\\{sign} is not known", hint="known are \\d, \\D, \\w, \\W and \\ before a sign")
            literal = sign
        else:
            tries = range(min(self.longest, len(self.text) - self.at), 0, -1)
            ends = (self.at + n for n in tries if self.text[self.at : self.at + n] in self.alphabet)
            literal = self.text[self.at : next(ends, self.at + 1)]
            self.at += len(literal)
        if literal in self.alphabet:
            return frozenset({self.alphabet.index(literal)}), literal
        self.strangers.append(literal)
        return frozenset(), literal

    def symbols(self, symbols: frozenset[int]) -> Node:
        return Node("symbols", 1, symbols=symbols)

    def sized(self, kind: str, parts: tuple[Node, ...], size: int, *, least: int = 0, most: int | None = None) -> Node:
        """Make a node, unless it is too large."""
        if size > MAX_POSITIONS:
            raise self.error(
                f"too large: {size} places with its repetitions written out, at most {MAX_POSITIONS} are compiled",
                hint="shorten the repetitions, or use * or + where no upper bound is needed",
            )
        return Node(kind, max(size, 1), parts, least=least, most=most)

    def take(self, sign: str) -> bool:
        """Step over ``sign`` where it stands next."""
        if self.text[self.at : self.at + 1] != sign:
            return False
        self.at += 1
        return True

    def error(self, what: str, hint: str | None = None) -> PatternError:
        return PatternError(f"{shown(self.text)}: character {self.at + 1}: {what}", hint=hint)


_CLASSES: dict[str, Callable[[str], bool]] = {
    "d": lambda label: label.isdecimal(),
    "D": lambda label: not label.isdecimal(),
    "w": lambda label: label.isalnum() or label == "_",
    "W": lambda label: not (label.isalnum() or label == "_"),
}
