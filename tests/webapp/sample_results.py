"""Hand-made results for tests that need no detector."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from laanet_core.documents import AnalysisDocument
from laanet_core.results import (
    AnalysisResult,
    FaceResult,
    Heatmap,
    ModelInfo,
    Stability,
    TrackResult,
    Variant,
)

MODEL = ModelInfo("laanet-lite", "1", "0" * 64)
# One vulnerable point
HEATMAP = Heatmap(np.full((8, 8), 0.02, np.float32), (0, 0, 60, 60))
HEATMAP.values[4, 3] = 0.4
FAKE = FaceResult((5, 5, 50, 55), 0.99, 1.23456, 0.87654, "fake", heatmap=HEATMAP)
SMALL = FaceResult((60, 5, 80, 25), 0.97, None, None, None)
PHOTO = AnalysisResult("image", "verdict", "fake", 0.87654, (FAKE, SMALL), MODEL, 0.2, size=(100, 80))
TRACK = TrackResult(0, 3, 1.2, 0.8, "fake")
VIDEO = dataclasses.replace(
    PHOTO,
    kind="video",
    faces=(
        *(dataclasses.replace(FAKE, time=0.5 * number, track=0) for number in range(3)),
        dataclasses.replace(SMALL, time=1.0, track=1),
    ),
    tracks=(TRACK,),
)
# A fake verdict that flips at half size
FLIPPING = Stability(
    (Variant("jpeg_90", 1.0, 0.8, "fake", "fake"), Variant("half_size", -3.0, 0.05, "real", "fake")),
    False,
    "inconclusive",
)


def without_faces(result: AnalysisResult, outcome: str = "no_face", **changes: Any) -> AnalysisResult:
    """Return `result` with an outcome that has no verdict."""
    return dataclasses.replace(
        result, outcome=outcome, verdict=None, fake_prob=None, faces=(), tracks=(), **changes
    )


def stored(result: AnalysisResult, **changes: Any) -> dict[str, Any]:
    """Return the object that `ReceiptService.result` returns for `result`, without votes or decisions."""
    return {
        **AnalysisDocument.from_result(result).to_json(),
        "created_at": "2026-11-25T03:04:05+00:00",
        "held": None,
        "unstable_faces": [],
        "feedback": [],
        "later_scores": [],
        "decision": None,
        "waiting": [],
        "reliability": [],
        "media": {"kept_since": None, "kept": None},
        "durable": True,
        **changes,
    }
