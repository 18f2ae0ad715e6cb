"""Signing in by membership: an account for each person whom the provider vouches for, with the role that the organisation gives him."""

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
    """Accounts are found by issuer and subject, never by a name: names change hands on the Hub. At most ten tries a minute for anybody.

    Whoever the organisation no longer lets in loses his sessions here when he tries. What happens is told in the audit log; of somebody
    without an account only why he was refused.
    """

    def __init__(self, audit: AuditService, policy: MembershipPolicy) -> None:
        self._audit = audit
        self._policy = policy
        self._throttle = RateLimiter(most=10, seconds=60)

    def sign_in(self, identity: Identity, *, previous: str | None = None) -> str:
        """A new session's token; the session of the `previous` token ends.

        Raises Refused: too_many_tries, account_disabled, name_taken (by a local account), and as `Policy.role_of` does.
        """
        self._throttle.count(identity.outside_id)
        try:
            return self._admit(identity, self._policy.role_of(identity), previous)
        except Refused as refusal:
            self._turn_away(identity, refusal.code)
            raise

    def _admit(self, identity: Identity, role: Role, previous: str | None) -> str:
        with self._audit.transaction() as (session, tell):
            queries.lock_accounts(session)  # two browsers must not make one person's account twice
            account = queries.account_by_outside_id(session, identity.outside_id)
            if account is not None and account.disabled_at is not None:
                raise Refused("account_disabled", "Your account here is disabled. Ask an admin.")
            if account is None or account.name != identity.account_name:
                _free_name(session, identity.account_name)
            if account is None:
                account = Account(
                    name=identity.account_name, role=role, created_at=now(), outside_id=identity.outside_id
                )
                session.add(account)
                session.flush()
                tell(Event(Actor.SYSTEM, Action.JOINED, account_subject(account.id), {"role": role}))
            elif (account.name, account.role) != (identity.account_name, role):
                details = {"role": role, "disabled": False, "renamed": account.name != identity.account_name}
                account.name, account.role = identity.account_name, role
                tell(Event(Actor.SYSTEM, Action.ACCOUNT_CHANGED, account_subject(account.id), details))
            tell(Event(user_actor(account.id), Action.SIGNED_IN, account_subject(account.id)))
            return new_session(session, account, previous)

    def _turn_away(self, identity: Identity, code: str) -> None:
        with self._audit.transaction() as (session, tell):
            account = queries.account_by_outside_id(session, identity.outside_id)
            if account is not None:
                account.sessions.clear()
                queries.release_claim(session, account.id)
            tell(
                Event(
                    Actor.NONE,
                    Action.SIGN_IN_REFUSED,
                    "" if account is None else account_subject(account.id),
                    {"code": code},
                )
            )


def _free_name(session: Session, name: str) -> None:
    """On the Hub a name has one owner: an account here that still goes by it belongs to somebody who has given it up. He keeps the account,
    under a name that nobody can have, and gets his present one when he signs in. Raises Refused: name_taken.
    """
    holder = queries.account_by_name(session, name)
    if holder is None:
        return
    if holder.outside_id is None:  # made before such names were kept back
        raise Refused("name_taken", f"A local account is called {name}. Ask an admin.")
    holder.name = f"{name[:48]}#{holder.id}"
    session.flush()
