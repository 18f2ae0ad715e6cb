"""Files of the kinds that people bring, built from the public-domain samples."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pillow_heif
from PIL import Image, ImageCms

from laanet_core.media.images import read_image
from laanet_core.types import RGBImage
from tests.core.clips import forged_astronaut, write_clip, write_pages, write_sound, write_streams

# Width and height of the portrait, and the place of its face: x1, y1, x2, y2.
_WIDTH, _HEIGHT = 396, 500
_FACE = (179, 39, 301, 209)

# Changes of a picture that EXIF's orientations 1 to 8 undo.
_STORED = (
    None,
    Image.Transpose.FLIP_LEFT_RIGHT,
    Image.Transpose.ROTATE_180,
    Image.Transpose.FLIP_TOP_BOTTOM,
    Image.Transpose.TRANSPOSE,
    Image.Transpose.ROTATE_90,
    Image.Transpose.TRANSVERSE,
    Image.Transpose.ROTATE_270,
)


@dataclass(frozen=True)
class FileKind:
    """Written file with the expected answer: a verdict, an outcome or an error code, and cautions."""

    path: Path
    answer: str
    cautions: tuple[str, ...] = ()
    is_clip: bool = False


def write_kinds(folder: Path, samples: Path) -> list[FileKind]:
    """Write one file of every kind into `folder`."""
    pillow_heif.register_heif_opener()
    portrait = read_image(samples / "official_portrait_2012.jpg")
    portrait = np.asarray(cv2.resize(portrait, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)
    fake = np.asarray(cv2.resize(forged_astronaut(samples)[:, 58:454], (_WIDTH, 512)), np.uint8)[:_HEIGHT]
    return [
        *_pictures(folder, portrait, fake),
        *_damaged_pictures(folder, portrait),
        *_unjudged_pictures(folder, portrait),
        *_clips(folder, portrait),
        *_animations(folder, portrait, fake),
        *_refused_files(folder, portrait),
    ]


def _pictures(folder: Path, portrait: RGBImage, fake: RGBImage) -> Iterator[FileKind]:
    plain, grey = Image.fromarray(portrait), Image.fromarray(portrait).convert("L")
    wide = np.asarray(grey).astype(np.uint16)
    depth = {"save_all": True, "append_images": [Image.fromarray(fake)]}
    saved: list[tuple[str, Image.Image, str, dict[str, object]]] = [
        ("plain.jpg", plain, "JPEG", {"quality": 90}),
        ("progressive.jpg", plain, "JPEG", {"progressive": True}),
        ("cmyk.jpg", plain.convert("CMYK"), "JPEG", {"quality": 90}),
        ("grey.jpg", grey, "JPEG", {}),
        ("stereo.jpg", plain, "MPO", depth),
        ("transparent.png", _transparent(portrait), "PNG", {}),
        ("palette.png", plain.quantize(256), "PNG", {}),
        ("grey-16-bit.png", Image.fromarray(wide * 257), "PNG", {}),
        ("grey-12-in-16-bit.png", Image.fromarray(wide * 16), "PNG", {}),
        ("lab.tif", _to_lab(plain), "TIFF", {"compression": "tiff_lzw"}),
        ("cmyk.tif", plain.convert("CMYK"), "TIFF", {}),
        ("still.webp", plain, "WEBP", {}),
        ("still.avif", plain, "AVIF", {}),
        ("still.heic", plain, "HEIF", {}),
        ("still.gif", plain, "GIF", {}),
        ("still.bmp", plain, "BMP", {}),
        *(_with_orientation(plain, number) for number in (2, 5, 8)),
    ]
    for name, image, form, options in saved:
        image.save(folder / name, form, **options)
        yield FileKind(folder / name, "real")
    yield FileKind(write_pages(folder / "pages.tif", [portrait, fake]), "real", ("first_picture_only",))
    Image.fromarray(fake).save(folder / "fake.jpg", quality=95)
    yield FileKind(folder / "fake.jpg", "fake")


def _transparent(portrait: RGBImage) -> Image.Image:
    """Return the portrait (H, W, 3) with a transparent lower part."""
    image = Image.fromarray(portrait).convert("RGBA")
    image.paste((0, 0, 0, 0), (0, _HEIGHT - 60, _WIDTH, _HEIGHT))
    return image


def _to_lab(image: Image.Image) -> Image.Image:
    profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    lab = ImageCms.profileToProfile(image, *profiles, outputMode="LAB")
    assert lab is not None
    return lab


def _with_orientation(
    plain: Image.Image, orientation: int
) -> tuple[str, Image.Image, str, dict[str, object]]:
    change = _STORED[orientation - 1]
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = plain if change is None else plain.transpose(change)
    return f"exif-{orientation}.jpg", stored, "JPEG", {"exif": exif, "quality": 95}


def _damaged_pictures(folder: Path, portrait: RGBImage) -> Iterator[FileKind]:
    """Write complete files with other data behind them, and files that end too early."""
    jpeg, png = folder / "whole.jpg", folder / "whole.png"
    for path in (jpeg, png):
        Image.fromarray(portrait).save(path)
    clip = write_clip(folder / "behind.mp4", [portrait] * 3)
    parts = [
        ("motion-photo.jpg", jpeg.read_bytes() + clip.read_bytes(), FileKind(folder, "real")),
        ("cut.jpg", jpeg.read_bytes()[:-2], FileKind(folder, "real", ("cut_short",))),
        ("cut.png", png.read_bytes()[:-40_000], FileKind(folder, "real", ("cut_short",))),
        ("half.jpg", jpeg.read_bytes()[:8_000], FileKind(folder, "corrupt_image")),
        ("half.png", png.read_bytes()[:100_000], FileKind(folder, "corrupt_image")),
    ]
    for name, content, kind in parts:
        (folder / name).write_bytes(content)
        yield FileKind(folder / name, kind.answer, kind.cautions)


def _unjudged_pictures(folder: Path, portrait: RGBImage) -> Iterator[FileKind]:
    """Write pictures of which no face is judged."""
    x1, y1, x2, y2 = _FACE
    pixelated = portrait.copy()
    coarse = cv2.resize(portrait[y1:y2, x1:x2], (12, 17), interpolation=cv2.INTER_AREA)
    pixelated[y1:y2, x1:x2] = cv2.resize(coarse, (x2 - x1, y2 - y1), interpolation=cv2.INTER_NEAREST)
    pictures = [
        ("pixelated.png", pixelated, "hidden"),
        ("blurred.png", cv2.GaussianBlur(portrait, (0, 0), 6), "blurred"),
        ("cut-off.png", portrait[:, :270], "cut_off"),
        ("too-small.png", cv2.resize(portrait, (110, 139), interpolation=cv2.INTER_AREA), "too_small"),
        ("no-face.png", portrait[330:], "no_face"),
    ]
    for name, pixels, answer in pictures:
        Image.fromarray(np.ascontiguousarray(pixels)).save(folder / name)
        yield FileKind(folder / name, answer)


def _clips(folder: Path, portrait: RGBImage) -> Iterator[FileKind]:
    moving = [np.roll(portrait, 6 * number, 1) for number in range(8)]
    black = [np.zeros((64, 64, 3), np.uint8)] * 8
    fields = {"flags": "+ildct+ilme", "crf": "12"}
    whole = write_clip(folder / "whole.mp4", moving, movflags="faststart").read_bytes()
    (folder / "cut.mp4").write_bytes(whole[: int(0.6 * len(whole))])
    paths = [
        write_clip(folder / "plain.avi", moving),
        write_clip(folder / "mirrored.mp4", moving, matrix=(-1, 0, 0, 1)),
        write_clip(folder / "turned.mov", [np.rot90(frame) for frame in moving], matrix=(0, 1, -1, 0)),
        write_clip(folder / "single-frame.webm", [portrait], codec="libvpx"),
        write_clip(folder / "interlaced.mp4", moving, codec="libx264", options=fields),
        write_streams(folder / "two-streams.mkv", [black, moving]),
        _write_ten_bits(folder / "ten-bit.mp4", moving),
    ]
    for path in paths:
        yield FileKind(path, "real", is_clip=True)
    yield FileKind(folder / "cut.mp4", "real", ("cut_short",), is_clip=True)
    yield FileKind(write_clip(folder / "no-face.mp4", black), "no_face", is_clip=True)
    yield FileKind(write_sound(folder / "sound.mp4"), "no_frames", is_clip=True)
    (folder / "damaged.mp4").write_bytes(b"\0\0\0\x20ftypisom" + bytes(400))
    yield FileKind(folder / "damaged.mp4", "corrupt_video", is_clip=True)


def _write_ten_bits(path: Path, frames: list[RGBImage]) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p10le"
        for number, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def _animations(folder: Path, portrait: RGBImage, fake: RGBImage) -> Iterator[FileKind]:
    first, second = Image.fromarray(portrait), Image.fromarray(fake)
    for name in ("animated.gif", "animated.webp", "animated.png", "animated.avif"):
        first.save(folder / name, save_all=True, append_images=[second], duration=800)
        yield FileKind(folder / name, "fake", is_clip=True)


def _refused_files(folder: Path, portrait: RGBImage) -> Iterator[FileKind]:
    contents = {
        "photo.cr3": b"\0\0\0\x18ftypcrx \0\0\0\1" + bytes(64),
        "photo.nef": _raw_tiff(b"NIKON CORPORATION\0", 34713),
        "photo.arw": _raw_tiff(b"SONY\0", 32767),
        "photo.dng": _raw_tiff(b"Google\0", 1, dng=True),
        "words.jpg": b"This is no picture.",
        "drawing.png": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "document.pdf": b"%PDF-1.7\n",
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
        yield FileKind(folder / name, "unsupported_type")
    (folder / "empty.jpg").touch()
    yield FileKind(folder / "empty.jpg", "empty_file")
    Image.fromarray(portrait[:8, :8]).save(folder / "dot.png")
    yield FileKind(folder / "dot.png", "image_too_small")


def _raw_tiff(maker: bytes, compression: int, *, dng: bool = False) -> bytes:
    """Return the header of a camera raw file: a TIFF of a colour filter's values without its pixels."""
    tags = [(259, 3, 1, compression), (262, 3, 1, 32803), (271, 2, len(maker), 8 + 2 + 12 * (3 + dng) + 4)]
    if dng:
        tags.append((50706, 1, 4, 0x0401))
    body = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + body + bytes(4) + maker
