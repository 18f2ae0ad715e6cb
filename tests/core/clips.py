"""Writers of short clips, damaged clips, animations and sound files."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
from av.stream import Disposition
from PIL import Image

from laanet_core.data.self_blending import self_blend
from laanet_core.media.images import read_image
from laanet_core.media.video import read_frames
from laanet_core.results import Caution

_SOUND_RATE = 48_000
Pixels = npt.NDArray[np.uint8]


def write_clip(
    path: Path,
    frames: Sequence[Pixels],
    *,
    times: Sequence[float] | None = None,
    rate: int = 10,
    codec: str = "mpeg4",
    sound: float = 0,
    movflags: str = "",
    matrix: Sequence[int] | None = None,
    aspect: Fraction | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    """Write frames (H, W, 3) at `times` in seconds or evenly at `rate`, with `sound` seconds of noise.

    `movflags` are those of an MP4, `matrix` is (a, b, c, d) of a display matrix, `aspect` a pixel's width as
    a share of its height, `options` the encoder's. A clip whose times are negative at first gets an edit list
    that hides those frames.
    """
    flags = {"movflags": movflags} if movflags else {}
    if times and times[0] < 0:
        flags["avoid_negative_ts"] = "disabled"
    with av.open(str(path), "w", options=flags) as container:
        stream = container.add_stream(codec, rate=rate, options=options)
        if matrix is not None:
            a, b, c, d = (number << 16 for number in matrix)
            stream.set_display_matrix([a, b, 0, c, d, 0, 0, 0, 1 << 30])
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        stream.bit_rate = 4_000_000
        # AVI would fill the time between two frames with empty packets, one per tick.
        ticks_per_second = rate if path.suffix == ".avi" else 1000
        stream.codec_context.time_base = Fraction(1, ticks_per_second)
        heard = container.add_stream("aac", rate=_SOUND_RATE) if sound else None
        for number, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            frame.pts = round(1000 * (times[number] if times else number / rate))
            frame.time_base = Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if heard is not None:
            container.mux(heard.encode(_noise(sound)))
            container.mux(heard.encode())
    return path


def grey_frames(count: int, size: tuple[int, int] = (48, 64)) -> list[Pixels]:
    """Return grey frames (H, W, 3) of a size (H, W), each of another grey, which survives compression."""
    return [np.full((*size, 3), 20 + 220 * number // max(count - 1, 1), np.uint8) for number in range(count)]


def cautions_of(clip: Path) -> set[Caution]:
    """Return the cautions with which a clip is read."""
    cautions: list[Caution] = []
    assert list(read_frames(clip, 8, warn=cautions.append))
    return set(cautions)


def cut_clip(clip: Path, share: float) -> Path:
    """Write a copy that has only the first `share` of the clip's bytes, and return its path."""
    cut = clip.with_stem(f"cut-{clip.stem}")
    cut.write_bytes(clip.read_bytes()[: int(clip.stat().st_size * share)])
    return cut


def damage_clip(clip: Path, start: float, end: float) -> Path:
    """Write a copy whose bytes are zero from share `start` to share `end`, and return its path."""
    content = bytearray(clip.read_bytes())
    first = int(start * len(content))
    last = int(end * len(content))
    content[first:last] = bytes(last - first)
    damaged = clip.with_stem(f"damaged-{clip.stem}")
    damaged.write_bytes(content)
    return damaged


def moving(count: int, size: tuple[int, int] = (48, 64)) -> list[Pixels]:
    """Return pictures of moving noise, which take many bytes each."""
    noise = np.random.default_rng(0).integers(0, 255, (*size, 3), dtype=np.uint8)
    return [np.roll(noise, number, 1) for number in range(count)]


def write_pages(path: Path, pictures: Sequence[Pixels]) -> Path:
    """A TIFF with several pages."""
    first, *others = (Image.fromarray(pixels) for pixels in pictures)
    first.save(path, "TIFF", save_all=True, append_images=others)
    return path


