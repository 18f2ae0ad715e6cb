from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import text, update

from webapp.db.session import Sessions
from webapp.db.tables import Account, AuditEntry, Link, SignedIn
from webapp.domain.clock import now
from webapp.domain.enums import Role
from webapp.domain.errors import Refused
from webapp.services.accounts import HOST, AccountService, Person, SignInService, require
from webapp.services.accounts.service import GOOD_FOR
from webapp.services.accounts.sessions import IDLE, LONGEST
from webapp.services.audit.log import AuditService

PASSWORD = "correct horse battery"
HOME = "127.0.0.1"


@pytest.fixture
def accounts(sessions: Sessions) -> AccountService:
    return AccountService(sessions)


@pytest.fixture
def signing(sessions: Sessions) -> SignInService:
    return SignInService(sessions)


@pytest.fixture
def ada(accounts: AccountService) -> Person:
    """An admin."""
    accounts.accept(accounts.invite(HOST, "Ada", Role.ADMIN), PASSWORD)
    return Person(1, "ada", Role.ADMIN)


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refusal:
        call()
    return refusal.value.code


def test_an_invited_person_signs_in_and_out(accounts: AccountService, signing: SignInService) -> None:
    link = accounts.invite(HOST, "Béla", Role.MODERATOR)
    assert code_of(lambda: signing.sign_in("béla", "", "", HOME)) == "wrong_credentials"  # not accepted yet
    assert accounts.accept(link, PASSWORD) == "béla"
    token = signing.sign_in(" BÉLA ", PASSWORD, "", HOME)
    person = signing.person_of(token)
    assert person is not None
    assert (person.name, person.role) == ("béla", Role.MODERATOR)
    signing.sign_out(token)
    assert signing.person_of(token) is None
    signing.sign_out(token)
    assert signing.person_of(None) is None


def test_a_link_works_once_and_not_for_ever(accounts: AccountService, sessions: Sessions) -> None:
    link = accounts.invite(HOST, "ada", Role.ADMIN)
    assert (
        code_of(lambda: accounts.accept(link, "too short")) == "weak_password"
    )  # and the link is still good
    accounts.accept(link, PASSWORD)
    assert code_of(lambda: accounts.accept(link, PASSWORD)) == "invalid_link"
    assert code_of(lambda: accounts.accept("no such link", PASSWORD)) == "invalid_link"
    late = accounts.reset(HOST, "ada")
    with sessions.begin() as session:
        session.execute(update(Link).values(expires_at=now() - timedelta(seconds=1)))
    assert code_of(lambda: accounts.accept(late, PASSWORD)) == "invalid_link"


