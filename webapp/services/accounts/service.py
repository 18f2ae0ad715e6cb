"""Accounts: made by invitation, opened again by a reset, disabled, never deleted (their labels keep their author)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.db import account_queries as queries
from webapp.db.audit_chain import Event
from webapp.db.session import Sessions
from webapp.db.tables import Account, Link
from webapp.domain.clock import now
from webapp.domain.enums import Action, Actor, Purpose, Role, user_actor
from webapp.domain.errors import Refused
from webapp.security.tokens import new_token, token_hash
from webapp.services.accounts import passwords
from webapp.services.accounts import user_names as names
from webapp.services.accounts.principal import (
    FEDERATED_PREFIX,
    AccountSummary,
    Host,
    Person,
    Principal,
    require,
)
from webapp.services.accounts.rate_limiter import RateLimiter
from webapp.services.accounts.sessions import account_subject, matching_time_step
from webapp.services.accounts.totp import TotpOffer, TotpOffers
from webapp.services.audit.log import AuditService

GOOD_FOR = {Purpose.INVITE: timedelta(days=7), Purpose.RESET: timedelta(hours=24)}


class AccountService:
    """Methods take the `person` who asks and check his role, or HOST, whoever may run the command line; `accept` is for the holder of a
    link. What changes an account is told in the audit log, by the account's number.
    """

    def __init__(self, sessions: Sessions, audit: AuditService | None = None) -> None:
        self._sessions = sessions
        self._audit = audit or AuditService(sessions)
        self._offers = TotpOffers()
        self._throttle = RateLimiter(most=10, seconds=60)

    def invite(self, person: Principal, name: str, role: Role) -> str:
        """Make an account; returns the token of its link. Raises Refused: not_signed_in, not_allowed, invalid_name, name_taken."""
        actor, name = _actor(person), names.check_name(name)
        try:
            with self._audit.transaction() as (session, tell):
                queries.lock_accounts(session)  # two names that look alike must not both be the first
                if any(
                    names.confusable_form(known.name) == names.confusable_form(name)
                    for known in queries.all_accounts(session)
                ):
                    raise Refused(
                        "name_taken",
                        "There is an account of this name already, or of one that looks like it.",
                    )
                account = Account(name=name, role=role, created_at=now())
                session.add(account)
                session.flush()
                tell(Event(actor, Action.INVITED, account_subject(account.id), {"role": role}))
                return _new_link(account, Purpose.INVITE)
        except IntegrityError as error:
            raise Refused("name_taken", "There is an account of this name already.") from error

    def reset(self, person: Principal, name: str) -> str:
        """The token of a link with which the account's owner chooses a new password; earlier links stop working.

        Raises Refused: not_signed_in, not_allowed, unknown_account, not_local, account_disabled.
        """
        actor = _actor(person)
        with self._audit.transaction() as (session, tell):
            account = _local(_known(session, name))
            if account.disabled_at is not None:
                raise Refused("account_disabled", "This account is disabled. Enable it first.")
            account.links.clear()
            tell(Event(actor, Action.LINK_RENEWED, account_subject(account.id)))
            return _new_link(account, Purpose.RESET)

    def accept(self, token: str, password: str) -> str:
        """Use a link: sets the password, takes the second factor off, ends all sessions. The account's name.

        Raises Refused: invalid_link (unknown, used, expired, or of a disabled account), weak_password.
        """
        with self._sessions() as session:
            _usable_link(queries.link_by_token(session, token_hash(token)))
        stored = passwords.hash_password(password)
        with self._audit.transaction() as (session, tell):
            link = _usable_link(queries.take_link(session, token_hash(token)))
            account = link.account
            actor, about = user_actor(account.id), account_subject(account.id)
            tell(Event(actor, Action.PASSWORD_SET, about, {"link": str(link.purpose)}))
            if account.totp_secret is not None:
                tell(Event(actor, Action.SECOND_FACTOR_REMOVED, about))
            account.password_hash, account.totp_secret = stored, None
            account.sessions.clear()
            account.links.clear()
            return account.name

    def set_role(self, person: Principal, name: str, role: Role) -> None:
        """Raises Refused: not_signed_in, not_allowed, unknown_account, not_local, last_admin."""
        self._change(_actor(person), name, role=role)

    def set_disabled(self, person: Principal, name: str, disabled: bool) -> None:
        """A disabled account's sessions and links end at once, and it holds no case.

        Raises Refused: not_signed_in, not_allowed, unknown_account, last_admin.
        """
        self._change(_actor(person), name, disabled=disabled)

    def summaries(self, person: Principal) -> list[AccountSummary]:
        """All accounts by name. Raises Refused: not_signed_in, not_allowed."""
        _actor(person)
        with self._sessions() as session:
            return [_facts(account) for account in queries.all_accounts(session)]

    def offer_second_factor(self, person: Person | None) -> TotpOffer:
        """A secret of the server's making, not in force yet; an earlier offer ends. Raises Refused: not_signed_in, not_local."""
        known = _with_password(person)
        with self._sessions() as session:
            account = queries.account_by_name(session, known.name)
            assert account is not None
            return self._offers.make(account.id, account.name, replaces=account.totp_secret is not None)

    def pending_offer(self, person: Person | None, token: str) -> TotpOffer:
        """An offer that was made to this person. Raises Refused: not_signed_in, not_local, offer_expired."""
        return self._offers.find(_with_password(person).id, token)

    def confirm_second_factor(self, person: Person | None, token: str, code: str, present: str = "") -> None:
        """From now on signing in needs a code of the offered secret. An open session is not enough to replace a second factor, for it may
        be a stolen one: that takes `present`, a code of the one in force that was not used yet.

        Raises Refused: not_signed_in, not_local, offer_expired, wrong_code, wrong_present_code, too_many_tries (ten wrong ones a minute).
        """
        known, offer = _with_password(person), self.pending_offer(person, token)
        with self._throttle.count_failures(f"account {known.id}") as right:
            step = matching_time_step(offer.secret, code)
            if step is None:
                raise Refused("wrong_code", "This is not the code that the app shows now.")
            with self._audit.transaction() as (session, tell):
                queries.lock_accounts(session)  # two sessions must not both find none in force
                account = queries.account_by_name(session, known.name)
                assert account is not None
                replaced = account.totp_secret is not None
                _check_present(session, account, present)
                account.totp_secret, account.totp_step = offer.secret, step
                tell(
                    Event(
                        user_actor(account.id),
                        Action.SECOND_FACTOR_SET,
                        account_subject(account.id),
                        {"replaced": replaced},
                    )
                )
            right()
        self._offers.end(known.id)

    def _change(
        self, actor: str, name: str, *, role: Role | None = None, disabled: bool | None = None
    ) -> None:
        with self._audit.transaction() as (session, tell):
            queries.lock_accounts(session)  # two admins must not disable each other at once
            account = _known(session, name)
            admins = queries.count_admins(session)
            if role is not None:
                _local(account).role = role
            if disabled is not None:
                account.disabled_at = (account.disabled_at or now()) if disabled else None
            if disabled:
                account.sessions.clear()
                account.links.clear()
                queries.release_claim(session, account.id)
            session.flush()
            if admins and queries.count_admins(session) == 0:
                raise Refused("last_admin", "There must be one admin left.")
            tell(
                Event(
                    actor,
                    Action.ACCOUNT_CHANGED,
                    account_subject(account.id),
                    {"role": account.role, "disabled": account.disabled_at is not None},
                )
            )


