"""Most suspicious frames of a clip."""

from __future__ import annotations

from laanet_core.inference.key_frames import worst_times
from laanet_core.results import AnalysisResult, FaceResult, ModelInfo


def face(time: float, fake_prob: float | None) -> FaceResult:
    return FaceResult((0, 0, 50, 50), 0.99, 0.0, fake_prob, "fake", time=time, track=0)


def test_worst_times_follow_the_most_suspicious_face_of_each_frame() -> None:
    faces = (face(0.0, 0.2), face(1.0, 0.9), face(1.0, 0.1), face(2.0, 0.2), face(3.0, None))
    result = AnalysisResult("video", "verdict", "fake", 0.9, faces, ModelInfo("a", "1", "0"), 0.1)
    assert worst_times(result) == [1.0, 0.0, 2.0]
    assert worst_times(result, limit=1) == [1.0]
