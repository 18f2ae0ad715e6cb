"""Administration of accounts, their links and second factors."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pyotp
from sqlalchemy import text, update

from tests.webapp.services.accounts.conftest import LOOPBACK, PASSWORD, ManualClock
from tests.webapp.services.conftest import refusal_code
from webapp.db.session import Sessions
from webapp.db.tables import Account, AuditEntry, Link
from webapp.domain.clock import now
from webapp.domain.enums import Role
from webapp.domain.errors import Refused
from webapp.services.accounts import HOST, AccountService, Person, SignInService, require
from webapp.services.accounts.totp import OFFER_SECONDS
from webapp.services.audit.log import AuditService


def test_an_invited_person_signs_in_and_out(accounts: AccountService, signing: SignInService) -> None:
    link = accounts.invite(HOST, "Béla", Role.MODERATOR)
    # Not accepted yet.
    assert refusal_code(signing.sign_in, "béla", "", "", LOOPBACK) == "wrong_credentials"
    assert accounts.accept(link, PASSWORD) == "béla"
    token = signing.sign_in(" BÉLA ", PASSWORD, "", LOOPBACK)
    person = signing.person_of(token)
    assert person is not None
    assert (person.name, person.role) == ("béla", Role.MODERATOR)
    signing.sign_out(token)
    assert signing.person_of(token) is None
    signing.sign_out(token)
    assert signing.person_of(None) is None


def test_a_link_works_once_and_expires(accounts: AccountService, sessions: Sessions) -> None:
    link = accounts.invite(HOST, "ada", Role.ADMIN)
    # And the link is still good.
    assert refusal_code(accounts.accept, link, "too short") == "weak_password"
    accounts.accept(link, PASSWORD)
    assert refusal_code(accounts.accept, link, PASSWORD) == "invalid_link"
    assert refusal_code(accounts.accept, "no such link", PASSWORD) == "invalid_link"
    late = accounts.reset(HOST, "ada")
    with sessions.begin() as session:
        session.execute(update(Link).values(expires_at=now() - timedelta(seconds=1)))
    assert refusal_code(accounts.accept, late, PASSWORD) == "invalid_link"


def test_concurrent_clients_of_one_link_set_one_password(
    accounts: AccountService, signing: SignInService
) -> None:
    link = accounts.invite(HOST, "ada", Role.ADMIN)
    words = [f"password number {number}" for number in range(4)]

    def accept(password: str) -> str:
        try:
            return accounts.accept(link, password)
        except Refused as refusal:
            return refusal.code

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(accept, words))
    assert sorted(answers) == ["ada", *["invalid_link"] * 3]
    assert signing.sign_in("ada", words[answers.index("ada")], "", LOOPBACK)


def test_a_reset_ends_sessions_and_the_second_factor(
    ada: Person, accounts: AccountService, signing: SignInService, sessions: Sessions
) -> None:
    token = signing.sign_in("ada", PASSWORD, "", LOOPBACK)
    offer = accounts.offer_second_factor(ada)
    assert offer.address.startswith("otpauth://totp/")
    accounts.confirm_second_factor(ada, offer.token, pyotp.TOTP(offer.secret).now())
    first, second = accounts.reset(HOST, "ada"), accounts.reset(HOST, "ada")
    # The second took its place.
    assert refusal_code(accounts.accept, first, PASSWORD) == "invalid_link"
    accounts.accept(second, "another password")
    assert signing.person_of(token) is None
    assert refusal_code(signing.sign_in, "ada", PASSWORD, "", LOOPBACK) == "wrong_credentials"
    assert signing.sign_in("ada", "another password", "", LOOPBACK)
    audited = [(entry.actor, entry.action, entry.subject, entry.details) for entry in entries(sessions)]
    own = ("user:1", "password_set", "account:1")
    assert [
        entry
        for entry in audited
        if entry[1] in ("password_set", "second_factor_set", "second_factor_removed")
    ] == [
        (*own, '{"link":"invite"}'),
        ("user:1", "second_factor_set", "account:1", '{"replaced":false}'),
        (*own, '{"link":"reset"}'),
        ("user:1", "second_factor_removed", "account:1", "{}"),
    ]
    AuditService(sessions, None).verify()


def entries(sessions: Sessions) -> list[AuditEntry]:
    with sessions() as session:
        return session.query(AuditEntry).order_by(AuditEntry.number).all()


def test_replacing_a_second_factor_takes_a_code_of_the_present_one(
    ada: Person, accounts: AccountService, sessions: Sessions, clock: ManualClock
) -> None:
    accounts.accept(accounts.invite(HOST, "bela", Role.MODERATOR), PASSWORD)
    bela, chosen = Person(2, "bela", Role.MODERATOR), "A" * 32
    assert (
        refusal_code(accounts.confirm_second_factor, ada, chosen, pyotp.TOTP(chosen).now()) == "offer_expired"
    )
    first, later = accounts.offer_second_factor(ada), accounts.offer_second_factor(ada)
    assert len({first.secret, later.secret}) == 2
    assert (
        refusal_code(accounts.confirm_second_factor, ada, first.token, pyotp.TOTP(first.secret).now())
        == "offer_expired"
    )
    assert (
        refusal_code(accounts.confirm_second_factor, bela, later.token, pyotp.TOTP(later.secret).now())
        == "offer_expired"
    )
    accounts.confirm_second_factor(ada, later.token, pyotp.TOTP(later.secret).now())
    assert (
        refusal_code(accounts.confirm_second_factor, ada, later.token, pyotp.TOTP(later.secret).now())
        == "offer_expired"
    )

    new = accounts.offer_second_factor(ada)
    assert (later.replaces, new.replaces) == (False, True)
    code, used = pyotp.TOTP(new.secret).now(), pyotp.TOTP(later.secret).now()
    for present in ("", "000000x", used, code):
        assert (
            refusal_code(accounts.confirm_second_factor, ada, new.token, code, present)
            == "wrong_present_code"
        )
    with sessions.begin() as session:
        assert session.get_one(Account, 1).totp_secret == later.secret
        # As if it had been confirmed a while ago.
        session.execute(update(Account).values(totp_step=0))
    accounts.confirm_second_factor(ada, new.token, code, used)
    with sessions() as session:
        assert session.get_one(Account, 1).totp_secret == new.secret
    assert [entry.details for entry in entries(sessions) if entry.action == "second_factor_set"] == [
        '{"replaced":false}',
        '{"replaced":true}',
    ]
    offer = accounts.offer_second_factor(ada)
    clock.seconds += OFFER_SECONDS + 1
    assert refusal_code(accounts.pending_offer, ada, offer.token) == "offer_expired"


def test_code_attempts_of_an_open_session_are_limited(ada: Person, accounts: AccountService) -> None:
    offer = accounts.offer_second_factor(ada)
    for _ in range(10):
        assert refusal_code(accounts.confirm_second_factor, ada, offer.token, "wrong") == "wrong_code"
    assert (
        refusal_code(accounts.confirm_second_factor, ada, offer.token, pyotp.TOTP(offer.secret).now())
        == "too_many_tries"
    )


def test_disabling_ends_sessions_and_links(
    ada: Person, accounts: AccountService, signing: SignInService
) -> None:
    accounts.accept(accounts.invite(HOST, "bela", Role.MODERATOR), PASSWORD)
    token, link = signing.sign_in("bela", PASSWORD, "", LOOPBACK), accounts.reset(HOST, "bela")
    accounts.set_disabled(ada, "bela", True)
    assert signing.person_of(token) is None
    assert refusal_code(signing.sign_in, "bela", PASSWORD, "", LOOPBACK) == "wrong_credentials"
    assert refusal_code(accounts.accept, link, PASSWORD) == "invalid_link"
    accounts.set_disabled(ada, "bela", False)
    assert signing.person_of(token) is None
    assert signing.sign_in("bela", PASSWORD, "", LOOPBACK)


def test_the_last_admin_cannot_step_down(ada: Person, accounts: AccountService) -> None:
    assert refusal_code(accounts.set_disabled, ada, "ada", True) == "last_admin"
    assert refusal_code(accounts.set_role, ada, "ada", Role.MODERATOR) == "last_admin"
    accounts.accept(accounts.invite(HOST, "bela", Role.ADMIN), PASSWORD)

    def step_down(name: str) -> str:
        try:
            accounts.set_role(ada, name, Role.MODERATOR)
        except Refused as refusal:
            return refusal.code
        return "done"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(step_down, ["ada", "bela"])) == ["done", "last_admin"]


def test_roles_are_checked_in_the_service(ada: Person, accounts: AccountService) -> None:
    bela = Person(2, "bela", Role.MODERATOR)
    for person, code in ((None, "not_signed_in"), (bela, "not_allowed")):
        assert refusal_code(accounts.summaries, person) == code
        assert refusal_code(accounts.set_role, person, "ada", Role.MODERATOR) == code
        assert refusal_code(accounts.set_disabled, person, "ada", True) == code
    assert refusal_code(accounts.offer_second_factor, None) == "not_signed_in"
    assert require(ada, Role.MODERATOR) == ada
    assert [facts.name for facts in accounts.summaries(ada)] == ["ada"]


def test_no_secret_is_stored_in_plain_text(
    ada: Person, accounts: AccountService, signing: SignInService, sessions: Sessions
) -> None:
    token, link = signing.sign_in("ada", PASSWORD, "", "203.0.113.9"), accounts.reset(HOST, "ada")
    with sessions() as session:
        rows = [
            str(row)
            for table in ("account", "signed_in", "link")
            for row in session.execute(text(f"SELECT * FROM {table}"))
        ]
    assert rows
    for secret in (token, link, PASSWORD, "203.0.113.9"):
        assert not any(secret in row for row in rows)
