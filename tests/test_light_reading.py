"""The reading side works on a base install: all that only learning needs is made unimportable, then all is run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tiny_reader import picture_of, tiny_reader

HEAVY = (
    "torch", "torchvision", "lightning_fabric", "h5py", "sklearn", "matplotlib", "fastapi", "uvicorn", "onnx",
    "onnxscript", "scipy", "tensorboard", "joblib", "timm", "cv2", "scrapy",
    "twisted", "parsel", "tinycss2", "pydantic", "typer",
)  # fmt: skip

#: Runs in a new process before anything of ours is imported.
WALL = f"""
import sys
class Wall:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {HEAVY!r}:
            raise ModuleNotFoundError("No module named " + repr(name), name=name)
sys.meta_path.insert(0, Wall())
"""


def behind_the_wall(code, *words, cwd):
    done = subprocess.run(
        [sys.executable, "-c", WALL + code, *map(str, words)],
        cwd=cwd,
        capture_output=True,
        check=False,
        timeout=120,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.fixture
def album(tmp_path):
    tiny_reader(tmp_path / "tiny.onnx")
    for k in (1, 5):
        folder = tmp_path / "data" / str(k)
        folder.mkdir(parents=True)
        for n in range(3):
            Image.fromarray(picture_of(k, height=20 + n)).save(folder / f"{n}.png")
    return tmp_path


def test_every_module_of_the_reading_side_can_be_imported(tmp_path):
    package = Path(__file__).resolve().parent.parent / "src" / "glyphsmith"
    learning = {"nets", "train", "export", "synth", "run", "practice", "crawl", "web", "growing", "preparing"}
    learning |= {"kfold", "refusing"}
    names = []
    for path in sorted(package.rglob("*.py")):
        inside = path.relative_to(package).with_suffix("").parts
        if inside[0] not in learning and inside[-1] != "__main__":
            names.append(".".join(("glyphsmith", *inside)).removesuffix(".__init__"))
    assert "glyphsmith.runtime.reader" in names
    code = "import importlib\nfor name in sys.argv[1:]: importlib.import_module(name)\nprint('all')"
    assert behind_the_wall(code, *names, cwd=tmp_path) == (0, "all\n", "")


def test_a_reader_is_loaded_and_reads(album):
    code = """
import glyphsmith
reader = glyphsmith.load("tiny.onnx")
one = reader.read("data/5/0.png")
many = reader.read(["data/1/0.png", "none.png"])
stages, maps = reader.stages("data/1/0.png"), reader.class_map("data/1/0.png")
print(one.label, many[0].label, many[1].label, len(stages), maps.shape)
"""
    assert behind_the_wall(code, cwd=album) == (0, "5 1 None 2 (10, 8, 8)\n", "")


def test_the_command_line_reads_draws_lists_and_evaluates(album):
    code = "from glyphsmith.cli import main\nsys.exit(main(sys.argv[1:]))"
    status, out, err = behind_the_wall(code, "read", "tiny.onnx", "data", "--json", "--steps", "s.png", cwd=album)
    assert (status, [json.loads(line)["label"] for line in out.splitlines()]) == (0, list("111555")), err
    assert (album / "s.png").exists()
    assert behind_the_wall(code, "models", "--json", cwd=album)[0] == 0
    status, out, err = behind_the_wall(code, "eval", "tiny.onnx", "data", "--json", "--report", "report", cwd=album)
    assert status == 0, err
    assert json.loads(out)["n"] == 6
    assert json.loads(out)["accuracy"] == 1.0
    assert (album / "report" / "report.html").exists()


def test_find_without_opencv_says_what_to_install(album):
    code = "from glyphsmith.cli import main\nsys.exit(main(sys.argv[1:]))"
    status, out, err = behind_the_wall(code, "read", "tiny.onnx", "data", "--find", cwd=album)
    assert (status, out) == (2, "")
    assert "OpenCV" in err
    assert "glyphsmith[find]" in err


def test_importing_the_package_loads_neither_onnxruntime_nor_numpy(tmp_path):
    code = "import glyphsmith\nprint(sorted({'onnxruntime', 'numpy', 'PIL', 'rich', 'click'} & set(sys.modules)))"
    assert behind_the_wall(code, cwd=tmp_path) == (0, "[]\n", "")


def test_reading_one_picture_loads_nothing_it_does_not_need(album):
    code = """
from glyphsmith.cli import main
main(["read", "tiny.onnx", "data/1/0.png"])
print(sorted(set(sys.argv[1:]) & set(sys.modules)))
"""
    needless = (
        "rich", "jinja2", "cv2", "tomllib", "pathlib", "difflib", "glob", "tempfile", "email", "importlib.metadata",
        "numpy.ma", "numpy.random", "numpy.polynomial", "numpy.testing", "numpy.fft",
        "PIL.ImageOps", "PIL.BmpImagePlugin", "PIL.GifImagePlugin", "PIL.JpegImagePlugin", "PIL.TiffImagePlugin",
        "glyphsmith.decode.reading", "glyphsmith.expression", "glyphsmith.progress", "glyphsmith.files",
    )  # fmt: skip
    status, out, err = behind_the_wall(code, *needless, cwd=album)
    assert (status, out.splitlines()[-1], err) == (0, "[]", "")


def test_a_cold_start_looks_for_no_garbage_until_its_reader_is_open(album):
    code = """
import gc
sys.argv[:] = ["glyphsmith", "read", "tiny.onnx", "data/1/0.png"]
from glyphsmith.cli import main
rounds = []
gc.callbacks.append(lambda phase, info: rounds.append(phase))
status = main()
print(status, len(rounds) < 40, gc.get_freeze_count() > 20_000, gc.isenabled())
"""
    status, out, err = behind_the_wall(code, cwd=album)
    assert (status, out.splitlines()[-1], err) == (0, "0 True True True", "")


def test_a_call_from_python_leaves_the_garbage_collector_alone(album):
    code = """
import gc
from glyphsmith.cli import main
print(main(["read", "tiny.onnx", "data/1/0.png"]), gc.get_freeze_count(), gc.isenabled())
"""
    status, out, err = behind_the_wall(code, cwd=album)
    assert (status, out.splitlines()[-1], err) == (0, "0 0 True", "")
