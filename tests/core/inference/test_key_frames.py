"""Most suspicious frames of a clip."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from laanet_core.inference.key_frames import decode_moments, worst_times
from laanet_core.results import AnalysisResult, FaceResult, ModelInfo
from tests.core.clips import write_clip


def face(time: float, fake_prob: float | None) -> FaceResult:
    return FaceResult((0, 0, 50, 50), 0.99, 0.0, fake_prob, "fake", time=time, track=0)


def test_moments_are_decoded_in_order_with_their_faces(tmp_path: Path) -> None:
    greys = [np.full((64, 64, 3), 8 * number, np.uint8) for number in range(30)]
    clip = write_clip(tmp_path / "a.mp4", greys)
    faces = (face(1.0, 0.2), face(2.5, 0.9))
    result = AnalysisResult("video", "verdict", "fake", 0.9, faces, ModelInfo("a", "1", "0"), 0.1)
    first, second = decode_moments(clip, result, worst_times(result))
    assert [(first.time, first.faces), (second.time, second.faces)] == [(1.0, faces[:1]), (2.5, faces[1:])]
    assert [first.rgb.mean(), second.rgb.mean()] == pytest.approx([80, 200], abs=4)


def test_worst_times_follow_the_most_suspicious_face_of_each_frame() -> None:
    faces = (face(0.0, 0.2), face(1.0, 0.9), face(1.0, 0.1), face(2.0, 0.2), face(3.0, None))
    result = AnalysisResult("video", "verdict", "fake", 0.9, faces, ModelInfo("a", "1", "0"), 0.1)
    assert worst_times(result) == [1.0, 0.0, 2.0]
    assert worst_times(result, limit=1) == [1.0]
