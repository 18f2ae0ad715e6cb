"""Media made bare: the same pixels, and nothing of what else was in the file."""

from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pillow_heif
import pytest
from PIL import Image, ImageCms

from laanet_core.errors import UnreadableMedia
from laanet_core.media.images import read_image
from laanet_core.media.video import read_frames
from tests.core.clips import moving, write_clip, write_streams
from tests.core.inference.test_overlay_video import turned
from tests.webapp import private
from webapp.media.stripping import bare, bare_clip, bare_picture, with_orientation

Pixels = npt.NDArray[np.uint8]


@pytest.fixture(scope="module")
def rgb(samples: Path) -> Pixels:
    return np.ascontiguousarray(read_image(samples / "astronaut.png")[:300, 100:380])


def upright(content: bytes, orientation: int) -> Pixels:
    return read_image(with_orientation(content, orientation))


def assert_silent(content: bytes) -> None:
    words = (*private.SECRETS, b"GPSLatitude", b"Exif\x00", b"xmpmeta", b"+48.8580", b"x264 - core")
    assert [word for word in words if word in content] == []


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    "how",
    [{"quality": 70}, {"quality": 95, "progressive": True, "subsampling": 0}],
    ids=["baseline", "progressive"],
)
def test_a_jpeg_loses_its_words_and_not_a_bit_of_its_picture(
    rgb: Pixels, orientation: int, how: dict[str, object]
) -> None:
    original = private.picture(rgb, "JPEG", orientation=orientation, **how)
    assert all(secret in original for secret in private.SECRETS)
    made = bare_picture(original)
    assert (made.format, made.orientation) == ("jpeg", orientation)
    assert_silent(made.content)
    scan = original[original.index(b"\xff\xda") : original.rindex(b"\xff\xd9")]
    assert made.content.endswith(scan + b"\xff\xd9")  # the compressed picture, byte for byte
    assert np.array_equal(upright(made.content, made.orientation), read_image(original))
    with Image.open(io.BytesIO(made.content)) as image, Image.open(io.BytesIO(original)) as before:
        assert not image.getexif()
        assert image.quantization == before.quantization
        assert set(image.info) <= {
            "jfif",
            "jfif_version",
            "jfif_unit",
            "jfif_density",
            "progressive",
            "progression",
        }
    assert bare_picture(made.content).content == made.content


@pytest.mark.parametrize("mode", ["CMYK", "L"])
def test_jpegs_of_other_colours_keep_them(rgb: Pixels, mode: str) -> None:
    written = io.BytesIO()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(rgb).convert(mode).save(written, "JPEG", icc_profile=profile, comment=b"Secretown")
    made = bare_picture(written.getvalue())
    assert made.format == "jpeg"
    assert b"Secretown" not in made.content
    assert b"ICC_PROFILE" not in made.content  # names devices, and no one here reads it
    assert np.array_equal(read_image(made.content), read_image(written.getvalue()))


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_pngs_and_webps_keep_their_pixels(rgb: Pixels, form: str, orientation: int) -> None:
    original = private.picture(
        rgb, form, orientation=orientation, **({"quality": 80} if form == "WEBP" else {})
    )
    assert b"Secretown" in original
    made = bare_picture(original)
    assert made.format == (
        form.lower() if orientation == 1 else "png"
    )  # those that lie on their side are written upright
    assert made.orientation == 1
    assert_silent(made.content)
    assert np.array_equal(read_image(made.content), read_image(original))
    if orientation == 1:  # the coded picture, byte for byte
        start = b"IDAT" if form == "PNG" else b"VP8 "
        assert made.content[made.content.index(start) :][:5000] == original[original.index(start) :][:5000]


@pytest.mark.parametrize("mode", ["P", "LA", "RGBA"])
@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_palettes_and_transparent_parts_stay(rgb: Pixels, mode: str, form: str) -> None:
    image = Image.fromarray(rgb).convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    written = io.BytesIO()
    image.convert(mode).save(written, form, exif=private.exif())
    made = bare_picture(written.getvalue())
    assert made.format == form.lower()
    assert_silent(made.content)
    assert np.array_equal(read_image(made.content), read_image(written.getvalue()))


@pytest.mark.parametrize("form", ["GIF", "BMP", "TIFF", "AVIF", "HEIF"])
def test_other_kinds_become_png_of_the_pixels_that_are_judged(rgb: Pixels, form: str) -> None:
    pillow_heif.register_heif_opener()
    original = private.picture(rgb, form, orientation=6 if form in ("TIFF", "HEIF") else 1)
    made = bare_picture(original)
    assert (made.format, made.orientation) == ("png", 1)
    assert_silent(made.content)
    assert np.array_equal(read_image(made.content), read_image(original))


def test_animations_become_their_first_picture(rgb: Pixels) -> None:
    for form in ("WEBP", "PNG"):
        written = io.BytesIO()
        Image.fromarray(rgb).save(
            written, form, save_all=True, append_images=[Image.fromarray(255 - rgb)], duration=100
        )
        made = bare_picture(written.getvalue())
        assert made.format == "png"
        assert np.array_equal(read_image(made.content), read_image(written.getvalue()))
        with Image.open(io.BytesIO(made.content)) as image:
            assert getattr(image, "n_frames", 1) == 1


