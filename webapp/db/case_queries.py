"""Queries of cases, claims and labels. Each takes a session first and never commits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Exists,
    ScalarSelect,
    Select,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session, selectinload

from webapp.db.sqlite_write_queue import QUEUE
from webapp.db.tables import (
    Account,
    Analysis,
    AuditEntry,
    Case,
    CaseItem,
    Claim,
    Consent,
    Decision,
    Feedback,
    Gold,
    Label,
    Media,
)
from webapp.domain.enums import Action, CaseState, Stage


def lock_cases(session: Session) -> None:
    """Take SQLite's write lock, so that nothing read afterwards changes before the commit.

    On PostgreSQL it does nothing; there the queries lock rows.
    """
    if session.get_bind().dialect.name != "sqlite":
        return
    queue = session.info.get(QUEUE)
    if queue is not None:
        queue.enter(session)
    # An update that matches no row takes SQLite's write lock.
    session.execute(update(Case).where(Case.id == -1).values(rank=0.0))


def case_by_public_id(session: Session, public_id: str, *, locked: bool = False) -> Case | None:
    """Return the case with this public id; `locked` locks its row."""
    query = select(Case).where(Case.public_id == public_id)
    return session.scalar(query.with_for_update() if locked else query)


def undecided_case_of(session: Session, analysis_ids: Sequence[int], subject: int) -> Case | None:
    """Return the undecided case that has this subject of any of the analyses."""
    items = select(CaseItem.case_id).where(
        CaseItem.analysis_id.in_(analysis_ids), CaseItem.subject == subject
    )
    return session.scalar(
        select(Case).where(Case.id.in_(items), Case.state != CaseState.DECIDED).order_by(Case.id).limit(1)
    )


def item_of_subject(session: Session, analysis_id: int, subject: int) -> CaseItem | None:
    """Return the case item of a subject of an analysis."""
    return session.scalar(
        select(CaseItem).where(CaseItem.analysis_id == analysis_id, CaseItem.subject == subject)
    )


def first_item(session: Session, case_id: int) -> CaseItem:
    """Return the item whose media the moderators see. Raises NoResultFound."""
    return session.scalars(
        select(CaseItem).where(CaseItem.case_id == case_id).order_by(CaseItem.id).limit(1)
    ).one()


def has_conflict(session: Session, case_id: int) -> bool:
    """Return whether a file of the case contradicts itself or the model."""
    return bool(
        session.scalar(
            select(
                exists().where(
                    CaseItem.case_id == case_id,
                    CaseItem.analysis_id == Analysis.id,
                    Analysis.conflict.is_not(None),
                )
            )
        )
    )


def latest_votes(session: Session, case_id: int, *, newest: int) -> list[str]:
    """Return the last vote per receipt on the case's subject or the whole file.

    Only the `newest` items of the case are considered, which is a number of items.
    """
    items = (
        select(CaseItem.analysis_id, CaseItem.subject)
        .where(CaseItem.case_id == case_id)
        .order_by(CaseItem.id.desc())
        .limit(newest)
        .subquery()
    )
    is_about_item = and_(
        Feedback.analysis_id == items.c.analysis_id,
        or_(Feedback.subject == items.c.subject, Feedback.subject == 0),
    )
    last_ids = (
        select(func.max(Feedback.id))
        .select_from(Feedback)
        .join(items, is_about_item)
        .group_by(Feedback.analysis_id)
    )
    votes = select(Feedback.vote).where(Feedback.id.in_(last_ids)).order_by(Feedback.id)
    return list(session.scalars(votes))


def stored_media_sha256(session: Session, item: CaseItem) -> str | None:
    """Return the sha256 of the item's stored file; None if none is stored."""
    stored_files = select(Media.sha256).join(Consent, Consent.media_id == Media.id)
    return session.scalar(stored_files.where(Consent.analysis_id == item.analysis_id))


def gold_case_at(session: Session, account_id: int, skipped: Sequence[str], place: float) -> Case | None:
    """Return the gold case at the relative position `place`, in [0, 1), of those not labelled or skipped."""
    unlabelled = (
        select(Case.id)
        .join(Gold)
        .where(~_final_label(account_id), Case.public_id.not_in(skipped))
        .order_by(Case.id)
    )
    ids = session.scalars(unlabelled).all()
    if not ids:
        return None
    # Rounding may give the length of the list for a place just below 1.
    index = min(int(place * len(ids)), len(ids) - 1)
    return session.get(Case, ids[index])


