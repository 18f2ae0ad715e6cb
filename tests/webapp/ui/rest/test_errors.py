"""Tests of error answers."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.testclient import TestClient

from tests.webapp.ui.rest.conftest import error_of
from webapp.domain.errors import Refused
from webapp.services.analysis.queue import Busy
from webapp.ui.rest.errors import add_handlers, documented_errors
from webapp.ui.rest.schemas import ErrorAnswer


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Refused("unknown_receipt", "m"), 404, "unknown_receipt"),
        (Refused("invalid_vote", "m"), 422, "invalid_vote"),
        (Refused("unavailable", "m"), 503, "unavailable"),
        (Busy(7), 503, "busy"),
        (HTTPException(400, "m"), 400, "invalid_form"),
        (HTTPException(405, "m"), 405, "method_not_allowed"),
        (HTTPException(418, "m"), 418, "invalid_request"),
        (RuntimeError("secret"), 500, "unforeseen"),
    ],
)
def test_every_error_is_json_with_a_code(error: Exception, status: int, code: str) -> None:
    app = FastAPI()
    add_handlers(app)

    @app.get("/")
    def fail() -> None:
        raise error

    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/")
    assert error_of(answer) == (status, code)
    assert "secret" not in answer.text
    assert answer.headers.get("retry-after") == ("7" if code == "busy" else None)


def test_the_document_lists_errors_by_status() -> None:
    responses = documented_errors({404: "`unknown_receipt`"})
    assert set(responses) == {404, "default"}
    assert all(response["model"] is ErrorAnswer for response in responses.values())
