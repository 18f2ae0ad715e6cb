"""Account and sign-in services over a real database, with an admin."""

from __future__ import annotations

import pytest

from webapp.db.session import Sessions
from webapp.domain.enums import Role
from webapp.services.accounts import HOST, AccountService, Person, SignInService
from webapp.services.accounts.totp import TotpOffers
from webapp.services.audit.log import AuditService

PASSWORD = "correct horse battery"
LOOPBACK = "127.0.0.1"


class ManualClock:
    """Clock that a test advances."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def accounts(sessions: Sessions, audit: AuditService, clock: ManualClock) -> AccountService:
    return AccountService(sessions, audit, offers=TotpOffers(clock=clock))


@pytest.fixture
def signing(sessions: Sessions, audit: AuditService) -> SignInService:
    return SignInService(sessions, audit)


@pytest.fixture
def ada(accounts: AccountService) -> Person:
    """Return an admin whose password is PASSWORD."""
    accounts.accept(accounts.invite(HOST, "Ada", Role.ADMIN), PASSWORD)
    return Person(1, "ada", Role.ADMIN)
