"""Hand-made results for tests that need no detector."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

import numpy as np
from markupsafe import Markup

from laanet_core.results import (
    AnalysisResult,
    FaceResult,
    Heatmap,
    ModelInfo,
    Segment,
    Stability,
    TrackResult,
    Variant,
)
from webapp.services.results.documents import (
    ConsentDocument,
    KeptFileDocument,
    MediaDocument,
    StoredResult,
)
from webapp.texts import Texts
from webapp.ui.render.stored_result import stored_details, stored_head

STORED_AT = datetime(2026, 11, 25, 3, 4, 5, tzinfo=UTC)
MODEL = ModelInfo("laanet-lite", "1", "0" * 64)
# One vulnerable point
HEATMAP = Heatmap(np.full((8, 8), 0.02, np.float32), (0, 0, 60, 60))
HEATMAP.values[4, 3] = 0.4
FAKE = FaceResult((5, 5, 50, 55), 0.99, 1.23456, 0.87654, "fake", heatmap=HEATMAP)
SMALL = FaceResult((60, 5, 80, 25), 0.97, None, None, None, not_judged="too_small")
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
# Fake from second 2 on, inconclusive as the mean over all frames
PARTLY_FAKE = dataclasses.replace(
    VIDEO,
    faces=VIDEO.faces[:3],
    tracks=(TrackResult(0, 16, 0.4, 0.6, "inconclusive"),),
    segments=(
        Segment(0, 0.0, 2.0, 0.1, "real", -2.0, 8),
        Segment(0, 2.0, 6.0, 0.97, "fake", 4.0, 8),
    ),
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


def stored(result: AnalysisResult, **changes: Any) -> StoredResult:
    """Return what `ReceiptService.result` returns for `result`, without votes or decisions."""
    media = MediaDocument(sha256="0" * 64, fingerprints=[], consent=None, kept_since=None, kept=None)
    values: dict[str, Any] = {
        "analysis": result,
        "created_at": STORED_AT,
        "size": result.size,
        "thresholds": None,
        "is_stable": None,
        "unstable_faces": [],
        "feedback": [],
        "later_scores": [],
        "notify": False,
        "media": media,
        "decision": None,
        "waiting": [],
        "reliability": [],
        "durable": True,
    }
    return StoredResult.from_result(result, **{**values, **changes})


def kept_media() -> MediaDocument:
    """Return the media of a visitor who agreed to keep the file."""
    kept = KeptFileDocument(sha256="0" * 64, bytes=1000, format="jpeg")
    consent = ConsentDocument(given_at=STORED_AT, text_version="3")
    return MediaDocument(sha256="0" * 64, fingerprints=[], consent=consent, kept_since=STORED_AT, kept=kept)


def stored_page(result: StoredResult, texts: Texts) -> Markup:
    """Return everything that the receipt page says of a stored result, apart from the evidence."""
    return stored_head(result, texts) + stored_details(result, texts)
