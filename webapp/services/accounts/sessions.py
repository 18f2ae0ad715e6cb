"""Sign-in with name and password, and the sessions that follow from it."""

from __future__ import annotations

import contextlib
from datetime import timedelta

from sqlalchemy.orm import Session

from webapp.db import account_queries as queries
from webapp.db.audit_chain import Event
from webapp.db.session import Sessions
from webapp.db.tables import Account, AccountSession
from webapp.domain.clock import now
from webapp.domain.enums import Action, Actor, Role, user_actor
from webapp.domain.errors import Refused
from webapp.security.tokens import new_token, token_hash
from webapp.services.accounts import passwords
from webapp.services.accounts.principal import Person
from webapp.services.accounts.rate_limiter import RateLimiter
from webapp.services.accounts.totp import matching_time_step
from webapp.services.accounts.user_names import normalise_name
from webapp.services.audit.log import AuditService

# A session ends this long after sign-in, and after this time without a request.
LONGEST = timedelta(hours=12)
IDLE = timedelta(hours=2)
# The time of the last request is written at most this often.
_SEEN_RESOLUTION = timedelta(minutes=1)


class SignInService:
    """Signs people in and out, and finds the person of a session token.

    An account or an address with ten failed attempts within a minute is locked out until the first of them
    is a minute old, even with the right password. A right password is no failure, even if the code is still
    missing. A wrong code is one.

    Sign-ins, sign-outs and refusals are audited. At most sixty refusals per minute are, so that an attacker
    with many addresses cannot fill the log.
    """

    def __init__(self, sessions: Sessions, audit: AuditService) -> None:
        self._sessions = sessions
        self._audit = audit
        self._attempts = RateLimiter(limit=10, seconds=60)
        self._audited_refusals = RateLimiter(limit=60, seconds=60)

    def sign_in(
        self, name: str, password: str, code: str, address: str, *, previous: str | None = None
    ) -> str:
        """Return the token of a new session. The session of the `previous` token ends.

        Raises Refused with too_many_tries, wrong_credentials or code_needed. A wrong name, password or code
        and a disabled account give the same wrong_credentials. code_needed: name and password are right, and
        the account has a second factor.
        """
        name = normalise_name(name)
        with self._attempts.count_failures(f"account {name[:200]}", f"address {address}") as report_success:
            try:
                token = self._admit(name, password, code, previous)
            except Refused as refusal:
                if refusal.code == "code_needed":
                    report_success()
                else:
                    self._audit_refusal(name, refusal.code)
                raise
            report_success()
            return token

    def person_of(self, token: str | None) -> Person | None:
        """Return the signed-in person. None if the token is unknown or expired, or the account disabled."""
        if not token:
            return None
        moment = now()
        with self._sessions() as session:
            row = queries.session_by_token(session, token_hash(token))
            if row is None:
                return None
            account = row.account
            is_expired = row.created_at < moment - LONGEST or row.seen_at < moment - IDLE
            person = None
            if account.disabled_at is None:
                person = Person(account.id, account.name, Role(account.role))
            is_touch_due = row.seen_at < moment - _SEEN_RESOLUTION
        if is_expired:
            self._end(token, account.id, requested=False)
            return None
        if person is not None and is_touch_due:
            with self._sessions.begin() as session:
                queries.touch_session(session, token_hash(token), moment)
        return person

    def sign_out(self, token: str | None) -> None:
        """End the session, and release the account's claim if it was its last one.

        Does nothing without a session.
        """
        if not token:
            return
        with self._sessions() as session:
            row = queries.session_by_token(session, token_hash(token))
        if row is not None:
            self._end(token, row.account_id, requested=True)

    def _admit(self, name: str, password: str, code: str, previous: str | None) -> str:
        """Return the token of a new session if name, password and code are right.

        The password is verified before the transaction, since hashing is slow; then the account must be
        unchanged.
        """
        with self._sessions() as session:
            account = queries.account_by_name(session, name)
            stored = account.password_hash if account is not None and account.disabled_at is None else None
        if not passwords.verify_password(stored, password):
            raise _wrong_credentials()
        with self._audit.transaction() as (session, record):
            account = queries.account_by_name(session, name)
            if account is None or account.disabled_at is not None or account.password_hash != stored:
                raise _wrong_credentials()
            _check_code(session, account, code)
            record(Event(user_actor(account.id), Action.SIGNED_IN, account_subject(account.id)))
            return new_session(session, account, previous)

    def _audit_refusal(self, name: str, code: str) -> None:
        """Audit a refusal.

        Unknown names are audited too: neither answer nor time reveals which names exist.
        """
        with contextlib.suppress(Refused):
            self._audited_refusals.count("refusals")
            with self._audit.transaction() as (session, record):
                account = queries.account_by_name(session, name)
                subject = "" if account is None else account_subject(account.id)
                record(Event(Actor.NONE, Action.SIGN_IN_REFUSED, subject, {"code": code}))

    def _end(self, token: str, account_id: int, *, requested: bool) -> None:
        """Delete the session. The claim stays if the account has another session."""
        with self._audit.transaction() as (session, record):
            deleted = queries.delete_session(session, token_hash(token))
            moment = now()
            if not queries.has_live_session(
                session, account_id, created=moment - LONGEST, seen=moment - IDLE
            ):
                queries.release_claim(session, account_id)
            if deleted and requested:
                record(Event(user_actor(account_id), Action.SIGNED_OUT, account_subject(account_id)))


def account_subject(account_id: int) -> str:
    """Return the audit log's subject for an account. It holds no name."""
    return f"account:{account_id}"


def new_session(session: Session, account: Account, previous: str | None) -> str:
    """Return the token of a new session. Delete the session of the `previous` token and all expired ones."""
    if previous:
        queries.delete_session(session, token_hash(previous))
    token = new_token()
    moment = now()
    session.add(
        AccountSession(account_id=account.id, token_hash=token_hash(token), created_at=moment, seen_at=moment)
    )
    queries.delete_expired_sessions(session, created=moment - LONGEST, seen=moment - IDLE)
    return token


def _wrong_credentials() -> Refused:
    return Refused("wrong_credentials", "Name, password or code is wrong.")


def _check_code(session: Session, account: Account, code: str) -> None:
    """Use up the time step of a one-time code. Raises Refused with code_needed or wrong_credentials."""
    if account.totp_secret is None:
        return
    if not code.strip():
        raise Refused("code_needed", "Please enter the code of your authenticator app too.")
    step = matching_time_step(account.totp_secret, code)
    if step is None or not queries.consume_totp_step(session, account.id, step):
        raise _wrong_credentials()
