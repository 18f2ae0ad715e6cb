"""Administration of accounts: invitation, reset, roles, disabling, second factor.

Accounts are never deleted, because their labels keep their author.
"""

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
from webapp.services.accounts.principal import (
    FEDERATED_PREFIX,
    AccountSummary,
    Host,
    Person,
    Principal,
    require,
)
from webapp.services.accounts.rate_limiter import RateLimiter
from webapp.services.accounts.sessions import account_subject
from webapp.services.accounts.totp import TotpOffer, TotpOffers, matching_time_step
from webapp.services.accounts.user_names import check_name, confusable_form, normalise_name
from webapp.services.audit.log import AuditService

LINK_LIFETIMES = {Purpose.INVITE: timedelta(days=7), Purpose.RESET: timedelta(hours=24)}


class AccountService:
    """Creates and changes accounts.

    Methods take the principal who asks and check their role; `accept` is for the holder of a link. Every
    change is audited by the account's number.
    """

    def __init__(self, sessions: Sessions, audit: AuditService, *, offers: TotpOffers | None = None) -> None:
        self._sessions = sessions
        self._audit = audit
        self._offers = offers or TotpOffers()
        self._code_attempts = RateLimiter(limit=10, seconds=60)

    def invite(self, principal: Principal, name: str, role: Role) -> str:
        """Create an account and return the token of its link.

        Raises Refused with not_signed_in, not_allowed, invalid_name or name_taken.
        """
        actor = _admin_actor(principal)
        name = check_name(name)
        try:
            with self._audit.transaction() as (session, record):
                # Two confusable names must not both be the first.
                queries.lock_accounts(session)
                form = confusable_form(name)
                if any(confusable_form(account.name) == form for account in queries.all_accounts(session)):
                    raise Refused(
                        "name_taken",
                        "There is an account of this name already, or of one that looks like it.",
                    )
                account = Account(name=name, role=role, created_at=now())
                session.add(account)
                session.flush()
                record(Event(actor, Action.INVITED, account_subject(account.id), {"role": role}))
                return _new_link(account, Purpose.INVITE)
        except IntegrityError as error:
            raise Refused("name_taken", "There is an account of this name already.") from error

    def reset(self, principal: Principal, name: str) -> str:
        """Return the token of a link by which the account's owner sets a new password. Earlier links end.

        Raises Refused with not_signed_in, not_allowed, unknown_account, not_local or account_disabled.
        """
        actor = _admin_actor(principal)
        with self._audit.transaction() as (session, record):
            account = _require_local(_require_account(session, name))
            if account.disabled_at is not None:
                raise Refused("account_disabled", "This account is disabled. Enable it first.")
            account.links.clear()
            record(Event(actor, Action.LINK_RENEWED, account_subject(account.id)))
            return _new_link(account, Purpose.RESET)

    def accept(self, token: str, password: str) -> str:
        """Use a link: set the password, remove the second factor, end all sessions.

        Return the account's name. Raises Refused with weak_password, or with invalid_link if the link is
        unknown, used, expired, or its account is disabled.
        """
        # The link is checked before the slow hash, and used up afterwards, because another client may use it
        # meanwhile.
        with self._sessions() as session:
            _require_usable(queries.link_by_token(session, token_hash(token)))
        password_hash = passwords.hash_password(password)
        with self._audit.transaction() as (session, record):
            link = _require_usable(queries.lock_link(session, token_hash(token)))
            account = link.account
            actor = user_actor(account.id)
            subject = account_subject(account.id)
            record(Event(actor, Action.PASSWORD_SET, subject, {"link": str(link.purpose)}))
            if account.totp_secret is not None:
                record(Event(actor, Action.SECOND_FACTOR_REMOVED, subject))
            account.password_hash = password_hash
            account.totp_secret = None
            account.sessions.clear()
            account.links.clear()
            return account.name

    def set_role(self, principal: Principal, name: str, role: Role) -> None:
        """Set the role of a local account.

        Raises Refused with not_signed_in, not_allowed, unknown_account, not_local or last_admin.
        """
        self._change(_admin_actor(principal), name, role=role)

    def set_disabled(self, principal: Principal, name: str, disabled: bool) -> None:
        """Disable or enable an account. Disabling ends its sessions, links and claim at once.

        Raises Refused with not_signed_in, not_allowed, unknown_account or last_admin.
        """
        self._change(_admin_actor(principal), name, disabled=disabled)

    def summaries(self, principal: Principal) -> list[AccountSummary]:
        """Return all accounts, sorted by name. Raises Refused with not_signed_in or not_allowed."""
        _admin_actor(principal)
        with self._sessions() as session:
            return [_summary(account) for account in queries.all_accounts(session)]

    def offer_second_factor(self, person: Person | None) -> TotpOffer:
        """Return a new secret that is not in force yet. An earlier offer ends.

        Raises Refused with not_signed_in or not_local.
        """
        owner = _require_password_account(person)
        with self._sessions() as session:
            account = queries.account_by_name(session, owner.name)
            assert account is not None
            return self._offers.make(account.id, account.name, replaces=account.totp_secret is not None)

    def pending_offer(self, person: Person | None, token: str) -> TotpOffer:
        """Return the offer made to this person.

        Raises Refused with not_signed_in, not_local or offer_expired.
        """
        return self._offers.find(_require_password_account(person).id, token)

    def confirm_second_factor(
        self, person: Person | None, token: str, code: str, present_code: str = ""
    ) -> None:
        """Put an offered secret into force; `code` is a code of that secret.

        Replacing a second factor also takes `present_code`, an unused code of the one in force: the open
        session may be stolen. Raises Refused with not_signed_in, not_local, offer_expired, wrong_code,
        wrong_present_code, or too_many_tries after ten failures in a minute.
        """
        owner = _require_password_account(person)
        offer = self.pending_offer(person, token)
        with self._code_attempts.count_failures(f"account {owner.id}") as report_success:
            step = matching_time_step(offer.secret, code)
            if step is None:
                raise Refused("wrong_code", "This is not the code that the app shows now.")
            with self._audit.transaction() as (session, record):
                # Two sessions must not both find no second factor in force.
                queries.lock_accounts(session)
                account = queries.account_by_name(session, owner.name)
                assert account is not None
                replaced = account.totp_secret is not None
                _check_present_code(session, account, present_code)
                account.totp_secret = offer.secret
                account.totp_step = step
                details = {"replaced": replaced}
                subject = account_subject(account.id)
                record(Event(user_actor(account.id), Action.SECOND_FACTOR_SET, subject, details))
            report_success()
        self._offers.end(owner.id)

    def _change(
        self, actor: str, name: str, *, role: Role | None = None, disabled: bool | None = None
    ) -> None:
        with self._audit.transaction() as (session, record):
            # Two admins must not disable each other at the same time.
            queries.lock_accounts(session)
            account = _require_account(session, name)
            admins_before = queries.count_enabled_admins(session)
            if role is not None:
                _require_local(account).role = role
            if disabled is not None:
                account.disabled_at = (account.disabled_at or now()) if disabled else None
            if disabled:
                account.sessions.clear()
                account.links.clear()
                queries.release_claim(session, account.id)
            session.flush()
            if admins_before and queries.count_enabled_admins(session) == 0:
                raise Refused("last_admin", "There must be one admin left.")
            details = {"role": account.role, "disabled": account.disabled_at is not None}
            record(Event(actor, Action.ACCOUNT_CHANGED, account_subject(account.id), details))