def _actor(person: Principal) -> str:
    """Raises Refused: not_signed_in, not_allowed."""
    return Actor.SYSTEM if isinstance(person, Host) else user_actor(require(person, Role.ADMIN).id)


def _known(session: Session, name: str) -> Account:
    """Raises Refused: unknown_account."""
    account = queries.account_by_name(session, names.normalise_name(name))
    if account is None:
        raise Refused("unknown_account", "There is no account of this name.")
    return account


def _local(account: Account) -> Account:
    """Raises Refused: not_local, where password and role are another's to give."""
    if account.outside_id is not None:
        raise _not_local()
    return account


def _with_password(person: Person | None) -> Person:
    """Raises Refused: not_signed_in, not_local."""
    known = require(person, Role.MODERATOR)
    if known.name.startswith(FEDERATED_PREFIX):
        raise _not_local()
    return known


def _not_local() -> Refused:
    return Refused(
        "not_local", "This account signs in with Hugging Face, and has its role from the organisation there."
    )


def _check_present(session: Session, account: Account, code: str) -> None:
    """Raises Refused: wrong_present_code, where the account has a second factor and this is no unused code of it."""
    if account.totp_secret is None:
        return
    step = matching_time_step(account.totp_secret, code)
    if step is None or not queries.use_totp_step(session, account.id, step):
        message = "The code of your present key is wrong, or was used already: wait for the next one. An admin's link takes a lost key off."
        raise Refused("wrong_present_code", message)


def _new_link(account: Account, purpose: Purpose) -> str:
    token = new_token()
    account.links.append(
        Link(purpose=purpose, token_hash=token_hash(token), expires_at=now() + GOOD_FOR[purpose])
    )
    return token


def _usable_link(link: Link | None) -> Link:
    if link is None or link.expires_at < now() or link.account.disabled_at is not None:
        raise Refused(
            "invalid_link",
            "This link was used already, has expired, or never was one. Ask an admin for another.",
        )
    return link


def _facts(account: Account) -> AccountSummary:
    return AccountSummary(
        name=account.name,
        role=Role(account.role),
        created_at=account.created_at,
        ready=account.password_hash is not None,
        second_factor=account.totp_secret is not None,
        disabled=account.disabled_at is not None,
    )
