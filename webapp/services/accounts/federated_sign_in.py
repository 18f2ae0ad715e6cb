"""Sign-in of members of a Hugging Face organisation."""

from __future__ import annotations

from sqlalchemy.orm import Session

from webapp.db import account_queries as queries
from webapp.db.audit_chain import Event
from webapp.db.tables import Account
from webapp.domain.clock import now
from webapp.domain.enums import Action, Actor, Role, user_actor
from webapp.domain.errors import Refused
from webapp.services.accounts.membership_policy import Identity, MembershipPolicy
from webapp.services.accounts.rate_limiter import RateLimiter
from webapp.services.accounts.sessions import account_subject, new_session
from webapp.services.audit.log import AuditService


class FederatedSignInService:
    """Creates, updates and signs in the account of an identity that the provider vouches for.

    Accounts are looked up by issuer and subject, never by name: names change hands on the Hub. At most ten
    attempts per minute count for any identity. A person refused by the policy loses their sessions here at
    that attempt. Every sign-in and refusal is audited; without an account the entry holds only the refusal's
    code.
    """

    def __init__(self, audit: AuditService, policy: MembershipPolicy) -> None:
        self._audit = audit
        self._policy = policy
        self._attempts = RateLimiter(limit=10, seconds=60)

    def sign_in(self, identity: Identity, *, previous: str | None = None) -> str:
        """Return the token of a new session. The session of the `previous` token ends.

        Raises Refused with too_many_tries, account_disabled, name_taken (by a local account), and as
        `MembershipPolicy.role_of` does.
        """
        self._attempts.count(identity.external_id)
        try:
            return self._admit(identity, self._policy.role_of(identity), previous)
        except Refused as refusal:
            self._turn_away(identity, refusal.code)
            raise

    def _admit(self, identity: Identity, role: Role, previous: str | None) -> str:
        with self._audit.transaction() as (session, record):
            # Two browsers of one person must not create two accounts.
            queries.lock_accounts(session)
            account = queries.account_by_external_id(session, identity.external_id)
            if account is not None and account.disabled_at is not None:
                raise Refused("account_disabled", "Your account here is disabled. Ask an admin.")
            if account is None or account.name != identity.account_name:
                _free_name(session, identity.account_name)
            if account is None:
                account = Account(
                    name=identity.account_name, role=role, created_at=now(), external_id=identity.external_id
                )
                session.add(account)
                session.flush()
                record(Event(Actor.SYSTEM, Action.JOINED, account_subject(account.id), {"role": role}))
            elif (account.name, account.role) != (identity.account_name, role):
                details = {"role": role, "disabled": False, "renamed": account.name != identity.account_name}
                account.name = identity.account_name
                account.role = role
                record(Event(Actor.SYSTEM, Action.ACCOUNT_CHANGED, account_subject(account.id), details))
            record(Event(user_actor(account.id), Action.SIGNED_IN, account_subject(account.id)))
            return new_session(session, account, previous)

    def _turn_away(self, identity: Identity, code: str) -> None:
        """End the sessions and the claim of a refused person and audit the refusal."""
        with self._audit.transaction() as (session, record):
            account = queries.account_by_external_id(session, identity.external_id)
            subject = ""
            if account is not None:
                subject = account_subject(account.id)
                account.sessions.clear()
                queries.release_claim(session, account.id)
            record(Event(Actor.NONE, Action.SIGN_IN_REFUSED, subject, {"code": code}))


def _free_name(session: Session, name: str) -> None:
    """Rename another account that still has this name.

    On the Hub a name has one owner, so the account here belongs to a person who gave the name up. They keep
    their account under a name that is not available to others, and get their present name at their next
    sign-in. Raises Refused with name_taken.
    """
    holder = queries.account_by_name(session, name)
    if holder is None:
        return
    # Only local accounts made before the prefix was reserved can have such a name.
    if holder.external_id is None:
        raise Refused("name_taken", f"A local account is called {name}. Ask an admin.")
    holder.name = f"{name[:48]}#{holder.id}"
    session.flush()
