"""Write what documents say about files from the files themselves: README's readers and ARCHITECTURE's tree.

    python docs/generate.py          say whether both are current
    python docs/generate.py --write  make them current (`make tables`)

A module's line in the tree is the first sentence of its docstring, a document's its title; a reader's figures are those
on its card.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from glyphsmith.card import Card
from glyphsmith.cli.figures import figure_said
from glyphsmith.runtime.reader import open_reader
from glyphsmith.runtime.store import shipped

ROOT = Path(__file__).resolve().parent.parent

#: Folders that get one line for all that lies in them.
WHOLE = (
    "examples/digits",
    "src/glyphsmith/*/templates",
    "src/glyphsmith/*/fonts",
    "src/glyphsmith/recipes",
    "src/glyphsmith/readers",
    "tests/*",
)

#: What no docstring says.
SAID = {
    ".ci/run": "what CI runs: a fresh environment, then check, demo and test",
    ".gitignore": "what stays out",
    "ARCHITECTURE.md": "this file",
    "CHANGELOG.md": "what changed for users",
    "CONTRIBUTING.md": "how to work on it",
    "LICENSE": "Apache-2.0",
    "Makefile": "demo, test, check on a fresh clone",
    "README.md": "what it is and how to use it",
    "benchmarks": "side by side with the peers; one table and one JSON line each",
    "benchmarks/README.md": "which script measures which claim",
    "constraints.txt": "the versions that were tested together",
    "docs": "what is longer than a docstring",
    "docs/log.md": "experiments with their figures, failures included",
    "examples": "short scripts and small pictures; run by the tests",
    "examples/digits": "ten painted digits, labelled by their file names",
    "examples/sheet.jpg": "nine digits on one sheet, for `read --find`",
    "pyproject.toml": "package, extras, and the settings of every tool",
    "src/glyphsmith": "",
    "src/glyphsmith/py.typed": "the types are part of the package",
    "src/glyphsmith/readers": "the shipped readers, each with its card inside",
    "src/glyphsmith/recipes": "one TOML file per reader and per reference network",
    "src/glyphsmith/*/fonts": "fonts that painters draw with, each with its licence",
    "src/glyphsmith/*/templates": "the page the report is laid on",
    "tests": "mirrors src; a test is named as a sentence",
    "tests/tiny_reader.py": "",
    "tests/*": "tests of the folder of that name in src",
}

#: What a folder of the package is for; the layer it lies in is held by import-linter.
FOLDERS = {
    "cli": "one file per verb; heavy imports inside the function",
    "data": "labelled pictures: sources, audit, split, import, download",
    "decode": "scores to readings",
    "evaluate": "a reader and data in, a report out",
    "explain": "maps laid over pictures; no torch",
    "export": "the file: preparation as operators, network, seal, parity gate",
    "nets": "tensors in, tensors out; import nothing else of ours",
    "runtime": "the reader of a file, without torch",
    "steps": "named picture steps, usable alone",
    "synth": "seeded painters",
    "practice": "the practice site: sprite puzzles behind a log-in, with switchable trouble",
    "train": "recipe, plan, batches, augmentation, the loop, checkpoints",
    "train/tasks": "what differs from task to task: loss, calibration",
}


def tree() -> str:
    """Give the tree of the repository, one line per file or folder."""
    lines: list[tuple[str, str]] = []
    for path, depth in _walk(ROOT, 0):
        name = path.name + ("/" if path.is_dir() else "")
        lines.append(("  " * depth + name, _summary(path)))
    width = 26  # fixed, so that one new file changes one line
    return "\n".join(f"{name.ljust(width)}  {summary}".rstrip() for name, summary in lines)


def _walk(folder: Path, depth: int) -> Iterator[tuple[Path, int]]:
    ignored = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines() if line]
    for path in sorted(folder.iterdir(), key=lambda item: (item.is_dir(), item.name)):
        if path.name == ".git" or any(fnmatch(path.name, pattern) for pattern in ignored):
            continue
        if path.name == "__init__.py" and not path.read_text(encoding="utf-8").strip():
            continue
        if path.is_dir() and not any(path.iterdir()):
            continue
        yield path, depth
        if path.is_dir() and not _matches(path, WHOLE):
            yield from _walk(path, depth + 1)


def _matches(path: Path, patterns: tuple[str, ...]) -> bool:
    place = path.relative_to(ROOT).as_posix()
    return any(fnmatch(place, pattern) for pattern in patterns)


def _summary(path: Path) -> str:
    place = path.relative_to(ROOT).as_posix()
    if SAID.get(place):
        return SAID[place]
    if place.startswith("src/glyphsmith/") and path.is_dir():
        inner = place.removeprefix("src/glyphsmith/")
        if inner in FOLDERS:
            return FOLDERS[inner]
    if path.suffix == ".py":
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        fallback = f"tests of {path.name.removeprefix('test_')}" if path.name.startswith("test_") else ""
        return first_sentence(text) or fallback
    if path.suffix == ".md" and place not in SAID:
        return path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
    return next((said for pattern, said in SAID.items() if said and fnmatch(place, pattern)), "")


def first_sentence(text: str) -> str:
    """Give the first sentence of a docstring, at most to its semicolon, on one line."""
    paragraph = " ".join(text.split("\n\n", maxsplit=1)[0].split())
    return re.split(r"(?<!\.)\.(?:\s|$)|;\s", paragraph)[0]


def readers() -> str:
    """Give the table of the shipped readers from their cards."""
    rows = ["| reader | reads | file | measured on the file |", "|---|---|---|---|"]
    for name, path in shipped().items():
        card = open_reader(path).card
        rows.append(f"| `{name}` | {card.about} | {path.stat().st_size / 1e6:.2f} MB | {figures(card)} |")
    return "\n".join(rows) if len(rows) > 2 else "No reader comes with this version yet."


def figures(card: Card) -> str:
    """Write the figures of a card, each with n and its interval."""
    return "; ".join(f"{name}: {figure_said(figure)}" for name, figure in card.figures.items()) or "nothing"


def filled(document: Path) -> str:
    """Give a document with the parts between its markers made anew."""
    parts = {"readers": readers, "tree": tree}
    text = document.read_text(encoding="utf-8")
    for name in re.findall(r"<!-- (\w+): generated by docs/generate.py -->", text):
        content = parts[name]()
        block = f"\n```\n{content}\n```\n" if name == "tree" else f"\n{content}\n"
        pattern = rf"(<!-- {name}: generated by docs/generate.py -->).*?(<!-- end of {name} -->)"
        text = re.sub(pattern, lambda found, b=block: found[1] + b + found[2], text, flags=re.DOTALL)  # type: ignore[misc]
    return text


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    write = parser.parse_args().write
    stale = 0
    for document in (ROOT / "README.md", ROOT / "ARCHITECTURE.md"):
        made = filled(document)
        if made != document.read_text(encoding="utf-8"):
            stale += 1
            if write:
                document.write_text(made, encoding="utf-8", newline="\n")
            print(f"{document.name}: {'written' if write else 'is not current, run `make tables`'}", file=sys.stderr)
    return 0 if write else int(stale > 0)


if __name__ == "__main__":
    sys.exit(main())
