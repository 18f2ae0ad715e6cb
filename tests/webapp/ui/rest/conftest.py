"""A client of the REST interface whose every response is checked against the OpenAPI document."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import Server
from tests.webapp.ui.rest.openapi_check import API, OpenAPICheck
from webapp.security.tokens import new_key


@pytest.fixture(scope="package")
def openapi_check(server: Server) -> OpenAPICheck:
    return OpenAPICheck(httpx.get(f"{server.url}{API}/openapi.json").json())


@pytest.fixture(scope="package")
def http(server: Server, openapi_check: OpenAPICheck) -> Iterator[httpx.Client]:
    hooks: dict[str, list[Any]] = {"response": [openapi_check]}
    with httpx.Client(base_url=server.url + API, timeout=120, event_hooks=hooks) as client:
        yield client


@pytest.fixture(scope="package")
def analysed(http: httpx.Client, samples: Path) -> dict[str, Any]:
    """The answer for a photo of two people."""
    content = (samples / "two_people.jpg").read_bytes()
    answer = http.post("/analyse", files={"file": ("two_people.jpg", content)})
    assert answer.status_code == 200
    return dict(answer.json())


def vote(**changes: object) -> dict[str, object]:
    """Return the body of a feedback request."""
    return {"face": 1, "vote": "disagree", "idempotency_key": new_key(), **changes}


def error_of(answer: httpx.Response) -> tuple[int, str]:
    """Return the status and the error code of an answer that is nothing but an error."""
    assert set(answer.json()) == {"error"}
    assert set(answer.json()["error"]) == {"code", "message"}
    return answer.status_code, answer.json()["error"]["code"]


def wait_until_no_uploads(cache: Path) -> None:
    """Wait until the server has removed the files that it received."""
    deadline = time.monotonic() + 30
    while list((cache / "api").iterdir()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
