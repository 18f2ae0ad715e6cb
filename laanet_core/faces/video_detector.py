"""Face detection in clips: full searches on key frames, tracking between them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from laanet_core.faces.detector import DetectedFace, FaceDetector
from laanet_core.faces.tracking import link
from laanet_core.media.video import Frame
from laanet_core.types import Box

# Longest time in seconds between two frames that are searched completely.
MAX_SEARCH_INTERVAL = 1.3


def detect_in_frames(
    detector: FaceDetector, frames: Sequence[Frame], *, min_face_size: float
) -> list[list[DetectedFace]]:
    """Return the faces of each of several neighbouring frames (H, W, 3) of one size.

    If two neighbouring key frames show the same people, their faces are followed along a straight line
    between them. If a face appears, disappears or is lost on the way, the frames are searched completely. A
    face that appears and disappears between two key frames while all others stay is missed. No face is
    followed across a cut.

    `min_face_size` is that of `FaceDetector.detect_frames`.
    """
    detected: dict[int, list[DetectedFace]] = {}

    def search(indices: Sequence[int]) -> None:
        pictures = [frames[index].rgb for index in indices]
        faces = detector.detect_frames(pictures, min_face_size=min_face_size)
        detected.update(zip(indices, faces, strict=True))

    key_frames = _key_frames(frames)
    search(key_frames)

    expected: dict[int, list[Box]] = {}
    for first, last in itertools.pairwise(key_frames):
        if _is_cut([frames[first], frames[last]]):
            continue
        for index in range(first + 1, last):
            boxes = _expected_boxes(detected[first], detected[last], (index - first) / (last - first))
            if boxes:
                expected[index] = boxes

    followed = detector.follow_frames([frames[index].rgb for index in expected], list(expected.values()))
    for (index, boxes), faces in zip(expected.items(), followed, strict=True):
        if len(faces) == len(boxes):
            detected[index] = faces

    search([index for index in range(len(frames)) if index not in detected])
    return [detected[index] for index in range(len(frames))]


def _key_frames(frames: Sequence[Frame]) -> list[int]:
    """Return each shot's first and last frame, and as few between as MAX_SEARCH_INTERVAL allows."""
    key_frames = [0] if frames else []
    last = len(frames) - 1
    for index in range(1, len(frames)):
        since = frames[min(index + 1, last)].time - frames[key_frames[-1]].time
        is_border = index == last or _is_cut(frames[index - 1 : index + 1])
        if is_border or _is_cut(frames[index : index + 2]) or since > MAX_SEARCH_INTERVAL:
            key_frames.append(index)
    return key_frames


def _is_cut(frames: Sequence[Frame]) -> bool:
    """Return whether neighbouring frames belong to different shots."""
    shots = {frame.passage.shot for frame in frames if frame.passage is not None}
    return len(shots) > 1


def _expected_boxes(before: Sequence[DetectedFace], after: Sequence[DetectedFace], share: float) -> list[Box]:
    """Return the boxes at a share of the way between two frames; none if the frames show different faces."""
    old_boxes, new_boxes = [face.box for face in before], [face.box for face in after]
    old_tracks, new_tracks = link([old_boxes, new_boxes])
    if sorted(old_tracks) != sorted(new_tracks):
        return []
    new_by_track = dict(zip(new_tracks, new_boxes, strict=True))
    return [
        _interpolate(box, new_by_track[track], share)
        for track, box in zip(old_tracks, old_boxes, strict=True)
    ]


def _interpolate(old: Box, new: Box, share: float) -> Box:
    x1, y1, x2, y2 = ((1 - share) * start + share * end for start, end in zip(old, new, strict=True))
    return (x1, y1, x2, y2)
