"""Subjects of an analysis that can become cases: a picture's faces, a clip's persons, and the whole file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from laanet_core.decision import aggregate_tracks
from laanet_core.faces.tracking import iou
from laanet_core.types import Box
from webapp.db.tables import Analysis, Face
from webapp.services.analysis_records.rows import decision_of

WHOLE_FILE = 0
# Two boxes with at least this IoU show the same face.
MIN_IOU = 0.5
# Largest difference of two fake probabilities by one model for faces of near-duplicates to count as alike.
# A picture and its manipulated copy look alike, their scores need not.
MAX_SCORE_DIFFERENCE = 0.25


@dataclass(frozen=True)
class Subject:
    """A judged subject, or a whole file.

    `number`: WHOLE_FILE, or from 1 a picture's face or a clip's person, as in feedback. `fake_prob` is
    calibrated; None for a whole file in which no face was judged. `box` (x1, y1, x2, y2) in shares of the
    picture's width and height; None if the picture's size is unknown.
    """

    number: int
    fake_prob: float | None
    verdict: str | None
    box: Box | None


def subjects_of(analysis: Analysis) -> list[Subject]:
    """Return all judged subjects by number, without the whole file."""
    if analysis.kind == "image":
        return [
            Subject(face.number, face.fake_prob, face.verdict, _mean_box([face], analysis))
            for face in analysis.faces
            if face.fake_prob is not None
        ]
    decision = decision_of(analysis)
    if decision is None:
        return []
    subjects = []
    for track in aggregate_tracks(analysis.faces, decision):
        number = track.track + 1
        faces = judged_faces_of(analysis, number)
        subjects.append(Subject(number, track.fake_prob, track.verdict, _mean_box(faces, analysis)))
    return subjects


def faces_of(analysis: Analysis, number: int) -> list[Face]:
    """Return the stored faces of a subject: one face, one person's faces, or all of the whole file."""
    if number == WHOLE_FILE:
        return list(analysis.faces)
    if analysis.kind == "image":
        return [face for face in analysis.faces if face.number == number]
    return [face for face in analysis.faces if face.track == number - 1]


def original_size(analysis: Analysis) -> tuple[int, int] | None:
    """Return the (width, height) of the upright original in pixels, None if it is not stored."""
    if analysis.width is None or analysis.height is None:
        return None
    return analysis.width, analysis.height


def judged_faces_of(analysis: Analysis, number: int) -> list[Face]:
    """Return those faces of a subject that have a score."""
    return [face for face in faces_of(analysis, number) if face.fake_logit is not None]


def whole_file(analysis: Analysis) -> Subject:
    """Return the whole file as a subject."""
    return Subject(WHOLE_FILE, analysis.fake_prob, analysis.verdict, None)


def subject_of(analysis: Analysis, number: int) -> Subject | None:
    """Return the subject of that number; None if it does not exist or was not judged."""
    if number == WHOLE_FILE:
        return whole_file(analysis)
    return next((subject for subject in subjects_of(analysis) if subject.number == number), None)


def show_same_face(one: Subject, other: Subject) -> bool:
    """Return True if two subjects of near-duplicate files show the same face.

    Boxes are compared, because near-duplicates may number their faces differently.
    """
    if WHOLE_FILE in (one.number, other.number):
        return one.number == other.number
    if one.box is None or other.box is None:
        return one.number == other.number
    return iou(one.box, other.box) >= MIN_IOU


def are_alike(one: tuple[Analysis, Subject], other: tuple[Analysis, Subject]) -> bool:
    """Return True if the same model gave the same face of two near-duplicate files a similar score."""
    (analysis, subject), (other_analysis, other_subject) = one, other
    is_comparable = analysis.kind == other_analysis.kind
    is_comparable = is_comparable and analysis.model_sha256 == other_analysis.model_sha256
    if not is_comparable or not show_same_face(subject, other_subject):
        return False
    return _are_scored_alike(subject, other_subject)


def _are_scored_alike(one: Subject, other: Subject) -> bool:
    """Return True if two subjects have similar scores, or both have none."""
    if one.fake_prob is None or other.fake_prob is None:
        return one.fake_prob is other.fake_prob
    return abs(one.fake_prob - other.fake_prob) <= MAX_SCORE_DIFFERENCE


def _mean_box(faces: Sequence[Face], analysis: Analysis) -> Box | None:
    """Return the mean box of the faces in shares of the picture's size."""
    if not analysis.width or not analysis.height:
        return None
    return (
        fmean(face.x1 for face in faces) / analysis.width,
        fmean(face.y1 for face in faces) / analysis.height,
        fmean(face.x2 for face in faces) / analysis.width,
        fmean(face.y2 for face in faces) / analysis.height,
    )
