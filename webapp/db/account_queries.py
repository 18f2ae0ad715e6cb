"""Queries of accounts, sessions and links. Each takes a session first and never commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, or_, select, text, update
from sqlalchemy.orm import Session

from webapp.db.tables import Account, AccountSession, Claim, Link
from webapp.domain.enums import Role


def account_by_name(session: Session, name: str) -> Account | None:
    """Return the account with this case-folded name."""
    return session.scalar(select(Account).where(Account.name == name))


def account_by_external_id(session: Session, external_id: str) -> Account | None:
    """Return the account with this id of an OpenID Connect provider."""
    return session.scalar(select(Account).where(Account.external_id == external_id))


def all_accounts(session: Session) -> Sequence[Account]:
    """Return all accounts by name."""
    return session.scalars(select(Account).order_by(Account.name)).all()


def count_enabled_admins(session: Session) -> int:
    """Return the number of admins whose account is not disabled."""
    admins = (
        select(func.count())
        .select_from(Account)
        .where(Account.role == Role.ADMIN, Account.disabled_at.is_(None))
    )
    return session.scalar(admins) or 0


def lock_accounts(session: Session) -> None:
    """Block other transactions that call this until the current one ends."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE account IN SHARE ROW EXCLUSIVE MODE"))
    else:
        # An update that matches no row takes SQLite's write lock.
        session.execute(update(Account).where(Account.id == -1).values(role=Account.role))


def session_by_token(session: Session, token_hash: str) -> AccountSession | None:
    """Return the session of the cookie whose token has this hash."""
    return session.scalar(select(AccountSession).where(AccountSession.token_hash == token_hash))


def has_live_session(session: Session, account_id: int, *, created: datetime, seen: datetime) -> bool:
    """Return True if the account has a session that was created and seen since these times."""
    live = select(AccountSession.id).where(
        AccountSession.account_id == account_id,
        AccountSession.created_at >= created,
        AccountSession.seen_at >= seen,
    )
    return session.scalar(live.limit(1)) is not None


def release_claim(session: Session, account_id: int) -> None:
    """Delete the account's claim, so that others can take its case."""
    session.execute(delete(Claim).where(Claim.account_id == account_id))


def delete_session(session: Session, token_hash: str) -> bool:
    """Delete the session with this hash of its token; return False if there was none."""
    deletion = (
        delete(AccountSession).where(AccountSession.token_hash == token_hash).returning(AccountSession.id)
    )
    return session.execute(deletion).first() is not None


def delete_expired_sessions(session: Session, *, created: datetime, seen: datetime) -> None:
    """Delete sessions that were created or last seen before these times."""
    session.execute(
        delete(AccountSession).where(or_(AccountSession.created_at < created, AccountSession.seen_at < seen))
    )


def touch_session(session: Session, token_hash: str, moment: datetime) -> None:
    """Store the time of a request of the session."""
    session.execute(
        update(AccountSession).where(AccountSession.token_hash == token_hash).values(seen_at=moment)
    )


def consume_totp_step(session: Session, account_id: int, step: int) -> bool:
    """Mark a TOTP time step and all earlier ones as used; return False if the step was used already."""
    marking = (
        update(Account)
        .where(Account.id == account_id, Account.totp_step < step)
        .values(totp_step=step)
        .returning(Account.id)
    )
    return session.execute(marking).first() is not None


def link_by_token(session: Session, token_hash: str) -> Link | None:
    """Return the link whose token has this hash."""
    return session.scalar(select(Link).where(Link.token_hash == token_hash))


def lock_link(session: Session, token_hash: str) -> Link | None:
    """Return the link whose token has this hash, and lock it.

    A concurrent transaction waits, and finds the link deleted if the first one used it.
    """
    # An update that changes nothing locks the row.
    session.execute(update(Link).where(Link.token_hash == token_hash).values(purpose=Link.purpose))
    return link_by_token(session, token_hash)
