"""Queries of accounts, sessions and links, on a database with a decided case."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from webapp.db import account_queries as queries
from webapp.db.tables import AccountSession, Link
from webapp.domain.clock import now
from webapp.domain.enums import Purpose, Role


def test_accounts_by_name(session: Session) -> None:
    ada, bela = queries.all_accounts(session)
    assert (ada.name, bela.name) == ("ada", "bela")
    assert queries.account_by_name(session, "ada") is ada
    assert queries.account_by_name(session, "carl") is None
    assert queries.count_enabled_admins(session) == 0
    ada.role = Role.ADMIN
    session.flush()
    assert queries.count_enabled_admins(session) == 1
    ada.disabled_at = now()
    session.flush()
    assert queries.count_enabled_admins(session) == 0


def test_sessions_expire(session: Session) -> None:
    ada, _ = queries.all_accounts(session)
    moment = now()
    session.add(AccountSession(account_id=ada.id, token_hash="a" * 64, created_at=moment, seen_at=moment))
    session.flush()
    hour = timedelta(hours=1)
    assert queries.has_live_session(session, ada.id, created=moment - hour, seen=moment - hour)
    assert not queries.has_live_session(session, ada.id, created=moment - hour, seen=moment + hour)
    queries.touch_session(session, "a" * 64, moment + 2 * hour)
    queries.delete_expired_sessions(session, created=moment - hour, seen=moment + hour)
    assert queries.session_by_token(session, "a" * 64) is not None
    assert queries.delete_session(session, "a" * 64)
    assert not queries.delete_session(session, "a" * 64)


def test_totp_step_is_used_once(session: Session) -> None:
    ada, _ = queries.all_accounts(session)
    assert queries.consume_totp_step(session, ada.id, 10)
    assert not queries.consume_totp_step(session, ada.id, 10)
    assert not queries.consume_totp_step(session, ada.id, 9)
    assert queries.consume_totp_step(session, ada.id, 11)


def test_link_is_found_by_its_token(session: Session) -> None:
    ada, _ = queries.all_accounts(session)
    expiry = datetime(2030, 1, 1, tzinfo=UTC)
    session.add(Link(account_id=ada.id, purpose=Purpose.RESET, token_hash="b" * 64, expires_at=expiry))
    session.flush()
    link = queries.lock_link(session, "b" * 64)
    assert link is not None
    assert link.expires_at == expiry
    assert queries.link_by_token(session, "c" * 64) is None
