"""Queries for the agreement of moderators and heatmaps. Each takes a session first and never commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from webapp.db.tables import (
    Account,
    Case,
    CaseItem,
    Consent,
    Decision,
    Gold,
    Label,
    LabelRegion,
    Media,
    RegionAgreement,
)
from webapp.domain.enums import LabelValue, Stage

# Box of an unknown face. No region overlaps it.
_NO_BOX = (0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class CountingLabel:
    """Label that was not withdrawn, with its account's name and the state of its case.

    `case` is the public id of the case. `seconds`: time from the claim to the label.
    """

    case_id: int
    case: str
    state: str
    account_id: int
    name: str
    stage: str
    value: str
    seconds: float
    created_at: datetime


@dataclass(frozen=True)
class PaintedRegion:
    """Region painted on a stored image.

    `png` is the mask as `read_mask` has encoded it. `orientation` (EXIF, 1 to 8) turns the stored image
    upright. `box` is the labelled face's, (x1, y1, x2, y2) in pixels of the upright original; four zeros if
    the face is unknown.
    """

    label_id: int
    png: bytes
    media: Media
    orientation: int
    box: tuple[float, float, float, float]


def counting_labels(session: Session) -> list[CountingLabel]:
    """Return labels that were not withdrawn, oldest first."""
    # In the order of the fields of CountingLabel.
    columns = (
        Label.case_id,
        Case.public_id,
        Case.state,
        Label.account_id,
        Account.name,
        Label.stage,
        Label.value,
        Label.seconds,
        Label.created_at,
    )
    query = (
        select(*columns)
        .join(Case, Case.id == Label.case_id)
        .join(Account, Account.id == Label.account_id)
        .where(Label.withdrawn_at.is_(None))
        .order_by(Label.id)
    )
    return [CountingLabel(*row) for row in session.execute(query)]


def decided_values(session: Session) -> dict[int, str]:
    """Return the value of the current decision by case id."""
    rows = session.execute(
        select(Decision.case_id, Decision.value).where(Decision.undone_at.is_(None)).order_by(Decision.id)
    )
    return dict(rows.all())


def gold_values(session: Session) -> dict[int, str]:
    """Return the known answer by case id."""
    rows = session.execute(select(Gold.case_id, Gold.value))
    return dict(rows.all())


def region_agreements(session: Session) -> Sequence[RegionAgreement]:
    """Return agreements that have values, by model, without regions of withdrawn labels."""
    query = (
        select(RegionAgreement)
        .join(Label)
        .where(RegionAgreement.iou.is_not(None), Label.withdrawn_at.is_(None))
    )
    return session.scalars(query.order_by(RegionAgreement.model_version, RegionAgreement.model_sha256)).all()


def unmeasured_regions(session: Session, model_sha256: str, *, limit: int) -> list[PaintedRegion]:
    """Return regions that were not compared with this model's heatmap yet.

    Only labels `fake` on stored images count.
    """
    is_measured = exists().where(
        RegionAgreement.label_id == Label.id, RegionAgreement.model_sha256 == model_sha256
    )
    query = (
        select(Label.id, Label.case_id, LabelRegion.png, Media)
        .join(LabelRegion)
        .join(Media, Media.sha256 == Label.media_sha256)
        .where(
            Label.withdrawn_at.is_(None),
            Label.stage != Stage.BLIND,
            Label.value == LabelValue.FAKE,
            Media.kind == "image",
            ~is_measured,
        )
        .order_by(Label.id)
        .limit(limit)
    )
    regions = []
    for label_id, case_id, png, media in session.execute(query):
        orientation, box = _orientation_and_box(session, case_id, media)
        regions.append(
            PaintedRegion(label_id=label_id, png=png, media=media, orientation=orientation, box=box)
        )
    return regions


def _orientation_and_box(
    session: Session, case_id: int, media: Media
) -> tuple[int, tuple[float, float, float, float]]:
    """Return orientation and box of the case's first item with this stored image, as in PaintedRegion."""
    query = (
        select(CaseItem, Consent.orientation)
        .join(Consent, Consent.analysis_id == CaseItem.analysis_id)
        .where(CaseItem.case_id == case_id, Consent.media_id == media.id)
        .order_by(CaseItem.id)
        .limit(1)
    )
    row = session.execute(query).one_or_none()
    if row is None:
        return 1, _NO_BOX
    item, orientation = row
    for face in item.analysis.faces:
        if face.number == item.subject:
            return orientation, (face.x1, face.y1, face.x2, face.y2)
    return orientation, _NO_BOX
