"""Decided cases as plain values, for snapshots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from laanet_core.results import FaceQuality
from laanet_core.types import Box
from webapp.db import training_queries as queries
from webapp.db.tables import Analysis, CaseItem, Decision, Label, Media
from webapp.domain.enums import LabelValue, Stage
from webapp.media.masks import Mask
from webapp.services.analysis_records.rows import quality_of
from webapp.services.analysis_records.subjects import WHOLE_FILE, judged_faces_of, original_size


@dataclass(frozen=True)
class FacePosition:
    """Box of a scored face; `time` in seconds of the frame in a clip, None in a photo.

    `quality` is None for faces from before it was stored.
    """

    box: Box
    time: float | None
    quality: FaceQuality | None = None


@dataclass(frozen=True)
class RegionOnFrame:
    """Mask that a moderator painted over the whole photo, or over the frame of a clip at `time` seconds."""

    mask: Mask
    time: float | None


@dataclass(frozen=True)
class DecidedCase:
    """A case with a decision that was not undone.

    `case` is the case's public id, `how` the way of the decision (see `decision_rule`), `label` its value
    and `labels` the number of labels that count for it. `source` is the sha256 of the uploaded file, while
    `media` is the kept one. `kind` is image or video. `consent` is the version of the consent text. `faces`
    are those that the decision covers, `regions` those that moderators painted. `size` is the (width, height)
    of the upright original, to which the faces' boxes refer.
    """

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
    faces: tuple[FacePosition, ...]
    regions: tuple[RegionOnFrame, ...]
    size: tuple[int, int] | None = None


@dataclass(frozen=True)
class SnapshotSource:
    """Decided cases, near-duplicate pairs of analysis ids, and the analyses' splits in earlier snapshots."""

    cases: list[DecidedCase]
    near_duplicates: list[tuple[int, int]]
    earlier_splits: dict[int, str]


def read_decided_cases(session: Session, before: datetime) -> SnapshotSource:
    """Read the decisions for real or fake that have stood since `before`, of files kept with consent."""
    rows = queries.decided_items(session, before)
    analyses = {item.analysis.id: item.analysis for _, item in rows}
    return SnapshotSource(
        cases=[_decided_case(decision, item) for decision, item in rows],
        near_duplicates=queries.near_duplicate_pairs(session, analyses.values()),
        earlier_splits=queries.previous_splits(session),
    )


def _decided_case(decision: Decision, item: CaseItem) -> DecidedCase:
    """Return a decision and the item of its case as plain values."""
    analysis = item.analysis
    case = item.case
    consent = analysis.consent
    assert consent is not None
    assert consent.media is not None
    # Each moderator's blind label is followed by a final one, and only that counts.
    labels = [label for label in case.labels if label.withdrawn_at is None and label.stage != Stage.BLIND]
    is_fake = decision.value == LabelValue.FAKE
    return DecidedCase(
        case_id=case.id,
        case=case.public_id,
        decision_id=decision.id,
        how=decision.how,
        decided_at=decision.decided_at,
        labels=len(labels),
        label=decision.value,
        analysis_id=analysis.id,
        source=analysis.media_sha256,
        kind=analysis.kind,
        media=consent.media,
        orientation=consent.orientation,
        consent=consent.text_version,
        faces=_covered_faces(analysis, item.subject, decision.value),
        regions=_regions_on_fakes(labels) if is_fake else (),
        size=original_size(analysis),
    )


def _regions_on_fakes(labels: Sequence[Label]) -> tuple[RegionOnFrame, ...]:
    """Return the regions of labels with the value fake. On other labels a region marks no blending."""
    regions: list[RegionOnFrame] = []
    for label in labels:
        region = label.region
        if label.value == LabelValue.FAKE and region is not None:
            mask = Mask(region.png, region.width, region.height)
            regions.append(RegionOnFrame(mask, region.time))
    return tuple(regions)


def _covered_faces(analysis: Analysis, subject: int, value: str) -> tuple[FacePosition, ...]:
    """Return the scored faces to which a decision of `value` about `subject` applies.

    The decision that a whole file is fake applies to its faces only if they are one person's. With several
    persons, it does not say which of them is fake.
    """
    faces = judged_faces_of(analysis, subject)
    persons = {face.number if analysis.kind == "image" else face.track for face in faces}
    if subject == WHOLE_FILE and value == LabelValue.FAKE and len(persons) != 1:
        return ()
    return tuple(
        FacePosition((face.x1, face.y1, face.x2, face.y2), face.time, quality_of(face)) for face in faces
    )
