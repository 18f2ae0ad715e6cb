"""Errors of the REST interface: {"error": {"code", "message"}} with an HTTP status."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from laanet_core.documents import ErrorDocument
from webapp.domain.errors import Refused
from webapp.services.analysis.queue import Busy
from webapp.ui.rest.schemas import DocumentResponse, ErrorAnswer

# HTTP status of error codes. All other codes are answered with 422: something is wrong with the request.
STATUSES = {
    "missing_file": 400,
    "missing_report_id": 400,
    "invalid_json": 400,
    "unknown_receipt": 404,
    "not_kept": 404,
    "not_public": 404,
    "key_reused": 409,
    "too_large": 413,
    "not_saved": 503,
    "not_deleted": 503,
    "file_left": 503,
    "unavailable": 503,
    "no_report_keys": 503,
    "busy": 503,
    "unforeseen": 500,
}
# Our codes of the errors that Starlette raises.
_CODES_OF_FRAMEWORK = {400: "invalid_form", 404: "not_found", 405: "method_not_allowed"}
# Status for the log only: the client has left.
_CLIENT_CLOSED_REQUEST = 499


def status_of(code: str) -> int:
    """Return the HTTP status of an error code."""
    return STATUSES.get(code, 422)


def documented_errors(descriptions: dict[int | str, str]) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI responses of an operation's errors by status, with a default for all others."""
    responses: dict[int | str, dict[str, Any]] = {}
    for status, description in descriptions.items():
        responses[status] = {"model": ErrorAnswer, "description": description}
    others = "`not_found`, `method_not_allowed`, or 500 `unforeseen`"
    responses["default"] = {"model": ErrorAnswer, "description": others}
    return responses


def add_handlers(app: FastAPI) -> None:
    """Answer every error of the application as JSON."""
    app.add_exception_handler(Refused, _on_refused)
    app.add_exception_handler(Busy, _on_busy)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(ClientDisconnect, _on_client_gone)
    app.add_exception_handler(Exception, _on_unforeseen)


def _answer(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Response:
    answer = ErrorAnswer(error=ErrorDocument(code=code, message=message))
    return DocumentResponse(answer, status, headers)


async def _on_refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return _answer(status_of(error.code), error.code, error.message)


async def _on_busy(_: Request, error: Exception) -> Response:
    assert isinstance(error, Busy)
    return _answer(status_of("busy"), "busy", str(error), {"Retry-After": str(error.seconds)})


async def _on_http_exception(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers) if error.headers else None
    code = _CODES_OF_FRAMEWORK.get(error.status_code, "invalid_request")
    return _answer(error.status_code, code, str(error.detail), headers)


async def _on_client_gone(_: Request, __: Exception) -> Response:
    return Response(status_code=_CLIENT_CLOSED_REQUEST)


async def _on_unforeseen(_: Request, __: Exception) -> Response:
    message = "An unforeseen error occurred. The server's log has the details."
    return _answer(status_of("unforeseen"), "unforeseen", message)
