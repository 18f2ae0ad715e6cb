"""Questions about accounts, sessions and links; each takes a session first and never commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, or_, select, text, update
from sqlalchemy.orm import Session

from webapp.db.tables import Account, AccountSession, Claim, Link
from webapp.domain.enums import Role


def account_by_name(session: Session, name: str) -> Account | None:
    return session.scalar(select(Account).where(Account.name == name))


def account_by_external_id(session: Session, external_id: str) -> Account | None:
    return session.scalar(select(Account).where(Account.external_id == external_id))


def all_accounts(session: Session) -> Sequence[Account]:
    return session.scalars(select(Account).order_by(Account.name)).all()


def count_enabled_admins(session: Session) -> int:
    """How many admins are not disabled."""
    admins = (
        select(func.count())
        .select_from(Account)
        .where(Account.role == Role.ADMIN, Account.disabled_at.is_(None))
    )
    return session.scalar(admins) or 0


def lock_accounts(session: Session) -> None:
    """Whoever comes second waits until the first has committed."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE account IN SHARE ROW EXCLUSIVE MODE"))
    else:
        session.execute(
            update(Account).where(Account.id == -1).values(role=Account.role)
        )  # takes SQLite's write lock


def session_by_token(session: Session, token_hash: str) -> AccountSession | None:
    return session.scalar(select(AccountSession).where(AccountSession.token_hash == token_hash))


def has_live_session(session: Session, account_id: int, *, created: datetime, seen: datetime) -> bool:
    """Whether the account is signed in, by a session that is younger than both."""
    live = select(AccountSession.id).where(
        AccountSession.account_id == account_id,
        AccountSession.created_at >= created,
        AccountSession.seen_at >= seen,
    )
    return session.scalar(live.limit(1)) is not None


def release_claim(session: Session, account_id: int) -> None:
    """Whatever case the account holds goes back to the others."""
    session.execute(delete(Claim).where(Claim.account_id == account_id))


def delete_session(session: Session, token_hash: str) -> bool:
    """Whether there was one."""
    return bool(
        session.execute(
            delete(AccountSession).where(AccountSession.token_hash == token_hash).returning(AccountSession.id)
        ).all()
    )


def delete_expired_sessions(session: Session, *, created: datetime, seen: datetime) -> None:
    session.execute(
        delete(AccountSession).where(or_(AccountSession.created_at < created, AccountSession.seen_at < seen))
    )


def touch_session(session: Session, token_hash: str, moment: datetime) -> None:
    session.execute(
        update(AccountSession).where(AccountSession.token_hash == token_hash).values(seen_at=moment)
    )


def consume_totp_step(session: Session, account_id: int, step: int) -> bool:
    """Whether a code of this time step may still be used; from now on it may not, nor an earlier one."""
    used = (
        update(Account)
        .where(Account.id == account_id, Account.totp_step < step)
        .values(totp_step=step)
        .returning(Account.id)
    )
    return session.execute(used).first() is not None


def link_by_token(session: Session, token_hash: str) -> Link | None:
    return session.scalar(select(Link).where(Link.token_hash == token_hash))


def lock_link(session: Session, token_hash: str) -> Link | None:
    """The link, for one taker only: whoever comes second waits, and finds it gone."""
    session.execute(update(Link).where(Link.token_hash == token_hash).values(purpose=Link.purpose))
    return link_by_token(session, token_hash)
