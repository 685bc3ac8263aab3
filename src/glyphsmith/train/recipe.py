"""A recipe: everything about a run as typed tables, read from TOML; an unknown key is an error with a suggestion."""

from __future__ import annotations

import difflib
import tomllib
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from glyphsmith.errors import RecipeError
from glyphsmith.train.limits import within_limits

__all__ = [
    "Augment",
    "Data",
    "Decode",
    "Learn",
    "Network",
    "Paint",
    "Prepare",
    "Published",
    "Recipe",
    "Synth",
    "load_recipe",
    "recipe_from_dict",
    "recipe_names",
    "to_toml",
    "with_settings",
]


@dataclass(frozen=True, slots=True)
class Data:
    """Where the pictures come from and how they are divided.

    ``source`` names a published data set where a recipe has its own. ``validation`` is a share in 0..1 or
    ``"first:N"`` (the first N training pictures, as some published runs have it). ``test`` is a share, used where the
    source brings no test part. ``group`` is a column of the table whose values never straddle the split. With
    ``folds`` of 2 or more both shares are nothing: all is learned from, and the figures are those of k-fold.
    """

    source: str = ""
    validation: float | str = 0.1
    test: float = 0.1
    group: str = ""
    folds: int = 0


@dataclass(frozen=True, slots=True)
class Synth:
    """Pictures painted by our own painters instead of a source: ``kind`` says which, empty for none.

    ``look`` is a preset of ``glyphsmith synth captcha``; ``alphabet``, ``length`` (least, most), sizes and ``fonts`` go
    over it. The recipe's seed is theirs.

    ``endless``: every step learns from pictures painted for it, ``epoch_pictures`` to an epoch, by ``workers`` further
    processes (0: by the training process; ``"auto"`` measures what learns fastest); ``pictures`` are then painted
    besides, for validation, test and the statistics of batch norm. Without it ``pictures`` are painted once, for
    learning too. Painting is the faster half of each step, so that nothing is gained by seeing a picture twice.
    ``emphasis``: symbols that need more practice; each symbol of an endless training text is one of them with the
    probability ``emphasis_share``. Validation and test stay plain. ``fold``: texts of captchas are labelled in
    capitals, however they are painted.
    ``font_part``, of sprites: whole designs of fonts are kept back from "training", to measure readers with. Sprites
    are not painted endlessly.
    """

    kind: Literal["", "captcha", "arithmetic", "sprites"] = ""
    endless: bool = True
    pictures: int = 10_000
    epoch_pictures: int = 51_200
    workers: int | str = "auto"
    emphasis: str = ""
    emphasis_share: float = 0.3
    look: str = "library-0.7.1"
    alphabet: str = ""
    length: tuple[int, ...] = ()
    width_px: int = 0
    height_px: int = 0
    fonts: tuple[str, ...] = ()
    fold: bool = False
    font_part: Literal["all", "training", "held-out"] = "all"


@dataclass(frozen=True, slots=True)
class Paint:
    """Copies of the training pictures painted before preparation, never of validation or test pictures.

    ``photographed``: copies of each training picture, or a share of them, laid on paper, screen or canvas with other
    strokes, light, polarity and size (synth.photographed). ``strokes``: digits drawn by pen paths of our own
    (synth.strokes), in all.
    """

    photographed: float = 0.0
    strokes: int = 0


@dataclass(frozen=True, slots=True)
class Prepare:
    """What the file does to raw pixels; every key is an operator of the graph (export.graph).

    ``colour`` keeps three channels and skips all ink steps. ``flatten`` removes uneven light, ``polarity`` makes ink
    light on dark (``auto`` finds it per picture, ``invert`` always inverts, ``keep`` never does). ``threshold`` in
    0..1 sets everything below to 0 and above to 1 (0: off). ``crop`` cuts the ink box and scales its long side to
    ``box_px`` inside ``height_px`` x ``width_px``, centred by ``mass`` or by ``box``; ``clear_edge`` takes away before
    what is linked to the edge of the picture, unless nothing of a sign's size would stay. Without crop the whole
    picture is resized: ``letterbox`` keeps the aspect and pads with the border's value, ``stretch`` does not, and
    ``place`` lays a picture in the middle as it is, only larger ones being reduced, on the ground that ``invert`` and
    ``keep`` know.
    """

    height_px: int = 28
    width_px: int = 28
    colour: bool = False
    flatten: bool = True
    polarity: Literal["auto", "keep", "invert"] = "auto"
    threshold: float = 0.0
    crop: bool = True
    clear_edge: bool = False
    box_px: int = 20
    centre: Literal["mass", "box"] = "mass"
    fit: Literal["letterbox", "stretch", "place"] = "letterbox"
    work_px: int = 112


