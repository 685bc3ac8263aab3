"""The class activation map of an answer, laid over what the network saw and over the picture itself.

The map is an output of the file (with global average pooling and one dense layer it is exact), so nothing is
learned or differentiated here. ``cli.explain`` calls it.
"""

from __future__ import annotations

import io
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from glyphsmith.display import shown
from glyphsmith.errors import DataError
from glyphsmith.fonts import drawable, find_font
from glyphsmith.picture import Picture, load_picture
from glyphsmith.results import LabelReading
from glyphsmith.runtime.placement import Frame, place_frame

if TYPE_CHECKING:
    from glyphsmith.runtime.reader import Reader

__all__ = ["Explanation", "draw_explanation", "explain", "png_bytes"]

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_PAPER, _INK, _SOFT, _TROUBLE = (250, 248, 244), (31, 28, 23), (109, 102, 90), (180, 71, 15)
#: Differences below this share of the largest value of the maps are rounding, not evidence.
_DUST = 1e-5
_EDGE, _GAP, _PANEL = 36, 24, 300
#: From nothing over deep red and orange to pale yellow: what spoke most for the answer glows.
_GLOW = np.array([(120, 20, 40), (200, 50, 20), (245, 140, 20), (255, 235, 130)], np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """What spoke for ``label``: ``evidence`` (h, w) in 0..1 lies over ``prepared`` and over ``frame`` of ``picture``.

    ``answer`` and ``top`` are what the reader reads. ``strength`` is the largest evidence in units of the logits,
    0 where nothing in the picture speaks for the label more than for the others. ``refused`` is why the reader gives no
    label at all, where it does not.
    """

    picture: Picture
    prepared: NDArray[np.float32]
    frame: Frame
    label: str
    answer: str
    top: tuple[tuple[str, float], ...]
    evidence: NDArray[np.float32]
    strength: float
    refused: str | None = None


def explain(reader: Reader, source: Any, *, label: str | None = None) -> Explanation:
    """Ask what in a picture speaks for the reader's answer, or for another ``label`` of its alphabet.

    ``source`` is whatever ``load_picture`` opens. Raises PictureError, ModelError where the file has no map, as no
    reader of texts has, DataError for a label outside the alphabet.
    """
    picture = load_picture(source)
    maps = reader.class_map(picture)
    reading = reader.read(picture, top=3)
    answer = reading.top[0][0]
    refused = reading.reason if isinstance(reading, LabelReading) and reading.label is None else None
    if label is not None and label not in reader.alphabet:
        raise DataError(
            f"label {label!r} is outside the alphabet of {len(reader.alphabet)} labels",
            hint=f"it holds {', '.join(reader.alphabet.labels[:20])}{' ...' if len(reader.alphabet) > 20 else ''}",
        )
    chosen = answer if label is None else label
    # What speaks for all labels alike decides nothing: only the distance from the mean map does.
    own = maps[reader.alphabet.index(chosen)]
    evidence = own - maps.mean(axis=0) if len(maps) > 1 else own
    strength = float(evidence.max())
    if strength <= _DUST * float(np.abs(maps).max()):
        strength = 0.0
    glow = np.clip(evidence / strength, 0.0, 1.0) if strength > 0 else np.zeros_like(evidence)
    stages = dict(
        zip((output for output, _ in reader.card.stages), (v for _, v in reader.stages(picture)), strict=True)
    )
    prepared = next(reversed(stages.values()), np.zeros(own.shape, np.float32))
    height_px, width_px = picture.shape[:2]
    frame = place_frame(reader.card.prepare, height_px, width_px, prepared, stages.get("stage_clean"))
    return Explanation(
        picture, prepared, frame, chosen, answer, reading.top, glow.astype(np.float32), strength, refused
    )


def draw_explanation(explanation: Explanation, *, name: str = "") -> Image.Image:
    """Draw three panels, the picture, the map over what the network saw, the map over the picture, under the answer."""
    original = Image.fromarray(explanation.picture)
    seen = Image.fromarray((np.clip(explanation.prepared, 0.0, 1.0) * 255.0).round().astype(np.uint8)).convert("RGB")
    height, width = explanation.prepared.shape[:2]
    over_seen = _glowing(_fitted(seen), explanation.evidence, Frame(0, 0, width, height), width, height)
    over_original = _glowing(_fitted(original), explanation.evidence, explanation.frame, *original.size)
    panels = [
        ("the picture", _fitted(original)),
        (f"what speaks for {drawable(explanation.label)}", over_original),
        ("the same on what the network saw", over_seen),
    ]
    columns = len(panels)
    head = 112
    sheet = Image.new("RGB", (2 * _EDGE + columns * _PANEL + (columns - 1) * _GAP, head + _PANEL + 64), _PAPER)
    draw = ImageDraw.Draw(sheet)
    _write_answer(draw, explanation, name)
    for k, (caption, panel) in enumerate(panels):
        x = _EDGE + k * (_PANEL + _GAP)
        draw.rectangle((x, head, x + _PANEL - 1, head + _PANEL - 1), fill=(238, 234, 226))
        sheet.paste(panel, (x + (_PANEL - panel.width) // 2, head + (_PANEL - panel.height) // 2))
        _write(draw, (x, head + _PANEL + 28), caption, 17, _SOFT)
    return sheet


def png_bytes(image: Image.Image) -> bytes:
    """Give the picture as a PNG file."""
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def _write_answer(draw: ImageDraw.ImageDraw, explanation: Explanation, name: str) -> None:
    answer = drawable(explanation.answer)
    font = find_font(answer, 56)
    draw.text((_EDGE, 84), answer, font=font, fill=_INK, anchor="ls")
    x = _EDGE + font.getlength(answer) + 20
    others = ", ".join(f"{drawable(label)} ({100 * p:.1f} %)" for label, p in explanation.top[1:])
    sure = f"{100 * explanation.top[0][1]:.1f} % sure" + (f"; then {others}" if others else "")
    if explanation.refused:
        sure = f"refused: {explanation.refused}"
    _write(draw, (x, 84), sure, 20, _TROUBLE if explanation.refused else _INK)
    if name:
        name = shown(name)
        name = name if len(name) <= 90 else "…" + name[-89:]
        _write(draw, (x, 54), name, 17, _SOFT)
    if explanation.strength <= 0:
        words = f"nothing in it speaks for {drawable(explanation.label)} more than for the other labels"
        _write(draw, (x, 106), words, 16, _SOFT)


def _write(
    draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, size_px: int, colour: tuple[int, int, int]
) -> None:
    """Write a line on its baseline, each run of signs in a font that has them: few have both runes and Chinese."""
    x, y = at
    for run, font in _runs(text, size_px):
        draw.text((x, y), run, font=font, fill=colour, anchor="ls")
        x += font.getlength(run)


def _runs(text: str, size_px: int) -> list[tuple[str, Font]]:
    """Cut a line into runs, each with the first font that has its signs."""
    runs: list[tuple[str, Font]] = []
    for sign in text:
        font = find_font(sign, size_px)
        joins = sign.isspace() or bool(unicodedata.combining(sign)) or (runs and runs[-1][1] == font)
        if runs and joins:
            runs[-1] = (runs[-1][0] + sign, runs[-1][1])
        else:
            runs.append((sign, font))
    return runs


def _fitted(image: Image.Image) -> Image.Image:
    """Scale a picture into a panel: pixels stay pixels when it grows."""
    scale = _PANEL / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.NEAREST if scale > 1 else Image.Resampling.LANCZOS)


def _glowing(
    panel: Image.Image, evidence: NDArray[np.float32], frame: Frame, width_px: int, height_px: int
) -> Image.Image:
    """Lay evidence (h, w) over the part ``frame`` of a panel that shows a picture of width_px x height_px."""
    scale_x, scale_y = panel.width / width_px, panel.height / height_px
    map_height, map_width = evidence.shape
    # Each pixel of the panel asks the map; Pillow's affine transform takes the inverse of the frame.
    step_x, step_y = map_width / (frame.width * scale_x), map_height / (frame.height * scale_y)
    inverse = (step_x, 0.0, -frame.left * scale_x * step_x, 0.0, step_y, -frame.top * scale_y * step_y)
    padded = np.pad(evidence, 1)  # so that the glow fades at the frame's edge instead of ending in a line
    inverse = (step_x, 0.0, inverse[2] + 1.0, 0.0, step_y, inverse[5] + 1.0)
    heat = Image.fromarray(padded).transform(panel.size, Image.Transform.AFFINE, inverse, Image.Resampling.BICUBIC)
    values = np.clip(np.asarray(heat, dtype=np.float64), 0.0, 1.0)
    levels = np.linspace(0.0, 1.0, len(_GLOW))
    colour = np.stack([np.interp(values, levels, _GLOW[:, channel]) for channel in range(3)], axis=2)
    weight = (0.82 * values**0.8)[:, :, None]
    laid = np.asarray(panel, dtype=np.float64) * (1.0 - weight) + colour * weight
    return Image.fromarray(laid.round().astype(np.uint8))
