"""Results of whole files: the faces of a picture or clip to one verdict, and rejected files."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass

from laanet_core.decision import (
    DecisionConfig,
    aggregate_tracks,
    picture_fake_prob,
    verdict_of,
    video_fake_prob,
)
from laanet_core.faces.face_scaling import Size
from laanet_core.inference.judged_clip import JudgedClip
from laanet_core.inference.segments import clip_coverage, clip_segments
from laanet_core.results import (
    AnalysisResult,
    Caution,
    ErrorInfo,
    FaceResult,
    Kind,
    ModelInfo,
    Outcome,
    RuntimeInfo,
    ordered_cautions,
)


@dataclass(frozen=True)
class FileResults:
    """Results of files by one model: its identity, the rule of its verdicts and the runtime it runs in.

    The argument `started` of all methods is the monotonic time at which the analysis began.
    """

    model: ModelInfo
    decision: DecisionConfig
    runtime: RuntimeInfo

    def picture(
        self, size: Size, faces: Sequence[FaceResult], started: float, *, is_budget_exceeded: bool = False
    ) -> AnalysisResult:
        """Return the result of a picture of `size` (width, height) in pixels."""
        result = self._result(
            "image", _outcome(faces), started, faces, picture_fake_prob(faces, self.decision)
        )
        cautions: tuple[Caution, ...] = ("not_all_faces",) if is_budget_exceeded else ()
        return dataclasses.replace(result, size=size, cautions=cautions)

    def clip(self, clip: JudgedClip) -> AnalysisResult:
        """Track the faces through the judged frames and aggregate their scores.

        The result lists the faces by frame and, within a frame, by track.
        """
        faces = clip.tracked_faces()
        tracks = aggregate_tracks(faces, self.decision)
        segments = clip_segments(faces, clip.passages, self.decision)
        fake_prob = video_fake_prob(tracks, len(clip.faces), self.decision, segments)
        if clip.budget.is_exceeded:
            clip.cautions.add("not_all_faces")
        return dataclasses.replace(
            self._result("video", _outcome(faces), clip.started, faces, fake_prob),
            size=clip.size,
            tracks=tracks,
            cautions=ordered_cautions(clip.cautions),
            segments=segments,
            coverage=clip_coverage(clip.passages.values()),
        )

    def rejected(self, kind: Kind, error: ErrorInfo, started: float) -> AnalysisResult:
        """Return the result of a file that cannot be judged."""
        return dataclasses.replace(self._result(kind, "rejected", started), error=error)

    def _result(
        self,
        kind: Kind,
        outcome: Outcome,
        started: float,
        faces: Sequence[FaceResult] = (),
        fake_prob: float | None = None,
    ) -> AnalysisResult:
        """Return the part of a result that all kinds of files have in common."""
        return AnalysisResult(
            kind=kind,
            outcome=outcome,
            verdict=None if fake_prob is None else verdict_of(fake_prob, self.decision),
            fake_prob=fake_prob,
            faces=tuple(faces),
            model=self.model,
            seconds=time.monotonic() - started,
            runtime=self.runtime,
        )


def _outcome(faces: Sequence[FaceResult]) -> Outcome:
    if all(face.not_judged == "not_a_face" for face in faces):
        return "no_face"
    return "verdict" if any(face.is_judged for face in faces) else "face_too_small"