@dataclass(frozen=True, slots=True)
class Network:
    """Which network (nets.build): ``family`` and the widths that it takes; of ``glyph`` also the ``strides`` of its
    layers (empty: it chooses), how many of the last are ``unpadded``, and at which ``slants_deg`` the finished reader
    looks at each picture as well.

    Of texts: ``head`` is ``ctc`` (any length, at least ``columns`` columns) or ``fixed``, one classification a place;
    ``places`` is the length of such texts, or the longest that the guide of a CTC head follows (0: no guide).
    """

    family: Literal[
        "glyph", "photo", "text", "mnist-conv3", "mnist-conv5", "runes-conv", "runes-mlp",
        "captcha-multihead", "captcha-crnn",
    ] = "glyph"  # fmt: skip
    widths: tuple[int, ...] = ()
    strides: tuple[int, ...] = ()
    unpadded: int = 0
    slants_deg: tuple[float, ...] = ()
    dropout: float = 0.0
    head: Literal["ctc", "fixed"] = "ctc"
    columns: int = 1
    places: int = 0


@dataclass(frozen=True, slots=True)
class Learn:
    """How it learns. ``rate`` is the peak of the one-cycle schedule, the constant rate, or the first of the steps.

    With ``schedule = "steps"`` the first of ``rates`` holds from the first of ``milestones`` on, counted in epochs, the
    second from the second on, and so on; a time limit shortens every stretch alike.
    ``average`` is the decay of the running mean of the weights per step (0: off). ``keep`` says whether the last or the
    best weights on validation go into the file. ``patience`` counts epochs without gain before an early stop (0: off).
    ``guide`` weighs the loss of a text network's guide against that of its columns (nets.text). ``start`` names a
    reader, a shipped one or a file, whose weights the network begins with ("": none); its labels are not kept.
    ``strangers``, of labels: painted signs of other alphabets beside each picture of a batch, on average, that are
    learned as none of the labels, so that the reader can refuse what is no sign of its own (train.strangers).
    """

    epochs: int = 12
    batch: int = 128
    rate: float = 4e-3
    optimizer: Literal["adamw", "adam", "rmsprop", "sklearn"] = "adamw"
    weight_decay: float = 0.02
    schedule: Literal["one-cycle", "constant", "steps"] = "one-cycle"
    milestones: tuple[float, ...] = ()
    rates: tuple[float, ...] = ()
    average: float = 0.0
    label_smoothing: float = 0.0
    keep: Literal["best", "last"] = "best"
    patience: int = 0
    precision: Literal["bf16", "float32"] = "bf16"
    guide: float = 0.0
    start: str = ""
    strangers: float = 0.0


