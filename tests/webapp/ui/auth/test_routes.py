"""Tests of the sign-in routes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx
import pyotp
import pytest
from httpx import Client

from tests.conftest import Server, served
from tests.webapp.ui.auth.conftest import PASSWORD, sign_in_as_ada
from webapp.db.session import Sessions
from webapp.db.tables import AuditEntry
from webapp.domain.enums import Role
from webapp.domain.errors import Refused
from webapp.services.accounts import HOST, AccountService, Person, SignInService
from webapp.services.audit.log import AuditService
from webapp.ui.auth import cookies


def test_an_invitation_leads_to_the_desk_and_signing_out_ends_the_session(
    client: Client, accounts: AccountService
) -> None:
    token = accounts.invite(HOST, "ada", Role.ADMIN)
    assert "Choose a password" in client.get("/link").text
    answer = client.post("/link", data={"token": token, "password": "short"})
    assert answer.status_code == 422
    # The form still has the token.
    assert token in answer.text
    assert (
        "You can sign in as ada now" in client.post("/link", data={"token": token, "password": PASSWORD}).text
    )
    answer = client.post("/sign-in", data={"name": "ada", "password": PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/")
    assert client.get("/desk/").json() == {"secret": "cases"}
    # An image on another page could request it with GET.
    assert client.get("/sign-out").status_code == 405
    assert client.post("/sign-out").status_code == 303
    assert client.get("/desk/").status_code == 401


def test_the_session_cookie_is_secure_behind_https_only(client: Client, ada: Person) -> None:
    header = client.post("/sign-in", data={"name": "ada", "password": PASSWORD}).headers["set-cookie"]
    assert header.startswith(f"{cookies.SESSION}=")
    assert "httponly" in header.lower()
    assert "samesite=strict" in header.lower()
    # Over plain HTTP a browser would discard a secure cookie.
    assert "secure" not in header.lower()
    behind_proxy = client.post(
        "/sign-in", data={"name": "ada", "password": PASSWORD}, headers={"X-Forwarded-Proto": "https"}
    )
    assert "secure" in behind_proxy.headers["set-cookie"].lower()


def test_errors_are_explained_and_values_are_escaped(client: Client, ada: Person) -> None:
    answer = client.post("/sign-in", data={"name": "<b>'\"", "password": "x"})
    assert answer.status_code == 422
    assert "Name, password or code is wrong" in answer.text
    assert "<b>" not in answer.text
    assert "&lt;b&gt;&#39;&#34;" in answer.text
    assert client.post("/sign-in", content=b"name=" + b"a" * 10_000).status_code == 422
    assert client.post("/sign-in", content=b"\xff\xfe=%ff&password=%00").status_code == 422
    for _ in range(10):
        status = sign_in_as_ada(client, password="wrong password")
    assert status == 429


def test_the_first_code_turns_a_second_factor_on(client: Client, ada: Person) -> None:
    assert client.get("/second-factor").status_code == 401
    sign_in_as_ada(client)
    chosen = "A" * 32
    for field in ("offer", "secret"):
        answer = client.post("/second-factor", data={field: chosen, "code": pyotp.TOTP(chosen).now()})
        assert (answer.status_code, "offer_expired" in answer.text) == (422, True)
    secret, fields = offered(client.get("/second-factor").text)
    answer = client.post("/second-factor", data={**fields, "code": "1"})
    assert answer.status_code == 422
    # The same key again, because the app has read it already.
    assert offered(answer.text) == (secret, fields)
    done = client.post("/second-factor", data={**fields, "code": pyotp.TOTP(secret).now()})
    assert "Second factor on" in done.text
    page = client.get("/second-factor").text
    assert 'name="present"' in page
    another, fields = offered(page)
    answer = client.post("/second-factor", data={**fields, "code": pyotp.TOTP(another).now()})
    assert (answer.status_code, "present key is wrong" in answer.text) == (422, True)
    client.post("/sign-out")
    answer = client.post("/sign-in", data={"name": "ada", "password": PASSWORD})
    assert answer.status_code == 422
    assert "enter the code" in answer.text


def offered(page: str) -> tuple[str, dict[str, str]]:
    """Return the key on a page, and the hidden form field with its token."""
    key = re.findall(r"<code>([A-Z2-7 ]+)</code>", page)[0]
    token = re.findall(r'name="offer" type="hidden" value="([\w-]{43})"', page)[0]
    return key.replace(" ", ""), {"offer": token}


def sign_in_entries(sessions: Sessions) -> list[tuple[str, str, str, dict[str, str]]]:
    with sessions() as session:
        rows = session.query(AuditEntry).order_by(AuditEntry.number).all()
    return [
        (row.actor, row.action, row.subject, json.loads(row.details))
        for row in rows
        if row.action.startswith("sign")
    ]


def test_sign_ins_sign_outs_and_refusals_are_audited(client: Client, ada: Person, sessions: Sessions) -> None:
    assert sign_in_as_ada(client, password="wrong") == 422
    # The name that was typed is not stored: it may be a password.
    assert sign_in_as_ada(client, name="hunter2") == 422
    assert sign_in_as_ada(client) == 303
    for _ in range(2):
        client.post("/sign-out")
    refused = {"code": "wrong_credentials"}
    assert sign_in_entries(sessions) == [
        ("none", "sign_in_refused", "account:1", refused),
        ("none", "sign_in_refused", "", refused),
        ("user:1", "signed_in", "account:1", {}),
        ("user:1", "signed_out", "account:1", {}),
    ]
    AuditService(sessions, None).verify()


def test_guesses_from_many_addresses_do_not_fill_the_audit_log(sessions: Sessions) -> None:
    signing = SignInService(sessions, AuditService(sessions, None))
    for number in range(70):
        with pytest.raises(Refused):
            signing.sign_in(f"name{number}", "guess", "", f"203.0.113.{number}")
    assert len(sign_in_entries(sessions)) == 60


def guesses(server: Server, count: int) -> list[int]:
    """Return the statuses of sign-ins with different names and forwarded addresses."""
    with httpx.Client(base_url=server.url, timeout=30) as client:
        return [
            client.post(
                "/sign-in",
                data={"name": f"name{number}", "password": "a guess"},
                headers={"X-Forwarded-For": f"6.6.6.6, 203.0.113.{number}"},
            ).status_code
            for number in range(count)
        ]


@pytest.mark.parametrize(("trusted", "last"), [("", 429), ("10.0.0.0/8", 429), ("127.0.0.1", 422)])
def test_a_forwarded_address_counts_only_if_the_proxy_is_trusted(
    tmp_path: Path, trusted: str, last: int
) -> None:
    with served(tmp_path, LENS_TRUSTED_PROXIES=trusted, FORWARDED_ALLOW_IPS="*") as server:
        assert guesses(server, 11) == [422] * 10 + [last]