def test_two_who_use_one_link_at_once_do_not_both_choose_a_password(
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
    assert signing.sign_in("ada", words[answers.index("ada")], "", HOME)


def test_a_reset_ends_sessions_and_the_second_factor(
    ada: Person, accounts: AccountService, signing: SignInService, sessions: Sessions
) -> None:
    token = signing.sign_in("ada", PASSWORD, "", HOME)
    offer = accounts.offer_second_factor(ada)
    assert offer.address.startswith("otpauth://totp/")
    accounts.confirm_second_factor(ada, offer.token, pyotp.TOTP(offer.secret).now())
    first, second = accounts.reset(HOST, "ada"), accounts.reset(HOST, "ada")
    assert code_of(lambda: accounts.accept(first, PASSWORD)) == "invalid_link"  # the second took its place
    accounts.accept(second, "another password")
    assert signing.person_of(token) is None
    assert code_of(lambda: signing.sign_in("ada", PASSWORD, "", HOME)) == "wrong_credentials"
    assert signing.sign_in("ada", "another password", "", HOME)
    told = [(entry.actor, entry.action, entry.subject, entry.details) for entry in entries(sessions)]
    own = ("user:1", "password_set", "account:1")
    assert [
        entry for entry in told if entry[1] in ("password_set", "second_factor_set", "second_factor_removed")
    ] == [
        (*own, '{"link":"invite"}'),
        ("user:1", "second_factor_set", "account:1", '{"replaced":false}'),
        (*own, '{"link":"reset"}'),
        ("user:1", "second_factor_removed", "account:1", "{}"),
    ]
    AuditService(sessions).verify()


def entries(sessions: Sessions) -> list[AuditEntry]:
    with sessions() as session:
        return session.query(AuditEntry).order_by(AuditEntry.number).all()


def test_a_second_factor_is_of_the_servers_making_and_not_replaced_by_a_session_alone(
    ada: Person, accounts: AccountService, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts.accept(accounts.invite(HOST, "bela", Role.MODERATOR), PASSWORD)
    bela, chosen = Person(2, "bela", Role.MODERATOR), "A" * 32
    assert (
        code_of(lambda: accounts.confirm_second_factor(ada, chosen, pyotp.TOTP(chosen).now()))
        == "offer_expired"
    )
    first, later = accounts.offer_second_factor(ada), accounts.offer_second_factor(ada)
    assert len({first.secret, later.secret}) == 2
    assert (
        code_of(lambda: accounts.confirm_second_factor(ada, first.token, pyotp.TOTP(first.secret).now()))
        == "offer_expired"
    )
    assert (
        code_of(lambda: accounts.confirm_second_factor(bela, later.token, pyotp.TOTP(later.secret).now()))
        == "offer_expired"
    )
    accounts.confirm_second_factor(ada, later.token, pyotp.TOTP(later.secret).now())
    assert (
        code_of(lambda: accounts.confirm_second_factor(ada, later.token, pyotp.TOTP(later.secret).now()))
        == "offer_expired"
    )

    new = accounts.offer_second_factor(ada)
    assert (later.replaces, new.replaces) == (False, True)
    code, used = pyotp.TOTP(new.secret).now(), pyotp.TOTP(later.secret).now()
    for present in ("", "000000x", used, code):
        assert (
            code_of(lambda present=present: accounts.confirm_second_factor(ada, new.token, code, present))
            == "wrong_present_code"
        )  # type: ignore[misc]
    with sessions.begin() as session:
        assert session.get_one(Account, 1).totp_secret == later.secret
        session.execute(update(Account).values(totp_step=0))  # as if it had been confirmed a while ago
    accounts.confirm_second_factor(ada, new.token, code, used)
    with sessions() as session:
        assert session.get_one(Account, 1).totp_secret == new.secret
    assert [entry.details for entry in entries(sessions) if entry.action == "second_factor_set"] == [
        '{"replaced":false}',
        '{"replaced":true}',
    ]
    monkeypatch.setattr("webapp.services.accounts.totp.GOOD_FOR", -1)
    assert (
        code_of(lambda: accounts.pending_offer(ada, accounts.offer_second_factor(ada).token))
        == "offer_expired"
    )


def test_codes_are_not_guessed_at_an_open_session(ada: Person, accounts: AccountService) -> None:
    offer = accounts.offer_second_factor(ada)
    for _ in range(10):
        assert code_of(lambda: accounts.confirm_second_factor(ada, offer.token, "wrong")) == "wrong_code"
    assert (
        code_of(lambda: accounts.confirm_second_factor(ada, offer.token, pyotp.TOTP(offer.secret).now()))
        == "too_many_tries"
    )


def test_a_code_is_needed_and_counts_once(
    ada: Person, accounts: AccountService, signing: SignInService, sessions: Sessions
) -> None:
    offer = accounts.offer_second_factor(ada)
    secret = offer.secret
    assert code_of(lambda: accounts.confirm_second_factor(ada, offer.token, "000000x")) == "wrong_code"
    accounts.confirm_second_factor(ada, offer.token, pyotp.TOTP(secret).now())
    with sessions.begin() as session:
        session.execute(update(Account).values(totp_step=0))  # as if it had been confirmed a while ago
    assert code_of(lambda: signing.sign_in("ada", PASSWORD, "", HOME)) == "code_needed"
    assert code_of(lambda: signing.sign_in("ada", "wrong password", "", HOME)) == "wrong_credentials"
    code = pyotp.TOTP(secret).now()
    assert signing.sign_in("ada", PASSWORD, f"{code[:3]} {code[3:]}", HOME)
    assert code_of(lambda: signing.sign_in("ada", PASSWORD, code, HOME)) == "wrong_credentials"


def test_sessions_expire(ada: Person, signing: SignInService, sessions: Sessions) -> None:
    for column, longest in (("seen_at", IDLE), ("created_at", LONGEST)):
        token = signing.sign_in("ada", PASSWORD, "", HOME)
        assert signing.person_of(token) is not None
        with sessions.begin() as session:
            session.execute(update(SignedIn).values({column: now() - longest - timedelta(seconds=1)}))
        assert signing.person_of(token) is None


def test_being_seen_prolongs_a_session(ada: Person, signing: SignInService, sessions: Sessions) -> None:
    token = signing.sign_in("ada", PASSWORD, "", HOME)
    with sessions.begin() as session:
        session.execute(update(SignedIn).values(seen_at=now() - IDLE / 2))
    signing.person_of(token)
    with sessions() as session:
        assert session.query(SignedIn).one().seen_at > now() - timedelta(minutes=1)


def test_signing_in_again_ends_the_earlier_session(ada: Person, signing: SignInService) -> None:
    earlier = signing.sign_in("ada", PASSWORD, "", HOME)
    later = signing.sign_in("ada", PASSWORD, "", HOME, previous=earlier)
    assert earlier != later
    assert signing.person_of(earlier) is None
    assert signing.person_of(later) is not None


def test_ten_tries_a_minute_for_an_account_and_for_an_address(ada: Person, signing: SignInService) -> None:
    for number in range(10):
        assert (
            code_of(lambda number=number: signing.sign_in("ada", "wrong password", "", f"10.0.0.{number}"))
            == "wrong_credentials"
        )  # type: ignore[misc]
    assert code_of(lambda: signing.sign_in("ada", PASSWORD, "", "10.0.1.1")) == "too_many_tries"
    for number in range(10):
        assert (
            code_of(lambda number=number: signing.sign_in(f"nobody{number}", PASSWORD, "", HOME))
            == "wrong_credentials"
        )  # type: ignore[misc]
    assert code_of(lambda: signing.sign_in("somebody", PASSWORD, "", HOME)) == "too_many_tries"


def test_right_passwords_count_for_nothing_and_undo_no_wrong_one(
    ada: Person, accounts: AccountService, signing: SignInService
) -> None:
    def wrong(name: str) -> str:
        return code_of(lambda: signing.sign_in(name, "wrong password", "", HOME))

    for _ in range(12):
        assert signing.sign_in("ada", PASSWORD, "", HOME)
    offer = accounts.offer_second_factor(ada)
    accounts.confirm_second_factor(ada, offer.token, pyotp.TOTP(offer.secret).now())
    for _ in range(12):
        assert code_of(lambda: signing.sign_in("ada", PASSWORD, "", HOME)) == "code_needed"
    accounts.accept(accounts.invite(HOST, "bela", Role.MODERATOR), PASSWORD)
    for _ in range(5):
        assert wrong("ada") == "wrong_credentials"
        assert signing.sign_in(
            "bela", PASSWORD, "", HOME
        )  # an account of one's own does not buy further guesses
        assert (
            code_of(lambda: signing.sign_in("ada", PASSWORD, "1", HOME)) == "wrong_credentials"
        )  # nor does the code
    assert code_of(lambda: signing.sign_in("bela", PASSWORD, "", HOME)) == "too_many_tries"


def test_no_more_are_tried_at_once_than_one_after_the_other(ada: Person, signing: SignInService) -> None:
    def guess(number: int) -> str:
        return code_of(lambda: signing.sign_in("ada", f"guess number {number}", "", f"10.0.0.{number}"))

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(guess, range(20)))
    assert sorted(answers) == ["too_many_tries"] * 10 + ["wrong_credentials"] * 10


def test_a_disabled_account_is_out_at_once(
    ada: Person, accounts: AccountService, signing: SignInService
) -> None:
    accounts.accept(accounts.invite(HOST, "bela", Role.MODERATOR), PASSWORD)
    token, link = signing.sign_in("bela", PASSWORD, "", HOME), accounts.reset(HOST, "bela")
    accounts.set_disabled(ada, "bela", True)
    assert signing.person_of(token) is None
    assert code_of(lambda: signing.sign_in("bela", PASSWORD, "", HOME)) == "wrong_credentials"
    assert code_of(lambda: accounts.accept(link, PASSWORD)) == "invalid_link"
    accounts.set_disabled(ada, "bela", False)
    assert signing.person_of(token) is None
    assert signing.sign_in("bela", PASSWORD, "", HOME)


def test_one_admin_stays(ada: Person, accounts: AccountService) -> None:
    assert code_of(lambda: accounts.set_disabled(ada, "ada", True)) == "last_admin"
    assert code_of(lambda: accounts.set_role(ada, "ada", Role.MODERATOR)) == "last_admin"
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
        assert code_of(lambda person=person: accounts.summaries(person)) == code  # type: ignore[misc]
        assert code_of(lambda person=person: accounts.set_role(person, "ada", Role.MODERATOR)) == code  # type: ignore[misc]
        assert code_of(lambda person=person: accounts.set_disabled(person, "ada", True)) == code  # type: ignore[misc]
    assert code_of(lambda: accounts.offer_second_factor(None)) == "not_signed_in"
    assert require(ada, Role.MODERATOR) == ada
    assert [facts.name for facts in accounts.summaries(ada)] == ["ada"]


def test_names_are_one_whatever_their_capitals_and_no_trick(ada: Person, accounts: AccountService) -> None:
    assert code_of(lambda: accounts.invite(HOST, "ADA", Role.MODERATOR)) == "name_taken"
    assert code_of(lambda: accounts.invite(HOST, "ａｄａ", Role.MODERATOR)) == "name_taken"  # full width
    for name in ("", "  ", "two words", "a" * 65, "nul\x00", "turned\u202e", "zero\u200bwidth", "\ud800"):
        assert code_of(lambda name=name: accounts.invite(HOST, name, Role.MODERATOR)) == "invalid_name", name  # type: ignore[misc]


def test_names_that_look_alike_are_refused(ada: Person, accounts: AccountService) -> None:
    def invite(name: str) -> str:
        return code_of(lambda: accounts.invite(HOST, name, Role.MODERATOR))

    mixed = (
        "mi\u0430",
        "m\u0456a",
        "\u0420aul",
        "ad\u03b1",
        "\u4e2dmei",
        "a\u30fc",
        "mia\u0301\u0301",
        "i\u034fa",
        "mia\ufe0f",
        "mi\u00b7a",
    )
    unseen = (
        "\u3164",
        "\u115f",
        "\uac00\uffa0",
        "\u2800",
        "m\u02bca",
        "mia\u0661",
        "\u2010mia",
        "mia\U000e0100",
        "\u17b4\u1780",
        "\u180e",
    )
    for name in (*mixed, *unseen):
        assert invite(name) == "invalid_name", ascii(name)
    accepted = (
        "béla",
        "новикова2",
        "μαρία",
        "田中さくら",
        "김민수",
        "मीना",
        "محمد",
        "դավիթ",
        "o'neil-1_2.3@lens",
        "łukasz",
        "nguyễn",
        "cope",
        "二郎",
    )
    for name in accepted:
        accounts.invite(HOST, name, Role.MODERATOR)
    for name in ("\u0441\u043e\u0440\u0435", "c0pe", "ニ郎", "n\u0261uyễn", "NGUYỄN"):
        assert invite(name) == "name_taken", ascii(name)
    accounts.invite(
        HOST, "\u0441\u0430\u0440\u0430", Role.MODERATOR
    )  # Sara, in Cyrillic: nobody is called what it looks like
    assert invite("capa") == "name_taken"
    assert {facts.name for facts in accounts.summaries(ada)} == {"ada", *accepted, "\u0441\u0430\u0440\u0430"}


def test_nothing_readable_is_kept(
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
    assert GOOD_FOR
