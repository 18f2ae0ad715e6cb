"""Errors as {"error": {"code", "message"}} with a status."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from webapp.domain.errors import Refused
from webapp.services.analysis.queue import Busy

# code: status; every code that is not here is something wrong with what was sent: 422
STATUSES = {
    "missing_file": 400,
    "invalid_json": 400,
    "unknown_receipt": 404,
    "key_reused": 409,
    "too_large": 413,
    "not_saved": 503,
    "not_deleted": 503,
    "file_left": 503,
    "unavailable": 503,
}
_OF_STATUS = {400: "invalid_form", 404: "not_found", 405: "method_not_allowed"}
_GONE = 499  # nobody is there to read it


def status_of(code: str) -> int:
    return STATUSES.get(code, 422)


def add_handlers(app: FastAPI) -> None:
    """Answer every error as JSON."""
    for kind, handler in (
        (Refused, _refused),
        (Busy, _busy),
        (HTTPException, _http),
        (ClientDisconnect, _gone),
        (Exception, _unforeseen),
    ):
        app.add_exception_handler(kind, handler)


def _answer(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return _answer(status_of(error.code), error.code, error.message)


async def _busy(_: Request, error: Exception) -> Response:
    assert isinstance(error, Busy)
    return _answer(503, "busy", str(error), {"Retry-After": str(error.seconds)})


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers) if error.headers else None
    return _answer(
        error.status_code, _OF_STATUS.get(error.status_code, "invalid_request"), str(error.detail), headers
    )


async def _gone(_: Request, __: Exception) -> Response:
    return Response(status_code=_GONE)


async def _unforeseen(_: Request, __: Exception) -> Response:
    return _answer(
        500, "unforeseen", "Something went wrong that nobody thought of; the server's log says what."
    )
