"""Queries of the random audit sample. Each takes a session first and never commits."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, exists, func, select, text
from sqlalchemy.orm import Session, aliased

from webapp.db.case_queries import lock_cases
from webapp.db.tables import Analysis, AuditEntry, Case, CaseItem, Decision, Face, Gold, Label, LabelTag
from webapp.domain.enums import LabelValue, Reason, Stage

# Any number that all processes of this application share and no other advisory lock uses.
_LOCK = 0x4452494654


@dataclass(frozen=True)
class AuditedFace:
    """Face of the audit sample, judged by one model.

    `analysed_at` is the time of the analysis, right before the draw. `stored_verdict` is the model's; None
    for a clip's person, whose verdict follows from the calibrated probability and the thresholds. `decision`
    is the value that moderators decided, None if the case is open.
    """

    case_id: int
    model_version: str
    model_sha256: str
    kind: str
    analysed_at: datetime
    stored_verdict: str | None
    fake_prob: float | None
    real_below: float | None
    fake_above: float | None
    decision: str | None


@dataclass(frozen=True)
class LabelPair:
    """Blind and final value of one moderator on one case."""

    case_id: int
    blind: str
    final: str


def lock_model_events(session: Session) -> None:
    """Serialise transactions that compare the last event of a model with its present state."""
    lock_cases(session)
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def audited_faces(session: Session, *, drawn_before: datetime, decided_before: datetime) -> list[AuditedFace]:
    """Return the audit sample in the order of drawing. A case counts once for each model.

    Gold cases are left out. A decision made after `decided_before`, or undone, does not count.
    """
    first_items = (
        select(func.min(CaseItem.id))
        .join(CaseItem.analysis)
        .where(CaseItem.reason == Reason.AUDIT)
        .group_by(CaseItem.case_id, Analysis.model_sha256)
    )
    # In the order of the fields of AuditedFace.
    columns = (
        CaseItem.case_id,
        Analysis.model_version,
        Analysis.model_sha256,
        Analysis.kind,
        Analysis.created_at,
        case((CaseItem.subject == 0, Analysis.verdict), else_=Face.verdict),
        CaseItem.fake_prob,
        Analysis.real_below,
        Analysis.fake_above,
        Decision.value,
    )
    query = (
        select(*columns)
        .select_from(CaseItem)
        .join(CaseItem.analysis)
        .outerjoin(Face, _is_own_face())
        .outerjoin(Decision, _is_decided(decided_before))
        .where(
            CaseItem.id.in_(first_items),
            Analysis.created_at < drawn_before,
            ~exists().where(Gold.case_id == CaseItem.case_id),
        )
        .order_by(CaseItem.id)
    )
    return [AuditedFace(*row) for row in session.execute(query)]


def named_tags(session: Session, case_ids: Collection[int]) -> dict[int, set[str]]:
    """Return by case the tags of blind labels with the value fake, for those of `case_ids` that have any."""
    query = (
        select(Label.case_id, LabelTag.tag)
        .join(LabelTag, LabelTag.label_id == Label.id)
        .join(Case, Case.id == Label.case_id)
        .where(
            Case.audited,
            Label.stage == Stage.BLIND,
            Label.value == LabelValue.FAKE,
            Label.withdrawn_at.is_(None),
        )
    )
    tags: dict[int, set[str]] = defaultdict(set)
    for case_id, tag in session.execute(query):
        if case_id in case_ids:
            tags[case_id].add(tag)
    return dict(tags)


def label_pairs(session: Session, before: datetime) -> list[LabelPair]:
    """Return blind and final value of every moderator who finished a case of the audit sample by a time."""
    blind, final = aliased(Label), aliased(Label)
    query = (
        select(blind.case_id, blind.value, final.value)
        .join(final, and_(final.case_id == blind.case_id, final.account_id == blind.account_id))
        .join(Case, Case.id == blind.case_id)
        .where(
            Case.audited,
            blind.stage == Stage.BLIND,
            final.stage == Stage.FINAL,
            blind.withdrawn_at.is_(None),
            final.withdrawn_at.is_(None),
            final.created_at <= before,
        )
    )
    return [LabelPair(*row) for row in session.execute(query)]


def last_model_event(
    session: Session, actions: Collection[str], subject: str, details: Mapping[str, str]
) -> str | None:
    """Return the action of the newest audit entry of a model with these details; None without one."""
    query = (
        select(AuditEntry.action, AuditEntry.details)
        .where(AuditEntry.action.in_(actions), AuditEntry.subject == subject)
        .order_by(AuditEntry.number.desc())
    )
    for action, content in session.execute(query):
        if details.items() <= json.loads(content).items():
            return str(action)
    return None


def _is_own_face() -> ColumnElement[bool]:
    """Return the condition that a face of a picture is the item's subject."""
    return and_(
        Face.analysis_id == CaseItem.analysis_id, Face.number == CaseItem.subject, Analysis.kind == "image"
    )


def _is_decided(before: datetime) -> ColumnElement[bool]:
    """Return the condition that a decision of the item's case counts."""
    return and_(
        Decision.case_id == CaseItem.case_id, Decision.undone_at.is_(None), Decision.decided_at <= before
    )
