"""The faces of a clip: looked for everywhere now and then, and in between only where they must be."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from laanet_core.faces.detector import DetectedFace, FaceDetector
from laanet_core.faces.tracking import link
from laanet_core.media.video import Frame
from laanet_core.types import Box

LONGEST_UNSEARCHED = 1.3  # seconds from one frame that is searched everywhere to the next


def find_faces(
    detector: FaceDetector, frames: Sequence[Frame], *, smallest: float
) -> list[list[DetectedFace]]:
    """The faces of each of some neighbouring frames of one size, in order; see `FaceDetector.detect_frames` for `smallest`.

    Between two searched frames that show the same persons, these are followed along the straight way from one to the other. Where
    somebody came, went or was lost on the way, every frame is searched. Who comes and goes within LONGEST_UNSEARCHED while all others
    stay is not noticed.
    """
    keys = _searched(frames)
    found: dict[int, list[DetectedFace]] = {}

    def search(places: Sequence[int]) -> None:
        found.update(
            zip(
                places,
                detector.detect_frames([frames[place].rgb for place in places], smallest=smallest),
                strict=True,
            )
        )

    search(keys)
    expected = {
        place: boxes
        for first, last in itertools.pairwise(keys)
        for place in range(first + 1, last)
        if (boxes := _on_the_way(found, first, place, last))
    }
    followed = detector.follow_frames([frames[place].rgb for place in expected], list(expected.values()))
    found.update(
        {
            place: faces
            for (place, boxes), faces in zip(expected.items(), followed, strict=True)
            if len(faces) == len(boxes)
        }
    )
    search([place for place in range(len(frames)) if place not in found])
    return [found[place] for place in range(len(frames))]


def _searched(frames: Sequence[Frame]) -> list[int]:
    """The first frame, the last, and of those between as few as LONGEST_UNSEARCHED allows."""
    keys = [0] if frames else []
    for place in range(1, len(frames)):
        if place == len(frames) - 1 or frames[place + 1].time - frames[keys[-1]].time > LONGEST_UNSEARCHED:
            keys.append(place)
    return keys


def _on_the_way(found: dict[int, list[DetectedFace]], first: int, place: int, last: int) -> list[Box]:
    """Where the persons of two searched frames are expected in a frame between them; nothing where they are not the same."""
    before, after = ([face.box for face in found[key]] for key in (first, last))
    numbers = link([before, after])
    if sorted(numbers[0]) != sorted(numbers[1]):
        return []
    later = dict(zip(numbers[1], after, strict=True))
    share = (place - first) / (last - first)
    pairs = [(box, later[number]) for number, box in zip(numbers[0], before, strict=True)]
    return [_between(one, other, share) for one, other in pairs]


def _between(one: Box, other: Box, share: float) -> Box:
    x1, y1, x2, y2 = ((1 - share) * start + share * end for start, end in zip(one, other, strict=True))
    return (x1, y1, x2, y2)
