import io
import os
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

from glyphsmith import picture as pictures
from glyphsmith.errors import PictureError
from glyphsmith.picture import load_picture


def encoded(image, kind="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_header_of(width, height):
    """A PNG that claims a size and holds next to nothing."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


def arrow():
    """A grey picture (2, 3) whose every turn differs."""
    return np.array([[10, 20, 30], [40, 50, 60]], np.uint8)


# --- what is read -----------------------------------------------------------------------------------------------------


def test_every_kind_of_source_gives_the_same_pixels(tmp_path):
    picture = np.random.default_rng(0).integers(0, 256, (5, 7, 3)).astype(np.uint8)
    image = Image.fromarray(picture)
    path = tmp_path / "with blanks ᚠ 流.png"
    image.save(path)
    opened = io.BytesIO(path.read_bytes())
    for source in (path, str(path), path.read_bytes(), bytearray(path.read_bytes()), picture, image, opened):
        found = load_picture(source)
        np.testing.assert_array_equal(found, picture)
        assert found.dtype == np.uint8
        assert found.flags.c_contiguous


def test_one_pixel_is_a_picture():
    assert load_picture(encoded(Image.new("L", (1, 1), 9))).tolist() == [[[9, 9, 9]]]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_photo_stands_upright(orientation):
    turned = {
        1: [],
        2: ["lr"],
        3: ["ud", "lr"],
        4: ["ud"],
        5: ["T"],
        6: ["T", "ud"],
        7: ["T", "ud", "lr"],
        8: ["T", "lr"],
    }
    stored = arrow()
    # The stored pixels are the upright ones seen from the side the camera was held on: 6 was turned left, 8 right.
    for move in turned[orientation]:
        stored = {"lr": np.fliplr, "ud": np.flipud, "T": np.transpose}[move](stored)
    image = Image.fromarray(np.ascontiguousarray(stored))
    exif = Image.Exif()
    exif[0x0112] = orientation
    np.testing.assert_array_equal(load_picture(encoded(image, exif=exif))[:, :, 0], arrow())


def test_sixteen_bits_are_scaled_not_cut():
    deep = np.array([[0, 257, 32896, 65535]], np.uint16)
    image = Image.fromarray(deep)
    assert load_picture(encoded(image))[0, :, 0].tolist() == [0, 1, 128, 255]
    assert load_picture(encoded(image, "TIFF"))[0, :, 0].tolist() == [0, 1, 128, 255]
    assert load_picture(deep.astype(">u2"))[0, :, 0].tolist() == [0, 1, 128, 255]
    assert load_picture(deep)[0, :, 0].tolist() == [0, 1, 128, 255]


def test_cmyk_becomes_rgb():
    found = load_picture(encoded(Image.new("CMYK", (4, 3), (0, 0, 0, 0)), "TIFF"))
    assert found.shape == (3, 4, 3)
    assert (found == 255).all()
    assert load_picture(encoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG")).shape == (8, 8, 3)


@pytest.mark.parametrize(("mode", "value"), [("1", 1), ("L", 200), ("YCbCr", (200, 128, 128)), ("HSV", (0, 0, 200))])
def test_every_mode_of_pillow_is_read(mode, value):
    assert load_picture(Image.new(mode, (3, 2), value)).shape == (2, 3, 3)


def test_floats_of_a_tiff_are_read():
    image = Image.fromarray(np.array([[0.0, 0.5, 1.0]], np.float32))
    assert load_picture(encoded(image, "TIFF"))[0, :, 0].tolist() == [0, 128, 255]


def test_the_first_frame_of_an_animation_is_the_picture():
    frames = [Image.new("L", (4, 4), value) for value in (250, 10, 20)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert (load_picture(data) == 250).all()


# --- transparency -----------------------------------------------------------------------------------------------------


def cut_out(ink):
    rgba = np.zeros((20, 20, 4), np.uint8)
    rgba[5:15, 9:11] = (ink, ink, ink, 255)
    return rgba


@pytest.mark.parametrize(("ink", "ground"), [(0, 255), (255, 0)])
def test_writing_on_nothing_stays_visible(ink, ground):
    for source in (encoded(Image.fromarray(cut_out(ink), "RGBA")), cut_out(ink)):
        found = load_picture(source)
        assert found[0, 0, 0] == ground
        assert found[10, 10, 0] == ink


def test_a_palette_with_a_transparent_entry_is_laid_on_white():
    image = Image.new("P", (6, 6), 0)
    image.putpalette([9, 9, 9, 200, 0, 0])
    image.paste(1, (2, 2, 4, 4))
    found = load_picture(encoded(image, transparency=0))
    assert found[0, 0].tolist() == [255, 255, 255]
    assert found[3, 3].tolist() == [200, 0, 0]


def test_a_wholly_transparent_picture_is_blank():
    assert (load_picture(np.zeros((4, 4, 4), np.uint8)) == 255).all()


# --- what is refused --------------------------------------------------------------------------------------------------

WHOLE = encoded(Image.fromarray(np.random.default_rng(1).integers(0, 256, (60, 60, 3)).astype(np.uint8)))
JPEG = encoded(Image.fromarray(np.random.default_rng(1).integers(0, 256, (60, 60, 3)).astype(np.uint8)), "JPEG")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "0 bytes"),
        (b"I am a letter, renamed to .png", "not a picture"),
        (b"\x89PNG\r\n\x1a\n", "not a picture|damaged"),
        (WHOLE[:100], "damaged"),
        (WHOLE[: len(WHOLE) // 2], "damaged"),
        (JPEG[: len(JPEG) // 2], "damaged"),
        (png_header_of(50_000, 50_000), "larger than|the limit"),
        (png_header_of(9_000, 9_000), "9000x9000 pixels, the limit is 64,000,000"),
        (png_header_of(100, 100), "damaged"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture"),
        (b"%PDF-1.4", "not a picture"),
    ],
    ids=range(11),
)
def test_what_cannot_be_read_is_one_sentence_with_the_name(data, message, tmp_path):
    path = tmp_path / "own picture.png"
    path.write_bytes(data)
    with pytest.raises(PictureError, match=message) as caught:
        load_picture(path)
    assert caught.value.message.startswith(str(path))
    assert "\n" not in caught.value.message


def test_a_huge_picture_is_refused_before_its_pixels_are_made():
    with pytest.raises(PictureError, match="the limit is 10"):
        load_picture(WHOLE, max_pixels=10)
    with pytest.raises(PictureError, match="the limit is 10"):
        load_picture(np.zeros((4, 4), np.uint8), max_pixels=10)


def test_damaged_bytes_never_raise_anything_else():
    rng = np.random.default_rng(2)
    for whole in (WHOLE, JPEG):
        for _ in range(150):
            broken = bytearray(whole)
            for at in rng.integers(0, len(broken), 6):
                broken[at] = int(rng.integers(0, 256))
            try:
                assert load_picture(bytes(broken)).shape[2] == 3
            except PictureError:
                continue


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(PictureError, match="no such file"):
        load_picture(tmp_path / "none.png")
    with pytest.raises(PictureError, match=r"is a folder|cannot be read"):
        load_picture(tmp_path)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (np.zeros((4, 4, 2), np.uint8), "shape"),
        (np.zeros((2, 4, 4, 3), np.uint8), "shape"),
        (np.zeros((0, 4, 3), np.uint8), "empty"),
        (np.zeros((4, 4), np.int64), "int64"),
        (np.full((4, 4), 1.5), "0..1"),
        (np.full((4, 4), np.nan), "0..1"),
        (17, "expected a path"),
        (None, "expected a path"),
    ],
)
def test_arrays_and_objects_that_are_no_picture(source, message):
    with pytest.raises(PictureError, match=message):
        load_picture(source)


@pytest.mark.parametrize("dtype", [np.bool_, np.float32, np.float64])
def test_masks_and_shares_fill_the_whole_range(dtype):
    assert load_picture(np.array([[0, 1]], dtype))[0, :, 0].tolist() == [0, 255]


# --- what would never end, or be too much -----------------------------------------------------------------------------


def test_a_file_larger_than_a_picture_can_be_is_not_read(tmp_path):
    path = tmp_path / "big.png"
    path.write_bytes(WHOLE)
    os.truncate(path, 6 * 1024**3)  # a sparse file: it takes no room
    with pytest.raises(PictureError, match=r"big\.png: 6,442,450,944 bytes, a picture file has at most 536,870,912"):
        load_picture(path)


def test_bytes_and_opened_files_have_the_same_limit(monkeypatch):
    monkeypatch.setattr(pictures, "MAX_PICTURE_BYTES", 1000)
    for source in (bytes(1001), io.BytesIO(bytes(5000))):
        with pytest.raises(PictureError, match="more than 1,000 bytes"):
            load_picture(source)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes")
def test_a_pipe_and_a_device_are_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(PictureError, match=r"a\.png: is a pipe, not a file") as caught:
        load_picture(tmp_path / "a.png")
    assert "standard input" in caught.value.hint
    with pytest.raises(PictureError, match="/dev/zero: is a device"):
        load_picture("/dev/zero")


def test_a_picture_that_memory_does_not_hold_is_one_sentence(monkeypatch, tmp_path):
    def full(*_):
        raise MemoryError

    (tmp_path / "a.png").write_bytes(WHOLE)
    monkeypatch.setattr(pictures, "_from_image", full)
    with pytest.raises(PictureError, match=r"a\.png: there is not enough memory"):
        load_picture(tmp_path / "a.png")


@pytest.mark.parametrize("size", [(64_000_000, 1), (1, 1_000_001)])
def test_a_side_that_the_graph_cannot_scale_is_refused(size):
    with pytest.raises(PictureError, match="no side may be longer than 1,000,000"):
        load_picture(np.zeros(size, np.uint8))


def test_a_file_opened_as_text_says_how_to_open_it(tmp_path):
    (tmp_path / "a.png").write_bytes(WHOLE)
    with open(tmp_path / "a.png") as file, pytest.raises(PictureError, match=r"a\.png: is opened as text") as caught:
        load_picture(file)
    assert '"rb"' in caught.value.hint
    with open(tmp_path / "a.png", "rb") as file:
        file.close()
        with pytest.raises(PictureError, match=r"a\.png: cannot be read .*closed"):
            load_picture(file)


# --- kinds that are named ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"mif1"])
def test_a_photo_in_heic_is_named_with_a_way_out(brand):
    data = b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0mif1heic" + bytes(40)
    with pytest.raises(PictureError, match="a HEIC photo, which cannot be read here: export it as JPEG"):
        load_picture(data)


def test_a_drawing_in_postscript_starts_no_program():
    code = """
import sys, tempfile
from PIL import EpsImagePlugin
started = []
EpsImagePlugin.Ghostscript = lambda *words, **options: started.append(words)
from glyphsmith.picture import load_picture
try:
    load_picture(sys.stdin.buffer)
except Exception as error:
    print(type(error).__name__, error, started)
"""
    drawing = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n"
    done = subprocess.run([sys.executable, "-c", code], input=drawing, capture_output=True, check=True)
    assert done.stdout.decode().startswith("PictureError <stdin>: a PostScript drawing (EPS)")
    assert done.stdout.decode().endswith("[]\n")


@pytest.mark.parametrize("kind", ["BMP", "GIF", "PPM", "WEBP", "TIFF", "AVIF", "JPEG2000", "ICO", "PCX", "TGA", "SGI"])
def test_every_kind_of_pixels_is_still_opened(kind):
    if kind not in Image.SAVE and Image.init() and kind not in Image.SAVE:
        pytest.skip(f"this Pillow does not write {kind}")
    assert load_picture(encoded(Image.new("RGB", (16, 16), (255, 255, 255)), kind)).shape == (16, 16, 3)


def test_a_pil_picture_that_breaks_while_it_is_loaded_is_a_picture_error():
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 40), dtype=np.uint8))
    cut = Image.open(io.BytesIO(encoded(noise)[:900]))
    closed = Image.new("L", (4, 4))
    closed.close()
    for broken in (cut, closed, Image.new("La", (4, 4))):
        with pytest.raises(PictureError, match="damaged"):
            load_picture(broken)


def test_an_object_whose_read_raises_anything_is_a_picture_error():
    class Odd:
        def read(self, size):
            raise RuntimeError("no")

    with pytest.raises(PictureError, match="cannot be read"):
        load_picture(Odd())
