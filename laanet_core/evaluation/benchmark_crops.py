"""Benchmark crops cut out of videos: a clip's main face in evenly spaced frames, as PNG files."""

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

# Side of a crop in pixels.
CROP_SIDE = 256

# Enlargement of the face's box, so that trimming TRIM pixels leaves the box enlarged by ENLARGEMENT.
_UNTRIMMED_ENLARGEMENT = ENLARGEMENT * CROP_SIDE / (CROP_SIDE - 2 * TRIM)


def prepare_video(video: Path, folder: Path, detector: FaceDetector, *, frames: int) -> int:
    """Write the crops of a clip's main face into `folder` and return their number.

    Files are named by the frame's time in milliseconds. The main face is the track with the largest total box
    area. The folder appears whole or not at all, and an existing one is left alone, so that an interrupted
    preparation can continue. Raises UnreadableMedia; its code is `no_face` if no face was detected.
    """
    if folder.exists():
        return sum(1 for _ in folder.iterdir())
    images: list[tuple[RGBImage, float]] = []
    boxes_by_frame: list[list[Box]] = []
    for frame in read_frames(video, frames):
        images.append((frame.rgb, frame.time))
        faces = detector.detect_frames([frame.rgb])[0]
        boxes_by_frame.append([face.box for face in faces])
    main_boxes = _main_track(boxes_by_frame)
    if not any(main_boxes):
        raise UnreadableMedia("no_face", "No face was found in any of the frames.")

    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    for (rgb, seconds), box in zip(images, main_boxes, strict=True):
        if box is not None:
            crop = crop_square(rgb, enlarge_to_square(box, _UNTRIMMED_ENLARGEMENT), CROP_SIDE)
            milliseconds = round(1000 * seconds)
            _write(unfinished / f"{milliseconds:07}.png", crop)
    unfinished.rename(folder)
    return sum(box is not None for box in main_boxes)


def _main_track(frames: list[list[Box]]) -> list[Box | None]:
    """Return, for every frame, the box of the track with the largest total area, or None if it is absent."""
    tracks_by_frame = link(frames)
    areas: dict[int, float] = {}
    for boxes, tracks in zip(frames, tracks_by_frame, strict=True):
        for (x1, y1, x2, y2), track in zip(boxes, tracks, strict=True):
            areas[track] = areas.get(track, 0.0) + (x2 - x1) * (y2 - y1)
    if not areas:
        return [None] * len(frames)
    main = max(areas, key=lambda track: areas[track])
    main_boxes: list[Box | None] = []
    for boxes, tracks in zip(frames, tracks_by_frame, strict=True):
        box_of_track = dict(zip(tracks, boxes, strict=True))
        main_boxes.append(box_of_track.get(main))
    return main_boxes


def _write(path: Path, crop: RGBImage) -> None:
    """Write a crop (CROP_SIDE, CROP_SIDE, 3) uint8 RGB. Raises OSError if OpenCV cannot."""
    if not cv2.imwrite(str(path), cv2.cvtColor(crop, cv2.COLOR_RGB2BGR)):
        raise OSError(f"could not write {path}")
