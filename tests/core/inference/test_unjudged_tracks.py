from __future__ import annotations

from laanet_core.inference.unjudged_tracks import UnjudgedTrack, unjudged_tracks
from laanet_core.results import AnalysisResult, Coverage, FaceResult, ModelInfo, NotJudgedReason, TrackResult

MODEL = ModelInfo("laanet-lite", "1", "0" * 64)


def face(time: float, track: int, reason: NotJudgedReason | None) -> FaceResult:
    return FaceResult((0, 0, 50, 60), 0.99, None, None, None, time=time, track=track, not_judged=reason)


def clip(*faces: FaceResult, tracks: tuple[TrackResult, ...] = (), frames: int = 8) -> AnalysisResult:
    coverage = Coverage(frames, 1.0, 1.0)
    return AnalysisResult(
        "video", "verdict", "real", 0.1, faces, MODEL, 0.1, tracks=tracks, coverage=coverage
    )


def test_most_frequent_reason_counts() -> None:
    blurred = [face(time, 1, "blurred") for time in (0.0, 1.0)]
    faces = [*blurred, face(2.0, 1, "cut_off"), face(0.0, 0, "hidden")]
    assert unjudged_tracks(clip(*faces)) == (UnjudgedTrack(0, 1, "hidden"), UnjudgedTrack(1, 3, "blurred"))


def test_judged_tracks_and_things_that_are_no_faces_are_left_out() -> None:
    judged = TrackResult(0, 3, -2.0, 0.1, "real")
    faces = [face(0.0, 0, "cut_off"), face(0.0, 1, "not_a_face"), face(0.0, 2, "too_small")]
    assert unjudged_tracks(clip(*faces, tracks=(judged,))) == (UnjudgedTrack(2, 1, "too_small"),)
    assert unjudged_tracks(clip(face(0.0, 0, "not_a_face"))) == ()


def test_short_tracks_count_only_if_there_are_no_others() -> None:
    short, long = face(0.0, 1, "blurred"), [face(time, 2, "hidden") for time in (1.0, 2.0, 3.0)]
    assert unjudged_tracks(clip(short, frames=30)) == (UnjudgedTrack(1, 1, "blurred"),)
    assert unjudged_tracks(clip(short, *long, frames=30)) == (UnjudgedTrack(2, 3, "hidden"),)
    judged = TrackResult(0, 9, -2.0, 0.1, "real")
    assert unjudged_tracks(clip(short, tracks=(judged,), frames=30)) == ()
