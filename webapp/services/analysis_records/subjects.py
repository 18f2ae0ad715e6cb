"""What can become a case: the faces of a picture, the persons of a clip, and the whole file (0)."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean

from laanet_core.decision import DecisionConfig, fake_probability, verdict_of
from laanet_core.types import Box
from webapp.db.tables import Analysis, Face

WHOLE_FILE = 0
OVERLAP = 0.5  # of two boxes, from which on they are of the same face


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
    persons: dict[int, list[Face]] = {}
    for face in analysis.faces:
        if face.track is not None and face.fake_logit is not None:
            persons.setdefault(face.track, []).append(face)
    return [_person(track, persons[track], analysis, decision) for track in sorted(persons)]


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
    return overlap(one.box, other.box) >= OVERLAP


def decision_of(analysis: Analysis) -> DecisionConfig | None:
    """How its scores became verdicts; None for results from before that was kept."""
    if analysis.temperature is None or analysis.real_below is None or analysis.fake_above is None:
        return None
    return DecisionConfig(
        temperature=analysis.temperature, real_below=analysis.real_below, fake_above=analysis.fake_above
    )


def _person(track: int, faces: list[Face], analysis: Analysis, decision: DecisionConfig) -> Subject:
    """Video-level: the logits averaged over the person's frames, then calibrated, as the detector does."""
    fake_prob = fake_probability(fmean(face.fake_logit or 0.0 for face in faces), decision)
    return Subject(track + 1, fake_prob, verdict_of(fake_prob, decision), _share(faces, analysis))


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


def overlap(one: Box, other: Box) -> float:
    """Intersection over union, from 0 to 1."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    if across <= 0 or down <= 0:
        return 0.0
    both = across * down
    return both / (
        (one[2] - one[0]) * (one[3] - one[1]) + (other[2] - other[0]) * (other[3] - other[1]) - both
    )
