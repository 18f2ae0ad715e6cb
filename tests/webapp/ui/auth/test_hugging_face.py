"""Tests of the sign-in with Hugging Face, against a provider on the loopback interface."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest
from httpx import Client
from joserfc.jwk import RSAKey
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from tests.openid_provider import CALLBACK, HOST, ORGANISATION, SCOPES, OpenIDProvider, user
from tests.webapp.ui.auth.conftest import PASSWORD, answer_secret
from webapp.db.session import Sessions
from webapp.db.tables import Account, AccountSession, AuditEntry
from webapp.domain.enums import Role
from webapp.services.accounts import HOST as THE_HOST
from webapp.services.accounts import AccountService, SignInService
from webapp.services.accounts.federated_sign_in import FederatedSignInService
from webapp.services.accounts.membership_policy import MembershipPolicy
from webapp.services.accounts.openid_client import OpenIDClient
from webapp.services.audit.log import AuditService
from webapp.settings import SpaceOAuth, from_environment
from webapp.ui.auth import SIGN_IN_PATHS, SessionGuard, build_routes, cookies
from webapp.ui.auth.hugging_face import HuggingFaceSignIn

SITE = f"https://{HOST}"
# Timeout of requests to the provider, in seconds; ten in production.
SECONDS = 0.5


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


def opened(
    sessions: Sessions, audit: AuditService, oauth: SpaceOAuth, policy: MembershipPolicy
) -> TestClient:
    """Return a browser at the Space's direct address, in front of the guard."""
    signing = SignInService(sessions, AuditService(sessions, None))
    provider = OpenIDClient(oauth, CALLBACK, organisation_id=policy.organisation_id, seconds=SECONDS)
    hugging_face = HuggingFaceSignIn(provider, FederatedSignInService(audit, policy), SITE)
    sign_in_routes = [
        *hugging_face.routes(desk="/desk/"),
        *build_routes(
            AccountService(sessions, AuditService(sessions, None)),
            signing,
            desk="/desk/",
            hugging_face_link=hugging_face.link,
        ),
    ]
    app = Starlette(routes=[*sign_in_routes, Route("/desk/{rest:path}", answer_secret)])
    guarded = SessionGuard(
        app, signing=signing, desk="/desk", sign_in_paths=(*SIGN_IN_PATHS, *hugging_face.paths)
    )
    return TestClient(guarded, base_url=SITE, follow_redirects=False)


@pytest.fixture
def client(sessions: Sessions, audit: AuditService, oauth: SpaceOAuth) -> Iterator[Client]:
    with opened(sessions, audit, oauth, MembershipPolicy("lens-moderators")) as browser:
        yield browser


def consent(client: Client) -> str:
    """Start a sign-in, consent at the provider and return the address of the way back."""
    start = client.get("/sign-in/huggingface")
    assert start.status_code == 303, start.text
    answer = httpx.get(start.headers["location"])
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


def sign_in(client: Client) -> httpx.Response:
    # Browsers withhold a strict cookie when another site redirects here.
    client.cookies.delete(cookies.SESSION)
    return client.get(consent(client))


def code_of(answer: httpx.Response) -> str:
    """Return the code on a page of refusal, which starts no session."""
    assert answer.status_code in (422, 429, 503), answer.text
    assert cookies.SESSION + "=" not in answer.headers.get("set-cookie", "")
    assert "<script" not in answer.text
    return answer.text.partition("<code>")[2].partition("</code>")[0]


def audit_entries(sessions: Sessions) -> list[tuple[str, str, str, str]]:
    """Return the audit log as (actor, action, subject, details)."""
    with sessions() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.number)).all()
        return [(entry.actor, entry.action, entry.subject, entry.details) for entry in entries]


def account(sessions: Sessions, name: str) -> Account:
    with sessions() as session:
        return session.scalars(select(Account).where(Account.name == name)).one()