def write_streams(path: Path, clips: Sequence[Sequence[Pixels]], *, default: int | None = None) -> Path:
    """Write several video streams into one file; all have the default flag, or only `default`."""
    with av.open(str(path), "w") as container:
        streams = []
        for number, frames in enumerate(clips):
            stream = container.add_stream("mpeg4", rate=10)
            stream.height, stream.width = frames[0].shape[:2]
            stream.pix_fmt = "yuv420p"
            is_default = default is None or number == default
            stream.disposition = int(Disposition.default) if is_default else 0
            streams.append(stream)
        for stream, frames in zip(streams, clips, strict=True):
            for number, pixels in enumerate(frames):
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
                frame.pts, frame.time_base = number, Fraction(1, 10)
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
    return path


def _noise(seconds: float) -> av.AudioFrame:
    noise = np.random.default_rng(0).normal(0, 0.1, (1, round(seconds * _SOUND_RATE)))
    frame = av.AudioFrame.from_ndarray(noise.astype(np.float32), format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = _SOUND_RATE, 0, Fraction(1, _SOUND_RATE)
    return frame


def write_sound(path: Path) -> Path:
    """Write a file that has sound only, and return its path."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44_100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 44_100), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 44_100
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def grey_clip_bytes(path: Path) -> bytes:
    """Content of a short grey clip."""
    return write_clip(path, [np.full((48, 64, 3), 128, np.uint8)] * 5).read_bytes()


def forged_astronaut(samples: Path) -> Pixels:
    """The sample astronaut (512, 512, 3) with the face blended into itself, which the starter model sees."""
    points = json.loads((samples / "astronaut-landmarks.json").read_text())
    landmarks = np.asarray(points, np.float32).reshape(68, 2)
    image = read_image(samples / "astronaut.png")
    return self_blend(image, landmarks, np.random.default_rng(4)).image


def drifting(picture: Pixels, time: float, side: int = 256) -> Pixels:
    """The frame (side, side, 3) of a shaking camera that films a picture, `time` seconds after its start."""
    height, width = picture.shape[:2]
    angle, scale = 2 * np.sin(0.9 * time), (1 + 0.03 * np.sin(0.5 * time)) * side / max(height, width)
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), float(angle), float(scale))
    matrix[:, 2] += [side / 2 - width / 2, side / 2 - height / 2]
    matrix[:, 2] += [0.02 * side * np.sin(0.7 * time), 0.02 * side * np.cos(1.1 * time)]
    size = (side, side)
    moved = cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(moved, np.uint8)


def hide_frames(clip: Path, edits: int) -> Path:
    """Replace an MP4's edit list by many edits that each show nothing of the first second."""
    content = clip.read_bytes()
    place = content.index(b"elst") - 4
    size = int.from_bytes(content[place : place + 4], "big")
    # Each edit has its length, the media time at which it begins, and its rate.
    table = bytes(4) + edits.to_bytes(4, "big") + (struct.pack(">IiI", 100, 0, 1 << 16) * edits)
    changed = bytearray(content[:place] + struct.pack(">I", len(table) + 8) + b"elst" + table)
    changed += content[place + size :]
    for name in (b"moov", b"trak", b"edts"):
        box = changed.index(name) - 4
        length = int.from_bytes(changed[box : box + 4], "big") + len(table) + 8 - size
        changed[box : box + 4] = length.to_bytes(4, "big")
    clip.write_bytes(changed)
    return clip


def never_shown(path: Path, count: int) -> Path:
    """Write a WebM with `count` VP8 frames that are decoded and never shown."""
    still = write_clip(path.with_stem("still"), [np.full((480, 640, 3), 100, np.uint8)] * 3, codec="libvpx")
    with av.open(str(still)) as source, av.open(str(path), "w") as target:
        copied = target.add_stream_from_template(source.streams.video[0])
        key, later, *_ = [bytes(packet) for packet in source.demux(video=0) if packet.size]
        for number in range(count):
            content = later if number else key
            # Bit 4 of the first byte shows the frame (RFC 6386, section 9.1).
            packet = av.Packet(bytes([content[0] & ~0x10]) + content[1:])
            packet.stream = copied
            packet.pts = packet.dts = 40 * number
            packet.time_base = Fraction(1, 1000)
            packet.is_keyframe = number == 0
            target.mux(packet)
    return path