def case_ids_of(session: Session, analyses: Select[int]) -> list[int]:
    """Return the ids of the cases that have a subject of these analyses, which are a query of ids."""
    query = select(CaseItem.case_id).where(CaseItem.analysis_id.in_(analyses)).distinct()
    return list(session.scalars(query))


def has_items(session: Session, analysis_id: int) -> bool:
    """Return True if any subject of the analysis belongs to a case."""
    return session.scalar(select(CaseItem.id).where(CaseItem.analysis_id == analysis_id).limit(1)) is not None


def delete_expired_claims(session: Session, moment: datetime) -> None:
    """Delete claims that expire at or before `moment`."""
    session.execute(delete(Claim).where(Claim.until <= moment))


def claim_of_account(session: Session, account_id: int) -> Claim | None:
    """Return the account's claim."""
    return session.scalar(select(Claim).where(Claim.account_id == account_id))


def next_case(session: Session, account_id: int, skipped: Sequence[str] = ()) -> Case | None:
    """Return and lock the best open case with a free slot, neither labelled nor skipped by the account."""
    return _locked(session, account_id, _takeable(account_id).where(Case.public_id.not_in(skipped)))


def claimable_case(session: Session, account_id: int, public_id: str) -> Case | None:
    """Return and lock the case if the account may claim it, or has withdrawn its label on a gold case."""
    is_this_case = Case.public_id == public_id
    claimable = _locked(session, account_id, _takeable(account_id).where(is_this_case))
    if claimable is not None:
        return claimable
    has_blind_label = exists().where(
        Label.case_id == Case.id, Label.account_id == account_id, Label.stage == Stage.BLIND
    )
    withdrawn_gold = select(Case).where(
        is_this_case, Case.gold.has(), has_blind_label, ~_final_label(account_id)
    )
    return session.scalar(withdrawn_gold)


def _locked(session: Session, account_id: int, takeable: Select[Case]) -> Case | None:
    """Return and lock the first of the cases that still has a free slot.

    On PostgreSQL another transaction may have taken the last slot between the query and the lock, so slots
    are counted again.
    """
    first_unlocked = takeable.limit(1).with_for_update(skip_locked=True)
    while (case := session.scalar(first_unlocked)) is not None:
        has_free_slot = session.scalar(_takeable(account_id).where(Case.id == case.id)) is not None
        if has_free_slot:
            return case
    return None


def upcoming_case(session: Session, account_id: int, without: Sequence[str]) -> Case | None:
    """Return the case that `next_case` would return, without a lock.

    `without` are public ids of cases to leave out.
    """
    return session.scalar(_takeable(account_id).where(Case.public_id.not_in(without)).limit(1))


def _takeable(account_id: int) -> Select[Case]:
    """Return the query of cases with a free slot, best rank first.

    Moderators who lost their claim after the blind label can claim the case again.
    """
    claims = select(func.count()).select_from(Claim).where(Claim.case_id == Case.id).scalar_subquery()
    has_free_slot = claims + _final_labels() < Case.wanted
    open_cases = select(Case).where(Case.state == CaseState.OPEN, ~_final_label(account_id), has_free_slot)
    return open_cases.order_by(Case.rank.desc(), Case.id)


def _final_labels() -> ScalarSelect[int]:
    """Return the number of final labels of a case that were not withdrawn."""
    return (
        select(func.count())
        .select_from(Label)
        .where(Label.case_id == Case.id, Label.stage == Stage.FINAL, Label.withdrawn_at.is_(None))
        .scalar_subquery()
    )


def _final_label(account_id: int) -> Exists:
    """Return the condition on a case that the account has a final label on it."""
    return exists().where(Label.case_id == Case.id, *_final_of(account_id))


