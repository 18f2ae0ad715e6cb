"""Tests of access to the desk: every endpoint, called by every kind of person who may not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import update

from tests.conftest import Server
from tests.desks import Moderator, records_of, rows_of, signed_in
from tests.webapp.ui.desk.conftest import LABEL
from webapp.db.tables import AccountSession
from webapp.domain.clock import now
from webapp.services.accounts import HOST, AccountService
from webapp.services.audit.log import AuditService
from webapp.ui.desk import CALLS, DESK
from webapp.ui.desk.model_handlers import PREFIX
from webapp.ui.desk.routes import endpoints

# Every endpoint of the desk's JSON.
ENDPOINTS = sorted(endpoints(None))  # type: ignore[arg-type]


def dependencies(mia: Moderator) -> list[dict[str, Any]]:
    answer = mia.client.get(f"{DESK}/config")
    found: list[dict[str, Any]] = answer.json()["dependencies"]
    assert len(found) >= 6
    return found


def every_request(
    client: httpx.Client, case: str, calls: list[dict[str, Any]], **headers: str
) -> Iterator[httpx.Response]:
    """Yield the answers of all JSON endpoints, and of all Gradio functions by every way to call them."""
    for method, path in ENDPOINTS:
        address = CALLS + path.replace("{case}", case)
        yield client.request(method, address, json=LABEL if method == "POST" else None, headers=headers)
    for call in calls:
        data = {
            "data": ["mia", "admin"][: len(call["inputs"])],
            "fn_index": call["id"],
            "session_hash": "abcdef",
        }
        for path in ("queue/join", "run/predict", f"call/{call['api_name']}", "api/predict"):
            yield client.post(f"{DESK}/gradio_api/{path}", json=data, headers=headers)
    for path in (
        "",
        "/",
        "/config",
        "/info",
        "/gradio_api/info",
        "/gradio_api/queue/data?session_hash=abcdef",
        "/gradio_api/app_id",
        "/theme.css",
    ):
        yield client.get(DESK + path, headers=headers)
    yield client.post(f"{DESK}/gradio_api/upload", files={"files": ("a.txt", b"x")}, headers=headers)


def expire(server: Server, moderator: Moderator) -> None:
    with records_of(server) as sessions, sessions.begin() as session:
        session.execute(update(AccountSession).values(seen_at=now() - timedelta(hours=3)))


def test_strangers_reach_no_endpoint(desk_server: Server, mia: Moderator, case: str) -> None:
    """Strangers have no cookie, an invented one, another site's page, or a disabled account."""
    calls = dependencies(mia)
    before = rows_of(desk_server)
    with httpx.Client(base_url=desk_server.url, timeout=60) as stranger:
        for cookie in ({}, {"Cookie": "lens_session=guess"}):
            assert {answer.status_code for answer in every_request(stranger, case, calls, **cookie)} == {401}
    foreign = [{"Origin": origin} for origin in ("https://evil.example", "null")] + [
        {"Sec-Fetch-Site": "cross-site"}
    ]
    for headers in foreign[:2]:
        assert {answer.status_code for answer in every_request(mia.client, case, calls, **headers)} == {403}
    assert mia.client.post(f"{CALLS}/take", json={}, headers=foreign[2]).status_code == 403
    assert rows_of(desk_server) == before
    with records_of(desk_server) as sessions:
        accounts = AccountService(sessions, AuditService(sessions, None))
        with signed_in(desk_server, "olga") as olga:
            assert olga.said("/take")["case"]["id"] == case
            accounts.set_disabled(HOST, "olga", True)
            after = rows_of(desk_server)
            # Her claim was released.
            assert after["claim"] == []
            assert {answer.status_code for answer in every_request(olga.client, case, calls)} == {401}
            assert rows_of(desk_server) == after
            accounts.set_disabled(HOST, "olga", False)
            assert {answer.status_code for answer in every_request(olga.client, case, calls)} == {401}


def test_an_expired_session_reaches_no_endpoint_and_loses_its_claim(
    desk_server: Server, mia: Moderator, case: str
) -> None:
    calls = dependencies(mia)
    assert mia.said("/take")["case"]["id"] == case
    expire(desk_server, mia)
    before = rows_of(desk_server)
    assert len(before["claim"]) == 1
    assert {answer.status_code for answer in every_request(mia.client, case, calls)} == {401}
    after = rows_of(desk_server)
    assert after["claim"] == []
    # Claim and session are gone; nothing else changed.
    assert {name for name in before if before[name] != after[name]} == {"claim", "signed_in"}
    assert len(after["signed_in"]) == len(before["signed_in"]) - 1


def test_signing_out_releases_the_claim(desk_server: Server, mia: Moderator, case: str) -> None:
    assert mia.said("/take")["case"]["id"] == case
    assert mia.client.post("/sign-out").status_code == 303
    assert rows_of(desk_server)["claim"] == []


