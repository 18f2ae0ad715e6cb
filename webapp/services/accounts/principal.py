"""Principals: the actors that a service authorises."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from webapp.domain.enums import Role
from webapp.domain.errors import Refused

# Prefix of account names that Hugging Face vouches for. No local account may have it.
FEDERATED_PREFIX = "hf:"


@dataclass(frozen=True)
class Person:
    """Signed-in person, by account."""

    id: int
    name: str
    role: Role


@dataclass(frozen=True)
class Host:
    """Operator who may run commands on the machine of the application."""


HOST = Host()
# None stands for a client without a session.
Principal = Person | Host | None


@dataclass(frozen=True)
class AccountSummary:
    """An account as an admin sees it. `ready`: the invitation was accepted."""

    name: str
    role: Role
    created_at: datetime
    ready: bool
    second_factor: bool
    disabled: bool


def require(person: Person | None, role: Role) -> Person:
    """Return the person if they have the role. Admins have every role.

    Raises Refused with not_signed_in or not_allowed.
    """
    if person is None:
        raise Refused("not_signed_in", "Please sign in.")
    if person.role not in (role, Role.ADMIN):
        raise Refused("not_allowed", "Your account may not do this.")
    return person
