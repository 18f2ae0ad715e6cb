"""Whom a provider vouches for, and what a member of the organisation may do here."""

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
_ID = re.compile(r"[0-9a-f]{24}", re.ASCII)  # of an organisation on the Hub
_USER_NAME = re.compile(r"[\w.-]{1,60}", re.ASCII)
_SUBJECT = re.compile(r"[!-~]{1,255}", re.ASCII)  # OpenID Connect Core 1.0, section 2
_UNMET = (
    "mfa",
    "sso",
)  # of `securityRestrictions`: what the organisation asks of a member, and he has not done


@dataclass(frozen=True)
class Membership:
    """In an organisation. `role` is None where the provider does not tell; `locked`: its own rules keep the member out at present."""

    id: str
    name: str
    role: str | None
    locked: bool


@dataclass(frozen=True)
class Identity:
    """A person by what never changes, `issuer` and `subject`, and the name that he has at present."""

    issuer: str
    subject: str
    user_name: str
    memberships: tuple[Membership, ...]

    @property
    def outside_id(self) -> str:
        return f"{self.issuer} {self.subject}"

    @property
    def account_name(self) -> str:
        return FEDERATED_PREFIX + normalise_name(self.user_name)


def read_identity(issuer: str, userinfo: Mapping[str, Any]) -> Identity:
    """From the answer of a userinfo endpoint. Raises ValueError where that is not what it should be."""
    subject, user_name, organisations = (
        userinfo.get("sub"),
        userinfo.get("preferred_username"),
        userinfo.get("orgs", []),
    )
    if not isinstance(subject, str) or not _SUBJECT.fullmatch(subject):
        raise ValueError("userinfo without a subject")
    if not isinstance(user_name, str) or not _USER_NAME.fullmatch(user_name):
        raise ValueError("userinfo without a user name")
    if not isinstance(organisations, list):
        raise ValueError("userinfo whose organisations are no list")
    return Identity(issuer, subject, user_name, tuple(_read_membership(entry) for entry in organisations))


def _read_membership(entry: object) -> Membership:
    if not isinstance(entry, dict):
        raise ValueError("userinfo with an organisation that is none")
    role, unmet = entry.get("roleInOrg"), entry.get("securityRestrictions")
    locked = bool(entry.get("pendingSSO") or entry.get("missingMFA")) or (
        isinstance(unmet, list) and any(name in unmet for name in _UNMET)
    )
    return Membership(
        str(entry.get("sub", "")),
        str(entry.get("preferred_username", "")),
        None if role is None else str(role),
        locked,
    )


@dataclass(frozen=True)
class MembershipPolicy:
    """Who may sign in: members of `organisation` (its id, or its name, which another may take once it was given up).

    `roleless` is what members become of whom no role is told; None refuses them.
    """

    organisation: str
    roleless: Role | None = None

    @property
    def organisation_id(self) -> str | None:
        return self.organisation if _ID.fullmatch(self.organisation) else None

    def role_of(self, identity: Identity) -> Role:
        """Raises Refused: not_a_member, membership_locked, role_unknown, role_too_low."""
        membership = next((found for found in identity.memberships if self._is_meant(found)), None)
        if membership is None:
            raise Refused(
                "not_a_member",
                f"Only members of the organisation {self.organisation} on Hugging Face moderate here.",
            )
        if membership.locked:
            message = "Your organisation asks for more than you have done: sign in to it on Hugging Face, with two factors, and try again."
            raise Refused("membership_locked", message)
        role = self.roleless if membership.role is None else _ROLES.get(membership.role)
        if role is not None:
            return role
        if membership.role is None:
            message = "Hugging Face does not say what your role in the organisation is. Sign in again, and let this Space see the organisation."
            raise Refused("role_unknown", message)
        raise Refused(
            "role_too_low",
            "Your role in the organisation only lets you read. An admin of it can give you another one.",
        )

    def _is_meant(self, membership: Membership) -> bool:
        if self.organisation_id is not None:
            return membership.id == self.organisation_id
        return membership.name.casefold() == self.organisation.casefold()
