from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pyotp
import pytest
from httpx import Client
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from webapp.db.session import Sessions
from webapp.db.tables import AuditEntry
from webapp.domain.enums import Role
from webapp.domain.errors import Refused
from webapp.services.accounts import HOST, AccountService, Person, SignInService
from webapp.services.audit.log import AuditService
from webapp.ui.auth import PATHS, Door, build
from webapp.ui.auth import cookies as cookie

PASSWORD = "correct horse battery"
BASE = "http://lens.example"


async def desk(_: Request) -> JSONResponse:
    return JSONResponse({"secret": "cases"})


@pytest.fixture
def accounts(sessions: Sessions) -> AccountService:
    return AccountService(sessions)


@pytest.fixture
def client(sessions: Sessions, accounts: AccountService) -> Iterator[Client]:
    """A browser before the doors, over the real services."""
    signing = SignInService(sessions)
    routes = [
        *build(accounts, signing, desk="/desk/"),
        Route("/desk/{rest:path}", desk, methods=["GET", "POST"]),
        Route("/", desk),
    ]
    app = Door(Starlette(routes=routes), signing=signing, desk="/desk", doors=PATHS)
    with TestClient(app, base_url=BASE, follow_redirects=False) as opened:
        yield opened


@pytest.fixture
def ada(accounts: AccountService) -> Person:
    accounts.accept(accounts.invite(HOST, "ada", Role.ADMIN), PASSWORD)
    return Person(1, "ada", Role.ADMIN)


def sign_in(client: Client, **more: str) -> int:
    return client.post("/sign-in", data={"name": "ada", "password": PASSWORD, **more}).status_code


