"""Identities from an OpenID provider, and the roles that membership of the organisation gives."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from webapp.domain.enums import Role
from webapp.domain.errors import Refused
from webapp.services.accounts.principal import FEDERATED_PREFIX
from webapp.services.accounts.user_names import normalise_name

_ROLES = {"admin": Role.ADMIN, "write": Role.MODERATOR, "contributor": Role.MODERATOR}
# Id of an organisation on the Hub.
_ID = re.compile(r"[0-9a-f]{24}", re.ASCII)
_USER_NAME = re.compile(r"[\w.-]{1,60}", re.ASCII)
# OpenID Connect Core 1.0, section 2.
_SUBJECT = re.compile(r"[!-~]{1,255}", re.ASCII)
# Entries of `securityRestrictions`: demands of the organisation that the member does not meet.
_UNMET_DEMANDS = ("mfa", "sso")


@dataclass(frozen=True)
class Membership:
    """A person's membership of an organisation.

    `role` is None if the provider does not state it. `locked`: the member does not meet the organisation's
    demands.
    """

    id: str
    name: str
    role: str | None
    locked: bool


@dataclass(frozen=True)
class Identity:
    """A person at an OpenID provider: `issuer` and `subject` never change, `user_name` may."""

    issuer: str
    subject: str
    user_name: str
    memberships: tuple[Membership, ...]

    @property
    def external_id(self) -> str:
        """Return the permanent id under which the account is stored."""
        return f"{self.issuer} {self.subject}"

    @property
    def account_name(self) -> str:
        return FEDERATED_PREFIX + normalise_name(self.user_name)


def read_identity(issuer: str, userinfo: Mapping[str, Any]) -> Identity:
    """Return the identity in the response of a userinfo endpoint. Raises ValueError if it is malformed."""
    subject = userinfo.get("sub")
    user_name = userinfo.get("preferred_username")
    organisations = userinfo.get("orgs", [])
    if not isinstance(subject, str) or not _SUBJECT.fullmatch(subject):
        raise ValueError("userinfo without a subject")
    if not isinstance(user_name, str) or not _USER_NAME.fullmatch(user_name):
        raise ValueError("userinfo without a user name")
    if not isinstance(organisations, list):
        raise ValueError("userinfo with organisations that are not a list")
    return Identity(issuer, subject, user_name, tuple(_read_membership(entry) for entry in organisations))


def _read_membership(entry: object) -> Membership:
    if not isinstance(entry, dict):
        raise ValueError("userinfo with a malformed organisation")
    role = entry.get("roleInOrg")
    restrictions = entry.get("securityRestrictions")
    has_unmet_demand = isinstance(restrictions, list) and any(name in restrictions for name in _UNMET_DEMANDS)
    return Membership(
        id=str(entry.get("sub", "")),
        name=str(entry.get("preferred_username", "")),
        role=None if role is None else str(role),
        locked=bool(entry.get("pendingSSO") or entry.get("missingMFA")) or has_unmet_demand,
    )


@dataclass(frozen=True)
class MembershipPolicy:
    """Admission of members of `organisation`, by its id or its name.

    Prefer the id: another organisation may take a name that was given up. `roleless` is the role of members
    whose role the provider does not state; None refuses them.
    """

    organisation: str
    roleless: Role | None = None

    @property
    def organisation_id(self) -> str | None:
        """Return the organisation's id, None if the policy has its name."""
        return self.organisation if _ID.fullmatch(self.organisation) else None

    def role_of(self, identity: Identity) -> Role:
        """Return the role of a member here.

        Raises Refused with not_a_member, membership_locked, role_unknown or role_too_low.
        """
        membership = next((each for each in identity.memberships if self._matches(each)), None)
        if membership is None:
            raise Refused(
                "not_a_member",
                f"Only members of the organisation {self.organisation} on Hugging Face moderate here.",
            )
        if membership.locked:
            message = (
                "Your organisation asks for more than you have done: sign in to it on Hugging Face, "
                "with two factors, and try again."
            )
            raise Refused("membership_locked", message)
        role = self.roleless if membership.role is None else _ROLES.get(membership.role)
        if role is not None:
            return role
        if membership.role is None:
            message = (
                "Hugging Face does not say what your role in the organisation is. "
                "Sign in again, and let this Space see the organisation."
            )
            raise Refused("role_unknown", message)
        raise Refused(
            "role_too_low",
            "Your role in the organisation only lets you read. An admin of it can give you another one.",
        )

    def _matches(self, membership: Membership) -> bool:
        if self.organisation_id is not None:
            return membership.id == self.organisation_id
        return membership.name.casefold() == self.organisation.casefold()
