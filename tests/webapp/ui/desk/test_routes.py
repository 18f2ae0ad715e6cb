"""Who reaches the desk, and who does not: every one of its endpoints, asked by everybody who may not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from tests.conftest import Server
from tests.desks import Moderator, close_all, keep, open_on, records_of, rows_of, signed_in
from webapp.db.tables import AccountSession
from webapp.domain.clock import now
from webapp.domain.ids import new_id
from webapp.services.accounts import HOST, AccountService
from webapp.services.audit.log import AuditService
from webapp.ui.desk import CALLS, DESK
from webapp.ui.desk.model_routes import PREFIX
from webapp.ui.desk.routes import Handlers

SAID = {"value": "fake", "confidence": 3, "tags": ["eyes"], "note": "n", "concern": "other"}
ENDPOINTS = sorted(Handlers(None).calls())  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def receipt(desk_server: Server, samples: Path) -> str:
    return keep(desk_server, samples / "two_people.jpg", vote="disagree")


@pytest.fixture
def case(desk_server: Server, receipt: str) -> str:
    close_all(desk_server)
    return open_on(desk_server, receipt)


@pytest.fixture
def mia(desk_server: Server) -> Iterator[Moderator]:
    with signed_in(desk_server, "mia") as moderator:
        yield moderator
        moderator.client.post("/sign-out")


def dependencies(mia: Moderator) -> list[dict[str, Any]]:
    answer = mia.client.get(f"{DESK}/config")
    found: list[dict[str, Any]] = answer.json()["dependencies"]
    assert len(found) >= 6
    return found


def every_request(
    client: httpx.Client, case: str, calls: list[dict[str, Any]], **headers: str
) -> Iterator[httpx.Response]:
    """All JSON endpoints, and all that Gradio calls in any of the ways it can be called."""
    for method, path in ENDPOINTS:
        address = CALLS + path.replace("{case}", case)
        yield client.request(method, address, json=SAID if method == "POST" else None, headers=headers)
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


def test_nobody_acts_who_may_not(desk_server: Server, mia: Moderator, case: str) -> None:
    """Anonymous, with a made-up cookie, from another site, with a session that has ended, with an account that was disabled."""
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
        accounts = AccountService(sessions, AuditService(sessions))
        with signed_in(desk_server, "olga") as olga:
            assert olga.said("/take")["case"]["id"] == case
            accounts.set_disabled(HOST, "olga", True)
            after = rows_of(desk_server)
            assert after["claim"] == []  # what she held is free again
            assert {answer.status_code for answer in every_request(olga.client, case, calls)} == {401}
            assert rows_of(desk_server) == after
            accounts.set_disabled(HOST, "olga", False)
            assert {answer.status_code for answer in every_request(olga.client, case, calls)} == {401}


def test_an_ended_session_does_nothing_and_holds_nothing(
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
    assert {name for name in before if before[name] != after[name]} == {
        "claim",
        "signed_in",
    }  # both are gone, nothing came
    assert len(after["signed_in"]) == len(before["signed_in"]) - 1


def test_signing_out_gives_the_case_back(desk_server: Server, mia: Moderator, case: str) -> None:
    assert mia.said("/take")["case"]["id"] == case
    assert mia.client.post("/sign-out").status_code == 303
    assert rows_of(desk_server)["claim"] == []


def outcome(moderator: Moderator, call: dict[str, Any], data: list[Any], session: str) -> str:
    """What Gradio's queue says of one call."""
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


def test_a_moderator_is_no_admin(desk_server: Server, mia: Moderator, case: str) -> None:
    """All of Gradio's handlers run, for the page could be told to call any of them; the services refuse what only admins may."""
    with signed_in(desk_server, "noah") as noah:  # there is something that could be told
        assert noah.said("/take")["case"]["id"] == case
        noah.said(f"/case/{case}/blind", SAID)
        noah.said(f"/case/{case}/final", {"same": True})
    before = rows_of(desk_server)
    for number, call in enumerate(dependencies(mia)):
        line = outcome(mia, call, ["mia", "admin"][: len(call["inputs"])], f"session{number}")
        assert "lens_session" not in line
        assert "noah" not in line  # no list of people, and nothing that was measured of them, either
        if call["targets"][0][1] != "load":
            assert "may not do this" in line
    of_the_model = [(method, path) for method, path in ENDPOINTS if path.startswith(PREFIX)]
    assert len(of_the_model) >= 9
    of_disputes = [
        ("POST", "/disputed"),
        ("GET", f"/case/{case}/arguments"),
        ("POST", f"/case/{case}/adjudicate"),
    ]
    for method, path in (*of_the_model, *of_disputes):
        answer = mia.client.request(method, CALLS + path, json=SAID if method == "POST" else None)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_allowed")
    assert rows_of(desk_server) == before