def test_from_a_link_to_the_desk_and_out_again(client: Client, accounts: AccountService) -> None:
    token = accounts.invite(HOST, "ada", Role.ADMIN)
    assert "Choose a password" in client.get("/link").text
    answer = client.post("/link", data={"token": token, "password": "short"})
    assert answer.status_code == 422
    assert token in answer.text  # still in the form
    assert (
        "You can sign in as ada now" in client.post("/link", data={"token": token, "password": PASSWORD}).text
    )
    answer = client.post("/sign-in", data={"name": "ada", "password": PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/")
    assert client.get("/desk/").json() == {"secret": "cases"}
    assert client.get("/sign-out").status_code == 405  # a picture on another page could ask for it
    assert client.post("/sign-out").status_code == 303
    assert client.get("/desk/").status_code == 401


def test_the_cookie_is_out_of_reach(client: Client, ada: Person) -> None:
    given = client.post("/sign-in", data={"name": "ada", "password": PASSWORD}).headers["set-cookie"].lower()
    assert given.startswith(f"{cookie.NAME}=")
    assert "httponly" in given
    assert "samesite=strict" in given
    assert "secure" not in given  # by plain http the browser would throw it away
    behind = client.post(
        "/sign-in", data={"name": "ada", "password": PASSWORD}, headers={"X-Forwarded-Proto": "https"}
    )
    assert "secure" in behind.headers["set-cookie"].lower()


@pytest.mark.parametrize(
    "path",
    ["/desk", "/desk/", "/desk/gradio_api/queue/join", "/desk/config", "/desk/theme.css", "/desk/../desk/x"],
)
def test_nothing_of_the_desk_is_open(client: Client, path: str) -> None:
    assert client.get(path).status_code == 401
    assert client.post(path).status_code == 401
    assert client.get(path, headers={"Cookie": f"{cookie.NAME}=guess"}).status_code == 401
    answer = client.get(path, headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://lens.example.evil.example", "http://lens.example:81", ""],
)
def test_foreign_origins_are_refused_even_with_the_cookie(client: Client, ada: Person, origin: str) -> None:
    assert sign_in(client) == 303
    for path in ("/desk/", *PATHS):
        assert client.get(path, headers={"Origin": origin}).status_code == 403
        assert client.post(path, headers={"Origin": origin}).status_code == 403
    assert client.post("/desk/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.post("/desk/", headers={"Sec-Fetch-Site": "same-site"}).status_code == 403
    assert (
        client.get("/", headers={"Origin": origin}).status_code == 200
    )  # the public page is no business of the door
    assert client.post("/desk/", headers={"Origin": BASE, "Sec-Fetch-Site": "same-origin"}).status_code == 200


def test_what_is_wrong_is_said_and_escaped(client: Client, ada: Person) -> None:
    answer = client.post("/sign-in", data={"name": "<b>'\"", "password": "x"})
    assert answer.status_code == 422
    assert "Name, password or code is wrong" in answer.text
    assert "<b>" not in answer.text
    assert "&lt;b&gt;&#x27;&quot;" in answer.text
    assert client.post("/sign-in", content=b"name=" + b"a" * 10_000).status_code == 422
    assert client.post("/sign-in", content=b"\xff\xfe=%ff&password=%00").status_code == 422
    for _ in range(10):
        status = sign_in(client, password="wrong password")
    assert status == 429


def test_a_second_factor_comes_into_force_by_its_first_code(client: Client, ada: Person) -> None:
    assert client.get("/second-factor").status_code == 401
    sign_in(client)
    chosen = "A" * 32
    for field in ("offer", "secret"):
        answer = client.post("/second-factor", data={field: chosen, "code": pyotp.TOTP(chosen).now()})
        assert (answer.status_code, "offer_expired" in answer.text) == (422, True)
    secret, asked = pending_offer(client.get("/second-factor").text)
    answer = client.post("/second-factor", data={**asked, "code": "1"})
    assert answer.status_code == 422
    assert pending_offer(answer.text) == (secret, asked)  # the app has read it already
    done = client.post("/second-factor", data={**asked, "code": pyotp.TOTP(secret).now()})
    assert "Second factor on" in done.text
    page = client.get("/second-factor").text
    assert "name='present'" in page
    another, asked = pending_offer(page)
    answer = client.post("/second-factor", data={**asked, "code": pyotp.TOTP(another).now()})
    assert (answer.status_code, "present key is wrong" in answer.text) == (422, True)
    client.post("/sign-out")
    answer = client.post("/sign-in", data={"name": "ada", "password": PASSWORD})
    assert answer.status_code == 422
    assert "enter the code" in answer.text


def pending_offer(page: str) -> tuple[str, dict[str, str]]:
    """The key on a page, and the hidden field that stands for it."""
    key, token = (
        re.findall(r"<code>([A-Z2-7 ]+)</code>", page),
        re.findall(r"name='offer' type='hidden' value='([\w-]{43})'", page),
    )
    return key[0].replace(" ", ""), {"offer": token[0]}


def told_of(sessions: Sessions) -> list[tuple[str, str, str, dict[str, str]]]:
    with sessions() as session:
        rows = session.query(AuditEntry).order_by(AuditEntry.number).all()
    return [
        (row.actor, row.action, row.subject, json.loads(row.details))
        for row in rows
        if row.action.startswith("sign")
    ]


def test_the_audit_log_tells_who_came_and_went_and_who_was_refused(
    client: Client, ada: Person, sessions: Sessions
) -> None:
    assert sign_in(client, password="wrong") == 422
    assert (
        sign_in(client, name="hunter2") == 422
    )  # what was typed stands nowhere: it may be somebody's password
    assert sign_in(client) == 303
    for _ in range(2):
        client.post("/sign-out")
    refused = {"code": "wrong_credentials"}
    assert told_of(sessions) == [
        ("none", "sign_in_refused", "account:1", refused),
        ("none", "sign_in_refused", "", refused),
        ("user:1", "signed_in", "account:1", {}),
        ("user:1", "signed_out", "account:1", {}),
    ]
    AuditService(sessions).verify()


def test_whoever_guesses_from_many_addresses_does_not_fill_the_audit_log(sessions: Sessions) -> None:
    signing = SignInService(sessions)
    for number in range(70):
        with pytest.raises(Refused):
            signing.sign_in(f"name{number}", "guess", "", f"203.0.113.{number}")
    assert len(told_of(sessions)) == 60
