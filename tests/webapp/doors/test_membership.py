"""Signing in with Hugging Face, against a provider on the loopback."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from httpx import Client
from joserfc.jwk import RSAKey
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from tests.openid_provider import CALLBACK, HOST, ORGANISATION, SCOPES, OpenIDProvider, user
from webapp.db.session import Sessions
from webapp.db.tables import Account, AuditEntry, SignedIn
from webapp.domain.enums import Role
from webapp.services.accounts import HOST as THE_HOST
from webapp.services.accounts import AccountService, SignInService
from webapp.services.accounts.federated_sign_in import FederatedSignInService
from webapp.services.accounts.membership_policy import MembershipPolicy
from webapp.services.accounts.openid_client import OpenIDClient
from webapp.services.audit.log import AuditService
from webapp.settings import SpaceOAuth, from_environment
from webapp.ui.auth import PATHS, Door, build
from webapp.ui.auth import cookies as cookie
from webapp.ui.auth.hugging_face import MemberDoor

SITE = f"https://{HOST}"
PASSWORD = "correct horse battery"
SECONDS = 0.5  # instead of ten


@pytest.fixture(scope="module")
def running() -> Iterator[OpenIDProvider]:
    with OpenIDProvider() as provider:
        yield provider


@pytest.fixture
def provider(running: OpenIDProvider) -> OpenIDProvider:
    running.user, running.denies = user(), False
    running.requests.clear()
    return running


@pytest.fixture
def oauth(provider: OpenIDProvider) -> SpaceOAuth:
    found = from_environment(provider.environment).oauth
    assert found is not None
    return found


async def desk(_: Request) -> JSONResponse:
    return JSONResponse({"secret": "cases"})


@pytest.fixture
def accounts(sessions: Sessions) -> AccountService:
    return AccountService(sessions)


def opened(
    sessions: Sessions, audit: AuditService, oauth: SpaceOAuth, policy: MembershipPolicy
) -> TestClient:
    """A browser before the doors, at the Space's direct address."""
    signing = SignInService(sessions)
    provider = OpenIDClient(oauth, CALLBACK, organisation_id=policy.organisation_id, seconds=SECONDS)
    door = MemberDoor(provider, FederatedSignInService(audit, policy), SITE)
    entrances = [
        *door.routes(desk="/desk/"),
        *build(AccountService(sessions), signing, desk="/desk/", other=door.link),
    ]
    app = Starlette(routes=[*entrances, Route("/desk/{rest:path}", desk)])
    guarded = Door(app, signing=signing, desk="/desk", doors=(*PATHS, *door.paths))
    return TestClient(guarded, base_url=SITE, follow_redirects=False)


@pytest.fixture
def client(sessions: Sessions, audit: AuditService, oauth: SpaceOAuth) -> Iterator[Client]:
    with opened(sessions, audit, oauth, MembershipPolicy("lens-moderators")) as browser:
        yield browser


def away(client: Client) -> str:
    """Off to the provider, consent, and the address by which one comes back."""
    start = client.get("/sign-in/huggingface")
    assert start.status_code == 303, start.text
    answer = httpx.get(start.headers["location"])
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


def sign_in(client: Client) -> httpx.Response:
    client.cookies.delete(cookie.NAME)  # a strict cookie stays at home when another site sends one here
    return client.get(away(client))


def code_of(answer: httpx.Response) -> str:
    """The code on a page of refusal, which lets nobody in."""
    assert answer.status_code in (422, 429, 503), answer.text
    assert cookie.NAME + "=" not in answer.headers.get("set-cookie", "")
    assert "<script" not in answer.text
    return answer.text.partition("<code>")[2].partition("</code>")[0]


def told(sessions: Sessions) -> list[tuple[str, str, str, str]]:
    """What the audit log says of it."""
    with sessions() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.number)).all()
        return [(entry.actor, entry.action, entry.subject, entry.details) for entry in entries]


def account(sessions: Sessions, name: str) -> Account:
    with sessions() as session:
        return session.scalars(select(Account).where(Account.name == name)).one()


