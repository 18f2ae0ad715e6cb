"""Results of whole pictures, clips and rejected files."""

from __future__ import annotations

import time

from laanet_core.decision import DecisionConfig, verdict_of
from laanet_core.inference.file_results import FileResults
from laanet_core.inference.judged_clip import JudgedClip
from laanet_core.media.frame_selection import Passage
from laanet_core.results import ErrorInfo, FaceResult, ModelInfo, NotJudgedReason, RuntimeInfo

DECISION = DecisionConfig(temperature=1.5, real_below=0.15, fake_above=0.8)


def results() -> FileResults:
    return FileResults(ModelInfo("name", "0", "c" * 64), DECISION, RuntimeInfo("eager", "float32", "cpu"))


def judged(logit: float, at: float | None = None) -> FaceResult:
    return FaceResult((0, 0, 80, 80), 0.99, logit, None, None, time=at)


def unjudged(reason: NotJudgedReason | None) -> FaceResult:
    return FaceResult((0, 0, 80, 80), 0.99, None, None, None, not_judged=reason)


def test_outcome_depends_on_the_reasons_of_the_faces() -> None:
    started = time.monotonic()
    assert results().picture((9, 9), [], started).outcome == "no_face"
    assert results().picture((9, 9), [unjudged("not_a_face")], started).outcome == "no_face"
    assert results().picture((9, 9), [unjudged("blurred")], started).outcome == "face_too_small"
    picture = results().picture((20, 10), [unjudged("blurred"), judged(5.0)], started)
    assert (picture.outcome, picture.size, picture.cautions) == ("verdict", (20, 10), ())
    assert picture.fake_prob is not None
    assert picture.verdict == verdict_of(picture.fake_prob, DECISION) == "fake"


def test_faces_beyond_the_budget_are_said() -> None:
    faces = [judged(0.0), unjudged(None)]
    picture = results().picture((9, 9), faces, time.monotonic(), is_budget_exceeded=True)
    assert picture.cautions == ("not_all_faces",)
    clip = JudgedClip(time.monotonic())
    clip.budget.is_exceeded = True
    assert results().clip(clip).cautions == ("not_all_faces",)


def test_clip_has_tracks_segments_and_coverage() -> None:
    clip = JudgedClip(time.monotonic(), size=(640, 360))
    for at in range(6):
        clip.passages[float(at)] = Passage(0, at - 0.5, at + 0.5, False, 5.5)
        clip.faces[float(at)] = [judged(6.0, float(at))]
    result = results().clip(clip)
    assert (result.kind, result.outcome, result.verdict, result.size) == (
        "video",
        "verdict",
        "fake",
        (640, 360),
    )
    assert [track.frames for track in result.tracks] == [6]
    assert [segment.verdict for segment in result.segments] == ["fake"]
    assert result.coverage is not None
    assert result.coverage.frames_judged == 6


def test_rejected_file_has_its_error() -> None:
    error = ErrorInfo("corrupt_image", "The picture is damaged.")
    result = results().rejected("image", error, time.monotonic() - 2)
    assert (result.kind, result.outcome, result.error, result.verdict) == ("image", "rejected", error, None)
    assert result.seconds >= 2
