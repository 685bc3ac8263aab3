"""ARCHITECTURE.md says what is so: its tree is the folder, its layers are the contract; and imports stay light."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.conftest import ROOT, load_script

#: The extras a reading machine does not have.
EXTRAS = (
    "torch", "lightning_fabric", "onnx", "onnxscript", "h5py", "cv2", "sklearn", "scipy", "matplotlib", "tensorboard",
    "fastapi", "torchvision", "timm", "uvicorn", "scrapy", "twisted", "parsel", "tinycss2",
)  # fmt: skip

WITHOUT_EXTRAS = f"""
import importlib.abc, sys
class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {EXTRAS!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Absent())
"""


def python(code: str, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *words], cwd=cwd, capture_output=True, text=True, encoding="utf-8", check=False
    )


def test_the_documents_are_what_the_files_say() -> None:
    generate = load_script(ROOT / "docs" / "generate.py")
    for name in ("ARCHITECTURE.md", "README.md"):
        document = ROOT / name
        written = document.read_text(encoding="utf-8").splitlines()
        made = generate.filled(document).splitlines()
        assert sorted(set(made) ^ set(written)) == [], f"{name} is not current: run `make tables`"
        assert made == written, f"{name} is not current: run `make tables`"


def test_every_file_of_the_tree_says_what_it_is_for() -> None:
    tree = load_script(ROOT / "docs" / "generate.py").tree()
    silent = [line for line in tree.splitlines() if not re.match(r"\s*\S+(\s{2,}\S|/$)", line)]
    assert silent == []


def test_the_layers_of_the_document_are_those_of_the_contract() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert "\n```\n" + "\n".join(layers) + "\n```\n" in text


def test_importing_the_package_loads_neither_onnxruntime_nor_numpy() -> None:
    done = python("import sys, glyphsmith; print(sorted({'onnxruntime', 'torch', 'numpy', 'PIL'} & set(sys.modules)))")
    assert done.stdout.strip() == "[]", done.stderr


def test_the_whole_reading_side_is_imported_without_any_extra() -> None:
    code = WITHOUT_EXTRAS + (
        "import importlib, pkgutil, glyphsmith\n"
        "learning = ('nets', 'train', 'export', 'run', 'synth', 'practice', 'crawl', 'web')\n"
        "learning += ('growing', 'preparing', 'kfold', 'refusing')\n"
        "for item in pkgutil.walk_packages(glyphsmith.__path__, 'glyphsmith.'):\n"
        "    if item.name.split('.')[1] not in learning and item.name != 'glyphsmith.__main__':\n"
        "        importlib.import_module(item.name); print(item.name)\n"
    )
    done = python(code)
    assert done.returncode == 0, done.stderr
    assert {"glyphsmith.runtime.reader", "glyphsmith.evaluate.report", "glyphsmith.data.audit"} <= set(
        done.stdout.split()
    )


def test_reading_evaluating_and_explaining_run_without_any_extra(tmp_path: Path) -> None:
    from PIL import Image

    from tests.tiny_reader import tiny_reader

    tiny_reader(tmp_path / "tiny.onnx")
    for level in (0, 120, 250):
        (tmp_path / "pictures" / str(level * 10 // 256)).mkdir(parents=True)
        Image.new("L", (12, 9), level).save(tmp_path / "pictures" / str(level * 10 // 256) / "a.png")
    picture = "pictures/0/a.png"
    for words in (
        ["read", "tiny.onnx", picture, "--json", "--steps", "steps.png"],
        ["eval", "tiny.onnx", "pictures", "--json", "--report", "report"],
        ["explain", "tiny.onnx", picture, "--out", "why.png"],
        ["bench", "tiny.onnx"],
        ["data", "check", "pictures"],
        ["models"],
    ):
        code = WITHOUT_EXTRAS + "from glyphsmith.cli import main; sys.exit(main(sys.argv[1:]))"
        done = python(code, *words, cwd=tmp_path)
        assert done.returncode == 0, f"{words}: {done.stderr}"


def test_a_verb_that_needs_an_extra_says_which(tmp_path: Path) -> None:
    code = WITHOUT_EXTRAS + "from glyphsmith.cli import main; sys.exit(main(sys.argv[1:]))"
    (tmp_path / "pictures").mkdir()
    done = python(code, "train", "digits", "--out", "run", cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert 'hint: pip install "glyphsmith[train]"' in done.stderr
    assert list(tmp_path.iterdir()) == [tmp_path / "pictures"]


def test_no_file_of_the_package_is_longer_than_four_hundred_lines() -> None:
    long = {
        path.relative_to(ROOT).as_posix(): lines
        for path in (ROOT / "src").rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert long == {}
