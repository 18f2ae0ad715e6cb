"""Questions about cases, claims and labels; each takes a session first and never commits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Exists, Select, and_, delete, exists, func, or_, select, update
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
    """Take SQLite's write lock before anything is read, so that what is read is still so when it is written. PostgreSQL locks rows."""
    if session.get_bind().dialect.name == "sqlite":
        if (queue := session.info.get(QUEUE)) is not None:
            queue.enter(session)
        session.execute(update(Case).where(Case.id == -1).values(rank=0.0))


def case_by_public_id(session: Session, public_id: str, *, locked: bool = False) -> Case | None:
    query = select(Case).where(Case.public_id == public_id)
    return session.scalar(query.with_for_update() if locked else query)


def undecided_case_of(session: Session, analysis_ids: Sequence[int], subject: int) -> Case | None:
    """The case, not decided yet, that any of these analyses belongs to under this subject."""
    items = select(CaseItem.case_id).where(
        CaseItem.analysis_id.in_(analysis_ids), CaseItem.subject == subject
    )
    return session.scalar(
        select(Case).where(Case.id.in_(items), Case.state != CaseState.DECIDED).order_by(Case.id).limit(1)
    )


def item_of_subject(session: Session, analysis_id: int, subject: int) -> CaseItem | None:
    return session.scalar(
        select(CaseItem).where(CaseItem.analysis_id == analysis_id, CaseItem.subject == subject)
    )


def first_item(session: Session, case_id: int) -> CaseItem:
    """The one whose picture the moderators are shown. Raises NoResultFound."""
    return session.scalars(
        select(CaseItem).where(CaseItem.case_id == case_id).order_by(CaseItem.id).limit(1)
    ).one()


def latest_votes(session: Session, case_id: int, *, newest: int) -> list[str]:
    """What visitors said last of a case's subject, or of the whole file: one vote a receipt, of its `newest` items."""
    items = (
        select(CaseItem.analysis_id, CaseItem.subject)
        .where(CaseItem.case_id == case_id)
        .order_by(CaseItem.id.desc())
        .limit(newest)
    )
    heard = items.subquery()
    about = and_(
        Feedback.analysis_id == heard.c.analysis_id,
        or_(Feedback.subject == heard.c.subject, Feedback.subject == 0),
    )
    last = (
        select(func.max(Feedback.id)).select_from(Feedback).join(heard, about).group_by(Feedback.analysis_id)
    )
    return list(session.scalars(select(Feedback.vote).where(Feedback.id.in_(last)).order_by(Feedback.id)))


def stored_media_sha256(session: Session, item: CaseItem) -> str | None:
    """The sha256 of the kept file of an item; None where none is kept."""
    held = select(Media.sha256).join(Consent, Consent.media_id == Media.id)
    return session.scalar(held.where(Consent.analysis_id == item.analysis_id))


def gold_case_at(session: Session, account_id: int, skipped: Sequence[str], place: float) -> Case | None:
    """One of the cases with a known answer that the person has not labelled nor skipped, the one at `place` (0 to 1) of them all."""
    found = (
        select(Case.id)
        .join(Gold)
        .where(~_final_label(account_id), Case.public_id.not_in(skipped))
        .order_by(Case.id)
    )
    ids = session.scalars(found).all()
    return session.get(Case, ids[min(int(place * len(ids)), len(ids) - 1)]) if ids else None


def has_items(session: Session, analysis_id: int) -> bool:
    """Whether anything of an analysis is a case."""
    return session.scalar(select(CaseItem.id).where(CaseItem.analysis_id == analysis_id).limit(1)) is not None


def delete_expired_claims(session: Session, moment: datetime) -> None:
    session.execute(delete(Claim).where(Claim.until <= moment))


def claim_of_account(session: Session, account_id: int) -> Claim | None:
    return session.scalar(select(Claim).where(Claim.account_id == account_id))


def next_case(session: Session, account_id: int, skipped: Sequence[str] = ()) -> Case | None:
    """The first open case with a free slot that the person has not labelled, holds no claim on, and has not skipped just now."""
    return _locked(session, account_id, _takeable(account_id).where(Case.public_id.not_in(skipped)))


def claimable_case(session: Session, account_id: int, public_id: str) -> Case | None:
    """The case, if the person could be given it, or has taken back a label on one whose answer is known."""
    of_this = Case.public_id == public_id
    known = exists().where(
        Label.case_id == Case.id, Label.account_id == account_id, Label.stage == Stage.BLIND
    )
    taken_back = select(Case).where(of_this, Case.gold.has(), known, ~_final_label(account_id))
    return _locked(session, account_id, _takeable(account_id).where(of_this)) or session.scalar(taken_back)


def _locked(session: Session, account_id: int, takeable: Select[Case]) -> Case | None:
    """The first of them, locked, and counted once more: where writers go on side by side (PostgreSQL), somebody may have taken its last
    slot after the first look and let go of the lock before it was ours. Nobody takes one without it.
    """
    while (found := session.scalar(takeable.limit(1).with_for_update(skip_locked=True))) is not None:
        if session.scalar(_takeable(account_id).where(Case.id == found.id)) is not None:
            return found
    return None