def _admin_actor(principal: Principal) -> str:
    """Return the audit log's actor for the host or an admin.

    Raises Refused with not_signed_in or not_allowed.
    """
    if isinstance(principal, Host):
        return Actor.SYSTEM
    return user_actor(require(principal, Role.ADMIN).id)


def _require_account(session: Session, name: str) -> Account:
    """Return the account of a name. Raises Refused with unknown_account."""
    account = queries.account_by_name(session, normalise_name(name))
    if account is None:
        raise Refused("unknown_account", "There is no account of this name.")
    return account


def _require_local(account: Account) -> Account:
    """Return a local account. Raises Refused with not_local for federated ones."""
    if account.external_id is not None:
        raise _not_local()
    return account


def _require_password_account(person: Person | None) -> Person:
    """Return a person who signs in with a password. Raises Refused with not_signed_in or not_local."""
    owner = require(person, Role.MODERATOR)
    if owner.name.startswith(FEDERATED_PREFIX):
        raise _not_local()
    return owner


def _not_local() -> Refused:
    return Refused(
        "not_local", "This account signs in with Hugging Face, and has its role from the organisation there."
    )


def _check_present_code(session: Session, account: Account, code: str) -> None:
    """Use up a code of the second factor in force, if there is one.

    Raises Refused with wrong_present_code.
    """
    if account.totp_secret is None:
        return
    step = matching_time_step(account.totp_secret, code)
    if step is None or not queries.consume_totp_step(session, account.id, step):
        raise Refused(
            "wrong_present_code",
            "The code of your present key is wrong, or was used already: wait for the next one. "
            "An admin's link takes a lost key off.",
        )


def _new_link(account: Account, purpose: Purpose) -> str:
    token = new_token()
    account.links.append(
        Link(purpose=purpose, token_hash=token_hash(token), expires_at=now() + LINK_LIFETIMES[purpose])
    )
    return token


def _require_usable(link: Link | None) -> Link:
    """Return a link that is still valid. Raises Refused with invalid_link."""
    if link is None or link.expires_at < now() or link.account.disabled_at is not None:
        raise Refused(
            "invalid_link",
            "This link was used already, has expired, or never was one. Ask an admin for another.",
        )
    return link


def _summary(account: Account) -> AccountSummary:
    return AccountSummary(
        name=account.name,
        role=Role(account.role),
        created_at=account.created_at,
        ready=account.password_hash is not None,
        second_factor=account.totp_secret is not None,
        disabled=account.disabled_at is not None,
    )