def test_a_member_signs_in_and_out(client: Client, provider: OpenIDProvider, sessions: Sessions) -> None:
    form = client.get("/sign-in").text
    assert f"href='{SITE}/sign-in/huggingface'" in form
    start = client.get("/sign-in/huggingface")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(start.headers["location"]).query).items()}
    assert (asked["redirect_uri"], asked["scope"], asked["code_challenge_method"]) == (
        CALLBACK,
        SCOPES,
        "S256",
    )
    assert "orgIds" not in asked
    given = start.headers["set-cookie"]
    assert given.startswith("__Host-lens_away=")
    for word in ("HttpOnly", "Secure", "SameSite=lax", "Max-Age=600", "Path=/"):
        assert word in given
    assert not any(asked[secret] in given for secret in ("state", "nonce", "code_challenge"))
    assert client.get("/desk/").status_code == 401

    answer = client.get(httpx.get(start.headers["location"]).headers["location"])
    assert answer.status_code == 200
    assert "<meta http-equiv='refresh' content='0; url=/desk/'>" in answer.text
    gave, took = answer.headers.get_list("set-cookie")
    assert gave.startswith("lens_session=")
    assert all(word in gave for word in ("HttpOnly", "Secure", "SameSite=strict"))
    assert took.startswith('__Host-lens_away="";')
    assert client.get("/desk/").json() == {"secret": "cases"}
    found = account(sessions, "hf:ada-l")
    assert (found.role, found.password_hash, found.outside_id) == (
        Role.MODERATOR,
        None,
        f"{provider.address} u1",
    )
    assert told(sessions)[-2:] == [
        ("system", "joined", f"account:{found.id}", '{"role":"moderator"}'),
        (f"user:{found.id}", "signed_in", f"account:{found.id}", "{}"),
    ]
    assert client.post("/sign-out").status_code == 303
    assert client.get("/desk/").status_code == 401