def upcoming_case(session: Session, account_id: int, without: Sequence[str]) -> Case | None:
    """What `next_case` would give; nothing is locked."""
    return session.scalar(_takeable(account_id).where(Case.public_id.not_in(without)).limit(1))


def _takeable(account_id: int) -> Select[Case]:
    """A moderator who gave a blind label and lost the claim may take the case again, to say his last word."""
    claims = select(func.count()).select_from(Claim).where(Claim.case_id == Case.id).scalar_subquery()
    given = (
        select(func.count())
        .select_from(Label)
        .where(Label.case_id == Case.id, Label.stage == Stage.FINAL, Label.withdrawn_at.is_(None))
        .scalar_subquery()
    )
    open_ones = select(Case).where(
        Case.state == CaseState.OPEN, ~_final_label(account_id), claims + given < Case.wanted
    )
    return open_ones.order_by(Case.rank.desc(), Case.id)


def _final_label(account_id: int) -> Exists:
    return exists().where(Label.case_id == Case.id, *_final_of(account_id))


def count_open_cases(session: Session, account_id: int) -> int:
    """How many open cases the person has not labelled to the end; those that others hold are among them."""
    every = session.scalar(select(func.count()).select_from(Case).where(Case.state == CaseState.OPEN)) or 0
    mine = (
        select(func.count())
        .select_from(Label)
        .join(Label.case)
        .where(Case.state == CaseState.OPEN, *_final_of(account_id))
    )
    return every - (session.scalar(mine) or 0)


def count_labelled(session: Session, account_id: int, since: datetime) -> int:
    """How many cases the person has labelled to the end, or decided as an adjudicator, since then."""
    last = Label.stage.in_((Stage.FINAL, Stage.ADJUDICATION))
    mine = select(func.count()).where(
        Label.account_id == account_id, last, Label.withdrawn_at.is_(None), Label.created_at >= since
    )
    return session.scalar(mine) or 0


def _final_of(account_id: int) -> tuple[ColumnElement[bool], ...]:
    return Label.account_id == account_id, Label.stage == Stage.FINAL, Label.withdrawn_at.is_(None)


def disputed_cases(session: Session, account_id: int, *, limit: int) -> Sequence[Case]:
    """Those that wait for an adjudicator, the longest first; without those on which the person has said something himself."""
    own = exists().where(
        Label.case_id == Case.id, Label.account_id == account_id, Label.withdrawn_at.is_(None)
    )
    return session.scalars(
        select(Case).where(Case.state == CaseState.DISPUTED, ~own).order_by(Case.opened_at).limit(limit)
    ).all()


def displayed_item(session: Session, case_id: int) -> CaseItem | None:
    """The case's first item whose file is kept; where none is, the first. With its analysis, faces, consent and media."""
    whole = selectinload(CaseItem.analysis)
    query = (
        select(CaseItem)
        .outerjoin(Consent, Consent.analysis_id == CaseItem.analysis_id)
        .where(CaseItem.case_id == case_id)
        .order_by(Consent.media_id.is_(None), CaseItem.id)
        .options(
            whole.selectinload(Analysis.faces),
            whole.selectinload(Analysis.consent).selectinload(Consent.media),
        )
    )
    return session.scalar(query.limit(1))


def flagged_cases(session: Session, *, limit: int) -> Sequence[tuple[AuditEntry, str | None]]:
    """What moderators flagged, the latest first, and the state of each case; None where it is gone."""
    query = select(AuditEntry, Case.state).outerjoin(Case, Case.public_id == AuditEntry.subject)
    query = (
        query.where(AuditEntry.action == Action.CASE_FLAGGED).order_by(AuditEntry.number.desc()).limit(limit)
    )
    return [(entry, state) for entry, state in session.execute(query)]


def account_names(session: Session, account_ids: Collection[int]) -> dict[int, str]:
    return {
        row.id: row.name
        for row in session.execute(select(Account.id, Account.name).where(Account.id.in_(account_ids)))
    }


def used_slots(session: Session, case_id: int) -> set[int]:
    return set(session.scalars(select(Claim.slot).where(Claim.case_id == case_id)))


def labels_of(session: Session, case_id: int, *, account_id: int | None = None) -> Sequence[Label]:
    """Those that count, oldest first."""
    query = select(Label).where(Label.case_id == case_id, Label.withdrawn_at.is_(None)).order_by(Label.id)
    query = query.options(selectinload(Label.tags))
    return session.scalars(query if account_id is None else query.where(Label.account_id == account_id)).all()


def current_decision(session: Session, case_id: int) -> Decision | None:
    query = (
        select(Decision)
        .where(Decision.case_id == case_id, Decision.undone_at.is_(None))
        .order_by(Decision.id.desc())
    )
    return session.scalar(query.limit(1))


def delete_cases_without_items(session: Session) -> None:
    """After an analysis was deleted: a case nothing is left of goes with its labels."""
    session.execute(delete(Case).where(~exists().where(CaseItem.case_id == Case.id)))
