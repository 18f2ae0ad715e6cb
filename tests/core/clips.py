"""Short clips made on the spot."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from PIL import Image

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
) -> Path:
    """Write frames (H, W, 3) at `times` in seconds or evenly at `rate`, with `sound` seconds of noise.

    `movflags` are those of an MP4.
    """
    with av.open(str(path), "w", options={"movflags": movflags} if movflags else {}) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 4_000_000
        stream.codec_context.time_base = Fraction(
            1, rate if path.suffix == ".avi" else 1000
        )  # which AVI would fill with empty packets
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


def cut_clip(clip: Path, share: float) -> Path:
    """A copy of the first part of its bytes."""
    cut = clip.with_stem(f"cut-{clip.stem}")
    cut.write_bytes(clip.read_bytes()[: int(clip.stat().st_size * share)])
    return cut


def damage_clip(clip: Path, start: float, end: float) -> Path:
    """A copy with zeros in the place of some of its bytes, from one share of them to another."""
    content = bytearray(clip.read_bytes())
    first, last = (int(share * len(content)) for share in (start, end))
    content[first:last] = bytes(last - first)
    damaged = clip.with_stem(f"damaged-{clip.stem}")
    damaged.write_bytes(content)
    return damaged


def moving(count: int, size: tuple[int, int] = (48, 64)) -> list[Pixels]:
    """Pictures that take many bytes each."""
    noise = np.random.default_rng(0).integers(0, 255, (*size, 3), dtype=np.uint8)
    return [np.roll(noise, number, 1) for number in range(count)]


def write_animation(path: Path, pictures: Sequence[Pixels]) -> Path:
    first, *others = (Image.fromarray(pixels) for pixels in pictures)
    first.save(path, save_all=True, append_images=others, duration=100)
    return path


def _noise(seconds: float) -> av.AudioFrame:
    noise = np.random.default_rng(0).normal(0, 0.1, (1, round(seconds * _SOUND_RATE)))
    frame = av.AudioFrame.from_ndarray(noise.astype(np.float32), format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = _SOUND_RATE, 0, Fraction(1, _SOUND_RATE)
    return frame


def write_sound(path: Path) -> Path:
    """A file that holds sound only."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44_100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 44_100), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 44_100
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