def outcome(moderator: Moderator, call: dict[str, Any], data: list[Any], session: str) -> str:
    """Return the last event of a call in Gradio's queue."""
    joined = moderator.client.post(
        f"{DESK}/gradio_api/queue/join", json={"data": data, "fn_index": call["id"], "session_hash": session}
    )
    assert joined.status_code == 200, joined.text
    with moderator.client.stream(
        "GET", f"{DESK}/gradio_api/queue/data", params={"session_hash": session}
    ) as stream:
        for line in stream.iter_lines():
            if "process_completed" in line:
                return line
    raise AssertionError("the stream ended before the call did")


def test_moderators_reach_nothing_of_admins(desk_server: Server, mia: Moderator, case: str) -> None:
    """All Gradio functions can be called from the page; the services refuse those for admins."""
    # A label by noah, so that there are figures to hide.
    with signed_in(desk_server, "noah") as noah:
        assert noah.said("/take")["case"]["id"] == case
        noah.said(f"/case/{case}/blind", LABEL)
        noah.said(f"/case/{case}/final", {"same": True})
    before = rows_of(desk_server)
    for number, call in enumerate(dependencies(mia)):
        line = outcome(mia, call, ["mia", "admin"][: len(call["inputs"])], f"session{number}")
        assert "lens_session" not in line
        # Neither the list of people nor figures about them or the model.
        assert "noah" not in line
        assert "measures-model" not in line
        if call["targets"][0][1] != "load":
            assert "may not do this" in line
    model_endpoints = [(method, path) for method, path in ENDPOINTS if path.startswith(PREFIX)]
    assert len(model_endpoints) >= 9
    dispute_endpoints = [
        ("POST", "/disputed"),
        ("GET", f"/case/{case}/arguments"),
        ("POST", f"/case/{case}/adjudicate"),
    ]
    for method, path in (*model_endpoints, *dispute_endpoints):
        answer = mia.client.request(method, CALLS + path, json=LABEL if method == "POST" else None)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_allowed")
    assert rows_of(desk_server) == before


def test_admins_reach_everything(desk_server: Server, case: str) -> None:
    with signed_in(desk_server, "ada") as ada:
        actions = [call for call in dependencies(ada) if call["inputs"]]
        lines = [
            outcome(ada, call, ["pia", "moderator"], f"admin{number}") for number, call in enumerate(actions)
        ]
        (measured,) = [call for call in dependencies(ada) if call["targets"][0][1] == "select"]
        figures = outcome(ada, measured, [], "measured")
        assert "measures-alpha" in figures
        assert "measures-model" in figures
    assert "/link#" in lines[0]
    assert all("pia" in line for line in lines)
    with records_of(desk_server) as sessions:
        assert {
            facts.name for facts in AccountService(sessions, AuditService(sessions, None)).summaries(HOST)
        } >= {
            "ada",
            "mia",
            "pia",
        }


def test_measures_that_the_host_does_not_publish_reach_no_one(desk_server: Server, mia: Moderator) -> None:
    """The public page and JSON ask for no session, so an admin gets no more than a stranger."""
    with httpx.Client(base_url=desk_server.url, timeout=60) as stranger, signed_in(desk_server, "ada") as ada:
        expired = {"Cookie": "lens_session=expired"}
        foreign = {"Origin": "https://evil.example"}
        callers = (
            (stranger, {}),
            (stranger, expired),
            (mia.client, {}),
            (mia.client, foreign),
            (ada.client, {}),
        )
        for client, headers in callers:
            assert client.get("/model/measures", headers=headers).status_code == 404
            answer = client.get("/api/v1/model/measures", headers=headers)
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_public")


def test_no_file_is_served(desk_server: Server, mia: Moderator, receipt: str) -> None:
    upload = desk_server.cache / "of-a-visitor.txt"
    upload.write_text("a visitor's")
    kept = next((desk_server.database.parent / "media").glob("*"))
    for path in (upload, kept, desk_server.database, Path("/etc/hostname"), Path(__file__)):
        for address in (f"{DESK}/gradio_api/file={path}", f"{DESK}/file={path}"):
            answer = mia.client.get(address)
            assert answer.status_code in (403, 404), (address, answer.status_code)
    upload.unlink()


def test_answers_are_neither_stored_nor_shared_with_other_origins(mia: Moderator, case: str) -> None:
    mia.said("/take")
    picture = mia.get(f"/case/{case}/file")
    assert picture.headers["cache-control"] == "no-store"
    assert "sandbox" in picture.headers["content-security-policy"]
    for answer in (mia.client.get(f"{DESK}/"), mia.get("/state"), picture):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in answer.headers
    assert mia.client.get(DESK).headers["location"] == f"{DESK}/"
    assert mia.client.get(f"{DESK}/gradio_api/info").json() == {
        "named_endpoints": {},
        "unnamed_endpoints": {},
    }
