"""Results of a photo and of a clip."""

from __future__ import annotations

import pytest

from laanet_core.decision import DecisionConfig, aggregate_tracks
from laanet_core.results import AnalysisResult, Coverage, FaceQuality, FaceResult, ModelInfo, Segment
from webapp.domain.clock import now
from webapp.services.analysis_records.rows import AnalysisRecord

MODEL = ModelInfo("laanet-lite", "1", "0" * 64)
DECISION = DecisionConfig(temperature=2.0, real_below=0.3, fake_above=0.7)


def face(
    logit: float | None, *, left: float = 0.0, time: float | None = None, track: int | None = None
) -> FaceResult:
    """Return a face of 50 pixels; without a logit it is too small to judge."""
    prob, verdict = (None, None) if logit is None else (0.9, "fake")
    box = (left, 0.0, left + 50.0, 50.0)
    return FaceResult(
        box,
        0.99,
        logit,
        prob,
        verdict,  # type: ignore[arg-type]
        time,
        track,
        quality=FaceQuality(side=50.0, sharpness=0.5, inside=1.0, roll=-3.0, detection_prob=0.99),
        not_judged="too_small" if logit is None else None,
    )


def record(result: AnalysisResult) -> AnalysisRecord:
    """Return the record of a result."""
    return AnalysisRecord(result, DECISION, "1" * 64, [0, 2**64 - 1], now())


@pytest.fixture
def photo() -> AnalysisResult:
    """Two faces, of which the second is too small to judge."""
    faces = (face(4.0), face(None, left=50.0))
    return AnalysisResult(
        "image", "verdict", "fake", 0.9, faces, MODEL, 0.5, size=(100, 50), cautions=("first_picture_only",)
    )


@pytest.fixture
def clip() -> AnalysisResult:
    """Two persons on two frames."""
    faces = tuple(
        face(logit, left=50.0 * track, time=time, track=track)
        for time, track, logit in ((0.5, 0, 4.0), (0.5, 1, -4.0), (1.5, 0, 2.0), (1.5, 1, None))
    )
    return AnalysisResult(
        "video",
        "verdict",
        "fake",
        0.8,
        faces,
        MODEL,
        1.5,
        size=(100, 50),
        tracks=aggregate_tracks(faces, DECISION),
        segments=(
            Segment(0, 0.0, 2.0, 0.8, "fake", 3.0, 2),
            Segment(1, 0.0, 1.0, 0.1, "real", -4.0, 1, still=True),
        ),
        coverage=Coverage(frames_judged=2, seconds_covered=2.0, seconds=2.0),
    )