def count_takeable_cases(session: Session, account_id: int, moment: datetime) -> int:
    """Return the number of open cases that the account may take at `moment`, or has claimed.

    Left out are cases with a final label of the account, and those whose slots are all taken by others.
    """
    open_cases = select(func.count()).select_from(Case).where(Case.state == CaseState.OPEN)
    own_labels = (
        select(func.count())
        .select_from(Label)
        .join(Label.case)
        .where(Case.state == CaseState.OPEN, *_final_of(account_id))
    )
    # Only a case with a claim can be full: labels alone settle a case, or raise the number that it needs.
    live_claims = select(Claim.case_id, Claim.account_id).where(Claim.until > moment).subquery()
    claims = (
        select(func.count())
        .select_from(live_claims)
        .where(live_claims.c.case_id == Case.id)
        .scalar_subquery()
    )
    own_claim = exists().where(live_claims.c.case_id == Case.id, live_claims.c.account_id == account_id)
    full_cases = (
        select(func.count())
        .select_from(Case)
        .where(
            Case.id.in_(select(live_claims.c.case_id)),
            Case.state == CaseState.OPEN,
            claims + _final_labels() >= Case.wanted,
            ~own_claim,
            ~_final_label(account_id),
        )
    )
    taken = (session.scalar(own_labels) or 0) + (session.scalar(full_cases) or 0)
    return (session.scalar(open_cases) or 0) - taken


def count_labelled(session: Session, account_id: int, since: datetime) -> int:
    """Return the number of final labels and adjudications of the account since a time."""
    own_labels = select(func.count()).where(
        Label.account_id == account_id,
        Label.stage.in_((Stage.FINAL, Stage.ADJUDICATION)),
        Label.withdrawn_at.is_(None),
        Label.created_at >= since,
    )
    return session.scalar(own_labels) or 0


def _final_of(account_id: int) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on a label that it is a final label of the account and was not withdrawn."""
    return Label.account_id == account_id, Label.stage == Stage.FINAL, Label.withdrawn_at.is_(None)


def disputed_cases(session: Session, account_id: int, *, limit: int) -> Sequence[Case]:
    """Return disputed cases that the account has not labelled, oldest first."""
    has_own_label = exists().where(
        Label.case_id == Case.id, Label.account_id == account_id, Label.withdrawn_at.is_(None)
    )
    query = select(Case).where(Case.state == CaseState.DISPUTED, ~has_own_label)
    return session.scalars(query.order_by(Case.opened_at).limit(limit)).all()


def displayed_item(session: Session, case_id: int) -> CaseItem | None:
    """Return the first item with a stored file, else the first item.

    Analysis, faces, consent and media are loaded.
    """
    analysis = selectinload(CaseItem.analysis)
    query = (
        select(CaseItem)
        .outerjoin(Consent, Consent.analysis_id == CaseItem.analysis_id)
        .where(CaseItem.case_id == case_id)
        .order_by(Consent.media_id.is_(None), CaseItem.id)
        .options(
            analysis.selectinload(Analysis.faces),
            analysis.selectinload(Analysis.consent).selectinload(Consent.media),
        )
    )
    return session.scalar(query.limit(1))


def flagged_cases(session: Session, *, limit: int) -> Sequence[tuple[AuditEntry, str | None]]:
    """Return flags, latest first, each with the state of its case; None if the case was deleted."""
    query = (
        select(AuditEntry, Case.state)
        .outerjoin(Case, Case.public_id == AuditEntry.subject)
        .where(AuditEntry.action == Action.CASE_FLAGGED)
        .order_by(AuditEntry.number.desc())
        .limit(limit)
    )
    return [(entry, state) for entry, state in session.execute(query)]


def account_names(session: Session, account_ids: Collection[int]) -> dict[int, str]:
    """Return names by account id."""
    rows = session.execute(select(Account.id, Account.name).where(Account.id.in_(account_ids)))
    return {row.id: row.name for row in rows}


def used_slots(session: Session, case_id: int) -> set[int]:
    """Return the slots of the case's claims."""
    return set(session.scalars(select(Claim.slot).where(Claim.case_id == case_id)))


def labels_of(session: Session, case_id: int, *, account_id: int | None = None) -> Sequence[Label]:
    """Return the labels of a case that were not withdrawn, oldest first: all, or those of one account."""
    query = (
        select(Label)
        .where(Label.case_id == case_id, Label.withdrawn_at.is_(None))
        .order_by(Label.id)
        .options(selectinload(Label.tags))
    )
    if account_id is not None:
        query = query.where(Label.account_id == account_id)
    return session.scalars(query).all()


def current_decision(session: Session, case_id: int) -> Decision | None:
    """Return the last decision that was not undone."""
    query = (
        select(Decision)
        .where(Decision.case_id == case_id, Decision.undone_at.is_(None))
        .order_by(Decision.id.desc())
    )
    return session.scalar(query.limit(1))


def delete_cases_without_items(session: Session) -> None:
    """Delete cases that lost their last analysis, with their labels."""
    session.execute(delete(Case).where(~exists().where(CaseItem.case_id == Case.id)))
