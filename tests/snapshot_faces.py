"""Decided cases and snapshot faces that exist in memory only."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from webapp.db.tables import Media
from webapp.domain.enums import Split
from webapp.services.training.decided_cases import DecidedCase, FacePosition
from webapp.services.training.snapshot_files import SnapshotFace

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LANDMARKS = np.arange(136, dtype=np.float32).reshape(68, 2)


def decided_case(**changes: object) -> DecidedCase:
    """Return a photo with one face that moderators decided to be real."""
    case = DecidedCase(
        case_id=1,
        case="c1",
        decision_id=7,
        how="agreement",
        decided_at=MOMENT,
        labels=2,
        label="real",
        analysis_id=3,
        source="f" * 64,
        kind="image",
        media=Media(sha256="e" * 64, name="kept", kind="image", format="png", bytes=1, created_at=MOMENT),
        orientation=1,
        consent="2",
        faces=(FacePosition((10.0, 10.0, 50.0, 50.0), None),),
        regions=(),
    )
    return replace(case, **changes)  # type: ignore[arg-type]


def snapshot_face(name: str, split: Split, **changes: object) -> SnapshotFace:
    """Return a face of `decided_case`; its files need not exist."""
    face = SnapshotFace(name, "a" * 64, None, LANDMARKS, decided_case(), split, "g" * 64)
    return replace(face, **changes)  # type: ignore[arg-type]
