"""The style rules of a page, as far as they place sprites: classes to values, by a CSS parser.

Rules may come in any order, hold one property or many, and name several selectors. What a browser would apply to an
element is worked out for selectors made of a tag and classes. A selector of another kind is no reason to fail, unless
it names a class that is asked for: then nobody knows what it changes, and PageError says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import tinycss2

from glyphsmith.errors import PageError

__all__ = ["Stylesheet", "Value", "pixels", "read_stylesheet", "url"]

#: The tokens of a value, without white space and comments.
Value = tuple[Any, ...]

_TAG = "div"


@dataclass(frozen=True, slots=True)
class _Rule:
    """The declarations of one selector: the later and the more particular one wins, ``!important`` before all.

    ``weight`` is the number of classes it names, one that is named twice counts twice.
    """

    classes: frozenset[str]
    weight: int
    tagged: bool
    order: int
    declarations: dict[tuple[str, bool], Value]


@dataclass(slots=True)
class Stylesheet:
    """The rules of a page by the classes they name; ``read_stylesheet`` makes it. ``bare`` ones name none."""

    bare: list[_Rule] = field(default_factory=list)
    rules: dict[str, list[_Rule]] = field(default_factory=dict)
    strange: dict[str, str] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """True where a rule names this class."""
        return name in self.rules or name in self.strange

    def values(self, classes: Iterable[str], inline: str | None = None) -> dict[str, Value]:
        """Give the values that apply to a ``div`` with these classes and this ``style`` attribute. Raises PageError."""
        found: dict[str, tuple[tuple[bool, bool, int, bool, int], Value]] = {}

        def apply(rule: _Rule, from_attribute: bool) -> None:
            for (name, important), value in rule.declarations.items():
                weight = (important, from_attribute, rule.weight, rule.tagged, rule.order)
                if name not in found or found[name][0] <= weight:
                    found[name] = (weight, value)

        held = frozenset(classes)
        for rule in self.bare:
            apply(rule, from_attribute=False)
        for name in held:
            if name in self.strange:
                raise PageError(f"a style rule of .{name} is of a kind that is not understood: {self.strange[name]}")
            for rule in self.rules.get(name, ()):
                if rule.classes <= held:
                    apply(rule, from_attribute=False)
        if inline:
            parsed = tinycss2.parse_declaration_list(inline, skip_comments=True, skip_whitespace=True)
            apply(
                _Rule(frozenset(), weight=0, tagged=False, order=0, declarations=_declarations(parsed)),
                from_attribute=True,
            )
        return {name: value for name, (_, value) in found.items()}


def read_stylesheet(text: str) -> Stylesheet:
    """Read the text of all ``<style>`` blocks of a page."""
    sheet = Stylesheet()
    for order, node in enumerate(tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True)):
        if node.type == "at-rule":
            _note(sheet, [*node.prelude, *(node.content or ())], f"@{node.at_keyword}")
        if node.type != "qualified-rule":
            continue  # a malformed rule is dropped, as a browser does; what it should have said is missed later
        content = tinycss2.parse_blocks_contents(node.content, skip_comments=True, skip_whitespace=True)
        declarations = _declarations(content)
        for tokens in _selectors(node.prelude):
            simple = _simple(tokens)
            if simple is None:
                _note(sheet, tokens, tinycss2.serialize(tokens).strip())
                continue
            classes, tagged, ours = simple
            if not ours:
                continue
            rule = _Rule(frozenset(classes), len(classes), tagged, order, declarations)
            if not classes:
                sheet.bare.append(rule)
            for name in rule.classes:
                sheet.rules.setdefault(name, []).append(rule)
        nested = [item for item in content if item.type in ("qualified-rule", "at-rule")]
        for item in nested:
            _note(sheet, [*node.prelude, *item.prelude, *(item.content or ())], "a rule within a rule")
    return sheet


def _declarations(nodes: Iterable[Any]) -> dict[tuple[str, bool], Value]:
    """Give the values by property and importance, the shorthands for a background taken apart."""
    found: dict[tuple[str, bool], Value] = {}
    for node in nodes:
        if node.type != "declaration":
            continue
        value = tuple(token for token in node.value if token.type not in ("whitespace", "comment"))
        said = {node.lower_name: value}
        if node.lower_name == "background":
            said = _background(value)
        elif node.lower_name == "background-position" and len(value) == 2 and all(map(_is_length, value)):
            said = {"background-position-x": value[:1], "background-position-y": value[1:]}
        found |= {(name, node.important): one for name, one in said.items()}
    return found


#: What a shorthand says of an offset and a size that it does not name.
_ZERO = tinycss2.parse_one_component_value("0")
_AUTO = tinycss2.parse_one_component_value("auto")
#: Words of a position, and functions that may stand for one.
_PLACES = frozenset(("left", "right", "top", "bottom", "center"))
_WORKED_OUT = frozenset(("calc", "min", "max", "clamp", "var", "env"))


def _background(value: Value) -> dict[str, Value]:
    """Take the shorthand apart. What is not understood of its position stays whole, as ``background-position``."""
    slashed = any(token.type == "literal" and token.value == "/" for token in value)
    layered = any(token.type == "literal" and token.value == "," for token in value)
    said = {"background-image": value, "background-size": value if slashed else (_AUTO,)}
    place = tuple(token for token in value if _is_place(token))
    if not place:
        place = (_ZERO, _ZERO)
    if len(place) == 2 and all(map(_is_length, place)) and not slashed and not layered:
        return said | {"background-position-x": place[:1], "background-position-y": place[1:]}
    return said | {"background-position": value}


def _is_length(token: Any) -> bool:
    return token.type in ("dimension", "number")


def _is_place(token: Any) -> bool:
    if token.type == "ident":
        return token.lower_value in _PLACES
    return (
        _is_length(token)
        or token.type == "percentage"
        or (token.type == "function" and token.lower_name in _WORKED_OUT)
    )


def _selectors(prelude: Sequence[Any]) -> list[list[Any]]:
    """Divide a list of selectors at its commas."""
    divided: list[list[Any]] = [[]]
    for token in prelude:
        if token.type == "literal" and token.value == ",":
            divided.append([])
        elif token.type != "comment":
            divided[-1].append(token)
    return divided


def _simple(tokens: Sequence[Any]) -> tuple[list[str], bool, bool] | None:
    """Give the classes of a selector as often as it names them, whether it names the tag, and whether it may be ours.

    None where it is of another kind; one of another tag is not ours.
    """
    while tokens and tokens[0].type == "whitespace":
        tokens = tokens[1:]
    while tokens and tokens[-1].type == "whitespace":
        tokens = tokens[:-1]
    tagged, other, universal = False, False, False
    if tokens and tokens[0].type == "ident":
        tagged, other = tokens[0].lower_value == _TAG, tokens[0].lower_value != _TAG
        tokens = tokens[1:]
    elif tokens and tokens[0].type == "literal" and tokens[0].value == "*":
        universal, tokens = True, tokens[1:]
    if not tokens and not (tagged or other or universal):
        return None
    classes = []
    place = 0
    while place < len(tokens):
        token = tokens[place]
        following = tokens[place + 1] if place + 1 < len(tokens) else None
        if token.type == "literal" and token.value == "." and following is not None and following.type == "ident":
            classes.append(following.value)
            place += 2
        elif token.type in ("number", "dimension") and token.representation.startswith("."):
            # A class that begins with a digit is no identifier of CSS, so that .7abc is a number with a unit.
            classes.append(token.representation[1:] + (token.unit if token.type == "dimension" else ""))
            place += 1
        else:
            return None
    return classes, tagged, not other


def _note(sheet: Stylesheet, tokens: Iterable[Any], kind: str) -> None:
    """Remember every class that is named in what is not understood."""
    for token in tokens:
        if token.type == "ident":
            sheet.strange.setdefault(token.value, kind)
        for inner in (getattr(token, "content", None), getattr(token, "arguments", None)):
            if inner:
                _note(sheet, inner, kind)


def pixels(value: Value, what: str) -> int:
    """Give a length in whole pixels. Raises PageError that begins with ``what``."""
    if len(value) == 1:
        token = value[0]
        if token.type == "dimension" and token.lower_unit == "px" and float(token.value).is_integer():
            return int(token.value)
        if token.type == "number" and token.value == 0:
            return 0
    raise PageError(f"{what} is {tinycss2.serialize(value)[:40]!r}, expected whole pixels")


def url(value: Value) -> str | None:
    """Give the address in a value such as ``url("...")``, quoted or not; None where it holds none."""
    for token in value:
        if token.type == "url":
            return str(token.value)
        if token.type == "function" and token.lower_name == "url":
            return next((str(inner.value) for inner in token.arguments if inner.type == "string"), None)
    return None
