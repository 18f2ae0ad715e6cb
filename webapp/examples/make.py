"""Generator of the examples and their answers: `python -m webapp.examples.make`."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from laanet_core.data.augmentation_policies import hardened_source_transforms
from laanet_core.data.self_blending import self_blend
from laanet_core.inference.detector import Detector
from laanet_core.media.images import read_image
from laanet_core.types import RGBImage
from webapp.examples import answers

HERE = Path(__file__).resolve().parent
SAMPLES = HERE.parents[1] / "tests" / "samples"
CROWD_HEIGHT, PORTRAIT_HEIGHT, TINY_WIDTH = 420, 640, 150
# Size of the pictures that represent the examples on the page.
THUMB_WIDTH, THUMB_HEIGHT = 240, 160
CLIP_RATE, CLIP_SECONDS, CLIP_SIDE = 12, 6, 384


def make_all() -> dict[str, RGBImage]:
    """Return the example images (H, W, 3), uint8 RGB, by file name, without the clip."""
    astronaut = read_image(SAMPLES / "astronaut.png")
    two, portrait = read_image(SAMPLES / "two_people.jpg"), read_image(SAMPLES / "official_portrait_2012.jpg")
    tiny = cv2.resize(
        two, (TINY_WIDTH, round(two.shape[0] * TINY_WIDTH / two.shape[1])), interpolation=cv2.INTER_AREA
    )
    return {
        "astronaut.jpg": astronaut,
        "astronaut-self-blended.jpg": self_blended(astronaut),
        "portrait.jpg": _at_height(portrait, PORTRAIT_HEIGHT),
        "crowd.jpg": np.hstack([_at_height(picture, CROWD_HEIGHT) for picture in (two, astronaut, portrait)]),
        "cannot-judge.jpg": np.asarray(tiny, np.uint8),
    }


def self_blended(astronaut: RGBImage) -> RGBImage:
    """Return the self-blended astronaut (H, W, 3), uint8 RGB."""
    landmarks = np.array(json.loads((SAMPLES / "astronaut-landmarks.json").read_text()), np.float32)
    return self_blend(
        astronaut, landmarks, np.random.default_rng(0), transforms=hardened_source_transforms
    ).image


def clip_frames() -> list[RGBImage]:
    """Return frames (H, W, 3), uint8 RGB, of a slow zoom; the second half is self-blended."""
    original = read_image(SAMPLES / "astronaut.png")
    pictures = (original, self_blended(original))
    count = CLIP_RATE * CLIP_SECONDS
    frames: list[RGBImage] = []
    for number in range(count):
        picture = pictures[number >= count // 2]
        height, width = picture.shape[:2]
        side = round(min(height, width) * (1 - 0.2 * number / count))
        left, top = (width - side) // 2, max((height - side) // 4, 0)
        zoomed = cv2.resize(
            picture[top : top + side, left : left + side],
            (CLIP_SIDE, CLIP_SIDE),
            interpolation=cv2.INTER_AREA,
        )
        frames.append(np.asarray(zoomed, np.uint8))
    return frames


def write_clip(path: Path, frames: list[RGBImage]) -> None:
    """Write frames (H, W, 3), uint8 RGB, as an H.264 clip."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=CLIP_RATE, options={"crf": "20", "preset": "slow"})
        stream.width = stream.height = CLIP_SIDE
        stream.pix_fmt = "yuv420p"
        for number, frame in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
            picture.pts, picture.time_base = number, Fraction(1, CLIP_RATE)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))


def thumbnails() -> dict[str, RGBImage]:
    """Return the pictures (H, W, 3), uint8 RGB, that represent the examples, by name of the example."""
    made = make_all()
    return {
        "astronaut-self-blended.jpg": _covering(made["astronaut-self-blended.jpg"][:300, 60:420]),
        "portrait.jpg": _covering(made["portrait.jpg"][20:400]),
        "crowd.jpg": _covering(made["crowd.jpg"]),
        "clip.mp4": _covering(clip_frames()[-1][:200, 60:324]),
        "cannot-judge.jpg": _covering(made["cannot-judge.jpg"]),
    }


def _covering(picture: RGBImage) -> RGBImage:
    """Return the middle of an image (H, W, 3) in the size of a thumbnail."""
    height, width = picture.shape[:2]
    scale = max(THUMB_WIDTH / width, THUMB_HEIGHT / height)
    size = (max(round(width * scale), THUMB_WIDTH), max(round(height * scale), THUMB_HEIGHT))
    large = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    left, top = (size[0] - THUMB_WIDTH) // 2, (size[1] - THUMB_HEIGHT) // 2
    return np.asarray(large[top : top + THUMB_HEIGHT, left : left + THUMB_WIDTH], np.uint8)


def _at_height(picture: RGBImage, height: int) -> RGBImage:
    """Return the image (H, W, 3) scaled to a height."""
    width = round(picture.shape[1] * height / picture.shape[0])
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _write(path: Path, picture: RGBImage, quality: int = 92) -> None:
    path.write_bytes(
        cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])[
            1
        ].tobytes()
    )


def main() -> None:
    """Write the examples that are missing, their thumbnails and their answers."""
    for name, picture in make_all().items():
        if not (HERE / name).exists():
            _write(HERE / name, picture)
    if not (HERE / "clip.mp4").exists():
        frames = clip_frames()
        write_clip(HERE / "clip.mp4", frames)
        _write(HERE / "clip.still.jpg", frames[len(frames) // 2])
    (HERE / "thumbnails").mkdir(exist_ok=True)
    for name, picture in thumbnails().items():
        _write((HERE / "thumbnails" / name).with_suffix(".jpg"), picture, quality=80)
    detector = Detector.from_weights("starter", device="cpu")
    (HERE / "answers").mkdir(exist_ok=True)
    for name in answers.NAMES:
        answers.save(name, answers.compute(name, detector))


if __name__ == "__main__":
    main()
