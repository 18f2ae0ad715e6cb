"""The whole application as a Space runs it, with members who sign in: against a provider on the loopback."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.conftest import Server, served
from tests.desks import PASSWORD, Moderator, invite_all, keep, open_on, records_of, rows_of
from tests.openid_provider import HOST, OpenIDProvider, user
from tests.webapp.ui.desk.test_routes import dependencies, every_request
from webapp.domain.enums import Role
from webapp.services.accounts import HOST as THE_HOST
from webapp.services.accounts import AccountService
from webapp.services.audit.log import AuditService
from webapp.ui.auth import cookies
from webapp.ui.desk import CALLS, DESK

DIRECT = {"Host": HOST, "X-Forwarded-Proto": "https"}  # what a Space's proxy sends


@pytest.fixture(scope="module")
def provider() -> Iterator[OpenIDProvider]:
    with OpenIDProvider() as running:
        yield running


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory, provider: OpenIDProvider) -> Iterator[Server]:
    settings = {
        "LENS_HOST": "127.0.0.1",
        "LENS_HF_ORGANISATION": "lens-moderators",
        "LENS_AUDIT_SHARE": "0",
        "LENS_CASE_UNCERTAIN": "0",
    }
    with served(tmp_path_factory.mktemp("space"), **provider.environment, **settings) as running:
        invite_all(running)
        yield running


@pytest.fixture(scope="module")
def case(space: Server, samples: Path) -> str:
    return open_on(space, keep(space, samples / "two_people.jpg", vote="disagree"))


@pytest.fixture
def browser(space: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=space.url, headers=DIRECT, timeout=60) as client:
        yield client


def away(browser: httpx.Client) -> tuple[str, str]:
    """Return the path of the way back and the sealed state of the sign-in."""
    start = browser.get("/sign-in/huggingface")
    sealed = start.headers["set-cookie"].partition("=")[2].partition(";")[0]
    back = httpx.get(start.headers["location"]).headers["location"]
    assert back.startswith(f"https://{HOST}/login/callback?")
    return back.removeprefix(f"https://{HOST}"), sealed


def come_back(browser: httpx.Client, back: str, sealed: str) -> httpx.Response:
    return browser.get(back, headers={"Cookie": f"{cookies.SIGN_IN_STATE}={sealed}"})


def session_in(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    return (
        next(given for given in answer.headers.get_list("set-cookie") if given.startswith(cookies.SESSION))
        .partition("=")[2]
        .partition(";")[0]
    )


def test_a_member_works_at_the_desk(
    space: Server, browser: httpx.Client, provider: OpenIDProvider, case: str
) -> None:
    assert f'href="https://{HOST}/sign-in/huggingface"' in browser.get("/sign-in").text
    answer = come_back(browser, *away(browser))
    assert f"url={DESK}/" in answer.text
    browser.headers["Cookie"] = f"{cookies.SESSION}={session_in(answer)}"
    moderator = Moderator(browser)
    assert moderator.get("/state").status_code == 200
    assert moderator.said("/take")["case"]["id"] == case
    assert browser.get(f"{DESK}/").status_code == 200
    assert moderator.post("/disputed").status_code == 403
    assert browser.post("/sign-out").status_code == 303
    assert moderator.get("/state").status_code == 401


def test_half_a_sign_in_opens_nothing(
    space: Server, browser: httpx.Client, provider: OpenIDProvider, case: str
) -> None:
    """Everything that a browser has after the first half, offered to every endpoint in every way."""
    browser.headers["Cookie"] = f"{cookies.SESSION}={session_in(come_back(browser, *away(browser)))}"
    calls = dependencies(Moderator(browser))
    del browser.headers["Cookie"]
    back, sealed = away(browser)
    said = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
    before = rows_of(space)
    along = f"{cookies.SIGN_IN_STATE}={sealed}"
    offers = [{"Cookie": along}]
    offers += [
        {"Cookie": f"{along}; {cookies.SESSION}={value}"} for value in (sealed, said["state"], said["code"])
    ]
    offers += [{"Cookie": along, "Authorization": f"Bearer {said['code']}"}]
    for offer in offers:
        assert {answer.status_code for answer in every_request(browser, case, calls, **offer)} == {401}
    for path in (f"{DESK}/config", f"{CALLS}/state"):
        assert browser.get(path, params=said, headers={"Cookie": along}).status_code == 401
    for path in ("/login/callback/x", "/sign-in/huggingface/x", "/login/huggingface"):
        assert browser.get(path, params=said, headers={"Cookie": along}).status_code == 404
    assert rows_of(space) == before
    assert come_back(browser, back, sealed).status_code == 200  # the other half


def test_a_refused_member_has_no_other_way_in(
    space: Server, browser: httpx.Client, provider: OpenIDProvider
) -> None:
    with records_of(space) as sessions:
        AccountService(sessions, AuditService(sessions, None)).set_disabled(THE_HOST, "mia", True)
        people = {
            facts.name for facts in AccountService(sessions, AuditService(sessions, None)).summaries(THE_HOST)
        }
    provider.user = user("u7", "mia", roleInOrg="read")
    for _ in range(2):
        answer = come_back(browser, *away(browser))
        assert (answer.status_code, "role_too_low" in answer.text) == (422, True)
    provider.user = user("u7", "mia")  # of the same name as the disabled local account
    token = session_in(come_back(browser, *away(browser)))
    assert Moderator(browser).get("/state").status_code == 401
    browser.headers["Cookie"] = f"{cookies.SESSION}={token}"
    assert Moderator(browser).get("/state").json()["person"]["name"] == "hf:mia"
    with records_of(space) as sessions:
        facts = {
            found.name: found
            for found in AccountService(sessions, AuditService(sessions, None)).summaries(THE_HOST)
        }
    assert set(facts) == people | {"hf:mia"}
    assert (facts["mia"].disabled, facts["hf:mia"].role) == (True, Role.MODERATOR)


def test_a_provider_that_hangs_costs_ten_seconds_and_no_visitor(
    space: Server, browser: httpx.Client, provider: OpenIDProvider
) -> None:
    provider.user = user()
    back, sealed = away(browser)
    started = time.monotonic()
    with provider.misbehaving(drips="/oauth/token"):
        answer = come_back(browser, back, sealed)
    assert 9 < time.monotonic() - started < 15
    assert (answer.status_code, "provider_unavailable" in answer.text) == (503, True)
    assert (
        browser.post("/sign-in", data={"name": "noah", "password": PASSWORD}).status_code == 303
    )  # local accounts go on
    assert "Traceback" not in space.log.read_text()


def test_the_log_has_no_names(space: Server, provider: OpenIDProvider) -> None:
    log = space.log.read_text()
    assert "the request to the OpenID provider failed: TimeoutError" in log
    for secret in ("Ada", "hf:", "secret-of-the-space", "code=", "eyJ"):
        assert secret not in log


def test_elsewhere_there_is_none_of_it(server: Server) -> None:
    page = httpx.get(f"{server.url}/sign-in").text
    assert "Hugging Face" not in page
    for path in ("/sign-in/huggingface", "/login/callback", "/login/callback?code=x&state=y"):
        assert httpx.get(server.url + path).status_code == 404