def test_an_admin_is(desk_server: Server, case: str) -> None:
    with signed_in(desk_server, "ada") as ada:
        actions = [call for call in dependencies(ada) if call["inputs"]]
        lines = [
            outcome(ada, call, ["pia", "moderator"], f"admin{number}") for number, call in enumerate(actions)
        ]
        (measured,) = [call for call in dependencies(ada) if call["targets"][0][1] == "select"]
        assert "measures-alpha" in outcome(ada, measured, [], "measured")
    assert "/link#" in lines[0]
    assert all("pia" in line for line in lines)
    with records_of(desk_server) as sessions:
        assert {facts.name for facts in AccountService(sessions, AuditService(sessions)).summaries(HOST)} >= {
            "ada",
            "mia",
            "pia",
        }


def test_no_file_is_given_away(desk_server: Server, mia: Moderator, receipt: str) -> None:
    upload = desk_server.cache / "of-a-visitor.txt"
    upload.write_text("a visitor's")
    kept = next((desk_server.database.parent / "media").glob("*"))
    for path in (upload, kept, desk_server.database, Path("/etc/hostname"), Path(__file__)):
        for address in (f"{DESK}/gradio_api/file={path}", f"{DESK}/file={path}"):
            answer = mia.client.get(address)
            assert answer.status_code in (403, 404), (address, answer.status_code)
    upload.unlink()


def test_the_page_and_its_answers_are_kept_by_nobody_and_framed_by_nobody(mia: Moderator, case: str) -> None:
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


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        ({**SAID, "value": "maybe"}, 422, "invalid_label"),
        ({**SAID, "confidence": "3"}, 400, "invalid_request"),
        ({**SAID, "confidence": True}, 400, "invalid_request"),
        ({**SAID, "tags": "eyes"}, 400, "invalid_request"),
        ({**SAID, "tags": ["ears"]}, 422, "invalid_tag"),
        ({**SAID, "note": "a" * 2001}, 422, "note_too_long"),
        ({**SAID, "note": "\ud800"}, 422, "invalid_note"),
        ({**SAID, "region": {"width": 2, "height": 2, "runs": [0, 5]}}, 422, "invalid_region"),
        ({**SAID, "region": {"width": 2, "height": 2, "runs": [4]}}, 422, "invalid_region"),
        ({**SAID, "region": {"width": 5000, "height": 2, "runs": [0, 4]}}, 422, "invalid_region"),
        ({**SAID, "region": {"width": 2, "height": 2, "runs": [0.5]}}, 422, "invalid_region"),
        ({**SAID, "region": {"width": 2, "height": 2, "runs": [0, 4], "time": "x"}}, 400, "invalid_request"),
        ([], 400, "invalid_request"),
        ({"note": "a" * 2_000_001}, 413, None),
    ],
)
def test_wrong_words_are_refused_and_store_nothing(
    desk_server: Server, mia: Moderator, case: str, words: object, status: int, code: str | None
) -> None:
    mia.said("/take")
    answer = mia.post(f"/case/{case}/blind", words)
    assert answer.status_code == status, answer.text
    if code is not None:
        assert answer.json()["error"]["code"] == code
    assert rows_of(desk_server)["label"] == []


def test_cases_are_unknown_to_who_guesses(mia: Moderator, case: str) -> None:
    for path in ("file", "view?name=plain", "heat"):
        assert mia.get(f"/case/{new_id()}/{path}").json()["error"]["code"] == "unknown_case"
    assert mia.get(f"/case/{case}/heat").json()["error"]["code"] == "not_labelled"
    assert mia.post(f"/case/{case}/blind", SAID).json()["error"]["code"] == "claim_lost"
    assert mia.post(f"/case/{case}/final", SAID).json()["error"]["code"] == "claim_lost"
    assert mia.post(f"/case/{case}/flag", {"concern": "dull"}).json()["error"]["code"] == "invalid_flag"
