"""Decided cases as plain values: what a snapshot is made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from laanet_core.types import Box
from webapp.db import training_queries as queries
from webapp.db.tables import Analysis, CaseItem, Decision, Media
from webapp.domain.enums import LabelValue, Stage
from webapp.media.masks import Mask
from webapp.services.analysis_records.subjects import WHOLE_FILE, faces_of


@dataclass(frozen=True)
class SeenFace:
    """A face that was judged; `time` in seconds, of a clip's frame."""

    box: Box
    time: float | None


@dataclass(frozen=True)
class Painted:
    """What a moderator painted over the whole picture, or a clip's frame at `time`."""

    mask: Mask
    time: float | None


@dataclass(frozen=True)
class Decided:
    """One case whose decision stands. `source` is the sha256 of the file as it was given; `faces` are those the decision is of."""

    case_id: int
    case: str
    decision_id: int
    how: str
    decided_at: datetime
    labels: int
    label: str
    analysis_id: int
    source: str
    kind: str
    media: Media
    orientation: int
    consent: str
    faces: tuple[SeenFace, ...]
    regions: tuple[Painted, ...]


@dataclass(frozen=True)
class Found:
    """What there is to make a snapshot of, which of it is nearly alike (pairs of analysis ids), and what each was for in earlier ones."""

    decided: list[Decided]
    alike: list[tuple[int, int]]
    earlier: dict[int, str]


def find(session: Session, before: datetime) -> Found:
    """Decisions for real or fake that have stood since `before`, of files kept with consent. Votes of visitors are not asked."""
    rows = queries.decided_items(session, before)
    analyses = {item.analysis.id: item.analysis for _, item in rows}
    return Found(
        [_decided(*row) for row in rows],
        queries.near_duplicate_pairs(session, analyses.values()),
        queries.previous_splits(session),
    )


def _decided(decision: Decision, item: CaseItem) -> Decided:
    analysis, case = item.analysis, item.case
    consent = analysis.consent
    assert consent is not None
    assert consent.media is not None
    counting = [label for label in case.labels if label.withdrawn_at is None and label.stage != Stage.BLIND]
    regions = [
        label.region
        for label in counting
        if label.region is not None and label.value == LabelValue.FAKE == decision.value
    ]
    return Decided(
        case_id=case.id,
        case=case.public_id,
        decision_id=decision.id,
        how=decision.how,
        decided_at=decision.decided_at,
        labels=len(counting),
        label=decision.value,
        analysis_id=analysis.id,
        source=analysis.media_sha256,
        kind=analysis.kind,
        media=consent.media,
        orientation=consent.orientation,
        consent=consent.text_version,
        faces=_faces(analysis, item.subject, decision.value),
        regions=tuple(
            Painted(Mask(region.png, region.width, region.height), region.time) for region in regions
        ),
    )


def _faces(analysis: Analysis, subject: int, value: str) -> tuple[SeenFace, ...]:
    """Those that the subject stands for. A whole file that is real has real faces; of one that is fake nobody said which, unless one."""
    chosen = [face for face in faces_of(analysis, subject) if face.fake_logit is not None]
    people = {face.number if analysis.kind == "image" else face.track for face in chosen}
    if subject == WHOLE_FILE and value == LabelValue.FAKE and len(people) != 1:
        return ()
    return tuple(SeenFace((face.x1, face.y1, face.x2, face.y2), face.time) for face in chosen)