def test_a_member_signs_in_and_out(client: Client, provider: OpenIDProvider, sessions: Sessions) -> None:
    form = client.get("/sign-in").text
    assert f'href="{SITE}/sign-in/huggingface"' in form
    start = client.get("/sign-in/huggingface")
    query = dict(parse_qsl(urlsplit(start.headers["location"]).query))
    assert (query["redirect_uri"], query["scope"], query["code_challenge_method"]) == (
        CALLBACK,
        SCOPES,
        "S256",
    )
    assert "orgIds" not in query
    header = start.headers["set-cookie"]
    assert header.startswith("__Host-lens_away=")
    for word in ("HttpOnly", "Secure", "SameSite=lax", "Max-Age=600", "Path=/"):
        assert word in header
    assert not any(query[secret] in header for secret in ("state", "nonce", "code_challenge"))
    assert client.get("/desk/").status_code == 401

    answer = client.get(httpx.get(start.headers["location"]).headers["location"])
    assert answer.status_code == 200
    assert '<meta http-equiv="refresh" content="0; url=/desk/">' in answer.text
    session, state = answer.headers.get_list("set-cookie")
    assert session.startswith("lens_session=")
    assert all(word in session for word in ("HttpOnly", "Secure", "SameSite=strict"))
    assert state.startswith('__Host-lens_away="";')
    assert client.get("/desk/").json() == {"secret": "cases"}
    found = account(sessions, "hf:ada-l")
    assert (found.role, found.password_hash, found.external_id) == (
        Role.MODERATOR,
        None,
        f"{provider.address} u1",
    )
    assert audit_entries(sessions)[-2:] == [
        ("system", "joined", f"account:{found.id}", '{"role":"moderator"}'),
        (f"user:{found.id}", "signed_in", f"account:{found.id}", "{}"),
    ]
    assert client.post("/sign-out").status_code == 303
    assert client.get("/desk/").status_code == 401


