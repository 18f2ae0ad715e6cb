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


@dataclass(frozen=True)
class CountingLabel:
    """Label that was not withdrawn, with its account's name and the state of its case."""

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

    `box` is the labelled face's, (x1, y1, x2, y2) in pixels of the upright original.
    """

    label_id: int
    png: bytes
    media: Media
    orientation: int
    box: tuple[float, float, float, float]


def counting_labels(session: Session) -> list[CountingLabel]:
    """Return labels that were not withdrawn, oldest first."""
    columns = (
        *(Label.case_id, Case.public_id, Case.state, Label.account_id, Account.name),
        *(Label.stage, Label.value, Label.seconds, Label.created_at),
    )
    query = (
        select(*columns).join(Case, Case.id == Label.case_id).join(Account, Account.id == Label.account_id)
    )
    return [
        CountingLabel(*row)
        for row in session.execute(query.where(Label.withdrawn_at.is_(None)).order_by(Label.id))
    ]


def decided_values(session: Session) -> dict[int, str]:
    """Return the value of the current decision by case id."""
    rows = session.execute(
        select(Decision.case_id, Decision.value).where(Decision.undone_at.is_(None)).order_by(Decision.id)
    )
    return {case: value for case, value in rows}  # noqa: C416


def gold_values(session: Session) -> dict[int, str]:
    """Return the known answer by case id."""
    return {case: value for case, value in session.execute(select(Gold.case_id, Gold.value))}  # noqa: C416


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
    done = exists().where(RegionAgreement.label_id == Label.id, RegionAgreement.model_sha256 == model_sha256)
    query = (
        select(Label.id, Label.case_id, LabelRegion.png, Media)
        .join(LabelRegion)
        .join(Media, Media.sha256 == Label.media_sha256)
    )
    wanted = query.where(
        Label.withdrawn_at.is_(None),
        Label.stage != Stage.BLIND,
        Label.value == LabelValue.FAKE,
        Media.kind == "image",
        ~done,
    )
    found = []
    for label, case, png, media in session.execute(wanted.order_by(Label.id).limit(limit)):
        items = select(CaseItem, Consent.orientation).join(
            Consent, Consent.analysis_id == CaseItem.analysis_id
        )
        of_case = (
            items.where(CaseItem.case_id == case, Consent.media_id == media.id).order_by(CaseItem.id).limit(1)
        )
        shown = session.execute(of_case).one_or_none()
        box = None if shown is None else _box(shown[0])
        found.append(
            PaintedRegion(label, png, media, 1 if shown is None else shown[1], box or (0.0, 0.0, 0.0, 0.0))
        )
    return found


def _box(item: CaseItem) -> tuple[float, float, float, float] | None:
    face = next((face for face in item.analysis.faces if face.number == item.subject), None)
    return None if face is None else (face.x1, face.y1, face.x2, face.y2)
