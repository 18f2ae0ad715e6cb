"""Sign-in, sessions and their rate limits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pyotp
from sqlalchemy import update

from tests.webapp.services.accounts.conftest import LOOPBACK, PASSWORD
from tests.webapp.services.conftest import refusal_code
from webapp.db.session import Sessions
from webapp.db.tables import Account, AccountSession
from webapp.domain.clock import now
from webapp.domain.enums import Role
from webapp.services.accounts import HOST, AccountService, Person, SignInService
from webapp.services.accounts.sessions import IDLE, LONGEST


def test_sessions_expire(ada: Person, signing: SignInService, sessions: Sessions) -> None:
    for column, longest in (("seen_at", IDLE), ("created_at", LONGEST)):
        token = signing.sign_in("ada", PASSWORD, "", LOOPBACK)
        assert signing.person_of(token) is not None
        with sessions.begin() as session:
            session.execute(update(AccountSession).values({column: now() - longest - timedelta(seconds=1)}))
        assert signing.person_of(token) is None


def test_a_request_prolongs_a_session(ada: Person, signing: SignInService, sessions: Sessions) -> None:
    token = signing.sign_in("ada", PASSWORD, "", LOOPBACK)
    with sessions.begin() as session:
        session.execute(update(AccountSession).values(seen_at=now() - IDLE / 2))
    signing.person_of(token)
    with sessions() as session:
        assert session.query(AccountSession).one().seen_at > now() - timedelta(minutes=1)


def test_signing_in_again_ends_the_earlier_session(ada: Person, signing: SignInService) -> None:
    earlier = signing.sign_in("ada", PASSWORD, "", LOOPBACK)
    later = signing.sign_in("ada", PASSWORD, "", LOOPBACK, previous=earlier)
    assert earlier != later
    assert signing.person_of(earlier) is None
    assert signing.person_of(later) is not None


def test_a_code_is_needed_and_counts_once(
    ada: Person, accounts: AccountService, signing: SignInService, sessions: Sessions
) -> None:
    offer = accounts.offer_second_factor(ada)
    secret = offer.secret
    assert refusal_code(accounts.confirm_second_factor, ada, offer.token, "000000x") == "wrong_code"
    accounts.confirm_second_factor(ada, offer.token, pyotp.TOTP(secret).now())
    with sessions.begin() as session:
        # As if it had been confirmed a while ago.
        session.execute(update(Account).values(totp_step=0))
    assert refusal_code(signing.sign_in, "ada", PASSWORD, "", LOOPBACK) == "code_needed"
    assert refusal_code(signing.sign_in, "ada", "wrong password", "", LOOPBACK) == "wrong_credentials"
    code = pyotp.TOTP(secret).now()
    assert signing.sign_in("ada", PASSWORD, f"{code[:3]} {code[3:]}", LOOPBACK)
    assert refusal_code(signing.sign_in, "ada", PASSWORD, code, LOOPBACK) == "wrong_credentials"


def test_failed_attempts_are_limited_per_account_and_address(ada: Person, signing: SignInService) -> None:
    for number in range(10):
        assert (
            refusal_code(signing.sign_in, "ada", "wrong password", "", f"10.0.0.{number}")
            == "wrong_credentials"
        )
    assert refusal_code(signing.sign_in, "ada", PASSWORD, "", "10.0.1.1") == "too_many_tries"
    for number in range(10):
        assert (
            refusal_code(signing.sign_in, f"unknown{number}", PASSWORD, "", LOOPBACK) == "wrong_credentials"
        )
    assert refusal_code(signing.sign_in, "stranger", PASSWORD, "", LOOPBACK) == "too_many_tries"


def test_success_neither_counts_nor_resets_failures(
    ada: Person, accounts: AccountService, signing: SignInService
) -> None:
    def wrong(name: str) -> str:
        return refusal_code(signing.sign_in, name, "wrong password", "", LOOPBACK)

    for _ in range(12):
        assert signing.sign_in("ada", PASSWORD, "", LOOPBACK)
    offer = accounts.offer_second_factor(ada)
    accounts.confirm_second_factor(ada, offer.token, pyotp.TOTP(offer.secret).now())
    for _ in range(12):
        assert refusal_code(signing.sign_in, "ada", PASSWORD, "", LOOPBACK) == "code_needed"
    accounts.accept(accounts.invite(HOST, "bela", Role.MODERATOR), PASSWORD)
    for _ in range(5):
        assert wrong("ada") == "wrong_credentials"
        # An account of one's own does not buy further guesses.
        assert signing.sign_in("bela", PASSWORD, "", LOOPBACK)
        # Nor does the code.
        assert refusal_code(signing.sign_in, "ada", PASSWORD, "1", LOOPBACK) == "wrong_credentials"
    assert refusal_code(signing.sign_in, "bela", PASSWORD, "", LOOPBACK) == "too_many_tries"


def test_concurrent_attempts_are_limited_like_sequential_ones(ada: Person, signing: SignInService) -> None:
    def guess(number: int) -> str:
        return refusal_code(signing.sign_in, "ada", f"guess number {number}", "", f"10.0.0.{number}")

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(guess, range(20)))
    assert sorted(answers) == ["too_many_tries"] * 10 + ["wrong_credentials"] * 10
