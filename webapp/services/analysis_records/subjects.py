"""What can become a case: the faces of a picture, the persons of a clip, and the whole file (0)."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean

from laanet_core.decision import DecisionConfig, aggregate_tracks
from laanet_core.faces.tracking import iou
from laanet_core.types import Box
from webapp.db.tables import Analysis, Face

WHOLE_FILE = 0
# Two boxes with at least this IoU show the same face.
MIN_IOU = 0.5


@dataclass(frozen=True)
class Subject:
    """`number` as in feedback; `fake_prob` calibrated; `box` in shares of the picture's width and height, None where that is not known."""

    number: int
    fake_prob: float
    verdict: str | None
    box: Box | None


def subjects_of(analysis: Analysis) -> list[Subject]:
    """All that were judged, by number, without the whole file."""
    if analysis.kind == "image":
        faces = [face for face in analysis.faces if face.fake_prob is not None]
        return [
            Subject(face.number, face.fake_prob or 0.0, face.verdict, _share([face], analysis))
            for face in faces
        ]
    decision = decision_of(analysis)
    if decision is None:
        return []
    judged = [face for face in analysis.faces if face.fake_logit is not None]
    return [
        Subject(
            track.track + 1,
            track.fake_prob,
            track.verdict,
            _share([face for face in judged if face.track == track.track], analysis),
        )
        for track in aggregate_tracks(judged, decision)
    ]


def whole_file(analysis: Analysis) -> Subject:
    return Subject(WHOLE_FILE, analysis.fake_prob or 0.0, analysis.verdict, None)


def subject_of(analysis: Analysis, number: int) -> Subject | None:
    """None for one that was not judged, or never was."""
    if number == WHOLE_FILE:
        return whole_file(analysis)
    return next((subject for subject in subjects_of(analysis) if subject.number == number), None)


def same_place(one: Subject, other: Subject) -> bool:
    """Whether they are the same face of two near copies, however the faces are numbered."""
    if (one.number == WHOLE_FILE) != (other.number == WHOLE_FILE):
        return False
    if one.number == WHOLE_FILE:
        return True
    if one.box is None or other.box is None:
        return one.number == other.number
    return iou(one.box, other.box) >= MIN_IOU


def decision_of(analysis: Analysis) -> DecisionConfig | None:
    """How its scores became verdicts; None for results from before that was kept."""
    if analysis.temperature is None or analysis.real_below is None or analysis.fake_above is None:
        return None
    return DecisionConfig(
        temperature=analysis.temperature, real_below=analysis.real_below, fake_above=analysis.fake_above
    )


def _share(faces: list[Face], analysis: Analysis) -> Box | None:
    """The mean box."""
    if not analysis.width or not analysis.height:
        return None
    across, down = analysis.width, analysis.height
    return (
        fmean(face.x1 for face in faces) / across,
        fmean(face.y1 for face in faces) / down,
        fmean(face.x2 for face in faces) / across,
        fmean(face.y2 for face in faces) / down,
    )