def test_inside_another_page_the_way_out_is_shown_instead(client: Client) -> None:
    page = client.get("/sign-in", headers={"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "cross-site"}).text
    assert f"<a href='{SITE}/sign-in' target='_blank' rel='noopener'>" in page
    assert "/sign-in/huggingface" not in page


@pytest.mark.parametrize(
    ("organisation", "outcome"),
    [
        ({"roleInOrg": "admin"}, Role.ADMIN),
        ({"roleInOrg": "write"}, Role.MODERATOR),
        ({"roleInOrg": "contributor"}, Role.MODERATOR),
        ({"roleInOrg": "read"}, "role_too_low"),
        ({"roleInOrg": "owner-of-everything"}, "role_too_low"),
        ({"roleInOrg": None}, "role_unknown"),
        ({"roleInOrg": "admin", "pendingSSO": True}, "membership_locked"),
        ({"roleInOrg": "admin", "missingMFA": True}, "membership_locked"),
        ({"roleInOrg": "admin", "securityRestrictions": ["mfa"]}, "membership_locked"),
        (
            {"roleInOrg": "admin", "securityRestrictions": ["ip"]},
            Role.ADMIN,
        ),  # concerns what the token may read, not who he is
        ({"roleInOrg": "admin", "preferred_username": "lens-moderators-2"}, "not_a_member"),
        (
            {"roleInOrg": "admin", "preferred_username": "other", "name": "Lens-Moderators"},
            "not_a_member",
        ),  # a display name
    ],
)
def test_the_organisation_says_what_one_may_do(
    client: Client,
    provider: OpenIDProvider,
    sessions: Sessions,
    organisation: dict[str, Any],
    outcome: Role | str,
) -> None:
    provider.user = user(**organisation)
    answer = sign_in(client)
    if isinstance(outcome, Role):
        assert account(sessions, "hf:ada-l").role == outcome
        return
    assert code_of(answer) == outcome
    assert client.get("/desk/").status_code == 401
    assert told(sessions)[-1] == ("none", "sign_in_refused", "", f'{{"code":"{outcome}"}}')
    with sessions() as session:
        assert session.scalars(select(Account)).all() == []


def test_no_organisation_at_all(client: Client, provider: OpenIDProvider) -> None:
    for organisations in ({"orgs": []}, {}):
        provider.user = {"sub": "u1", "preferred_username": "ada", **organisations}
        assert code_of(sign_in(client)) == "not_a_member"


def test_an_organisation_by_its_id_and_members_without_a_role(
    sessions: Sessions, audit: AuditService, oauth: SpaceOAuth, provider: OpenIDProvider
) -> None:
    """By the id a namesake gets nowhere, and the provider is told which organisation is meant."""
    with opened(sessions, audit, oauth, MembershipPolicy(ORGANISATION["sub"], Role.MODERATOR)) as client:
        assert f"orgIds={ORGANISATION['sub']}" in client.get("/sign-in/huggingface").headers["location"]
        provider.user = user(sub="f" * 24, preferred_username=ORGANISATION["sub"], roleInOrg="admin")
        assert code_of(sign_in(client)) == "not_a_member"
        provider.user = user(preferred_username="renamed", roleInOrg=None)
        assert sign_in(client).status_code == 200
        assert account(sessions, "hf:ada-l").role == Role.MODERATOR
        provider.user = user(roleInOrg="read")
        assert code_of(sign_in(client)) == "role_too_low"


def test_roles_follow_the_organisation_and_lost_membership_ends_sessions(
    client: Client, provider: OpenIDProvider, sessions: Sessions
) -> None:
    provider.user = user(roleInOrg="admin")
    sign_in(client)
    number = account(sessions, "hf:ada-l").id
    provider.user = user(roleInOrg="write")
    sign_in(client)
    assert (
        account(sessions, "hf:ada-l").role == Role.MODERATOR
    )  # although no admin is left: the organisation has one
    change = (
        "system",
        "account_changed",
        f"account:{number}",
        '{"disabled":false,"renamed":false,"role":"moderator"}',
    )
    assert told(sessions)[-2] == change
    kept = client.cookies[cookie.NAME]
    assert client.get("/desk/").status_code == 200
    provider.user = user(preferred_username="another")
    assert code_of(sign_in(client)) == "not_a_member"
    client.cookies.set(cookie.NAME, kept)
    assert client.get("/desk/").status_code == 401
    with sessions() as session:
        assert session.scalars(select(SignedIn)).all() == []
    assert told(sessions)[-1] == ("none", "sign_in_refused", f"account:{number}", '{"code":"not_a_member"}')


def test_names_change_hands_and_accounts_do_not(
    client: Client, provider: OpenIDProvider, sessions: Sessions
) -> None:
    provider.user = user("u1", "ada")
    sign_in(client)
    first = account(sessions, "hf:ada").id
    provider.user = user("u1", "ada-l")
    sign_in(client)
    assert account(sessions, "hf:ada-l").id == first  # renamed
    provider.user = user("u2", "ada")  # somebody takes the name that was given up
    sign_in(client)
    second = account(sessions, "hf:ada").id
    provider.user = user("u3", "ADA-L")  # and the other, while its owner has not been here since
    sign_in(client)
    third = account(sessions, "hf:ada-l").id
    assert len({first, second, third}) == 3
    assert account(sessions, f"hf:ada-l#{first}").outside_id == f"{provider.address} u1"
    provider.user = user("u1", "ada-third")
    sign_in(client)
    assert account(sessions, "hf:ada-third").id == first


def test_local_accounts_stay_local_and_others_do_not_become_so(
    client: Client, provider: OpenIDProvider, sessions: Sessions, accounts: AccountService
) -> None:
    for name in ("hf:ada-l", "HF:x", "ｈｆ:x"):
        with pytest.raises(Exception, match="begin with hf:"):
            accounts.invite(THE_HOST, name, Role.ADMIN)
    accounts.accept(accounts.invite(THE_HOST, "ada-l", Role.ADMIN), PASSWORD)
    sign_in(client)
    assert account(sessions, "ada-l").outside_id is None
    assert client.get("/desk/").status_code == 200
    refused = client.get("/second-factor")
    assert (refused.status_code, "not_local" in refused.text) == (422, True)
    for change in (
        lambda: accounts.reset(THE_HOST, "hf:ada-l"),  # a password would outlast the membership
        lambda: accounts.set_role(THE_HOST, "hf:ada-l", Role.ADMIN),
    ):
        with pytest.raises(Exception, match="signs in with Hugging Face"):
            change()
    client.post("/sign-out")
    assert client.post("/sign-in", data={"name": "hf:ada-l", "password": ""}).status_code == 422
    assert client.post("/sign-in", data={"name": "ada-l", "password": PASSWORD}).status_code == 303

    accounts.set_disabled(THE_HOST, "hf:ada-l", True)
    assert code_of(sign_in(client)) == "account_disabled"
    provider.user = user(name="renamed", roleInOrg="admin")
    assert code_of(sign_in(client)) == "account_disabled"
    assert account(sessions, "hf:ada-l").disabled_at is not None
    accounts.set_disabled(THE_HOST, "hf:ada-l", False)
    assert sign_in(client).status_code == 200


def test_a_local_account_of_old_that_has_such_a_name_is_not_taken_over(
    client: Client, sessions: Sessions, accounts: AccountService
) -> None:
    accounts.accept(accounts.invite(THE_HOST, "old", Role.ADMIN), PASSWORD)
    with sessions.begin() as session:
        session.scalars(select(Account)).one().name = "hf:ada-l"
    assert code_of(sign_in(client)) == "name_taken"
    assert client.post("/sign-in", data={"name": "hf:ada-l", "password": PASSWORD}).status_code == 303


def test_what_comes_back_must_be_what_was_sent_away(
    client: Client, provider: OpenIDProvider, sessions: Sessions
) -> None:
    """Another's code, an old cookie, a made-up one, none, a state of another sign-in, a code that was used."""
    before = len(told(sessions))
    back = away(client)
    sealed = client.cookies[cookie.AWAY]
    for wrong in (
        back.replace("state=", "state=x"),
        back.partition("&state")[0],
        back.replace("state=", "state=%F0%9F"),
        CALLBACK,
    ):
        client.cookies.set(cookie.AWAY, sealed, domain=HOST, path="/")
        assert code_of(client.get(wrong)) == "sign_in_lost"
    for made in (None, "x", sealed[:-4] + "AAAA", "a.b.c.d.e", sealed.partition(".")[0] + "....", "\\ud800"):
        client.cookies.delete(cookie.AWAY)
        headers = {} if made is None else {"Cookie": f"{cookie.AWAY}={made}"}
        assert code_of(client.get(back, headers=headers)) == "sign_in_lost"
    assert "POST /oauth/token" not in provider.requests
    victim = {"Cookie": f"{cookie.AWAY}={sealed}"}
    assert (
        code_of(client.get(away(client), headers=victim)) == "sign_in_lost"
    )  # an attacker's code in a victim's browser

    assert client.get(back, headers=victim).status_code == 200
    client.cookies.clear()
    assert code_of(client.get(back, headers=victim)) == "provider_refused"  # a second time
    assert client.get("/desk/").status_code == 401
    assert len(told(sessions)) == before + 2  # one person, who joined and signed in


def test_a_sign_in_is_good_for_ten_minutes(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where a browser keeps the cookie for longer than it was told."""
    back, moment = away(client), time.time()
    kept = {"Cookie": f"{cookie.AWAY}={client.cookies[cookie.AWAY]}"}
    client.cookies.clear()
    monkeypatch.setattr(time, "time", lambda: moment + 601)
    assert code_of(client.get(back, headers=kept)) == "sign_in_lost"
    monkeypatch.setattr(time, "time", lambda: moment + 590)
    assert client.get(back, headers=kept).status_code == 200


def test_who_does_not_consent_is_told_so(client: Client, provider: OpenIDProvider) -> None:
    provider.denies = True
    assert code_of(sign_in(client)) == "sign_in_cancelled"
    for said in ("error=server_error", "error=access_denied&code=x", "code=", "code=" + "x" * 3000):
        back = away(client)
        state = parse_qs(urlsplit(back).query)["state"][0]
        assert code_of(client.get(f"/login/callback?{said}&state={state}")) in (
            "provider_refused",
            "sign_in_cancelled",
        )


STRANGER = RSAKey.generate_key(2048, {"kid": "one", "alg": "RS256"})
DISCOVERY, TOKEN, JWKS, USERINFO = (
    "/.well-known/openid-configuration",
    "/oauth/token",
    "/oauth/jwks",
    "/oauth/userinfo",
)


@pytest.mark.parametrize(
    "wrong",
    [
        {"id_token": lambda claims: {**claims, "nonce": "of another sign-in"}},
        {"id_token": lambda claims: {**claims, "nonce": [claims["nonce"]]}},
        {"id_token": lambda claims: {name: claims[name] for name in claims if name != "nonce"}},
        {"id_token": lambda claims: {**claims, "aud": "another-client"}},
        {"id_token": lambda claims: {**claims, "aud": [claims["aud"], "another-client"]}},
        {"id_token": lambda claims: {**claims, "azp": "another-client"}},
        {"id_token": lambda claims: {**claims, "iss": "https://huggingface.example"}},
        {"id_token": lambda claims: {**claims, "exp": claims["iat"] - 120}},
        {"id_token": lambda claims: {**claims, "iat": claims["iat"] + 3600}},
        {"id_token": lambda claims: {**claims, "sub": "u2"}},
        {"id_token": lambda claims: {name: claims[name] for name in claims if name != "exp"}},
        {"userinfo": lambda claims: {**claims, "sub": "u2"}},
        {"userinfo": lambda claims: {"preferred_username": "ada"}},
        {"key": STRANGER},
        {"algorithm": "none"},
    ],
)
def test_what_is_said_of_a_person_must_hold(
    client: Client, provider: OpenIDProvider, sessions: Sessions, wrong: dict[str, Any]
) -> None:
    with provider.misbehaving(**wrong):
        assert code_of(sign_in(client)) == "identity_invalid"
    with sessions() as session:
        assert session.scalars(select(Account)).all() == []
    assert sign_in(client).status_code == 200


@pytest.mark.parametrize("header", [{"alg": "RS256"}, {"alg": "RS256", "kid": "one", "of_its_own": 1}])
def test_an_id_token_may_say_more_or_less_of_itself(
    client: Client, provider: OpenIDProvider, header: dict[str, Any]
) -> None:
    with provider.misbehaving(header=header):
        assert sign_in(client).status_code == 200


GARBAGE: list[tuple[int, dict[str, str], bytes]] = [
    (500, {}, b"<h1>Oops</h1>"),
    (429, {}, b"slow down"),
    (302, {"Location": "http://127.0.0.1:9/"}, b""),
    (200, {"Content-Type": "text/html"}, b"<html>"),
    (200, {}, b""),
    (200, {}, b"[]"),
    (200, {}, b"{}"),
    (200, {}, b"null"),
    (200, {}, b"\xff\xfe\x00"),
    (200, {}, b"[" * 100_000),
    (200, {"Content-Encoding": "gzip"}, b"not gzip"),
    (200, {}, b'{"issuer": 1, "keys": 1, "access_token": 1, "id_token": 1, "expires_in": "x", "sub": 1}'),
    (
        200,
        {},
        b'{"issuer": null, "keys": [1], "access_token": "a", "token_type": "bearer", "id_token": "a.b.c", "orgs": {}}',
    ),
    (200, {}, b'{"keys": [{"kty": "RSA"}], "access_token": "a", "token_type": "mac", "id_token": "\\ud800"}'),
]


@pytest.mark.parametrize("path", [DISCOVERY, TOKEN, JWKS, USERINFO])
def test_a_provider_that_talks_nonsense_is_no_error_of_ours(
    sessions: Sessions, audit: AuditService, oauth: SpaceOAuth, provider: OpenIDProvider, path: str
) -> None:
    for answer in GARBAGE:
        with (
            opened(sessions, audit, oauth, MembershipPolicy("lens-moderators")) as client,
            provider.misbehaving(answers={path: answer}),
        ):
            refused = client.get("/sign-in/huggingface") if path == DISCOVERY else sign_in(client)
            assert code_of(refused) in ("provider_unavailable", "identity_invalid", "provider_refused"), (
                answer
            )
            assert client.get("/desk/").status_code == 401
    with sessions() as session:
        assert session.scalars(select(Account)).all() == []


@pytest.mark.parametrize("how", ["hangs", "drips"])
@pytest.mark.parametrize("path", [DISCOVERY, TOKEN, JWKS, USERINFO])
def test_a_provider_that_hangs_is_not_waited_for(
    client: Client, provider: OpenIDProvider, path: str, how: str
) -> None:
    back = None if path == DISCOVERY else away(client)
    started = time.monotonic()
    with provider.misbehaving(**{how: path}):
        answer = client.get("/sign-in/huggingface" if back is None else back)
    assert code_of(answer) == "provider_unavailable"
    assert time.monotonic() - started < SECONDS + 2
    assert sign_in(client).status_code == 200  # as soon as it is back


def test_a_provider_that_is_gone(sessions: Sessions, audit: AuditService) -> None:
    with OpenIDProvider() as provider:
        gone = from_environment(provider.environment).oauth
    assert gone is not None
    with opened(sessions, audit, gone, MembershipPolicy("lens-moderators")) as client:
        assert code_of(client.get("/sign-in/huggingface")) == "provider_unavailable"


def test_another_providers_configuration_is_not_believed(client: Client, provider: OpenIDProvider) -> None:
    said: Callable[[str], tuple[int, dict[str, str], bytes]] = lambda body: (200, {}, body.encode())  # noqa: E731
    ends = ", ".join(
        f'"{name}": "ftp://x"'
        for name in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
    )
    for body in (
        '{"issuer": "https://evil.example"}',
        f'{{"issuer": "{provider.address}", {ends}}}',
        f'{{"issuer": "{provider.address}"}}',
    ):
        with provider.misbehaving(answers={DISCOVERY: said(body)}):
            assert code_of(client.get("/sign-in/huggingface")) == "provider_unavailable"


def test_ten_tries_a_minute(client: Client, provider: OpenIDProvider, sessions: Sessions) -> None:
    provider.user = user(roleInOrg="read")
    codes = [code_of(sign_in(client)) for _ in range(12)]
    assert codes == ["role_too_low"] * 10 + ["too_many_tries"] * 2
    assert [entry[1] for entry in told(sessions)].count("sign_in_refused") == 10
    provider.user = user("u2", "bela")
    assert sign_in(client).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://huggingface.co"])
def test_foreign_origins_are_refused_and_nothing_is_posted(client: Client, origin: str) -> None:
    back = away(client)
    for path in ("/sign-in/huggingface", back):
        assert client.get(path, headers={"Origin": origin}).status_code == 403
        assert client.post(path).status_code in (403, 405)


def test_where_one_is_sent_never_comes_from_the_request(client: Client) -> None:
    tail = "_target_url=https://evil.example&next=//evil.example&redirect_uri=https://evil.example"
    start = client.get(
        f"/sign-in/huggingface?{tail}",
        headers={"X-Forwarded-Host": "evil.example", "Referer": "https://evil.example"},
    )
    back = httpx.get(start.headers["location"]).headers["location"]
    assert back.startswith(CALLBACK + "?")
    answer = client.get(f"{back}&{tail}")
    assert "evil" not in start.headers["location"] + answer.text
    assert "url=/desk/" in answer.text
