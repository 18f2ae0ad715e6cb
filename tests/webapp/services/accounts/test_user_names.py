"""Names that are accepted, refused, or confusable with an existing account's."""

from __future__ import annotations

from tests.webapp.services.conftest import refusal_code
from webapp.domain.enums import Role
from webapp.services.accounts import HOST, AccountService, Person


def test_names_are_compared_without_case_and_width(ada: Person, accounts: AccountService) -> None:
    assert refusal_code(accounts.invite, HOST, "ADA", Role.MODERATOR) == "name_taken"
    # Full width.
    assert refusal_code(accounts.invite, HOST, "ａｄａ", Role.MODERATOR) == "name_taken"
    for name in ("", "  ", "two words", "a" * 65, "nul\x00", "turned\u202e", "zero\u200bwidth", "\ud800"):
        assert refusal_code(accounts.invite, HOST, name, Role.MODERATOR) == "invalid_name", name


def test_names_that_look_alike_are_refused(ada: Person, accounts: AccountService) -> None:
    def invite(name: str) -> str:
        return refusal_code(accounts.invite, HOST, name, Role.MODERATOR)

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
    # Sara, in Cyrillic: no account has the Latin name that it looks like.
    accounts.invite(HOST, "\u0441\u0430\u0440\u0430", Role.MODERATOR)
    assert invite("capa") == "name_taken"
    assert {facts.name for facts in accounts.summaries(ada)} == {"ada", *accepted, "\u0441\u0430\u0440\u0430"}
