"""The exact value of a text of arithmetic, as a reader of arithmetic answers it; no ``eval``, and no text can hang it.

The grammar, blanks between its parts ignored::

    text       = { variable "=" expression ";" } expression [ "=" [ "?" ] ]
    expression = [ sign ] term { sign term }
    term       = factor { ("*" | "/") factor }
    factor     = number | variable | "(" expression ")"
    number     = digit { digit }
    variable   = one letter of any script, assigned before it is used and only once
    sign       = "+" | "-"

Other signs of the same meaning (``SYNONYMS``) stand for these: − × ÷ and the full-width forms. What the text says is
worked out in fractions, so ``1/3*3`` is 1. A text outside the grammar, or one that divides by zero, is a result too:
a ``Value`` without a value that says why. ``read`` shows the value, ``eval`` compares it, ``decode`` holds its
readings to the same grammar.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

__all__ = ["MAX_BITS", "MAX_DEPTH", "MAX_LENGTH", "SYNONYMS", "Value", "evaluate_expression", "plain_signs"]

#: Characters; the longest text of the data sets has 46, and a longer one than this is refused before it is looked at.
MAX_LENGTH = 1000
#: Brackets open at once; each costs four frames of Python's stack, which holds 1 000.
MAX_DEPTH = 64
#: Bits of a numerator or denominator. Squares of squares (``a=9;b=a*a;c=b*b;...``) double with every six characters.
MAX_BITS = 4096

#: Signs that mean one of the grammar's own.
SYNONYMS: dict[str, str] = {
    **dict.fromkeys("−–－﹣", "-"),
    **dict.fromkeys("×✕✖∗＊·⋅", "*"),
    **dict.fromkeys("÷∕⁄／", "/"),
    **dict.fromkeys("＋﹢", "+"),
    "（": "(",
    "）": ")",
    "＝": "=",
    "；": ";",
    "？": "?",
}
_PLAIN = str.maketrans(SYNONYMS)
_DIGITS = frozenset("0123456789")


def plain_signs(text: str) -> str:
    """Write every sign of SYNONYMS as the grammar's own; the length stays."""
    return text.translate(_PLAIN)


@dataclass(frozen=True, slots=True)
class Value:
    """What an expression comes to: ``value``, or None and the ``reason`` why there is none."""

    value: Fraction | None
    reason: str | None = None

    @property
    def text(self) -> str:
        """The value as ``13`` or ``-5/3``, which ``evaluate_expression`` reads again; empty without a value."""
        return "" if self.value is None else str(self.value)


def evaluate_expression(text: str) -> Value:
    """Work out a text of the grammar above; whatever the text, this returns and does so within milliseconds."""
    if len(text) > MAX_LENGTH:
        return Value(None, f"{len(text)} characters, at most {MAX_LENGTH} are read")
    try:
        return Value(_Parser(plain_signs(text)).value())
    except _NoValueError as error:
        return Value(None, error.reason)


class _NoValueError(Exception):
    """Ends the parsing; never leaves this module."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Parser:
    """One pass over a text by recursive descent; ``at`` is the index of the next character."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0
        self.variables: dict[str, Fraction] = {}

    def value(self) -> Fraction:
        while (name := self.assigned()) is not None:
            if name in self.variables:
                raise _NoValueError(f"{name} is assigned twice")
            self.variables[name] = self.expression()
            self.expect(";")
        found = self.expression()
        if self.take("="):  # sites paint `3+5=?`
            self.take("?")
        if self.peek():
            raise self.unexpected("an operator or the end")
        return found

    def assigned(self) -> str | None:
        """Read ``variable =`` where it stands next and something follows the equals sign."""
        start = self.at
        name = self.peek()
        if name.isalpha():
            self.at += 1
            if self.take("=") and self.peek() not in {"", "?"}:
                return name
        self.at = start
        return None

    def expression(self) -> Fraction:
        sign = self.take("-") or self.take("+")
        total = self.term()
        if sign == "-":
            total = -total
        while sign := self.take("+") or self.take("-"):
            term = self.term()
            total = self.bounded(total + term if sign == "+" else total - term)
        return total

    def term(self) -> Fraction:
        product = self.factor()
        while sign := self.take("*") or self.take("/"):
            at = self.at
            factor = self.factor()
            if sign == "*":
                product = self.bounded(product * factor)
            elif factor:
                product = self.bounded(product / factor)
            else:
                raise _NoValueError(f"division by zero at character {at}")
        return product

    def factor(self) -> Fraction:
        found = self.peek()
        if found in _DIGITS:
            return self.number()
        if found == "(":
            return self.bracketed()
        if found.isalpha():
            self.at += 1
            if found not in self.variables:
                raise _NoValueError(f"{found} at character {self.at} has no value")
            return self.variables[found]
        raise self.unexpected("a number or an opening bracket")

    def number(self) -> Fraction:
        start = self.at
        while self.at < len(self.text) and self.text[self.at] in _DIGITS:
            self.at += 1
        return self.bounded(Fraction(int(self.text[start : self.at])))

    def bracketed(self) -> Fraction:
        self.at += 1
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _NoValueError(f"more than {MAX_DEPTH} brackets are open at character {self.at}")
        inner = self.expression()
        self.expect(")")
        self.depth -= 1
        return inner

    def peek(self) -> str:
        """Give the next character that is no blank, or an empty string at the end."""
        while self.at < len(self.text) and self.text[self.at] in " \t":
            self.at += 1
        return self.text[self.at : self.at + 1]

    def take(self, sign: str) -> str:
        """Step over ``sign`` where it stands next; gives it, or an empty string."""
        if self.peek() != sign:
            return ""
        self.at += 1
        return sign

    def expect(self, sign: str) -> None:
        if not self.take(sign):
            raise self.unexpected(repr(sign))

    def unexpected(self, expected: str) -> _NoValueError:
        found = self.peek()
        if not found:
            return _NoValueError(f"the text ends where {expected} is expected")
        return _NoValueError(f"{found!r} at character {self.at + 1}, expected {expected}")

    def bounded(self, value: Fraction) -> Fraction:
        if max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
            raise _NoValueError(f"the value has more than {MAX_BITS} bits")
        return value
