"""Queries of earlier decisions on copies of a file. Each takes a session first and never commits."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, selectinload

from webapp.db.near_duplicates import near_analyses
from webapp.db.tables import Analysis, CaseItem, Consent, Decision, Gold, Label
from webapp.domain.enums import Stage

# Analyses per query.
_BATCH = 500


@dataclass(frozen=True)
class DecidedItem:
    """Case item of another analysis, and the current decision of its case."""

    item: CaseItem
    decision: Decision


def decided_copies(
    session: Session, analysis: Analysis, before: datetime
) -> tuple[list[DecidedItem], list[DecidedItem]]:
    """Return decided items of the very same file, and those of near copies.

    A decision counts if it was made at or before a time. A file counts as the same if its bytes are, and if
    moderators saw this very file. Cases that the analysis belongs to, and gold cases, are left out.
    """
    same_bytes = _same_bytes(session, analysis)
    near = near_analyses(session, analysis)
    same: list[DecidedItem] = []
    copies: list[DecidedItem] = []
    for copy in _decided_items(session, analysis, before, {*same_bytes, *near}):
        is_same = copy.item.analysis_id in same_bytes and _was_seen(copy)
        (same if is_same else copies).append(copy)
    return same, copies


def receipt_days(session: Session, analysis: Analysis, *, near_copies: bool) -> set[date]:
    """Return the days in UTC on which receipts for a file, or also for near copies, were made."""
    ids = _same_bytes(session, analysis)
    if near_copies:
        ids |= set(near_analyses(session, analysis))
    days: set[date] = set()
    for batch in _batches(ids):
        times = session.scalars(select(Analysis.created_at).where(Analysis.id.in_(batch)))
        days.update(time.date() for time in times)
    return days


def count_agreeing(session: Session, decision: Decision) -> int:
    """Return the number of moderators whose last label has the value of a decision."""
    query = select(func.count(Label.account_id.distinct())).where(
        Label.case_id == decision.case_id,
        Label.value == decision.value,
        Label.stage.in_((Stage.FINAL, Stage.ADJUDICATION)),
        Label.withdrawn_at.is_(None),
    )
    return session.scalar(query) or 0


def _same_bytes(session: Session, analysis: Analysis) -> set[int]:
    """Return the ids of the other analyses of the same bytes."""
    query = select(Analysis.id).where(
        Analysis.media_sha256 == analysis.media_sha256, Analysis.id != analysis.id
    )
    return set(session.scalars(query))


def _decided_items(
    session: Session, analysis: Analysis, before: datetime, ids: Collection[int]
) -> Iterator[DecidedItem]:
    own_cases = select(CaseItem.case_id).where(CaseItem.analysis_id == analysis.id)
    query = (
        select(CaseItem, Decision)
        .join(Decision, Decision.case_id == CaseItem.case_id)
        .join(CaseItem.analysis)
        .where(
            Decision.undone_at.is_(None),
            Decision.decided_at <= before,
            Analysis.kind == analysis.kind,
            CaseItem.case_id.not_in(own_cases),
            ~exists().where(Gold.case_id == CaseItem.case_id),
        )
        .options(
            selectinload(CaseItem.analysis).selectinload(Analysis.faces),
            selectinload(CaseItem.analysis).selectinload(Analysis.consent).selectinload(Consent.media),
        )
        .order_by(CaseItem.id)
    )
    for batch in _batches(ids):
        for item, decision in session.execute(query.where(CaseItem.analysis_id.in_(batch))):
            yield DecidedItem(item, decision)


def _was_seen(copy: DecidedItem) -> bool:
    """Return whether moderators saw the file of an item, not a near-duplicate that shares its case."""
    consent = copy.item.analysis.consent
    media = None if consent is None else consent.media
    return media is not None and media.sha256 == copy.decision.media_sha256


def _batches(ids: Collection[int]) -> Iterator[Sequence[int]]:
    ordered = sorted(ids)
    for start in range(0, len(ordered), _BATCH):
        yield ordered[start : start + _BATCH]
