from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from laanet_core.errors import UnreadableMedia
from laanet_core.media.images import read_image, read_picture, sniff, sniff_file

RGB = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def code_of(source: Path | bytes) -> str:
    with pytest.raises(UnreadableMedia) as caught:
        read_image(source)
    assert caught.value.message.endswith(".")
    return caught.value.code


def outcome_of(content: bytes) -> str:
    try:
        read_image(content)
    except UnreadableMedia as error:
        return error.code
    return "read"


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF", "GIF", "JPEG", "WEBP", "AVIF", "HEIF"])
def test_every_supported_format_is_read(form: str) -> None:
    pillow_heif.register_heif_opener()
    smooth = Image.fromarray(np.dstack([np.tile(np.linspace(0, 250, 64, dtype=np.uint8), (48, 1))] * 3))
    content = encoded(smooth, form)
    assert sniff(content[:64]) == "image"
    decoded = read_image(content)
    assert decoded.shape == (48, 64, 3)
    assert decoded.dtype == np.uint8
    assert np.abs(decoded.astype(int) - np.asarray(smooth).astype(int)).mean() < 3


def test_lossless_pictures_are_read_exactly() -> None:
    assert np.array_equal(read_image(encoded(Image.fromarray(RGB), "PNG")), RGB)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_gives_the_upright_picture(orientation: int) -> None:
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    upright = Image.fromarray(RGB)
    stored = upright.transpose(undo[orientation]) if orientation in undo else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert np.array_equal(read_image(encoded(stored, "PNG", exif=exif)), RGB)


def test_modes_become_rgb() -> None:
    grey = RGB[..., 0]
    assert np.array_equal(read_image(encoded(Image.fromarray(grey), "PNG")), np.repeat(grey[..., None], 3, 2))
    sixteen = Image.fromarray(grey.astype(np.uint16) * 257)
    assert np.array_equal(read_image(encoded(sixteen, "PNG")), np.repeat(grey[..., None], 3, 2))
    cmyk = Image.fromarray(np.full((20, 20, 3), (200, 60, 30), np.uint8)).convert("CMYK")
    assert np.abs(read_image(encoded(cmyk, "JPEG"))[10, 10].astype(int) - (200, 60, 30)).max() < 12
    clear = Image.new("RGBA", (20, 20), (255, 0, 0, 0))
    assert (read_image(encoded(clear, "PNG")) == 255).all()
    palette = Image.new("P", (20, 20), 1)
    palette.putpalette([0, 0, 0, 10, 200, 30])
    assert read_image(encoded(palette, "PNG", transparency=0))[5, 5].tolist() == [10, 200, 30]


def test_first_frame_of_an_animation_is_read() -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    content = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert read_image(content)[3, 3].tolist() == [255, 0, 0]


def test_bad_files_have_their_codes(tmp_path: Path) -> None:
    empty = tmp_path / "empty.jpg"
    empty.touch()
    assert code_of(empty) == "empty_file"
    assert code_of(tmp_path / "gone.jpg") == "file_not_found"
    assert code_of(tmp_path) == "file_not_found"
    words = tmp_path / "words.jpg"
    words.write_text("This is no picture at all.")
    assert code_of(words) == "unsupported_type"
    svg = tmp_path / "drawing.png"
    svg.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    assert code_of(svg) == "unsupported_type"
    jpeg = encoded(Image.fromarray(RGB), "JPEG")
    assert code_of(jpeg[: len(jpeg) // 2]) == "corrupt_image"
    assert code_of(jpeg[:40]) == "corrupt_image"
    assert code_of(b"\x89PNG\r\n\x1a\n" + b"nonsense" * 9) == "corrupt_image"
    assert code_of(encoded(Image.new("RGB", (1, 1)), "PNG")) == "image_too_small"


def test_decompression_bomb_is_refused_by_its_header() -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )
    assert code_of(bomb) == "too_many_pixels"


@pytest.mark.parametrize("cut", [0.1, 0.3, 0.6, 0.9, 0.999])
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "TIFF", "GIF"])
def test_damaged_bytes_raise_only_documented_errors(form: str, cut: float) -> None:
    content = bytearray(encoded(Image.fromarray(RGB), form))
    rng = np.random.default_rng(int(cut * 1000))
    for place in rng.integers(8, len(content), 12):
        content[place] ^= int(rng.integers(1, 256))
    for broken in (bytes(content), bytes(content[: int(cut * len(content))])):
        assert outcome_of(broken) in ("read", "corrupt_image", "too_many_pixels", "image_too_small")


