"""Accounts of organisation members: concurrency, renames, refusals."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from webapp.db.session import Sessions
from webapp.db.tables import Account, AccountSession
from webapp.domain.enums import Role
from webapp.domain.errors import Refused
from webapp.services.accounts import HOST, AccountService, SignInService
from webapp.services.accounts.federated_sign_in import FederatedSignInService
from webapp.services.accounts.membership_policy import Identity, Membership, MembershipPolicy
from webapp.services.audit.log import AuditService

pytestmark = pytest.mark.both_databases


@pytest.fixture
def members(audit: AuditService) -> FederatedSignInService:
    return FederatedSignInService(audit, MembershipPolicy("lens"))


def member(subject: str, name: str, role: str | None = "write") -> Identity:
    return Identity("https://provider.example", subject, name, (Membership("1", "lens", role, locked=False),))


def test_concurrent_browsers_of_one_person_create_one_account(
    members: FederatedSignInService, sessions: Sessions, audit: AuditService
) -> None:
    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(lambda _: members.sign_in(member("u1", "ada")), range(8)))
    signing = SignInService(sessions, audit)
    assert len({person.id for token in tokens if (person := signing.person_of(token))}) == 1
    with sessions() as session:
        assert [account.name for account in session.scalars(select(Account))] == ["hf:ada"]
        assert len(session.scalars(select(AccountSession)).all()) == 8


def test_members_who_swap_names_keep_their_accounts(
    members: FederatedSignInService, sessions: Sessions
) -> None:
    """Concurrent swaps, more of them than names are free."""
    for name, subject in (("ada", "u1"), ("bela", "u2")):
        members.sign_in(member(subject, name))
    swaps = [member("u1", "bela"), member("u2", "ada"), member("u3", "ada"), member("u3", "carl")] * 2
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(members.sign_in, swaps))
    with sessions() as session:
        accounts = session.scalars(select(Account)).all()
        assert sorted(str(account.external_id)[-2:] for account in accounts) == ["u1", "u2", "u3"]
        assert len({account.name for account in accounts}) == 3
    members.sign_in(member("u1", "bela"))
    members.sign_in(member("u2", "ada"))
    with sessions() as session:
        assert (
            session.scalars(select(Account.name).where(Account.external_id.endswith("u1"))).one() == "hf:bela"
        )
        assert (
            session.scalars(select(Account.name).where(Account.external_id.endswith("u2"))).one() == "hf:ada"
        )


def test_a_refusal_ends_sessions_and_is_audited(
    members: FederatedSignInService, sessions: Sessions, audit: AuditService
) -> None:
    tokens = [members.sign_in(member("u1", "ada")), members.sign_in(member("u1", "ada"))]
    others = members.sign_in(member("u2", "bela"))
    with pytest.raises(Refused) as refusal:
        members.sign_in(member("u1", "ada", "read"))
    assert refusal.value.code == "role_too_low"
    signing = SignInService(sessions, audit)
    assert [signing.person_of(token) for token in tokens] == [None, None]
    assert signing.person_of(others) is not None
    before = audit.verify().head.number
    with pytest.raises(Refused):
        members.sign_in(member("u9", "stranger", "read"))
    assert audit.verify().head.number == before + 1


def test_admins_disable_members_but_cannot_set_their_role(
    members: FederatedSignInService, sessions: Sessions, audit: AuditService
) -> None:
    token = members.sign_in(member("u1", "Ada", "admin"), previous=None)
    admin = SignInService(sessions, audit).person_of(token)
    assert admin is not None
    assert admin.role == Role.ADMIN
    accounts = AccountService(sessions, audit)
    members.sign_in(member("u2", "bela"))
    accounts.set_disabled(admin, "hf:bela", True)
    for change in (
        lambda: accounts.set_role(admin, "hf:bela", Role.ADMIN),
        lambda: accounts.reset(HOST, "hf:bela"),
    ):
        with pytest.raises(Refused) as refusal:
            change()
        assert refusal.value.code == "not_local"
    with pytest.raises(Refused) as refusal:
        members.sign_in(member("u2", "bela", "admin"))
    assert refusal.value.code == "account_disabled"
    facts = {found.name: found for found in accounts.summaries(admin)}
    assert (facts["hf:bela"].disabled, facts["hf:bela"].ready, facts["hf:bela"].role) == (
        True,
        False,
        Role.MODERATOR,
    )


def test_signing_in_again_ends_the_earlier_session(
    members: FederatedSignInService, sessions: Sessions, audit: AuditService
) -> None:
    earlier = members.sign_in(member("u1", "ada"))
    later = members.sign_in(member("u1", "ada"), previous=earlier)
    signing = SignInService(sessions, audit)
    assert (signing.person_of(earlier), earlier == later) == (None, False)
