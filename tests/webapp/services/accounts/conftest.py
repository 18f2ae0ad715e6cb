"""Account and sign-in services over a real database, with an admin."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from webapp.db.session import Sessions
from webapp.domain.enums import Role
from webapp.domain.errors import Refused
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


def refusal_code(call: Callable[..., object], *args: object) -> str:
    """Return the code with which the call is refused."""
    with pytest.raises(Refused) as refusal:
        call(*args)
    return refusal.value.code
