"""Identities from userinfo, and the roles of members."""

from __future__ import annotations

import pytest

from webapp.domain.enums import Role
from webapp.domain.errors import Refused
from webapp.services.accounts.membership_policy import Identity, Membership, MembershipPolicy, read_identity

ORGANISATION_ID = "0123456789abcdef01234567"


def identity(**membership: object) -> Identity:
    """Return a member of one organisation; without arguments of none."""
    fields = {"id": ORGANISATION_ID, "name": "Lens", "role": "write", "locked": False, **membership}
    memberships = (Membership(**fields),) if membership else ()  # type: ignore[arg-type]
    return Identity("https://provider.example", "u1", "Ada", memberships)


def test_an_identity_is_read_from_userinfo() -> None:
    organisation = {
        "sub": ORGANISATION_ID,
        "preferred_username": "Lens",
        "roleInOrg": "admin",
        "missingMFA": True,
    }
    userinfo = {"sub": "u1", "preferred_username": "Ada-L", "orgs": [organisation]}
    person = read_identity("https://provider.example", userinfo)
    assert person.external_id == "https://provider.example u1"
    assert person.account_name == "hf:ada-l"
    assert person.memberships == (Membership(ORGANISATION_ID, "Lens", "admin", locked=True),)


@pytest.mark.parametrize("organisation", [ORGANISATION_ID, "lens"])
@pytest.mark.parametrize(
    ("role", "expected"), [("admin", Role.ADMIN), ("write", Role.MODERATOR), ("contributor", Role.MODERATOR)]
)
def test_roles_of_the_organisation_become_roles_here(organisation: str, role: str, expected: Role) -> None:
    assert MembershipPolicy(organisation).role_of(identity(role=role)) == expected


@pytest.mark.parametrize(
    ("membership", "code"),
    [
        ({}, "not_a_member"),
        ({"id": "f" * 24}, "not_a_member"),
        ({"locked": True}, "membership_locked"),
        ({"role": None}, "role_unknown"),
        ({"role": "read"}, "role_too_low"),
    ],
)
def test_other_people_are_refused(membership: dict[str, object], code: str) -> None:
    with pytest.raises(Refused) as refusal:
        MembershipPolicy(ORGANISATION_ID).role_of(identity(**membership))
    assert refusal.value.code == code


def test_members_without_a_stated_role_get_the_configured_one() -> None:
    policy = MembershipPolicy(ORGANISATION_ID, roleless=Role.MODERATOR)
    assert policy.role_of(identity(role=None)) == Role.MODERATOR


@pytest.mark.parametrize(
    "userinfo",
    [
        {},
        {"sub": "u1"},
        {"sub": "", "preferred_username": "ada"},
        {"sub": "u" * 256, "preferred_username": "ada"},
        {"sub": "u 1", "preferred_username": "ada"},
        {"sub": 1, "preferred_username": "ada"},
        {"sub": "u1", "preferred_username": "a da"},
        {"sub": "u1", "preferred_username": "ada#1"},
        {"sub": "u1", "preferred_username": "a" * 61},
        {"sub": "u1", "preferred_username": "аda"},  # Cyrillic
        {"sub": "u1", "preferred_username": "ada\n"},
        {"sub": "u1", "preferred_username": "ada", "orgs": "lens"},
        {"sub": "u1", "preferred_username": "ada", "orgs": ["lens"]},
        {"sub": "u1", "preferred_username": "ada", "orgs": None},
    ],
)
def test_malformed_userinfo_is_refused(userinfo: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="userinfo"):
        read_identity("https://provider.example", userinfo)
