"""Faces and passages of a clip that are judged so far."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass, field

from laanet_core.faces.face_budget import FaceBudget
from laanet_core.faces.face_scaling import Size
from laanet_core.faces.tracking import link
from laanet_core.media.frame_selection import Passage
from laanet_core.results import Caution, FaceResult

# Seconds after which no more frames of a clip are judged.
_CLIP_SECONDS = 300.0


@dataclass
class JudgedClip:
    """Part of a clip that is judged so far.

    `started` is a monotonic time, `faces` and `passages` belong to the judged frames by time, `size` is the
    (width, height) of the first frame, `cautions` are those of the reader and of `budget`.
    """

    started: float
    faces: dict[float, list[FaceResult]] = field(default_factory=dict)
    passages: dict[float, Passage] = field(default_factory=dict)
    size: Size | None = None
    cautions: set[Caution] = field(default_factory=set)
    budget: FaceBudget = field(default_factory=lambda: FaceBudget(is_clip=True))

    @property
    def is_overdue(self) -> bool:
        """True if the time for the clip has ended."""
        return time.monotonic() - self.started > _CLIP_SECONDS

    @property
    def reached(self) -> float:
        """Share of the clip in [0, 1] up to the last judged frame's passage."""
        last = next(reversed(self.passages.values()), None)
        return 0.0 if last is None else min(last.end / max(last.clip_seconds, 1e-6), 1.0)

    def tracked_faces(self) -> list[FaceResult]:
        """Return the judged frames' faces with the numbers of their tracks, in order of time and track."""
        times = sorted(self.faces)
        boxes = [[face.box for face in self.faces[at]] for at in times]
        track_numbers = link(boxes, [self.passages[at].shot for at in times])
        faces: list[FaceResult] = []
        for at, numbers in zip(times, track_numbers, strict=True):
            for number, face in sorted(zip(numbers, self.faces[at], strict=True), key=lambda pair: pair[0]):
                faces.append(dataclasses.replace(face, track=number))
        return faces
