"""What the figures of an audit mean, in sentences: the judgement of ``glyphsmith data check``."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from glyphsmith.data.likeness import made_from
from glyphsmith.data.measure import BLANK, BUSY, DARK, LIGHT
from glyphsmith.data.pictures import Source, columns_of
from glyphsmith.data.units import merged
from glyphsmith.display import several

if TYPE_CHECKING:
    from glyphsmith.data.audit import Audit, Finding

__all__ = ["as_document", "find", "in_lines", "is_text"]

_SHOWN = 5
#: Largest over smallest class; above it the small ones are drowned.
_IMBALANCE = 10.0
#: Fewer pictures of a class cannot be split and measured.
_FEW = 5


def is_text(labels: Counter[str]) -> bool:
    """Say whether labels look like free text (most occur once) and not like classes."""
    total = sum(labels.values())
    return total >= 20 and len(labels) > 0.5 * total and sum(len(label) for label in labels) > len(labels)


def find(audit: Audit, source: Source) -> list[Finding]:
    """Judge an audit; the gravest first."""
    found = [
        *_unreadable(audit),
        *_labels(audit),
        *_duplicates(audit, source),
        *_polarity(audit, source),
        *_sizes(audit, source),
        *_kinds(audit),
        *_notes(source),
    ]
    rank = {"error": 0, "warning": 1, "note": 2}
    return sorted(found, key=lambda finding: rank[finding.level])


def _finding(level: Any, text: str, names: Any = ()) -> Finding:
    from glyphsmith.data.audit import Finding

    return Finding(level, text, tuple(names))


def _unreadable(audit: Audit) -> list[Finding]:
    if not audit.failures:
        return []
    names = [f"{reason}" for _, reason in audit.failures[:20]]
    if not audit.readable.any():
        return [_finding("error", f"not one of {several(audit.n, 'picture')} can be read", names)]
    return [_finding("warning", f"{several(len(audit.failures), 'picture')} cannot be read: skipped", names)]


def _labels(audit: Audit) -> list[Finding]:
    found: list[Finding] = []
    labels = audit.labels
    if len(labels) == 1:
        found.append(
            _finding("error", f"all pictures carry the one label {next(iter(labels))!r}: nothing to tell apart")
        )
    odd = [label for label in labels if any(unicodedata.category(sign) in ("Cc", "Cf", "Co", "Cs") for sign in label)]
    if odd:
        found.append(
            _finding("warning", f"{len(odd):,} labels hold characters that cannot be seen", map(ascii, odd[:20]))
        )
    if is_text(labels):
        return found
    folded: dict[str, list[str]] = defaultdict(list)
    for label in labels:
        folded[unicodedata.normalize("NFKC", label).casefold().strip()].append(label)
    twins = [sorted(group) for group in folded.values() if len(group) > 1 and len(group[0]) > 1]
    if twins:
        text = f"{len(twins):,} labels differ only in case or in form of their characters"
        found.append(_finding("warning", text, [" / ".join(group) for group in twins[:20]]))
    if len(labels) > 1:
        most, least = labels.most_common(1)[0], min(labels.items(), key=lambda item: (item[1], item[0]))
        few = sorted(label for label, count in labels.items() if count < _FEW)
        if most[1] > _IMBALANCE * least[1]:
            text = (
                f"{most[1]:,} pictures of {most[0]!r}, but {least[1]:,} of {least[0]!r}: the small classes are drowned"
            )
            found.append(_finding("warning", text))
        if few:
            text = f"fewer than {_FEW} pictures of {several(len(few), 'label')}; what is measured of them means little"
            found.append(_finding("warning", text, few[:20]))
    return found


def _duplicates(audit: Audit, source: Source) -> list[Finding]:
    found: list[Finding] = []
    exact = _members(audit.exact, audit)
    copies = sum(len(members) - 1 for members in exact.values())
    if copies:
        names = [_names(source, members) for members in list(exact.values())[:_SHOWN]]
        found.append(_finding("note", f"{several(copies, 'exact copy', 'exact copies')} of other pictures", names))
    labels = columns_of(source).labels
    torn = [members for members in exact.values() if len({labels[i] for i in members}) > 1]
    if torn:
        names = [", ".join(f"{source.sample(i).name} = {source.sample(i).label!r}" for i in m[:3]) for m in torn[:20]]
        found.append(_finding("warning", f"{several(len(torn), 'picture')} under two labels", names))
    near = {
        key: members
        for key, members in _members(audit.cluster, audit).items()
        if key not in exact or members != exact[key]
    }
    more = sum(len({int(audit.exact[i]) for i in members}) - 1 for members in near.values())
    if more:
        names = [_names(source, members) for members in list(near.values())[:_SHOWN]]
        text = f"{more:,} pictures are nearly the same as another (but for size, brightness or compression)"
        found.append(_finding("note", text, names))
    given = columns_of(source)
    kin = made_from(given.names, given.labels, texts=is_text(audit.labels))
    if kin:
        found.append(_made(audit, source, kin))
    if audit.parts:
        found += _leaks(audit, source, merged(audit.cluster, kin))
    return found


def _made(audit: Audit, source: Source, kin: Sequence[str | None]) -> Finding:
    together: dict[str, list[int]] = defaultdict(list)
    for i in np.flatnonzero(audit.readable).tolist():
        if key := kin[i]:
            together[key].append(i)
    count = sum(map(len, together.values()))
    text = f"{count:,} pictures were by their names made from one another, as turned copies are; a split keeps them so"
    return _finding("note", text, [_names(source, members) for members in list(together.values())[:_SHOWN]])


def _members(ids: Any, audit: Audit) -> dict[int, list[int]]:
    """Collect clusters of two and more, in order."""
    seen = np.flatnonzero(audit.readable)
    values, counts = np.unique(ids[seen], return_counts=True)
    shared = seen[np.isin(ids[seen], values[counts > 1])]
    found: dict[int, list[int]] = defaultdict(list)
    for i in shared.tolist():
        found[int(ids[i])].append(i)
    return dict(found)


def _names(source: Source, members: list[int]) -> str:
    shown = " = ".join(source.sample(i).name for i in members[:3])
    return shown + (f" and {len(members) - 3} more" if len(members) > 3 else "")


def _leaks(audit: Audit, source: Source, alike: Any) -> list[Finding]:
    across: Counter[tuple[str, str]] = Counter()
    names: dict[tuple[str, str], list[str]] = defaultdict(list)
    for members in _members(alike, audit).values():
        by_part: dict[str, list[int]] = defaultdict(list)
        for i in members:
            by_part[source.sample(i).part or "train"].append(i)
        for one, other in (("train", "test"), ("train", "validation"), ("validation", "test")):
            if one in by_part and other in by_part:
                across[one, other] += len(by_part[other])
                names[one, other].append(_names(source, [by_part[one][0], by_part[other][0]]))
    return [
        _finding(
            "warning",
            f"{count:,} pictures of the given {other} part are in the {one} part too; training leaves the copies out",
            names[one, other][:20],
        )
        for (one, other), count in across.items()
    ]


def _polarity(audit: Audit, source: Source) -> list[Finding]:
    found: list[Finding] = []
    grounds = audit.grounds[audit.readable]
    dark, light = int((grounds == DARK).sum()), int((grounds == LIGHT).sum())
    blank = np.flatnonzero(audit.readable & (audit.grounds == BLANK))
    if blank.size:
        names = [source.sample(int(i)).name for i in blank[:20]]
        found.append(
            _finding("warning", f"{several(blank.size, 'picture')} of one flat colour, showing nothing", names)
        )
    if not dark or not light or int((grounds == BUSY).sum()) > 0.5 * grounds.size:
        return found
    less, which, name = (dark, DARK, "light on dark") if dark < light else (light, LIGHT, "dark on light")
    share = less / (dark + light)
    at = np.flatnonzero(audit.readable & (audit.grounds == which))
    labels = columns_of(source).labels
    by_label = Counter(labels[i] for i in at.tolist())
    # a label whose pictures alone are turned round is told by its ground, and not by what is written on it
    telling = sorted(label for label, count in by_label.items() if count >= 3 and count > 0.9 * audit.labels[label])
    if telling and share < 0.4 and not is_text(audit.labels):
        text = f"nearly all pictures of {len(telling):,} labels are {name}, unlike the rest: the ground tells the label"
        found.append(_finding("warning", text, telling[:20]))
    elif share >= 0.001 or less >= 3:
        level = "warning" if share < 0.1 else "note"
        text = (
            f"{less:,} pictures are {name} and {max(dark, light):,} the other way round; `polarity = auto` evens it out"
        )
        found.append(_finding(level, text, [source.sample(int(i)).name for i in at[:_SHOWN]]))
    return found


def _sizes(audit: Audit, source: Source) -> list[Finding]:
    seen = np.flatnonzero(audit.readable)
    if not seen.size:
        return []
    area = audit.widths[seen].astype(np.float64) * audit.heights[seen]
    side = np.minimum(audit.widths[seen], audit.heights[seen])
    middle = float(np.median(area))
    odd = seen[(area > 16 * middle) | (area < middle / 16) | (side < 4)]
    if not odd.size:
        return []
    if odd.size > 0.2 * seen.size:
        low, high = seen[np.argmin(area)], seen[np.argmax(area)]
        shown = [f"{audit.widths[i]}x{audit.heights[i]}" for i in (low, high)]
        text = f"sizes differ widely, from {shown[0]} to {shown[1]}"
        return [_finding("note", text)]
    names = [f"{source.sample(int(i)).name} ({audit.widths[i]}x{audit.heights[i]})" for i in odd[:20]]
    return [_finding("warning", f"{several(odd.size, 'picture')} of an odd size, far from the others or tiny", names)]


def _kinds(audit: Audit) -> list[Finding]:
    found: list[Finding] = []
    for word, text in (
        ("16-bit", "have 16 bits a value and are scaled to 8"),
        ("CMYK", "are CMYK and are turned into RGB"),
        ("animated", "are animated; the first frame is taken"),
    ):
        count = sum(n for kind, n in audit.kinds.items() if word in kind)
        if count:
            found.append(_finding("note", f"{count:,} pictures {text}"))
    alpha = sum(n for kind, n in audit.kinds.items() if "alpha" in kind or "RGBA" in kind or "transparency" in kind)
    if alpha:
        found.append(
            _finding("note", f"{alpha:,} pictures can be transparent; that is laid on white, light ink on black")
        )
    return found


def _notes(source: Source) -> list[Finding]:
    return [
        _finding("warning" if text.startswith(("left out", "doubtful")) else "note", text)
        for text in getattr(source, "notes", ())
    ]


def in_lines(audit: Audit) -> list[str]:
    """Say an audit in lines for the terminal and the report."""
    lines = [f"{audit.where}: {audit.form}, because {audit.reason}", _count_line(audit)]
    sizes = audit.sizes
    if sizes:
        shown = ", ".join(f"{w}x{h} ({n:,})" for (w, h), n in sizes.most_common(4))
        lines.append(f"sizes: {shown}" + (f" and {len(sizes) - 4:,} more" if len(sizes) > 4 else ""))
    kinds = [(kind, count) for kind, count in audit.kinds.most_common() if kind != "array"]
    if kinds:
        lines.append("kinds: " + ", ".join(f"{kind} ({count:,})" for kind, count in kinds[:6]))
    if audit.polarity:
        lines.append("ground: " + ", ".join(f"{name} ({count:,})" for name, count in audit.polarity.most_common()))
    for finding in audit.findings:
        lines.append(f"{finding.level}: {finding.text}")
        lines += [f"    {name}" for name in finding.names[:_SHOWN]]
        if len(finding.names) > _SHOWN:
            lines.append("    ...")
    if not audit.findings:
        lines.append("nothing odd was found")
    return lines


def _count_line(audit: Audit) -> str:
    labels = audit.labels
    parts = ", ".join(
        f"{name} {audit.parts[name]:,}" for name in ("train", "validation", "test") if name in audit.parts
    )
    given = f" (given: {parts})" if parts else ""
    if is_text(labels):
        lengths = Counter(len(label) for label in labels.elements())
        signs = set().union(*labels)
        return (
            f"{audit.n:,} pictures{given} of text, {min(lengths)} to {max(lengths)} long, in {len(signs):,} "
            f"different characters"
        )
    ordered = sorted(labels)
    shown = " ".join(ordered[:24]) + (" ..." if len(ordered) > 24 else "")
    least, most = min(labels.values()), max(labels.values())
    each = f"{least:,} each" if least == most else f"{least:,} to {most:,} each"
    return f"{several(audit.n, 'picture')}{given}, {several(len(labels), 'label')} ({each}): {shown}"


def as_document(audit: Audit) -> dict[str, Any]:
    """Give an audit as JSON values."""
    seen = audit.readable
    return {
        "source": audit.where,
        "form": audit.form,
        "reason": audit.reason,
        "n": audit.n,
        "readable": int(seen.sum()),
        "labels": {label: audit.labels[label] for label in sorted(audit.labels)},
        "parts": dict(audit.parts),
        "sizes": [[w, h, count] for (w, h), count in audit.sizes.most_common(50)],
        "kinds": dict(audit.kinds.most_common()),
        "polarity": dict(audit.polarity.most_common()),
        "exact_duplicates": int(seen.sum()) - np.unique(audit.exact[seen]).size,
        "near_duplicates": np.unique(audit.exact[seen]).size - np.unique(audit.cluster[seen]).size,
        "failed": [{"path": name, "error": reason} for name, reason in audit.failures],
        "findings": [finding.as_dict() for finding in audit.findings],
    }