def test_videos_and_pictures_are_distinguished(tmp_path: Path) -> None:
    assert sniff(b"\0\0\0\x20ftypisom" + b"\0" * 20) == "video"
    assert sniff(b"\0\0\0\x20ftypheic" + b"\0" * 20) == "image"
    assert sniff(b"\x1aE\xdf\xa3" + b"\0" * 20) == "video"
    assert sniff(b"RIFF\0\0\0\0AVI LIST") == "video"
    assert sniff(b"RIFF\0\0\0\0WAVEfmt ") is None
    assert sniff(b"ffconcat version 1.0") is None
    assert sniff(b"#EXTM3U") is None
    clip = tmp_path / "clip.jpg"
    clip.write_bytes(b"\x1aE\xdf\xa3" + b"\0" * 20)
    assert sniff_file(clip) == "video"
    assert code_of(clip) == "unsupported_type"


def cautions_of(content: bytes) -> list[str]:
    cautions: list[str] = []
    read_image(content, warn=cautions.append)
    return cautions


def several(form: str, **options: object) -> bytes:
    return encoded(
        Image.fromarray(RGB), form, save_all=True, append_images=[Image.fromarray(255 - RGB)], **options
    )


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "AVIF", "TIFF", "HEIF"])
def test_first_of_several_pictures_is_read_with_a_warning(form: str) -> None:
    pillow_heif.register_heif_opener()
    options = {"lossless": True} if form == "WEBP" else {}
    content = several(form, **options)
    assert cautions_of(content) == ["first_picture_only"]
    assert cautions_of(encoded(Image.fromarray(RGB), form)) == []
    assert (
        np.abs(read_image(content).astype(int) - RGB).mean()
        < np.abs(read_image(content).astype(int) - (255 - RGB)).mean()
    )


def test_previews_of_cameras_are_no_second_picture() -> None:
    assert cautions_of(several("MPO")) == []
    smaller = encoded(Image.fromarray(RGB), "TIFF", save_all=True, append_images=[_small_version()])
    with Image.open(io.BytesIO(smaller)) as image:
        assert getattr(image, "n_frames", 1) == 2
    assert cautions_of(smaller) == []


def _small_version() -> Image.Image:
    thumbnail = Image.fromarray(RGB).resize((30, 20))
    thumbnail.encoderinfo = {"tiffinfo": {254: 1}}
    return thumbnail


def test_animation_cut_after_its_first_picture_is_read() -> None:
    content = several("GIF")
    for share in (0.55, 0.8, 0.99):
        assert np.array_equal(read_image(content[: int(share * len(content))]), read_image(content))


def test_library_errors_have_a_code() -> None:
    """A GIF that ends after its second picture's separator, with and without its canvas."""
    content = several("GIF")
    second = content.index(b"\x2c", content.index(b"\x2c") + 1)
    separators = [place for place in range(len(content)) if content[place : place + 1] == b"\x2c"]
    assert second in separators
    for place in separators:
        assert outcome_of(content[: place + 1]) in ("read", "corrupt_image")


def test_large_jpeg_is_read_at_half_its_size() -> None:
    picture = Image.new("RGB", (1000, 600), (200, 30, 60))
    content = encoded(picture, "JPEG", quality=95)
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = encoded(picture, "JPEG", quality=95, exif=exif)
    whole = read_picture(content)
    assert (whole.rgb.shape, whole.size) == ((600, 1000, 3), (1000, 600))
    half = read_picture(content, max_pixels=300_000)
    assert (half.rgb.shape, half.size) == ((300, 500, 3), (1000, 600))
    half = read_picture(turned, max_pixels=300_000)
    assert (half.rgb.shape, half.size) == ((500, 300, 3), (600, 1000))
    with pytest.raises(UnreadableMedia, match="Save it smaller"):
        read_picture(content, max_pixels=100_000)
    with pytest.raises(UnreadableMedia, match="or as a JPEG"):
        read_picture(encoded(picture, "PNG"), max_pixels=300_000)
