"""Role checks of principals."""

from __future__ import annotations

import pytest

from webapp.domain.enums import Role
from webapp.domain.errors import Refused
from webapp.services.accounts.principal import Person, require

ADMIN, MODERATOR = Person(1, "ada", Role.ADMIN), Person(2, "bela", Role.MODERATOR)


@pytest.mark.parametrize(
    ("person", "role"), [(ADMIN, Role.ADMIN), (ADMIN, Role.MODERATOR), (MODERATOR, Role.MODERATOR)]
)
def test_people_with_the_role_pass(person: Person, role: Role) -> None:
    assert require(person, role) is person


@pytest.mark.parametrize(
    ("person", "role", "code"),
    [(None, Role.MODERATOR, "not_signed_in"), (MODERATOR, Role.ADMIN, "not_allowed")],
)
def test_others_are_refused(person: Person | None, role: Role, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        require(person, role)
    assert refusal.value.code == code
