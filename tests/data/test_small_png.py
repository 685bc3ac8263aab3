"""Many small PNG files at once: the pixels of Pillow, file by file, or left to Pillow."""

from __future__ import annotations

import io
import zlib
from collections import Counter

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from glyphsmith.data import small_png
from glyphsmith.data.png import packed_lines, plain_png
from glyphsmith.data.small_png import small_pngs
from glyphsmith.errors import PictureError
from glyphsmith.picture import load_picture
from tests.data.small_sets import glyph, png


@pytest.fixture(autouse=True)
def _one_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(small_png, "TOGETHER", 1)


def chunk(kind: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")


def by_hand(lines: np.ndarray, colour: int, width: int, *, depth: int = 8, extra: bytes = b"", cuts: int = 1) -> bytes:
    """Write lines (H, 1 + S), filter bytes included, as they are."""
    head = width.to_bytes(4, "big") + len(lines).to_bytes(4, "big") + bytes([depth, colour, 0, 0, 0])
    packed = zlib.compress(lines.tobytes())
    size = -(-len(packed) // cuts)
    data = b"".join(chunk(b"IDAT", packed[k : k + size]) for k in range(0, len(packed), size))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + data + chunk(b"IEND", b"")


def decoded(files: list[bytes]) -> dict[int, np.ndarray]:
    found: dict[int, np.ndarray] = {}
    for at, pictures in small_pngs(files):
        assert len(at) == len(pictures)
        found.update(zip(at, pictures, strict=True))
    return found


def same(picture: np.ndarray, file: bytes) -> bool:
    return bool((load_picture(file) == (picture[:, :, None] if picture.ndim == 2 else picture)).all())


def test_no_files_give_nothing() -> None:
    assert list(small_pngs([])) == []
    assert decoded([b"", b"no picture", b"\x89PNG\r\n\x1a\n"]) == {}


def test_every_filter_of_every_kind_of_pixel_gives_the_pixels_of_pillow() -> None:
    rng = np.random.default_rng(0)
    files = []
    for _ in range(300):
        colour, channels = [(0, 1), (2, 3), (4, 2), (6, 4)][rng.integers(4)]
        height, width = rng.integers(1, 9, 2).tolist()
        lines = rng.integers(0, 256, (height, 1 + width * channels)).astype(np.uint8)
        lines[:, 0] = rng.integers(0, 5, height)
        files.append(by_hand(lines, colour, width, cuts=int(rng.integers(1, 4))))
    found = decoded(files)
    taken = Counter(files[i][25] for i in found)
    assert taken[0] > 50
    assert taken[2] > 50
    assert all(same(picture, files[i]) for i, picture in found.items())
    assert all(i in found for i, file in enumerate(files) if file[25] in (0, 2))


def test_pictures_as_pillow_writes_them_are_all_taken() -> None:
    files = [png(glyph(k % 10, k)) for k in range(40)]
    files += [png(np.dstack([glyph(k, k + c) for c in range(3)])) for k in range(20)]
    found = decoded(files)
    assert len(found) == len(files)
    assert all(same(picture, files[i]) for i, picture in found.items())


def test_alpha_that_hides_nothing_is_dropped_and_any_other_is_left_to_pillow() -> None:
    clear = np.dstack([glyph(1, c) for c in range(3)] + [np.full((20, 20), 255, np.uint8)])
    seen = clear.copy()
    seen[3, 3, 3] = 254
    found = decoded([png(clear), png(seen), png(clear[..., [0, 3]])])
    assert sorted(found) == [0, 2]
    assert found[0].shape == (20, 20, 3)
    assert found[2].shape == (20, 20)
    assert same(found[0], png(clear))
    assert same(found[2], png(clear[..., [0, 3]]))


def forms() -> dict[str, bytes]:
    grey = glyph(3, 3)
    lines = np.concatenate([np.zeros((20, 1), np.uint8), grey], axis=1)
    turned = PngImagePlugin.PngInfo()
    turned.add_text(
        "Raw profile type exif",
        "\nexif\n 26\n" + (b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0").hex(),
    )
    oriented = Image.Exif()
    oriented[0x0112] = 6
    bad = lines.copy()
    bad[4, 0] = 5
    whole = png(grey)
    found = {
        "palette": _saved(Image.fromarray(grey).quantize(8)),
        "two colours": _saved(Image.fromarray(grey).convert("1")),
        "16 bit": png(grey.astype(np.uint16) * 200),
        "a transparent grey": _saved(Image.fromarray(grey), transparency=0),
        "turned by EXIF": _saved(Image.fromarray(grey), exif=oriented),
        "turned by a text": _saved(Image.fromarray(grey), pnginfo=turned),
        "an unknown filter": by_hand(bad, 0, 20),
        "too few lines": by_hand(lines[:10], 0, 20).replace(
            chunk(b"IHDR", bytes([0, 0, 0, 20, 0, 0, 0, 10, 8, 0, 0, 0, 0])),
            chunk(b"IHDR", bytes([0, 0, 0, 20, 0, 0, 0, 20, 8, 0, 0, 0, 0])),
        ),
        "data that goes on behind another chunk": by_hand(lines, 0, 20, cuts=2),
        "a flipped bit": whole[:60] + bytes([whole[60] ^ 1]) + whole[61:],
        "JPEG": png(grey, "JPEG"),
    }
    split = found["data that goes on behind another chunk"]
    at = split.index(b"IDAT", split.index(b"IDAT") + 4) - 4
    found["data that goes on behind another chunk"] = split[:at] + chunk(b"sRGB", b"\0") + split[at:]
    return found


def _saved(image: Image.Image, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", **options)
    return file.getvalue()


@pytest.mark.parametrize("name", sorted(forms()))
def test_what_is_no_plain_picture_is_left_to_pillow(name: str) -> None:
    assert decoded([forms()[name]]) == {}
    if name != "JPEG":
        assert plain_png(forms()[name]) is None


def test_a_bad_file_among_good_ones_spoils_none() -> None:
    good = [png(glyph(1, k)) for k in range(3)]
    found = decoded([good[0], forms()["an unknown filter"], good[1], forms()["a flipped bit"], good[2]])
    assert sorted(found) == [0, 2, 4]
    assert all(same(found[2 * k], file) for k, file in enumerate(good))


@pytest.mark.parametrize(
    "extra",
    [chunk(b"pHYs", b"\0\0\0\1\0\0\0\1\0"), chunk(b"tEXt", b"Software\0a browser"), chunk(b"sRGB", b"\0")],
    ids=["pHYs", "tEXt", "sRGB"],
)
def test_chunks_that_say_nothing_about_pixels_are_passed_over(extra: bytes) -> None:
    lines = np.concatenate([np.zeros((20, 1), np.uint8), glyph(2, 2)], axis=1)
    file = by_hand(lines, 0, 20, extra=extra)
    assert same(decoded([file])[0], file)


def test_every_cut_and_every_flipped_byte_is_refused_or_harmless() -> None:
    whole = png(glyph(1, 1)[:6, :6])
    assert all(packed_lines(whole[:size]) is None for size in range(33, len(whole)))
    for at in range(len(whole)):
        file = whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :]
        found = decoded([file])
        try:
            expected = load_picture(file)
        except PictureError:
            assert found == {}
        else:
            assert not found or (found[0][:, :, None] == expected).all()


def test_few_pictures_of_a_size_are_left_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(small_png, "TOGETHER", 3)
    files = [png(glyph(1, k)) for k in range(3)] + [png(glyph(1, k, side=22)) for k in range(2)]
    assert sorted(decoded(files)) == [0, 1, 2]


def test_a_file_that_would_unpack_to_gigabytes_is_not_unpacked() -> None:
    packed = zlib.compress(bytes(50_000_000))
    head = chunk(b"IHDR", (8).to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0]))
    file = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    assert decoded([file]) == {}
