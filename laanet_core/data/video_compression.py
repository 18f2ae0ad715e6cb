"""Video compression of single crops: a short clip is encoded, and its last frame decoded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import av
import cv2
import numpy as np

from laanet_core.data.augmentation import Transform
from laanet_core.types import RGBImage

# Frames of a clip; the last one is predicted from the others, or a key frame in a clip of one.
FRAMES = (1, 4)

# Largest motion from frame to frame, in pixels.
DRIFT = 2.0

# Range of the scale at which a crop is encoded.
SCALE = (0.6, 1.0)


@dataclass(frozen=True)
class VideoCodec:
    """Encoder of ffmpeg with its options, the decoder, and the range of its constant rate factor (CRF)."""

    encoder: str
    decoder: str
    options: Mapping[str, str]
    rate_factors: tuple[int, int]


CODECS: Mapping[str, VideoCodec] = {
    "h264": VideoCodec("libx264", "h264", {"preset": "veryfast", "threads": "1"}, (18, 37)),
    "h265": VideoCodec(
        "libx265", "hevc", {"preset": "superfast", "x265-params": "log-level=none:pools=none"}, (20, 38)
    ),
    "vp9": VideoCodec(
        "libvpx-vp9",
        "vp9",
        {"deadline": "realtime", "cpu-used": "8", "b": "0", "lag-in-frames": "0", "threads": "1"},
        (24, 50),
    ),
}

# H.264 is what most clips use.
_PROBABILITIES = {"h264": 0.7, "h265": 0.15, "vp9": 0.15}


def video_compression(rng: np.random.Generator) -> Transform:
    """Return a transform that encodes a crop as the end of a short clip, at a random quality and size."""
    names = list(CODECS)
    codec = CODECS[names[rng.choice(len(names), p=[_PROBABILITIES[name] for name in names])]]
    rate_factor = int(rng.integers(*codec.rate_factors, endpoint=True))
    motions = rng.uniform(-DRIFT, DRIFT, (int(rng.integers(*FRAMES, endpoint=True)), 2)).cumsum(axis=0)
    scale = rng.uniform(*SCALE) if rng.random() < 0.5 else 1.0
    # The last frame is the crop itself.
    offsets = motions - motions[-1]

    def transform(image: RGBImage) -> RGBImage:
        height, width = image.shape[:2]
        # Subsampled chroma needs even sides.
        size = (max(round(width * scale / 2) * 2, 16), max(round(height * scale / 2) * 2, 16))
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        frames = [
            cv2.warpAffine(
                small, np.array([[1, 0, x], [0, 1, y]], np.float64), size, borderMode=cv2.BORDER_REPLICATE
            )
            for x, y in offsets
        ]
        decoded = last_decoded_frame([np.asarray(frame, np.uint8) for frame in frames], codec, rate_factor)
        return np.asarray(cv2.resize(decoded, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)

    return transform


def last_decoded_frame(frames: list[RGBImage], codec: VideoCodec, rate_factor: int) -> RGBImage:
    """Encode frames (H, W, 3) uint8 RGB of even sides as one clip and return the last one as decoded."""
    height, width = frames[0].shape[:2]
    encoder = cast(Any, av.CodecContext.create(codec.encoder, "w"))
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.framerate = 25
    encoder.options = {**codec.options, "crf": str(rate_factor)}
    decoder = cast(Any, av.CodecContext.create(codec.decoder, "r"))
    decoder.thread_count = 1
    packets = []
    for number, frame in enumerate(frames):
        picture = av.VideoFrame.from_ndarray(frame, format="rgb24").reformat(format="yuv420p")
        picture.pts = number
        packets.extend(encoder.encode(picture))
    packets.extend(encoder.encode(None))
    pictures = [picture for packet in packets for picture in decoder.decode(packet)]
    pictures.extend(decoder.decode(None))
    return np.asarray(pictures[-1].to_ndarray(format="rgb24"), np.uint8)
