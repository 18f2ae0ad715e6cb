"""Subjects of stored analyses."""

from __future__ import annotations

import dataclasses

import pytest

from laanet_core.results import AnalysisResult
from tests.webapp.services.analysis_records.conftest import record
from webapp.db.tables import Analysis
from webapp.services.analysis_records.rows import row_of
from webapp.services.analysis_records.subjects import (
    WHOLE_FILE,
    faces_of,
    judged_faces_of,
    show_same_face,
    subject_of,
    subjects_of,
    whole_file,
)


def row(result: AnalysisResult) -> Analysis:
    return row_of(record(result), "hash")


def test_a_photo_has_a_subject_per_judged_face(photo: AnalysisResult) -> None:
    (subject,) = subjects_of(row(photo))
    assert (subject.number, subject.fake_prob, subject.box) == (1, 0.9, (0.0, 0.0, 0.5, 1.0))
    assert subject_of(row(photo), 2) is None
    assert subject_of(row(photo), WHOLE_FILE) == whole_file(row(photo))


def test_a_clip_has_a_subject_per_person(clip: AnalysisResult) -> None:
    first, second = subjects_of(row(clip))
    assert [subject.fake_prob for subject in (first, second)] == [track.fake_prob for track in clip.tracks]
    assert (first.number, second.number) == (1, 2)
    assert second.box == (0.5, 0.0, 1.0, 1.0)


@pytest.mark.parametrize(("number", "count"), [(WHOLE_FILE, 4), (1, 2), (2, 2), (3, 0)])
def test_a_person_stands_for_all_of_their_faces(clip: AnalysisResult, number: int, count: int) -> None:
    assert len(faces_of(row(clip), number)) == count


@pytest.mark.parametrize(("number", "count"), [(WHOLE_FILE, 2), (1, 1), (2, 1), (3, 0)])
def test_a_face_of_a_photo_stands_for_itself(photo: AnalysisResult, number: int, count: int) -> None:
    assert len(faces_of(row(photo), number)) == count


def test_faces_of_near_duplicates_are_matched_by_place(clip: AnalysisResult) -> None:
    first, second = subjects_of(row(clip))
    assert show_same_face(first, dataclasses.replace(first, number=2))
    assert not show_same_face(first, second)
    assert not show_same_face(first, whole_file(row(clip)))
    assert show_same_face(dataclasses.replace(first, box=None), first)


@pytest.mark.parametrize(("number", "count"), [(WHOLE_FILE, 3), (1, 2), (2, 1)])
def test_faces_without_a_score_are_not_among_the_judged_ones(
    clip: AnalysisResult, number: int, count: int
) -> None:
    assert len(judged_faces_of(row(clip), number)) == count


def test_a_whole_file_without_judged_face_has_no_score(photo: AnalysisResult) -> None:
    without = dataclasses.replace(photo, outcome="no_face", verdict=None, fake_prob=None, faces=())
    assert whole_file(row(without)).fake_prob is None