def test_odd_jpegs_that_can_be_read_become_png_and_others_are_refused(rgb: Pixels) -> None:
    plain = bare_picture(private.picture(rgb, "JPEG")).content
    gap = plain[:20] + b"\x00\x00Secretown" + plain[20:]  # between two parts; decoders pass over it
    made = bare_picture(gap)
    assert made.format == "png"
    assert np.array_equal(read_image(made.content), read_image(plain))
    for broken in (
        plain[: len(plain) // 2],
        plain[:25],
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\x00\x00\x00\x00WEBPVP8X",
    ):
        with pytest.raises(UnreadableMedia):
            bare_picture(broken)


@pytest.mark.parametrize(
    ("name", "codec", "format"),
    [
        ("a.mp4", "libx264", "mp4"),
        ("a.mov", "libx264", "mp4"),
        ("a.mp4", "libx265", "mp4"),
        ("a.mkv", "libx264", "matroska"),
        ("a.mp4", "mpeg4", "mp4"),
        ("a.avi", "mpeg4", "avi"),
        ("a.avi", "mjpeg", "avi"),
        ("a.mov", "mjpeg", "mp4"),
    ],
)
def test_clips_keep_their_frames_and_nothing_else(
    rgb: Pixels, tmp_path: Path, name: str, codec: str, format: str
) -> None:
    original = private.clip(tmp_path / name, [np.roll(rgb, 7 * n, axis=1) for n in range(12)], codec)
    assert b"Secretown" in original.read_bytes()
    made = bare(original)
    assert made.format == format
    assert_silent(made.content)
    copy = tmp_path / "copy"
    copy.write_bytes(made.content)
    before, after = list(read_frames(original, 32)), list(read_frames(copy, 32))
    assert len(after) == len(before) == 12
    for one, other in zip(before, after, strict=True):
        assert other.time == pytest.approx(one.time, abs=0.002)
        assert np.array_equal(one.rgb, other.rgb)
    with av.open(str(copy)) as container:
        assert [stream.type for stream in container.streams] == ["video"]
        told = {key.lower() for key in {**container.metadata, **container.streams[0].metadata}}
    of_the_container = {
        "major_brand",
        "minor_version",
        "compatible_brands",
        "language",
        "handler_name",
        "vendor_id",
        "duration",
        "encoder",
    }
    assert told <= of_the_container
    assert bare(original).content == made.content  # the same file twice is one in the store


def test_clips_that_lie_on_their_side_stay_so(rgb: Pixels, tmp_path: Path) -> None:
    original = private.clip(tmp_path / "a.mp4", [rgb] * 3)
    turned(original, (0, 1, 0, -1, 0, 0, 280, 0, 1))
    (tmp_path / "copy").write_bytes(bare_clip(original).content)
    before, after = list(read_frames(original, 8)), list(read_frames(tmp_path / "copy", 8))
    assert before[0].rgb.shape == (280, 300, 3)
    assert np.array_equal(before[0].rgb, after[0].rgb)


def test_what_is_no_clip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"\x00\x00\x00\x18ftypmp42" + b"\x00" * 200)
    with pytest.raises(UnreadableMedia, match="damaged"):
        bare(tmp_path / "a.mp4")


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv"])
@pytest.mark.parametrize("matrix", [(-1, 0, 0, 1), (0, 1, 1, 0), (0, 1, -1, 0)])
def test_copy_keeps_the_display_matrix(tmp_path: Path, name: str, matrix: tuple[int, ...]) -> None:
    clip = write_clip(tmp_path / name, moving(6), matrix=matrix)
    copy = tmp_path / "copy"
    copy.write_bytes(bare(clip).content)
    before, after = list(read_frames(clip, 6)), list(read_frames(copy, 6))
    assert len(before) == len(after) == 6
    assert all(np.array_equal(one.rgb, other.rgb) for one, other in zip(before, after, strict=True))


def test_copy_has_the_stream_that_was_judged(tmp_path: Path) -> None:
    small, large = moving(4, (32, 32)), moving(4, (64, 96))
    clip = write_streams(tmp_path / "a.mkv", [small, large])
    copy = tmp_path / "copy"
    copy.write_bytes(bare(clip).content)
    assert next(read_frames(copy, 4)).rgb.shape == (64, 96, 3)


def test_copy_hides_what_the_edit_list_hides(tmp_path: Path) -> None:
    times = [(number - 10) / 10 for number in range(30)]
    clip = write_clip(tmp_path / "a.mp4", moving(30), times=times, codec="libx264", options={"bf": "0"})
    copy = tmp_path / "copy"
    copy.write_bytes(bare(clip).content)
    before, after = list(read_frames(clip, 8)), list(read_frames(copy, 8))
    assert [frame.time for frame in before] == [frame.time for frame in after]
    assert all(np.array_equal(one.rgb, other.rgb) for one, other in zip(before, after, strict=True))


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png", "a.avif"])
def test_copy_of_an_animation_moves(tmp_path: Path, rgb: Pixels, name: str) -> None:
    first, second = (Image.fromarray(pixels[:80, :96]) for pixels in (rgb, 255 - rgb))
    clip = tmp_path / name
    exif = Image.Exif()
    exif[0x010F] = "camera"
    first.save(clip, save_all=True, append_images=[second], duration=[400, 600], exif=exif)
    copy = tmp_path / "copy"
    copy.write_bytes(bare(clip).content)
    assert b"camera" not in copy.read_bytes()
    before, after = list(read_frames(clip, 8)), list(read_frames(copy, 8))
    assert [frame.time for frame in before] == [frame.time for frame in after] == [0.0, 0.4]
    assert all(np.array_equal(one.rgb, other.rgb) for one, other in zip(before, after, strict=True))
