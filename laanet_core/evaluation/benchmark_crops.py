"""Benchmark crops from videos: one face followed through a clip, evenly spaced frames, 256-pixel PNGs (laa-net.md section 5)."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2

from laanet_core.errors import UnreadableMedia
from laanet_core.evaluation.public_benchmarks import TRIM
from laanet_core.faces.crops import ENLARGEMENT, crop_square, enlarge_to_square
from laanet_core.faces.detector import FaceDetector
from laanet_core.faces.tracking import link
from laanet_core.media.video import read_frames
from laanet_core.types import Box, RGBImage

CROP_SIDE = 256
_KEPT = (
    ENLARGEMENT * CROP_SIDE / (CROP_SIDE - 2 * TRIM)
)  # so that what is left after trimming is the box enlarged by 1.25


def prepare_video(video: Path, folder: Path, detector: FaceDetector, *, frames: int) -> int:
    """Write the crops of a clip's main face into `folder`, named by frame time in milliseconds; returns how many there are.

    The main face is the track with the largest boxes in all. The folder appears whole or not at all, and one that is there is left
    as it is, so that an interrupted preparation can go on. Raises UnreadableMedia; its code is `no_face` where no face was found.
    """
    if folder.exists():
        return sum(1 for _ in folder.iterdir())
    pictures = [(frame.rgb, frame.time) for frame in read_frames(video, frames)]
    boxes = [[face.box for face in detector.detect_frames([rgb])[0]] for rgb, _ in pictures]
    chosen = _main_track(boxes)
    if not any(chosen):
        raise UnreadableMedia("no_face", "No face was found in any of the frames.")
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    for (rgb, time), box in zip(pictures, chosen, strict=True):
        if box is not None:
            _write(
                unfinished / f"{round(1000 * time):07}.png",
                crop_square(rgb, enlarge_to_square(box, _KEPT), CROP_SIDE),
            )
    unfinished.rename(folder)
    return sum(box is not None for box in chosen)


def _main_track(frames: list[list[Box]]) -> list[Box | None]:
    """For every frame the box of the track whose boxes cover most in all, None where it is away."""
    numbers = link(frames)
    areas: dict[int, float] = {}
    for boxes, tracks in zip(frames, numbers, strict=True):
        for (x1, y1, x2, y2), track in zip(boxes, tracks, strict=True):
            areas[track] = areas.get(track, 0.0) + (x2 - x1) * (y2 - y1)
    main = max(areas, key=lambda track: areas[track], default=-1)
    return [
        next((box for box, track in zip(boxes, tracks, strict=True) if track == main), None)
        for boxes, tracks in zip(frames, numbers, strict=True)
    ]


def _write(path: Path, crop: RGBImage) -> None:
    if not cv2.imwrite(str(path), cv2.cvtColor(crop, cv2.COLOR_RGB2BGR)):
        raise OSError(f"could not write {path}")
