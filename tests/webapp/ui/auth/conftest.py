"""A signed-out browser in front of the sign-in routes and a small desk, over the real services."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from httpx import Client
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from webapp.db.session import Sessions
from webapp.domain.enums import Role
from webapp.services.accounts import HOST, AccountService, Person, SignInService
from webapp.services.audit.log import AuditService
from webapp.ui.auth import SIGN_IN_PATHS, SessionGuard, build_routes

PASSWORD = "correct horse battery"
BASE = "http://lens.example"


async def answer_secret(_: Request) -> JSONResponse:
    return JSONResponse({"secret": "cases"})


def sign_in_as_ada(client: Client, **fields: str) -> int:
    """Post the sign-in form and return the status."""
    return client.post("/sign-in", data={"name": "ada", "password": PASSWORD, **fields}).status_code


@pytest.fixture
def accounts(sessions: Sessions) -> AccountService:
    return AccountService(sessions, AuditService(sessions, None))


@pytest.fixture
def client(sessions: Sessions, accounts: AccountService) -> Iterator[Client]:
    signing = SignInService(sessions, AuditService(sessions, None))
    routes = [
        *build_routes(accounts, signing, desk="/desk/"),
        Route("/desk/{rest:path}", answer_secret, methods=["GET", "POST"]),
        Route("/", answer_secret),
    ]
    app = SessionGuard(Starlette(routes=routes), signing=signing, desk="/desk", sign_in_paths=SIGN_IN_PATHS)
    with TestClient(app, base_url=BASE, follow_redirects=False) as browser:
        yield browser


@pytest.fixture
def ada(accounts: AccountService) -> Person:
    accounts.accept(accounts.invite(HOST, "ada", Role.ADMIN), PASSWORD)
    return Person(1, "ada", Role.ADMIN)
