"""Signing in and out, and whose session a cookie is."""

from __future__ import annotations

import contextlib
import time
from datetime import timedelta

import pyotp
from sqlalchemy.orm import Session

from webapp.db import account_queries as queries
from webapp.db.audit_chain import Event
from webapp.db.session import Sessions
from webapp.db.tables import Account, SignedIn
from webapp.domain.clock import now
from webapp.domain.enums import Action, Actor, Role, user_actor
from webapp.domain.errors import Refused
from webapp.security.tokens import new_token, token_hash
from webapp.services.accounts import passwords
from webapp.services.accounts.principal import Person
from webapp.services.accounts.rate_limiter import RateLimiter
from webapp.services.accounts.user_names import normalise_name
from webapp.services.audit.log import AuditService

LONGEST = timedelta(hours=12)
IDLE = timedelta(hours=2)
_NOTED_EVERY = timedelta(minutes=1)  # when a session was seen last is not written at every request
_TOTP_STEP = 30  # seconds (RFC 6238)


class SignInService:
    """At most ten wrong tries a minute for any account, and for any address: then nobody is let in there for a while, not with the right
    password either. A right password counts for nothing, also where the code is still missing; a wrong code is a wrong try.

    Who signs in or out, and who is refused, stands in the audit log; of refusals at most sixty a minute, for whoever guesses from many
    addresses must not fill it.
    """

    def __init__(self, sessions: Sessions, audit: AuditService | None = None) -> None:
        self._sessions = sessions
        self._audit = AuditService(sessions) if audit is None else audit
        self._throttle = RateLimiter(most=10, seconds=60)
        self._told = RateLimiter(most=60, seconds=60)

    def sign_in(
        self, name: str, password: str, code: str, address: str, *, previous: str | None = None
    ) -> str:
        """A new session's token; the session of the `previous` token ends.

        Raises Refused: too_many_tries; wrong_credentials, one answer to a wrong name, password or code and to a disabled account;
        code_needed where name and password are right and the account has a second factor.
        """
        name = normalise_name(name)
        with self._throttle.count_failures(f"account {name[:200]}", f"address {address}") as right:
            try:
                token = self._admit(name, password, code, previous)
            except Refused as refusal:
                if refusal.code == "code_needed":
                    right()
                else:
                    self._turn_away(name, refusal.code)
                raise
            right()
            return token

    def _admit(self, name: str, password: str, code: str, previous: str | None) -> str:
        with self._sessions() as session:
            account = queries.account_by_name(session, name)
            stored = account.password_hash if account is not None and account.disabled_at is None else None
        if not passwords.verify_password(stored, password):
            raise _wrong()
        with self._audit.transaction() as (session, tell):
            account = queries.account_by_name(session, name)
            if account is None or account.disabled_at is not None or account.password_hash != stored:
                raise _wrong()
            _check_code(session, account, code)
            tell(Event(user_actor(account.id), Action.SIGNED_IN, account_subject(account.id)))
            return new_session(session, account, previous)

    def _turn_away(self, name: str, code: str) -> None:
        """An unknown name is told of as a known one is: neither the answer nor its time says which names there are."""
        with contextlib.suppress(Refused):
            self._told.count("refusals")
            with self._audit.transaction() as (session, tell):
                account = queries.account_by_name(session, name)
                tell(
                    Event(
                        Actor.NONE,
                        Action.SIGN_IN_REFUSED,
                        "" if account is None else account_subject(account.id),
                        {"code": code},
                    )
                )

    def person_of(self, token: str | None) -> Person | None:
        """Who is signed in with it; None for an unknown, expired or ended one and for a disabled account."""
        if not token:
            return None
        moment = now()
        with self._sessions() as session:
            found = queries.session_by_token(session, token_hash(token))
            if found is None:
                return None
            account = found.account
            expired = found.created_at < moment - LONGEST or found.seen_at < moment - IDLE
            person = (
                Person(account.id, account.name, Role(account.role)) if account.disabled_at is None else None
            )
            stale = found.seen_at < moment - _NOTED_EVERY
        if expired:
            self._end(token, account.id, asked=False)
            return None
        if person is not None and stale:
            with self._sessions.begin() as session:
                queries.note_seen(session, token_hash(token), moment)
        return person

    def sign_out(self, token: str | None) -> None:
        """End the session, and give back the case that its account holds. Nothing happens where there is none."""
        if not token:
            return
        with self._sessions() as session:
            found = queries.session_by_token(session, token_hash(token))
        if found is not None:
            self._end(token, found.account_id, asked=True)

    def _end(self, token: str, account_id: int, *, asked: bool) -> None:
        """Whoever is signed in elsewhere too keeps what he holds."""
        with self._audit.transaction() as (session, tell):
            ended = queries.delete_session(session, token_hash(token))
            moment = now()
            if not queries.has_session(session, account_id, created=moment - LONGEST, seen=moment - IDLE):
                queries.release_claim(session, account_id)
            if ended and asked:
                tell(Event(user_actor(account_id), Action.SIGNED_OUT, account_subject(account_id)))


def account_subject(account_id: int) -> str:
    """What the audit log calls an account; it names nobody."""
    return f"account:{account_id}"


def new_session(session: Session, account: Account, previous: str | None) -> str:
    """Its token; the session of the `previous` one ends, and whatever session has expired goes."""
    if previous:
        queries.delete_session(session, token_hash(previous))
    token, moment = new_token(), now()
    session.add(
        SignedIn(account_id=account.id, token_hash=token_hash(token), created_at=moment, seen_at=moment)
    )
    queries.delete_sessions_before(session, created=moment - LONGEST, seen=moment - IDLE)
    return token


def _wrong() -> Refused:
    return Refused("wrong_credentials", "Name, password or code is wrong.")


def _check_code(session: Session, account: Account, code: str) -> None:
    """Check a time-based one-time code (RFC 6238) of now, the step before or the one after, each step once."""
    if account.totp_secret is None:
        return
    if not code.strip():
        raise Refused("code_needed", "Please enter the code of your authenticator app too.")
    step = matching_time_step(account.totp_secret, code)
    if step is None or not queries.use_totp_step(session, account.id, step):
        raise _wrong()


def matching_time_step(secret: str, code: str) -> int | None:
    """The time step whose code this is, among the present one and its neighbours; None for a wrong code."""
    totp, present = pyotp.TOTP(secret), int(time.time()) // _TOTP_STEP
    digits = "".join(code.split())
    if not digits.isascii() or not digits.isdigit():
        return None
    for step in (present, present - 1, present + 1):
        if pyotp.utils.strings_equal(digits, totp.generate_otp(step)):
            return step
    return None