@dataclass(frozen=True, slots=True)
class Augment:
    """Random changes to each prepared training picture, batch by batch. All zero: none.

    Angles in degrees, shares of the side for ``shift`` and ``elastic`` (root mean square of the displacement),
    factors 1 +- x for ``scale`` and ``stretch`` (of width against height); ``stroke`` is the probability of a thicker
    or a thinner stroke, ``erase`` that of a blanked box, ``contrast`` the range of the gamma 1 +- x, ``noise`` its
    standard deviation, ``flip`` the probability of a mirrored picture. ``copies_deg`` adds, once and before learning,
    one rotated copy for each angle (nearest-pixel fill), as the published rune reader does.
    """

    rotate_deg: float = 0.0
    shear_deg: float = 0.0
    scale: float = 0.0
    stretch: float = 0.0
    shift: float = 0.0
    elastic: float = 0.0
    stroke: float = 0.0
    erase: float = 0.0
    contrast: float = 0.0
    noise: float = 0.0
    flip: float = 0.0
    copies_deg: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Decode:
    """What every text that the reader answers has to match: a pattern, or a named grammar (docs/decoding.md).

    It goes into the file. Leave it empty unless it is known what texts may come: what it forbids is never read, also
    where a picture shows it.
    """

    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Published:
    """What a recipe's author reported, and what we measured: text for ``glyphsmith recipes``.

    ``weights`` counts the network's numbers for the labels of the published data; 0 where nobody counted.
    """

    figure: str = ""
    source: str = ""
    measured: str = ""
    weights: int = 0


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything about a run."""

    name: str = "automatic"
    about: str = ""
    task: Literal["label", "text"] = "label"
    seed: int = 0
    data: Data = field(default_factory=Data)
    synth: Synth = field(default_factory=Synth)
    paint: Paint = field(default_factory=Paint)
    prepare: Prepare = field(default_factory=Prepare)
    network: Network = field(default_factory=Network)
    learn: Learn = field(default_factory=Learn)
    augment: Augment = field(default_factory=Augment)
    decode: Decode = field(default_factory=Decode)
    published: Published = field(default_factory=Published)

    def as_dict(self) -> dict[str, Any]:
        """Give the recipe as nested plain values."""
        return asdict(self)


def recipe_names() -> list[str]:
    """Name the recipes that come with the package."""
    folder = resources.files("glyphsmith") / "recipes"
    return sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml"))


def load_recipe(name: str) -> Recipe:
    """Read a recipe of the package by name, or a TOML file by path. Raises RecipeError."""
    path = Path(name)
    if path.suffix == ".toml" or path.is_file():
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise RecipeError(f"{name}: cannot be read ({getattr(error, 'strerror', None) or error})") from None
        where = name
    else:
        names = recipe_names()
        if name not in names:
            raise RecipeError(
                f"no recipe is called {name!r}", hint=_suggest(name, names) or f"there are: {', '.join(names)}"
            )
        text = (resources.files("glyphsmith") / "recipes" / f"{name}.toml").read_text(encoding="utf-8")
        where = f"recipes/{name}.toml"
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{where}: not TOML: {error}") from None
    return recipe_from_dict(values, where=where)


def recipe_from_dict(values: Mapping[str, Any], *, where: str) -> Recipe:
    """Make a recipe of nested plain values; raises RecipeError that names the key and its table."""
    recipe: Recipe = _fill(Recipe, values, where, "")
    return within_limits(recipe, where)


def with_settings(recipe: Recipe, settings: Sequence[str], *, where: str = "--set") -> Recipe:
    """Change a recipe by ``table.key=value`` words; values are TOML, or plain text where they are not."""
    for setting in settings:
        key, sign, text = setting.partition("=")
        if not sign:
            raise RecipeError(f"{where} {setting}: expected KEY=VALUE, for example learn.epochs=20")
        try:
            value = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            value = text
        path = key.strip().split(".")
        if len(path) == 1:
            owners = [item.name for item in fields(Recipe) if is_dataclass(getattr(recipe, item.name))]
            owners = [name for name in owners if path[0] in {item.name for item in fields(getattr(recipe, name))}]
            if len(owners) == 1 and path[0] not in {item.name for item in fields(Recipe)}:
                path = [owners[0], path[0]]
        if len(path) > 2:
            raise RecipeError(f"{where} {setting}: expected table.key=value")
        nested: dict[str, Any] = {path[0]: value} if len(path) == 1 else {path[0]: {path[1]: value}}
        merged = recipe.as_dict()
        for name, entry in nested.items():
            if isinstance(entry, dict) and isinstance(merged.get(name), dict):
                merged[name] = {**merged[name], **entry}
            else:
                merged[name] = entry
        recipe = recipe_from_dict(merged, where=where)
    return recipe


def to_toml(recipe: Recipe) -> str:
    """Write a recipe as TOML that ``load_recipe`` reads back to the same recipe."""
    lines: list[str] = []
    tables: list[str] = []
    for item in fields(recipe):
        value = getattr(recipe, item.name)
        if is_dataclass(value):
            tables += ["", f"[{item.name}]"] + [
                f"{sub.name} = {_toml(getattr(value, sub.name))}" for sub in fields(value)
            ]
        else:
            lines.append(f"{item.name} = {_toml(value)}")
    return "\n".join(lines + tables) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
        return f'"{escaped}"'
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_toml(entry) for entry in value) + "]"
    return repr(value)


def _suggest(key: str, known: Sequence[str]) -> str | None:
    close = difflib.get_close_matches(key, known, n=1)
    return f"did you mean {close[0]}?" if close else None


def _fill(kind: Any, values: Mapping[str, Any], where: str, table: str) -> Any:
    hints = typing.get_type_hints(kind)
    known = [item.name for item in fields(kind)]
    arguments: dict[str, Any] = {}
    for key, value in values.items():
        place = f"{where}: " if not table else f"{where}: [{table}] "
        if key not in known:
            raise RecipeError(
                f"{where}: unknown key {key}{f' in [{table}]' if table else ''}",
                hint=_suggest(key, known) or f"known keys: {', '.join(known)}",
            )
        expected = hints[key]
        if is_dataclass(expected):
            if not isinstance(value, Mapping):
                raise RecipeError(f"{place}{key} must be a table, got {value!r}")
            arguments[key] = _fill(expected, value, where, key)
        else:
            arguments[key] = _typed(value, expected, f"{place}{key}")
    return kind(**arguments)


def _typed(value: Any, expected: Any, where: str) -> Any:
    origin = typing.get_origin(expected)
    if origin is Literal:
        choices = typing.get_args(expected)
        if value not in choices:
            raise RecipeError(
                f"{where} is {value!r}, expected one of {', '.join(map(str, choices))}",
                hint=_suggest(str(value), [str(choice) for choice in choices]),
            )
        return value
    if origin is types.UnionType:
        for choice in typing.get_args(expected):
            try:
                return _typed(value, choice, where)
            except RecipeError:
                continue
    elif origin is tuple:
        if isinstance(value, list | tuple):
            inner = typing.get_args(expected)[0]
            return tuple(_typed(entry, inner, where) for entry in value)
    elif expected is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    elif isinstance(value, expected) and not (expected is int and isinstance(value, bool)):
        return value
    name = getattr(expected, "__name__", None) if origin is None else str(expected)
    raise RecipeError(f"{where} is {value!r}, expected {name}")
