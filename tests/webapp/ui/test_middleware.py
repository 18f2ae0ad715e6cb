"""Tests of the middleware over a small ASGI application."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from httpx import Client
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from webapp.ui.middleware import HEADERS, OLD_PAGE, Beside, Fork, Guard, Heartbeats, PageVersion
from webapp.ui.page_presence import Presence

# Bytes that `Guard` allows for a form beside the file.
ALLOWANCE = 1_000_000
LIMIT = 1000


def application(name: str) -> Starlette:
    async def answer(request: Request) -> Response:
        try:
            size = len(await request.body())
        except ClientDisconnect:
            return PlainTextResponse("cut off", 400)
        return PlainTextResponse(f"{name} {request.scope.get('root_path', '')} {request.url.path} {size}")

    return Starlette(routes=[Route("/{rest:path}", answer, methods=["GET", "POST"])])


@pytest.fixture
def guarded() -> Iterator[Client]:
    with TestClient(Guard(application("public"), max_bytes=LIMIT)) as client:
        yield client


def test_every_answer_has_the_security_headers(guarded: Client) -> None:
    headers = guarded.get("/").headers
    for name, value in HEADERS:
        assert headers[name.decode()] == value.decode()
    assert "cache-control" not in headers


@pytest.mark.parametrize("path", ["/api/v1/results/a", "/gradio_api/call/result", "/gradio_api/queue/data"])
def test_answers_with_receipts_are_not_stored(guarded: Client, path: str) -> None:
    assert guarded.get(path).headers["cache-control"] == "no-store"


def test_a_body_with_a_length_over_the_limit_is_refused(guarded: Client) -> None:
    assert guarded.post("/", content=b"x" * (LIMIT + ALLOWANCE)).status_code == 200
    refused = guarded.post("/", content=b"x" * (LIMIT + ALLOWANCE + 1))
    assert refused.status_code == 413
    assert refused.headers["content-type"] == "text/plain"
    as_json = guarded.post("/api/v1/analyse", content=b"x" * (LIMIT + ALLOWANCE + 1))
    assert as_json.json()["error"]["code"] == "too_large"
    assert as_json.headers["x-content-type-options"] == "nosniff"


def test_a_body_without_a_length_is_cut_off_at_the_limit(guarded: Client) -> None:
    chunks = (b"x" * 100_000 for _ in range(11))
    answer = guarded.post("/", content=chunks)
    assert (answer.status_code, answer.text) == (400, "cut off")


def test_a_fork_mounts_an_application_below_its_prefix() -> None:
    app = Fork(application("public"), "/api/v1", application("rest"))
    with TestClient(app) as client:
        assert client.get("/api/v1/results").text.startswith("rest /api/v1")
        assert client.get("/api/v10/results").text.startswith("public")
        assert client.get("/").text.startswith("public")


def test_an_application_beside_gets_its_paths_unchanged() -> None:
    app = Beside(application("public"), ("/moderate", "/sign-in"), application("desk"))
    with TestClient(app) as client:
        for path in ("/moderate", "/moderate/desk/state", "/sign-in"):
            assert client.get(path).text == f"desk  {path} 0"
        for path in ("/", "/moderated", "/sign-input"):
            assert client.get(path).text == f"public  {path} 0"


def test_a_heartbeat_registers_its_session_until_it_ends() -> None:
    left: list[str] = []
    presence = Presence(lambda key: None)
    for session in ("page", "other"):
        presence.at_leave(session, lambda session=session: left.append(session))  # type: ignore[misc]
    with TestClient(Heartbeats(application("public"), presence)) as client:
        client.get("/gradio_api/queue/data")
        assert left == []
        client.get("/gradio_api/heartbeat/page")
    assert left == ["page"]


def test_calls_of_pages_of_another_version_are_refused() -> None:
    with TestClient(PageVersion(application("public"), "new")) as client:
        refused = client.post("/gradio_api/queue/join", headers={"x-lens-pages": "old"})
        assert (refused.status_code, refused.json()) == (409, {"detail": OLD_PAGE})
        assert client.post("/gradio_api/queue/join", headers={"x-lens-pages": "new"}).status_code == 200
        # A program sends no version
        assert client.post("/gradio_api/queue/join").status_code == 200
