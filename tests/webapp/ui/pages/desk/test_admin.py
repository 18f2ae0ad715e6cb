"""Tests of the tables of accounts and flags, over the real services."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from webapp.db.session import Sessions
from webapp.domain.enums import Role
from webapp.domain.errors import Refused
from webapp.services.accounts import HOST, AccountService, Person
from webapp.services.audit.log import AuditService
from webapp.services.moderation.flags import FlagService
from webapp.texts.desk import ENGLISH
from webapp.ui.pages.desk.admin import flags_table, people_table
from webapp.ui.services import DeskServices

ADA = Person(1, "ada", Role.ADMIN)


@pytest.fixture
def services(sessions: Sessions, audit: AuditService) -> DeskServices:
    services: Any = SimpleNamespace(
        accounts=AccountService(sessions, audit), flags=FlagService(sessions, audit)
    )
    services.accounts.invite(HOST, "ada", Role.ADMIN)
    return cast(DeskServices, services)


def test_accounts_are_listed_with_escaped_names(services: DeskServices) -> None:
    services.accounts.invite(HOST, "<i>mia", Role.MODERATOR)
    table = people_table(services, ADA, ENGLISH)
    assert "<td>ada</td>" in table
    assert "<td>&lt;i&gt;mia</td>" in table
    assert f"<td>{ENGLISH.roles[Role.MODERATOR]}</td>" in table


def test_without_flags_there_is_a_sentence(services: DeskServices) -> None:
    assert flags_table(services, ADA, ENGLISH).strip() == f"<p>{ENGLISH.no_flags}</p>"


@pytest.mark.parametrize("person", [None, Person(2, "mia", Role.MODERATOR)])
def test_only_admins_see_the_tables(services: DeskServices, person: Person | None) -> None:
    for table in (people_table, flags_table):
        with pytest.raises(Refused, match=r"sign in|may not"):
            table(services, person, ENGLISH)
