"""Who asks for something, and whether he may."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from webapp.domain.enums import Role
from webapp.domain.errors import Refused


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in."""

    id: int
    name: str
    role: Role


@dataclass(frozen=True)
class Host:
    """Whoever may run commands where the application runs."""


HOST = Host()
FEDERATED_PREFIX = "hf:"  # begins the names of accounts that Hugging Face vouches for, and of no local one
Principal = Person | Host | None  # None: nobody is signed in


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
    """The person, if his role allows it: an admin may what a moderator may. Raises Refused: not_signed_in, not_allowed."""
    if person is None:
        raise Refused("not_signed_in", "Please sign in.")
    if person.role not in (role, Role.ADMIN):
        raise Refused("not_allowed", "Your account may not do this.")
    return person