def test_a_framed_form_links_to_the_direct_address(client: Client) -> None:
    page = client.get("/sign-in", headers={"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "cross-site"}).text
    assert f'<a href="{SITE}/sign-in" target="_blank" rel="noopener">' in page
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
        # This restriction concerns the token's reach, not the person.
        ({"roleInOrg": "admin", "securityRestrictions": ["ip"]}, Role.ADMIN),
        ({"roleInOrg": "admin", "preferred_username": "lens-moderators-2"}, "not_a_member"),
        # A display name is not the organisation's name.
        ({"roleInOrg": "admin", "preferred_username": "other", "name": "Lens-Moderators"}, "not_a_member"),
    ],
)
def test_the_role_in_the_organisation_decides_the_role_here(
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
    assert audit_entries(sessions)[-1] == ("none", "sign_in_refused", "", f'{{"code":"{outcome}"}}')
    with sessions() as session:
        assert session.scalars(select(Account)).all() == []


def test_people_without_an_organisation_are_refused(client: Client, provider: OpenIDProvider) -> None:
    for organisations in ({"orgs": []}, {}):
        provider.user = {"sub": "u1", "preferred_username": "ada", **organisations}
        assert code_of(sign_in(client)) == "not_a_member"


def test_an_organisation_named_by_id_admits_members_without_a_role(
    sessions: Sessions, audit: AuditService, oauth: SpaceOAuth, provider: OpenIDProvider
) -> None:
    """A namesake with another id is refused, and the provider receives the organisation's id."""
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
    # No admin is left here, but the organisation has one.
    assert account(sessions, "hf:ada-l").role == Role.MODERATOR
    change = (
        "system",
        "account_changed",
        f"account:{number}",
        '{"disabled":false,"renamed":false,"role":"moderator"}',
    )
    assert audit_entries(sessions)[-2] == change
    session_token = client.cookies[cookies.SESSION]
    assert client.get("/desk/").status_code == 200
    provider.user = user(preferred_username="another")
    assert code_of(sign_in(client)) == "not_a_member"
    client.cookies.set(cookies.SESSION, session_token)
    assert client.get("/desk/").status_code == 401
    with sessions() as session:
        assert session.scalars(select(AccountSession)).all() == []
    assert audit_entries(sessions)[-1] == (
        "none",
        "sign_in_refused",
        f"account:{number}",
        '{"code":"not_a_member"}',
    )


def test_an_account_follows_the_person_not_the_name(
    client: Client, provider: OpenIDProvider, sessions: Sessions
) -> None:
    provider.user = user("u1", "ada")
    sign_in(client)
    first = account(sessions, "hf:ada").id
    provider.user = user("u1", "ada-l")
    sign_in(client)
    assert account(sessions, "hf:ada-l").id == first
    # Another person takes the name that the first one gave up.
    provider.user = user("u2", "ada")
    sign_in(client)
    second = account(sessions, "hf:ada").id
    # A third person takes the other name too, before its owner signs in again.
    provider.user = user("u3", "ADA-L")
    sign_in(client)
    third = account(sessions, "hf:ada-l").id
    assert len({first, second, third}) == 3
    assert account(sessions, f"hf:ada-l#{first}").external_id == f"{provider.address} u1"
    provider.user = user("u1", "ada-third")
    sign_in(client)
    assert account(sessions, "hf:ada-third").id == first


def test_local_and_outside_accounts_never_turn_into_each_other(
    client: Client, provider: OpenIDProvider, sessions: Sessions, accounts: AccountService
) -> None:
    for name in ("hf:ada-l", "HF:x", "ｈｆ:x"):
        with pytest.raises(Exception, match="begin with hf:"):
            accounts.invite(THE_HOST, name, Role.ADMIN)
    accounts.accept(accounts.invite(THE_HOST, "ada-l", Role.ADMIN), PASSWORD)
    sign_in(client)
    assert account(sessions, "ada-l").external_id is None
    assert client.get("/desk/").status_code == 200
    refused = client.get("/second-factor")
    assert (refused.status_code, "not_local" in refused.text) == (422, True)
    for change in (
        # A password would outlast the membership.
        lambda: accounts.reset(THE_HOST, "hf:ada-l"),
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


def test_an_old_local_account_with_an_outside_name_is_not_taken_over(
    client: Client, sessions: Sessions, accounts: AccountService
) -> None:
    accounts.accept(accounts.invite(THE_HOST, "old", Role.ADMIN), PASSWORD)
    with sessions.begin() as session:
        session.scalars(select(Account)).one().name = "hf:ada-l"
    assert code_of(sign_in(client)) == "name_taken"
    assert client.post("/sign-in", data={"name": "hf:ada-l", "password": PASSWORD}).status_code == 303


def test_state_and_cookie_must_belong_to_the_same_sign_in(
    client: Client, provider: OpenIDProvider, sessions: Sessions
) -> None:
    """Refused: another person's code, a wrong or missing cookie, another sign-in's state, a used code."""
    before = len(audit_entries(sessions))
    back = consent(client)
    sealed = client.cookies[cookies.SIGN_IN_STATE]
    for wrong in (
        back.replace("state=", "state=x"),
        back.partition("&state")[0],
        back.replace("state=", "state=%F0%9F"),
        CALLBACK,
    ):
        client.cookies.set(cookies.SIGN_IN_STATE, sealed, domain=HOST, path="/")
        assert code_of(client.get(wrong)) == "sign_in_lost"
    for forged in (
        None,
        "x",
        sealed[:-4] + "AAAA",
        "a.b.c.d.e",
        sealed.partition(".")[0] + "....",
        "\\ud800",
    ):
        client.cookies.delete(cookies.SIGN_IN_STATE)
        headers = {} if forged is None else {"Cookie": f"{cookies.SIGN_IN_STATE}={forged}"}
        assert code_of(client.get(back, headers=headers)) == "sign_in_lost"
    assert "POST /oauth/token" not in provider.requests
    victim = {"Cookie": f"{cookies.SIGN_IN_STATE}={sealed}"}
    # An attacker's code in a victim's browser.
    assert code_of(client.get(consent(client), headers=victim)) == "sign_in_lost"

    assert client.get(back, headers=victim).status_code == 200
    client.cookies.clear()
    # The code is used up.
    assert code_of(client.get(back, headers=victim)) == "provider_refused"
    assert client.get("/desk/").status_code == 401
    # One person joined and signed in.
    assert len(audit_entries(sessions)) == before + 2


def test_a_sign_in_expires_after_ten_minutes(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server checks the age itself: a browser might keep the cookie longer."""
    back, moment = consent(client), time.time()
    state = {"Cookie": f"{cookies.SIGN_IN_STATE}={client.cookies[cookies.SIGN_IN_STATE]}"}
    client.cookies.clear()
    monkeypatch.setattr(time, "time", lambda: moment + 601)
    assert code_of(client.get(back, headers=state)) == "sign_in_lost"
    monkeypatch.setattr(time, "time", lambda: moment + 590)
    assert client.get(back, headers=state).status_code == 200


def test_a_refused_consent_has_a_code(client: Client, provider: OpenIDProvider) -> None:
    provider.denies = True
    assert code_of(sign_in(client)) == "sign_in_cancelled"
    for query in ("error=server_error", "error=access_denied&code=x", "code=", "code=" + "x" * 3000):
        back = consent(client)
        state = parse_qs(urlsplit(back).query)["state"][0]
        assert code_of(client.get(f"/login/callback?{query}&state={state}")) in (
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
def test_an_invalid_identity_is_refused(
    client: Client, provider: OpenIDProvider, sessions: Sessions, wrong: dict[str, Any]
) -> None:
    with provider.misbehaving(**wrong):
        assert code_of(sign_in(client)) == "identity_invalid"
    with sessions() as session:
        assert session.scalars(select(Account)).all() == []
    assert sign_in(client).status_code == 200


@pytest.mark.parametrize("header", [{"alg": "RS256"}, {"alg": "RS256", "kid": "one", "of_its_own": 1}])
def test_the_header_of_an_id_token_may_have_more_or_fewer_fields(
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
        b'{"issuer": null, "keys": [1], "access_token": "a", "token_type": "bearer", "id_token": "a.b.c", '
        b'"orgs": {}}',
    ),
    (200, {}, b'{"keys": [{"kty": "RSA"}], "access_token": "a", "token_type": "mac", "id_token": "\\ud800"}'),
]


@pytest.mark.parametrize("path", [DISCOVERY, TOKEN, JWKS, USERINFO])
def test_nonsense_from_the_provider_is_refused_with_a_code(
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
def test_a_hanging_provider_times_out(client: Client, provider: OpenIDProvider, path: str, how: str) -> None:
    back = None if path == DISCOVERY else consent(client)
    started = time.monotonic()
    with provider.misbehaving(**{how: path}):
        answer = client.get("/sign-in/huggingface" if back is None else back)
    assert code_of(answer) == "provider_unavailable"
    assert time.monotonic() - started < SECONDS + 2
    assert sign_in(client).status_code == 200


def test_an_unreachable_provider_has_a_code(sessions: Sessions, audit: AuditService) -> None:
    with OpenIDProvider() as provider:
        gone = from_environment(provider.environment).oauth
    assert gone is not None
    with opened(sessions, audit, gone, MembershipPolicy("lens-moderators")) as client:
        assert code_of(client.get("/sign-in/huggingface")) == "provider_unavailable"


def test_the_configuration_of_another_issuer_is_refused(client: Client, provider: OpenIDProvider) -> None:
    ends = ", ".join(
        f'"{name}": "ftp://x"'
        for name in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
    )
    for body in (
        '{"issuer": "https://evil.example"}',
        f'{{"issuer": "{provider.address}", {ends}}}',
        f'{{"issuer": "{provider.address}"}}',
    ):
        with provider.misbehaving(answers={DISCOVERY: (200, {}, body.encode())}):
            assert code_of(client.get("/sign-in/huggingface")) == "provider_unavailable"


def test_an_account_has_ten_tries_per_minute(
    client: Client, provider: OpenIDProvider, sessions: Sessions
) -> None:
    provider.user = user(roleInOrg="read")
    codes = [code_of(sign_in(client)) for _ in range(12)]
    assert codes == ["role_too_low"] * 10 + ["too_many_tries"] * 2
    assert [entry[1] for entry in audit_entries(sessions)].count("sign_in_refused") == 10
    provider.user = user("u2", "bela")
    assert sign_in(client).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://huggingface.co"])
def test_other_origins_and_posts_are_refused(client: Client, origin: str) -> None:
    back = consent(client)
    for path in ("/sign-in/huggingface", back):
        assert client.get(path, headers={"Origin": origin}).status_code == 403
        assert client.post(path).status_code in (403, 405)


def test_redirect_targets_never_come_from_the_request(client: Client) -> None:
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
